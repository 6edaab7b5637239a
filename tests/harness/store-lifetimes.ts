// Shared by the tests of the embedded store and the process that they kill: a setting for very small blocks, and a sequence of writes
// that both can compute.

import type { Op } from '../../server/core/store.ts';
import type { Sealing } from '../../server/storage/sqlite/writer.ts';

/** Blocks so small that all but the newest items are packed. */
export const eager: Sealing = { hot: 1, steps: 3, text: 60 };

const uuidOf = (number: number): string => `01900000-0000-8000-a000-${number.toString(16).padStart(12, '0')}`;

/** The ops of write `number`. Each of them changes something, so each is a step. */
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
