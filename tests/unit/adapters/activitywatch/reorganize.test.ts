// Renaming buckets, joining them, giving them to another host, and undoing each.

import { describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { openServer, type TestServer } from '../../../harness/activitywatch.ts';
import { TestWorld } from '../../../harness/world.ts';

const old = 'aw-watcher-window_unknown';
const to = 'aw-watcher-window_laptop';
const described = { type: 'currentwindow', client: 'aw-watcher-window', hostname: 'unknown' };
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 10) + second * 1_000).toISOString();

async function beat(server: TestServer, second: number, app: string, bucket = old): Promise<{ id: number }> {
  const body = { timestamp: at(second), duration: 0, data: { app } };
  const { status, value } = await server.post(`/api/0/buckets/${bucket}/heartbeat?pulsetime=10`, body);
  expect(status).toBe(200);
  return value;
}

async function withBuckets(wishes: Parameters<typeof openServer>[0] = {}): Promise<TestServer> {
  const server = await openServer(wishes);
  await server.post(`/api/0/buckets/${old}`, described);
  await beat(server, 0, 'a');
  await beat(server, 5, 'a');
  await beat(server, 20, 'b');
  return server;
}

const events = async (server: TestServer, bucket: string) => {
  const { value } = await server.get(`/api/0/buckets/${bucket}/events`);
  return value.map(({ timestamp, duration, data }: { timestamp: string; duration: number; data: { app: string } }) => {
    return [(Date.parse(timestamp) - Date.parse(at(0))) / 1_000, duration, data.app];
  });
};
const ids = async (server: TestServer) => Object.keys((await server.get('/api/0/buckets')).value);
const changes = async (server: TestServer) => (await server.get('/-/activitywatch/changes')).value.changes;
const undo = async (server: TestServer) => {
  const [{ id }] = await changes(server);
  return server.post(`/-/activitywatch/changes/${id}/undo`, {});
};

describe('a rename', () => {
  test('moves the events under their ids, and the old id leads to the new bucket', async () => {
    const server = await withBuckets();
    const before = (await server.get(`/api/0/buckets/${old}/events`)).value;
    const renamed = await server.post(`/-/activitywatch/buckets/${old}/rename`, { to });
    expect([renamed.status, renamed.value.change]).toMatchObject([200, { kind: 'rename', bucket: old, to }]);
    expect(await ids(server)).toEqual([to]);
    expect((await server.get(`/api/0/buckets/${to}/events`)).value).toEqual(before);
    // The watcher does not know the new name: it creates its old bucket again and continues its event.
    expect((await server.post(`/api/0/buckets/${old}`, described)).status).toBe(304);
    await beat(server, 25, 'b');
    expect(await events(server, to)).toEqual([
      [20, 5, 'b'],
      [0, 5, 'a'],
    ]);
    expect(await ids(server)).toEqual([to]);
  });

  test('can be undone, together with the events that arrived since', async () => {
    const server = await withBuckets();
    await server.post(`/-/activitywatch/buckets/${old}/rename`, { to });
    await beat(server, 25, 'b');
    await beat(server, 60, 'c', to);
    expect((await undo(server)).status).toBe(200);
    expect(await ids(server)).toEqual([old]);
    expect(await events(server, old)).toEqual([
      [60, 0, 'c'],
      [20, 5, 'b'],
      [0, 5, 'a'],
    ]);
    expect(await changes(server)).toEqual([]);
    await beat(server, 65, 'c');
    expect(await ids(server)).toEqual([old]);
  });

  test('can be taken back by another rename', async () => {
    const server = await withBuckets();
    await server.post(`/-/activitywatch/buckets/${old}/rename`, { to });
    expect((await server.post(`/-/activitywatch/buckets/${to}/rename`, { to: old })).status).toBe(200);
    expect(await ids(server)).toEqual([old]);
    expect(await events(server, old)).toHaveLength(2);
    await beat(server, 25, 'b', to);
    expect(await ids(server)).toEqual([old]);
  });

  test('survives a restart', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const before = await withBuckets({ store });
    await before.post(`/-/activitywatch/buckets/${old}/rename`, { to });
    const after = await openServer({ store, world: new TestWorld(2) });
    await beat(after, 25, 'b');
    expect(await ids(after)).toEqual([to]);
    expect((await undo(after)).status).toBe(200);
    expect(await ids(after)).toEqual([old]);
  });

  test.each([
    [{ to: old }, 409],
    [{ to: '' }, 400],
    [{ to: '\u0007' }, 400],
    [{ to: 5 }, 400],
    [{}, 400],
  ])('to %j is refused', async (body, status) => {
    const server = await withBuckets();
    expect((await server.post(`/-/activitywatch/buckets/${old}/rename`, body)).status).toBe(status);
    expect(await ids(server)).toEqual([old]);
  });

  test('can be undone for 30 days, and takes no space after that', async () => {
    const server = await withBuckets();
    await server.post(`/-/activitywatch/buckets/${old}/rename`, { to });
    server.world.pass(31 * 86_400_000);
    await server.post(`/-/activitywatch/buckets/${to}/host`, { hostname: 'laptop' });
    expect((await changes(server)).map(({ kind }: { kind: string }) => kind)).toEqual(['host']);
    const channel = await server.hub.channel(`owner/aw/${old}`);
    expect(await channel.read({ limit: 10 })).toEqual([]);
    expect(await events(server, to)).toHaveLength(2);
  });
});

describe('a join', () => {
  async function withTwo(): Promise<TestServer> {
    const server = await withBuckets();
    await server.post(`/api/0/buckets/${to}`, { ...described, hostname: 'laptop' });
    await beat(server, 100, 'x', to);
    // Both buckets have this event.
    const shared = { timestamp: at(50), duration: 7, data: { app: 's' } };
    for (const bucket of [old, to]) await server.post(`/api/0/buckets/${bucket}/events`, shared);
    return server;
  }
  const joined = [
    [100, 0, 'x'],
    [50, 7, 's'],
    [20, 0, 'b'],
    [0, 5, 'a'],
  ];

  test('has the events of both, each once, and the old id leads to it', async () => {
    const server = await withTwo();
    const answer = await server.post(`/-/activitywatch/buckets/${old}/join`, { into: to });
    expect([answer.status, answer.value.change]).toMatchObject([200, { kind: 'join', bucket: old, to }]);
    expect(await ids(server)).toEqual([to]);
    expect(await events(server, to)).toEqual(joined);
    await beat(server, 105, 'x');
    expect(await events(server, to)).toEqual([[100, 5, 'x'], ...joined.slice(1)]);
  });

  test('can be undone: each bucket has its own events again, and events that arrived since stay', async () => {
    const server = await withTwo();
    const [first, second] = [await events(server, old), await events(server, to)];
    await server.post(`/-/activitywatch/buckets/${old}/join`, { into: to });
    await beat(server, 200, 'late');
    expect((await undo(server)).status).toBe(200);
    expect((await ids(server)).sort()).toEqual([to, old].sort());
    expect(await events(server, old)).toEqual(first);
    expect(await events(server, to)).toEqual([[200, 0, 'late'], ...second]);
    expect((await server.get(`/api/0/buckets/${old}`)).value).toMatchObject(described);
  });

  test('keeps both of two events that have one id', async () => {
    const server = await withTwo();
    const [newest] = (await server.get(`/api/0/buckets/${old}/events?limit=1`)).value;
    await server.post(`/api/0/buckets/${to}/events`, { id: newest.id, timestamp: at(300), data: { app: 'same id' } });
    await server.post(`/-/activitywatch/buckets/${old}/join`, { into: to });
    expect(await events(server, to)).toHaveLength(5);
    await undo(server);
    expect(await events(server, to)).toHaveLength(3);
    expect(await events(server, old)).toHaveLength(3);
  });

  test('moves later edits back to the bucket of the event', async () => {
    const server = await withTwo();
    await server.post(`/-/activitywatch/buckets/${old}/join`, { into: to });
    const all = (await server.get(`/api/0/buckets/${to}/events`)).value;
    const edited = { ...all.at(-1), data: { app: 'edited' } };
    await server.post(`/api/0/buckets/${to}/events`, edited);
    await undo(server);
    expect(await events(server, old)).toContainEqual([0, 5, 'edited']);
  });

  test.each([
    [old, old, 400],
    [old, 'none', 404],
    ['none', to, 404],
  ])('of %s into %s is refused', async (from, into, status) => {
    const server = await withTwo();
    expect((await server.post(`/-/activitywatch/buckets/${from}/join`, { into })).status).toBe(status);
    expect(await ids(server)).toHaveLength(2);
  });
});

describe('another host', () => {
  test('is given to a bucket, and taken back', async () => {
    const server = await withBuckets();
    await server.post(`/-/activitywatch/buckets/${old}/host`, { hostname: 'laptop' });
    expect((await server.get(`/api/0/buckets/${old}`)).value).toMatchObject({ ...described, hostname: 'laptop' });
    expect((await undo(server)).status).toBe(200);
    expect((await server.get(`/api/0/buckets/${old}`)).value).toMatchObject(described);
  });

  test('is not taken back from a bucket that was given to a third one since', async () => {
    const server = await withBuckets();
    await server.post(`/-/activitywatch/buckets/${old}/host`, { hostname: 'laptop' });
    const [{ id }] = await changes(server);
    server.world.pass(1_000);
    await server.post(`/-/activitywatch/buckets/${old}/host`, { hostname: 'desk' });
    expect((await server.post(`/-/activitywatch/changes/${id}/undo`, {})).status).toBe(409);
    expect((await server.get(`/api/0/buckets/${old}`)).value.hostname).toBe('desk');
  });
});

test('the old id of a renamed bucket deletes nothing', async () => {
  const server = await withBuckets();
  await server.post(`/-/activitywatch/buckets/${old}/rename`, { to });
  expect((await server.ask('DELETE', `/api/0/buckets/${old}?force=1`)).status).toBe(404);
  expect(await events(server, to)).toHaveLength(2);
});

test('the old id begins a new bucket once the renamed one was deleted', async () => {
  const server = await withBuckets();
  await server.post(`/-/activitywatch/buckets/${old}/rename`, { to });
  await server.ask('DELETE', `/api/0/buckets/${to}?force=1`);
  await beat(server, 400, 'new');
  expect(await events(server, old)).toEqual([[400, 0, 'new']]);
  expect((await undo(server)).status).toBe(409);
});

test('a token needs the right to write both buckets', async () => {
  const server = await withBuckets();
  const made = await server.accounts.createToken('owner', 'w', ['read:aw/*', `write:aw/${old}`]);
  if (!made.ok) throw new Error(made.error);
  const ask = (path: string, body: object) =>
    server.ask('POST', `/-/activitywatch/${path}`, { body, token: made.secret });
  expect((await ask(`buckets/${old}/rename`, { to })).status).toBe(403);
  expect((await ask(`buckets/${to}/rename`, { to: 'x' })).status).toBe(403);
  expect((await ask('changes/x/undo', {})).status).toBe(403);
});
