// Where built programs are kept: a folder for each state of the sources, which appears at once and complete, so that many processes may
// build at the same time, and a process that is killed leaves nothing half written. For kronos.cjs and horai.js.

const { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } = require('node:fs');
const { homedir } = require('node:os');
const { join } = require('node:path');

/** An old build stays for a day: a program that was started from it may still load files of it. */
const keepMs = 86_400_000;

/** The folder for caches of a program in the home of the user. Throws if the user has no home. */
exports.userCache = (program) => {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), program, 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', program);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), program);
};

/**
 * A fingerprint of the times and sizes of all sources, and of the version of Node, which compiled code depends on.
 * @param sources files and folders below `top`
 */
exports.fingerprint = (top, sources) => {
  let times = 0;
  let sizes = 0;
  const addFile = (path) => {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      for (const name of readdirSync(path)) addFile(`${path}/${name}`);
      return;
    }
    times += Math.trunc(stats.mtimeMs);
    sizes += stats.size;
  };
  for (const source of sources) addFile(`${top}/${source}`);
  return `${times.toString(36)}-${sizes.toString(36)}-${process.version}-${process.arch}`;
};

/** How the names of all builds of the project at `top` begin. */
exports.cachePrefix = (top) => `${top.replace(/[^A-Za-z0-9]+/g, '-')}.`;

/**
 * Builds into a temporary folder and renames it.
 * @param cache the folder of all builds
 * @param prefix `cachePrefix(top)`
 * @param folder the path of this build in `cache`
 * @param build writes the files into the folder whose path it gets
 */
exports.publish = async (cache, prefix, folder, build) => {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const draft = `${folder}.${process.pid}`;
  try {
    await build(draft);
    flush(draft);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process may have been faster.
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) throw error;
  }
  const oldest = Date.now() - keepMs;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const isOld = name.startsWith(prefix) && path !== folder && statSync(path).mtimeMs < oldest;
    if (isOld) rmSync(path, { recursive: true, force: true });
  }
};

/** Flushes all files, so that a build with its final name is complete even after a power cut. */
function flush(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const file = openSync(path, 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}
