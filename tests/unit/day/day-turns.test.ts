// Many days are computed with turns for others between them.

import { expect, test } from '@jest/globals';
import { Hub } from '../../../server/core/hub.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import { datesBetween } from '../../../server/day/engine/day-calendar.ts';
import { MergedDays } from '../../../server/day/merged-days.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { turnsDuring } from '../../harness/turns.ts';
import { TestWorld } from '../../harness/world.ts';

const dates = datesBetween('2026-01-01', '2026-06-30');

test('others have a turn between any two days of a long span', async () => {
  const world = new TestWorld(1, Date.UTC(2026, 10, 28));
  const hub = new Hub({ store: new MemoryStore({ epoch: 'turns' }), relay: noopRelay, world });
  const days = new MergedDays(hub);
  const { turns, result } = await turnsDuring(days.of('ann').sums.of(dates));
  expect(result).toHaveLength(dates.length);
  expect(turns).toBeGreaterThanOrEqual(dates.length);
  await days.close();
});
