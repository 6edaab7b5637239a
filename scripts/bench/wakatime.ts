// Five years of one person's heartbeats: how fast they come in by HTTP, what they weigh on disk, how soon a hub that has just
// started answers, and how quick the answers are. The control of a question is the plain scan: the same days read from the same
// store as JSON and added up one by one; that of taking heartbeats in is a bare engine that commits the same rows.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { boundsOf, readStatsRange } from '../../server/adapters/wakatime/calendar.ts';
import { type Heartbeat, readHeartbeat, takeHeartbeat } from '../../server/adapters/wakatime/heartbeat.ts';
import { ask, daysOf, type Person, spanOf } from '../../server/adapters/wakatime/question.ts';
import { readSettings } from '../../server/adapters/wakatime/settings.ts';
import { allTime, stats } from '../../server/adapters/wakatime/stats.ts';
import { statusBar, summaries } from '../../server/adapters/wakatime/summaries.ts';
import { Timelines } from '../../server/adapters/wakatime/timeline.ts';
import { Hub } from '../../server/core/hub.ts';
import { silence } from '../../server/core/relay.ts';
import type { Put, Store } from '../../server/core/store.ts';
import type { World } from '../../server/core/world.ts';
import { openSqlite } from '../../server/storage/sqlite.ts';
import { openBare } from './bare-sqlite.ts';
import { type BenchRow, median } from './store.ts';
import { start } from './wire.ts';

const years = 5;
const account = 'owner';
const second = 1_000_000;
const daySeconds = 86_400;
const until = Date.UTC(2026, 10, 21, 18) / 1_000;
const batch = 25;
const clients = 16;
const ingestMs = 5_000;

/** @param heartbeats of the one account that is asked about */
export async function benchWakatime(heartbeats = 5_000_000): Promise<readonly BenchRow[]> {
  return [...(await taking()), ...(await answering(heartbeats))];
}

/** A small seeded generator: the same person in every run. */
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

/** In order of time: working days of eight hours in runs on one file, in a dozen projects that come and go. */
export function* person(count: number, seed = 7): Generator<Readonly<Record<string, unknown>>> {
  const random = chance(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const days = years * 365;
  const first = until - days * daySeconds;
  let told = 0;
  for (let day = 0; day < days; day += 1) {
    const today = Math.round(((day + 1) * count) / days) - told;
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
    told += today;
  }
}

/** Batches as the command line sends them, by HTTP; and the same rows into a bare engine. */
async function taking(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const server = await start('ours', { HORAI_DATA: join(folder, 'hub') });
  const base = `http://127.0.0.1:${server.port}`;
  const source = person(2_000_000);
  const next = (): readonly unknown[] => Array.from({ length: batch }, () => source.next().value);
  const run = async (send: (heartbeats: readonly unknown[]) => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    let taken = 0;
    const client = async () => {
      while (performance.now() - began < ingestMs) {
        await send(next());
        taken += batch;
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    return Math.round((taken * 1_000) / (performance.now() - began));
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
  const latency = async (path: string): Promise<number> => {
    const times: number[] = [];
    for (let turn = 0; turn < 500; turn += 1) {
      const began = performance.now();
      await fetch(`${base}${path}`).then((answer) => answer.arrayBuffer());
      times.push(performance.now() - began);
    }
    return microseconds(median(times));
  };
  const bar = await latency('/api/v1/users/current/statusbar/today');
  const nothing = await latency('/-/clock');
  await server.stop();
  rmSync(folder, { recursive: true });
  return [
    { name: `wakatime: batches of ${batch} by HTTP, durable`, ours, control, unit: 'heartbeats/s' },
    { name: 'wakatime: status bar by HTTP (control: an empty route)', ours: bar, control: nothing, unit: 'µs' },
  ];
}

async function answering(heartbeats: number): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const world = bareWorld();
  let store = await openStore(folder, world);
  const channel = `${account}/wakatime`;
  let ops: Put[] = [];
  for (const said of person(heartbeats)) {
    const taken = takeHeartbeat(said, { userAgent: '', machine: '', at: until * 1_000 });
    if (!taken.ok) throw new Error(JSON.stringify(taken.errors));
    ops.push({ op: 'add', key: taken.key, value: JSON.stringify(taken.heartbeat), time: taken.time });
    if (ops.length < 5_000) continue;
    await store.append(channel, { ops, origin: 'bench', at: world.now() }, 'last');
    ops = [];
  }
  await store.append(channel, { ops, origin: 'bench', at: world.now() }, 'last');
  await store.close();
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

  store = await openStore(folder, world);
  const hub = new Hub({ store, relay: silence, world });
  const began = performance.now();
  const beats = await new Timelines(hub).of(account);
  const ready = performance.now() - began;
  const someone = { account, id: '', created: 0, settings: await readSettings(hub, account), beats };
  const rows: BenchRow[] = [];
  const compare = async (name: string, ours: () => unknown, plain: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let turn = 0; turn < 15; turn += 1) {
      const before = performance.now();
      ours();
      times.push(performance.now() - before);
    }
    const before = performance.now();
    await plain();
    const control = microseconds(performance.now() - before);
    rows.push({ name: `wakatime: ${name}`, ours: microseconds(median(times)), control, unit: 'µs' });
  };
  const summed = (query: string) => {
    const question = questionOf(someone, query);
    const span = spanOf(question);
    if (!span.ok) throw new Error(span.error);
    return { question, span: span.value };
  };
  for (const [name, query] of [
    ['summaries of 7 days', 'range=last_7_days'],
    ['summaries of 365 days', 'start=2025-11-22&end=2026-11-21'],
  ] as const) {
    const { question, span } = summed(query);
    await compare(
      name,
      () => summaries(question, span),
      () => scan(store, channel, daysOf(span, question.zone).bounds, () => true),
    );
  }
  for (const [name, query, project] of [
    ['stats of all time', '', undefined],
    ['stats of all time, one project', 'project=project-3', 'project-3'],
  ] as const) {
    const question = questionOf(someone, query);
    const range = readStatsRange('all_time', question.now, true);
    if (range === undefined) throw new Error('no range');
    const { bounds } = daysOf(allTime(question), question.zone);
    await compare(
      name,
      () => stats(question, range),
      () => scan(store, channel, bounds, (one) => project === undefined || one.project === project),
    );
  }
  const today = questionOf(someone, '');
  await compare(
    'the status bar',
    () => statusBar(today),
    () => scan(store, channel, boundsOf([today.now.today], today.zone), () => true),
  );
  await store.close();
  rmSync(folder, { recursive: true });
  const of = `${(heartbeats / 1e6).toLocaleString('en')} million`;
  return [
    {
      name: `wakatime: on disk, of ${of} (control: their JSON)`,
      ours: Math.round(bytes / heartbeats),
      control: jsonSize(),
      unit: 'bytes',
    },
    { name: `wakatime: first answer after a start, ${of}`, ours: Math.round(ready), control: 0, unit: 'ms' },
    ...rows,
  ];
}

function questionOf(who: Person, query: string) {
  const question = ask(who, new URLSearchParams(query), until * 1_000);
  if (!question.ok) throw new Error(question.error);
  return question.value;
}

/** All that is asked for, read as it is kept and added up as it comes. */
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
    log: { debug() {}, info() {}, warn() {}, error() {} },
  };
}
