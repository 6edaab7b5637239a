// The SDK against a real hub over real sockets. tests/simulation/sdk.ts tests it on a lossy network.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import {
  MemoryStorage,
  type QueuedWrite,
  type ReadResult,
  type WriteOutcome,
} from '../../../../clients/typescript/index.ts';
import { reachItems, reachState, SdkTestHub } from '../../../harness/sdk.ts';
import { task } from '../../../harness/task.ts';

let testHub: SdkTestHub;
beforeEach(async () => {
  testHub = await SdkTestHub.open();
});
afterEach(() => testHub.close());

/** Waits for the hub's answer to a write. */
async function settle(writing: Promise<QueuedWrite | WriteOutcome>): Promise<WriteOutcome> {
  const queued = await writing;
  return 'settled' in queued ? queued.settled : queued;
}

/** No hub listens there. */
const unreachable = { url: 'ws://127.0.0.1:9' };

describe('a channel', () => {
  test('shows writes of this device at once and writes of others as they arrive', async () => {
    const [one, other] = [testHub.start().channel('tasks'), testHub.start().channel('tasks')];
    await Promise.all([one.open(), other.open()]);
    const events = other.subscribe()[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'snapshot', items: [] });
    const made = await one.create(task(1, 'write'));
    if (!made.ok) throw new Error(made.error);
    expect(one.items.get(made.key)).toMatchObject({ item: { desc: 'write' }, pending: true });
    expect((await events.next()).value).toMatchObject({ type: 'create', key: made.key, item: { desc: 'write' } });
    expect(await made.settled).toMatchObject({ ok: true, position: { seq: 1 } });
    await reachItems(other, (tasks) => tasks.length === 1);
    await settle(other.update(made.key, task(1, 'rewrite')));
    await reachItems(one, ([first]) => first?.desc === 'rewrite');
    await settle(one.delete(made.key));
    await reachItems(other, (tasks) => tasks.length === 0);
    expect(await other.history()).toMatchObject({
      ok: true,
      changes: [{ type: 'delete' }, { type: 'update' }, { type: 'create' }],
    });
    expect(await other.at(1)).toMatchObject({ ok: true, items: [{ item: { desc: 'write' } }] });
    expect(await settle(one.revert(2))).toMatchObject({ ok: true });
    await reachItems(other, ([first]) => first?.desc === 'rewrite');
  });

  test('[S11.2] read and at ask for pages, return every item once, and stop at the limit', async () => {
    const sizes: number[] = [];
    class MeasuredSocket extends WebSocket {
      constructor(url: string) {
        super(url);
        this.on('message', (data) => sizes.push(String(data).length));
      }
    }
    const notes = testHub.start({ webSocket: MeasuredSocket }).channel('notes');
    const keys = Array.from({ length: 12 }, (_, at) => `k${at + 10}`);
    for (const key of keys) await settle(notes.create(`${key}${'x'.repeat(100_000)}`, { key }));
    const keysOf = (result: ReadResult<unknown>) => (result.ok ? result.items.map(({ key }) => key) : result);
    sizes.length = 0;
    const all = await notes.read();
    expect(all).toMatchObject({ ok: true, position: { seq: 12 } });
    expect(keysOf(all)).toEqual(keys);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(500_000);
    expect(keysOf(await notes.read({ limit: 5 }))).toEqual(keys.slice(0, 5));
    sizes.length = 0;
    expect(keysOf(await notes.at(11))).toEqual(keys.slice(0, 11));
    expect(Math.max(...sizes)).toBeLessThan(500_000);
    expect(await notes.read({ limit: 0 })).toMatchObject({ ok: false, error: 'invalid limit' });
    expect(await notes.at(99)).toMatchObject({ ok: false, error: 'invalid at' });
  });

  test('two devices that edited one item offline both have both edits after a sync', async () => {
    const storages = [new MemoryStorage(), new MemoryStorage()] as const;
    const first = testHub.start({ storage: storages[0] });
    await first.channel('tasks').open();
    await settle(first.channel('tasks').create(task(1, 'a'), { key: 'k' }));
    await first.sync({ deadlineMs: 5_000 });
    await first.close();
    const second = testHub.connect({ storage: storages[1] });
    await second.channel('tasks').open();
    await second.sync({ deadlineMs: 5_000 });
    await second.close();

    const away = storages.map((storage) => testHub.connect({ ...unreachable, storage }));
    const [one, other] = away.map((connection) => connection.channel('tasks'));
    await one?.open();
    await other?.open();
    expect(await one?.update('k', { ...task(1, 'a'), due: 5 })).toMatchObject({ ok: true });
    expect(await other?.update('k', { ...task(1, 'b'), tags: ['t'] })).toMatchObject({ ok: true });
    expect(await other?.create(task(2, 'c'))).toMatchObject({ ok: true });
    expect([...(other?.items.values() ?? [])]).toMatchObject([{ item: { desc: 'b' } }, { item: { desc: 'c' } }]);
    expect(await away[1]?.sync({ deadlineMs: 5_000 })).toMatchObject({ state: 'offline', pending: 2, refused: [] });
    for (const connection of away) await connection.close();

    const back = storages.map((storage) => testHub.connect({ storage }));
    for (const connection of back) {
      expect(await connection.sync({ deadlineMs: 5_000 })).toEqual({
        state: 'live',
        reason: '',
        pending: 0,
        refused: [],
      });
    }
    for (const connection of back) {
      const tasks = connection.channel('tasks');
      await tasks.open();
      expect(await reachItems(tasks, (all) => all.length === 2 && all[0]?.tags?.[0] === 't')).toEqual([
        { ...task(1, 'b'), tags: ['t'], due: 5 },
        task(2, 'c'),
      ]);
    }
  });

  test('of tags, needs and notes, two devices that were offline both keep what they added, and what they removed is gone', async () => {
    const note = (text: string) => ({ at: 5, text });
    const before = { ...task(1, 'a'), tags: ['old', 'both'], notes: [note('first')] };
    const storages = [new MemoryStorage(), new MemoryStorage()];
    for (const storage of storages) {
      const connection = testHub.connect({ storage });
      await connection.channel('tasks').open();
      await connection.sync({ deadlineMs: 5_000 });
      if (storage === storages[0]) await settle(connection.channel('tasks').create(before, { key: 'k' }));
      await connection.sync({ deadlineMs: 5_000 });
      await connection.close();
    }
    const edits = [
      { ...before, project: 'home', tags: ['both', 'home'], notes: [note('first'), note('one')], needs: ['x'] },
      { ...before, tags: ['old', 'both', 'mine'], notes: [note('first'), note('other')], needs: ['y'] },
    ];
    for (const [at, storage] of storages.entries()) {
      const away = testHub.connect({ ...unreachable, storage });
      await away.channel('tasks').open();
      expect(await away.channel('tasks').update('k', edits[at] ?? before)).toMatchObject({ ok: true });
      await away.close();
    }
    const [first, second] = storages.map((storage) => testHub.connect({ storage }));
    for (const connection of [first, second, first]) await connection?.sync({ deadlineMs: 5_000 });
    for (const connection of [first, second]) {
      const tasks = connection?.channel('tasks');
      await tasks?.open();
      if (tasks === undefined) throw new Error('no connection');
      const isMerged = ([item]: readonly { tags?: readonly string[] }[]) => item?.tags?.includes('mine') === true;
      expect(await reachItems(tasks, isMerged)).toMatchObject([
        {
          project: 'home',
          tags: ['both', 'home', 'mine'],
          notes: [note('first'), note('one'), note('other')],
          needs: ['x', 'y'],
        },
      ]);
    }
  });

  test('[M14.1] a stop on one device stays when another one, which was offline, completes the task', async () => {
    const before = { ...task(1, 'a'), active: true, start: [9_000], stop: [] };
    const storage = new MemoryStorage();
    const first = testHub.start({ storage });
    await first.channel('tasks').open();
    await settle(first.channel('tasks').create(before, { key: 'k' }));
    await first.sync({ deadlineMs: 5_000 });
    await first.close();
    const away = testHub.connect({ ...unreachable, storage });
    await away.channel('tasks').open();
    await away.channel('tasks').update('k', { ...before, active: false, start: [], stop: [], done: 20_000 });
    await away.close();
    const other = testHub.start({ storage: new MemoryStorage() });
    await other.channel('tasks').open();
    await other.sync({ deadlineMs: 5_000 });
    await settle(other.channel('tasks').update('k', { ...before, active: false, stop: [10_000] }));
    const back = testHub.connect({ storage });
    await back.channel('tasks').open();
    await back.sync({ deadlineMs: 5_000 });
    const items = [...back.channel('tasks').items.values()];
    expect(items).toMatchObject([{ item: { active: false, start: [9_000], stop: [10_000], done: 20_000 } }]);
  });

  test('a project that replaces another one leaves no tag of it', async () => {
    const storage = new MemoryStorage();
    const before = { ...task(1, 'a'), tags: ['x'] };
    const first = testHub.start({ storage });
    await first.channel('tasks').open();
    await settle(first.channel('tasks').create(before, { key: 'k' }));
    await first.sync({ deadlineMs: 5_000 });
    await first.close();
    const away = testHub.connect({ ...unreachable, storage });
    await away.channel('tasks').open();
    const edited = { ...before, project: 'work', tags: ['x', 'work'] };
    await away.channel('tasks').update('k', edited);
    await away.close();
    const other = testHub.start({ storage: new MemoryStorage() });
    await other.channel('tasks').open();
    await other.sync({ deadlineMs: 5_000 });
    const theirs = { ...before, project: 'home', tags: ['x', 'home'] };
    await settle(other.channel('tasks').update('k', theirs));
    const back = testHub.connect({ storage });
    await back.channel('tasks').open();
    await back.sync({ deadlineMs: 5_000 });
    expect([...back.channel('tasks').items.values()]).toMatchObject([
      { item: { project: 'work', tags: ['x', 'work'] } },
    ]);
  });

  test('two devices that restore a deleted item both keep their edits of it', async () => {
    const before = { ...task(1, 'a'), due: 5 };
    const storages = [new MemoryStorage(), new MemoryStorage()];
    const restored = [
      { ...before, desc: 'b' },
      { ...before, due: 9 },
    ];
    // Both write while nobody has the item, before either is connected.
    for (const [at, storage] of storages.entries()) {
      const away = testHub.connect({ ...unreachable, storage });
      await away.channel('tasks').open();
      expect(await away.channel('tasks').restore('k', restored[at] ?? before, before)).toMatchObject({ ok: true });
      await away.close();
    }
    for (const storage of storages) {
      const back = testHub.connect({ storage });
      expect(await back.sync({ deadlineMs: 5_000 })).toMatchObject({ state: 'live', pending: 0, refused: [] });
    }
    const reader = testHub.start({ storage: new MemoryStorage() });
    expect(await reader.channel('tasks').read()).toMatchObject({ items: [{ key: 'k', item: { desc: 'b', due: 9 } }] });
  });

  test('refuses a delete of an item that another device edited meanwhile, and the next sync reports it', async () => {
    const storage = new MemoryStorage();
    const before = testHub.start({ storage });
    await settle(before.channel('notes').create({ text: 'a' }, { key: 'k' }));
    await before.channel('notes').open();
    await before.sync({ deadlineMs: 5_000 });
    await before.close();
    const away = testHub.connect({ ...unreachable, storage });
    const deleted = await away.channel('notes').delete('k');
    expect(away.channel('notes').items.size).toBe(0);
    await away.close();
    expect(deleted).toMatchObject({ ok: true });
    if ('settled' in deleted) expect(await deleted.settled).toMatchObject({ ok: false, code: 'offline' });
    const others = testHub.start().channel('notes');
    await others.open();
    await reachItems(others, (items) => items.length === 1);
    await settle(others.update('k', { text: 'b' }));
    const back = testHub.connect({ storage });
    const refused = { channel: 'notes', type: 'delete', key: 'k', failure: { ok: false, code: 'stale' } };
    expect(await back.sync({ deadlineMs: 5_000 })).toMatchObject({ state: 'live', pending: 0, refused: [refused] });
    expect([...back.channel('notes').items.values()]).toMatchObject([{ item: { text: 'b' }, pending: false }]);
  });

  test('a write that the hub refuses leaves the queue and is reported; a write beyond the bounds is never queued', async () => {
    const connection = testHub.connect();
    const tasks = connection.channel<unknown>('tasks');
    const refused: string[] = [];
    connection.onRefused(({ failure }) => refused.push(failure.error));
    await tasks.open();
    const wrong = await tasks.create({ id: 'one' });
    expect(tasks.items.size).toBe(1);
    connection.start();
    expect(await settle(Promise.resolve(wrong))).toMatchObject({ ok: false, code: 'missing' });
    expect(tasks.items.size).toBe(0);
    expect(tasks.pendingCount).toBe(0);
    expect(refused).toEqual(['missing task']);
    const notes = connection.channel('notes');
    expect(await notes.create('x'.repeat(1_100_000))).toMatchObject({ ok: false, code: 'too_large' });
    expect(await notes.create(2 ** 60)).toMatchObject({ ok: false, code: 'payload' });
    expect(await notes.create(undefined)).toMatchObject({ ok: false, code: 'missing' });
    expect(await notes.update('none', 1)).toMatchObject({ ok: false, code: 'item_not_found' });
    expect(await settle(notes.create(1, { key: 'k' }))).toMatchObject({ ok: true });
    expect(await settle(notes.create(2, { key: 'k' }))).toMatchObject({ ok: false, code: 'item_exists' });
    expect(await connection.channel('@hub/accounts').read()).toMatchObject({ ok: true });
    expect(await settle(connection.channel('@hub/accounts').create(1))).toMatchObject({ ok: false, code: 'forbidden' });
  });

  test('a hundred creates and a write of the whole list arrive in order', async () => {
    const notes = testHub.connect().channel<number>('notes');
    const made = await Promise.all(
      Array.from({ length: 100 }, (_, n) => notes.create(n, { key: `k${n}`, time: n, end: n + 1 })),
    );
    const last = made.at(-1);
    await notes.open();
    notes.subscribe();
    if (last?.ok === true) expect(await last.settled).toMatchObject({ ok: true, position: { seq: 100 } });
    await reachItems(notes, () => notes.pendingCount === 0 && notes.position?.seq === 100);
    expect(await notes.read({ from: 10, to: 12 })).toMatchObject({ ok: true, items: [{ key: 'k10' }, { key: 'k11' }] });
    expect(
      await settle(
        notes.writeAll([
          { key: 'k1', item: 7 },
          { key: 'new', item: 8 },
        ]),
      ),
    ).toMatchObject({ ok: true });
    await reachItems(notes, (items) => items.length === 2);
    expect([...notes.items.values()].map(({ key, item }) => [key, item]).sort()).toEqual([
      ['k1', 7],
      ['new', 8],
    ]);
  });
});

describe('follow', () => {
  test('returns the changes of all matching channels, also of new ones, and those during a break', async () => {
    const writer = testHub.start();
    await settle(writer.channel('aw/one').create(1, { key: 'old' }));
    const reader = testHub.connect();
    const events = reader.follow<number>('aw/*')[Symbol.asyncIterator]();
    await reachState(reader, 'live');
    // The hub answers in order: after this answer, the pattern is subscribed.
    await reader.channels();
    await settle(writer.channel('aw/one').create(2, { key: 'a' }));
    await settle(writer.channel('aw/two').create(3, { key: 'b' }));
    await settle(writer.channel('elsewhere').create(4));
    expect((await events.next()).value).toMatchObject({ type: 'create', channel: 'aw/one', key: 'a', item: 2 });
    expect((await events.next()).value).toMatchObject({ type: 'create', channel: 'aw/two', key: 'b', item: 3 });
    const mirror = reader.channel('aw/one');
    await mirror.open();
    await reachItems(mirror, () => mirror.isCurrent);
    await reader.login(testHub.hub.ownerSecret ?? '');
    await settle(writer.channel('aw/one').create(5, { key: 'c' }));
    expect((await events.next()).value).toMatchObject({ type: 'create', channel: 'aw/one', key: 'c', item: 5 });
    await reader.close();
    expect(await events.next()).toMatchObject({ done: true });
  });
});

test('onTold, the name of onEvent in version 0.1.0, still works', async () => {
  const notes = testHub.start().channel<number>('notes');
  const types: string[] = [];
  const stop = notes.onTold((event) => types.push(event.type));
  await settle(notes.create(1, { key: 'k' }));
  await reachItems(notes, () => notes.isCurrent && notes.pendingCount === 0);
  expect(types).toContain('snapshot');
  stop();
  const count = types.length;
  await settle(notes.create(2));
  expect(types).toHaveLength(count);
});

describe('a connection', () => {
  test('[L8.1] stays revoked until it gets a new token, and then sends the queued writes', async () => {
    const device = testHub.connect({ token: '0b9f3c9e-0000-4000-8000-000000000000' });
    const notes = device.channel('notes');
    device.start();
    expect(await reachState(device, 'revoked')).toEqual({ name: 'revoked', reason: 'user not found' });
    const queued = await notes.create('later');
    expect(await device.sync({ deadlineMs: 5_000 })).toMatchObject({
      state: 'revoked',
      reason: 'user not found',
      pending: 1,
    });
    await device.login(testHub.hub.ownerSecret ?? '');
    expect(await settle(Promise.resolve(queued))).toMatchObject({ ok: true });
  });

  test('[L3.1] without a token gets one from a personal hub, and stores it', async () => {
    const storage = new MemoryStorage();
    const options = { storage, url: testHub.hub.url };
    const first = testHub.connect({ ...options, token: undefined } as never);
    await first.sync({ deadlineMs: 5_000 });
    const { token, device } = await first.identity();
    expect(token).toMatch(/^[0-9a-f-]{36}$/);
    await first.close();
    const second = testHub.connect({ ...options, token: undefined } as never);
    expect(await second.identity()).toEqual({ token, device });
  });

  test('[L7.2] logs in again with another token and resumes its channels', async () => {
    const one = testHub.start();
    const notes = one.channel('notes');
    await settle(notes.create(1, { key: 'a' }));
    await notes.open();
    await reachItems(notes, () => notes.isCurrent);
    const events = notes.subscribe()[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'snapshot' });
    const states: string[] = [];
    one.onState(({ name }) => states.push(name));
    await one.login(testHub.hub.ownerSecret ?? '');
    expect(notes.isCurrent).toBe(false);
    expect(await settle(notes.create(2, { key: 'b' }))).toMatchObject({ ok: true });
    expect((await events.next()).value).toMatchObject({ type: 'create', key: 'b' });
    expect(states).toEqual(['connecting', 'live']);
  });
});
