// Days of the demo's people, and a day with the shape of a real export, through the adapters' routes.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { exportShape, generateExport } from '../../../scripts/demo/real-export.ts';
import { type DemoBucket, generateDemo } from '../../../server/commands/demo/generate.ts';
import { DayHub } from '../../harness/day-hub.ts';

const midnight = Date.UTC(2026, 10, 27);
let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.start();
});

afterEach(async () => {
  await hub.close();
});

async function send(buckets: readonly DemoBucket[]): Promise<void> {
  for (const { id, events, ...description } of buckets) {
    await hub.post(`/api/0/buckets/${id}`, description);
    if (events.length > 0) await hub.post(`/api/0/buckets/${id}/events`, events);
  }
}

describe('a generated day', () => {
  test('with the shape of a real export has a total below its span, and no second twice', async () => {
    const buckets = generateExport(1, midnight);
    const counts = buckets.map(({ events }) => events.length);
    expect(counts).toEqual([exportShape.window, exportShape.afk, exportShape.web]);
    const [windows, afk] = [buckets[0]?.events ?? [], buckets[1]?.events ?? []];
    const none = windows.filter(({ duration }) => duration === 0).length / windows.length;
    expect(Math.abs(none - 0.35)).toBeLessThan(0.03);
    const spans = afk.map(
      ({ timestamp, duration }) => [Date.parse(timestamp), Date.parse(timestamp) + duration * 1_000] as const,
    );
    const overlapping = spans.filter(
      ([from, to]) => spans.filter((other) => other[0] < to && other[1] > from).length > 1,
    );
    expect(overlapping).toHaveLength(exportShape.overlapping);
    await send(buckets);
    const day = await hub.get('/-/day/2026-11-27');
    expect(day.total).toBeGreaterThan(0);
    expect(day.total).toBeLessThan(exportShape.hours * 3_600_000_000);
    const sum = day.lanes.reduce((all: number, { time }: { time: number }) => all + time, 0);
    expect(day.total).toBeLessThan(sum);
    for (const [index, segment] of day.segments.entries()) {
      const next = day.segments[index + 1];
      if (next !== undefined) expect(segment.to).toBeLessThanOrEqual(next.from);
    }
    expect(day.projects.reduce((all: number, { time }: { time: number }) => all + time, 0)).toBe(day.total);
    expect(day.guesses).toMatchObject([{ channel: 'aw/aw-watcher-web-firefox', device: 'anvil' }]);
  });

  test('of the demo’s people is the same for the same seed, and every client takes it', async () => {
    const demo = generateDemo({ seed: 7, from: midnight, days: 1 });
    expect(generateDemo({ seed: 7, from: midnight, days: 1 })).toEqual(demo);
    expect(generateDemo({ seed: 8, from: midnight, days: 1 })).not.toEqual(demo);
    const [ada] = demo.accounts;
    if (ada === undefined) throw new Error('the demo has people');
    await send(ada.buckets);
    await hub.post('/api/v1/users/current/heartbeats.bulk', ada.heartbeats);
    for (const [index, item] of ada.tasks.entries()) {
      await hub.write({ type: 'create', channel: 'tasks', key: `t${index}`, item });
    }
    const day = await hub.get('/-/day/2026-11-27');
    const hours = day.total / 3_600_000_000;
    expect(hours).toBeGreaterThan(3);
    expect(hours).toBeLessThan(14);
    expect(new Set(day.segments.map(({ lane }: { lane: string }) => lane)).has('editor')).toBe(true);
    expect(day.projects.map(({ project }: { project: string }) => project)).toEqual(expect.arrayContaining(['garden']));
    expect(day.tasks).toHaveLength(1);
  });
});
