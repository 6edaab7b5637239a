// What the tests of the embedded store and the process that they kill have in common: very small blocks, and a life of items that
// both can compute.

import type { Op } from '../../server/core/store.ts';
import type { Sealing } from '../../server/storage/sqlite/writer.ts';

/** So small that everything that is not quite new is in blocks. */
export const eager: Sealing = { hot: 1, steps: 3, text: 60 };

const uuidOf = (number: number): string => `01900000-0000-8000-a000-${number.toString(16).padStart(12, '0')}`;

/** The ops of a write by its number: each of them makes a step. */
export function lifeAt(number: number): Op[] {
  const value = String(number);
  const ops: Op[] = [
    { op: 'put', key: `${number}`, value, time: number },
    { op: 'put', key: uuidOf(number), value, time: number, end: number + 3 },
  ];
  if (number >= 20) ops.push({ op: 'put', key: `${number - 20}`, value, time: number - 20 });
  if (number >= 50) ops.push({ op: 'remove', key: uuidOf(number - 50) });
  return ops;
}
