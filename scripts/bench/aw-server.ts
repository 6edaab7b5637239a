// Compares the hub with ActivityWatch's own server. Both get the same events by the same requests, and then compute the window time of a
// heavy day outside AFK periods. The server is installed from PyPI into a cache folder; without Python the benchmark prints that it is
// skipped.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../clients/load/figures.ts';
import { startComposed } from '../../tests/harness/compose.ts';
import { freePort } from '../prove/free-port.ts';
import type { BenchRow } from './store.ts';

const version = '0.12.0';
/** aw-server 0.12 cannot process the timestamps and durations of later versions of peewee and Flask. */
const packages = [`aw-server==${version}`, 'peewee==3.16.2', 'flask==2.2.5'];
const venv = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'horai-bench', `aw-server-${version}`);
const day = '2026-11-20';
const begin = Date.parse(`${day}T04:00:00Z`);
const windows = 10_000;
const rounds = 7;
const patienceMs = 60_000;

/** @returns the path of the program; undefined where it cannot be installed */
function install(): string | undefined {
  const program = join(venv, 'bin', 'aw-server');
  if (existsSync(program)) return program;
  try {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'ignore' });
    execFileSync(join(venv, 'bin', 'pip'), ['install', '-q', ...packages], { stdio: 'ignore' });
    return program;
  } catch (error) {
    rmSync(venv, { recursive: true, force: true });
    console.error(
      `SKIPPED: aw-server ${version} could not be installed (it needs python3 with venv): ${String(error)}`,
    );
    return undefined;
  }
}

async function ask(base: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
  const answer = await fetch(new URL(path, base), {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok && answer.status !== 304)
    throw new Error(`${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
  return answer.text();
}

/** Writes a day of sixteen hours: a window event every six seconds, and AFK events. */
async function fill(base: string): Promise<void> {
  const step = (16 * 3_600) / windows;
  const buckets = [
    {
      id: 'w_anvil',
      type: 'currentwindow',
      events: Array.from({ length: windows }, (_, index) => ({
        timestamp: new Date(begin + index * step * 1_000).toISOString(),
        duration: step,
        data: { app: `app ${index % 17}`, title: `title ${index % 391}` },
      })),
    },
    {
      id: 'afk_anvil',
      type: 'afkstatus',
      events: Array.from({ length: 64 }, (_, index) => ({
        timestamp: new Date(begin + index * 900_000).toISOString(),
        duration: 900,
        data: { status: index % 4 === 3 ? 'afk' : 'not-afk' },
      })),
    },
  ];
  for (const { id, type, events } of buckets) {
    await ask(base, 'POST', `/api/0/buckets/${id}`, { client: id.split('_')[0], type, hostname: 'anvil' });
    for (let at = 0; at < events.length; at += 1_000)
      await ask(base, 'POST', `/api/0/buckets/${id}/events`, events.slice(at, at + 1_000));
  }
}

const query = {
  timeperiods: [`${day}T00:00:00+00:00/2026-11-21T00:00:00+00:00`],
  query: [
    'windows = flood(query_bucket("w_anvil"));',
    'afk = flood(query_bucket("afk_anvil"));',
    'active = filter_period_intersect(windows, filter_keyvals(afk, "status", ["not-afk"]));',
    'RETURN = merge_events_by_keys(active, ["app", "title"]);',
  ],
};

async function startServer(program: string, folder: string): Promise<{ base: string; stop(): void }> {
  const port = await freePort();
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder };
  const child = spawn(program, ['--testing', '--port', String(port)], { env, stdio: 'ignore' });
  const base = `http://127.0.0.1:${port}`;
  for (const until = performance.now() + patienceMs; ; ) {
    const isUp = await fetch(`${base}/api/0/info`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { base, stop: () => child.kill('SIGKILL') };
    if (performance.now() > until) throw new Error('aw-server did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function measureMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** Alternates between the two, so that other work on the machine slows both equally. */
async function compare(hub: string, server: string): Promise<readonly BenchRow[]> {
  const ours = () => ask(hub, 'GET', `/-/day/${day}`);
  const theirs = () => ask(server, 'POST', '/api/0/query/', query);
  const first = [await measureMs(ours), await measureMs(theirs)];
  const again: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    again[0].push(await measureMs(ours));
    again[1].push(await measureMs(theirs));
  }
  const row = (name: string, [one = 0, other = 0]: readonly number[]): BenchRow => ({
    name,
    ours: Math.round(one * 10) / 10,
    control: Math.round(other * 10) / 10,
    unit: 'ms',
  });
  return [
    row('day: a heavy day by HTTP for the first time (control: aw-server)', first),
    row('day: a heavy day by HTTP again (control: aw-server)', again.map(median)),
  ];
}

export async function benchAwServer(): Promise<readonly BenchRow[]> {
  const program = install();
  if (program === undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-aw-'));
  const data = join(folder, 'hub');
  mkdirSync(data);
  const hub = await startComposed({ store: 'sqlite', data });
  try {
    const server = await startServer(program, folder);
    try {
      await fill(hub.url);
      await fill(server.base);
      return await compare(hub.url, server.base);
    } finally {
      server.stop();
    }
  } finally {
    await hub.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
