// The limits of a whole hub, on every wire: what they refuse, and how an administrator sees and sets them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import { type as typeOn } from '../harness/command.ts';
import { startComposed } from '../harness/compose.ts';
import { Socket } from '../harness/socket.ts';
import { TestWorld } from '../harness/world.ts';

let running: RunningHub[] = [];
afterEach(async () => {
  for (const hub of running) await hub.stop();
  running = [];
});

const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';

async function start(config: Partial<Config> = {}, world = new TestWorld()): Promise<RunningHub> {
  const hub = await startComposed({ hosts: ['hub.example.org'], ownerToken: owner, ...config }, world);
  running.push(hub);
  return hub;
}

async function logIn(hub: RunningHub, headers: Readonly<Record<string, string>> = {}): Promise<Socket> {
  const socket = await Socket.open(hub.url, headers);
  await socket.ask({ type: 'login', user_id: owner, version: 0 });
  return socket;
}

/** Sets a limit as an administrator does by hand. */
async function setLimit(hub: RunningHub, name: string, size: number | 'none' | null, account?: string): Promise<void> {
  const socket = await logIn(hub);
  expect(await socket.ask({ type: 'limits', name, size, ...(account === undefined ? {} : { account }) })).toMatchObject(
    {
      success: true,
    },
  );
  await socket.close();
}

const get = (hub: RunningHub, path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${hub.url}${path}`, { headers });

function putTimer(hub: RunningHub, room: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${hub.url}${room}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

describe.each(['uws', 'ws'] as const)('on %s', (engine) => {
  test('[Q1.1] [Q1.3] an address that sends too many requests is refused, over HTTP and the wire, until the time that is named', async () => {
    const world = new TestWorld();
    const hub = await start({ engine, trustedProxies: ['loopback'] }, world);
    await setLimit(hub, 'address_rate', 6);
    const from = (address: string) => ({ 'x-forwarded-for': address });
    for (let count = 0; count < 6; count += 1) expect((await get(hub, '-/health', from('10.0.0.1'))).status).toBe(200);
    const refused = await get(hub, '-/health', from('10.0.0.1'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await refused.json()).toEqual({
      error: 'too many requests',
      code: 'too_many',
      hint: 'address_rate: at most 6 requests from one address a minute: try again in 10 s',
      limit: 'address_rate',
      size: 6,
      retry_ms: 10_000,
    });
    await expect(Socket.open(hub.url, from('10.0.0.1'))).rejects.toThrow('429');
    // Others are not affected, and a client cannot give itself another address.
    expect((await get(hub, '-/health', from('10.0.0.2'))).status).toBe(200);
    expect((await get(hub, '-/health', from('10.0.0.3, 10.0.0.1'))).status).toBe(429);
    const socket = await Socket.open(hub.url, from('10.0.0.4'));
    for (let count = 0; count < 5; count += 1) socket.say({ type: 'ping', user_id: owner, ref: count });
    for (let count = 0; count < 5; count += 1) expect(await socket.next()).toMatchObject({ type: 'pong' });
    expect(await socket.ask({ type: 'ping', ref: 7 })).toMatchObject({
      success: false,
      error: 'too many requests',
      limit: 'address_rate',
      size: 6,
      retry_ms: 10_000,
      ref: 7,
    });
    world.pass(10_000);
    expect(await socket.ask({ type: 'ping', ref: 8 })).toMatchObject({ success: true });
    expect((await get(hub, '-/health', from('10.0.0.1'))).status).toBe(200);
    await socket.close();
  });

  test('[L2.2] failed sign-ins are counted by the address of the client, not of the proxy', async () => {
    const hub = await start({ engine, trustedProxies: ['127.0.0.1'] });
    const signIn = async (secret: string, address: string) =>
      (await get(hub, '-/metrics', { authorization: `Bearer ${secret}`, forwarded: `for=${address}` })).status;
    for (let count = 0; count < 11; count += 1) await signIn('wrong', '10.0.0.1');
    expect([await signIn('wrong', '10.0.0.1'), await signIn('wrong', '10.0.0.2')]).toEqual([429, 401]);
    expect(await signIn(owner, '10.0.0.1')).toBe(200);
  });
});

test('[Q1.1] a token that sends too much is refused in every form that clients send it, others are not', async () => {
  const hub = await start();
  const admin = await logIn(hub);
  const made = await admin.ask({ type: 'token', name: 'other', scopes: ['read', 'write'] });
  await admin.ask({ type: 'limits', name: 'token_rate', size: 50 });
  const secret = String(made['secret']);
  const bearer = { authorization: `Bearer ${secret}` };
  while ((await get(hub, 'api/v1/users/current', bearer)).status === 200);
  expect((await get(hub, `api/v1/users/current?api_key=${secret}`)).status).toBe(429);
  const basic = { authorization: `Basic ${Buffer.from(secret).toString('base64')}` };
  expect((await get(hub, 'api/0/buckets/', basic)).headers.get('retry-after')).toBe('2');
  await expect(Socket.open(hub.url, bearer)).rejects.toThrow('429');
  expect((await get(hub, 'api/v1/users/current', { authorization: `Bearer ${owner}` })).status).toBe(200);
  await admin.close();
});

test('the owner of a personal hub is not limited by the rate of an address', async () => {
  const hub = await start({ hosts: [] });
  await setLimit(hub, 'address_rate', 1);
  for (let count = 0; count < 5; count += 1) expect((await get(hub, '-/health')).status).toBe(200);
});

test('[Q1.3] [Q3.1] a visitor who fills rooms is refused early, and rooms that are there go on', async () => {
  const hub = await start();
  const body = { timer: 1, user: 'x'.repeat(256) };
  const statuses: number[] = [];
  for (let room = 0; room < 400; room += 1) statuses.push((await putTimer(hub, `room-${room}`, body)).status);
  expect(statuses.indexOf(429)).toBe(200);
  expect(new Set(statuses.slice(200))).toEqual(new Set([429]));
  const refused = await putTimer(hub, 'one-more', body);
  expect(refused.headers.get('retry-after')).toBe('432');
  expect(await refused.json()).toMatchObject({ error: 'too many requests', limit: 'address_rooms', size: 200 });
  expect((await putTimer(hub, 'room-7', body)).status).toBe(202);
  const socket = await logIn(hub);
  expect(await socket.ask({ type: 'create', channel: 'mob/by-wire', item: body, ref: 1 })).toMatchObject({
    success: false,
    limit: 'address_rooms',
    ref: 1,
  });
  await socket.close();
});

test('[Q1.2] [Q1.3] an account at its quota is refused by every adapter, and others are not', async () => {
  const hub = await start();
  const admin = await logIn(hub);
  const alice = await admin.ask({ type: 'account', name: 'alice' });
  const bearer = { authorization: `Bearer ${alice['secret']}`, 'content-type': 'application/json' };
  await admin.ask({ type: 'limits', name: 'account_items', size: 0, account: 'alice' });
  const post = async (path: string, body: unknown, headers: Readonly<Record<string, string>> = bearer) => {
    const answer = await fetch(`${hub.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, retry: answer.headers.get('retry-after'), text: await answer.text() };
  };
  const heartbeat = { entity: '/a.ts', type: 'file', time: Date.UTC(2026, 0, 5, 12) / 1_000 };
  const bucket = { client: 'c', type: 'currentwindow', hostname: 'h' };
  for (const refused of [
    await post('api/v1/users/current/heartbeats', heartbeat),
    await post('api/v1/users/current/heartbeats.bulk', [heartbeat]),
    await post('api/0/buckets/b', bucket),
  ]) {
    expect(refused).toMatchObject({ status: 429, retry: '60' });
    expect(refused.text).toContain('account_items: at most 0 items in all channels of an account');
  }
  const socket = await Socket.open(hub.url, { authorization: bearer.authorization });
  for (const request of [
    { type: 'create', channel: 'notes', item: 1 },
    { type: 'create', task: { desc: 'milk' } },
    { type: 'write-all', tasks: [{ id: 1, desc: 'milk' }] },
  ]) {
    expect(await socket.ask({ ...request, ref: 3 })).toMatchObject({
      success: false,
      error: 'quota exceeded',
      limit: 'account_items',
      size: 0,
      ref: 3,
    });
  }
  expect(await socket.ask({ type: 'limits', ref: 4 })).toMatchObject({ success: false, code: 'forbidden' });
  const mine = { authorization: `Bearer ${owner}`, 'content-type': 'application/json' };
  expect(await post('api/v1/users/current/heartbeats', heartbeat, mine)).toMatchObject({ status: 202 });
  await socket.close();
  await admin.close();
});

test('new accounts are limited by address where sign-up is open', async () => {
  const hub = await start({ signup: 'open' });
  await setLimit(hub, 'address_accounts', 2);
  const socket = await Socket.open(hub.url);
  expect(await socket.ask({ type: 'login' })).toMatchObject({ success: true });
  expect(await socket.ask({ type: 'login' })).toMatchObject({ success: true });
  expect(await socket.ask({ type: 'login' })).toMatchObject({ success: false, limit: 'address_accounts', size: 2 });
  await socket.close();
});

test('an account has no more tokens than its limit', async () => {
  const hub = await start();
  await setLimit(hub, 'account_tokens', 2);
  const socket = await logIn(hub);
  expect(await socket.ask({ type: 'token', name: 'a' })).toMatchObject({ success: true });
  expect(await socket.ask({ type: 'token', name: 'b' })).toMatchObject({ success: false, limit: 'account_tokens' });
  await socket.close();
});

describe('the limits', () => {
  test('[Q5.1] [Q5.2] are listed and set over the wire, for all and for one account', async () => {
    const hub = await start();
    const socket = await logIn(hub);
    await socket.ask({ type: 'create', channel: 'notes', key: 'k', item: 'four', ref: 1 });
    expect(await socket.ask({ type: 'limits', name: 'account_bytes', size: 1_000, account: 'owner' })).toEqual({
      success: true,
      type: 'limits',
      account: 'owner',
      limits: [
        {
          name: 'account_bytes',
          size: 1_000,
          default: 21_474_836_480,
          unit: 'bytes',
          about: 'in all channels of an account',
          used: 7,
        },
      ],
    });
    const sizeOf = async (more: object) => {
      const { limits } = await socket.ask({ type: 'limits', name: 'account_bytes', ...more });
      return Array.isArray(limits) ? limits[0].size : undefined;
    };
    expect([await sizeOf({}), await sizeOf({ account: 'owner' })]).toEqual([21_474_836_480, 1_000]);
    expect([await sizeOf({ size: 'none' }), await sizeOf({ account: 'owner', size: null })]).toEqual(['none', 'none']);
    const all = await socket.ask({ type: 'limits' });
    expect(all['limits']).toContainEqual(expect.objectContaining({ name: 'rooms', used: 0 }));
    await socket.close();
  });

  test.each([
    [{ name: 'nothing', size: 1 }, 'property'],
    [{ size: 1 }, 'missing'],
    [{ name: 'rooms', size: 1, account: 'owner' }, 'property'],
    [{ name: 'account_bytes', size: 1, account: 'nobody' }, 'not_found'],
    [{ name: 'account_bytes', size: -1 }, 'property'],
    [{ name: 'account_bytes', size: 1.5 }, 'property'],
  ])('a wrong request is refused: %j', async (request, code) => {
    const socket = await logIn(await start());
    expect(await socket.ask({ type: 'limits', ...request })).toMatchObject({ success: false, code });
    await socket.close();
  });

  test('are listed and set by the command, and a restart keeps them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'horai-limits-'));
    try {
      const hub = await start({ store: 'sqlite', data: folder });
      const type = (...args: readonly string[]) => typeOn(folder, ...args);
      expect(await type('limits', 'set', 'rooms', '12')).toEqual({
        code: 0,
        err: '',
        out: 'rooms is 12 rooms on the hub.',
      });
      expect((await type('limits', 'set', 'account_bytes', '1.5GiB', '--account', 'owner')).out).toBe(
        'account_bytes is 1.5 GiB in all channels of an account.',
      );
      expect(await type('limits', 'set', 'rooms', 'many')).toMatchObject({ code: 2, out: '' });
      expect((await type('limits', 'set', 'chairs', '4')).err).toMatch(/^invalid name: one of account_bytes, /);
      await hub.stop();
      const listed = JSON.parse((await type('limits', '--json')).out);
      expect(listed).toContainEqual(expect.objectContaining({ name: 'rooms', size: 12, default: 10_000 }));
      const table = (await type('limits', '--account', 'owner')).out;
      expect(table).toMatch(/^account_bytes +1\.5 GiB +0 bytes +20 GiB +in all channels of an account$/m);
      await type('limits', 'set', 'rooms', 'default');
      expect((await type('limits')).out).toMatch(/^rooms +10,000 rooms +0 +on the hub$/m);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('[Q4.1] a full disk: new data is refused on every wire, health says so, and data can still be deleted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'horai-full-'));
  try {
    const before = await start({ store: 'sqlite', data: folder, hosts: [] });
    await putTimer(before, 'room', { timer: 1, user: 'ann' });
    await fetch(`${before.url}room/goal`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"goal":"ship"}',
    });
    const notes = await Socket.open(before.url);
    await notes.ask({ type: 'create', channel: 'notes', key: 'k', item: 1, ref: 1 });
    await notes.close();
    await before.stop();
    const hub = await start({ store: 'sqlite', data: folder, hosts: [], diskFloor: 2 ** 60 });
    const refused = await putTimer(hub, 'room', { timer: 2, user: 'ann' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
    expect(await refused.json()).toMatchObject({
      error: 'disk full',
      hint: expect.stringContaining('HORAI_DISK_FLOOR'),
    });
    const health = await get(hub, '-/health');
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: 'full', reason: expect.stringContaining('MiB left') });
    const socket = await Socket.open(hub.url);
    const create = { type: 'create', channel: 'notes', item: 1, ref: 1 };
    expect(await socket.ask(create)).toMatchObject({ success: false, error: 'disk full', retry_ms: 60_000 });
    const remove = { type: 'delete', channel: 'notes', key: 'k', ref: 2 };
    expect(await socket.ask(remove)).toMatchObject({ success: true });
    await socket.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('[Q6] a file is compacted by the command, while the hub runs and without it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'horai-compact-'));
  try {
    const hub = await start({ store: 'sqlite', data: folder });
    const socket = await logIn(hub);
    for (let round = 0; round < 8; round += 1)
      await socket.ask({ type: 'create', channel: 'aw/b', key: `${round}`, item: 'x'.repeat(900_000), ref: round });
    for (let round = 0; round < 8; round += 1)
      await socket.ask({ type: 'delete', channel: 'aw/b', key: `${round}`, ref: round });
    await socket.close();
    const { before, after } = JSON.parse((await typeOn(folder, 'compact', '--json')).out);
    expect(before).toBeGreaterThan(7_000_000);
    expect(after).toBeLessThan(1_000_000);
    await hub.stop();
    expect(await typeOn(folder, 'compact')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^The store takes /),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
