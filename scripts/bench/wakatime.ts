// Five years of one person's heartbeats: the rate of ingest by HTTP, their size on disk, and the time of answers, also of the first one
// after a start. The control of a request is a plain scan: the same days read from the same store as JSON and added up one by one. The
// control of ingest is a bare engine that commits the same rows.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nanoid } from 'nanoid';
import { median } from '../../clients/load/figures.ts';
import { AccountIndexes, type TimeRange } from '../../server/adapters/wakatime/index/account-index.ts';
import { readSettings } from '../../server/adapters/wakatime/model/account-settings.ts';
import { type DateSpan, dayBounds, readStatsRange } from '../../server/adapters/wakatime/model/calendar.ts';
import { type Heartbeat, parseHeartbeat, readHeartbeat } from '../../server/adapters/wakatime/model/heartbeat.ts';
import {
  type PersonInfo,
  parseSpan,
  parseQuery as readQuestion,
  splitDays,
  type TimeQuery,
  type TimeQueryOf,
  timeRangeOf,
} from '../../server/adapters/wakatime/stats/query.ts';
import { allTimeSpan, computeSpan, computeStats } from '../../server/adapters/wakatime/stats/stats.ts';
import { buildStatusBar, summaryPieces } from '../../server/adapters/wakatime/stats/summaries.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Put, Store } from '../../server/core/store.ts';
import type { World } from '../../server/core/world.ts';
import { openSqlite } from '../../server/storage/sqlite/store.ts';
import { openBare } from './bare-sqlite.ts';
import type { BenchRow } from './store.ts';
import { settled, start } from './wire.ts';

const years = 5;
const account = 'owner';
const channel = `${account}/wakatime`;
const second = 1_000_000;
const daySeconds = 86_400;
const until = Date.UTC(2026, 10, 21, 18) / 1_000;
const batch = 25;
const clients = 16;
const ingestMs = 5_000;

/** @param heartbeats the number of heartbeats of the account whose statistics are measured */
export async function benchWakatime(heartbeats = 5_000_000): Promise<readonly BenchRow[]> {
  return [...(await measureIngest()), ...(await measureAnswers(heartbeats)), ...(await measureImport(1_000_000))];
}

/** A small seeded generator, so that every run has the same heartbeats. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

const languages = ['TypeScript', 'Go', 'Python', 'Rust', 'CSS', 'Markdown', 'JSON', 'YAML'];
const agents = [
  'vscode/1.93.1 vscode-wakatime/24.6.2',
  'neovim/900 vim-wakatime/11.1.1',
  'GoLand/2024.1 GoLand-wakatime/15.0.1',
].map((editor) => `wakatime/v1.102.1 (linux-6.6.4-x86_64) go1.22.5 ${editor}`);

/** Heartbeats ordered by time: working days of eight hours, runs on one file, a dozen projects of which a few are active at a time. */
export function* person(count: number, seed = 7): Generator<Readonly<Record<string, unknown>>> {
  const random = chance(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const days = years * 365;
  const first = until - days * daySeconds;
  let generated = 0;
  for (let day = 0; day < days; day += 1) {
    const today = Math.round(((day + 1) * count) / days) - generated;
    const step = 28_800 / Math.max(1, today);
    const machine = `machine-${below(3)}`;
    let [project, file] = [below(12), below(300)];
    for (let index = 0; index < today; index += 1) {
      if (random() < 0.004) project = (Math.floor(day / 150) + below(4)) % 12;
      if (random() < 0.03) file = below(300);
      const language = languages[file % 8] ?? '';
      yield {
        entity: `/home/ann/projects/project-${project}/src/part-${file % 20}/file-${file}.ext`,
        type: 'file',
        category: file % 11 === 0 ? 'writing tests' : 'coding',
        time: Math.round((first + day * daySeconds + 8 * 3_600 + index * step + random() * 0.5 * step) * 1_000) / 1_000,
        project: `project-${project}`,
        branch: day % 9 < 6 ? 'main' : `feature-${day % 40}`,
        language,
        dependencies: Array.from({ length: 4 }, (_, at) => `${language.toLowerCase()}-library-${(file + at * 7) % 25}`),
        is_write: random() < 0.3,
        lines: 100 + file,
        lineno: below(400),
        cursorpos: below(9_000),
        project_root_count: 4,
        user_agent: agents[day % 3],
        machine,
      };
    }
    generated += today;
  }
}

/** Sends batches by HTTP as wakatime-cli does. The control writes the same rows into a bare engine. */
async function measureIngest(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const server = await start('ours', { HORAI_DATA: join(folder, 'hub') });
  const base = `http://127.0.0.1:${server.port}`;
  const source = person(2_000_000);
  const next = (): readonly unknown[] => Array.from({ length: batch }, () => source.next().value);
  const run = async (send: (heartbeats: readonly unknown[]) => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    let sent = 0;
    const client = async () => {
      while (performance.now() - began < ingestMs) {
        await send(next());
        sent += batch;
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    return Math.round((sent * 1_000) / (performance.now() - began));
  };
  const ours = await run(async (list) => {
    const answer = await fetch(`${base}/api/v1/users/current/heartbeats.bulk`, {
      method: 'POST',
      body: JSON.stringify(list),
    });
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  });
  const bare = await openBare(join(folder, 'bare.db'), 'last');
  let rows = 0;
  const control = await run((list) =>
    Promise.all(
      list.map((one) => {
        rows += 1;
        return bare.append(0, `00000000-0000-8000-a000-${rows}`, JSON.stringify(one));
      }),
    ),
  );
  await bare.close();
  const [bars, nothings]: [number[], number[]] = [[], []];
  const request = async (path: string): Promise<void> => void (await (await fetch(`${base}${path}`)).arrayBuffer());
  // Alternates between the two, so that other work on the machine slows both equally.
  for (let turn = 0; turn < 500; turn += 1) {
    bars.push(await measureMs(() => request('/api/v1/users/current/statusbar/today')));
    nothings.push(await measureMs(() => request('/-/clock')));
  }
  const [bar, nothing] = [microseconds(median(bars)), microseconds(median(nothings))];
  await server.stop();
  rmSync(folder, { recursive: true });
  return [
    { name: `wakatime: batches of ${batch} by HTTP, durable`, ours, control, unit: 'heartbeats/s' },
    { name: 'wakatime: status bar by HTTP (control: an empty route)', ours: bar, control: nothing, unit: 'µs' },
  ];
}

/** Imports a data dump with the command into an empty hub. Measures the duration and the peak memory of both. */
async function measureImport(heartbeats: number): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const file = join(folder, 'dump.json');
  await writeFile(file, dumpOf(heartbeats));
  const server = await start('ours', { HORAI_DATA: join(folder, 'hub') });
  const command = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', command, 'import', 'wakatime', file], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], HORAI_DATA: join(folder, 'hub') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let ended = false;
  const end = once(child, 'exit').then(([code]) => {
    ended = true;
    return code;
  });
  let [hubPeak, commandPeak] = [0, 0];
  while (!ended) {
    hubPeak = Math.max(hubPeak, (await server.usage()).resident);
    commandPeak = Math.max(commandPeak, residentOf(child.pid));
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  if ((await end) !== 0) throw new Error('the import failed');
  const took = (performance.now() - began) / 1_000;
  const query = 'api/v1/users/current/stats/all_time';
  await fetch(`http://127.0.0.1:${server.port}/${query}`).then((answer) => answer.arrayBuffer());
  await server.stop();
  const size = statSync(file).size / 1_048_576;
  rmSync(folder, { recursive: true });
  const of = `${(heartbeats / 1e6).toLocaleString('en')} million (control: the file)`;
  return [
    { name: 'wakatime: import of a dump', ours: Math.round(heartbeats / took), control: 0, unit: 'heartbeats/s' },
    {
      name: `wakatime: memory of the hub that imports ${of}`,
      ours: mebibytes(hubPeak),
      control: Math.round(size),
      unit: 'MiB',
    },
    {
      name: `wakatime: memory of the command that imports ${of}`,
      ours: mebibytes(commandPeak),
      control: Math.round(size),
      unit: 'MiB',
    },
  ];
}

/** A dump in WakaTime's format, in chunks of one day. */
function* dumpOf(heartbeats: number): Generator<string> {
  yield '{"user":{},"range":{"start":0,"end":0},"days":[';
  let [date, chunk] = ['', ''];
  for (const heartbeat of person(heartbeats)) {
    const heartbeatDate = new Date(Number(heartbeat['time']) * 1_000).toISOString().slice(0, 10);
    if (heartbeatDate !== date) {
      yield chunk;
      chunk = `${date === '' ? '' : ']},'}{"date":"${heartbeatDate}","heartbeats":[`;
      date = heartbeatDate;
    } else chunk += ',';
    chunk += JSON.stringify(heartbeat);
  }
  yield `${chunk}]}]}`;
}

/** Resident bytes of a process; 0 where the system has no /proc. */
function residentOf(pid: number | undefined): number {
  try {
    const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1_024;
  } catch {
    return 0;
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

/** Writes heartbeats directly into a store, in the form in which the hub stores them. */
async function fill(folder: string, heartbeats: number): Promise<void> {
  const world = bareWorld();
  const store = await openStore(folder, world);
  let ops: Put[] = [];
  const write = () => store.append(channel, { ops, origin: 'bench', at: world.now() }, 'last');
  for (const heartbeat of person(heartbeats)) {
    const parsed = parseHeartbeat(heartbeat, { userAgent: '', machine: '', at: until * 1_000 });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    ops.push({ op: 'add', key: parsed.key, value: JSON.stringify(parsed.heartbeat), time: parsed.time });
    if (ops.length < 5_000) continue;
    await write();
    ops = [];
  }
  await write();
  await store.close();
}

/** Opens the parts of a hub that answer requests, with cold caches. */
async function openParts(folder: string) {
  const world = bareWorld();
  const store = await openStore(folder, world);
  const hub = new Hub({ store, relay: noopRelay, world });
  const timelines = new AccountIndexes(hub);
  const settings = await readSettings(hub, account);
  return { store, timelines, someone: { account, id: '', created: 0, settings } };
}

type HubParts = Awaited<ReturnType<typeof openParts>>;

/** One kind of request: the period that it reads, its answer, and the days that a plain scan reads for it. */
interface Endpoint {
  readonly name: string;
  readonly path: string;
  readonly query: string;
  readonly reach: (question: TimeQueryOf<PersonInfo>) => TimeRange | undefined;
  readonly answer: (question: TimeQuery) => unknown;
  readonly bounds: (question: TimeQuery) => readonly number[];
  readonly fits?: (one: Heartbeat) => boolean;
}

const spanIn = (question: TimeQueryOf<PersonInfo>): DateSpan => {
  const span = parseSpan(question);
  if (!span.ok) throw new Error(span.error);
  return span.value;
};
const days = (name: string, query: string): Endpoint => ({
  name,
  path: 'summaries',
  query,
  reach: (question) => timeRangeOf(question, spanIn(question)),
  async answer(question) {
    let text = '';
    for await (const piece of summaryPieces(question, spanIn(question))) text += piece;
    return text;
  },
  bounds: (question) => splitDays(spanIn(question), question).bounds,
});
const allOfTime = (name: string, query: string, fits: (one: Heartbeat) => boolean): Endpoint => ({
  name,
  path: 'stats/all_time',
  query,
  reach: () => undefined,
  async answer(question) {
    const range = readStatsRange('all_time', question.now, true);
    if (range === undefined) return undefined;
    return JSON.stringify(computeStats(question, range, await computeSpan(question, allTimeSpan(question))));
  },
  bounds: (question) => splitDays(allTimeSpan(question), question).bounds,
  fits,
});
const endpoints: readonly Endpoint[] = [
  days('summaries of 7 days', 'range=last_7_days'),
  days('summaries of 365 days', 'start=2025-11-22&end=2026-11-21'),
  days(
    'summaries of 365 days in Berlin, timeout 5',
    'start=2025-11-22&end=2026-11-21&timezone=Europe/Berlin&timeout=5',
  ),
  allOfTime('stats of all time, one project', 'project=project-3', (one) => one.project === 'project-3'),
  allOfTime('stats of all time', '', () => true),
  {
    name: 'the status bar',
    path: 'statusbar/today',
    query: '',
    reach: (question) => timeRangeOf(question, { first: question.now.today, last: question.now.today }),
    answer: (question) => JSON.stringify(buildStatusBar(question)),
    bounds: (question) => dayBounds([question.now.today], question.zone),
  },
];

async function measureAnswers(heartbeats: number): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  await fill(folder, heartbeats);
  const before = sizeOf(folder);
  const of = `${(heartbeats / 1e6).toLocaleString('en')} million`;
  const rows: BenchRow[] = [];
  const row = (name: string, ours: number, control: number, unit: string) =>
    rows.push({ name: `wakatime: ${name}`, ours: Math.round(ours * 10) / 10, control: Math.round(control), unit });

  // The first request of all: no columns are stored yet, so all heartbeats are read as JSON.
  const cold = await openParts(folder);
  const first = await measureMs(() => ask(cold, days('', 'range=last_7_days')));
  const all = await measureMs(() => cold.timelines.of(account));
  await cold.timelines.close();
  await cold.store.close();
  row(`on disk, of ${of} (control: their JSON)`, before / heartbeats, jsonSize(), 'bytes a heartbeat');
  row(`on disk, days stored as columns, of ${of}`, (sizeOf(folder) - before) / heartbeats, 0, 'bytes a heartbeat');
  row(`7 days, no columns stored yet, of ${of}`, first, 0, 'ms');
  row(`building the columns, of ${of}`, all, 0, 'ms');

  const measured: { endpoint: Endpoint; warm: number; scanned: number }[] = [];
  const running = await openParts(folder);
  for (const endpoint of endpoints) {
    await ask(running, endpoint);
    const question = await questionOf(running, endpoint);
    const warm: number[] = [];
    for (let turn = 0; turn < 15; turn += 1) warm.push(await measureMs(() => ask(running, endpoint)));
    const scanned = await measureMs(() =>
      scan(running.store, channel, endpoint.bounds(question), endpoint.fits ?? (() => true)),
    );
    measured.push({ endpoint, warm: median(warm), scanned });
  }
  await running.store.close();
  for (const { endpoint, warm, scanned } of measured) {
    const first: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const fresh = await openParts(folder);
      first.push(await measureMs(() => ask(fresh, endpoint)));
      await fresh.store.close();
    }
    row(endpoint.name, warm, scanned, 'ms');
    row(`${endpoint.name}, first after a start`, median(first), scanned, 'ms');
    const real: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) real.push(await firstRequest(folder, endpoint));
    row(`${endpoint.name}, first by HTTP after a start of the process`, median(real), scanned, 'ms');
  }
  rmSync(folder, { recursive: true });
  return rows;
}

async function ask({ timelines, someone }: HubParts, endpoint: Endpoint): Promise<unknown> {
  const question = about(someone, endpoint.query);
  const beats = await timelines.of(account, endpoint.reach(question));
  return endpoint.answer({ ...question, person: { ...someone, beats } });
}

/** Milliseconds of the first request to a process that has started and is idle. */
async function firstRequest(folder: string, { path, query }: Endpoint): Promise<number> {
  const server = await start('ours', { HORAI_DATA: folder });
  await settled(server);
  const url = `http://127.0.0.1:${server.port}/api/v1/users/current/${path}?${query}`;
  const took = await measureMs(async () => (await fetch(url)).arrayBuffer());
  await server.stop();
  return took;
}

async function questionOf({ timelines, someone }: HubParts, { query }: Endpoint): Promise<TimeQuery> {
  return about({ ...someone, beats: await timelines.of(account) }, query);
}

function about<Who extends PersonInfo>(who: Who, query: string): TimeQueryOf<Who> {
  const question = readQuestion(who, new URLSearchParams(query), until * 1_000);
  if (!question.ok) throw new Error(question.error);
  return question.value;
}

/** Milliseconds. */
async function measureMs(act: () => unknown): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Reads the heartbeats of these days as JSON and adds up their times, without indexes. */
async function scan(store: Store, channel: string, bounds: readonly number[], fits: (one: Heartbeat) => boolean) {
  const days: Map<string, number>[] = [];
  for (const [index, from] of bounds.slice(0, -1).entries()) {
    const sums = new Map<string, number>();
    let [before, last]: [number, Heartbeat | undefined] = [0, undefined];
    for (const { value, time } of await store.read(channel, { from, to: bounds[index + 1] ?? from })) {
      const heartbeat = readHeartbeat(value, time);
      if (heartbeat === undefined || time === null) continue;
      if (last !== undefined && time - before < 900 * second && fits(last)) {
        const names = [
          last.project,
          last.language,
          last.branch,
          last.category,
          last.user_agent,
          last.machine,
          ...(last.dependencies ?? []),
        ];
        for (const name of names) sums.set(name ?? '', (sums.get(name ?? '') ?? 0) + time - before);
      }
      [before, last] = [time, heartbeat];
    }
    days.push(sums);
  }
  return days;
}

function jsonSize(): number {
  const sample = [...person(20_000)].map((one) => JSON.stringify(one).length);
  return Math.round(sample.reduce((sum, size) => sum + size, 0) / sample.length);
}

function microseconds(ms: number): number {
  return Math.round(ms * 1_000);
}

async function openStore(folder: string, world: World): Promise<Store> {
  const opened = await openSqlite({ folder, world });
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

function bareWorld(): World {
  return {
    now: () => Date.now(),
    after: () => () => {},
    id: () => nanoid(),
    secret: () => crypto.randomUUID(),
    random: () => Math.random(),
    log: { level: 'error', debug() {}, info() {}, warn() {}, error() {} },
  };
}
