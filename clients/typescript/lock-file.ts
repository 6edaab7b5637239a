// A lock between the processes of one machine, for Node: a file that names its holder. The file is written under a temporary name and
// linked to its place, so it never exists half written. A lock is stale if its holder's process (id and start time) no longer runs,
// or, for a lock of another machine or with unreadable content, by its age.

import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../../protocol/error-message.ts';

/** A lock that names no living process of this machine expires so long after it was last written or touched. */
const expiryMs = 60_000;
/** A lock without readable content expires sooner: no version of this program leaves one for longer than a moment. */
const unreadableExpiryMs = 2_000;
/** The holder of a long-lived lock touches it this often. */
export const touchIntervalMs = 20_000;

export interface LockFile {
  /** True if this process still has the lock. Another process takes a lock that expired, for example while this machine slept. */
  isHeld(): boolean;
  /** Postpones the expiry. To be called every `touchIntervalMs`. */
  touch(): void;
  /** Removes the lock, if this process still has it. */
  release(): void;
}

/** The content of a lock file, for diagnosis. */
export interface LockState {
  /** `process@machine`; '' if the content is not readable. */
  readonly holder: string;
  readonly ageMs: number;
  /** True if the next process may take the lock. */
  readonly expired: boolean;
}

/** Takes the lock. @returns undefined if another process, or another part of this one, has it */
export function tryLock(path: string): LockFile | undefined {
  if (existsSync(path) && !removeExpired(path)) return undefined;
  const own = createContent();
  if (!claim(path, own)) return undefined;
  const isHeld = () => readContent(path) === own;
  return {
    isHeld,
    touch: () => {
      const now = new Date();
      if (isHeld()) utimesSync(path, now, now);
    },
    release: () => {
      if (isHeld()) rmSync(path, { force: true });
    },
  };
}

/** Reads a lock without taking it. @returns undefined if there is no lock */
export function inspectLock(path: string): LockState | undefined {
  const content = readContent(path);
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (content === undefined || modified === undefined) return undefined;
  const holder = parseContent(content);
  const expired = isExpired(content, modified);
  // A process that released its lock and ended since the first read did not leave it behind.
  if (readContent(path) !== content) return undefined;
  return {
    holder: holder === undefined ? '' : `${holder.pid}@${holder.machine}`,
    ageMs: Date.now() - modified,
    expired,
  };
}

/** The error for a lock that another process has held for too long. */
export function lockHeldError(path: string): Error {
  const holder = inspectLock(path)?.holder || 'an unknown process';
  return new Error(`${path} is locked by process ${holder}; if that process does not exist, delete the file`);
}

interface Holder {
  readonly pid: number;
  readonly machine: string;
  /** Distinguishes two processes with the same id; '' on platforms other than Linux. */
  readonly startedAt: string;
}

/** '' on platforms other than Linux. */
const ownStart = startTime('self');
let claims = 0;

/** `process@machine started claim` */
function createContent(): string {
  claims += 1;
  return `${process.pid}@${hostname()} ${ownStart} ${claims}`;
}

function parseContent(content: string): Holder | undefined {
  const [, pid, machine = '', startedAt = ''] = /^(\d+)@(\S+)(?: (\S*))?/.exec(content) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), machine, startedAt };
}

/** @returns ticks since the machine started, as Linux counts them; '' elsewhere, or if there is no such process */
function startTime(pid: number | 'self'): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name is in parentheses and may contain any character. The start time is the 20th field after it.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Creates the lock file, unless it exists. */
function claim(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return false;
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EOPNOTSUPP')
      return create(path, content);
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Creates the lock file on file systems without hard links. */
function create(path: string, content: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeFileSync(file, content);
    closeSync(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @returns undefined if there is no lock */
function readContent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isExpired(content: string, modifiedMs: number): boolean {
  // A clock that was set back makes a file look younger than it is.
  const age = Math.abs(Date.now() - modifiedMs);
  const holder = parseContent(content);
  if (holder === undefined) return age > unreadableExpiryMs;
  if (holder.machine !== hostname()) return age > expiryMs;
  if (!isRunning(holder.pid)) return true;
  const startedAt = startTime(holder.pid);
  if (holder.startedAt !== '' && startedAt !== '') return holder.startedAt !== startedAt;
  if (ownStart === '') return age > expiryMs * 10;
  // Version 0.1.0 wrote no start time and never touched its locks: only a lock with our own process id is certainly stale.
  return holder.pid === process.pid;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** Removes a stale lock. Two processes may find the same lock stale: renaming is atomic, and a lock that was renamed by mistake is put back. */
function removeExpired(path: string): boolean {
  const content = readContent(path);
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (content === undefined || modified === undefined) return true;
  if (!isExpired(content, modified)) return false;
  const removed = `${path}.${process.pid}.expired`;
  try {
    renameSync(path, removed);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    throw error;
  }
  const isSame = readContent(removed) === content;
  if (!isSame) putBack(removed, path);
  rmSync(removed, { force: true });
  return isSame;
}

function putBack(removed: string, path: string): void {
  try {
    linkSync(removed, path);
  } catch {
    // A third process has taken the lock. The second one notices, because `isHeld` compares the content.
  }
}
