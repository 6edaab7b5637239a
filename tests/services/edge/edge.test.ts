// An edge in front of a real hub: its answers to watchers, plugins and clients, the hub's events, and reads through the edge, with the hub
// reachable and unreachable.

import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../server/compose.ts';
import type { EdgeConfig } from '../../../server/edge/edge.ts';
import { startComposed } from '../../harness/compose.ts';
import { ask, drained, everything, ownerToken, revoke, startEdge, tokenFor, Wire } from '../../harness/edge.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestWorld } from '../../harness/world.ts';

const open: { stop(): Promise<void> }[] = [];
const wires: Wire[] = [];

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.close();
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function hubHere(): Promise<RunningHub> {
  const hub = await startComposed({ ownerToken });
  open.push(hub);
  return hub;
}

async function startHubAndEdge(overrides: Partial<EdgeConfig> = {}, world?: TestWorld) {
  const hub = await hubHere();
  const wire = await Wire.open(() => Number(new URL(hub.url).port));
  wires.push(wire);
  const token = await tokenFor(hub.url, 'laptop');
  const edge = await startEdge(wire.url, token.secret, { timeoutMs: 2_000, ...overrides }, world);
  open.push(edge);
  return { hub, wire, edge, token };
}

const beat = (second: number, title = 'a', duration = 0) => ({
  timestamp: new Date(Date.UTC(2026, 0, 5, 12, 0, second)).toISOString(),
  duration,
  data: { app: 'vim', title },
});
const window = '/api/0/buckets/aw-watcher-window_box';
const heartbeat = `${window}/heartbeat?pulsetime=5`;
const joinLines = (lines: readonly string[]) => lines.join('\n');

/** Cuts the connection to the hub and waits until the edge has noticed. */
async function gone(wire: Wire, edge: { readonly url: string }): Promise<void> {
  wire.weather = () => 'cut';
  wire.cut();
  await ask(edge.url, 'GET', '/api/0/settings');
  await eventually(
    async () => (await ask(edge.url, 'GET', '/-/health')).value.away !== null,
    'the edge to notice that the hub is gone',
  );
}

describe('writes', () => {
  test('are answered by the edge, and reach the hub under the same id', async () => {
    const { hub, edge } = await startHubAndEdge();
    await ask(edge.url, 'POST', window, { client: 'c', type: 'currentwindow', hostname: 'box' });
    const first = await ask(edge.url, 'POST', heartbeat, beat(0));
    const second = await ask(edge.url, 'POST', heartbeat, beat(3));
    expect(first.status).toBe(200);
    expect(second.value).toMatchObject({ id: first.value.id, duration: 3 });
    await drained(edge.url);
    const there = await ask(hub.url, 'GET', `${window}/events`);
    expect(there.value).toEqual([second.value]);
    const bucket = await ask(hub.url, 'GET', window);
    expect(bucket.value).toMatchObject({ type: 'currentwindow', hostname: 'box', client: 'c' });
  });

  test('creating a bucket is answered 200, then 304 without a body', async () => {
    const { edge } = await startHubAndEdge();
    const bucket = { client: 'c', type: 't', hostname: 'box' };
    expect((await ask(edge.url, 'POST', window, bucket)).status).toBe(200);
    const again = await ask(edge.url, 'POST', window, bucket);
    expect([again.status, again.text]).toEqual([304, '']);
  });

  test('settings, replaced and deleted events and deleted buckets reach the hub', async () => {
    const { hub, edge } = await startHubAndEdge();
    await ask(edge.url, 'POST', '/api/0/settings/theme', '"dark"');
    await ask(edge.url, 'POST', '/api/0/settings/old', '1');
    await ask(edge.url, 'DELETE', '/api/0/settings/old');
    const answer = await ask(edge.url, 'POST', heartbeat, beat(0));
    const dropped = await ask(edge.url, 'POST', heartbeat, beat(100));
    await ask(edge.url, 'POST', `${window}/events`, { ...beat(0, 'edited', 9), id: answer.value.id });
    await ask(edge.url, 'DELETE', `${window}/events/${dropped.value.id}`);
    await ask(edge.url, 'POST', '/api/0/buckets/other_box/heartbeat?pulsetime=1', beat(0));
    await ask(edge.url, 'DELETE', '/api/0/buckets/other_box?force=1');
    await drained(edge.url);
    expect((await ask(hub.url, 'GET', '/api/0/settings')).value).toEqual({ theme: 'dark' });
    expect((await ask(hub.url, 'GET', `${window}/events`)).value).toMatchObject([
      { id: answer.value.id, duration: 9, data: { title: 'edited' } },
    ]);
    expect((await ask(hub.url, 'GET', '/api/0/buckets/other_box')).status).toBe(404);
  });

  test('a bucket that was deleted and made again has nothing of the one before', async () => {
    const { hub, wire, edge } = await startHubAndEdge();
    await ask(edge.url, 'POST', heartbeat, beat(0, 'before'));
    await drained(edge.url);
    await gone(wire, edge);
    await ask(edge.url, 'DELETE', `${window}?force=1`);
    await ask(edge.url, 'POST', heartbeat, beat(50, 'after'));
    wire.weather = () => 'fair';
    await drained(edge.url);
    const events = await ask(hub.url, 'GET', `${window}/events`);
    expect(events.value).toMatchObject([{ data: { title: 'after' } }]);
  });

  test('an import reaches the hub, also twice without duplicates', async () => {
    const { hub, edge } = await startHubAndEdge();
    const bucket = { id: 'b_box', type: 't', client: 'c', hostname: 'box', created: '2026-01-01T00:00:00Z' };
    const body = { buckets: { b_box: { ...bucket, events: [beat(1, 'x', 1), beat(9, 'y', 2)] } } };
    for (let time = 0; time < 2; time += 1) {
      expect((await ask(edge.url, 'POST', '/api/0/import', body)).status).toBe(200);
      await drained(edge.url);
    }
    expect((await ask(hub.url, 'GET', '/api/0/buckets/b_box/events/count')).value).toBe(2);
  });

  test('names that two machines share stay apart, and each finds its own under the short name', async () => {
    const { hub, edge: laptop } = await startHubAndEdge();
    const { secret } = await tokenFor(hub.url, 'desktop');
    const desktop = await startEdge(hub.url, secret);
    open.push(desktop);
    const path = '/api/0/buckets/aw-stopwatch/heartbeat?pulsetime=1';
    for (const [edge, label] of [
      [laptop, 'l'],
      [desktop, 'd'],
    ] as const) {
      await ask(edge.url, 'POST', path, { ...beat(0), data: { label } });
      await drained(edge.url);
    }
    for (const [edge, label] of [
      [laptop, 'l'],
      [desktop, 'd'],
    ] as const) {
      const { value } = await ask(edge.url, 'GET', '/api/0/buckets/aw-stopwatch/events');
      expect(value).toMatchObject([{ data: { label } }]);
    }
    expect(Object.keys((await ask(hub.url, 'GET', '/api/0/buckets/')).value)).toEqual([
      'aw-stopwatch',
      'aw-stopwatch_desktop',
    ]);
    // The long name works, too: the web UI shows it and uses it for edits.
    const { value } = await ask(desktop.url, 'GET', '/api/0/buckets/aw-stopwatch_desktop/events');
    await ask(desktop.url, 'POST', '/api/0/buckets/aw-stopwatch_desktop/events', { ...value[0], duration: 5 });
    await drained(desktop.url);
    expect((await ask(hub.url, 'GET', '/api/0/buckets/aw-stopwatch_desktop/events')).value).toMatchObject([
      { id: value[0].id, duration: 5 },
    ]);
  });

  test('event ids of the hub and of an edge never collide', async () => {
    const { hub, edge } = await startHubAndEdge();
    const first = await ask(edge.url, 'POST', heartbeat, beat(0));
    await drained(edge.url);
    // Edits the event at the hub by the edge's id; then creates a new one there.
    await ask(hub.url, 'POST', `${window}/events`, { ...beat(0, 'edited'), id: first.value.id });
    await ask(hub.url, 'POST', `${window}/events`, beat(1, 'by hand'));
    await ask(edge.url, 'POST', heartbeat, beat(50, 'later'));
    await drained(edge.url);
    const { value } = await ask(hub.url, 'GET', `${window}/events`);
    expect(value.map(({ data }: { data: { title: string } }) => data.title)).toEqual(['later', 'by hand', 'edited']);
  });
});

describe('reads', () => {
  test('are answered by the hub, with buckets of other machines', async () => {
    const { hub, edge } = await startHubAndEdge();
    await ask(hub.url, 'POST', '/api/0/buckets/aw-watcher-afk_other/heartbeat?pulsetime=1', beat(0));
    expect(Object.keys((await ask(edge.url, 'GET', '/api/0/buckets/')).value)).toEqual(['aw-watcher-afk_other']);
    const events = await ask(edge.url, 'GET', '/api/0/buckets/aw-watcher-afk_other/events');
    const id = events.value[0].id;
    const deleted = await ask(edge.url, 'DELETE', `/api/0/buckets/aw-watcher-afk_other/events/${id}`);
    expect(deleted.value).toEqual({ success: 1 });
    expect((await ask(hub.url, 'GET', '/api/0/buckets/aw-watcher-afk_other/events/count')).value).toBe(0);
  });

  test('contain events that were written here a moment ago', async () => {
    const { edge } = await startHubAndEdge();
    for (let second = 0; second < 20; second += 1) {
      await ask(edge.url, 'POST', `${window}/heartbeat?pulsetime=0`, beat(second, `t${second}`));
      const { value } = await ask(edge.url, 'GET', `${window}/events/count`);
      expect(value).toBe(second + 1);
    }
  });

  test('may be large: an export is passed on completely, in pieces', async () => {
    const { hub, edge } = await startHubAndEdge();
    const events = Array.from({ length: 30 }, (_, n) => ({ ...beat(n), data: { n, text: 'é'.repeat(60_000) } }));
    for (let at = 0; at < events.length; at += 10) {
      await ask(edge.url, 'POST', window, { client: 'c', type: 't', hostname: 'box' });
      // Each post has more than a mebibyte, which is the limit of a batch.
      const posted = await ask(edge.url, 'POST', `${window}/events`, events.slice(at, at + 10));
      expect(posted.status).toBe(200);
    }
    await drained(edge.url);
    const [through, direct] = [await ask(edge.url, 'GET', '/api/0/export'), await ask(hub.url, 'GET', '/api/0/export')];
    expect(through.text.length).toBeGreaterThan(8_388_608);
    expect(through.text === direct.text).toBe(true);
    expect(through.headers.get('content-disposition')).toMatch(/aw-buckets-export\.json/);
  });

  test('are answered by the edge while the hub is unreachable, also queries and exports', async () => {
    const { wire, edge } = await startHubAndEdge();
    await ask(edge.url, 'POST', heartbeat, beat(0));
    await drained(edge.url);
    await gone(wire, edge);
    await ask(edge.url, 'POST', heartbeat, beat(2));
    expect((await ask(edge.url, 'GET', `${window}/events`)).value).toMatchObject([{ duration: 2 }]);
    const asked = {
      timeperiods: ['2026-01-05T00:00:00+00:00/2026-01-06T00:00:00+00:00'],
      query: ['RETURN = sum_durations(query_bucket("aw-watcher-window_box"));'],
    };
    expect((await ask(edge.url, 'POST', '/api/0/query/', asked)).value).toEqual([2]);
    expect(Object.keys((await ask(edge.url, 'GET', '/api/0/export')).value.buckets)).toEqual(['aw-watcher-window_box']);
    const elsewhere = await ask(edge.url, 'DELETE', '/api/0/buckets/unknown/events/3');
    expect(elsewhere.status).toBe(503);
    expect(elsewhere.value.message).toMatch(/cannot be reached/);
    wire.weather = () => 'fair';
    await drained(edge.url);
    expect((await ask(edge.url, 'POST', '/api/0/query/', asked)).value).toEqual([2]);
    expect(joinLines(edge.printed)).toMatch(/cannot be reached: .*\n.*answers again/);
  });

  test('delivered events are trimmed after a while, undelivered ones stay, and the hub deletes nothing', async () => {
    const world = new TestWorld();
    const { hub, wire, edge } = await startHubAndEdge({ keepDays: 7 }, world);
    const at = (days: number) => ({ ...beat(0), timestamp: new Date(world.now() - days * 86_400_000).toISOString() });
    await ask(edge.url, 'POST', `${window}/events`, []);
    await ask(edge.url, 'POST', `${window}/heartbeat?pulsetime=0`, at(9));
    await ask(edge.url, 'POST', `${window}/heartbeat?pulsetime=0`, at(1));
    await drained(edge.url);
    await gone(wire, edge);
    const waiting = await ask(edge.url, 'POST', `${window}/heartbeat?pulsetime=0`, at(8));
    await edge.tidyUp();
    const here = await ask(edge.url, 'GET', `${window}/events`);
    expect(here.value).toHaveLength(2);
    wire.weather = () => 'fair';
    world.pass(60_000);
    await drained(edge.url);
    await edge.tidyUp();
    await drained(edge.url);
    expect((await ask(hub.url, 'GET', `${window}/events/count`)).value).toBe(3);
    // The edge has trimmed the event, and still serves and deletes it.
    expect((await ask(edge.url, 'GET', `${window}/events/${waiting.value.id}`)).status).toBe(200);
    await ask(edge.url, 'DELETE', `${window}/events/${waiting.value.id}`);
    expect((await ask(hub.url, 'GET', `${window}/events/count`)).value).toBe(2);
  });
});

describe('WakaTime', () => {
  const bulk = '/api/v1/users/current/heartbeats.bulk';
  const now = Date.now() / 1_000;
  const one = (at: number, more: object = {}) => ({ entity: '/w/a.go', type: 'file', time: now - 60 + at, ...more });

  test('heartbeats are answered as the contract requires, with and without the hub, and reach it once', async () => {
    const { hub, wire, edge } = await startHubAndEdge();
    await gone(wire, edge);
    const key = { authorization: `Basic ${Buffer.from('whatever').toString('base64')}`, 'x-machine-name': 'box' };
    const list = [one(0, { project: 'p' }), one(1, { project: '<<LAST_PROJECT>>' }), { type: 'file' }];
    const answer = await ask(edge.url, 'POST', bulk, list, key);
    expect(answer.status).toBe(202);
    expect(answer.value.responses).toEqual([
      [{ data: null, error: null }, 201],
      [{ data: null, error: null }, 201],
      [{ errors: expect.anything() }, 400],
    ]);
    expect((await ask(edge.url, 'GET', '/api/v1/users/current/statusbar/today', undefined, key)).status).toBe(200);
    wire.weather = () => 'fair';
    await drained(edge.url);
    await ask(edge.url, 'POST', bulk, list.slice(0, 2), key);
    await drained(edge.url);
    // A plugin sends the first heartbeat directly to the hub, which already has it.
    await ask(hub.url, 'POST', bulk, list.slice(0, 1), { 'x-machine-name': 'box' });
    const today = new Date((now - 60) * 1_000).toISOString().slice(0, 10);
    const there = await ask(hub.url, 'GET', `/api/v1/users/current/heartbeats?date=${today}`);
    expect(there.value.data).toHaveLength(2);
    expect(there.value.data[0]).toMatchObject({ entity: '/w/a.go', project: 'p' });
    expect(there.value.data[1]).toMatchObject({ project: 'p' });
  });

  test('requests are passed on to the hub with the edge’s token', async () => {
    const { hub, edge } = await startHubAndEdge();
    await ask(hub.url, 'POST', bulk, [one(0, { project: 'elsewhere' }), one(30, { project: 'elsewhere' })]);
    const { value } = await ask(edge.url, 'GET', '/api/v1/users/current/projects?api_key=whatever');
    expect(value.data.map(({ name }: { name: string }) => name)).toEqual(['elsewhere']);
  });

  test('a page of another origin needs the very token', async () => {
    const { edge, token } = await startHubAndEdge();
    const origin = { origin: 'https://evil.example' };
    const refused = await ask(edge.url, 'POST', `${bulk}?api_key=${ownerToken}`, [one(0)], origin);
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*']);
    expect((await ask(edge.url, 'GET', '/api/v1/users/current', undefined, origin)).status).toBe(401);
    expect((await ask(edge.url, 'POST', `${bulk}?api_key=${token.secret}`, [one(0)], origin)).status).toBe(202);
  });
});

describe('the hub', () => {
  test('may be away for hours: nothing is lost, and all is sent when it is back', async () => {
    const world = new TestWorld();
    const { hub, wire, edge } = await startHubAndEdge({}, world);
    await gone(wire, edge);
    const start = world.now();
    for (let minute = 0; minute < 300; minute += 1) {
      world.pass(60_000);
      const event = { timestamp: new Date(world.now()).toISOString(), data: { app: `a${minute % 7}` } };
      expect((await ask(edge.url, 'POST', heartbeat, event)).status).toBe(200);
    }
    const health = await ask(edge.url, 'GET', '/-/health');
    expect(health.value.waiting).toBeGreaterThanOrEqual(300);
    expect(health.value.oldest).toBeLessThanOrEqual(start + 120_000);
    wire.weather = () => 'fair';
    // The edge waits at most half a minute between two tries.
    world.pass(30_000);
    await drained(edge.url);
    expect((await ask(hub.url, 'GET', `${window}/events/count`)).value).toBe(300);
  });

  test('may refuse the token: the edge reports it, and stores events until it gets another token', async () => {
    const { hub, wire, edge, token } = await startHubAndEdge();
    await revoke(hub.url, token.id);
    await ask(edge.url, 'POST', heartbeat, beat(0));
    await eventually(async () => {
      const { value } = await ask(edge.url, 'GET', '/-/health');
      expect(value).toMatchObject({ waiting: 2, away: expect.stringMatching(/refuses the token.*revoked/) });
      return true;
    }, 'the edge to say that its token is refused');
    expect((await ask(edge.url, 'POST', heartbeat, beat(1))).status).toBe(200);
    expect(joinLines(edge.printed)).toMatch(/refuses the token/);
    expect(joinLines(edge.printed)).not.toContain(token.secret);
    expect(Object.keys((await ask(hub.url, 'GET', '/api/0/buckets/')).value)).toEqual([]);
    expect(wire.passed.length).toBeGreaterThan(0);
  });

  test('that was restored from a backup gets the events it lost', async () => {
    let hub = await hubHere();
    const wire = await Wire.open(() => Number(new URL(hub.url).port));
    wires.push(wire);
    const world = new TestWorld(1, Date.now());
    const edge = await startEdge(wire.url, ownerToken, { timeoutMs: 2_000 }, world);
    open.push(edge);
    await ask(edge.url, 'POST', heartbeat, beat(0));
    await ask(edge.url, 'POST', heartbeat, beat(100, 'b'));
    await ask(edge.url, 'POST', '/api/v1/users/current/heartbeats.bulk', [
      { entity: 'x', type: 'file', time: Date.now() / 1_000 },
    ]);
    await drained(edge.url);
    const before = await everything(hub.url);
    hub = await hubHere();
    wire.cut();
    // The edge notices it without any request.
    world.pass(60_000);
    await eventually(
      async () => (await ask(hub.url, 'GET', `${window}/events/count`)).value === 2,
      'the restored hub to have two events',
    );
    await drained(edge.url);
    expect(await everything(hub.url)).toEqual(before);
    const date = new Date().toISOString().slice(0, 10);
    expect((await ask(hub.url, 'GET', `/api/v1/users/current/heartbeats?date=${date}`)).value.data).toHaveLength(1);
  });

  test('applies its own privacy rules to events from edges', async () => {
    const { hub, edge } = await startHubAndEdge();
    const rules = [{ enabled: true, field: 'title', pattern: 'private', action: 'drop' }];
    await ask(hub.url, 'POST', '/api/0/settings/privacy_filters', rules);
    await ask(edge.url, 'POST', heartbeat, beat(0, 'private'));
    await ask(edge.url, 'POST', heartbeat, beat(100, 'plan'));
    await drained(edge.url);
    expect((await ask(hub.url, 'GET', `${window}/events`)).value).toMatchObject([{ data: { title: 'plan' } }]);
  });

  test('may delete a bucket: later events create it again', async () => {
    const { hub, edge } = await startHubAndEdge();
    await ask(edge.url, 'POST', heartbeat, beat(0));
    await drained(edge.url);
    await ask(hub.url, 'DELETE', `${window}?force=1`);
    await ask(edge.url, 'POST', heartbeat, beat(100, 'b'));
    await drained(edge.url);
    expect((await ask(hub.url, 'GET', `${window}/events`)).value).toMatchObject([{ data: { title: 'b' } }]);
  });
});

describe('Kronos', () => {
  async function say(edge: { readonly kronos: string | null }, ...texts: readonly string[]): Promise<string> {
    const socket = connect(Number(edge.kronos?.split(':')[1]), '127.0.0.1');
    let received = '';
    socket.on('data', (piece: Buffer) => {
      received += piece.toString();
      if (received.includes('pong')) socket.end();
    });
    socket.write(texts.join(''));
    await new Promise((resolve) => socket.once('close', resolve));
    return received;
  }

  test('a client without a token speaks as this machine, over the wire that Vim speaks', async () => {
    const { edge, token } = await startHubAndEdge({ kronosPort: 0 });
    const create = '{"type":"create","task":{"id":1,"desc":"plan","tags":[]},"version":1}';
    const received = await say(edge, '{"type":"login"}', create, '{"type":"read-all"}{"type":"ping"}');
    const [login, all] = received.split('\n').map((line) => (line === '' ? {} : JSON.parse(line)));
    expect(login).toMatchObject({ success: true, type: 'login', user_id: token.secret });
    expect(all.tasks).toMatchObject([{ id: 1, desc: 'plan' }]);
  });

  test('[B1.6] a write-all of tasks above 1 MiB passes through the edge after a login, and nothing else does', async () => {
    const { edge } = await startHubAndEdge({ kronosPort: 0 });
    const socket = connect(Number(edge.kronos?.split(':')[1]), '127.0.0.1');
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const ask = async (request: object) => {
      socket.write(JSON.stringify(request));
      return JSON.parse((await lines.next()).value);
    };
    const tasks = Array.from({ length: 300 }, (_, at) => ({ id: at + 1, desc: `${at}${'x'.repeat(5_000)}`, tags: [] }));
    await ask({ type: 'login' });
    expect(await ask({ type: 'write-all', tasks, ref: 1 })).toMatchObject({ type: 'ack', ref: 1 });
    const { tasks: written } = await ask({ type: 'read-all' });
    expect(written.map(({ desc }: { readonly desc: string }) => desc)).toEqual(tasks.map(({ desc }) => desc));
    expect(await ask({ type: 'create', task: { id: 1, desc: 'x'.repeat(1_100_000) } })).toMatchObject({
      code: 'too_large',
    });
    expect((await lines.next()).done).toBe(true);
    socket.destroy();
  });

  test('while the hub is away a connection is closed at once, so that clients work offline', async () => {
    const { wire, edge } = await startHubAndEdge({ kronosPort: 0 });
    await gone(wire, edge);
    expect(await say(edge, '{"type":"login"}')).toBe('');
  });

  test('when the hub stops, connections through the edge are closed', async () => {
    const { wire, edge } = await startHubAndEdge({ kronosPort: 0 });
    const socket = connect(Number(edge.kronos?.split(':')[1]), '127.0.0.1');
    const received = new Promise((resolve) => socket.once('data', resolve));
    socket.write('{"type":"login"}');
    await received;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('end', () => socket.end());
    wire.cut();
    await closed;
  });
});

describe('the edge’s port', () => {
  test('other names of this machine, and pages of other origins, are refused', async () => {
    const { edge } = await startHubAndEdge();
    const { port } = new URL(edge.url);
    const raw = (host: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.once('data', (piece: Buffer) => {
          socket.destroy();
          resolve(piece.toString().split('\r\n')[0] ?? '');
        });
        socket.write(`GET /api/0/buckets/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      });
    expect(await raw('rebound.example')).toMatch(/421/);
    expect(await raw(`localhost:${port}`)).toMatch(/200/);
    const evil = await ask(edge.url, 'GET', '/api/0/buckets/', undefined, { origin: 'https://evil.example' });
    expect(evil.status).toBe(403);
  });

  test('the browser’s watcher may send heartbeats, and reads nothing', async () => {
    const { edge } = await startHubAndEdge();
    const origin = { origin: 'moz-extension://3d5c' };
    const sent = await ask(edge.url, 'POST', heartbeat, beat(0), origin);
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, origin.origin]);
    expect((await ask(edge.url, 'GET', `${window}/events`, undefined, origin)).status).toBe(403);
  });

  test('nothing of the hub but the two adapters is reached through it', async () => {
    const { edge } = await startHubAndEdge();
    const { port } = new URL(edge.url);
    const status = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.once('data', (piece: Buffer) => {
        socket.destroy();
        resolve(piece.toString().split('\r\n')[0] ?? '');
      });
      socket.write(
        `GET /api/0/buckets/..%2f/%2e%2e/%2e%2e/%2e%2e/-/metrics HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
      );
    });
    expect(status).toMatch(/ 40\d /);
    expect((await ask(edge.url, 'GET', '/-/metrics')).status).toBe(404);
  });
});
