// A year of one machine in ActivityWatch's buckets, with the HTTP requests of the web UI and the watchers. The control of a query is a
// plain evaluation: the same statements over events that are read from the same store and parsed one by one, without a cache. The control
// of heartbeats is the store alone, with the same puts.

import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nanoid } from 'nanoid';
import { median } from '../../clients/load/figures.ts';
import { eventOf } from '../../server/adapters/activitywatch/events/event.ts';
import { evaluate, parseProgram } from '../../server/adapters/activitywatch/query/evaluate.ts';
import { Moment, ResultWriter } from '../../server/adapters/activitywatch/query/values.ts';
import { openActivityWatch } from '../../server/adapters/activitywatch/routes/routes.ts';
import { Accounts } from '../../server/core/accounts.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Put, Store } from '../../server/core/store.ts';
import type { World } from '../../server/core/world.ts';
import { openSqlite } from '../../server/storage/sqlite/store.ts';
import { listen } from '../../server/transport/listen.ts';
import { fullDesktopQuery } from '../../tests/harness/activitywatch-webui-queries.ts';
import type { BenchRow } from './store.ts';

const days = 365;
const begin = Date.UTC(2025, 10, 21);
const dayMs = 86_400_000;
const [windowBucket, afkBucket, webBucket] = [
  'aw-watcher-window_box',
  'aw-watcher-afk_box',
  'aw-watcher-web-chrome_box',
];
const perDay = { window: 822, afk: 25, web: 137 };
const clients = 64;
const beatMs = 5_000;

/** A small seeded generator, so that every run has the same events. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

const apps = ['Code', 'Google Chrome', 'Slack', 'Terminal', 'zoom', 'Mail', 'Spotify', 'Figma'];
const topics = ['invoice', 'release notes', 'standup', 'hub', 'github pull request', 'design', 'tests', 'music'];

const categories = Array.from({ length: 20 }, (_, index) => [
  index % 3 === 0 ? ['Work', `Project ${index}`] : [`Category ${index}`],
  {
    type: 'regex',
    regex: `${topics[index % topics.length]} ${index}|\\b${apps[index % apps.length]} ${index}\\b`,
    ignore_case: index % 2 === 0,
  },
]) satisfies readonly (readonly [readonly string[], object])[] | unknown;

interface GeneratedEvent {
  readonly time: number;
  readonly duration: number;
  readonly data: object;
}

/** Events of working days of ten hours, ordered by time. */
function* year(perDay: number, data: (random: () => number) => object, seed: number): Generator<GeneratedEvent> {
  const random = chance(seed);
  const slice = Math.floor(36_000_000 / perDay);
  for (let day = 0; day < days; day += 1) {
    for (let index = 0; index < perDay; index += 1) {
      const time = begin + day * dayMs + 8 * 3_600_000 + index * slice;
      yield { time, duration: Math.floor(slice * (0.5 + random() / 2)), data: data(random) };
    }
  }
}

const pick = <T>(random: () => number, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] ?? from.slice(-1)[0] ?? fail();

function fail(): never {
  throw new Error('nothing to pick from');
}

export const buckets = [
  {
    id: windowBucket,
    type: 'currentwindow',
    events: () =>
      year(
        perDay.window,
        (random) => ({ app: pick(random, apps), title: `${pick(random, topics)} ${Math.floor(random() ** 3 * 400)}` }),
        1,
      ),
  },
  {
    id: afkBucket,
    type: 'afkstatus',
    events: () => year(perDay.afk, (random) => ({ status: random() < 0.8 ? 'not-afk' : 'afk' }), 2),
  },
  {
    id: webBucket,
    type: 'web.tab.current',
    events: () =>
      year(
        perDay.web,
        (random) => {
          const page = Math.floor(random() ** 3 * 500);
          return {
            url: `https://www.site${page % 40}.example/${page}?q=${page}`,
            title: `${pick(random, topics)} ${page}`,
            audible: random() < 0.1,
            incognito: false,
            tabCount: 5,
          };
        },
        3,
      ),
  },
];

export const query = fullDesktopQuery({
  window: windowBucket,
  afk: afkBucket,
  browsers: [{ name: 'chrome', bucket: webBucket, apps: ['Google Chrome', 'Chromium'] }],
  categories: categories.map(([names, rule]) => [Array.isArray(names) ? names.map(String) : [], Object(rule)] as const),
});

export async function benchActivityWatch(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const quiet = { level: 'error', debug() {}, info() {}, warn() {}, error: console.error };
  const world: World = {
    now: () => Date.now(),
    after(ms, act) {
      const timer = setTimeout(act, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
    id: () => nanoid(),
    secret: () => crypto.randomUUID(),
    random: () => Math.random(),
    log: quiet,
  };
  const opened = await openSqlite({ folder, world });
  if (!opened.ok) throw new Error(opened.error);
  const { store } = opened;
  const hub = new Hub({ store, relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  await accounts.createOwner(undefined);
  const activityWatch = openActivityWatch({
    hub,
    accounts,
    personal: true,
    hostname: 'box',
    version: 'bench',
    testing: true,
  });
  const converse = (): never => fail();
  const handlers = { routes: activityWatch.routes, admit: () => undefined, converse };
  const result = await listen(
    handlers,
    { host: '127.0.0.1', port: 0, kronosPort: null, isKronosRequired: false },
    { log: quiet },
  );
  if (!result.ok) throw new Error(result.error);
  const client = new HttpClient(result.listening.port);
  try {
    await fill(client, store);
    return [
      ...(await queries(client, store)),
      ...(await lists(client)),
      ...(await beats(client, store)),
      ...(await exporting(client, store)),
      ...(await importing(client)),
      ...(await concurrentAccounts(client, accounts)),
    ];
  } finally {
    client.close();
    await result.listening.close();
    await activityWatch.close();
    await hub.close();
    rmSync(folder, { recursive: true });
  }
}

/** An HTTP client with persistent connections. */
class HttpClient {
  #port: number;
  #agent = new Agent({ keepAlive: true, maxSockets: clients });

  constructor(port: number) {
    this.#port = port;
  }

  /** @param body a Buffer is sent unchanged, any other value as JSON */
  ask(method: string, path: string, body?: unknown, token = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const text = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
      const headers = {
        'content-type': 'application/json',
        'content-length': text.length,
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      };
      const outgoing = request(
        { port: this.#port, host: '127.0.0.1', method, path, headers, agent: this.#agent },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('error', reject);
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString());
            else reject(new Error(`${response.statusCode}: ${Buffer.concat(chunks).toString()}`));
          });
        },
      );
      // The server may have closed an idle connection just before the request: then the request is sent again.
      outgoing.on('error', (error) =>
        outgoing.reusedSocket ? this.ask(method, path, body, token).then(resolve, reject) : reject(error),
      );
      outgoing.end(text);
    });
  }

  /** Reads a response and discards it. @param onData called for each chunk */
  discard(path: string, onData: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ port: this.#port, host: '127.0.0.1', path, agent: this.#agent }, (response) => {
        response.on('error', reject);
        response.on('data', onData);
        response.on('end', resolve);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function fill(client: HttpClient, store: Store): Promise<void> {
  let id = 1_000_000;
  for (const { id: bucket, type, events } of buckets) {
    await client.ask('POST', `/api/0/buckets/${bucket}`, { client: 'bench', type, hostname: 'box' });
    let ops: Put[] = [];
    const write = async () => {
      await store.append(`owner/aw/${bucket}`, { ops, origin: 'bench', at: begin }, 'last');
      ops = [];
    };
    for (const { time, duration, data } of events()) {
      id += 1;
      ops.push({
        op: 'put',
        key: String(id),
        value: JSON.stringify(data),
        time: time * 1_000,
        end: (time + duration) * 1_000,
      });
      if (ops.length === 2_000) await write();
    }
    await write();
  }
}

export function periodOf(count: number): { readonly start: string; readonly end: string } {
  const end = begin + days * dayMs;
  const text = (ms: number) => new Date(ms).toISOString().replace('.000Z', '+00:00');
  return { start: text(end - count * dayMs), end: text(end) };
}

async function queries(client: HttpClient, store: Store): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const ask = (count: number) => {
    const { start, end } = periodOf(count);
    return client.ask('POST', '/api/0/query/', { query, timeperiods: [`${start}/${end}`] });
  };
  const cold = await measureMs(() => ask(1));
  rows.push({
    name: 'activitywatch: the first query after a start, 1 day',
    ours: cold,
    control: await plainTime(store, 1),
    unit: 'ms',
  });
  for (const [count, rounds] of [
    [1, 25],
    [30, 15],
    [365, 7],
  ] as const) {
    const ours: number[] = [];
    const control: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await measureMs(() => ask(count)));
      if (round < (count > 30 ? 1 : 3)) control.push(await plainTime(store, count));
    }
    if ((await ask(count)) !== `[${await plain(store, count)}]\n`)
      throw new Error(`${count} days: the result differs from that of the plain evaluation`);
    rows.push({
      name: `activitywatch: full desktop query, ${count} days`,
      ours: median(ours),
      control: median(control),
      unit: 'ms',
    });
  }
  rows.push({
    name: 'activitywatch: longest pause of the event loop during queries of 365 days',
    ours: await longestPause(async () => {
      for (let round = 0; round < 3; round += 1) await ask(365);
    }),
    control: await longestPause(() => plain(store, 365)),
    unit: 'ms',
  });
  return rows;
}

const plainTime = (store: Store, count: number): Promise<number> => measureMs(() => plain(store, count));

async function plain(store: Store, count: number): Promise<string> {
  const period = periodOf(count);
  const [from, to] = [Date.parse(period.start) * 1_000, Date.parse(period.end) * 1_000];
  const events = new Map<string, readonly Moment[]>();
  for (const { id } of buckets) {
    const items = await store.read(`owner/aw/${id}`, { from: from - 1, to: to + 1, newest: true });
    events.set(
      id,
      items.map((item) => {
        const { id: number, time, duration, data } = eventOf(item);
        const [start, end] = [Math.max(time, from), Math.min(time + duration, to)];
        return new Moment(number, start, end - start, JSON.parse(data));
      }),
    );
  }
  const program = parseProgram(query.join('\n'));
  if (!program.ok) throw new Error(program.message);
  const evaluated = evaluate(program.statements, {
    source: {
      buckets: buckets.map(({ id }) => ({ id, hostname: 'box' })),
      events: (id) => events.get(id) ?? [],
      count: (id) => events.get(id)?.length ?? 0,
    },
    period,
    name: '',
    print: () => undefined,
  });
  if (!evaluated.ok) throw new Error(evaluated.message);
  return new ResultWriter().text(evaluated.value);
}

async function lists(client: HttpClient): Promise<readonly BenchRow[]> {
  const times = (path: string) => many(200, () => client.ask('GET', path));
  const [list, info] = [await times('/api/0/buckets/'), await times('/api/0/info')];
  return [
    { name: 'activitywatch: list of buckets (control: /info)', ours: median(list), control: median(info), unit: 'ms' },
  ];
}

async function beats(client: HttpClient, store: Store): Promise<readonly BenchRow[]> {
  let at = begin + (days + 1) * dayMs;
  const ours = await rate(() => {
    at += 1_000;
    const data = { app: 'Code', title: `hub ${Math.floor(at / 30_000) % 400}` };
    return client.ask('POST', `/api/0/buckets/${windowBucket}/heartbeat?pulsetime=2`, {
      timestamp: new Date(at).toISOString(),
      duration: 0,
      data,
    });
  });
  let step = 0;
  const control = await rate(() => {
    step += 1;
    const key = String(5_000_000 + Math.floor(step / 30));
    const [time, end] = [at * 1_000, (at + step) * 1_000];
    return store.append(
      'owner/aw/control',
      { ops: [{ op: 'put', key, value: '{"app":"Code"}', time, end }], origin: 'bench', at: begin },
      'last',
    );
  });
  return [
    {
      name: 'activitywatch: heartbeats into the bucket of 300,000 events (control: bare appends)',
      ours,
      control,
      unit: 'writes/s',
    },
  ];
}

async function exporting(client: HttpClient, store: Store): Promise<readonly BenchRow[]> {
  const ours = await measureMs(() => client.ask('GET', `/api/0/buckets/${windowBucket}/export`));
  const control = await measureMs(async () => {
    for (let seq = 0, more = true; more; ) {
      const since = await store.since(`owner/aw/${windowBucket}`, seq, 2_048);
      more = since.ok && since.more;
      seq = since.ok ? (since.changes.at(-1)?.seq ?? seq) : seq;
    }
  });
  const before = process.memoryUsage.rss();
  let most = before;
  await client.discard('/api/0/export', () => {
    most = Math.max(most, process.memoryUsage.rss());
  });
  const whole = await client.ask('GET', '/api/0/export');
  return [
    { name: 'activitywatch: export of 300,000 events (control: reading them)', ours, control, unit: 'ms' },
    {
      name: 'activitywatch: memory that an export of everything takes (control: its size)',
      ours: Math.round((most - before) / 1e6),
      control: Math.round(whole.length / 1e6),
      unit: 'MB',
    },
  ];
}

async function importing(client: HttpClient): Promise<readonly BenchRow[]> {
  const exported = await client.ask('GET', `/api/0/buckets/${windowBucket}/export`);
  const body = Buffer.from(exported.replaceAll(windowBucket, 'imported_box'));
  const control = await longestPause(async () => void JSON.parse(body.toString()));
  const ours = await longestPause(() => client.ask('POST', '/api/0/import', body));
  return [
    {
      name: `activitywatch: longest pause of the event loop during an import of ${Math.round(body.length / 1e6)} MB (control: parsing it)`,
      ours,
      control,
      unit: 'ms',
    },
  ];
}

/** One account repeats a small query while another account queries a year. */
async function concurrentAccounts(client: HttpClient, accounts: Accounts): Promise<readonly BenchRow[]> {
  await accounts.createAccount('ann');
  const token = await accounts.createToken('ann', 'laptop', ['read', 'write']);
  if (!token.ok) throw new Error('no token');
  const ask = (count: number, secret: string, text: readonly string[]) => {
    const { start, end } = periodOf(count);
    return client.ask('POST', '/api/0/query/', { query: text, timeperiods: [`${start}/${end}`] }, secret);
  };
  const small = () => ask(1, token.secret, ['RETURN = query_bucket_names();']);
  const control = median(await many(20, small));
  let busy = true;
  const years = (async () => {
    while (busy) await ask(365, '', query);
  })();
  const ours = median(await many(20, small));
  busy = false;
  await years;
  return [
    {
      name: 'activitywatch: a small query during another account’s query of a year (control: alone)',
      ours,
      control,
      unit: 'ms',
    },
  ];
}

/** Milliseconds of the longest pause of the event loop, which the hub shares, while `act` runs. */
async function longestPause(act: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // The monitor does not measure the turn in which it starts.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await act();
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return round1(delay.max / 1e6);
}

async function rate(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let done = 0;
  const client = async () => {
    while (performance.now() - began < beatMs) {
      await act();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return Math.round((done * 1_000) / (performance.now() - began));
}

async function many(count: number, act: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) times.push(await measureMs(act));
  return times;
}

async function measureMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return round1(performance.now() - began);
}

function round1(ms: number): number {
  return Math.round(ms * 10) / 10;
}
