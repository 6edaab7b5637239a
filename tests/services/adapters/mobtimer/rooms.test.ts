// Rooms as channels: writes and subscriptions by other protocols than HTTP, restarts, deletion after a day, and rooms for members only.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqlite } from '../../../../server/storage/sqlite/store.ts';
import type { Guest } from '../../../harness/clients.ts';
import { eventually } from '../../../harness/eventually.ts';
import { beginning, type MobHub, openMobHub, value } from '../../../harness/mobtimer.ts';
import { TestWorld } from '../../../harness/world.ts';

const day = 86_400_000;
const nothing = { timer: 0, requested: null, user: null, nextUser: null, type: null };

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function nextMessage(guest: Guest): Promise<any> {
  return JSON.parse(await guest.messages.next());
}

function say(guest: Guest, message: object): void {
  guest.send(JSON.stringify(message));
}

/** Waits until the hub's open writes are stored and published. */
async function quiet(mobHub: MobHub): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await mobHub.hub.store.check();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Moves the clock in steps of five minutes, so that viewers read the keep-alives and do not count as slow. */
async function passSlowly(mobHub: MobHub, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 300_000) {
    mobHub.world.pass(Math.min(left, 300_000));
    await quiet(mobHub);
  }
}

describe('a room', () => {
  let mobHub: MobHub;
  beforeEach(async () => {
    mobHub = await openMobHub();
  });
  afterEach(() => mobHub.close());

  test('is a channel: a WebSocket gets the same events as viewers', async () => {
    const guest = await mobHub.socket();
    say(guest, { type: 'subscribe', channel: 'mob/room' });
    expect(await nextMessage(guest)).toMatchObject({ type: 'snapshot', channel: 'mob/room', items: [] });
    await mobHub.put('/room', { timer: 10, user: 'ann' });
    const stream = await mobHub.follow('/room/events');
    const { timer } = await beginning(stream);
    expect(await nextMessage(guest)).toMatchObject({ type: 'create', channel: 'mob/room', item: timer });
    await mobHub.put('/room/goal', { goal: 'ship', user: 'ann' });
    const { data } = await value(stream);
    expect(await nextMessage(guest)).toMatchObject({ type: 'create', key: 'goal', item: data });
    stream.close();
    guest.end();
  });

  test('tells viewers who ask who is here: names only to those who have signed in', async () => {
    const visitor = await mobHub.follow('/room/events?presence=true');
    await beginning(visitor);
    expect(await value(visitor)).toMatchObject({ name: 'PRESENCE', data: { people: 1, connections: 1, anonymous: 1 } });
    const authorization = `Bearer ${mobHub.owner}`;
    const member = await mobHub.follow('/room/events?presence=true', { authorization });
    await beginning(member);
    const two = { people: 2, connections: 2, anonymous: 1 };
    expect((await value(member)).data).toEqual({ ...two, accounts: ['owner'] });
    mobHub.world.pass(100);
    expect((await value(visitor)).data).toEqual(two);
    // The event is for those who ask: clients of the original do not know it.
    const old = await mobHub.follow('/room/events');
    await beginning(old);
    mobHub.world.pass(100);
    await mobHub.put('/room', { timer: 5, user: 'ann' });
    expect((await value(old)).name).toBe('TIMER_REQUEST');
    for (const stream of [visitor, member, old]) stream.close();
  });

  test('remembers no more text of a day than fits: the oldest requests go', async () => {
    const guest = await mobHub.socket();
    const items = Array.from({ length: 600 }, (_, at) => ({
      key: `turn-${at}`,
      item: { timer: 1, user: `${at}`.padEnd(256, 'x'), nextUser: 'y'.repeat(256) },
    }));
    say(guest, { type: 'write-all', channel: 'mob/room', items, ref: 1 });
    expect(await nextMessage(guest)).toMatchObject({ success: true, type: 'ack' });
    await mobHub.put('/room', { timer: 1, user: 'ann' });
    const kept = await mobHub.hub.store.read('mob/room', {});
    expect(kept.reduce((sum, { value: text }) => sum + text.length, 0)).toBeLessThanOrEqual(262_144);
    expect(kept.length).toBeGreaterThan(300);
    guest.end();
  });

  test.each([
    'user',
    'nextUser',
  ])('[Q3.2] refuses a name of more than 256 characters (%s), from every wire', async (field) => {
    const item = { timer: 1, user: 'ann', [field]: 'x'.repeat(257) };
    const refused = await mobHub.put('/room', item);
    expect(refused).toMatchObject({ status: 400 });
    expect(JSON.parse(refused.body).hint).toBe(`${field} has 256 characters at most`);
    const guest = await mobHub.socket();
    say(guest, { type: 'create', channel: 'mob/room', item });
    expect(await nextMessage(guest)).toMatchObject({ success: false, hint: `${field} has 256 characters at most` });
    guest.end();
    expect(await mobHub.hub.store.read('mob/room', {})).toEqual([]);
  });

  test('can be started from a WebSocket: viewers see it, with clamped minutes', async () => {
    const stream = await mobHub.follow('/room/events');
    await beginning(stream);
    const guest = await mobHub.socket();
    say(guest, { type: 'create', channel: 'mob/room', item: { timer: 10, user: 'x' } });
    expect((await value(stream)).data).toEqual({
      timer: 10,
      requested: '2026-01-05T12:00:00.000Z',
      user: 'x',
      nextUser: null,
      type: 'TIMER',
    });
    say(guest, { type: 'create', channel: 'mob/room', item: { timer: '4000.5', user: 'no number' } });
    say(guest, { type: 'create', channel: 'mob/room', item: 'just a note' });
    say(guest, { type: 'create', channel: 'mob/room', item: { breaktimer: 4000, user: 'y' } });
    expect((await value(stream)).data).toMatchObject({ timer: 1440, user: 'y', nextUser: null, type: 'BREAKTIMER' });
    await mobHub.put('/room', { timer: 5, user: 'z' });
    expect((await value(stream)).data).toMatchObject({ timer: 5, nextUser: 'x' });
    say(guest, { type: 'create', channel: 'mob/room', item: { timer: 5, user: 'x' } });
    expect((await value(stream)).data).toMatchObject({ user: 'x', nextUser: 'z' });
    stream.close();
    const late = await mobHub.follow('/room/events');
    const { history, timer } = await beginning(late);
    expect([...history, timer]).toMatchObject([
      { user: 'x' },
      { user: 'y' },
      { user: 'z' },
      { user: 'x', nextUser: 'z' },
    ]);
    expect(JSON.parse((await mobHub.ask('GET', '/stats')).body)).toMatchObject({
      timers: [
        { minutes: 5, count: 2 },
        { minutes: 10, count: 1 },
      ],
      breaks: [{ minutes: 1440, count: 1 }],
      activeTimers: 1,
    });
    late.close();
    guest.end();
  });

  test('shows followers of the channel and viewers of the stream the same, whatever a WebSocket writes', async () => {
    const stream = await mobHub.follow('/room/events');
    await beginning(stream);
    const [guest, follower] = [await mobHub.socket(), await mobHub.socket()];
    say(follower, { type: 'subscribe', channel: 'mob/room', ref: 1 });
    await nextMessage(follower);
    const items = [
      { timer: '10', user: 5 },
      { timer: 5, requested: 'yesterday', type: 'SOMETHING' },
      { timer: -3, user: 'x' },
      { timer: 9000, type: 'BREAKTIMER', nextUser: 'z', more: 'fields' },
      { breaktimer: 7.9, user: null },
    ];
    for (const item of items) {
      say(guest, { type: 'create', channel: 'mob/room', item });
      const shown = (await value(stream)).data;
      expect(Object.keys(shown).sort()).toEqual(['nextUser', 'requested', 'timer', 'type', 'user']);
      expect((await nextMessage(follower)).item).toEqual(shown);
    }
    say(guest, { type: 'create', channel: 'mob/room', key: 'goal', item: { goal: 'g'.repeat(300), user: 'x' } });
    const goal = (await value(stream)).data;
    expect(goal.goal).toHaveLength(255);
    expect((await nextMessage(follower)).item).toEqual(goal);
    stream.close();
    for (const one of [guest, follower]) one.end();
  });

  test.each([
    ['create', { item: 'just a note' }],
    ['create', { item: { timer: '4000.5', user: 'no number' } }],
    ['create', { item: {} }],
    ['create', { key: 'goal', item: { goal: {} } }],
    [
      'write-all',
      {
        items: [
          { key: 'a', item: { timer: 10 } },
          { key: 'b', item: [] },
        ],
      },
    ],
  ])('refuses by %s a value that is neither timer nor goal: %j', async (type, rest) => {
    const guest = await mobHub.socket();
    say(guest, { type, channel: 'mob/room', ...rest, ref: 1 });
    expect(await nextMessage(guest)).toMatchObject({
      success: false,
      code: 'property',
      hint: expect.stringContaining('room'),
    });
    say(guest, { type: 'read-all', channel: 'mob/room', ref: 2 });
    expect((await nextMessage(guest)).items).toEqual([]);
    guest.end();
  });

  test('accepts a whole room by write-all, and changes nothing when it is written again', async () => {
    const guest = await mobHub.socket();
    const written = [
      { key: 'a', item: { timer: 10, user: 'ann' } },
      { key: 'b', item: { breaktimer: 5, user: 'bob' } },
      { key: 'goal', item: { goal: 'ship', user: 'ann' } },
    ];
    const writeAll = async (items: readonly object[]) => {
      say(guest, { type: 'write-all', channel: 'mob/room', items, ref: 1 });
      expect(await nextMessage(guest)).toMatchObject({ success: true });
      say(guest, { type: 'read-all', channel: 'mob/room', ref: 2 });
      return nextMessage(guest);
    };
    const first = await writeAll(written);
    expect(first.items).toHaveLength(3);
    mobHub.world.pass(60_000);
    // The item as it was written, as it was read, with its fields in another order, and with a duplicate key.
    const turned = first.items.map(({ key, item }: { key: string; item: object }) => {
      return { key, item: Object.fromEntries(Object.entries(item).reverse()) };
    });
    for (const items of [written, first.items, turned, [written[1], ...written]]) {
      const again = await writeAll(items);
      expect([again.seq, again.items]).toEqual([first.seq, first.items]);
    }
    expect((await writeAll(written.slice(1))).items).toHaveLength(2);
    guest.end();
  });

  test('stores concurrent turns, each with its next user', async () => {
    const guest = await mobHub.socket();
    for (let n = 0; n < 50; n += 1) {
      say(guest, { type: 'create', channel: 'mob/room', key: `k${n}`, item: { timer: 10, user: `u${n % 2}` }, ref: n });
    }
    for (let n = 0; n < 50; n += 1) expect(await nextMessage(guest)).toMatchObject({ success: true });
    const stream = await mobHub.follow('/room/events');
    const { history } = await beginning(stream);
    const expected = (at: number) => (at % 2 === 0 ? { user: 'u1', nextUser: 'u0' } : { user: 'u0', nextUser: 'u1' });
    expect(history.slice(1)).toMatchObject(history.slice(1).map((_: unknown, at: number) => expected(at)));
    stream.close();
    guest.end();
  });

  test('counts as active when it was never opened by HTTP', async () => {
    const guest = await mobHub.socket();
    say(guest, { type: 'create', channel: 'mob/unseen', item: { timer: 10 }, ref: 1 });
    await nextMessage(guest);
    // The hub must read the room from the store first.
    const active = async () => JSON.parse((await mobHub.ask('GET', '/stats')).body).activeTimers;
    await eventually(async () => (await active()) > 0, 'the room to count as active');
    expect(await active()).toBe(1);
    guest.end();
  });

  test('shows an older turn when the newer one is reverted, and nothing when no turn is left', async () => {
    const guest = await mobHub.socket();
    const stream = await mobHub.follow('/room/events');
    await beginning(stream);
    for (const key of ['a', 'b', 'c']) {
      say(guest, { type: 'create', channel: 'mob/room', key, item: { timer: 10, user: key } });
      await value(stream);
    }
    say(guest, { type: 'delete', channel: 'mob/room', key: 'a' });
    say(guest, { type: 'delete', channel: 'mob/room', key: 'c' });
    expect((await value(stream)).data).toMatchObject({ timer: 10, user: 'b' });
    say(guest, { type: 'delete', channel: 'mob/room', key: 'b' });
    expect((await value(stream)).data).toEqual(nothing);
    say(guest, { type: 'create', channel: 'mob/room', key: 'goal', item: { goal: 'by hand' } });
    expect((await value(stream)).data).toMatchObject({ goal: 'by hand', user: null });
    say(guest, { type: 'delete', channel: 'mob/room', key: 'goal' });
    expect((await value(stream)).data).toEqual({ goal: null, user: null, requested: null });
    stream.close();
    guest.end();
  });

  test('forgets each request after a day, and notifies viewers once when no request is left', async () => {
    const stream = await mobHub.follow('/room/events');
    await beginning(stream);
    await mobHub.put('/room', { timer: 10, user: 'ann' });
    mobHub.world.pass(30_000);
    await mobHub.put('/room', { timer: 11, user: 'bob' });
    await mobHub.put('/room/goal', { goal: 'stays' });
    // 12:00:00 and 12:00:30 of the next day. Sweeps run every full minute, and exactly a day is not more than a day.
    await passSlowly(mobHub, day - 30_000);
    expect((await mobHub.hub.store.read('mob/room', {})).length).toBe(3);
    mobHub.world.pass(60_000);
    await quiet(mobHub);
    expect((await mobHub.hub.store.read('mob/room', {})).map(({ key }) => key)).toEqual(['goal']);
    mobHub.world.pass(600_000);
    await quiet(mobHub);
    await mobHub.put('/room', { timer: 12 });
    const events: unknown[] = [];
    while (events.length < 5) {
      const { name, data } = await value(stream);
      if (name !== 'KEEP_ALIVE') events.push(data);
      if (data?.timer === 12) break;
    }
    expect(events).toMatchObject([
      { timer: 10 },
      { timer: 11 },
      { goal: 'stays' },
      nothing,
      { timer: 12, nextUser: null },
    ]);
    expect((await mobHub.ask('GET', '/room/goal')).body).toBe('{"goal":"stays"}');
    stream.close();
  });

  test('notifies nobody when only some of its requests expire', async () => {
    await mobHub.put('/room', { timer: 10, user: 'old' });
    mobHub.world.pass(3_600_000);
    await mobHub.put('/room', { timer: 11, user: 'young' });
    const stream = await mobHub.follow('/room/events');
    await beginning(stream);
    await passSlowly(mobHub, day - 3_600_000 + 60_000);
    await mobHub.put('/room', { timer: 12, user: 'new' });
    for (;;) {
      const { name, data } = await value(stream);
      if (name === 'KEEP_ALIVE') continue;
      expect(data).toMatchObject({ timer: 12, nextUser: 'young' });
      break;
    }
    stream.close();
  });

  test('that is empty and unwatched is forgotten, on disk and in memory', async () => {
    await mobHub.put('/room', { timer: 10 });
    await mobHub.put('/room/goal', { goal: 'x' });
    await mobHub.ask('DELETE', '/room/goal');
    mobHub.world.pass(day + 60_000);
    await quiet(mobHub);
    mobHub.world.pass(60_000);
    await quiet(mobHub);
    expect(await mobHub.hub.store.channels('mob/')).toMatchObject([{ channel: 'mob/room', items: 0 }]);
    const isForgotten = async () => {
      const { floor, seq } = await mobHub.hub.store.head('mob/room');
      return floor === seq;
    };
    await eventually(isForgotten, 'the history of the room to be removed');
    expect((await mobHub.hub.channel('mob/room')).isWatched).toBe(false);
    // The room starts again without a history.
    await mobHub.put('/room', { timer: 5, user: 'ann' });
    const stream = await mobHub.follow('/room/events');
    expect(await beginning(stream)).toMatchObject({ history: [], timer: { timer: 5 }, goal: { goal: null } });
    await mobHub.put('/room', { timer: 6, user: 'bob' });
    expect((await value(stream)).data).toMatchObject({ timer: 6, nextUser: 'ann' });
    stream.close();
  });

  test('sends a new snapshot to a viewer who was too slow, in the same stream', async () => {
    const slow = await mobHub.follow('/room/events');
    await beginning(slow);
    slow.pause();
    const [session] = mobHub.hub.sessions;
    const channel = await mobHub.hub.channel('mob/room');
    let timer = 0;
    for (; session?.isBehind === false && timer < 60; timer += 1) {
      // Large requests, as earlier builds stored them.
      const text = JSON.stringify({ timer, user: 'x'.repeat(200_000) });
      await channel.write({ ops: [{ op: 'put', key: `${timer}`, value: text }], origin: 'd', at: mobHub.world.now() });
    }
    slow.resume();
    // A snapshot that was under way while requests arrived is followed by another one.
    let last = await value(slow);
    while (last.name !== 'INITIAL_HISTORY' || last.data.length < timer - 1) last = await value(slow);
    expect(last.data.length).toBe(timer - 1);
    expect(await value(slow)).toMatchObject({ name: 'TIMER_REQUEST', data: { timer: timer - 1 } });
    expect((await value(slow)).name).toBe('GOAL_REQUEST');
    await mobHub.put('/room', { timer: 1_234 });
    expect((await value(slow)).data.timer).toBe(1_234);
    slow.close();
  });

  test('a stream that the hub ends gives the reason', async () => {
    const stream = await mobHub.follow('/room/events');
    await beginning(stream);
    mobHub.hub.drain();
    const last = await value(stream);
    expect(last).toMatchObject({ name: 'CLOSED', data: { type: 'away' } });
    expect(await stream.next()).toBeUndefined();
  });
});

describe('over a restart', () => {
  let folder: string;
  let starts = 0;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'horai-rooms-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = async (now: number, owner?: string) => {
    const world = new TestWorld(1, now);
    // A restarted test world would repeat its ids, which a real one never does.
    for (let names = 0; names < 50 * starts; names += 1) world.id();
    starts += 1;
    const opened = await openSqlite({ folder, world });
    if (!opened.ok) throw new Error(opened.error);
    return openMobHub({ world, store: opened.store, ...(owner === undefined ? {} : { owner }) });
  };

  test('rooms keep their deadline, their next user and their goal, and are counted at once', async () => {
    const noon = Date.UTC(2026, 0, 5, 12);
    const before = await start(noon);
    await before.put('/room', { timer: 10, user: 'ann' });
    await before.put('/room', { timer: 25, user: 'bob' });
    await before.put('/room/goal', { goal: 'ship', user: 'bob' });
    const first = await before.follow('/room/events');
    const shown = await beginning(first);
    await before.close();

    const after = await start(noon + 5 * 60_000, before.owner);
    const front = await after.follow('/events');
    expect([(await value(front)).data, (await value(front)).data]).toEqual([0, 1]);
    const second = await after.follow('/room/events');
    expect(await beginning(second)).toEqual(shown);
    expect(shown.timer).toEqual({
      timer: 25,
      requested: '2026-01-05T12:00:00.000Z',
      user: 'bob',
      nextUser: 'ann',
      type: 'TIMER',
    });
    await after.put('/room', { timer: 5, user: 'ann' });
    expect((await value(second)).data).toMatchObject({ nextUser: 'bob' });
    await after.close();

    const late = await start(noon + 2 * day, before.owner);
    // The front page waits until the stored rooms are loaded.
    await late.ask('GET', '/');
    late.world.pass(60_000);
    await quiet(late);
    const third = await late.follow('/room/events');
    expect(await beginning(third)).toMatchObject({ history: [], timer: nothing, goal: { goal: 'ship' } });
    await late.close();
  });
});

describe('rooms for members', () => {
  let mobHub: MobHub;
  beforeEach(async () => {
    mobHub = await openMobHub({ rooms: 'members' });
  });
  afterEach(() => mobHub.close());

  const json = { 'content-type': 'application/json' };

  test('are closed to strangers, whatever they ask', async () => {
    for (const [method, path] of [
      ['PUT', '/room'],
      ['GET', '/room/events'],
      ['GET', '/room/goal'],
      ['PUT', '/room/goal'],
      ['DELETE', '/room/goal'],
      ['GET', '/events'],
      ['GET', '/stats'],
    ] as const) {
      const answer = await mobHub.ask(method, path, { body: '{"timer":1,"goal":"x"}', headers: json });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    expect(await mobHub.hub.store.channels('mob/')).toEqual([]);
    expect(JSON.parse((await mobHub.ask('GET', '/room')).body)).toMatchObject({ members: true });
  });

  test('open with a token, and a stream with a ticket, once', async () => {
    const authorization = `Bearer ${mobHub.owner}`;
    expect(
      (await mobHub.ask('PUT', '/room', { body: '{"timer":1}', headers: { ...json, authorization } })).status,
    ).toBe(202);
    const issued = await mobHub.ask('POST', '/-/tickets', { headers: { authorization } });
    expect(issued.status).toBe(201);
    const { ticket } = JSON.parse(issued.body);
    const stream = await mobHub.follow(`/room/events?ticket=${ticket}`);
    expect((await beginning(stream)).timer).toMatchObject({ timer: 1 });
    expect((await mobHub.follow(`/room/events?ticket=${ticket}`)).status).toBe(401);
    expect((await mobHub.ask('PUT', `/room?ticket=${ticket}`, { body: '{"timer":1}', headers: json })).status).toBe(
      401,
    );
    stream.close();
  });

  test('close when the token is revoked', async () => {
    const made = await mobHub.accounts.createToken('owner', 'tab', ['read', 'write']);
    if (!made.ok) throw new Error(made.error);
    const authorization = `Bearer ${made.secret}`;
    const stream = await mobHub.follow('/room/events', { authorization });
    await beginning(stream);
    await mobHub.accounts.revoke(made.token.id);
    expect(await value(stream)).toMatchObject({ name: 'CLOSED', data: { success: false, code: 'revoked' } });
    expect(await stream.next()).toBeUndefined();
    expect((await mobHub.follow('/room/events', { authorization })).status).toBe(401);
  });

  test('are open to everybody who can reach a personal hub', async () => {
    const personal = await openMobHub({ rooms: 'members', personal: true });
    expect((await personal.put('/room', { timer: 1 })).status).toBe(202);
    await personal.close();
  });
});
