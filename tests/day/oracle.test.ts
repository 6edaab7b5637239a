// The engine against the oracle. `HORAI_DAYS=10000` looks at all ten thousand seeds; fewer fit into a usual run.

import { describe, expect, test } from '@jest/globals';
import { computeDay } from '../../server/day/compute-day.ts';
import { differenceInSums, firstDifference } from './compare.ts';
import { generateDay, rearrange } from './generate-day.ts';

const days = Number(process.env['HORAI_DAYS'] ?? 60);
const start = Number(process.env['HORAI_DAYS_FROM'] ?? 1);
const seeds = Array.from({ length: days }, (_, index) => start + index);

describe('the merged day and its oracle', () => {
  test('[Y1] [Y2] [Y3] [Y4] [Y5] [Y7] every second of a seeded day is what the oracle says', () => {
    for (const seed of seeds) {
      const generated = generateDay(seed);
      const difference = firstDifference(generated, computeDay(generated.evidence, generated.options));
      if (difference !== undefined) throw new Error(`seed ${seed}: ${difference}`);
    }
  });

  test('[Y6] projects add up to the total to the microsecond, whatever the moments are', () => {
    for (const seed of seeds) {
      const { evidence, options } = generateDay(seed, 1);
      const difference = differenceInSums(computeDay(evidence, options));
      if (difference !== undefined) throw new Error(`seed ${seed}: ${difference}`);
    }
  });

  test('[Y1] order, repetition, splitting and a second import change nothing', () => {
    for (const seed of seeds) {
      const generated = generateDay(seed, 1);
      const { evidence, options } = generated;
      const again = rearrange(generated, seed + 1, 1);
      expect({ seed, ...withoutKeys(computeDay(again, options)) }).toEqual({
        seed,
        ...withoutKeys(computeDay(evidence, options)),
      });
    }
  });
});

/** A second import adds keys to the evidence, and nothing else. */
function withoutKeys(day: ReturnType<typeof computeDay>) {
  const segments = day.segments.map(({ evidence, ...rest }) => ({
    ...rest,
    evidence: evidence.map(({ keys: _, ...reason }) => reason),
  }));
  return { ...day, segments };
}
