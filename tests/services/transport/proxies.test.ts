// Real proxies in front of a hub with HORAI_HOSTS: with default settings for HTTP and event streams, and with the documented lines for
// WebSockets.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RunningHub } from '../../../server/compose.ts';
import { ask } from '../../harness/clients.ts';
import { startComposed } from '../../harness/compose.ts';
import { haproxy, nginx, type RunningProxy, startHaproxy, startNginx } from '../../harness/proxies.ts';
import { Socket } from '../../harness/socket.ts';
import { readStream } from '../../harness/stream.ts';

jest.setTimeout(60_000);

const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const host = 'hub.example.org';

/** The lines of a `location` from docs/proxies.md that passes on to `to`, with the port of this hub. */
function documentedLines(port: number, path = '/', to = 'http://127.0.0.1:5600'): string {
  const page = readFileSync(new URL('../../../docs/proxies.md', import.meta.url), 'utf8');
  const lines = [...page.matchAll(/location (\S+) \{\n([\s\S]*?)\n {4}\}/g)].find(
    ([, location, inner]) => location === path && inner?.includes(`proxy_pass ${to};`),
  )?.[2];
  if (lines === undefined) throw new Error(`docs/proxies.md has no location ${path} that passes on to ${to}`);
  return lines.replace('127.0.0.1:5600', `127.0.0.1:${port}`);
}

const proxies = nginx === undefined || haproxy === undefined ? describe.skip : describe;

proxies.each(['uws', 'ws'] as const)('a hub on %s', (engine) => {
  let hub: RunningHub;
  let port: number;
  beforeAll(async () => {
    hub = await startComposed({ ownerToken: key, hosts: [host], engine });
    port = Number(new URL(hub.url).port);
  });
  afterAll(() => hub.stop());

  describe.each([
    ['nginx with nothing but proxy_pass', () => startNginx(`proxy_pass http://127.0.0.1:${port};`), false],
    ['nginx with the documented lines', () => startNginx(documentedLines(port)), true],
    ['HAProxy with the defaults of Debian', () => startHaproxy(port), true],
  ] as const)('behind %s', (_, start, hasWebSockets) => {
    let proxy: RunningProxy;
    beforeAll(async () => {
      proxy = await start();
    });
    afterAll(() => proxy.stop());

    test('answers pages, assets that a page of the public name loads, and requests with a token', async () => {
      const page = await ask(proxy.port, 'GET', '/room', { headers: { host } });
      expect([page.status, page.body]).toEqual([200, expect.stringContaining('#room')]);
      const script = /src="(\/-\/assets\/[^"]+)"/.exec(page.body)?.[1] ?? '';
      const asset = await ask(proxy.port, 'GET', script, { headers: { host, origin: 'https://elsewhere.example' } });
      expect(asset.status).toBe(200);
      const heartbeat = await ask(proxy.port, 'POST', '/api/0/buckets/b/heartbeat?pulsetime=5', {
        headers: { host, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: '{"timestamp":"2026-01-01T10:00:00Z","data":{}}',
      });
      expect(heartbeat.status).toBe(200);
      expect((await ask(proxy.port, 'GET', '/api/0/buckets', { headers: { host } })).status).toBe(401);
    });

    test('accepts requests of pages under the public name, and refuses other pages with the settings to change', async () => {
      const put = (origin: string) =>
        ask(proxy.port, 'PUT', '/room', {
          headers: { host, origin, 'content-type': 'application/json' },
          body: '{"timer":1,"user":"ann"}',
        });
      expect((await put(`http://${host}`)).status).toBe(202);
      expect((await put(`https://${host}:8443`)).status).toBe(202);
      const refused = await put('https://evil.example');
      expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
        403,
        { code: 'origin', hint: expect.stringContaining('HORAI_ORIGINS=https://evil.example') },
      ]);
    });

    test('streams events as they happen', async () => {
      const stream = await readStream(proxy.port, '/streamed/events', { host });
      expect(stream.status).toBe(200);
      for (let n = 0; n < 3; n += 1) await stream.next();
      const headers = { host, 'content-type': 'application/json' };
      await ask(proxy.port, 'PUT', '/streamed', { headers, body: '{"timer":7,"user":"ann"}' });
      expect(await stream.next()).toContain('"timer":7');
      stream.close();
    });

    test(hasWebSockets ? 'lets WebSockets through' : 'does not let WebSockets through', async () => {
      const opened = await new Promise<boolean>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { headers: { host } });
        socket.once('open', () => {
          socket.terminate();
          resolve(true);
        });
        socket.once('error', () => resolve(false));
      });
      expect(opened).toBe(hasWebSockets);
    });
  });
});

proxies.each(['uws', 'ws'] as const)('a hub below a path, on %s', (engine) => {
  test.each([
    ['passes the path on, as documented', (port: number) => documentedLines(port, '/horai/')],
    ['removes the path, as documented', (port: number) => documentedLines(port, '/horai/', 'http://127.0.0.1:5600/')],
  ] as const)('is reached by an nginx that %s', async (_, lines) => {
    const hub = await startComposed({ ownerToken: key, hosts: [host], engine, basePath: '/horai' });
    const proxy = await startNginx(lines(Number(new URL(hub.url).port)), '/horai/');
    try {
      const page = await ask(proxy.port, 'GET', '/horai/day', { headers: { host } });
      const script = /src="(\/horai\/-\/assets\/[^"]+)"/.exec(page.body)?.[1] ?? '';
      expect([page.status, (await ask(proxy.port, 'GET', script, { headers: { host } })).status]).toEqual([200, 200]);
      const moved = await ask(proxy.port, 'GET', '/horai/dashboard', { headers: { host } });
      expect([moved.status, new URL(moved.headers.location ?? '', `http://${host}`).pathname]).toEqual([
        302,
        '/horai/day',
      ]);

      const signedIn = await ask(proxy.port, 'POST', '/horai/-/session', {
        headers: { host, origin: `https://${host}`, 'content-type': 'application/json' },
        body: JSON.stringify({ token: key }),
      });
      const [cookie = ''] = signedIn.headers['set-cookie'] ?? [];
      expect(cookie).toMatch(/^__Secure-horai=[0-9a-f-]{36}; Path=\/horai; .*; Secure$/);

      const stream = await readStream(proxy.port, '/horai/streamed/events', { host });
      for (let n = 0; n < 3; n += 1) await stream.next();
      const headers = { host, 'content-type': 'application/json' };
      await ask(proxy.port, 'PUT', '/horai/streamed', { headers, body: '{"timer":7,"user":"ann"}' });
      expect(await stream.next()).toContain('"timer":7');
      stream.close();

      const [pair = ''] = cookie.split(';');
      const socket = await Socket.open(`http://127.0.0.1:${proxy.port}/horai/`, {
        host,
        cookie: pair,
        origin: `https://${host}`,
      });
      expect(await socket.ask({ type: 'login', device_id: 'page', ref: 1 })).toMatchObject({ success: true });
      await socket.close();
    } finally {
      await proxy.stop();
      await hub.stop();
    }
  });
});

proxies('a personal hub', () => {
  test('refuses requests forwarded by a proxy, and names the setting to change', async () => {
    const hub = await startComposed({ ownerToken: key });
    const port = Number(new URL(hub.url).port);
    const proxy = await startNginx(
      `proxy_pass http://127.0.0.1:${port}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`,
    );
    try {
      for (const path of ['/', '/room', '/api/0/buckets']) {
        const refused = await ask(proxy.port, 'GET', path);
        expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
          421,
          { code: 'host', hint: expect.stringMatching(/personal: .* HORAI_HOSTS=hub\.example\.org/) },
        ]);
      }
      expect((await ask(port, 'GET', '/api/0/buckets')).status).toBe(200);
    } finally {
      await proxy.stop();
      await hub.stop();
    }
  });
});
