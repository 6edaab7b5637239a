// Reading a table page by page goes on from the last row of the page before. In a damaged file that row may lie before, and the reading would
// never end: so each page is checked to get further.

import { damage } from './checksum.ts';
import type { SqliteValue } from './driver.ts';

/**
 * @param place of the last row of a page, column by column in the order in which they are read @param before the place after which it was read
 * @throws damage if the page does not get further
 */
export function checkFurther(place: readonly SqliteValue[], before: readonly SqliteValue[], what: string): void {
  for (const [at, value] of place.entries()) {
    const order = compare(value, before[at] ?? null);
    if (order > 0) return;
    if (order < 0) break;
  }
  throw damage(`${what} are not in order`);
}

/** In SQLite's order: null, numbers, texts, bytes. */
function compare(a: SqliteValue, b: SqliteValue): number {
  const [kindOfA, kindOfB] = [kind(a), kind(b)];
  if (kindOfA !== kindOfB) return kindOfA - kindOfB;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

function kind(value: SqliteValue): number {
  if (value === null) return 0;
  return typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 3;
}

function bytesOf(value: SqliteValue): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.alloc(0);
}
