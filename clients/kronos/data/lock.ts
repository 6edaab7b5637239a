// Waits for a lock file. The lock itself is clients/typescript/lock-file.ts.

import { type LockFile, lockHeldError, tryLock } from '../../typescript/lock-file.ts';

const pauseMs = 5;

/** Takes the lock, and blocks the process while it waits. @throws if that takes longer than `timeoutMs` */
export function waitForLock(path: string, timeoutMs: number): LockFile {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (Date.now() > until) throw lockHeldError(path);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}
