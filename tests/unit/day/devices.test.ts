// `GET /-/devices` and `GET /-/people` on a whole hub: what each tool last sent, and what each account stores.

import { afterEach, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';

let hub: DayHub;
afterEach(() => hub.close());

test('each tool has its last event and how many came today, the newest first', async () => {
  hub = await DayHub.start();
  await hub.heartbeats('09:00', '09:04', 2, { project: 'horai' });
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [
    ['08:00', '08:10', { app: 'code', title: 'a' }],
    ['08:10', '08:30', { app: 'firefox', title: 'b' }],
  ]);
  await hub.write({ type: 'create', channel: 'tasks', key: 't', item: { desc: 'water' } });
  const { tools, since, connections } = await hub.get('/-/devices');
  expect(since).toBe(hub.us('00:00'));
  expect(tools.find(({ kind }: { kind: string }) => kind === 'editor')).toMatchObject({
    device: 'laptop',
    last: hub.us('09:04'),
    today: 3,
    isMore: false,
  });
  expect(tools.find(({ kind }: { kind: string }) => kind === 'watcher')).toEqual({
    kind: 'watcher',
    name: 'aw-watcher-window',
    device: 'laptop',
    last: hub.us('08:30'),
    today: 2,
    isMore: false,
  });
  expect(tools.find(({ kind }: { kind: string }) => kind === 'tasks')).toMatchObject({ today: 1 });
  const moments = tools.map(({ last }: { last: number }) => last);
  expect(moments).toEqual([...moments].sort((a, b) => b - a));
  expect(connections.length).toBeGreaterThan(0);
});

test('the last event of a watcher is the last in time, whatever order events came in', async () => {
  hub = await DayHub.start();
  const minute = (at: number) => `08:${String(at).padStart(2, '0')}`;
  const events = Array.from(
    { length: 24 },
    (_, at) => [minute(at), minute(at + 1), { app: 'code', title: `${at}` }] as const,
  );
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [...events.slice(12), ...events.slice(0, 12)]);
  const { tools } = await hub.get('/-/devices');
  expect(tools).toMatchObject([{ kind: 'watcher', last: hub.us('08:24'), today: 24 }]);
});

test('the day before is not counted as today', async () => {
  hub = await DayHub.start();
  await hub.heartbeats('23:00', '23:02', 2, { project: 'horai' });
  hub.moveTo('01:00', 1);
  const { tools } = await hub.get('/-/devices');
  expect(tools).toMatchObject([{ kind: 'editor', today: 0, last: hub.us('23:02') }]);
});

test('a token for some channels only sees neither tools nor devices of the account', async () => {
  hub = await DayHub.start();
  const { secret } = await hub.write({ type: 'token', name: 'reader', scopes: ['read:wakatime'] });
  const headers = { authorization: `Bearer ${secret}` };
  await hub.get('/-/devices', 403, headers);
  await hub.get('/-/tokens', 403, headers);
});

test('an edge says how much waits on its machine', async () => {
  hub = await DayHub.start();
  const { secret, token } = await hub.write({ type: 'token', name: 'edge', scopes: ['read', 'write'] });
  const about = { type: 'currentwindow', client: 'w', hostname: 'laptop', created: '2026-11-28T08:00:00Z', data: {} };
  const batch = { write_id: 'b1', about, events: [], removed: [], waiting: 12 };
  await hub.post('/-/edge/aw-watcher-window_laptop', batch, { authorization: `Bearer ${secret}` });
  expect((await hub.get('/-/devices')).edges).toEqual([{ token: token.id, waiting: 12, at: hub.world.now() }]);
});

test('administrators see who is here, and what each stores', async () => {
  hub = await DayHub.start();
  await hub.heartbeats('09:00', '09:04', 2, { project: 'horai' });
  const { secret } = await hub.write({ type: 'account', name: 'bob' });
  const { people } = await hub.get('/-/people');
  expect(people).toMatchObject([
    { account: 'bob', admin: false, tokens: 1, items: 0, used: null },
    { account: 'owner', admin: true },
  ]);
  expect(people[1].items).toBeGreaterThanOrEqual(3);
  await hub.get('/-/people', 403, { authorization: `Bearer ${secret}` });
  expect((await hub.get('/-/people/bob')).tokens).toMatchObject([{ name: 'first', kind: 'token' }]);
  await hub.get('/-/people/nobody', 404);
});
