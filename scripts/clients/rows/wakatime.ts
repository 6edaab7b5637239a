// WakaTime's command lines and client libraries. Times are of yesterday, so that no run sees the end of a day.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, checkEqual } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import { basic, type ClientHub, owner, type Workbench } from '../workbench.ts';

export const wakatimeRows: readonly ClientRow[] = [
  { name: 'wakatime', source: 'PyPI', optional: true, run: runPython },
  { name: 'wakatime-client', source: 'npm', run: runLibrary },
  { name: 'wakatime-cli', source: 'CLIENTS_FROM', run: runGo },
  { name: 'Wakapi’s Bruno collection', source: 'CLIENTS_FROM', run: runBruno },
];

const noon = Math.floor(Date.now() / 86_400_000) * 86_400 - 43_200;
const day = new Date(noon * 1_000).toISOString().slice(0, 10);

async function get(url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { authorization: `Basic ${basic}` } });
  check(response.ok, `${url} answers ${response.status}`);
  return response.json();
}

async function listHeartbeats({ url }: ClientHub, date = day): Promise<readonly { readonly entity: string }[]> {
  const { data } = Object(await get(`${url}api/v1/users/current/heartbeats?date=${date}`));
  return Array.isArray(data) ? data : [];
}

function home(bench: Workbench): Readonly<Record<string, string>> {
  const folder = bench.folder();
  return { HOME: folder, WAKATIME_HOME: folder };
}

async function runPython(bench: Workbench): Promise<RunReport> {
  const bin = await bench.python('wakatime==13.1.0', 9);
  const env = home(bench);
  const data = bench.folder();
  const file = join(bench.folder(), 'main.py');
  writeFileSync(file, 'import os\n');
  const hub = await bench.hub({ HORAI_DATA: data });
  // This command posts to the address as it is written.
  const api = `${hub.url}api/v1/users/current/heartbeats.bulk`;
  const send = (at: number, extra: readonly string[] = [], input = '') => {
    const args = ['--entity', file, '--key', owner, '--api-url', api, '--time', String(noon + at), ...extra];
    return bench.run(join(bin, 'wakatime'), ['--plugin', 'vim/9.0 vim-wakatime/8.0.0', ...args], { env, input });
  };
  checkEqual((await send(0, ['--write', '--project', 'horai'])).code, 0, 'the exit code');
  const more = [1, 2, 3].map((n) => ({
    entity: file,
    timestamp: noon + 10 * n,
    entity_type: 'file',
    project: 'horai',
  }));
  checkEqual(
    (await send(5, ['--extra-heartbeats'], `${JSON.stringify(more)}\n`)).code,
    0,
    'the exit code with extra heartbeats',
  );
  checkEqual((await listHeartbeats(hub)).length, 5, 'the number of heartbeats');
  await hub.stop();
  for (let n = 0; n < 5; n += 1) checkEqual((await send(100 + n)).code, 102, 'the exit code without a hub');
  const again = await bench.hub({ HORAI_DATA: data, HORAI_PORT: String(hub.port) });
  checkEqual((await send(200)).code, 0, 'the exit code after the outage');
  checkEqual((await listHeartbeats(again)).length, 11, 'the number of heartbeats after the outage');
  const wrong = await bench.run(
    join(bin, 'wakatime'),
    ['--entity', file, '--key', owner.replace('6', '7'), '--api-url', api],
    { env },
  );
  checkEqual(wrong.code, 104, 'the exit code with a wrong key');
  return {
    version: '13.1.0',
    did: 'sent one heartbeat, three extra ones, five from its queue after an outage; refused with a wrong key',
  };
}

async function postPair({ url }: ClientHub): Promise<void> {
  const beat = {
    entity: '/home/ann/horai/main.ts',
    type: 'file',
    project: 'horai',
    branch: 'main',
    language: 'TypeScript',
  };
  const response = await fetch(`${url}api/v1/users/current/heartbeats.bulk`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
    body: JSON.stringify([0, 60].map((after) => ({ ...beat, time: noon + after }))),
  });
  check(response.status === 202 || response.status === 201, `heartbeats are answered with ${response.status}`);
}

async function runLibrary(bench: Workbench): Promise<RunReport> {
  const folder = await bench.npm('wakatime-client@2.7.0');
  const hub = await bench.hub();
  await postPair(hub);
  const out = await bench.succeed(process.execPath, [
    bench.program('wakatime-client-calls.mjs'),
    folder,
    hub.url,
    owner,
    day,
  ]);
  return { version: '2.7.0', did: out.trim() };
}

const addresses = ['api/v1', 'api/v1/', 'api', 'api/compat/wakatime/v1', 'api/v1/users/current/heartbeats.bulk'];

async function runGo(bench: Workbench): Promise<RunReport> {
  const program = bench.checkout('wakatime-cli');
  const env = home(bench);
  const file = join(bench.folder(), 'main.go');
  writeFileSync(file, 'package main\n');
  const data = bench.folder();
  const hub = await bench.hub({ HORAI_DATA: data });
  const cli = (args: readonly string[], key = owner, address = 'api/v1', input = '') => {
    const base = ['--key', key, '--api-url', `${hub.url}${address}`];
    return bench.run(program, [...base, '--plugin', 'vim/9.0 vim-wakatime/11.1.1', ...args], { env, input });
  };
  const beat = (at: number) => ['--entity', file, '--time', String(noon + at), '--project', 'horai'];
  let at = 0;
  for (const address of addresses) {
    for (const key of [owner, `waka_${owner}`]) {
      at += 10;
      const { code, err } = await cli([...beat(at), '--write'], key, address);
      check(code === 0, `${address} with ${key.slice(0, 5)}… ends with ${code}: ${err}`);
    }
  }
  checkEqual((await listHeartbeats(hub)).length, at / 10, 'the number of heartbeats');
  const extra = [1, 2, 3].map((n) => ({ entity: file, timestamp: noon + 500 + n * 10, type: 'file' }));
  checkEqual(
    (await cli([...beat(500), '--extra-heartbeats'], owner, 'api/v1', `${JSON.stringify(extra)}\n`)).code,
    0,
    'extra',
  );
  const domain = ['--entity', 'github.com', '--entity-type', 'domain', '--time', String(noon + 600)];
  checkEqual((await cli(domain)).code, 0, 'the exit code of a domain heartbeat');
  const sent = at / 10 + 5;
  checkEqual((await listHeartbeats(hub)).length, sent, 'the number of heartbeats with extra and domain');
  await hub.stop();
  for (let n = 0; n < 61; n += 1) await cli(beat(1_000 + n * 10));
  const queued = (await cli(['--offline-count'])).out.trim();
  checkEqual(queued, '61', 'the queue without a hub');
  const again = await bench.hub({ HORAI_DATA: data, HORAI_PORT: String(hub.port) });
  forgetBackoff(env['HOME'] ?? '');
  checkEqual((await cli(beat(2_000))).code, 0, 'the exit code after the outage');
  checkEqual((await listHeartbeats(again)).length, sent + 62, 'the number of heartbeats after the outage');
  const today = await cli(['--today']);
  check(today.code === 0 && today.out.trim() !== '', `--today says ${today.out}${today.err}`);
  const experts = await cli(['--file-experts', '--entity', file, '--project', 'horai']);
  checkEqual(experts.code, 0, 'the exit code of --file-experts');
  const goal = await cli(['--today-goal', await createGoal(again)]);
  check(goal.code === 0 && /\d/.test(goal.out), `--today-goal says ${goal.out}${goal.err}`);
  const version = (await bench.succeed(program, ['--version'])).trim();
  return {
    version,
    did: `${addresses.length} address forms × 2 key forms, extra and domain heartbeats, 61 queued during an outage, --today, --today-goal, --file-experts`,
  };
}

/** @returns the id of a goal of one hour a day */
async function createGoal({ url }: ClientHub): Promise<string> {
  const response = await fetch(`${url}api/v1/users/current/goals`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'an hour a day', seconds: 3_600, delta: 'day' }),
  });
  const answer = await response.json();
  checkEqual(response.status, 201, 'the status of a new goal');
  return String(Object(answer).data?.id);
}

/** The command waits for half a minute and more after a failure; the row does not. */
function forgetBackoff(folder: string): void {
  const file = join(folder, 'wakatime-internal.cfg');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^\s*backoff_.*\n?/gm, ''));
}

/** Each request of the collection as its file says it; Bruno itself only fills in the variables. */
async function runBruno(bench: Workbench): Promise<RunReport> {
  const collection = bench.checkout('wakapi/bruno');
  const hub = await bench.hub();
  await postPair(hub);
  const listed = await bench.succeed('find', [collection, '-mindepth', '2', '-name', '*.bru']);
  const files = listed.trim().split('\n').sort();
  let asked = 0;
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const request = /^(get|post|put|delete) \{\s+url: (\S+)/m.exec(text);
    if (request === null) continue;
    const [, method = '', address = ''] = request;
    const body = /^body:json \{\n([\s\S]*?)\n\}$/m.exec(text)?.[1];
    const fill = (part: string) =>
      part
        .replace('{{BASE_URL}}', hub.url.slice(0, -1))
        .replace('{{tsNow}}', String(noon))
        .replace('{{ts1MonthAgo}}', String(noon - 2_592_000));
    const response = await fetch(fill(address).replace('/n1try/', '/current/'), {
      method: method.toUpperCase(),
      headers: {
        authorization: `Basic ${basic}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: fill(body) }),
    });
    const answer = await response.text();
    check(response.status < 300, `${method} ${address} answers ${response.status}: ${answer.slice(0, 200)}`);
    asked += 1;
  }
  return { version: '', did: `${asked} requests, each answered with success` };
}
