// ActivityWatch over real sockets: live changes on a WebSocket, requests of browsers and extensions, testing mode.

import { get } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../../scripts/prove/free-port.ts';
import { assemble, openPorts, type RunningHub } from '../../../../server/compose.ts';
import { startComposed, testConfig } from '../../../harness/compose.ts';
import { Socket } from '../../../harness/socket.ts';
import { TestWorld } from '../../../harness/world.ts';

let hub: RunningHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
});

async function start(config: Parameters<typeof startComposed>[0] = {}): Promise<string> {
  hub = await startComposed(config);
  return hub.url;
}

const beat = (url: string, seconds: number, headers: Record<string, string> = {}) =>
  fetch(`${url}api/0/buckets/aw-watcher-afk_box/heartbeat?pulsetime=5`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ timestamp: new Date(seconds * 1_000).toISOString(), duration: 0, data: { status: 'afk' } }),
  });

describe('a follower', () => {
  test('gets each heartbeat, also the first of a bucket', async () => {
    const url = await start();
    const socket = await Socket.open(url);
    expect(await socket.ask({ type: 'login' })).toMatchObject({ success: true });
    expect(await socket.ask({ type: 'subscribe', channel: 'aw/*' })).toMatchObject({ success: true });
    await beat(url, 0);
    await beat(url, 4);
    expect(await socket.next()).toMatchObject({
      type: 'create',
      channel: 'aw/aw-watcher-afk_box',
      key: '1',
      item: { status: 'afk' },
      time: 0,
      end: 0,
    });
    expect(await socket.next()).toMatchObject({ type: 'update', key: '1', time: 0, end: 4_000_000 });
    await socket.close();
  });
});

describe('a start', () => {
  test('that is not finished delays heartbeats, and refuses none', async () => {
    const port = await freePort();
    const world = new TestWorld();
    const assembled = await assemble(testConfig(), world);
    if (!assembled.ok) throw new Error(assembled.error);
    const { accounts } = assembled.parts;
    const begin = accounts.createOwner.bind(accounts);
    let goOn = () => {};
    const isReleased = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    accounts.createOwner = (secret) => isReleased.then(() => begin(secret));
    const opening = openPorts(assembled.parts, testConfig({ port }), world);
    const url = `http://127.0.0.1:${port}/`;
    for (let status = 0; status === 0; ) status = await upgradeStatus(port);
    const answered = beat(url, 0);
    // While the hub starts, it refuses upgrades with 503, so that clients try again. This one arrives after the heartbeat.
    expect(await upgradeStatus(port)).toBe(503);
    goOn();
    expect((await answered).status).toBe(200);
    const opened = await opening;
    if (!opened.ok) throw new Error(opened.error);
    hub = opened.hub;
  });
});

/** The status of the response to a WebSocket's upgrade; 0 if the port is closed. */
function upgradeStatus(port: number): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const asking = get({ port, host: '127.0.0.1', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.on('error', () => resolve(0));
  });
}

describe('a browser', () => {
  const chrome = 'chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi';

  test.each([
    'moz-extension://6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
    chrome,
  ])('with the watcher %s may send heartbeats, and read nothing', async (origin) => {
    const url = await start();
    const preflight = await fetch(`${url}api/0/buckets/b/heartbeat?pulsetime=1`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type');
    const answer = await beat(url, 0, { origin });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect((await fetch(`${url}api/0/info`, { headers: { origin } })).status).toBe(200);
    for (const path of ['buckets/', 'export', 'settings', 'buckets/aw-watcher-afk_box/events']) {
      expect((await fetch(`${url}api/0/${path}`, { headers: { origin } })).status).toBe(403);
    }
    const deleting = { method: 'DELETE', headers: { origin } };
    expect((await fetch(`${url}api/0/buckets/aw-watcher-afk_box?force=1`, deleting)).status).toBe(403);
  });

  test('on a foreign page can neither read nor import', async () => {
    const url = await start();
    const headers = { origin: 'https://evil.example', 'content-type': 'multipart/form-data; boundary=x' };
    const imported = await fetch(`${url}api/0/import`, { method: 'POST', headers, body: '--x\r\n\r\n{}\r\n--x--' });
    expect(imported.status).toBe(403);
    expect((await fetch(`${url}api/0/info`, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });
});

test('in testing mode the hub reports it, and deletes without confirmation', async () => {
  const url = await start({ testing: true });
  expect(await (await fetch(`${url}api/0/info`)).json()).toMatchObject({ testing: true });
  await beat(url, 0);
  expect((await fetch(`${url}api/0/buckets/aw-watcher-afk_box`, { method: 'DELETE' })).status).toBe(200);
});
