// Limits by themselves, and a store that keeps its quotas: what is refused, when it is accepted again, and what is never refused.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { Hub } from '../../../server/core/hub.ts';
import { LimitedStore } from '../../../server/core/limited-store.ts';
import { type LimitName, LimitReached, type LimitSize, Limits } from '../../../server/core/limits.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import type { Appended, Op } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { add, put, remove, write } from '../../contract/store.ts';
import { TestWorld } from '../../harness/world.ts';

let world: TestWorld;
let limits: Limits;
let store: LimitedStore;
let full: boolean;

beforeEach(async () => {
  world = new TestWorld();
  limits = new Limits(world);
  full = false;
  const disk = () => (full ? ({ ok: false, code: 'disk', error: 'disk full' } as const) : undefined);
  store = new LimitedStore({ store: new MemoryStore({ epoch: 'e' }), limits, world, disk });
  await limits.follow(new Hub({ store, relay: noopRelay, world }));
});

const set = (name: LimitName, size: LimitSize | null, account = '') => limits.set(name, size, account);
const append = (channel: string, ops: readonly Op[], more: { writeId?: string; address?: string } = {}) =>
  store.append(channel, { ...write(ops), ...more }, channel.startsWith('mob/') ? 'last' : 'all');

/** The name of the limit that refuses the write; '' if it is accepted. */
async function refusedBy(appending: Promise<Appended>): Promise<string> {
  try {
    await appending;
    return '';
  } catch (error) {
    if (error instanceof LimitReached) return error.refusal.limit?.name ?? error.refusal.code;
    throw error;
  }
}

describe('a rate', () => {
  test('allows as many at once as its size, and then as many as its period makes up for', async () => {
    await set('address_rate', 3);
    const take = () => limits.take('address_rate', '10.0.0.1');
    expect([take(), take(), take()]).toEqual([undefined, undefined, undefined]);
    expect(take()).toMatchObject({ code: 'too_many', limit: { name: 'address_rate', size: 3 }, retryMs: 20_000 });
    world.pass(19_999);
    expect(take()).toMatchObject({ retryMs: 1 });
    world.pass(1);
    expect(take()).toBeUndefined();
  });

  test('of one address does not count for another', async () => {
    await set('address_rate', 1);
    limits.take('address_rate', '10.0.0.1');
    expect(limits.take('address_rate', '10.0.0.1')).toBeDefined();
    expect(limits.take('address_rate', '10.0.0.2')).toBeUndefined();
  });

  test('of size 0 allows nothing, and of size none everything', async () => {
    await set('token_rate', 0);
    expect(limits.take('token_rate', 't')).toMatchObject({ code: 'too_many', retryMs: 60_000 });
    await set('token_rate', 'none');
    expect(limits.take('token_rate', 't', 1e9)).toBeUndefined();
    await set('token_rate', null);
    expect(limits.size('token_rate')).toBe(30_000);
  });

  test('of addresses takes no more memory than a hundred thousand of them do', () => {
    for (let address = 0; address < 150_000; address += 1) limits.take('address_rate', `10.0.${address}`, 30_000);
    // The oldest is forgotten, the newest is not.
    expect(limits.take('address_rate', '10.0.0')).toBeUndefined();
    expect(limits.take('address_rate', '10.0.149999')).toBeDefined();
  });
});

test('a limit that refuses something is told to its listeners', async () => {
  const heard: string[] = [];
  const stop = limits.onLimitReached((name) => heard.push(name));
  await set('account_bytes', 10);
  await refusedBy(append('ann/notes', [put('a', 'x'.repeat(20))]));
  stop();
  await refusedBy(append('ann/notes', [put('a', 'x'.repeat(20))]));
  expect(heard).toEqual(['account_bytes']);
});

describe('a quota', () => {
  test('[Q1.2] refuses what would exceed it, and stores nothing of that write', async () => {
    await set('account_bytes', 100);
    expect(await refusedBy(append('ann/notes', [put('a', 'x'.repeat(60))]))).toBe('');
    expect(await refusedBy(append('ann/tasks', [put('b', 'y'), put('c', 'x'.repeat(60))]))).toBe('account_bytes');
    expect(await store.read('ann/tasks', {})).toEqual([]);
    expect(await refusedBy(append('bob/notes', [put('a', 'x'.repeat(60))]))).toBe('');
  });

  test('[Q1.4] names the limit, its size, and when to try again', async () => {
    await set('account_bytes', 10);
    const refused = await append('ann/notes', [put('a', 'x'.repeat(60))]).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      refusal: { code: 'quota', limit: { name: 'account_bytes', size: 10 }, retryMs: 60_000 },
    });
    expect(String(refused)).toContain('account_bytes: at most 10 bytes in all channels of an account');
  });

  test.each<[LimitName, (at: number) => Promise<Appended>, number]>([
    ['account_items', (at) => append('ann/notes', [put(`${at}`, '1')]), 3],
    ['account_channels', (at) => append(`ann/notes-${at}`, [put('a', '1')]), 3],
    ['channel_items', (at) => append('ann/notes', [put(`${at}`, '1')]), 3],
    ['channel_bytes', (at) => append('ann/notes', [put(`${at}`, 'x'.repeat(9))]), 30],
    ['rooms', (at) => append(`mob/room-${at}`, [put('a', '1')]), 3],
    ['room_bytes', (at) => append('mob/room', [put(`${at}`, 'x'.repeat(9))]), 30],
    ['rooms_bytes', (at) => append(`mob/room-${at}`, [put('a', 'x'.repeat(9))]), 30],
  ])('%s accepts three writes of a third each and refuses the fourth', async (name, act, size) => {
    await set(name, size);
    const outcomes: string[] = [];
    for (let at = 0; at < 4; at += 1) outcomes.push(await refusedBy(act(at)));
    expect(outcomes).toEqual(['', '', '', name]);
  });

  test.each<[LimitName, (at: number) => Promise<Appended>]>([
    ['address_rooms', (at) => append(`mob/room-${at}`, [put('a', '1')], { address: '10.0.0.1' })],
    ['address_room_items', (at) => append('mob/room', [put(`${at}`, '1')], { address: '10.0.0.1' })],
  ])('[Q3.1] %s counts what one address writes to rooms in a day', async (name, act) => {
    await set(name, 3);
    const outcomes: string[] = [];
    for (let at = 0; at < 4; at += 1) outcomes.push(await refusedBy(act(at)));
    expect(outcomes).toEqual(['', '', '', name]);
    expect(await refusedBy(append('mob/other', [put('a', '1')], { address: '10.0.0.2' }))).toBe('');
    world.pass(86_400_000);
    expect(await refusedBy(act(4))).toBe('');
  });

  test('holds for writes that are sent at once, and the store gets them in their order', async () => {
    await set('account_items', 5);
    const writes = Array.from({ length: 9 }, (_, at) => refusedBy(append('ann/notes', [put(`${at}`, '1')])));
    expect((await Promise.all(writes)).filter((name) => name === '')).toHaveLength(5);
    expect((await store.read('ann/notes', {})).map(({ key }) => key)).toEqual(['0', '1', '2', '3', '4']);
  });

  test('of an account comes before that of all accounts', async () => {
    await set('account_items', 1);
    await set('account_items', 2, 'ann');
    const twice = async (channel: string) => [
      await refusedBy(append(channel, [put('a', '1')])),
      await refusedBy(append(channel, [put('b', '1')])),
    ];
    expect(await twice('ann/notes')).toEqual(['', '']);
    expect(await twice('bob/notes')).toEqual(['', 'account_items']);
  });

  test('is measured again before it refuses: what was removed or replaced makes room', async () => {
    await set('rooms', 2);
    await set('room_bytes', 100);
    for (let round = 0; round < 20; round += 1) {
      world.pass(2_000);
      expect(await refusedBy(append('mob/one', [put('a', `${round}`.repeat(30))]))).toBe('');
    }
    await append('mob/two', [put('a', '1')]);
    expect(await refusedBy(append('mob/three', [put('a', '1')]))).toBe('rooms');
    await append('mob/two', [remove('a')]);
    world.pass(2_000);
    expect(await refusedBy(append('mob/three', [put('a', '1')]))).toBe('');
  });

  test('of items lets a full channel’s items be changed', async () => {
    await set('channel_items', 2);
    await append('ann/notes', [put('a', '1'), put('b', '1')]);
    world.pass(2_000);
    expect(await refusedBy(append('ann/notes', [put('b', '2')]))).toBe('');
    expect(await refusedBy(append('ann/notes', [add('c', '2')]))).toBe('channel_items');
  });

  test('[Q2.1] never refuses a removal', async () => {
    await append('ann/notes', [put('a', '1'), put('b', '1')]);
    await set('account_items', 0);
    expect(await refusedBy(append('ann/notes', [remove('a')]))).toBe('');
    expect(await refusedBy(append('ann/notes', [remove('b'), put('c', '1')]))).toBe('account_items');
  });

  test('[Q2.2] gives the retry of an accepted write its first answer', async () => {
    const first = await append('ann/notes', [put('a', '1')], { writeId: 'w' });
    await set('account_items', 0);
    expect(await append('ann/notes', [put('a', '1')], { writeId: 'w' })).toMatchObject({
      ok: true,
      replayed: true,
      position: { seq: first.position.seq },
    });
    expect(await refusedBy(append('ann/notes', [put('b', '1')], { writeId: 'v' }))).toBe('account_items');
  });

  test('counts what was stored before the hub started', async () => {
    const bare = new MemoryStore({ epoch: 'e' });
    await bare.append('ann/notes', write([put('a', 'x'.repeat(90))]), 'all');
    const later = new LimitedStore({ store: bare, limits, world });
    await set('account_bytes', 100);
    await later.usage('ann');
    expect(await refusedBy(later.append('ann/notes', write([put('b', 'x'.repeat(20))]), 'all'))).toBe('account_bytes');
  });

  test('does not limit the hub’s own channels: a token can be revoked at any time', async () => {
    full = true;
    expect(await refusedBy(append('@hub/tokens', [put('a', '1')]))).toBe('');
  });
});

test('[Q4.1] [Q4.2] on a full disk new data is refused until there is space, removals are accepted, and health says why', async () => {
  await append('ann/notes', [put('a', '1')]);
  full = true;
  expect(await refusedBy(append('ann/notes', [put('b', '1')]))).toBe('disk');
  expect(await refusedBy(append('ann/notes', [remove('a')]))).toBe('');
  await expect(store.check()).rejects.toThrow('disk full');
  full = false;
  expect(await refusedBy(append('ann/notes', [put('b', '1')]))).toBe('');
  await store.check();
});
