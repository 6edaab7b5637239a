// Heartbeats: when they extend an event, the resulting event, and that no concurrent request makes them overwrite, duplicate or lose an
// event.

import { describe, expect, test } from '@jest/globals';
import type { Store } from '../../../../server/core/store.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { openServer, type TestServer } from '../../../harness/activitywatch.ts';
import { eventually } from '../../../harness/eventually.ts';
import { seeded, TestWorld } from '../../../harness/world.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 10) + seconds * 1_000).toISOString();

async function bucket(server: TestServer, id = 'w'): Promise<void> {
  await server.post(`/api/0/buckets/${id}`, { type: 'test', client: 'c', hostname: 'h' });
}

async function beat(server: TestServer, seconds: number, data: object, pulse = 5, duration = 0, id = 'w') {
  const answer = await server.post(`/api/0/buckets/${id}/heartbeat?pulsetime=${pulse}`, {
    timestamp: at(seconds),
    duration,
    data,
  });
  expect(answer.status).toBe(200);
  return answer.value;
}

async function events(server: TestServer, id = 'w') {
  return (await server.get(`/api/0/buckets/${id}/events`)).value;
}

/** A store whose disk the test can fill. */
class FullableStore extends MemoryStore {
  full = false;

  override append(...write: Parameters<Store['append']>): ReturnType<Store['append']> {
    return this.full ? Promise.reject(new Error('database or disk is full')) : super.append(...write);
  }
}

describe('a heartbeat', () => {
  test.each([
    ['at the end of the silence allowed', 5, { a: 1 }, 5, 0, true, 5],
    ['a millisecond later', 5.001, { a: 1 }, 5, 0, false, 0],
    ['with other data', 1, { a: 2 }, 5, 0, false, 0],
    ['older than the last event', -1, { a: 1 }, 5, 0, false, 0],
    ['that is as long as the last event and the silence allowed', 5, { a: 1 }, 5, 0, true, 5],
    ['at the same moment, without any silence allowed', 0, { a: 1 }, 0, 0, true, 0],
    ['a millisecond later, without any silence allowed', 0.001, { a: 1 }, 0, 0, false, 0],
    ['within a millisecond, of which the fraction does not count', 5.0009, { a: 1 }, 5, 0, true, 5],
    ['with a duration of its own', 2, { a: 1 }, 5, 10, true, 12],
    ['with a negative pulsetime', 0, { a: 1 }, -1, 0, false, 0],
  ])('%s', async (_, seconds, data, pulse, duration, joins, expected) => {
    const server = await openServer();
    await bucket(server);
    const first = await beat(server, 0, { a: 1 });
    const second = await beat(server, seconds, data, pulse, duration);
    expect(second.id === first.id).toBe(joins);
    expect(second.duration).toBe(expected);
  });

  test('joins whatever the order of the keys of its data, in an object within too', async () => {
    const server = await openServer();
    await bucket(server);
    const first = await beat(server, 0, { app: 'a', in: { x: 1, y: [2] } });
    expect(await beat(server, 1, { in: { y: [2], x: 1 }, app: 'a' })).toEqual({ ...first, duration: 1 });
    expect((await beat(server, 2, { app: 'a', in: { x: 1, y: [2, 3] } })).id).not.toBe(first.id);
    expect((await beat(server, 2, { app: 'a', in: { x: true, y: [2, 3] } })).duration).toBe(0);
  });

  test('with numbers that JavaScript cannot hold keeps them as texts', async () => {
    const server = await openServer();
    const body = (second: number) =>
      `{"timestamp":"${at(second)}","data":{"a \\"9007199254740993":[9007199254740993,-1e400,9007199254740991,"\\\\"]}}`;
    const first = await server.ask('POST', '/api/0/buckets/w/heartbeat?pulsetime=5', { body: body(0) });
    expect([first.status, first.value.data]).toEqual([
      200,
      { 'a "9007199254740993': ['9007199254740993', '-1e400', 9007199254740991, '\\'] },
    ]);
    const second = await server.ask('POST', '/api/0/buckets/w/heartbeat?pulsetime=5', { body: body(1) });
    expect(second.value).toEqual({ ...first.value, duration: 1 });
    const wrong = body(2).replace('-1e400', '9007199254740993-1');
    expect((await server.ask('POST', '/api/0/buckets/w/heartbeat?pulsetime=5', { body: wrong })).status).toBe(400);
  });

  test('with half a character in a text keeps the replacement character for it', async () => {
    const server = await openServer();
    const body = `{"timestamp":"${at(0)}","data":{"title":"a\\ud800b","\\udc00":"\\ud83d\\ude00"}}`;
    const { value } = await server.ask('POST', '/api/0/buckets/w/heartbeat?pulsetime=5', { body });
    expect(value.data).toEqual({ title: 'a\ufffdb', '\ufffd': '\u{1f600}' });
  });

  test('that lies within the last event does not change its length', async () => {
    const server = await openServer();
    await bucket(server);
    const first = await beat(server, 0, { a: 1 }, 5, 60);
    expect(await beat(server, 10, { a: 1 })).toEqual(first);
    expect(await beat(server, 60, { a: 1 }, 0, 1)).toEqual({ ...first, duration: 61 });
  });

  test('with a negative duration joins no event, and no later heartbeat joins it', async () => {
    const server = await openServer();
    await bucket(server);
    const backwards = await beat(server, 0, { a: 1 }, 5, -3);
    expect(backwards.duration).toBe(-3);
    const next = await beat(server, 0, { a: 1 }, 100);
    expect(next.id).not.toBe(backwards.id);
    // The heartbeat is shorter than the event, which stays unchanged.
    expect(await beat(server, 0, { a: 1 }, 100, -1)).toEqual(next);
  });

  test('with the same timestamp and a growing duration extends, as the AFK watcher needs', async () => {
    const server = await openServer();
    await bucket(server);
    for (const duration of [180, 185, 190.5]) await beat(server, 0.001, { status: 'afk' }, 185, duration);
    expect(await events(server)).toEqual([
      { id: 1, timestamp: '2026-01-01T10:00:00.001000+00:00', duration: 190.5, data: { status: 'afk' } },
    ]);
  });

  test('whose start creeps back by milliseconds extends the absence, across a restart too', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const before = await openServer({ store });
    await bucket(before);
    await beat(before, 0, { status: 'not-afk' }, 185);
    // Every heartbeat starts 3 ms before the previous one. The 400 together move the start by more than a second.
    for (let n = 0; n < 100; n += 1) await beat(before, 0.001 - n * 0.003, { status: 'afk' }, 185, 180 + n);
    const after = await openServer({ store });
    for (let n = 100; n < 400; n += 1) await beat(after, 0.001 - n * 0.003, { status: 'afk' }, 185, 180 + n);
    const found = await events(after);
    expect(found.map(({ data }: { data: { status: string } }) => data.status).sort()).toEqual(['afk', 'not-afk']);
    const afk = found.find(({ data }: { data: { status: string } }) => data.status === 'afk');
    expect(afk).toMatchObject({ timestamp: '2026-01-01T09:59:58.804000+00:00' });
    expect(afk.duration).toBeCloseTo(579, 3);
  });

  test('that starts earlier and does not reach the last event is an event of its own', async () => {
    const server = await openServer();
    await bucket(server);
    const first = await beat(server, 0, { status: 'afk' }, 185, 180);
    expect((await beat(server, -0.01, { status: 'afk' }, 185)).id).not.toBe(first.id);
    expect(await events(server)).toHaveLength(2);
  });

  test('makes the bucket that is missing, with the type its data tell', async () => {
    const server = await openServer();
    await beat(server, 0, { app: 'vi', title: 't' }, 5, 0, 'aw-watcher-window_box');
    await beat(server, 0, { status: 'afk' }, 5, 0, 'aw-watcher-afk_box');
    await beat(server, 0, { url: 'u', title: 't' }, 5, 0, 'aw-watcher-web-chrome');
    const { value } = await server.get('/api/0/buckets/');
    expect(value['aw-watcher-window_box']).toMatchObject({
      type: 'currentwindow',
      client: 'aw-watcher-window',
      hostname: 'box',
    });
    expect(value['aw-watcher-afk_box'].type).toBe('afkstatus');
    expect(value['aw-watcher-web-chrome']).toMatchObject({ type: 'web.tab.current', hostname: 'unknown' });
    expect(value['aw-watcher-web-chrome'].last_updated).toBe('2026-01-01T10:00:00+00:00');
  });

  test('creates a bucket with a guessed description, which the first description of a client replaces', async () => {
    const server = await openServer();
    await beat(server, 0, { app: 'vi' }, 5, 0, 'my_bucket');
    const described = { type: 'mine', client: 'me', hostname: 'box' };
    expect((await server.post('/api/0/buckets/my_bucket', described)).status).toBe(200);
    expect((await server.get('/api/0/buckets/my_bucket')).value).toMatchObject(described);
    expect((await server.post('/api/0/buckets/my_bucket', { ...described, type: 'other' })).status).toBe(304);
    expect((await server.get('/api/0/buckets/my_bucket')).value).toMatchObject(described);
    expect(await events(server, 'my_bucket')).toHaveLength(1);
  });

  test('is accepted after its bucket was deleted', async () => {
    const server = await openServer();
    await bucket(server);
    await beat(server, 0, { a: 1 });
    expect((await server.ask('DELETE', '/api/0/buckets/w?force=1')).status).toBe(200);
    const after = await beat(server, 1, { a: 1 });
    expect(await events(server)).toEqual([after]);
  });

  test('is accepted after the last event was deleted, and does not join a deleted event', async () => {
    const server = await openServer();
    await bucket(server);
    const first = await beat(server, 0, { a: 1 });
    await server.ask('DELETE', `/api/0/buckets/w/events/${first.id}`);
    const second = await beat(server, 1, { a: 1 });
    expect(second.id).not.toBe(first.id);
    expect(await events(server)).toEqual([second]);
  });

  test('does not change newer events that were posted since', async () => {
    const server = await openServer();
    await bucket(server);
    await beat(server, 0, { a: 1 });
    await server.post('/api/0/buckets/w/events', { timestamp: at(3_600), duration: 7, data: { later: true } });
    await beat(server, 1, { a: 1 });
    const all = await events(server);
    expect(all.find(({ data }: { data: object }) => 'later' in data)).toMatchObject({ duration: 7 });
    expect(all.at(-1).timestamp).toBe('2026-01-01T10:00:00+00:00');
  });

  test('sees an event that was replaced by its id', async () => {
    const server = await openServer();
    await bucket(server, 'aw-stopwatch');
    const running = await beat(server, 0, { running: true, label: 'x' }, 1, 0, 'aw-stopwatch');
    const stopped = { ...running, duration: 60, data: { running: false, label: 'x' } };
    await server.post('/api/0/buckets/aw-stopwatch/events', [stopped]);
    expect(await events(server, 'aw-stopwatch')).toEqual([stopped]);
    expect((await beat(server, 60, { running: false, label: 'x' }, 1, 0, 'aw-stopwatch')).id).toBe(running.id);
  });

  test('waits while the disk is full, and is stored when it has space again', async () => {
    const world = new TestWorld();
    const store = new FullableStore({ epoch: 'e1' });
    const server = await openServer({ store, world });
    await bucket(server);
    const first = await beat(server, 0, { a: 1 });
    const failed = async (times: number) => {
      const count = () => world.lines.filter(({ text }) => text === 'a write could not be stored').length;
      await eventually(() => count() >= times, `${times} writes to fail`, { instead: count });
    };
    store.full = true;
    const waiting = beat(server, 2, { a: 1 });
    await failed(1);
    store.full = false;
    world.pass(1_000);
    expect(await waiting).toEqual({ ...first, duration: 2 });

    store.full = true;
    const late = server.post('/api/0/buckets/w/heartbeat?pulsetime=5', { timestamp: at(3), data: { a: 1 } });
    for (let second = 1; second <= 26; second += 1) {
      await failed(1 + second);
      world.pass(1_000);
    }
    expect(await late).toMatchObject({ status: 503, value: { message: 'not stored: database or disk is full' } });
    store.full = false;
    expect(await beat(server, 4, { a: 1 })).toEqual({ ...first, duration: 4 });
    expect(await events(server)).toHaveLength(1);
  });

  test('joins across a restart', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const before = await openServer({ store });
    await bucket(before);
    const first = await beat(before, 0, { a: 1 });
    const after = await openServer({ store, world: new TestWorld(2) });
    expect(await beat(after, 4, { a: 1 })).toEqual({ ...first, duration: 4 });
    const other = await beat(after, 5, { a: 2 });
    expect(other.id).toBeGreaterThan(first.id);
  });

  test('many at once: none is lost or duplicated, and they extend events as if they had arrived one by one', async () => {
    const server = await openServer();
    await bucket(server);
    await Promise.all(
      Array.from({ length: 3_000 }, (_, index) => beat(server, index, { block: Math.floor(index / 10) })),
    );
    const all = await events(server);
    expect(all).toHaveLength(300);
    expect(new Set(all.map(({ id }: { id: number }) => id)).size).toBe(300);
    expect(all.every(({ duration }: { duration: number }) => duration === 9)).toBe(true);
  });

  test('of two nodes at one store all are stored, in one event where they join', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const [one, two] = [await openServer({ store }), await openServer({ store, world: new TestWorld(2) })];
    await bucket(one);
    const random = seeded(5);
    for (let index = 0; index < 200; index += 1) {
      const node = random() < 0.5 ? one : two;
      await beat(node, index, { block: Math.floor(index / 20) });
      if (random() < 0.1) {
        await Promise.all([
          beat(one, index, { block: Math.floor(index / 20) }),
          beat(two, index, { block: Math.floor(index / 20) }),
        ]);
      }
    }
    const reader = await openServer({ store, world: new TestWorld(3) });
    const all = await events(reader);
    expect(all.map(({ data }: { data: { block: number } }) => data.block)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(all.every(({ duration }: { duration: number }) => duration === 19)).toBe(true);
  });

  test('with posts, edits, deletes and restarts in between gives the same events as a plain list', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seeded(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      const store = new MemoryStore({ epoch: 'e1' });
      let server = await openServer({ store });
      await bucket(server);
      // The model: events by id, and the event that heartbeats extend; undefined stands for the one that started last.
      const model = new Map<number, { id: number; time: number; duration: number; n: number }>();
      let joined: number | undefined;
      let clock = 0;
      for (let step = 0; step < 150; step += 1) {
        const dice = random();
        const ids = [...model.keys()];
        const some = ids[below(ids.length)];
        if (dice < 0.75) {
          clock += below(4);
          const [time, duration, n] = [Math.max(0, clock - (random() < 0.1 ? below(30) : 0)), below(3), below(2)];
          const newest = [...model.values()].sort((a, b) => b.time - a.time || b.id - a.id)[0];
          const last = joined === undefined ? newest : model.get(joined);
          const answer = await beat(server, time, { n }, 5, duration);
          const joins = last?.n === n && time >= last.time && time <= last.time + last.duration + 5;
          if (last !== undefined && joins) {
            last.duration = Math.max(last.duration, time - last.time + duration);
            expect([seed, step, answer.id]).toEqual([seed, step, last.id]);
          } else {
            expect([seed, step, model.has(answer.id)]).toEqual([seed, step, false]);
            model.set(answer.id, { id: answer.id, time, duration, n });
          }
          joined = answer.id;
        } else if (dice < 0.85) {
          const time = below(clock + 20);
          const id = some !== undefined && random() < 0.5 ? some : 100_000 + seed * 1_000 + step;
          await server.post('/api/0/buckets/w/events', { id, timestamp: at(time), duration: 2, data: { n: 7 } });
          model.set(id, { id, time, duration: 2, n: 7 });
          joined = undefined;
        } else if (dice < 0.95 && some !== undefined) {
          await server.ask('DELETE', `/api/0/buckets/w/events/${some}`);
          model.delete(some);
          joined = undefined;
        } else {
          server = await openServer({ store, world: new TestWorld(seed * 1_000 + step) });
          joined = undefined;
        }
        const expected = [...model.values()].sort((a, b) => b.time - a.time || a.id - b.id);
        const found = (await events(server)).map(
          ({
            id,
            timestamp,
            duration,
            data,
          }: {
            id: number;
            timestamp: string;
            duration: number;
            data: { n: number };
          }) => ({
            id,
            time: (Date.parse(timestamp) - Date.parse(at(0))) / 1_000,
            duration,
            n: data.n,
          }),
        );
        expect([seed, step, found]).toEqual([seed, step, expected]);
      }
    }
  });

  test.each([
    ['', 415, /Content-Type/],
    [{ data: {} }, 400, /Input payload/],
    [{ timestamp: 'x', data: {} }, 400, /timestamp 'x'/],
    [{ timestamp: '2026-01-01T10:00:00Z', duration: true, data: {} }, 400, /Input payload/],
    [{ timestamp: '2026-01-01T10:00:00Z', duration: 1e12, data: {} }, 400, /duration/],
    [`{"timestamp":"2026-01-01T10:00:00Z","data":${'['.repeat(40)}${']'.repeat(40)}}`, 400, /deeper/],
  ])('that is malformed is a client error: %j', async (body, status, message) => {
    const server = await openServer();
    const headers = body === '' ? { 'content-type': 'text/plain' } : {};
    const answer = await server.ask('POST', '/api/0/buckets/w/heartbeat?pulsetime=5', { body, headers });
    expect(answer.status).toBe(status);
    expect(answer.value.message).toMatch(message);
  });
});
