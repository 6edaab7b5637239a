// Stands between a process and the C library's file-system calls (LD_PRELOAD): it records what happens to the files of one folder, and makes
// calls fail as a disk does. SQLite, and Node itself, run unchanged above it. shim.ts compiles it, and writes the control file.
//
// HORAI_DISK_FOLDER   only paths that begin with this are touched
// HORAI_DISK_CONTROL  file of five 32-bit integers that both sides read and write: see `struct control`
// HORAI_DISK_TRACE    file to which each change is appended; power-cut.ts reads it

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE = 0, IO_ERROR = 1, FULL = 2, SHORT = 3 };

struct control {
  // The fault that is set, and the number of the call at which it begins. Calls are counted from 1.
  volatile int32_t kind;
  volatile int32_t at;
  // For how many calls it lasts.
  volatile int32_t times;
  // How many calls there were, and how many of them failed. Calls are those that the kind of fault can hit.
  volatile int32_t count;
  volatile int32_t fired;
};

#define MOST_FILES 4096
static char *paths[MOST_FILES];
// Node closes files by a system call of its own, so a number may stand for another file by now: the inode tells.
static ino_t inodes[MOST_FILES];
static struct control none;
static struct control *control = &none;
static const char *folder;
static int trace = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_link)(const char *, const char *);

static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_read = dlsym(RTLD_NEXT, "read");
  real_pread = dlsym(RTLD_NEXT, "pread64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  real_link = dlsym(RTLD_NEXT, "link");
  folder = getenv("HORAI_DISK_FOLDER");
  const char *shared = getenv("HORAI_DISK_CONTROL");
  if (shared != NULL) {
    int file = real_open(shared, O_RDWR);
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || mapped == MAP_FAILED) abort();
    control = mapped;
    real_close(file);
  }
  const char *traced = getenv("HORAI_DISK_TRACE");
  if (traced != NULL) {
    trace = real_open(traced, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (trace < 0) abort();
  }
}

static int concerns(const char *path) {
  pthread_once(&once, begin);
  if (folder == NULL || path == NULL) return 0;
  size_t length = strlen(folder);
  if (strncmp(path, folder, length) == 0) return 1;
  // The folder itself, whose name is given with a slash at its end: it is flushed when a folder is made in it.
  return length > 1 && folder[length - 1] == '/' && strlen(path) == length - 1 && strncmp(path, folder, length - 1) == 0;
}

static const char *path_of(int fd) {
  pthread_once(&once, begin);
  struct stat about;
  if (fd < 0 || fd >= MOST_FILES || paths[fd] == NULL) return NULL;
  return fstat(fd, &about) == 0 && about.st_ino == inodes[fd] ? paths[fd] : NULL;
}

// One record of the trace: letter, length of the path, length of the data, inode, number; then path and data.
static void record(char letter, const char *path, uint64_t inode, int64_t number, const void *data, size_t size) {
  if (trace < 0) return;
  struct { int64_t letter, path, size; uint64_t inode; int64_t number; } head = {
      letter, (int64_t)strlen(path), (int64_t)size, inode, number};
  struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, strlen(path)}, {(void *)data, size}};
  if (writev(trace, parts, 3) < 0) abort();
}

static uint64_t inode_of(int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

// True if this call fails. `grows` is true for calls that need space.
static int fails(int grows) {
  if (control->kind == NONE || (control->kind != IO_ERROR && !grows)) return 0;
  int count = __sync_add_and_fetch(&control->count, 1);
  if (control->at == 0 || count < control->at || count >= control->at + control->times) return 0;
  __sync_add_and_fetch(&control->fired, 1);
  errno = control->kind == IO_ERROR ? EIO : ENOSPC;
  return 1;
}

static int open_file(const char *path, int flags, mode_t mode) {
  if (!concerns(path)) return real_open(path, flags, mode);
  struct stat before;
  int is_new = stat(path, &before) != 0;
  if (fails((flags & O_CREAT) != 0 && is_new)) return -1;
  pthread_mutex_lock(&lock);
  int fd = real_open(path, flags, mode);
  if (fd >= 0 && fd < MOST_FILES) {
    free(paths[fd]);
    paths[fd] = strdup(path);
    inodes[fd] = inode_of(fd);
    if (is_new) record('c', path, inode_of(fd), 0, "", 0);
    else if (flags & O_TRUNC) record('t', path, inode_of(fd), 0, "", 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}

int close(int fd) {
  pthread_once(&once, begin);
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < MOST_FILES) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  pthread_mutex_unlock(&lock);
  return real_close(fd);
}

// A short write puts the first half on the disk; the next call finds the disk full.
static ssize_t put(int fd, const void *data, size_t size, off_t offset) {
  if (fails(1)) {
    int is_first = control->fired == 1;
    if (control->kind != SHORT || !is_first || size < 2) return -1;
    size /= 2;
  }
  pthread_mutex_lock(&lock);
  ssize_t done = real_pwrite(fd, data, size, offset);
  if (done > 0) record('w', paths[fd], inode_of(fd), offset, data, done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
  return path_of(fd) == NULL ? real_pwrite(fd, data, size, offset) : put(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size) {
  if (path_of(fd) == NULL) return real_write(fd, data, size);
  off_t offset = (fcntl(fd, F_GETFL) & O_APPEND) ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
  ssize_t done = put(fd, data, size, offset);
  if (done > 0) lseek(fd, offset + done, SEEK_SET);
  return done;
}

ssize_t read(int fd, void *data, size_t size) {
  return path_of(fd) != NULL && fails(0) ? -1 : real_read(fd, data, size);
}

ssize_t pread64(int fd, void *data, size_t size, off_t offset) {
  return path_of(fd) != NULL && fails(0) ? -1 : real_pread(fd, data, size, offset);
}

int ftruncate64(int fd, off_t size) {
  if (path_of(fd) == NULL) return real_ftruncate(fd, size);
  if (fails(0)) return -1;
  pthread_mutex_lock(&lock);
  int done = real_ftruncate(fd, size);
  if (done == 0) record('t', paths[fd], inode_of(fd), size, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}

int fsync(int fd) {
  if (path_of(fd) == NULL) return real_fsync(fd);
  if (fails(0)) return -1;
  pthread_mutex_lock(&lock);
  record('s', paths[fd], inode_of(fd), 0, "", 0);
  pthread_mutex_unlock(&lock);
  // Not the real one: these tests are about the order of calls, and the disk of the test machine is slow.
  return 0;
}

int fdatasync(int fd) { return fsync(fd); }

int rename(const char *from, const char *to) {
  if (!concerns(to)) return real_rename(from, to);
  if (fails(0)) return -1;
  pthread_mutex_lock(&lock);
  int done = real_rename(from, to);
  if (done == 0) record('r', from, 0, 0, to, strlen(to));
  pthread_mutex_unlock(&lock);
  return done;
}

int link(const char *from, const char *to) {
  if (!concerns(to)) return real_link(from, to);
  if (fails(1)) return -1;
  pthread_mutex_lock(&lock);
  int done = real_link(from, to);
  if (done == 0) record('l', from, 0, 0, to, strlen(to));
  pthread_mutex_unlock(&lock);
  return done;
}

int unlink(const char *path) {
  if (!concerns(path)) return real_unlink(path);
  if (fails(0)) return -1;
  pthread_mutex_lock(&lock);
  int done = real_unlink(path);
  if (done == 0) record('u', path, 0, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}

int mkdir(const char *path, mode_t mode) {
  if (!concerns(path)) return real_mkdir(path, mode);
  if (fails(1)) return -1;
  pthread_mutex_lock(&lock);
  int done = real_mkdir(path, mode);
  if (done == 0) record('m', path, 0, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}
