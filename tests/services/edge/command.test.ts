// The arguments of `horai edge`; a hub behind TLS; the process, which hides its token and names the owner of an occupied port.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../scripts/prove/free-port.ts';
import { describeListener } from '../../../server/commands/edge.ts';
import { run } from '../../../server/commands/program.ts';
import type { EdgeConfig } from '../../../server/edge/edge.ts';
import { realWorld } from '../../../server/world.ts';
import { startComposed } from '../../harness/compose.ts';
import { ask, drained, ownerToken, startEdge } from '../../harness/edge.ts';
import { eventually } from '../../harness/eventually.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const hub = 'https://hub.example.org';

async function type(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const err: string[] = [];
  const asked: EdgeConfig[] = [];
  const code = await run(['edge', ...args], {
    sources: { env: { HORAI_DATA: '/data', ...env }, platform: 'linux', home: '/nowhere' },
    version: '1.2.3',
    print: () => undefined,
    printError: (text) => void err.push(text),
    world: realWorld,
    serve: () => Promise.resolve(42),
    edge(config) {
      asked.push(config);
      return Promise.resolve(0);
    },
  });
  return { code, err: err.join('\n'), config: asked[0] };
}

describe('horai edge', () => {
  test('takes hub and token from the environment', async () => {
    const { code, err, config } = await type([], { HORAI_EDGE_HUB: hub, HORAI_EDGE_TOKEN: ownerToken });
    expect([code, err]).toEqual([0, '']);
    expect(config).toMatchObject({
      hub: { url: new URL(`${hub}/`), token: ownerToken },
      folder: '/data/edge',
      port: 5600,
      kronosPort: 5000,
      keepDays: 7,
    });
  });

  test('takes the token from a file, without its line’s end', async () => {
    const file = join(leftovers.folder(), 'token');
    writeFileSync(file, `${ownerToken}\n`);
    const { err, config } = await type(['--hub', `${hub}/horai?x=1`, '--token-file', file, '--keep', '30']);
    expect(err).toBe('');
    expect(config).toMatchObject({ hub: { url: new URL(`${hub}/horai/`), token: ownerToken }, keepDays: 30 });
  });

  test('warns of a token among the arguments', async () => {
    const { code, err } = await type(['--hub', hub, '--token', ownerToken]);
    expect(code).toBe(0);
    expect(err).toMatch(/HORAI_EDGE_TOKEN or --token-file/);
    expect(err).not.toContain(ownerToken);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['without a hub', ['--token', ownerToken], /No hub is given/],
    ['without a token', ['--hub', hub], /No token is given/],
    ['with a token that is not a UUID', ['--hub', hub, '--token', 'sesame'], /is not valid/],
    [
      'with an address that is not a URL',
      ['--hub', 'hub.example.org', '--token', ownerToken],
      /not the address of a hub/,
    ],
    ['with a password in the address', ['--hub', 'https://a:b@h/', '--token', ownerToken], /not the address of a hub/],
    ['with plain http to another machine', ['--hub', 'http://h/', '--token', ownerToken], /is not encrypted/],
    ['with a token file that does not exist', ['--hub', hub, '--token-file', '/nowhere/token'], /ENOENT/],
    [
      'with a certificate file that does not exist',
      ['--hub', hub, '--token', ownerToken, '--ca', '/nowhere/ca'],
      /ENOENT/,
    ],
    ['with days that are not a number', ['--hub', hub, '--token', ownerToken, '--keep', 'x'], /not a number of days/],
  ])('%s does not start, and names what is missing', async (_, args, expected) => {
    const { code, err, config } = await type(args);
    expect(err).toMatch(expected);
    expect(code).toBe(2);
    expect(config).toBeUndefined();
    expect(err).not.toContain('sesame');
  });

  test('accepts plain http to this machine, and to another one only with --insecure', async () => {
    expect((await type(['--hub', 'http://127.0.0.1:1', '--token', ownerToken])).code).toBe(0);
    expect((await type(['--hub', 'http://h/', '--token', ownerToken, '--insecure'])).code).toBe(0);
  });
});

test('an edge accepts a hub behind TLS only if it trusts the certificate', async () => {
  const folder = leftovers.folder();
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
  const composed = await startComposed({ ownerToken });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (near) => {
    const far = connect(Number(new URL(composed.url).port), '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined).on('close', () => near.destroy());
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  const url = `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}/`;

  const stranger = await startEdge(url, ownerToken);
  expect((await ask(stranger.url, 'GET', '/-/health')).value.away).toMatch(/certificate is not trusted.*--ca/);
  await stranger.stop();

  const { config } = await type(['--hub', url, '--token', ownerToken, '--ca', cert]);
  const edge = await startEdge(url, ownerToken, config === undefined ? {} : { hub: config.hub });
  await ask(edge.url, 'POST', '/api/0/buckets/b_box/heartbeat?pulsetime=5', {
    timestamp: '2026-01-05T12:00:00Z',
    data: { app: 'a' },
  });
  await drained(edge.url);
  expect((await ask(composed.url, 'GET', '/api/0/buckets/b_box/events/count')).value).toBe(1);
  await edge.stop();
  server.close();
  await composed.stop();
});

test('the process never shows its token, reports its state, and ends on a signal', async () => {
  const composed = await startComposed({ ownerToken });
  const port = String(await freePort());
  const args = ['edge', '--hub', composed.url, '--token', ownerToken];
  const edge = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder(), HORAI_PORT: port }, args);
  const health = async (): Promise<boolean> => {
    try {
      return (await ask(`http://127.0.0.1:${port}/`, 'GET', '/-/health')).value.away === null;
    } catch {
      return false;
    }
  };
  await eventually(health, 'the edge to reach its hub');
  await eventually(() => edge.out.includes('Data:'), 'the edge to say where its data is', { instead: () => edge.out });
  expect(edge.out).toContain(`Hub: ${composed.url} answers.\nWaiting to be sent: nothing.`);
  expect(readFileSync(`/proc/${edge.pid}/cmdline`, 'utf8')).not.toContain(ownerToken);
  expect(await describeListener(Number(port))).toMatch(/A Horai hub or edge runs/);
  const { code, out, err } = await edge.stop();
  expect(code).toBe(0);
  expect(out + err).not.toContain(ownerToken);
  await composed.stop();
}, 60_000);

test('ActivityWatch’s own server on the port is recognised, with advice', async () => {
  const { createServer: createHttp } = await import('node:http');
  const server = createHttp((_, reply) => {
    reply.setHeader('content-type', 'application/json');
    reply.end('{"hostname": "box", "version": "v0.13.2", "testing": false, "device_id": "x"}');
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const description = await describeListener(port);
  expect(description).toMatch(/ActivityWatch’s own server \(v0\.13\.2\) runs on port \d+/);
  expect(description).toMatch(/aw-qt/);
  server.close();
  server.closeAllConnections();
});
