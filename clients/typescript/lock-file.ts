// A lock among the processes of one machine, for Node: a file that names its holder. The file appears whole (it is written beside its
// place and linked there), so an empty lock is a remnant. A holder that died is recognized by its process id and start time, and a
// lock of another machine or of unreadable content by its age.

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

/** A lock that names no living process of this machine expires so long after it was last written or touched. */
const expiryMs = 60_000;
/** A lock without readable content expires sooner: no version of this program leaves one for longer than a moment. */
const unreadableExpiryMs = 2_000;
/** Locks that are held for long are touched this often. */
export const touchIntervalMs = 20_000;

export interface LockFile {
  /** Whether it is still held: another process takes a lock that expired, for example while this machine slept. */
  isHeld(): boolean;
  /** Postpones its expiry. To be called every `touchIntervalMs` by those who hold it for long. */
  touch(): void;
  /** Does nothing if it is not held any more. */
  release(): void;
}

/** What stands in a lock file, for diagnosis. */
export interface LockState {
  /** `process@machine`; '' if the content is not readable. */
  readonly holder: string;
  readonly ageMs: number;
  /** Whether the next process that wants the lock takes it. */
  readonly expired: boolean;
}

/** @returns undefined if another process, or another part of this one, holds it */
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

/** @returns undefined if there is no lock */
export function inspectLock(path: string): LockState | undefined {
  const content = readContent(path);
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (content === undefined || modified === undefined) return undefined;
  const holder = parseContent(content);
  return {
    holder: holder === undefined ? '' : `${holder.pid}@${holder.machine}`,
    ageMs: Date.now() - modified,
    expired: isExpired(content, modified),
  };
}

interface Holder {
  readonly pid: number;
  readonly machine: string;
  /** What tells two processes with one id apart; '' where the platform does not say. */
  readonly startedAt: string;
}

/** '' on platforms that do not say. */
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
    // The name of the program is in parentheses, and may contain anything; the start is the 20th field after it.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Creates the lock unless it is there. */
function claim(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'EEXIST') return false;
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EOPNOTSUPP')
      return create(path, content);
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** For file systems without hard links. */
function create(path: string, content: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeFileSync(file, content);
    closeSync(file);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @returns undefined if there is no lock */
function readContent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
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
  // An earlier version wrote no start time and never touched its locks: only a lock with our own process id is surely a remnant.
  return holder.pid === process.pid;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCodeOf(error) !== 'ESRCH';
  }
}

/** Two processes may find the same lock expired: renaming is atomic, and what was renamed by mistake is put back. */
function removeExpired(path: string): boolean {
  const content = readContent(path);
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (content === undefined || modified === undefined) return true;
  if (!isExpired(content, modified)) return false;
  const removed = `${path}.${process.pid}.expired`;
  try {
    renameSync(path, removed);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return true;
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
    // A third process holds the lock by now. The second one notices, because `isHeld` compares the content.
  }
}

function errorCodeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
