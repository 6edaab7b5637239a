// Days of the idle guard from seeds (`HORAI_GUARD_DAYS`, `HORAI_GUARD_DAYS_FROM`); `npm run prove -- guard` runs many.

import { expect, test } from '@jest/globals';
import { GuardSimulation } from './guard.ts';

const days = Number(process.env['HORAI_GUARD_DAYS'] ?? 4);
const first = Number(process.env['HORAI_GUARD_DAYS_FROM'] ?? 1);

test('every absence within the run of a task is asked about once, whatever devices, clocks, restarts and two answers at once do', async () => {
  const sums: Record<string, number> = {};
  for (let seed = first; seed < first + days; seed += 1) {
    for (const [name, count] of Object.entries(await GuardSimulation.run(seed))) sums[name] = (sums[name] ?? 0) + count;
  }
  // Each kind of trouble has happened.
  expect(Object.entries(sums).filter(([, count]) => count === 0)).toEqual([]);
}, 120_000);
