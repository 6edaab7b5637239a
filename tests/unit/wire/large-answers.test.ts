// Channels that are larger than an answer: read whole, read in pages, followed from below the floor, and reverted in parts.

import { describe, expect, jest, test } from '@jest/globals';
import { pageCharacters } from '../../../server/core/channel.ts';
import { PeerConnection, TopicMap } from '../../../server/transport/connection.ts';
import { type Message, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';
import { TestWorld } from '../../harness/world.ts';

const items = 40;
const value = (at: number) => `${at} ${'x'.repeat(50_000)}`;
const keys = (list: readonly Message[]) => list.map(({ key }) => key);
const allKeys = Array.from({ length: items }, (_, at) => `k${String(at).padStart(2, '0')}`);

async function login(hub: TestHub, device: string): Promise<Wire> {
  const wire = hub.connect();
  await wire.ask({ type: 'login', user_id: hub.owner, device_id: device, version: 0 });
  return wire;
}

/** A channel of 2 MB. */
async function startLarge(): Promise<{ hub: TestHub; wire: Wire }> {
  const hub = await startHub();
  const channel = await hub.hub.channel('owner/notes');
  for (const [at, key] of allKeys.entries()) {
    const op = { op: 'put', key, value: JSON.stringify(value(at)), time: at * 10 } as const;
    await channel.write({ ops: [op], origin: 'd', at: 1 });
  }
  return { hub, wire: await login(hub, 'a') };
}

async function readPages(wire: Wire, request: object): Promise<Message[]> {
  const pages: Message[] = [];
  for (let cursor: string | undefined; ; cursor = pages.at(-1).cursor) {
    pages.push(...(await wire.ask({ ...request, pages: true, cursor })));
    if (pages.at(-1).more !== true) return pages;
  }
}

describe('a large channel', () => {
  test('[S11.1] is one message for a client that asks for no pages, now and after a step', async () => {
    const { wire } = await startLarge();
    const [now] = await wire.ask({ type: 'read-all', channel: 'notes', ref: 7 });
    expect(now).toMatchObject({ success: true, type: 'read-all', channel: 'notes', seq: items, ref: 7 });
    expect(keys(now.items)).toEqual(allKeys);
    expect(now.items.map(({ item }: Message) => item)).toEqual(allKeys.map((_, at) => value(at)));
    const [some] = await wire.ask({ type: 'read-all', channel: 'notes', limit: 12 });
    expect(keys(some.items)).toEqual(allKeys.slice(0, 12));
    const [then] = await wire.ask({ type: 'history', channel: 'notes', at: 30 });
    expect(then).toMatchObject({ type: 'history', seq: 30 });
    expect(keys(then.items)).toEqual(allKeys.slice(0, 30));
  });

  test.each([
    ['all items', { type: 'read-all' }, allKeys],
    ['a span', { type: 'read-all', from: 100, to: 300 }, allKeys.slice(10, 30)],
    ['the items after a step', { type: 'history', at: 30 }, allKeys.slice(0, 30)],
  ])('[S11.2] in pages: %s', async (_, request, expected) => {
    const { wire } = await startLarge();
    const pages = await readPages(wire, { ...request, channel: 'notes' });
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(pageCharacters + 60_000);
    expect(pages.flatMap((page) => keys(page.items))).toEqual(expected);
    const few = await readPages(wire, { ...request, channel: 'notes', limit: 2 });
    expect(few.every((page) => page.items.length <= 2)).toBe(true);
    expect(few.flatMap((page) => keys(page.items))).toEqual(expected);
  });

  test('[S11.2] a cursor that is none is refused', async () => {
    const { wire } = await startLarge();
    for (const cursor of ['', 'k', '[]', '[1,2]', '["k","x"]']) {
      expect(await wire.ask({ type: 'read-all', channel: 'notes', cursor })).toMatchObject([
        { success: false, error: 'invalid cursor' },
      ]);
    }
  });

  test('[S11.3] pages miss no item that stays while others change, and their first position completes them', async () => {
    const { wire } = await startLarge();
    const [first] = await wire.ask({ type: 'read-all', channel: 'notes', pages: true });
    await wire.ask(
      { type: 'delete', channel: 'notes', key: 'k00' },
      { type: 'update', channel: 'notes', key: 'k39', item: 'new' },
      { type: 'create', channel: 'notes', key: 'a', item: 'new' },
    );
    const state = new Map<string, unknown>(first.items.map(({ key, item }: Message) => [key, item]));
    for (let page = first; page.more; ) {
      [page] = await wire.ask({ type: 'read-all', channel: 'notes', pages: true, cursor: page.cursor });
      for (const { key, item } of page.items) state.set(key, item);
    }
    expect(allKeys.every((key) => state.has(key))).toBe(true);
    const [changes] = await wire.ask({ type: 'subscribe', channel: 'notes', seq: first.seq });
    for (const { type, key, item } of changes.changes) type === 'delete' ? state.delete(key) : state.set(key, item);
    expect([...state.keys()].sort()).toEqual(['a', ...allKeys.slice(1)]);
    expect(state.get('k39')).toBe('new');
  });

  test('[S4.5] is followed in pages from below the floor, too', async () => {
    const { hub, wire } = await startLarge();
    await (await hub.hub.channel('owner/notes')).forget(35);
    const pages = await wire.ask({ type: 'subscribe', channel: 'notes' });
    for (let turn = 0; pages.at(-1).more && turn < 20; turn += 1) pages.push(...(await wire.ask()));
    expect(pages.length).toBeGreaterThan(4);
    expect(pages.flatMap((page) => keys(page.items ?? page.changes))).toEqual(allKeys);
  });
});

describe('[S9.2] a large revert', () => {
  /** 5 MB: more than one write restores. */
  const count = 100;
  const puts = (mark: string, some = count) =>
    Array.from(
      { length: some },
      (_, at) => ({ op: 'put', key: `k${at}`, value: JSON.stringify(`${mark} ${value(at)}`) }) as const,
    );
  const start = async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    const channel = await hub.hub.channel('owner/notes');
    for (const mark of ['old', 'new']) await channel.write({ ops: puts(mark), origin: 'd', at: 1 });
    const isOld = async () => (await channel.read({})).every((item) => item.value.startsWith('"old'));
    return { wire, channel, isOld };
  };

  test('is written in parts, once for a write id, and is refused if its base is old', async () => {
    const { wire, channel, isOld } = await start();
    const parts: number[] = [];
    channel.listen((changes) => void parts.push(changes.length));
    const revert = { type: 'revert', channel: 'notes', to: count, write_id: 'w', ref: 1 };
    expect(await wire.ask({ ...revert, base: 1 })).toMatchObject([{ success: false, code: 'stale' }]);
    const [ack] = await wire.ask(revert);
    expect(ack).toMatchObject({ type: 'ack', seq: 3 * count });
    expect(parts.length).toBeGreaterThan(2);
    expect(await isOld()).toBe(true);
    expect(await wire.ask(revert)).toEqual([ack]);
  });

  test('restores what an interrupted one did not', async () => {
    const { wire, channel, isOld } = await start();
    // As a hub that ended after the first parts left it.
    await channel.write({ ops: puts('old', 30), origin: 'a', at: 3 });
    await wire.ask({ type: 'revert', channel: 'notes', to: count, ref: 1 });
    expect(await isOld()).toBe(true);
  });
});

describe('[S11.5] a long list is made while it is sent, and complete', () => {
  const names = Array.from({ length: 2_500 }, (_, at) => `list/${at} ${'n'.repeat(90)}`).sort();

  async function ask(request: object, fill: (hub: TestHub) => Promise<void>): Promise<Message> {
    const hub = await startHub();
    await fill(hub);
    const wire = await login(hub, 'a');
    const [answer] = await wire.ask({ ...request, ref: 7 });
    expect(answer).toMatchObject({ success: true, type: Reflect.get(request, 'type'), ref: 7 });
    expect(wire.pieces.length).toBeGreaterThan(3);
    expect(Math.max(...wire.pieces)).toBeLessThan(70_000);
    return answer;
  }

  test('of channels', async () => {
    const { channels } = await ask({ type: 'channels' }, async ({ store }) => {
      for (const name of names) {
        const ops = [{ op: 'put', key: 'k', value: '1' } as const];
        await store.append(`owner/${name}`, { ops, origin: 'd', at: 1 }, 'all');
      }
    });
    const listed = channels.filter(({ channel }: Message) => channel.startsWith('list/'));
    expect(listed).toEqual(names.map((name) => ({ channel: name, seq: 1, items: 1 })));
  });

  test('of tokens', async () => {
    const { tokens } = await ask({ type: 'tokens' }, async ({ accounts }) => {
      for (const name of names.slice(0, 1_500)) await accounts.createToken('owner', name, ['read']);
    });
    expect(tokens.length).toBeGreaterThan(1_500);
    expect(new Set(tokens.map(({ token, id }: Message) => token ?? id)).size).toBe(tokens.length);
  });

  test('of sessions and accounts', async () => {
    const fill = async (hub: TestHub) => {
      for (let at = 0; at < 1_500; at += 1)
        hub.connect(`${at} ${'n'.repeat(200)}`).say({ type: 'ping', user_id: hub.owner });
    };
    expect((await ask({ type: 'who' }, fill)).sessions.length).toBe(1_501);
    const { accounts } = await ask({ type: 'accounts' }, async (hub) => {
      for (let at = 0; at < 6_000; at += 1) await hub.accounts.addAccount(`account-${at}`);
    });
    expect(accounts.length).toBe(6_001);
  });
});

test('[S11.4] a connection that takes nothing of a message for a minute is closed with 4413', async () => {
  jest.useFakeTimers();
  try {
    const ends: number[] = [];
    const sink = {
      write: () => undefined,
      writePart: () => undefined,
      pendingBytes: () => 100_000,
      end: (code: number) => void ends.push(code),
    };
    const names = { number: 1, address: '10.0.0.1' };
    const connection = new PeerConnection(sink, new TopicMap(), 1_048_576, new TestWorld().log, names);
    const sending = connection.stream(['one', 'two', 'three']);
    await jest.advanceTimersByTimeAsync(59_000);
    expect(ends).toEqual([]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(ends).toEqual([4413]);
    expect(await sending).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});
