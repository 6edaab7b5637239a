// A few thousand inputs of `npm run prove -- hostile`, which sends a hundred thousand.

import { expect, test } from '@jest/globals';
import { proveHostile } from '../../scripts/prove/hostile.ts';

test('[B1.1] [B1.2] [B1.3] [B1.5] whatever is thrown at it, the hub answers clearly or closes, serves the others, and does not grow', async () => {
  const { inputs, ends, faults } = await proveHostile(3_000, 1, () => undefined);
  expect(faults).toEqual([]);
  expect(inputs).toBe(3_000);
  expect(ends['refused']).toBeGreaterThan(1_000);
}, 180_000);
