// Waits for a lock file. The lock itself is clients/typescript/lock-file.ts.

import { inspectLock, type LockFile, tryLock } from '../../typescript/lock-file.ts';

const pauseMs = 5;

/** Blocks the process until it holds the lock. Throws if that takes longer than `patienceMs`. */
export function waitForLock(path: string, patienceMs: number): LockFile {
  const until = Date.now() + patienceMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (Date.now() > until) {
      const holder = inspectLock(path)?.holder || 'an unknown process';
      throw new Error(`${path} is held by process ${holder}; if there is no such process, delete the file`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}
