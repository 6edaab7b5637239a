// The persisted index: it equals the channel, a request reads only the days that it needs, and an old, broken or foreign index is ignored.

import { describe, expect, test } from '@jest/globals';
import { AccountIndexes } from '../../../../server/adapters/wakatime/index/account-index.ts';
import {
  DayBlock,
  type HeartbeatColumns,
  type HeartbeatRow,
} from '../../../../server/adapters/wakatime/index/columns.ts';
import { packBlock, unpackBlock } from '../../../../server/adapters/wakatime/index/encoding.ts';
import { writeHeartbeats } from '../../../../server/adapters/wakatime/index/write-heartbeats.ts';
import { parseHeartbeat } from '../../../../server/adapters/wakatime/model/heartbeat.ts';
import type { CreditRule } from '../../../../server/adapters/wakatime/stats/durations-algorithm.ts';
import type { Item, Op, Range, Store } from '../../../../server/core/store.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { turnsDuring } from '../../../harness/turns.ts';
import { type Node, openNodes, sums } from '../../../harness/wakatime-nodes.ts';
import { seeded } from '../../../harness/world.ts';

const second = 1_000_000;
const daySeconds = 86_400;
const first = Date.UTC(2022, 0, 1) / 1_000;
const derived = '@derived/wakatime/ann';
const rule: CreditRule = { timeout: 900 * second, writesOnly: false, reach: 900 * second };

async function send(node: Node, heartbeats: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  const parsed = heartbeats.map((fields) => {
    const one = parseHeartbeat(
      { entity: 'a.ts', project: 'p', ...fields },
      { userAgent: '', machine: '', at: Date.UTC(2026, 5) },
    );
    if (!one.ok) throw new Error(JSON.stringify(one.errors));
    return one;
  });
  await writeHeartbeats(await node.channel(), parsed, { origin: 'x', at: 0 });
}

/** Eleven heartbeats a minute apart on each of some days. */
const daysOf = (count: number, fields: object = {}) =>
  Array.from({ length: count * 11 }, (_, index) => ({
    time: first + Math.floor(index / 11) * daySeconds + (index % 11) * 60,
    ...fields,
  }));

const reachOf = (day: number, days = 1) => ({
  from: (first + day * daySeconds) * second,
  to: (first + (day + days) * daySeconds) * second,
});

async function total(node: Node, day: number, days = 1): Promise<number> {
  const { from, to } = reachOf(day, days);
  const beats = await node.timelines.of('ann', { from, to });
  const [all] = sums(beats, rule, [from / second, to / second], () => 'all');
  return all?.['all'] ?? 0;
}

/** Replaces the hub's index by a new one, as a restart does. */
async function restart(node: Node): Promise<void> {
  await node.timelines.close();
  node.timelines = new AccountIndexes(node.hub);
}

async function storedItem(store: Store, key: string): Promise<Item> {
  const [item] = await store.read(derived, { key });
  if (item === undefined) throw new Error(`nothing is kept as ${key}`);
  return item;
}

/** A store with the same heartbeats and no index. */
async function copied(store: Store): Promise<Store> {
  const copy = new MemoryStore({ epoch: 'e2' });
  const items = await store.read('ann/wakatime', {});
  const ops = items.map(({ key, value, time }): Op => ({ op: 'put', key, value, time: time ?? 0 }));
  await copy.append('ann/wakatime', { ops, origin: 'x', at: 0 }, 'all');
  return copy;
}

function one(nodes: readonly Node[]): Node {
  const [node] = nodes;
  if (node === undefined) throw new Error('no node');
  return node;
}

const byProject = (beats: HeartbeatColumns) =>
  sums(beats, rule, [first, first + 2_100 * daySeconds], ({ project }) => project);

/** Counts the items read from the heartbeats' channel and the days read from the index. */
class CountingStore extends MemoryStore {
  heartbeats = 0;
  days = 0;

  override async since(channel: string, seq: number, limit: number) {
    const since = await super.since(channel, seq, limit);
    if (channel === 'ann/wakatime' && since.ok) this.heartbeats += since.changes.length;
    return since;
  }

  override async read(channel: string, range: Range) {
    const items = await super.read(channel, range);
    if (channel === derived) this.days += items.filter(({ time }) => time !== null && time > 0).length;
    if (channel === 'ann/wakatime') this.heartbeats += items.length;
    return items;
  }
}

test('a hub that has just started reads the days that a request needs, and later changes', async () => {
  const store = new CountingStore({ epoch: 'e1' });
  const node = one(openNodes(store, 1));
  await send(node, daysOf(300));
  expect((await node.timelines.of('ann')).size).toBe(3_300);
  await restart(node);
  await send(node, [{ time: first + 100 * daySeconds + 660 }]);
  [store.heartbeats, store.days] = [0, 0];
  expect(await total(node, 100, 7)).toBe(7 * 600 + 60);
  expect(store.heartbeats).toBe(1);
  expect(store.days).toBeLessThan(15);
  // Requested days are in memory.
  [store.heartbeats, store.days] = [0, 0];
  expect(await total(node, 101, 6)).toBe(6 * 600);
  expect([store.heartbeats, store.days]).toEqual([0, 0]);
  expect(await total(node, 0, 300)).toBe(300 * 600 + 60);
  expect(store.heartbeats).toBe(0);
});

test('late and deleted heartbeats of days that are not loaded are applied', async () => {
  const store = new MemoryStore({ epoch: 'e1' });
  const node = one(openNodes(store, 1));
  await send(node, daysOf(60));
  await node.timelines.of('ann');
  await restart(node);
  expect(await total(node, 50)).toBe(600);
  await send(node, [{ time: first + 3 * daySeconds + 660 }]);
  const [item] = await store.read('ann/wakatime', { from: (first + 4 * daySeconds + 600) * second, limit: 1 });
  await (await node.channel()).write({ ops: [{ op: 'remove', key: item?.key ?? '' }], origin: 'x', at: 0 });
  expect(await total(node, 3)).toBe(660);
  expect(await total(node, 4)).toBe(540);
  await restart(node);
  expect([await total(node, 3), await total(node, 4), await total(node, 0, 60)]).toEqual([660, 540, 60 * 600]);
});

test('fields are inherited over days from where they were last set', async () => {
  const node = one(openNodes(new MemoryStore({ epoch: 'e1' }), 1));
  const minutes = Array.from({ length: 12 * 144 }, (_, index) => first + index * 600);
  await send(node, [{ time: first - 600, project: 'begun' }]);
  await send(
    node,
    minutes.map((time) => ({ time, project: '<<LAST_PROJECT>>' })),
  );
  const asked = async () => {
    const { from, to } = reachOf(10);
    return sums(
      await node.timelines.of('ann', { from, to }),
      rule,
      [from / second, to / second],
      ({ project }) => project,
    );
  };
  const expected = [{ begun: daySeconds }];
  // No index is stored yet, so the channel is read.
  expect(await asked()).toEqual(expected);
  await node.timelines.of('ann');
  await restart(node);
  expect(await asked()).toEqual(expected);
});

describe('the persisted index', () => {
  async function filled() {
    const store = new MemoryStore({ epoch: 'e1' });
    const node = one(openNodes(store, 1));
    await send(node, daysOf(50));
    await node.timelines.of('ann');
    await restart(node);
    return { store, node };
  }
  const day = String(first / daySeconds + 20);
  const change = (store: Store, op: Op) => store.append(derived, { ops: [op], origin: 'x', at: 0 }, 'last');

  test.each([
    ['nothing', () => ''],
    ['no columns', () => '"AAAA"'],
    ['half of them', (value: string) => `${value.slice(0, 20)}"`],
    ['those of another day', (value: string) => value.replace(/^"../, '"ZZ')],
  ])('with %s for a day is rebuilt', async (_, broken) => {
    const { store, node } = await filled();
    const { value, time } = await storedItem(store, day);
    await change(store, { op: 'put', key: day, value: broken(value), time: time ?? 0 });
    expect(await total(node, 20)).toBe(600);
    expect(await total(node, 0, 50)).toBe(50 * 600);
    await restart(node);
    expect(await total(node, 20)).toBe(600);
    expect((await storedItem(store, day)).value).toBe(value);
  });

  test.each(['state', 'texts/0', 'contexts/0', 'lists/0', day])('without %s is rebuilt', async (key) => {
    const { store, node } = await filled();
    const { value } = await storedItem(store, key);
    await change(store, { op: 'remove', key });
    expect(await total(node, 20)).toBe(600);
    expect(await total(node, 0, 50)).toBe(50 * 600);
    await restart(node);
    await node.timelines.of('ann');
    expect(key === 'state' ? 'anything' : (await storedItem(store, key)).value).toBe(
      key === 'state' ? 'anything' : value,
    );
  });

  test('of another epoch is rebuilt', async () => {
    const { store, node } = await filled();
    const { value } = await storedItem(store, 'state');
    const other = new MemoryStore({ epoch: 'e2' });
    for (const item of await store.read(derived, {})) {
      await change(other, { op: 'put', key: item.key, value: item.value, time: item.time ?? 0 });
    }
    const moved = one(openNodes(other, 1));
    await send(moved, daysOf(1));
    expect(await total(moved, 0, 50)).toBe(600);
    await moved.timelines.of('ann');
    await restart(moved);
    expect((await storedItem(other, 'state')).value).not.toBe(value);
    expect(await total(moved, 0, 50)).toBe(600);
    await node.timelines.close();
  });

  test('that two hubs write at once is one hub’s, and both answer right', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const nodes = openNodes(store, 2);
    const [a, b] = [one(nodes), one(nodes.slice(1))];
    await send(a, daysOf(50));
    await Promise.all([a.timelines.of('ann'), b.timelines.of('ann')]);
    await Promise.all([restart(a), restart(b)]);
    // Both hubs have some days in memory. Then one stores other days, whose projects have other numbers in the other hub.
    expect([await total(a, 1), await total(b, 2)]).toEqual([600, 600]);
    await send(
      a,
      daysOf(50, { project: 'q', entity: 'b.ts' }).map((fields) => ({ ...fields, time: fields.time + 7_200 })),
    );
    await (await b.channel()).refresh();
    expect(await total(b, 1)).toBe(1_200);
    await restart(a);
    await send(b, [{ time: first + 30 * daySeconds + 660, project: 'r' }]);
    await (await a.channel()).refresh();
    expect([await total(a, 30), await total(b, 30)]).toEqual([1_260, 1_260]);
    await restart(b);
    for (const node of [a, b]) expect(await total(node, 0, 50)).toBe(50 * 1_200 + 60);
  });

  test('is complete after an orderly stop', async () => {
    const { store, node } = await filled();
    expect(await total(node, 20)).toBe(600);
    await send(node, [{ time: first + 20 * daySeconds + 660 }]);
    node.hub.drain();
    await node.hub.close();
    expect(JSON.parse((await storedItem(store, 'state')).value)).toMatchObject({ seq: 551 });
  });

  test('is encoded in steps: others are served meanwhile, and what is written meanwhile is not lost', async () => {
    const writer = one(openNodes(new MemoryStore({ epoch: 'e1' }), 1));
    await send(writer, daysOf(1_500));
    // A hub that has read all heartbeats, and not encoded any.
    const node = one(openNodes(await copied(writer.hub.store), 1));
    const before = await node.timelines.of('ann');
    expect(before.size).toBe(16_500);
    const late = async () => {
      // Moves heartbeats from encoded days to others that may not be encoded yet, and adds to the dictionary.
      for (const day of [3, 700, 1_400]) {
        const time = (first + day * daySeconds + 120) * second;
        const [item] = await node.hub.store.read('ann/wakatime', { from: time, to: time + 1, limit: 1 });
        const { key = '', value = '' } = item ?? {};
        const moved = { op: 'put', key, value, time: time + 7 * daySeconds * second + 5 * second } as const;
        await (await node.channel()).write({ ops: [moved], origin: 'x', at: 0 });
        await send(node, [{ time: first + day * daySeconds + 660, project: `late ${day}` }]);
      }
    };
    const [{ turns }] = await Promise.all([turnsDuring(node.timelines.close()), late()]);
    expect(turns).toBeGreaterThanOrEqual(3);
    node.timelines = new AccountIndexes(node.hub);
    const after = await node.timelines.of('ann');
    const rebuilt = one(openNodes(await copied(node.hub.store), 1));
    const expected = await rebuilt.timelines.of('ann');
    expect(after.size).toBe(16_503);
    expect(byProject(after)).toEqual(byProject(expected));
  });

  test('is right although it is opened in the middle of a write that followers get in several turns', async () => {
    const writer = one(openNodes(new MemoryStore({ epoch: 'e1' }), 1));
    await send(writer, daysOf(1_500));
    const opened = await writer.timelines.of('ann');
    const rebuilt = await one(openNodes(await copied(writer.hub.store), 1)).timelines.of('ann');
    expect(opened.size).toBe(16_500);
    expect(byProject(opened)).toEqual(byProject(rebuilt));
  });

  test('is written again after many changes, without any request', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const node = one(openNodes(store, 1));
    await send(node, daysOf(1_000));
    await node.timelines.close();
    expect(JSON.parse((await storedItem(store, 'state')).value)).toMatchObject({ seq: 11_000, epoch: 'e1' });
  });
});

test('heartbeats with keys that a client chose are found by their keys', async () => {
  const store = new MemoryStore({ epoch: 'e1' });
  const node = one(openNodes(store, 1));
  await send(node, daysOf(20));
  const channel = await node.channel();
  const value = JSON.stringify({ entity: 'a.ts', type: 'file', category: 'coding', project: 'p' });
  const put = (key: string, seconds: number) =>
    channel.write({ ops: [{ op: 'put', key, value, time: (first + seconds) * second }], origin: 'x', at: 0 });
  // A heartbeat equal to another one of the same moment, and one whose key names another day.
  await put('mine', 5 * daySeconds + 60);
  await put('stray', 6 * daySeconds + 660);
  await put('00000000-0000-8000-a000-000000000000', 7 * daySeconds + 660);
  await node.timelines.of('ann');
  await restart(node);
  expect([await total(node, 5), await total(node, 6), await total(node, 7)]).toEqual([600, 660, 660]);
  const remove = (key: string) => channel.write({ ops: [{ op: 'remove', key }], origin: 'x', at: 0 });
  await remove('mine');
  await put('stray', 8 * daySeconds + 700);
  await remove('00000000-0000-8000-a000-000000000000');
  expect([await total(node, 5), await total(node, 6), await total(node, 7), await total(node, 8)]).toEqual([
    600, 600, 600, 700,
  ]);
  await restart(node);
  await remove('stray');
  expect([await total(node, 5), await total(node, 8), (await node.timelines.of('ann')).size]).toEqual([600, 600, 220]);
});

test('least recently used accounts are closed, and opened again when needed', async () => {
  const store = new CountingStore({ epoch: 'e1' });
  const node = one(openNodes(store, 1));
  await send(node, daysOf(30));
  await node.timelines.of('ann');
  await restart(node);
  node.timelines = new AccountIndexes(node.hub, 1);
  expect(await total(node, 0, 30)).toBe(30 * 600);
  store.days = 0;
  await node.timelines.of('ben');
  expect(await total(node, 0, 30)).toBe(30 * 600);
  expect(store.days).toBe(30);
});

test.each(
  Array.from({ length: 30 }, (_, index) => index + 1),
)('seed %d: a decoded day equals the encoded one', (seed) => {
  const random = seeded(seed);
  const block = new DayBlock();
  const number = 20_000 + seed;
  const unit = random() < 0.5 ? 1 : 1_000;
  let time = number * daySeconds * second;
  for (let count = 1 + Math.floor(random() * 200); count > 0; count -= 1) {
    time += Math.floor(random() * 400_000) * unit;
    if (time >= (number + 1) * daySeconds * second) break;
    const beat = {
      time,
      context: Math.floor(random() * 300),
      entity: Math.floor(random() * 70_000),
      write: random() < 0.5 ? 1 : 0,
      lines: seed % 2 === 0 && random() < 0.3 ? [0, 1, 2, 3].map(() => 1 + Math.floor(random() * 5_000)) : undefined,
      usage: seed % 3 === 0 && random() < 0.3 ? [5, 7, 0, 70_000, 1, 0] : undefined,
    };
    block.insert(block.length, beat);
    if (random() < 0.1) block.odd.set(`näme ${count}`, beat);
  }
  const known = { contexts: 300, texts: 70_000 };
  const back = unpackBlock(number, packBlock(number, block), known);
  const fields = (beat: HeartbeatRow | undefined) => ({
    ...beat,
    lines: Array.from(beat?.lines ?? []),
    usage: Array.from(beat?.usage ?? []),
  });
  const beats = (one: DayBlock | undefined) => Array.from({ length: one?.length ?? 0 }, (_, at) => one?.at(at));
  expect(beats(back).map(fields)).toEqual(beats(block).map(fields));
  expect(back?.odd).toEqual(block.odd);
  expect(unpackBlock(number, packBlock(number, block), { ...known, contexts: 0 })).toBeUndefined();
  expect(unpackBlock(number, packBlock(number, block).slice(0, -4), known)).toBeUndefined();
});
