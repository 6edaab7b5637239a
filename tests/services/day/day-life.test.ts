// Days over the life of a hub: restarts, evidence that expires, sums that were kept.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.onDisk();
});

afterEach(() => hub.end());

const minute = 60_000_000;
const window = (from: string, to: string) =>
  hub.events('aw-watcher-window_laptop', 'currentwindow', [[from, to, { app: 'code' }]]);

async function restart(): Promise<void> {
  hub = await hub.restart();
}

const totals = async () => {
  const { days } = await hub.get('/-/days?from=2026-11-27&to=2026-11-29');
  return days.map(({ total }: { total: number }) => total / minute);
};

test('a restart changes no answer', async () => {
  await window('09:00', '10:00');
  await hub.heartbeats('09:30', '10:20', 2, { project: 'horai' });
  const before = await hub.day();
  await restart();
  expect(await hub.day()).toEqual(before);
});

test('stored sums are right after a restart, also if evidence changed while the hub was stopped', async () => {
  await window('09:00', '10:00');
  hub.moveTo('09:00', 3);
  expect(await totals()).toEqual([0, 60, 0]);
  hub.moveTo('09:10', 3);
  await eventually(
    async () => (await hub.node.store.read('@derived/day/owner', {})).length === 3,
    'the sums of three days are kept',
  );
  await restart();
  expect(await totals()).toEqual([0, 60, 0]);
  await window('11:00', '11:15');
  expect(await totals()).toEqual([0, 75, 0]);
  await restart();
  const events = await hub.get('/api/0/buckets/aw-watcher-window_laptop/events');
  await fetch(new URL(`/api/0/buckets/aw-watcher-window_laptop/events/${events[1].id}`, hub.node.hub.url), {
    method: 'DELETE',
  });
  expect(await totals()).toEqual([0, 15, 0]);
});

test('a day is stored and marked final before its evidence expires, and no later rule changes it', async () => {
  await window('09:00', '10:00');
  await hub.write({ type: 'create', channel: 'settings', key: 'retention', item: { aw: 7 } });
  const before = await hub.day();
  for (let days = 1; days <= 9; days += 1) hub.moveTo('09:00', days);
  await eventually(
    async () => (await hub.get('/api/0/buckets/aw-watcher-window_laptop/events')).length === 0,
    'the evidence is gone',
  );
  const after = await hub.day();
  expect(after).toEqual({ ...before, final: true });
  await hub.write({
    type: 'create',
    channel: 'rules',
    key: 'r',
    item: { when: { app: { is: 'code' } }, project: 'horai' },
  });
  expect(await hub.day()).toEqual(after);
  expect(await totals()).toEqual([0, 60, 0]);
});
