// Writes of thousands of items are published in several turns of the event loop. The order of all changes, and when each write is
// acknowledged, stay as if they were published at once.

import { describe, expect, test } from '@jest/globals';
import type { Rendering } from '../../../server/core/channel.ts';
import { forwardStore } from '../../../server/core/forward-store.ts';
import { Hub } from '../../../server/core/hub.ts';
import type { Peer } from '../../../server/core/peer.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import type { Op, Store } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { turnsDuring } from '../../harness/turns.ts';
import { seeded, TestWorld } from '../../harness/world.ts';

const name = 'a/x';

const puts = (prefix: string, count: number): readonly Op[] =>
  Array.from({ length: count }, (_, at) => ({ op: 'put' as const, key: `${prefix}${at}`, value: String(at) }));

const write = (ops: readonly Op[], origin = 'test') => ({ ops, origin, at: 1 });

/** A follower that records the seqs that it hears; `published` has them for a topic. */
const rendering: Rendering = { key: 'plain', echo: true, live: ({ seq }) => String(seq) };

async function openChannel(store: Store = new MemoryStore({ epoch: 'e1' })) {
  const published: number[] = [];
  const hub = new Hub({ store, relay: noopRelay, world: new TestWorld() });
  hub.addPublisher({ publish: (_topic, text) => published.push(Number(text)) });
  const channel = await hub.channel(name);
  const listened: number[] = [];
  channel.listen((changes) => {
    for (const { seq } of changes) listened.push(seq);
  });
  return { hub, channel, published, listened, store };
}

function follower(): Peer {
  const nothing = () => undefined;
  return {
    name: 'peer',
    address: 'here',
    send: () => 'sent',
    stream: () => Promise.resolve(true),
    close: nothing,
    join: nothing,
    leave: nothing,
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a part of a long write is published, and not all. */
async function midway({ position }: { readonly position: () => number }, all: number): Promise<void> {
  while (position() === 0) await turn();
  expect(position()).toBeLessThan(all);
}

describe('a long write', () => {
  test('is published in several turns, and acknowledged when all of it is', async () => {
    const { channel, published, listened } = await openChannel();
    channel.join(rendering, follower());
    const writing = channel.write(write(puts('k', 10_000))).then(() => channel.position.seq);
    const { turns, result } = await turnsDuring(writing);
    expect(turns).toBeGreaterThan(10);
    expect(result).toBe(10_000);
    expect(listened).toEqual(upTo(10_000));
    expect(published).toEqual(upTo(10_000));
  });

  test('a write that is stored meanwhile is published after it, and acknowledged after that', async () => {
    const { channel, published, listened } = await openChannel();
    channel.join(rendering, follower());
    const long = channel.write(write(puts('k', 5_000)));
    await midway({ position: () => channel.position.seq }, 5_000);
    const heardAt = [channel.write(write(puts('s', 1))), channel.write(write(puts('t', 3_000)))].map((writing) =>
      writing.then(() => published.length),
    );
    await long;
    expect(await Promise.all(heardAt)).toEqual([5_001, 8_001]);
    expect(listened).toEqual(upTo(8_001));
    expect(published).toEqual(upTo(8_001));
  });

  test('a reader who comes meanwhile reads a beginning of it and hears the rest, or reads all', async () => {
    const { channel, published } = await openChannel();
    await channel.write(write(puts('before', 3)));
    const long = channel.write(write(puts('k', 5_000)));
    while (channel.position.seq === 3) await turn();
    const recent = await channel.since(3, 1_000_000);
    expect(recent).toMatchObject({ ok: true, head: { seq: channel.position.seq } });
    expect(recent.ok && recent.changes.at(-1)?.seq).toBe(channel.position.seq);
    channel.join(rendering, follower());
    const joinedAt = channel.position.seq;
    const page = await channel.since(0, 1_000_000);
    expect(page).toMatchObject({ ok: true, head: { seq: 5_003 } });
    expect(channel.position.seq).toBe(5_003);
    await long;
    expect(published).toEqual(upTo(5_003).slice(joinedAt));
  });

  test('a refresh meanwhile also publishes what another node wrote', async () => {
    const { channel, listened, store } = await openChannel();
    const long = channel.write(write(puts('k', 5_000)));
    await midway({ position: () => channel.position.seq }, 5_000);
    await store.append(name, write(puts('other', 2), 'other'), 'all');
    await channel.refresh();
    expect(channel.position.seq).toBe(5_002);
    await long;
    expect(listened).toEqual(upTo(5_002));
  });

  test('a reset meanwhile ends its publication', async () => {
    const { channel, listened } = await openChannel();
    const long = channel.write(write(puts('k', 5_000)));
    await midway({ position: () => channel.position.seq }, 5_000);
    const heard = listened.length;
    channel.suspend();
    await turn();
    channel.reset({ epoch: 'e2', seq: 5_000, version: -1, floor: 0 }, 'test');
    await long;
    await channel.settled();
    expect(listened).toHaveLength(heard);
  });

  test('a value for history only is published together with its result', async () => {
    const { channel } = await openChannel();
    const parts: string[][] = [];
    channel.listen((changes) => parts.push(changes.map(({ key }) => key)));
    const ops = puts('k', 3_001).flatMap((op): Op[] => (op.op === 'put' ? [{ ...op, value: 'sent' }, op] : [op]));
    await channel.write(write([...puts('first', 1), ...ops]));
    for (const [at, part] of parts.entries()) expect(part[0]).not.toBe(parts[at - 1]?.at(-1));
    expect(parts.length).toBeGreaterThan(3);
  });
});

/** A store that answers appends late, each after a random number of turns and in any order. */
function slow(store: Store, random: () => number): Store {
  return forwardStore(store, {
    append: async (...args) => {
      const appended = await store.append(...args);
      for (let left = Math.floor(random() * 6); left > 0; left -= 1) await turn();
      return appended;
    },
  });
}

async function run(seed: number): Promise<void> {
  const random = seeded(seed);
  const store = new MemoryStore({ epoch: 'e1' });
  const { channel, published, listened } = await openChannel(slow(store, random));
  channel.join(rendering, follower());
  let all = 0;
  const writer = async (who: string): Promise<void> => {
    for (let round = 0; round < 4; round += 1) {
      const count = random() < 0.5 ? 1 + Math.floor(random() * 3) : 500 + Math.floor(random() * 2_500);
      all += count;
      await channel.write(write(puts(`${who}${round}-`, count)));
      for (let left = Math.floor(random() * 4); left > 0; left -= 1) await turn();
    }
  };
  await Promise.all(['a', 'b', 'c'].map(writer));
  await channel.refresh();
  expect({ seed, isOrdered: isCounting(listened, all), isPublished: isCounting(published, all) }).toEqual({
    seed,
    isOrdered: true,
    isPublished: true,
  });
}

function isCounting(seqs: readonly number[], count: number): boolean {
  return seqs.length === count && seqs.every((seq, at) => seq === at + 1);
}

describe('writers at once, of few and of many items', () => {
  test('every follower hears every change once and in order, for 20 seeds', async () => {
    for (let seed = 1; seed <= 20; seed += 1) await run(seed);
  });
});
