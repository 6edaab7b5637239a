// Caches what is computed from an event's data: events with equal data share one result, and so does the next query that computes the
// same. Data never change, and are dropped with the bucket that they belong to, so no entry ever becomes wrong.

import type { Value } from './values.ts';

/** Computations with longer keys are not cached. */
const longestKey = 100_000;
/** Cached computations: a set of categories, or a regular expression on a field. */
const mostCaches = 200;

export class Memo<T> {
  readonly #kept = new Map<string, (data: Value) => T>();

  /**
   * @param key names everything that the computation depends on, except the data
   * @param make prepares the computation; not called if the key is cached
   */
  of(key: string, make: () => (data: Value) => T): (data: Value) => T {
    const known = this.#kept.get(key);
    const found = known ?? remembering(make());
    if (key.length > longestKey) return found;
    // Least recently used first.
    this.#kept.delete(key);
    this.#kept.set(key, found);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > mostCaches && oldest.done !== true) this.#kept.delete(oldest.value);
    return found;
  }
}

function remembering<T>(compute: (data: Value) => T): (data: Value) => T {
  const results = new WeakMap<object, { readonly result: T }>();
  return (data) => {
    if (typeof data !== 'object' || data === null) return compute(data);
    const known = results.get(data);
    if (known !== undefined) return known.result;
    const result = compute(data);
    results.set(data, { result });
    return result;
  };
}
