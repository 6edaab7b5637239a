// A whole hub on real ports, composed as main.ts does it: access, and the output at its start.

import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { compose, type RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import { realWorld } from '../../server/world.ts';
import { startComposed, testConfig } from '../harness/compose.ts';
import { Socket } from '../harness/socket.ts';

let running: RunningHub[] = [];
afterEach(async () => {
  for (const hub of running) await hub.stop();
  running = [];
});

async function start(config: Partial<Config> = {}): Promise<RunningHub> {
  const hub = await startComposed(config);
  running.push(hub);
  return hub;
}

/** The status of a GET with exactly these headers; fetch would set its own Host. */
function status(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe.each(['uws', 'ws'] as const)('a composed hub on %s', (engine) => {
  test('[L6.1] bound to loopback is personal: a client without a token is the owner', async () => {
    const hub = await start({ engine });
    expect(hub).toMatchObject({ isPersonal: true, kronos: null });
    expect(await status(`${hub.url}-/metrics`, {})).toBe(200);
    const socket = await Socket.open(hub.url);
    expect(await socket.ask({ type: 'accounts' })).toMatchObject({ success: true, accounts: [{ name: 'owner' }] });
    await socket.close();
  });

  test('[L3.3] [L6.2] bound to other addresses wants a token', async () => {
    const hub = await start({ engine, host: '0.0.0.0' });
    expect(hub.isPersonal).toBe(false);
    expect(await status(`${hub.url}-/health`, {})).toBe(200);
    expect(await status(`${hub.url}-/metrics`, {})).toBe(401);
    expect(await status(`${hub.url}-/metrics`, { authorization: `Bearer ${hub.ownerSecret}` })).toBe(200);
    const socket = await Socket.open(hub.url);
    expect(await socket.ask({ type: 'read-all' })).toMatchObject({ success: false, code: 'login_first' });
    expect(await socket.ask({ type: 'login' })).toMatchObject({ success: false, code: 'user_not_found' });
    expect(await socket.ask({ type: 'login', user_id: hub.ownerSecret })).toMatchObject({ success: true });
    await socket.close();
  });

  test('with further host names requires a token, because clients of those names are not on this machine', async () => {
    const hub = await start({ engine, hosts: ['hub.example.org'] });
    expect(hub.isPersonal).toBe(false);
    expect(await status(`${hub.url}-/health`, { host: 'hub.example.org' })).toBe(200);
    expect(await status(`${hub.url}-/metrics`, { host: 'hub.example.org' })).toBe(401);
  });

  test('[C5.1] [C5.2] refuses foreign names and pages, on HTTP and before an upgrade', async () => {
    const hub = await start({ engine, origins: ['https://dash.example'] });
    const own = new URL(hub.url).host;
    expect(await status(`${hub.url}-/health`, { host: 'evil.example' })).toBe(421);
    expect(await status(`${hub.url}-/health`, { host: '127.0.0.1.evil.example' })).toBe(421);
    for (const origin of ['https://evil.example', 'null', `http://${own}.evil.example`]) {
      expect(await status(`${hub.url}-/health`, { origin })).toBe(403);
      await expect(Socket.open(hub.url, { origin })).rejects.toThrow('403');
    }
    for (const origin of ['https://dash.example', `http://${own}`]) {
      expect(await status(`${hub.url}-/health`, { origin })).toBe(200);
      await (await Socket.open(hub.url, { origin })).close();
    }
  });

  test('may be stopped twice, and then accepts no connection', async () => {
    const hub = await start({ engine });
    await Promise.all([hub.stop(), hub.stop()]);
    await expect(status(`${hub.url}-/health`, {})).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the Kronos port', () => {
  test('is done without when it is taken, with a warning, unless it was asked for by name', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const hub = await start({ kronosPort: port });
    expect(hub.kronos).toBeNull();
    expect(hub.warnings).toContainEqual(expect.stringContaining(String(port)));
    expect(await status(`${hub.url}-/health`, {})).toBe(200);

    const refused = await compose(testConfig({ kronosPort: port, isKronosRequired: true }), realWorld('silent'));
    expect(refused).toEqual({ ok: false, error: expect.stringContaining('Kronos') });
    await new Promise((resolve) => other.close(resolve));
  });

  test('is reported when there is one', async () => {
    expect(await start({ kronosPort: 0 })).toMatchObject({ kronos: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  });
});

describe('uncaught exception', () => {
  test('is counted, and survived while the store takes writes', async () => {
    const hub = await start();
    expect(await hub.survivesFault(new Error('made up'))).toBe(true);
    const metrics = await fetch(`${hub.url}-/metrics`).then((answer) => answer.text());
    expect(metrics).toContain('horai_faults_total 1\n');
  });
});
