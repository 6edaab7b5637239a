// A few rounds of `npm run prove -- crash`, which runs fifty.

import { expect, test } from '@jest/globals';
import { proveCrashes } from '../../scripts/prove/crash.ts';

test('[W7.1] [W8] [W9.1] [U1] a hub killed at any moment has all acknowledged writes, no partial write, and no write twice', async () => {
  const { faults, acknowledged, repeated } = await proveCrashes(5, 3, () => undefined);
  expect(faults).toEqual([]);
  expect(acknowledged).toBeGreaterThan(500);
  expect(repeated).toBeGreaterThan(10);
}, 180_000);
