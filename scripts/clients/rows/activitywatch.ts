// ActivityWatch's own client libraries and command, and what projects of ActivityWatch test their server with.

import { symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { check } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import type { ClientHub, Workbench } from '../workbench.ts';
import { awServer } from './reference-server.ts';

export const activityWatchRows: readonly ClientRow[] = [
  { name: 'aw-client', source: 'PyPI', run: runLibrary },
  { name: 'aw-client command', source: 'PyPI', run: runCommand },
  { name: 'aw-client (JavaScript)', source: 'npm', run: runJavaScript },
  { name: 'aw-server test_client.py', source: 'CLIENTS_FROM', run: runServerTests },
  { name: 'aw-client-js tests', source: 'CLIENTS_FROM', run: runJavaScriptTests },
];

/** The hub that ActivityWatch's clients expect: without credentials. */
function personalHub(bench: Workbench): Promise<ClientHub> {
  return bench.hub({ HORAI_OWNER_TOKEN: '' });
}

/** Settings, queues and locks of the client stay in a folder of the row. */
function homeless(bench: Workbench): Readonly<Record<string, string>> {
  const home = bench.folder();
  const [config, data, cache] = ['config', 'data', 'cache'].map((name) => join(home, name));
  return {
    HOME: home,
    XDG_CONFIG_HOME: config ?? '',
    XDG_DATA_HOME: data ?? '',
    XDG_CACHE_HOME: cache ?? '',
    TMPDIR: home,
  };
}

const awClient = 'aw-client==0.5.15';

async function versionOf(bench: Workbench, bin: string, name: string): Promise<string> {
  const out = await bench.succeed(join(bin, 'python'), [
    '-c',
    `from importlib.metadata import version; print(version("${name}"))`,
  ]);
  return out.trim();
}

async function runLibrary(bench: Workbench): Promise<RunReport> {
  const bin = await bench.python(awClient);
  const { port } = await personalHub(bench);
  const args = [bench.program('aw_client_calls.py'), '127.0.0.1', String(port)];
  const out = await bench.succeed(join(bin, 'python'), args, { env: homeless(bench) });
  return { version: await versionOf(bench, bin, 'aw-client'), did: out.trim() };
}

async function runCommand(bench: Workbench): Promise<RunReport> {
  const bin = await bench.python(awClient);
  const { port } = await personalHub(bench);
  const env = homeless(bench);
  const command = (...args: readonly string[]) => {
    return bench.succeed(join(bin, 'aw-client'), ['--host', '127.0.0.1', '--port', String(port), ...args], { env });
  };
  const [window, afk] = [`aw-watcher-window_${hostname()}`, `aw-watcher-afk_${hostname()}`];
  await bench.succeed(
    join(bin, 'python'),
    [
      '-c',
      `import sys
from aw_client import ActivityWatchClient
c = ActivityWatchClient("run", host="127.0.0.1", port=int(sys.argv[1]))
c.create_bucket(sys.argv[2], "currentwindow")
c.create_bucket(sys.argv[3], "afkstatus")`,
      String(port),
      window,
      afk,
    ],
    { env },
  );
  await command('heartbeat', window, '{"app": "vim", "title": "row"}');
  await command('heartbeat', afk, '{"status": "not-afk"}');
  check((await command('buckets')).includes(window), 'buckets lists no bucket');
  check((await command('events', window)).includes('vim'), 'events shows no event');
  await command('report', hostname());
  await command('canonical', hostname());
  return {
    version: await versionOf(bench, bin, 'aw-client'),
    did: 'heartbeat, buckets, events, report and canonical (its query command raises a TypeError before it asks)',
  };
}

async function runJavaScript(bench: Workbench): Promise<RunReport> {
  const folder = await bench.npm('aw-client@0.3.7');
  const { url } = await personalHub(bench);
  const out = await bench.succeed(process.execPath, [bench.program('aw-client-calls.mjs'), folder, url.slice(0, -1)]);
  // `abort` prints its reason.
  return { version: '0.3.7', did: out.trim().split('\n').at(-1) ?? '' };
}

/** Upstream's own tests of aw-client against aw-server; they use the port for testing, 5666. */
async function runServerTests(bench: Workbench): Promise<RunReport> {
  const tests = bench.checkout('aw-server/tests');
  const bin = await bench.python(awServer);
  await bench.succeed(join(bin, 'python'), ['-m', 'pip', 'install', '-q', 'pytest']);
  await testingHub(bench);
  const folder = bench.folder();
  for (const name of ['conftest.py', 'test_client.py']) symlinkSync(join(tests, name), join(folder, name));
  const args = ['-m', 'pytest', '-q', '--rootdir', folder, '-p', 'no:cacheprovider', join(folder, 'test_client.py')];
  const out = await bench.succeed(join(bin, 'python'), args, { env: homeless(bench), cwd: folder });
  return { version: await versionOf(bench, bin, 'aw-client'), did: out.trim().split('\n').at(-1) ?? '' };
}

function testingHub(bench: Workbench): Promise<ClientHub> {
  return bench.hub({ HORAI_OWNER_TOKEN: '', HORAI_PORT: '5666', HORAI_TESTING: '1' });
}

/** The checkout is compiled already: see README.md. */
async function runJavaScriptTests(bench: Workbench): Promise<RunReport> {
  const folder = bench.checkout('aw-client-js');
  await testingHub(bench);
  const mocha = join(folder, 'node_modules/.bin/mocha');
  const out = await bench.succeed(mocha, [join(folder, 'out/test/test.js')], { cwd: folder });
  const { version } = JSON.parse(await bench.succeed('cat', [join(folder, 'package.json')]));
  return { version, did: /\d+ passing/.exec(out)?.[0] ?? out.trim() };
}
