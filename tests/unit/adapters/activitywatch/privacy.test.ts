// Privacy rules from the web UI: as soon as they are saved, the hub stores nothing that they forbid, whichever route an event uses.

import { describe, expect, test } from '@jest/globals';
import { openServer, type TestServer } from '../../../harness/activitywatch.ts';

const start = Date.UTC(2026, 0, 1);
const event = (seconds: number, data: object) => ({
  timestamp: new Date(start + seconds * 1_000).toISOString(),
  duration: 0,
  data,
});
const window = 'aw-watcher-window_box';

const rules = [
  { enabled: true, field: 'title', pattern: '(?i)secret', action: 'redact', replacement: 'private' },
  { enabled: true, bucket_prefix: 'aw-watcher-window', field: 'app', pattern: '^KeePass', action: 'drop' },
  { enabled: false, field: 'app', pattern: 'Code', action: 'drop' },
];

async function ruled(): Promise<TestServer> {
  const server = await openServer();
  expect((await server.post('/api/0/settings/privacy_filters', rules)).status).toBe(200);
  return server;
}

const beat = (server: TestServer, seconds: number, data: object, bucket = window) =>
  server.post(`/api/0/buckets/${bucket}/heartbeat?pulsetime=5`, event(seconds, data));
const storedData = async (server: TestServer, bucket = window) =>
  (await server.get(`/api/0/buckets/${bucket}/events`)).value.map(({ data }: { data: unknown }) => data);

describe('privacy rules', () => {
  test('a dropped heartbeat is no error for its watcher, and leaves no data, not even a bucket', async () => {
    const server = await ruled();
    const answer = await beat(server, 0, { app: 'KeePassXC', title: 'Passwords' });
    expect([answer.status, answer.value.id]).toEqual([200, null]);
    expect((await server.get('/api/0/buckets')).value).toEqual({});
    expect((await beat(server, 1, { app: 'KeePassXC', title: 'x' }, 'other_box')).value.id).toBe(1);
  });

  test('redacted heartbeats join by their redacted data', async () => {
    const server = await ruled();
    await beat(server, 0, { app: 'Code', title: 'Secret plan' });
    expect((await beat(server, 4, { app: 'Code', title: 'another SECRET' })).value).toMatchObject({
      id: 1,
      duration: 4,
      data: { app: 'Code', title: 'private' },
    });
  });

  test('hold for lists of events, small and large, and for imports', async () => {
    const server = await ruled();
    await server.post(`/api/0/buckets/${window}`, { type: 'currentwindow', client: 'c', hostname: 'box' });
    const some = [event(0, { app: 'KeePassXC' }), event(1, { app: 'Code', title: 'secret' })];
    await server.post(`/api/0/buckets/${window}/events`, some);
    expect(await storedData(server)).toEqual([{ app: 'Code', title: 'private' }]);
    const large = Array.from({ length: 3_000 }, (_, index) =>
      event(10 + index, { app: index % 2 === 0 ? 'KeePassXC' : 'Code', title: `secret ${'x'.repeat(50)}` }),
    );
    expect((await server.post(`/api/0/buckets/${window}/events`, large)).body).toBe('null\n');
    const all = await storedData(server);
    expect(all).toHaveLength(1_501);
    expect(new Set(all.map((data: unknown) => JSON.stringify(data)))).toEqual(
      new Set(['{"app":"Code","title":"private"}']),
    );
    const file = {
      buckets: { [window]: { id: window, type: 'currentwindow', client: 'c', hostname: 'box', events: large } },
    };
    const other = await ruled();
    expect((await other.post('/api/0/import', file)).status).toBe(200);
    expect(await storedData(other)).toHaveLength(1_500);
  });

  test('that are invalid are refused with the reason when they are saved, and the earlier rules stay in force', async () => {
    const server = await ruled();
    const wrong = await server.post('/api/0/settings/privacy_filters', [{ ...rules[0], pattern: '(' }]);
    expect([wrong.status, wrong.value.message]).toEqual([400, expect.stringContaining('rule 1: pattern')]);
    expect((await server.post('/api/0/settings/privacy_filters', [{ field: 'x', action: 'eat' }])).status).toBe(400);
    await beat(server, 0, { app: 'Code', title: 'secret' });
    expect(await storedData(server)).toEqual([{ app: 'Code', title: 'private' }]);
    for (const none of [[], null, false]) {
      expect((await server.post('/api/0/settings/privacy_filters', none)).status).toBe(200);
    }
    await beat(server, 100, { app: 'Code', title: 'secret' });
    expect(await storedData(server)).toContainEqual({ app: 'Code', title: 'secret' });
  });

  test('are one account’s, and not another’s', async () => {
    const server = await ruled();
    await server.accounts.createAccount('ann');
    const ann = await server.accounts.createToken('ann', 'laptop', ['read', 'write']);
    if (!ann.ok) throw new Error('no token');
    const body = event(0, { app: 'KeePassXC' });
    const answer = await server.ask('POST', `/api/0/buckets/${window}/heartbeat?pulsetime=5`, {
      token: ann.secret,
      body,
    });
    expect(answer.value.id).toBe(1);
  });
});
