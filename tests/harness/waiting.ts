// The open waits of the running test. The harness registers each wait here; when a test exceeds its limit,
// tests/harness/environment.js adds the waits that are still open to the error, since jest's own error names only the test.

interface Wait {
  readonly why: string;
  /** `performance.now()` at its start. */
  readonly since: number;
}

const open = new Set<Wait>();

// The environment is evaluated outside of the test's own modules, and finds the waits here.
Object.assign(globalThis, { openWaits: open });

/**
 * Registers a wait until the promise is settled, and returns the promise.
 * @param why the awaited effect, as a phrase that completes "waited for …"
 */
export function waiting<T>(why: string, promise: Promise<T>): Promise<T> {
  const wait: Wait = { why, since: performance.now() };
  open.add(wait);
  const settled = () => void open.delete(wait);
  promise.then(settled, settled);
  return promise;
}
