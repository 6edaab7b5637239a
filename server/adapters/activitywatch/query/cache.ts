// What is computed of an event's data is computed once: for all events that share them, and for the next query that asks for the
// same. Data are never changed, and forgotten with the bucket they came from, so nothing here ever has to be taken back.

import type { Value } from './values.ts';

/** Longer keys are somebody's experiment, and their computation is not kept. */
const longestKey = 100_000;
/** Computations (a set of categories, a regex on a field) whose results are kept. */
const mostKept = 200;

export class Memo<T> {
  readonly #kept = new Map<string, (data: Value) => T>();

  /**
   * @param key says all that the computation depends on besides the data
   * @param make the computation, made ready; not called when the key is known
   */
  of(key: string, make: () => (data: Value) => T): (data: Value) => T {
    const known = this.#kept.get(key);
    const found = known ?? remembering(make());
    if (key.length > longestKey) return found;
    // The one used longest ago is first.
    this.#kept.delete(key);
    this.#kept.set(key, found);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > mostKept && oldest.done !== true) this.#kept.delete(oldest.value);
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
