// Visitors and accounts that take as much as they can get: rooms, data, requests, slow rules. The hub must refuse them by name before they
// take much memory or disk, and must serve another account as before. It runs as a process with a small heap limit.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import { Socket } from '../../tests/harness/socket.ts';

export interface VisitorProof {
  /** By attack: requests that were accepted, requests that were refused, MiB of memory and of disk that it took. */
  readonly attacks: Readonly<Record<string, Taken>>;
  readonly faults: readonly string[];
}

interface Taken {
  readonly accepted: number;
  readonly refused: number;
  readonly memory: number;
  readonly disk: number;
}

/** MiB that an attack may take. */
const most = { memory: 128, disk: 48 } as const;
const heap = 192;
const mebi = 2 ** 20;
const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const other = '0f8fad5b-d9cb-469f-a165-70867728950e';
const atOnce = 8;

interface Target {
  readonly url: string;
  /** The token of the account that attacks. */
  readonly secret: string;
}

/** Sends requests for which `send` returns a status, until it has sent `count`. */
type Attack = (target: Target) => { readonly count: number; readonly send: (at: number) => Promise<number> };

const attacks: Readonly<Record<string, Attack>> = {
  '400 rooms of 1.7 MB': ({ url }) => ({
    count: 400 * 40,
    send: (at) => post(`${url}room-${at % 400}`, { timer: 1, user: 'x'.repeat(256) }, 'PUT'),
  }),
  'rooms with names of 200 KB': ({ url }) => ({
    count: 400,
    send: (at) => post(`${url}long-${at}`, { timer: 1, user: 'x'.repeat(200_000) }, 'PUT'),
  }),
  'an account that stores what it can': ({ url, secret }) => ({
    count: 200,
    send: (at) => post(`${url}api/0/buckets/b/events`, [event(at, 'x'.repeat(250_000))], 'POST', `Bearer ${secret}`),
  }),
  'rules that are slow to compile': ({ url, secret }) => ({
    count: 20,
    send: (at) => post(`${url}api/0/settings/privacy_filters`, slowRules(at), 'POST', `Bearer ${secret}`),
  }),
  'a flood of requests': ({ url, secret }) => ({
    count: 6_000,
    send: () => post(`${url}api/v1/users/current`, undefined, 'GET', `Bearer ${secret}`),
  }),
};

/** Requests that people and their tools send: an import of years, an edge that was away for a week, editors, a team's rooms. Nothing is refused. */
const usual: Readonly<Record<string, Attack>> = {
  'an import of 365,181 events': ({ url }) => ({
    count: 1,
    send: () => post(`${url}api/0/import`, yearOfEvents(), 'POST', `Bearer ${owner}`),
  }),
  'an edge that delivers a week, every ten seconds an event': ({ url }) => ({
    count: Math.ceil((7 * 86_400) / 10 / 100),
    send: (at) => post(`${url}-/edge/aw-watcher-window_edge`, edgeBatch(at), 'POST', `Bearer ${owner}`),
  }),
  'editors that were offline for a month': ({ url }) => ({
    count: 800,
    send: (at) => post(`${url}api/v1/users/current/heartbeats.bulk`, heartbeats(at), 'POST', `Bearer ${owner}`),
  }),
  'twenty rooms of one office for a day': ({ url }) => ({
    count: 20 * 60,
    send: (at) => post(`${url}office-${at % 20}`, { timer: 8, user: `ann-${at % 5}` }, 'PUT'),
  }),
};

export async function proveVisitors(print: (line: string) => void): Promise<VisitorProof> {
  const leftovers = new Leftovers();
  const faults: string[] = [];
  const taken: Record<string, Taken> = {};
  try {
    const folder = leftovers.folder();
    const hub = new HubProcess(leftovers, {
      HORAI_DATA: folder,
      HORAI_OWNER_TOKEN: owner,
      HORAI_HOSTS: 'hub.example.org',
      NODE_OPTIONS: `--max-old-space-size=${heap}`,
    });
    const url = await hub.up();
    for (const [name, act] of Object.entries(usual)) {
      const { accepted, refused } = await run(act({ url, secret: owner }));
      print(`${name}: ${accepted} accepted, ${refused} refused`);
      if (refused > 0) faults.push(`${name}: ${refused} requests were refused`);
    }
    const secret = await prepare(url);
    for (const [name, attack] of Object.entries(attacks)) {
      const before = { memory: hub.resident, disk: sizeOf(folder) };
      const { accepted, refused } = await run(attack({ url, secret }));
      const memory = Math.round((hub.resident - before.memory) / mebi);
      const disk = Math.round((sizeOf(folder) - before.disk) / mebi);
      taken[name] = { accepted, refused, memory, disk };
      print(`${name}: ${accepted} accepted, ${refused} refused, ${memory} MiB of memory, ${disk} MiB of disk`);
      if (refused === 0) faults.push(`${name}: nothing was refused`);
      if (memory > most.memory) faults.push(`${name}: took ${memory} MiB of memory`);
      if (disk > most.disk) faults.push(`${name}: took ${disk} MiB of disk`);
      await checkOther(url, name, faults);
    }
    const { err, code } = await hub.stop();
    if (code !== 0) faults.push(`the hub ended with ${code}`);
    for (const line of err.split('\n').filter((one) => /"level":[5-9]\d/.test(one)))
      faults.push(`the hub logged ${line.slice(0, 500)}`);
  } finally {
    await leftovers.clear();
  }
  return { attacks: taken, faults };
}

/** Makes the account that attacks, with limits that an administrator may set. @returns its token */
async function prepare(url: string): Promise<string> {
  const admin = await Socket.open(url, { authorization: `Bearer ${owner}` });
  const made = await admin.ask({ type: 'account', name: 'mallory' });
  await admin.ask({ type: 'limits', name: 'account_bytes', size: 16 * mebi, account: 'mallory' });
  await admin.ask({ type: 'limits', name: 'token_rate', size: 5_000 });
  await admin.close();
  const secret = String(made['secret']);
  const bucket = { client: 'c', type: 'currentwindow', hostname: 'h' };
  await post(`${url}api/0/buckets/b`, bucket, 'POST', `Bearer ${secret}`);
  return secret;
}

/** The owner writes and reads a note, by a connection of its own. */
async function checkOther(url: string, attack: string, faults: string[]): Promise<void> {
  const socket = await Socket.open(url, { authorization: `Bearer ${owner}` });
  const written = await socket.ask({ type: 'update', channel: 'notes', key: other, item: attack, ref: 1 });
  const made =
    written['success'] === true
      ? written
      : await socket.ask({ type: 'create', channel: 'notes', key: other, item: attack, ref: 2 });
  if (made['success'] !== true) faults.push(`after ${attack}: the owner's note was refused: ${JSON.stringify(made)}`);
  await socket.close();
}

async function run({
  count,
  send,
}: ReturnType<Attack>): Promise<{ readonly accepted: number; readonly refused: number }> {
  let [next, accepted, refused] = [0, 0, 0];
  const client = async () => {
    while (next < count) {
      next += 1;
      if ((await send(next - 1)) < 400) accepted += 1;
      else refused += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return { accepted, refused };
}

/** @returns the status */
async function post(url: string, body: unknown, method: string, authorization?: string): Promise<number> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  if (answer.status >= 500) throw new Error(`${method} ${url} was answered ${answer.status}`);
  return answer.status;
}

const begin = Date.UTC(2025, 0, 1);

function yearOfEvents(): object {
  const id = 'aw-watcher-window_import';
  const events = Array.from({ length: 365_181 }, (_, at) => ({
    timestamp: new Date(begin + at * 86_000).toISOString(),
    duration: 80,
    data: { app: `app-${at % 17}`, title: `title ${at % 1_000}` },
  }));
  const about = { id, type: 'currentwindow', client: 'c', hostname: 'import', created: '2025-01-01T00:00:00Z' };
  return { buckets: { [id]: { ...about, events } } };
}

function edgeBatch(at: number): object {
  const about = { type: 'currentwindow', client: 'c', hostname: 'edge', created: '2025-01-01T00:00:00Z', data: {} };
  const events = Array.from({ length: 100 }, (_, index) => {
    const time = (begin + (at * 100 + index) * 10_000) * 1_000;
    const data = JSON.stringify({ app: 'vim', title: `${index}` });
    return { id: at * 100 + index + 1, time, end: time + 9_000_000, data };
  });
  return { write_id: `week-${at}`, about, events, removed: [] };
}

function heartbeats(at: number): readonly object[] {
  return Array.from({ length: 25 }, (_, index) => ({
    entity: `/home/ann/file-${index}.ts`,
    type: 'file',
    project: 'horai',
    time: begin / 1_000 + at * 3_000 + index * 100,
  }));
}

function event(at: number, title: string): object {
  return { timestamp: new Date(Date.UTC(2026, 0, 1) + at * 60_000).toISOString(), duration: 1, data: { title } };
}

/** Each takes milliseconds to compile. @param at makes them different each time */
function slowRules(at: number): readonly object[] {
  return Array.from({ length: 1_000 }, (_, rule) => ({
    field: 'title',
    pattern: `\\pL{900}${at}${rule}`,
    action: 'drop',
  }));
}

function sizeOf(folder: string): number {
  const size = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return size('horai.db') + size('horai.db-wal');
}
