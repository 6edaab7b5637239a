// Sharing one promise among concurrent callers: once for good, or only while the call runs.

/**
 * Calls `load` once and returns the same promise to every caller. A rejected call is forgotten, so the next caller tries again.
 */
export function memoizeAsync<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let memoized: Promise<Value> | undefined;
  return () => {
    if (memoized === undefined) {
      const loading = load();
      memoized = loading;
      loading.catch(() => {
        if (memoized === loading) memoized = undefined;
      });
    }
    return memoized;
  };
}

/** Callers during a run share its promise. The next caller after the run starts a new one. */
export function singleFlight<Value>(run: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  return () => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
}
