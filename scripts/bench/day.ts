// The merged day: a heavy day warm and cold, sums of a year, a thousand rules, and the cost of writes while no client reads a day. The
// controls are a plain scan of the same items, the same work without rules, the same writes on a hub without merged days, and aw-server
// with the same events.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chance } from '../../server/commands/demo/chance.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Op, Store } from '../../server/core/store.ts';
import { datesBetween } from '../../server/day/engine/day-calendar.ts';
import { type DayFacts, type DaySubject, factsOnly } from '../../server/day/engine/evidence.ts';
import { LiveDays } from '../../server/day/live-day.ts';
import { MergedDays } from '../../server/day/merged-days.ts';
import { MobTurns } from '../../server/day/mob-turns.ts';
import { IdleGuard } from '../../server/day/questions/idle-guard.ts';
import { rulesClassifier } from '../../server/day/registry/rules.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { openSqlite } from '../../server/storage/sqlite/store.ts';
import { realWorld } from '../../server/world.ts';
import { benchAwServer } from './aw-server.ts';
import type { BenchRow } from './store.ts';
import { benchAsking } from './suggestions.ts';

const account = 'ann';
const everything = { mayRead: () => true };
const heavy = Date.UTC(2026, 10, 20);
const dayMs = 86_400_000;
const rounds = 15;

function median(times: readonly number[]): number {
  return Math.round(([...times].sort((a, b) => a - b)[times.length >> 1] ?? 0) * 10) / 10;
}

async function measureMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** Consecutive window events of a day of sixteen hours, as watchers store them. */
function windowOps(chance: Chance, from: number, count: number): Op[] {
  const step = (16 * 3_600_000) / count;
  return Array.from({ length: count }, (_, index): Op => {
    const at = Math.round(from + 4 * 3_600_000 + index * step);
    const end = Math.round(at + Math.min(chance.glance() * 1_000, step));
    const value = JSON.stringify({ app: `app ${chance.between(1, 20)}`, title: `title ${chance.between(1, 400)}` });
    return { op: 'put', key: String(from / 1_000 + index), value, time: at * 1_000, end: end * 1_000 };
  });
}

function heartbeatOps(chance: Chance, from: number, count: number): Op[] {
  const step = (16 * 3_600_000) / count;
  return Array.from({ length: count }, (_, index): Op => {
    const entity = `/src/horai/file${chance.between(1, 60)}.ts`;
    const value = JSON.stringify({
      entity,
      type: 'file',
      category: 'coding',
      project: `p${chance.between(1, 6)}`,
      machine: 'anvil',
    });
    return { op: 'put', key: `${from}-${index}`, value, time: Math.round(from + 4 * 3_600_000 + index * step) * 1_000 };
  });
}

async function fill(store: Store, channel: string, ops: readonly Op[]): Promise<void> {
  for (let at = 0; at < ops.length; at += 2_000) {
    await store.append(`${account}/${channel}`, { ops: ops.slice(at, at + 2_000), origin: 'bench', at: heavy }, 'last');
  }
}

/** A year of ordinary days behind one heavy day: 10,000 events and 3,000 heartbeats. */
async function fillYear(store: Store): Promise<void> {
  const chance = new Chance(1);
  const bucket = {
    id: 'w',
    type: 'currentwindow',
    client: 'aw-watcher-window',
    hostname: 'anvil',
    created: '',
    order: 1,
    data: {},
    device: '',
  };
  await fill(store, 'aw', [{ op: 'put', key: 'bucket/w', value: JSON.stringify(bucket) }]);
  for (let day = 365; day >= 1; day -= 1) {
    const from = heavy - day * dayMs;
    await fill(store, 'aw/w', windowOps(chance, from, 400));
    await fill(store, 'wakatime', heartbeatOps(chance, from, 100));
  }
  await fill(store, 'aw/w', windowOps(chance, heavy, 10_000));
  await fill(store, 'wakatime', heartbeatOps(chance, heavy, 3_000));
}

async function scan(store: Store, from: number, to: number): Promise<number> {
  let items = 0;
  for (const channel of ['aw/w', 'wakatime']) {
    for (const { value } of await store.read(`${account}/${channel}`, { from: from * 1_000, to: to * 1_000 })) {
      JSON.parse(value);
      items += 1;
    }
  }
  return items;
}

async function benchDays(store: Store): Promise<BenchRow[]> {
  const hub = new Hub({ store, relay: noopRelay, world: realWorld('silent') });
  const date = new Date(heavy).toISOString().slice(0, 10);
  const span = { from: heavy * 1_000, to: (heavy + dayMs) * 1_000 };
  const scans = await times(3, () => scan(store, heavy, heavy + dayMs));
  const cold = await times(9, async () => {
    const days = new MergedDays(hub);
    await days.of(account).days.day({ date, ...everything });
    await days.close();
  });
  const days = new MergedDays(hub);
  const { days: own, sums } = days.of(account);
  const settings = await own.settings();
  const registry = await own.registry(() => true);
  const parts = await own.parts(span, settings, () => true);
  const { calendar } = settings;
  const computed = await times(rounds, () => own.compute(span, parts, { settings, calendar, registry }));
  const warm = await times(rounds, async () => JSON.stringify(await own.day({ date, ...everything })));
  const changed = await timesAfterChange(hub, () => own.day({ date, ...everything }));
  const dates = datesBetween(
    new Date(heavy - 365 * dayMs).toISOString().slice(0, 10),
    new Date(heavy - dayMs).toISOString().slice(0, 10),
  );
  const year = await measureMs(() => scan(store, heavy - 365 * dayMs, heavy));
  const first = await measureMs(() => sums.of(dates));
  const again = await times(5, () => sums.of(dates));
  await days.close();
  const row = (name: string, ours: number, control: number): BenchRow => ({ name, ours, control, unit: 'ms' });
  return [
    row('day: a heavy day requested again (control: a scan)', median(warm), median(scans)),
    row('day: a heavy day recomputed from memory (control: a scan)', median(computed), median(scans)),
    row('day: a heavy day after one more event (control: a scan)', median(changed), median(scans)),
    row('day: a heavy day from the store (control: a scan)', median(cold), median(scans)),
    row('day: sums of 365 days again (control: a scan)', median(again), median([year])),
    row('day: sums of 365 days the first time (control: a scan)', median([first]), median([year])),
  ];
}

async function times(count: number, act: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let round = 0; round < count; round += 1) all.push(await measureMs(act));
  return all;
}

/** Each time after one more event of a window; writing it is not measured. */
async function timesAfterChange(hub: Hub, ask: () => Promise<unknown>): Promise<number[]> {
  const channel = await hub.channel(`${account}/aw/w`);
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const time = (heavy + 20 * 3_600_000 + round * 60_000) * 1_000;
    const value = JSON.stringify({ app: 'app 1', title: `title ${round}` });
    const op: Op = { op: 'put', key: String(time / 1_000_000), value, time, end: time + 30_000_000 };
    await channel.write({ ops: [op], origin: 'bench', at: heavy });
    all.push(await measureMs(ask));
  }
  return all;
}

/** 1,000 rules over 100,000 segments, each with different facts. */
function benchRules(): BenchRow {
  const chance = new Chance(2);
  const rules = Array.from({ length: 1_000 }, (_, index) => ({
    id: `r${index}`,
    rule: {
      when: {
        [chance.one(['app', 'host', 'title'])]: {
          [chance.one(['is', 'is', 'is', 'begins', 'contains'])]: `name ${index}`,
        },
      },
      project: `p${index % 40}`,
    },
  }));
  const subjects = Array.from({ length: 100_000 }, (_, index): DaySubject => {
    const facts: DayFacts = { app: `name ${chance.between(1, 2_000)}`, title: `name ${index}` };
    return { lane: 'window', device: 'anvil', facts, weekday: 1, hour: 9 };
  });
  const classifier = rulesClassifier(rules, { patterns: { matches: () => false }, projectOf: (name) => name });
  const run = (classify: (subject: DaySubject) => unknown): number => {
    const began = performance.now();
    for (const subject of subjects) classify(subject);
    return performance.now() - began;
  };
  const ours = run((subject) => classifier.classify(subject));
  const control = run((subject) => factsOnly.classify(subject));
  return {
    name: 'day: 1,000 rules over 100,000 segments (control: no rules)',
    ours: median([ours]),
    control: median([control]),
    unit: 'ms',
  };
}

/** Writes of a thousand accounts while no client reads a day. */
async function benchUnseen(): Promise<BenchRow> {
  /** @returns writes a second */
  const run = async (withDays: boolean): Promise<number> => {
    const hub = new Hub({ store: new MemoryStore({ epoch: 'bench' }), relay: noopRelay, world: realWorld('silent') });
    const names = Array.from({ length: 1_000 }, (_, index) => `a${index}`);
    const days = new MergedDays(hub);
    if (withDays) {
      new LiveDays(days);
      new MobTurns({ hub, accounts: () => names });
      await new IdleGuard({ days, accounts: () => names }).settled();
    }
    const channels = await Promise.all(names.map((name) => hub.channel(`${name}/wakatime`)));
    const began = performance.now();
    for (let round = 0; round < 20; round += 1) {
      for (const channel of channels) {
        await channel.write({
          ops: [{ op: 'put', key: String(round), value: '{}', time: round }],
          origin: 'bench',
          at: round,
        });
      }
    }
    return 20_000 / ((performance.now() - began) / 1_000);
  };
  const [ours, control]: [number[], number[]] = [[], []];
  for (let round = 0; round < 9; round += 1) {
    ours.push(await run(true));
    control.push(await run(false));
  }
  return {
    name: 'day: writes of 1,000 accounts whose days nobody follows',
    ours: Math.round(median(ours)),
    control: Math.round(median(control)),
    unit: '/s',
  };
}

async function openStore(folder: string): Promise<Store> {
  const opened = await openSqlite({ folder, world: realWorld('silent') });
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

export async function benchDay(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'horai-bench-day-'));
  try {
    const filled = await openStore(folder);
    await fillYear(filled);
    await filled.close();
    // The state that a hub finds when it has just started.
    const store = await openStore(folder);
    const rows = await benchDays(store);
    await store.close();
    return [...rows, benchRules(), await benchUnseen(), ...(await benchAsking()), ...(await benchAwServer())];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
