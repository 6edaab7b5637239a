// How much the largest legal requests of one account delay a small request of another: its longest time of answer while they run, and as
// the control the longest on the same hub while it is idle. The hub is a process of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Socket } from '../../tests/harness/socket.ts';
import type { BenchRow } from './store.ts';
import { person } from './wakatime.ts';
import { start } from './wire.ts';

const heartbeats = 200_000;
const events = 365_181;
const bucket = 'aw-watcher-window_bench';
const dayMs = 86_400_000;
const until = Date.UTC(2026, 10, 21);
/** Milliseconds that each load runs, at least, and the pause between two small requests. */
const loadMs = 8_000;
const pauseMs = 5;

export async function benchFairness(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const server = await start('ours', { HORAI_DATA: folder });
  try {
    const hub = `http://127.0.0.1:${server.port}/`;
    const secret = await makeAccount(hub);
    await fill(hub);
    const other = new Other(hub, secret);
    await other.ask();
    const idle = await other.longestWhile(() => pause(loadMs));
    const rows: BenchRow[] = [];
    for (const [name, load] of Object.entries(loads(hub))) {
      const ours = await other.longestWhile(() => repeatLoad(load));
      rows.push({ name: `fairness, a small request during ${name}`, ours, control: idle, unit: 'ms' });
    }
    other.close();
    return rows;
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeAccount(hub: string): Promise<string> {
  const admin = await Socket.open(hub);
  const made = await admin.ask({ type: 'account', name: 'bob' });
  await admin.close();
  return String(made['secret']);
}

/** Requests of the owner, who has years of data. */
function loads(hub: string): Readonly<Record<string, () => Promise<void>>> {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const [first, last] = [day(until - 3_640 * dayMs), day(until)];
  const query = JSON.stringify({
    timeperiods: [`${day(until - 365 * dayMs)}T00:00:00Z/${last}T00:00:00Z`],
    query: [
      `events = flood(query_bucket("${bucket}"));`,
      'events = merge_events_by_keys(events, ["app", "title"]);',
      'RETURN = sort_by_duration(events);',
    ],
  });
  const imported = exportOf(`${bucket}_imported`);
  const lists = taskLists();
  return {
    'summaries of ten years': () => send(hub, 'GET', `api/v1/users/current/summaries?start=${first}&end=${last}`),
    'statistics of all time': () => send(hub, 'GET', 'api/v1/users/current/stats/all_time'),
    'a query of a year': () => send(hub, 'POST', 'api/0/query/', query),
    [`an import of ${events} events`]: () => send(hub, 'POST', 'api/0/import', imported),
    'an export': () => send(hub, 'GET', 'api/0/export'),
    'a dump of all time': async () => {
      await send(hub, 'POST', 'api/v1/users/current/data_dumps', '{"type":"daily"}');
      const { data } = JSON.parse(await read(hub, 'api/v1/users/current/data_dumps'));
      await send(hub, 'GET', new URL(data[0].download_url).pathname);
    },
    'insights of all time': () => send(hub, 'GET', 'api/v1/users/current/insights/days/all_time'),
    'merged days of a year': () => send(hub, 'GET', `-/days?from=${day(until - 365 * dayMs)}&to=${last}`),
    'ten thousand tasks, written and read': () => writeTasks(hub, lists),
    'a thousand privacy rules': () => send(hub, 'POST', 'api/0/settings/privacy_filters', manyRules(), [400]),
  };
}

/** Two lists of as many tasks as a list may have; every task differs between them. */
function taskLists(): readonly string[] {
  return ['one', 'other'].map((name) => {
    const tasks = Array.from({ length: 10_000 }, (_, at) => ({ id: at + 1, desc: `${at} ${name} ${'x'.repeat(300)}` }));
    return JSON.stringify({ type: 'write-all', tasks, ref: 1 });
  });
}

/** Texts are not parsed here: that would hold up the measurement. */
async function writeTasks(hub: string, lists: readonly string[]): Promise<void> {
  const socket = await Socket.open(hub);
  await socket.ask({ type: 'login' });
  for (const list of lists) {
    socket.type(list);
    const written = await socket.text();
    if (!written.startsWith('{"success":true')) throw new Error(`write-all: ${written.slice(0, 200)}`);
  }
  socket.say({ type: 'read-all', ref: 2 });
  await socket.text();
  await socket.close();
}

/** Each takes milliseconds to compile. */
function manyRules(): string {
  return JSON.stringify(
    Array.from({ length: 1_000 }, (_, at) => ({ field: 'title', pattern: `\\pL{900}${at}`, action: 'drop' })),
  );
}

async function fill(hub: string): Promise<void> {
  const source = person(heartbeats);
  const batches = Array.from({ length: 8 }, async () => {
    for (;;) {
      const list = Array.from({ length: 200 }, () => source.next().value).filter((beat) => beat !== undefined);
      if (list.length === 0) return;
      // Five years of heartbeats, spread over ten.
      const stretched = list.map((beat) => ({
        ...beat,
        time: until / 1_000 - (until / 1_000 - Number(beat['time'])) * 2,
      }));
      await send(hub, 'POST', 'api/v1/users/current/heartbeats.bulk', JSON.stringify(stretched));
    }
  });
  await Promise.all(batches);
  await send(hub, 'POST', 'api/0/import', exportOf(bucket));
}

/** A year of events of one bucket, as ActivityWatch exports them. */
function exportOf(id: string): Buffer {
  const step = (365 * dayMs) / events;
  const list = Array.from({ length: events }, (_, at) => ({
    timestamp: new Date(until - 365 * dayMs + at * step).toISOString(),
    duration: step / 1_000,
    data: { app: `app-${at % 17}`, title: `title ${at % 1_000}` },
  }));
  const described = { id, type: 'currentwindow', client: 'bench', hostname: 'bench', created: '2025-01-01T00:00:00Z' };
  return Buffer.from(JSON.stringify({ buckets: { [id]: { ...described, events: list } } }));
}

async function repeatLoad(load: () => Promise<void>): Promise<void> {
  const began = performance.now();
  do await load();
  while (performance.now() - began < loadMs);
}

async function read(hub: string, path: string): Promise<string> {
  return (await fetch(new URL(path, hub))).text();
}

/** Reads the answer and drops it: a parsed one would hold up the measurement. */
function send(
  hub: string,
  method: string,
  path: string,
  body?: string | Buffer,
  allowed: readonly number[] = [],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(new URL(path, hub), { method, headers }, (answer) => {
      const { statusCode = 0 } = answer;
      answer.resume();
      answer.on('error', reject);
      answer.on('end', () => {
        if (statusCode < 300 || allowed.includes(statusCode)) resolve();
        else reject(new Error(`${method} ${path}: ${statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Another account, whose watcher sends a heartbeat now and then. */
class Other {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #hub: string;
  readonly #secret: string;
  #count = 0;

  constructor(hub: string, secret: string) {
    this.#hub = hub;
    this.#secret = secret;
  }

  /** @returns milliseconds until the answer */
  ask(): Promise<number> {
    this.#count += 1;
    const body = JSON.stringify({
      timestamp: new Date(until + this.#count * 1_000).toISOString(),
      duration: 0,
      data: { app: 'vim', title: 'bench' },
    });
    const headers = {
      authorization: `Bearer ${this.#secret}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const path = 'api/0/buckets/aw-watcher-window_bob/heartbeat?pulsetime=60';
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#hub), { method: 'POST', headers, agent: this.#agent }, (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(performance.now() - began);
          else reject(new Error(`a heartbeat was answered ${answer.statusCode}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** The longest time of answer while `load` runs, in milliseconds. */
  async longestWhile(load: () => Promise<unknown>): Promise<number> {
    let isOver = false;
    const loading = load().finally(() => {
      isOver = true;
    });
    let longest = 0;
    while (!isOver) {
      longest = Math.max(longest, await this.ask());
      await pause(pauseMs);
    }
    await loading;
    return Math.round(longest * 10) / 10;
  }

  close(): void {
    this.#agent.destroy();
  }
}
