// Maps and sets that forget their oldest entry at a limit. Unlike lru-cache they reserve no memory for entries that never come, and a
// hit costs no more than that of a Map: for large limits, for caches of one account or of one answer, and for hot loops.

/** Sets an entry; a new one beyond `most` entries replaces the oldest. */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  if (!map.has(key)) dropOldest(map, most - 1);
  map.set(key, value);
}

/** Adds a value; a new one beyond `most` values replaces the oldest. */
export function addBounded<V>(set: Set<V>, value: V, most: number): void {
  if (!set.has(value)) dropOldest(set, most - 1);
  set.add(value);
}

/** Removes the oldest entries until there are `most`. */
export function dropOldest<K>(entries: Map<K, unknown> | Set<K>, most: number): void {
  if (entries.size <= most) return;
  for (const key of entries.keys()) {
    entries.delete(key);
    if (entries.size <= most) return;
  }
}
