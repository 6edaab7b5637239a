// Compares the engine of the merged day with an oracle that computes each second of a day separately. The days are random, from seeds, and
// have difficult evidence. Each day is compared second by second, its sums to the microsecond, and once more with its evidence reordered,
// duplicated, split and imported again.

import { computeDay } from '../../server/day/engine/compute-day.ts';
import { differenceInSums, firstDifference, withoutKeys } from '../../tests/simulation/day-comparison.ts';
import { generateDay, rearrange } from '../../tests/simulation/day-generator.ts';

export interface DayProof {
  readonly days: number;
  readonly faults: readonly string[];
}

const reportEvery = 500;

/** @param first the seed of the first day; the others follow */
export async function proveDays(days: number, first: number, print: (line: string) => void): Promise<DayProof> {
  const faults: string[] = [];
  for (let seed = first; seed < first + days; seed += 1) {
    const fault = faultOf(seed);
    if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
    const done = seed - first + 1;
    if (done % reportEvery === 0) print(`${done} days, ${faults.length} faults`);
  }
  return { days, faults };
}

function faultOf(seed: number): string | undefined {
  const generated = generateDay(seed);
  const { evidence, options } = generated;
  const difference = firstDifference(generated, computeDay(evidence, options));
  if (difference !== undefined) return difference;
  const fine = generateDay(seed, 1);
  const day = computeDay(fine.evidence, fine.options);
  const sums = differenceInSums(day);
  if (sums !== undefined) return sums;
  const again = computeDay(rearrange(fine, seed + 1, 1), fine.options);
  const isSame = JSON.stringify(withoutKeys(again)) === JSON.stringify(withoutKeys(day));
  return isSame ? undefined : 'reordered, duplicated or split evidence gives another answer';
}
