// The events for the person who runs a hub: the lines of the log and the metrics, of a whole hub on real ports.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../../server/compose.ts';
import type { Config } from '../../../../server/config.ts';
import { startComposed } from '../../../harness/compose.ts';
import { Socket } from '../../../harness/socket.ts';
import { TestWorld } from '../../../harness/world.ts';

const wrong = '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b';

const folders: string[] = [];
let running: { readonly hub: RunningHub; readonly world: TestWorld }[] = [];
afterEach(async () => {
  for (const { hub, world } of running.splice(0)) await stop(hub, world);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Stops a hub whose clock stands still: a stop waits for a moment on it. */
async function stop(hub: RunningHub, world: TestWorld): Promise<void> {
  let isOver = false;
  const stopped = hub.stop().then(() => {
    isOver = true;
  });
  while (!isOver) {
    world.pass(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await stopped;
}

async function start(overrides: Partial<Config> = {}) {
  const world = new TestWorld();
  const hub = await startComposed({ host: '0.0.0.0', ...overrides }, world);
  running.push({ hub, world });
  const secret = hub.ownerSecret ?? '';
  const get = (path: string, token = secret, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${hub.url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
  return {
    hub,
    world,
    secret,
    get,
    /** The lines of the log with this text. */
    linesOf: (text: string) => world.lines.filter((line) => line.text === text),
    async metric(name: string): Promise<number | undefined> {
      const line = (await (await get('-/metrics')).text()).split('\n').find((one) => one.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.slice(name.length + 1));
    },
  };
}

/** The secret and the id of the token that was made. */
function secretIn(answer: object): { readonly secret: string; readonly id: string } {
  const { secret, token }: { secret: string; token: { id: string } } = JSON.parse(JSON.stringify(answer));
  return { secret, id: token.id };
}

describe('the log at the level info', () => {
  test('names start, address and stop', async () => {
    const { hub, world } = await start();
    await stop(hub, world);
    running = [];
    const texts = world.lines.filter(({ level }) => level === 'info').map(({ text }) => text);
    expect(texts).toEqual(['starting', 'account created', 'token created', 'listening', 'stopping', 'stopped']);
    expect(world.lines.find(({ text }) => text === 'listening')?.facts).toMatchObject({ url: hub.url });
  });

  test.each([
    'uws',
    'ws',
  ] as const)('on %s has one line for a sign-in, however often the token is sent', async (engine) => {
    const { world, linesOf, get, metric } = await start({ engine });
    for (let time = 0; time < 3; time += 1) await get('-/metrics', undefined, { 'user-agent': 'collector/1' });
    expect(linesOf('signed in')).toMatchObject([
      { level: 'info', facts: { account: 'owner', address: '127.0.0.1', client: 'collector/1' } },
    ]);
    world.pass(3_600_000);
    await get('-/metrics');
    expect(linesOf('signed in')).toHaveLength(2);
    expect(await metric('horai_sign_ins_total{outcome="accepted"}')).toBe(2);
  });

  test.each([
    'uws',
    'ws',
  ] as const)('on %s has address, client and reason of a failed sign-in, over each door', async (engine) => {
    const { hub, linesOf, get, metric } = await start({ engine });
    await get('-/metrics', wrong, { 'user-agent': 'x"y\n'.trim() });
    await get('api/v1/users/current', wrong, { 'user-agent': 'wakatime/1' });
    const socket = await Socket.open(hub.url);
    await socket.ask({ type: 'login', user_id: wrong });
    await socket.close();
    const facts = { address: '127.0.0.1', reason: 'unknown token' };
    expect(linesOf('failed sign-in')).toMatchObject([
      { level: 'warn', facts: { ...facts, client: 'x"y' } },
      { level: 'warn', facts: { ...facts, client: 'wakatime/1' } },
      { level: 'warn', facts },
    ]);
    expect(await metric('horai_sign_ins_total{outcome="unknown token"}')).toBe(3);
  });

  test('has at most eleven lines a minute for the failed sign-ins of an address, and one for the limit', async () => {
    const { world, linesOf, get, metric } = await start();
    for (let time = 0; time < 20; time += 1) await get('-/metrics', wrong);
    expect(linesOf('failed sign-in')).toHaveLength(11);
    expect(linesOf('failed sign-in').at(-1)).toMatchObject({ facts: { reason: 'too many attempts' } });
    expect(linesOf('limit reached')).toMatchObject([
      { level: 'warn', facts: { limit: 'failed sign-ins', of: '127.0.0.1' } },
    ]);
    expect(await metric('horai_limits_reached_total{limit="failed sign-ins"}')).toBe(10);
    world.pass(60_000);
    await get('-/metrics', wrong);
    expect(linesOf('failed sign-in')).toHaveLength(12);
  });

  test.each([
    'uws',
    'ws',
  ] as const)('on %s has one line for a browser that signs in by a link, and one an hour for its session', async (engine) => {
    const { hub, world, linesOf, secret, metric } = await start({ engine, hosts: ['127.0.0.1'] });
    const page = { origin: `http://127.0.0.1:${new URL(hub.url).port}`, 'user-agent': 'Firefox/1' };
    const signIn = async (credential: object) => {
      const answer = await fetch(`${page.origin}/-/session`, {
        method: 'POST',
        headers: { ...page, 'content-type': 'application/json' },
        body: JSON.stringify(credential),
      });
      return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    };
    const look = (cookie: string) => fetch(`${page.origin}/-/session`, { headers: { ...page, cookie } });
    const socket = await Socket.open(hub.url);
    await socket.ask({ type: 'login', user_id: secret });
    const link = JSON.parse(JSON.stringify(await socket.ask({ type: 'link', account: 'owner' })));
    await socket.close();
    const before = linesOf('signed in').length;

    const cookie = await signIn({ link: link.code });
    expect(linesOf('signed in').slice(before)).toMatchObject([
      { level: 'info', facts: { account: 'owner', address: '127.0.0.1', client: 'Firefox/1' } },
    ]);
    for (let time = 0; time < 3; time += 1)
      expect(await (await look(cookie)).json()).toMatchObject({ account: 'owner' });
    expect(linesOf('signed in')).toHaveLength(before + 1);
    world.pass(3_600_000);
    await look(cookie);
    expect(linesOf('signed in')).toHaveLength(before + 2);
    expect(linesOf('signed in').at(-1)?.facts).toEqual(linesOf('signed in').at(-2)?.facts);

    // A token that signs a browser in is one sign-in, not two.
    await look(await signIn({ token: secret }));
    expect(linesOf('signed in')).toHaveLength(before + 3);
    await look(await signIn({ link: link.code }));
    expect(linesOf('signed in')).toHaveLength(before + 3);
    expect(linesOf('failed sign-in').at(-1)).toMatchObject({ facts: { reason: 'unknown link', client: 'Firefox/1' } });
    expect(await metric('horai_sign_ins_total{outcome="accepted"}')).toBe(linesOf('signed in').length);
  });

  test('names a disk that is low from the start', async () => {
    const data = mkdtempSync(join(tmpdir(), 'horai-operator-'));
    folders.push(data);
    const first = await start({ store: 'sqlite', data });
    await stop(first.hub, first.world);
    running = [];
    const { linesOf, get } = await start({ store: 'sqlite', data, diskFloor: 2 ** 60 });
    expect(linesOf('disk low: no new data is stored')).toMatchObject([
      { level: 'error', facts: { folder: data, freeBytes: expect.any(Number), floorBytes: 2 ** 60 } },
    ]);
    expect(await (await get('-/metrics', first.secret)).text()).toContain('\nhorai_disk_low 1\n');
  });

  test('names accounts and tokens that are made and revoked, and never a secret', async () => {
    const { hub, secret, world, linesOf } = await start();
    const socket = await Socket.open(hub.url);
    await socket.ask({ type: 'login', user_id: secret });
    const made = secretIn(await socket.ask({ type: 'account', name: 'alice' }));
    const token = secretIn(await socket.ask({ type: 'token', account: 'alice', name: 'phone', scopes: ['read'] }));
    await socket.ask({ type: 'revoke', token: token.id });
    await socket.close();
    expect(linesOf('account created').at(-1)).toMatchObject({ facts: { account: 'alice' } });
    expect(linesOf('token created').at(-1)).toMatchObject({
      facts: { account: 'alice', token: token.id, name: 'phone', scopes: ['read'] },
    });
    expect(linesOf('token revoked')).toMatchObject([{ facts: { account: 'alice', token: token.id, name: 'phone' } }]);
    const log = JSON.stringify(world.lines);
    for (const one of [secret, made.secret, token.secret]) expect(log).not.toContain(one);
  });

  test('names a request that is too large, once a minute, and counts each', async () => {
    const { hub, secret, linesOf, metric } = await start();
    for (let time = 0; time < 3; time += 1) {
      const answer = await fetch(`${hub.url}-/tickets`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
        body: 'x'.repeat(1_048_577),
      });
      expect(answer.status).toBe(413);
    }
    expect(linesOf('limit reached')).toMatchObject([{ facts: { limit: 'size of a request', of: '127.0.0.1' } }]);
    expect(await metric('horai_limits_reached_total{limit="size of a request"}')).toBe(3);
  });

  test('names an edge when it connects and when it comes back, and counts what waits on it', async () => {
    const { world, linesOf, get, metric } = await start();
    await get('-/edge', undefined, { 'horai-edge-backlog': '7' });
    await get('-/edge', undefined, { 'horai-edge-backlog': '12' });
    expect(linesOf('edge connected')).toMatchObject([
      { level: 'info', facts: { account: 'owner', address: '127.0.0.1' } },
    ]);
    expect([await metric('horai_edges'), await metric('horai_edge_backlog')]).toEqual([1, 12]);
    world.pass(301_000);
    expect([await metric('horai_edges'), await metric('horai_edge_backlog')]).toEqual([0, 0]);
    await get('-/edge');
    expect(linesOf('edge connected')).toHaveLength(2);
  });
});

describe('requests', () => {
  test.each([
    'uws',
    'ws',
  ] as const)('on %s are logged at debug by route and without their path, and counted by status', async (engine) => {
    const { world, linesOf, get, metric } = await start({ engine });
    await get(`share/${wrong}`);
    await get('-/metrics', wrong);
    await get('no/such/path/at/all', wrong);
    const requests = linesOf('request');
    expect(requests.every(({ level }) => level === 'debug')).toBe(true);
    expect(requests.map(({ facts }) => facts)).toContainEqual(
      expect.objectContaining({ method: 'GET', route: '/-/metrics', status: 401, address: '127.0.0.1' }),
    );
    expect(JSON.stringify(world.lines)).not.toContain(wrong);
    expect(await metric('horai_http_request_seconds_count{method="GET",route="/-/metrics",status="401"}')).toBe(1);
    expect(await metric('horai_http_request_seconds_count{method="GET",route="none",status="404"}')).toBe(2);
  });
});

describe('the metrics', () => {
  test('name what runs, and when a source was heard last', async () => {
    const { hub, secret, world, metric, get } = await start();
    expect(await (await get('-/metrics')).text()).toMatch(
      /^horai_build_info\{version="[\d.]+",node="v[\d.]+",engine="[\w.]+",store="memory"\} 1$/m,
    );
    expect(await metric('horai_last_event_timestamp_seconds{source="tasks"}')).toBeUndefined();
    const socket = await Socket.open(hub.url);
    await socket.ask({ type: 'login', user_id: secret });
    await socket.ask({ type: 'create', task: { id: 1, desc: 'x' }, ref: 1 });
    await socket.close();
    expect(await metric('horai_last_event_timestamp_seconds{source="tasks"}')).toBe(world.now() / 1_000);
  });
});
