// Debian's proxies in front of the hub, with real clients behind them: curl-like requests, an event stream, and wscat.

import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { type RunningProxy, startHaproxy, startNginx } from '../../../tests/harness/proxies.ts';
import { check } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import { owner, type Workbench } from '../workbench.ts';

export const proxyRows: readonly ClientRow[] = [
  { name: 'nginx', source: 'Debian', run: runNginx },
  { name: 'haproxy', source: 'Debian', run: runHaproxy },
];

const host = 'hub.example.org';
const authorization = `Bearer ${owner}`;
/** How long an event of the stream may take, milliseconds. */
const eventMs = 10_000;

async function runNginx(bench: Workbench): Promise<RunReport> {
  const program = bench.tool('nginx');
  const { port } = await bench.hub({ HORAI_HOSTS: host });
  const bare = await startNginx(`proxy_pass http://127.0.0.1:${port};`);
  await stopAfter(bare, () => useHttp(bare));
  const page = readFileSync(new URL('../../../docs/proxies.md', import.meta.url), 'utf8');
  const lines = /location \/ \{\n([\s\S]*?)\n {4}\}/.exec(page)?.[1] ?? '';
  const full = await startNginx(lines.replace('127.0.0.1:5600', `127.0.0.1:${port}`));
  await stopAfter(full, async () => {
    await useHttp(full);
    await useWebSocket(bench, full);
  });
  const { err } = await bench.run(program, ['-v']);
  const did =
    'passed pages, writes and an event stream with nothing but proxy_pass, and wscat with the documented lines';
  return { version: err.trim().split('/').at(-1) ?? '', did };
}

async function runHaproxy(bench: Workbench): Promise<RunReport> {
  const program = bench.tool('haproxy');
  const { port } = await bench.hub({ HORAI_HOSTS: host });
  const proxy = await startHaproxy(port);
  await stopAfter(proxy, async () => {
    await useHttp(proxy);
    await useWebSocket(bench, proxy);
  });
  const out = await bench.succeed(program, ['-v']);
  const did = 'passed pages, writes, an event stream and wscat with the defaults of Debian';
  return { version: /version (\S+)/.exec(out)?.[1] ?? '', did };
}

async function stopAfter(proxy: RunningProxy, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    await proxy.stop();
  }
}

/** A page, a stream, and a write that the stream shows. */
async function useHttp({ port }: RunningProxy): Promise<void> {
  const page = await ask(port, 'GET', '/proxied');
  check(page.status === 200 && page.body.includes('#proxied'), `the page is answered with ${page.status}`);
  const shown = seesOnStream(port, '/proxied/events', '"requester"');
  const seen = shown.opened.then(() => ask(port, 'PUT', '/proxied', '{"timer":10,"requester":"ann","user":"ann"}'));
  const { status } = await seen;
  check(status === 202, `the timer is answered with ${status}`);
  await shown.event;
}

async function useWebSocket(bench: Workbench, { port }: RunningProxy): Promise<void> {
  const folder = await bench.npm('wscat@6.1.0');
  const args = ['-c', `ws://127.0.0.1:${port}/`, '--host', host, '-H', `Authorization: ${authorization}`];
  const out = await bench.succeed(join(folder, 'node_modules/.bin/wscat'), [
    ...args,
    '-w',
    '1',
    '-x',
    '{"type":"ping","ref":1}',
  ]);
  check(out.includes('"pong"'), `wscat got ${out}`);
}

function ask(port: number, method: string, path: string, body = ''): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      host,
      authorization,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => {
        text += data.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Opens an event stream and waits until a part of it has the text. */
function seesOnStream(port: number, path: string, text: string): { opened: Promise<void>; event: Promise<void> } {
  let resolveOpened = () => undefined as undefined;
  const opened = new Promise<void>((resolve) => {
    resolveOpened = () => void resolve();
  });
  const event = new Promise<void>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers: { host, authorization } }, (response) => {
      let seen = '';
      response.on('data', (data: Buffer) => {
        resolveOpened();
        seen += data.toString();
        if (!seen.includes(text)) return;
        clearTimeout(late);
        request.destroy();
        resolve();
      });
    });
    const late = setTimeout(() => {
      request.destroy();
      reject(new Error(`the event stream did not show ${text}`));
    }, eventMs);
    request.on('error', () => undefined);
    request.end();
  });
  return { opened, event };
}
