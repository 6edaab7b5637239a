// Events that a hub relays to an ActivityWatch server: each is there once and as it is here, whatever happens to the requests. The server is
// a model of aw-server 0.12 with faults; `npm run clients -- 'relay to aw-server'` has the real one.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';
import { EventServer, type ServerFault } from '../../harness/event-server.ts';
import { eventually } from '../../harness/eventually.ts';
import { seeded } from '../../harness/world.ts';

let hub: DayHub;
let server: EventServer;
const bucket = 'aw-watcher-window_laptop';
const type = 'currentwindow';
const minute = 60_000;

beforeEach(async () => {
  server = await EventServer.start();
  hub = await DayHub.start({ outboxAllow: ['127.0.0.1'] });
});

afterEach(async () => {
  await hub.close();
  await server.close();
});

async function relay(more: object = {}): Promise<string> {
  const made = await hub.post('/-/relays', { name: 'nas', kind: 'activitywatch', url: server.url, ...more }, {}, 201);
  return String(Object(made).id);
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function state(): Promise<any> {
  return (await hub.get('/-/relays')).relays[0];
}

/** Moves the clock from try to try until nothing waits. */
// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
function sent(): Promise<any> {
  return eventually(
    async () => {
      const now = await state();
      if (now.waiting === 0 && now.failing === null) return now;
      if (now.failing !== null) {
        hub.world.pass(Math.max(1, now.failing.next - hub.world.now()));
        await hub.write({ type: 'ping' });
      }
      return undefined;
    },
    'nothing to wait',
    { instead: state },
  );
}

/** Events as both servers have them, without ids, in order of their start. */
async function here(name = bucket): Promise<readonly object[]> {
  const events = await hub.get(`/api/0/buckets/${name}/events?limit=-1`);
  return events
    .map(({ timestamp, duration, data }: { timestamp: string; duration: number; data: object }) => ({
      time: Date.parse(timestamp),
      duration,
      data,
    }))
    .sort(byStart);
}

function there(name = bucket): readonly object[] {
  return server
    .events(name)
    .map(({ time, duration, data }) => ({ time, duration, data }))
    .sort(byStart);
}

function byStart(a: object, b: object): number {
  const key = (one: object) => JSON.stringify(Object.values(one));
  return key(a) < key(b) ? -1 : 1;
}

async function beat(at: string, app: string, duration = 0): Promise<void> {
  const body = { timestamp: new Date(hub.ms(at)).toISOString(), duration, data: { app, title: `of ${app}` } };
  await hub.post(`/api/0/buckets/${bucket}/heartbeat?pulsetime=120`, body);
}

async function idOf(app: string): Promise<number> {
  const events = await hub.get(`/api/0/buckets/${bucket}/events?limit=-1`);
  return events.find(({ data }: { data: { app: string } }) => data.app === app).id;
}

async function remove(id: number): Promise<void> {
  await fetch(new URL(`/api/0/buckets/${bucket}/events/${id}`, hub.node.hub.url), { method: 'DELETE' });
}

describe('a relay of events', () => {
  test('brings buckets with their descriptions and events, and each change of them', async () => {
    await hub.events(bucket, type, [['06:00', '06:10', { app: 'before' }]]);
    await relay();
    for (const at of ['07:00', '07:01', '07:02']) await beat(at, 'vim');
    await beat('07:03', 'firefox', 30);
    await sent();
    expect(server.buckets.get(bucket)?.description).toEqual({
      client: 'aw-watcher-window',
      type,
      hostname: 'laptop',
    });
    expect(there()).toEqual((await here()).slice(1));
    await beat('07:04', 'firefox');
    await hub.post(`/api/0/buckets/${bucket}/events`, {
      id: await idOf('vim'),
      timestamp: new Date(hub.ms('06:59')).toISOString(),
      duration: 240,
      data: { app: 'vim', title: 'edited' },
    });
    await sent();
    expect(there()).toEqual((await here()).slice(1));
    await remove(await idOf('firefox'));
    await sent();
    expect(there()).toEqual((await here()).slice(1));
    expect(there()).toHaveLength(1);
    expect(await state()).toMatchObject({ kind: 'activitywatch', refused: 0, failing: null });
  });

  test('from the beginning brings all, and finds again what is there already', async () => {
    const events = Array.from({ length: 250 }, (_, at): [string, string, object] => {
      const clock = (minutes: number) =>
        `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
      return [clock(at * 2), clock(at * 2 + 1), { app: `app ${at % 7}`, n: at }];
    });
    await hub.events(bucket, type, events);
    await hub.events('aw-watcher-afk_laptop', 'afkstatus', [['06:00', '09:00', { status: 'not-afk' }]]);
    const first = await relay({ from: 'beginning' });
    await sent();
    expect(there()).toEqual(await here());
    expect(there('aw-watcher-afk_laptop')).toEqual(await here('aw-watcher-afk_laptop'));
    await fetch(new URL(`/-/relays/${first}`, hub.node.hub.url), { method: 'DELETE' });
    await relay({ from: 'beginning', name: 'again', url: `${server.url}/api/0/` });
    await sent();
    expect(there()).toEqual(await here());
    expect(await state()).toMatchObject({ refused: 0 });
  });

  test('brings each event once through an hour of 503, a 429, and requests that arrive without an answer', async () => {
    await relay();
    server.fault = () => ({ status: 503 });
    await beat('07:00', 'a', 5);
    const began = hub.world.now();
    let tries = 0;
    for (; hub.world.now() - began < 60 * minute; tries += 1) {
      const { failing } = await eventually(async () => {
        const now = await state();
        return now.failing !== null && now.failing.next > hub.world.now() ? now : undefined;
      }, 'a failed try');
      hub.world.pass(failing.next - hub.world.now());
      await hub.write({ type: 'ping' });
    }
    expect(tries).toBeGreaterThan(4);
    expect(tries).toBeLessThan(30);
    for (const [at, app] of [
      ['07:05', 'b'],
      ['07:10', 'c'],
      ['07:15', 'b'],
    ] as const)
      await beat(at, app, 7);
    expect((await state()).delivered).toBe(0);
    const posts: ServerFault[] = [{ status: 429, retryAfter: '7200' }, 'cut', 'lost'];
    server.fault = ({ method, path }) => (method === 'POST' && path.endsWith('/events') ? posts.shift() : undefined);
    const limited = await eventually(async () => {
      const now = await state();
      if (now.failing?.error === '429') return now.failing;
      hub.world.pass(minute);
      await hub.write({ type: 'ping' });
      return undefined;
    }, 'the 429');
    expect(limited.next - hub.world.now()).toBeGreaterThan(7_000_000);
    const done = await sent();
    expect(posts).toEqual([]);
    expect(there()).toEqual(await here());
    expect(done).toMatchObject({ delivered: expect.any(Number), refused: 0 });
    expect(server.events(bucket).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  test('knows an event that arrived without an answer, though it has grown and begun earlier since', async () => {
    await relay();
    let isLost = false;
    server.fault = ({ method, path }) => {
      if (isLost || method !== 'POST' || !path.endsWith('/events')) return undefined;
      isLost = true;
      return 'silent';
    };
    await beat('07:00', 'vim');
    await eventually(() => server.events(bucket).length === 1, 'the event to arrive');
    await beat('07:01', 'vim');
    await hub.post(`/api/0/buckets/${bucket}/events`, {
      id: await idOf('vim'),
      timestamp: new Date(hub.ms('06:55')).toISOString(),
      duration: 400,
      data: { app: 'vim', title: 'another' },
    });
    server.disconnect();
    await sent();
    expect(there()).toEqual(await here());
    expect(server.events(bucket)).toHaveLength(1);
  });

  test('sends an event of two that are alike as often as it is here', async () => {
    await relay();
    await hub.events(bucket, type, [
      ['07:00', '07:00', { app: 'same' }],
      ['07:00', '07:00', { app: 'same' }],
    ]);
    await sent();
    expect(there()).toHaveLength(2);
    server.fault = ({ method }) => (method === 'POST' ? 'lost' : undefined);
    await hub.events(bucket, type, [['07:00', '07:00', { app: 'same' }]]);
    await eventually(() => server.events(bucket).length === 3, 'the third');
    server.fault = () => undefined;
    await sent();
    expect(there()).toEqual(await here());
  });

  test('counts an event that is refused for good, and the others go on', async () => {
    await relay();
    server.fault = ({ method, path, body }) =>
      method === 'POST' && path.endsWith('/events') && JSON.stringify(body).includes('bad')
        ? { status: 400 }
        : undefined;
    await hub.events(bucket, type, [
      ['07:00', '07:01', { app: 'good' }],
      ['07:02', '07:03', { app: 'bad' }],
      ['07:04', '07:05', { app: 'also good' }],
    ]);
    expect(await sent()).toMatchObject({ delivered: 3, refused: 1, refusal: '400' });
    expect(server.events(bucket).map(({ data }) => data['app'])).toEqual(['good', 'also good']);
  });

  test('changes no event that got the id of one that was removed there', async () => {
    await relay();
    await beat('07:00', 'vim');
    await sent();
    const events = server.buckets.get(bucket)?.events ?? [];
    events[0] = { id: events[0]?.id ?? 0, time: hub.ms('05:00'), duration: 9, data: { app: 'of somebody else' } };
    await beat('07:01', 'vim');
    expect(await sent()).toMatchObject({ refused: 1, refusal: 'it was removed there' });
    await remove(await idOf('vim'));
    await sent();
    expect(there()).toEqual([{ time: hub.ms('05:00'), duration: 9, data: { app: 'of somebody else' } }]);
  });

  test('leaves there what expires here and the buckets that are deleted here, and says so of no event twice', async () => {
    await relay();
    await beat('07:00', 'vim');
    await hub.events('aw-stopwatch', 'general.stopwatch', [['07:00', '07:30', { label: 'tea' }]]);
    await sent();
    await fetch(new URL(`/api/0/buckets/aw-stopwatch?force=1`, hub.node.hub.url), { method: 'DELETE' });
    const channel = await hub.node.core.channel(`owner/aw/${bucket}`);
    const keys = (await channel.read({})).map(({ key }) => key);
    const ops = keys.map((key) => ({ op: 'remove', key }) as const);
    await channel.write({ ops, origin: 'retention', at: hub.world.now() });
    await sent();
    expect(await here()).toEqual([]);
    expect(server.events(bucket)).toHaveLength(1);
    expect(server.events('aw-stopwatch')).toHaveLength(1);
    expect(server.asked.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });

  test('shows its key to nobody, and sends it', async () => {
    await hub.post('/-/relays', { name: 'x', kind: 'activitywatch', url: server.url, key: 'aw-secret' }, {}, 201);
    await beat('07:00', 'vim');
    await sent();
    const shown = [await hub.get('/-/relays'), await hub.write({ type: 'read-all', channel: 'outbox' })];
    expect(JSON.stringify(shown)).not.toContain('aw-secret');
    const id = (await state()).id;
    expect(await hub.refusal({ type: 'write-all', channel: `outbox/${id}`, items: [] })).toMatchObject({
      code: 'forbidden',
    });
    await fetch(new URL(`/-/relays/${id}`, hub.node.hub.url), { method: 'DELETE' });
    await eventually(
      async () => (await hub.write({ type: 'read-all', channel: `outbox/${id}` })).items.length === 0,
      'what was known of its events to be forgotten',
    );
  });

  test('takes another hub for a server', async () => {
    const other = await DayHub.start();
    const { secret } = await other.write({ type: 'token', name: 'relay', scopes: ['read', 'write'] });
    await hub.post('/-/relays', { name: 'x', kind: 'activitywatch', url: other.node.hub.url, key: secret }, {}, 201);
    for (const at of ['07:00', '07:01']) await beat(at, 'vim', 3);
    await beat('07:05', 'firefox', 3);
    await sent();
    await remove(await idOf('vim'));
    await sent();
    const events = await other.get(`/api/0/buckets/${bucket}/events?limit=-1`);
    expect(events.map(({ data }: { data: object }) => data)).toEqual([{ app: 'firefox', title: 'of firefox' }]);
    await other.close();
  });
});

test.each([
  1, 2, 3, 4, 5, 6,
])('whatever fails and whenever, the server has the events of here at the end (seed %i)', async (seed) => {
  const random = seeded(seed);
  const pick = <T>(...all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  let isFaulty = true;
  server.fault = () => (isFaulty && random() < 0.4 ? pick<ServerFault>('lost', 'cut', { status: 503 }) : undefined);
  await relay();
  for (let step = 0; step < 60; step += 1) {
    const at = `07:${String(Math.floor(step / 2)).padStart(2, '0')}:${step % 2 === 0 ? '00' : '30'}`;
    const act = pick('beat', 'beat', 'beat', 'edit', 'remove', 'try');
    const events = await hub.get(`/api/0/buckets/${bucket}/events?limit=-1`).catch(() => []);
    const one = pick(...events);
    if (act === 'edit' && one !== undefined) {
      const data = { app: pick('vim', 'firefox'), title: `edit ${step}` };
      await hub.post(`/api/0/buckets/${bucket}/events`, { ...Object(one), data });
    } else if (act === 'remove' && one !== undefined) await remove(Object(one).id);
    else if (act === 'try') {
      const { failing } = await state();
      if (failing !== null) hub.world.pass(Math.max(1, failing.next - hub.world.now()));
      await hub.write({ type: 'ping' });
    } else await beat(at.slice(0, 5), pick('vim', 'firefox', 'term') ?? '', 20);
  }
  isFaulty = false;
  await sent();
  expect(there()).toEqual(await here());
}, 120_000);
