// Debian's proxies in front of the hub, with real clients behind them: plain requests, an event stream, and wscat.

import { readFileSync } from 'node:fs';
import { ask } from '../../../tests/harness/clients.ts';
import { eventually } from '../../../tests/harness/eventually.ts';
import { type RunningProxy, startHaproxy, startNginx } from '../../../tests/harness/proxies.ts';
import { readStream } from '../../../tests/harness/stream.ts';
import { check, checkEqual } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import { owner, type Workbench } from '../workbench.ts';
import { startWscat } from './tools.ts';

export const proxyRows: readonly ClientRow[] = [
  { name: 'nginx', source: 'Debian', run: runNginx },
  { name: 'haproxy', source: 'Debian', run: runHaproxy },
];

const host = 'hub.example.org';
const headers = { host, authorization: `Bearer ${owner}` };

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
  const page = await ask(port, 'GET', '/proxied', { headers });
  check(page.status === 200 && page.body.includes('#proxied'), `the page is answered with ${page.status}`);
  const stream = await readStream(port, '/proxied/events', headers);
  const asJson = { ...headers, 'content-type': 'application/json' };
  const { status } = await ask(port, 'PUT', '/proxied', { headers: asJson, body: '{"timer":10,"user":"ann"}' });
  check(status === 202, `the timer is answered with ${status}`);
  let event = await stream.next();
  while (event !== undefined && !event.includes('"timer":10')) event = await stream.next();
  stream.close();
  check(event !== undefined, 'the event stream ended before it showed the timer');
}

async function useWebSocket(bench: Workbench, { port }: RunningProxy): Promise<void> {
  const wscat = await startWscat(bench, `ws://127.0.0.1:${port}/`, [{ type: 'ping', ref: 1 }], ['--host', host]);
  await eventually(() => wscat.out().includes('"pong"'), 'wscat to show the pong', { instead: wscat.out });
  checkEqual((await wscat.finish()).code, 0, 'the exit code of wscat');
}
