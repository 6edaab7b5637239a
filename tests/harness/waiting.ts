// What a test is waiting for at the moment. The harness registers each wait here; when a test exceeds its limit,
// tests/harness/environment.js adds the waits that are still open to the error, since jest's own error names only the test.

interface Wait {
  readonly why: string;
  /** `performance.now()` when it began. */
  readonly since: number;
}

const open = new Set<Wait>();

// The environment is evaluated outside of the test's own modules, and finds the waits here.
Object.assign(globalThis, { openWaits: open });

/**
 * Gives the promise back, and registers until it is settled that something waits for it.
 * @param why what is waited for, as a phrase that completes "waited for …"
 */
export function waiting<T>(why: string, promise: Promise<T>): Promise<T> {
  const wait: Wait = { why, since: performance.now() };
  open.add(wait);
  const settled = () => void open.delete(wait);
  promise.then(settled, settled);
  return promise;
}
