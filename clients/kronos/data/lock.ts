// Who may change a file now, among all processes of this machine: a file beside it that names its holder. A holder that died is
// found out by its number, and nobody's lock is taken because it is old: a machine may have slept meanwhile.

import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../cli/error-message.ts';

const pauseMs = 5;

export type Unlock = () => void;

/** @returns undefined where somebody else has it */
export function tryLock(path: string): Unlock | undefined {
  if (!claim(path)) {
    if (!isAbandoned(path)) return undefined;
    clear(path);
    if (!claim(path)) return undefined;
  }
  return () => rmSync(path, { force: true });
}

/** Waits for it. Throws when that takes too long. */
export function lock(path: string, patienceMs: number): Unlock {
  const until = Date.now() + patienceMs;
  for (;;) {
    const unlock = tryLock(path);
    if (unlock !== undefined) return unlock;
    if (Date.now() > until) {
      throw new Error(`${path} is held by process ${holderOf(path)}; delete it if there is no such process`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}

/** `number@machine`, or '' while nobody, or somebody just now, writes it. */
export function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function claim(path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeFileSync(file, `${process.pid}@${hostname()}`);
    closeSync(file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(path: string): boolean {
  const [pid, host] = holderOf(path).split('@');
  if (host !== hostname()) return false;
  // This process asks only for what it does not hold, so this is from one that had our number before us, as in containers.
  if (pid === String(process.pid)) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}

/** One at a time, and looking once more: another may have cleared it, and a third taken it, since we looked. */
function clear(path: string): void {
  const broom = `${path}.broom`;
  if (!claim(broom)) return;
  try {
    if (isAbandoned(path)) rmSync(path, { force: true });
  } finally {
    rmSync(broom, { force: true });
  }
}
