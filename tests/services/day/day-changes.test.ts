// A day in memory takes changes in; it must answer what a hub that reads everything again answers.

import { describe, expect, test } from '@jest/globals';
import { Chance } from '../../../server/commands/demo/chance.ts';
import { Hub } from '../../../server/core/hub.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import type { Op } from '../../../server/core/store.ts';
import type { DayAnswer } from '../../../server/day/account-days.ts';
import { MergedDays } from '../../../server/day/merged-days.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { TestWorld } from '../../harness/world.ts';

const midnight = Date.UTC(2026, 10, 28);
const minute = 60_000_000;
const dates = ['2026-11-27', '2026-11-28', '2026-11-29'];

/** Buckets whose events are read with and without a margin around the day. */
const buckets = [
  { id: 'w', type: 'currentwindow', client: 'aw-watcher-window' },
  { id: 'a', type: 'afkstatus', client: 'aw-watcher-afk' },
  { id: 'c', type: 'app.editor.activity', client: 'claude-code' },
];

function eventOp(chance: Chance, bucket: string): Op {
  const key = String(chance.between(1, 60));
  if (chance.happens(0.2)) return { op: 'remove', key };
  const time = midnight * 1_000 + chance.between(-600, 2_000) * minute;
  const data = bucket === 'a' ? { status: chance.one(['afk', 'not-afk']) } : { app: `app ${chance.between(1, 4)}` };
  const end = time + chance.one([0, 1, 5, 40, 300]) * minute;
  return { op: 'put', key, value: JSON.stringify(data), time, end };
}

function heartbeatOp(chance: Chance, asBefore: boolean): Op {
  const key = `h${chance.between(1, 80)}`;
  if (chance.happens(0.2)) return { op: 'remove', key };
  const last = asBefore && chance.happens(0.3) ? { last: ['project'] } : { project: `p${chance.between(1, 3)}` };
  const value = JSON.stringify({
    entity: `/src/file${chance.between(1, 4)}.ts`,
    type: 'file',
    category: chance.one(['coding', 'ai coding']),
    ...last,
    machine: 'anvil',
  });
  const time = midnight * 1_000 + chance.between(-600, 2_000) * minute;
  return { op: 'put', key, value, time };
}

async function answersOf(days: MergedDays): Promise<readonly DayAnswer[]> {
  const { days: own } = days.of('ann');
  return Promise.all(dates.map((date) => own.day({ date, mayRead: () => true })));
}

/** @returns how many of the rounds changed a day */
async function changeAndCompare(seed: number, asBefore: boolean): Promise<number> {
  const chance = new Chance(seed);
  const world = new TestWorld(seed, midnight + 3 * 86_400_000);
  const hub = new Hub({ store: new MemoryStore({ epoch: 'changes' }), relay: noopRelay, world });
  const write = async (channel: string, ops: readonly Op[]): Promise<void> => {
    await (await hub.channel(`ann/${channel}`)).write({ ops, origin: 'test', at: world.now() });
  };
  const descriptions = buckets.map(({ id, ...bucket }, order): Op => {
    const value = { id, ...bucket, hostname: 'anvil', created: '', order, data: {}, device: '' };
    return { op: 'put', key: `bucket/${id}`, value: JSON.stringify(value) };
  });
  await write('aw', descriptions);
  const kept = new MergedDays(hub);
  let before = JSON.stringify(await answersOf(kept));
  let changed = 0;
  for (let round = 0; round < 60; round += 1) {
    const count = chance.between(1, 4);
    const { id } = chance.one(buckets);
    if (chance.happens(0.5))
      await write(
        `aw/${id}`,
        Array.from({ length: count }, () => eventOp(chance, id)),
      );
    else
      await write(
        'wakatime',
        Array.from({ length: count }, () => heartbeatOp(chance, asBefore)),
      );
    const fresh = new MergedDays(hub);
    const now = await answersOf(kept);
    expect(now).toEqual(await answersOf(fresh));
    await fresh.close();
    if (JSON.stringify(now) !== before) changed += 1;
    before = JSON.stringify(now);
  }
  await kept.close();
  await hub.close();
  return changed;
}

describe('a day that stays in memory', () => {
  test.each([1, 2, 3, 4])('[Y9] answers after each change what is read anew, seed %d', async (seed) => {
    expect(await changeAndCompare(seed, false)).toBeGreaterThan(20);
  });

  test.each([5, 6])('[Y9] so it does where heartbeats say "as before", seed %d', async (seed) => {
    expect(await changeAndCompare(seed, true)).toBeGreaterThan(20);
  });
});
