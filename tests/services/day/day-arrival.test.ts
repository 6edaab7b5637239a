// The merged day does not depend on how its evidence arrived: in which order and pieces, how often, over which restarts. And what late
// evidence, edited rules, travels and histories of agents do to it. Everything goes through a whole hub.

import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generateExport } from '../../../scripts/demo/real-export.ts';
import { Chance } from '../../../server/commands/demo/chance.ts';
import type { DemoBucket } from '../../../server/commands/demo/generate.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { withoutKeys } from '../../simulation/day-comparison.ts';

const midnight = Date.UTC(2026, 10, 28);
const minute = 60_000_000;
const claude = 'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 claude-code/1.0 claude-code-wakatime/1.0.0';

/** Every tenth event of a day with the shape of a real export. */
const evidence = generateExport(3, midnight).map(
  (bucket): DemoBucket => ({
    ...bucket,
    events: bucket.type === 'afkstatus' ? bucket.events : bucket.events.filter((_, index) => index % 10 === 0),
  }),
);

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.onDisk();
});

afterEach(() => hub.end());

async function restart(): Promise<void> {
  hub = await hub.restart();
}

async function describeBuckets(): Promise<void> {
  for (const { id, events: _, ...description } of evidence) await hub.post(`/api/0/buckets/${id}`, description);
}

async function send(batch: readonly (readonly [string, DemoBucket['events'][number]])[]): Promise<void> {
  for (const { id } of evidence) {
    const events = batch.filter(([bucket]) => bucket === id).map(([, event]) => event);
    if (events.length > 0) await hub.post(`/api/0/buckets/${id}/events`, events);
  }
}

const all = evidence.flatMap(({ id, events }) => events.map((event) => [id, event] as const));
const answer = async () => withoutKeys(await hub.day());

describe('[Y1] the same evidence gives the same answer', () => {
  test('in any order and batches, sent twice, imported twice, with restarts in between', async () => {
    await describeBuckets();
    await send(all);
    const wanted = await answer();
    expect(wanted.total).toBeGreaterThan(0);
    await hub.end();
    hub = await DayHub.onDisk();
    await describeBuckets();
    const chance = new Chance(5);
    const shuffled = all
      .map((value) => ({ value, order: chance.number() }))
      .sort((a, b) => a.order - b.order)
      .map(({ value }) => value);
    for (let at = 0; at < shuffled.length; ) {
      const size = chance.between(1, 60);
      await send(shuffled.slice(at, at + size));
      at += size;
      if (chance.happens(0.2)) expect((await hub.day()).total).toBeGreaterThan(0);
      if (chance.happens(0.15)) await restart();
    }
    expect(await answer()).toEqual(wanted);
    await send(shuffled.slice(0, 100));
    expect(await answer()).toEqual(wanted);
    const buckets = Object.fromEntries(evidence.map((bucket) => [bucket.id, { created: '', ...bucket }]));
    for (const _ of ['once', 'twice']) {
      await hub.post('/api/0/import', { buckets });
      expect(await answer()).toEqual(wanted);
    }
    await restart();
    expect(await answer()).toEqual(wanted);
  });
});

describe('late evidence', () => {
  test('[Y9] is one change for a follower of the day, however many writes it takes', async () => {
    const follower = await hub.follow('day/2026-11-28');
    expect((await follower.next()).item.total).toBe(0);
    await hub.events('w_laptop', 'currentwindow', [['09:00', '10:00', { app: 'code' }]]);
    hub.world.pass(1_000);
    expect((await follower.next()).item.total).toBe(60 * minute);
    for (const time of ['10:00', '10:10', '10:20', '10:30']) {
      const to = `${time.slice(0, 3)}${Number(time.slice(3)) + 10}`;
      await hub.events('w_laptop', 'currentwindow', [[time, to, { app: 'code' }]]);
    }
    hub.world.pass(1_000);
    expect((await follower.next()).item.total).toBe(100 * minute);
    await hub.events('w_laptop', 'currentwindow', [['11:00', '11:01', { app: 'code' }]]);
    hub.world.pass(1_000);
    // The next thing that it hears is the next change, and nothing between the two.
    expect((await follower.next()).item.total).toBe(101 * minute);
    await follower.close();
  });
});

describe('the past', () => {
  /** An hour of windows at noon of a date. */
  const noon = async (date: string) => {
    // The bucket is made once.
    await hub.events('w_laptop', 'currentwindow', []);
    const event = { timestamp: `${date}T12:00:00Z`, duration: 3_600, data: { app: 'code', title: 'shop' } };
    await hub.post('/api/0/buckets/w_laptop/events', [event]);
  };
  const hash = async (path: string) =>
    createHash('sha256')
      .update(JSON.stringify(await hub.get(path)))
      .digest('hex');

  test('follows an edited rule: last year’s totals change, and the revert brings the same hash back', async () => {
    for (const date of ['2025-03-03', '2025-08-08', '2025-11-28']) await noon(date);
    const rule = (project: string) => ({ when: { app: { is: 'code' } }, project });
    const { seq } = await hub.write({ type: 'create', channel: 'rules', key: 'r', item: rule('horai') });
    const paths = ['/-/days?from=2025-01-01&to=2025-12-31', '/-/day/2025-08-08'];
    const before = await Promise.all(paths.map(hash));
    await hub.write({ type: 'update', channel: 'rules', key: 'r', item: rule('shop') });
    const { days } = await hub.get(paths[0] ?? '');
    expect(days.flatMap((day: { projects: readonly object[] }) => day.projects)).toMatchObject(
      Array.from({ length: 3 }, () => ({ project: 'shop', time: 60 * minute })),
    );
    const edited = await Promise.all(paths.map(hash));
    expect(edited.some((one, index) => one === before[index])).toBe(false);
    await hub.write({ type: 'revert', channel: 'rules', to: seq });
    expect(await Promise.all(paths.map(hash))).toEqual(before);
  });

  test('[Y7] keeps every human total when twenty months of an agent’s history are added', async () => {
    const dates = Array.from({ length: 20 }, (_, month) =>
      new Date(Date.UTC(2025, 3 + month, 9)).toISOString().slice(0, 10),
    );
    for (const date of dates) await noon(date);
    const days = async () => (await hub.get(`/-/days?from=${dates[0]}&to=${dates.at(-1)}`)).days;
    const own = (
      all: readonly {
        date: string;
        human: number;
        total: number;
        projects: readonly { project: string | null; time: number }[];
      }[],
    ) =>
      all.map(({ date, human, total, projects }) => ({
        date,
        human,
        total,
        projects: projects.filter(({ time }) => time > 0).map(({ project, time }) => [project, time]),
      }));
    const before = await days();
    expect(before.reduce((sum: number, { human }: { human: number }) => sum + human, 0)).toBe(20 * 60 * minute);
    for (const date of dates) {
      const from = Date.parse(`${date}T11:00:00Z`) / 1_000;
      const beats = Array.from({ length: 13 }, (_, index) => ({
        entity: '/src/day.ts',
        type: 'file',
        category: 'ai coding',
        project: 'horai',
        time: from + index * 600,
        user_agent: claude,
      }));
      await hub.post('/api/v1/users/current/heartbeats.bulk', beats, {
        'user-agent': claude,
        'x-machine-name': 'laptop',
      });
    }
    const after = await days();
    expect(own(after)).toEqual(own(before));
    const agents = after.map(({ agent, attended }: { agent: number; attended: number }) => agent + attended);
    expect(agents.reduce((sum: number, time: number) => sum + time, 0)).toBe(20 * (120 + 60) * minute);
  });

  test('[Y8] of a traveller and of a leap day has each hour in one day', async () => {
    await hub.write({
      type: 'create',
      channel: 'settings',
      key: 'day',
      item: {
        zone: 'Europe/Berlin',
        day_start: '04:00',
        zones: [{ from: Date.parse('2024-02-29T12:00:00Z') * 1_000, zone: 'Pacific/Auckland' }],
      },
    });
    for (const date of ['2024-02-28', '2024-02-29', '2024-03-01']) await noon(date);
    const { days } = await hub.get('/-/days?from=2024-02-27&to=2024-03-03');
    const totals = days.map(({ date, total }: { date: string; total: number }) => [date, total / minute]);
    // Noon in London is one in the morning of the next day in Auckland, and belongs to the day before there, which began at four.
    expect(totals).toEqual([
      ['2024-02-27', 0],
      ['2024-02-28', 60],
      ['2024-02-29', 60],
      ['2024-03-01', 60],
      ['2024-03-02', 0],
      ['2024-03-03', 0],
    ]);
    const leap = await hub.get('/-/day/2024-02-29');
    const next = await hub.get('/-/day/2024-03-01');
    expect([leap.zone, next.zone, leap.to]).toEqual(['Europe/Berlin', 'Pacific/Auckland', next.from]);
    expect((leap.to - leap.from) / 3_600_000_000).toBe(12);
  });
});
