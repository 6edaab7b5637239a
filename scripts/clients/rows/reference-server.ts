// ActivityWatch's own server as a reference: the hub and aw-server 0.12 get the same requests, and their answers are compared.

import { join } from 'node:path';
import { eventually } from '../../../tests/harness/eventually.ts';
import { freePort } from '../../prove/free-port.ts';
import { check } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import type { Workbench } from '../workbench.ts';

export const referenceRows: readonly ClientRow[] = [{ name: 'aw-server', source: 'PyPI', run: runReference }];

/**
 * With Peewee 4 its storage raises an error on each request, and with Flask 2.3 it cannot write durations as JSON. Its `flood`
 * of aw-core 0.5.18 is another than that of every release of ActivityWatch.
 */
export const awServer = 'aw-server==0.12.0 aw-core==0.5.17 peewee<4 flask<2.3';

interface Asked {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

const start = Date.UTC(2026, 2, 1, 10);
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
const quote = (time: string) => encodeURIComponent(time);

async function runReference(bench: Workbench): Promise<RunReport> {
  const reference = await startAwServer(bench, { port: await freePort(), home: bench.folder() });
  const { url } = await bench.hub({ HORAI_OWNER_TOKEN: '' });
  const requests = [
    ...bucketRequests(),
    ...eventRequests(),
    ...heartbeatRequests(),
    ...queryRequests(),
    ...lastRequests(),
  ];
  const differences: string[] = [];
  for (const asked of requests) {
    const [ours, theirs] = [await answer(url, asked), await answer(reference, asked)];
    if (ours !== theirs) differences.push(`${asked.method} ${asked.path}: ${describeDifference(ours, theirs)}`);
  }
  check(differences.length === 0, `${differences.length} of ${requests.length} answers differ; ${differences[0]}`);
  return {
    version: '0.12.0',
    did: `answered the same ${requests.length} requests as the hub, with the same status and values`,
  };
}

/** @param place where it listens, and its folder: it goes on with what is there. @returns its address, once it answers */
export async function startAwServer(
  bench: Workbench,
  { port, home }: { readonly port: number; readonly home: string },
): Promise<string> {
  const bin = await bench.python(awServer);
  const folders = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home };
  bench.start(join(bin, 'aw-server'), ['--host', '127.0.0.1', '--port', String(port), '--storage', 'peewee'], {
    env: folders,
  });
  const url = `http://127.0.0.1:${port}/`;
  await eventually(async () => (await fetch(`${url}api/0/info`)).ok, 'aw-server to start');
  return url;
}

/** Both texts, from shortly before where they differ. */
function describeDifference(ours: string, theirs: string): string {
  let same = 0;
  while (ours[same] === theirs[same]) same += 1;
  const [here, there] = [ours, theirs].map((text) => text.slice(Math.max(0, same - 80), same + 80));
  return `${here} and not ${there}`;
}

/** Status and value; without what is of one server only: ids, its name, when a bucket was made. */
async function answer(url: string, { method, path, body }: Asked): Promise<string> {
  const response = await fetch(`${url}api/0/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (response.status >= 400 || text === '') return String(response.status);
  return `${response.status} ${JSON.stringify(comparable(JSON.parse(text)))}`;
}

const ofOneServer = new Set([
  'id',
  'created',
  'hostname',
  'version',
  'device_id',
  'testing',
  'last_updated',
  'data_id',
]);

/** Durations are compared to 10 ms, as aw-server's tests do: it clips an event 1 ms after the end that was asked for. */
function comparable(value: unknown): unknown {
  if (typeof value === 'number') return Math.floor(value * 100) / 100;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !ofOneServer.has(key));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, comparable(one)]));
}

function bucketRequests(): Asked[] {
  const bucket = (type: string) => ({ client: 'row', type, hostname: 'host' });
  return [
    { method: 'GET', path: 'info' },
    { method: 'GET', path: 'buckets/' },
    { method: 'POST', path: 'buckets/window', body: bucket('currentwindow') },
    { method: 'POST', path: 'buckets/window', body: bucket('currentwindow') },
    { method: 'POST', path: 'buckets/afk', body: bucket('afkstatus') },
    { method: 'GET', path: 'buckets/' },
    { method: 'GET', path: 'buckets/window' },
    { method: 'GET', path: 'buckets/none' },
    { method: 'GET', path: 'buckets/none/events' },
    { method: 'DELETE', path: 'buckets/none?force=1' },
  ];
}

const ranges = [
  '',
  '?limit=0',
  '?limit=-1',
  '?limit=3',
  `?start=${quote(at(95))}`,
  `?end=${quote(at(95))}`,
  `?start=${quote(at(95))}&end=${quote(at(305))}`,
  `?start=${quote(at(95))}&end=${quote(at(305))}&limit=2`,
];

function eventRequests(): Asked[] {
  const events = Array.from({ length: 40 }, (_, n) => ({
    timestamp: at(n * 30),
    duration: 20 + (n % 3) * 5,
    data: { app: ['vim', 'firefox', 'term'][n % 3], title: `t${n % 7} é`, url: `https://example.org/${n % 4}` },
  }));
  const afk = Array.from({ length: 8 }, (_, n) => ({
    timestamp: at(n * 150),
    duration: 150,
    data: { status: n % 3 === 2 ? 'afk' : 'not-afk' },
  }));
  return [
    { method: 'POST', path: 'buckets/window/events', body: events },
    { method: 'POST', path: 'buckets/afk/events', body: afk },
    { method: 'POST', path: 'buckets/afk/events', body: [] },
    { method: 'POST', path: 'buckets/none/events', body: [] },
    ...ranges.flatMap((range): Asked[] => [
      { method: 'GET', path: `buckets/window/events${range}` },
      { method: 'GET', path: `buckets/afk/events${range}` },
    ]),
    ...ranges
      .filter((range) => !range.includes('limit'))
      .map((range): Asked => ({ method: 'GET', path: `buckets/window/events/count${range}` })),
  ];
}

/** Pulses in time, late, early, of other data, with durations of their own. */
function heartbeatRequests(): Asked[] {
  const beat = (seconds: number, pulse: number, app: string, duration = 0): Asked => ({
    method: 'POST',
    path: `buckets/beats/heartbeat?pulsetime=${pulse}`,
    body: { timestamp: at(seconds), duration, data: { app } },
  });
  return [
    { method: 'POST', path: 'buckets/beats', body: { client: 'row', type: 'test', hostname: 'host' } },
    ...[0, 5, 10, 12.5, 30, 31].map((seconds) => beat(seconds, 6, 'a')),
    beat(32, 6, 'b'),
    beat(33, 6, 'a', 10),
    beat(40, 2.5, 'a', 1),
    beat(45, 2, 'a'),
    beat(44, 10, 'a'),
    // None is late: aw-server writes over the newest event then, which loses one.
    ...Array.from({ length: 30 }, (_, n) => beat(100 + n * 5 + (n % 4), 4, n % 11 === 0 ? 'c' : 'd', n % 3)),
    { method: 'GET', path: 'buckets/beats/events' },
    { method: 'GET', path: 'buckets/beats/events/count' },
  ];
}

const queries: readonly (readonly string[])[] = [
  ['RETURN = 1;'],
  ['a = query_bucket("window");', 'RETURN = a;'],
  ['a = query_bucket(find_bucket("win"));', 'RETURN = merge_events_by_keys(a, ["app"]);'],
  ['a = query_bucket("window");', 'RETURN = sort_by_duration(merge_events_by_keys(a, ["app", "title"]));'],
  ['a = flood(query_bucket("window"));', 'RETURN = a;'],
  [
    'a = query_bucket("window");',
    'n = query_bucket("afk");',
    'n = filter_keyvals(n, "status", ["not-afk"]);',
    'RETURN = filter_period_intersect(a, n);',
  ],
  ['RETURN = sum_durations(query_bucket("window"));'],
  ['RETURN = limit_events(sort_by_timestamp(query_bucket("window")), 5);'],
  ['e = query_bucket("window");', 'RETURN = filter_keyvals_regex(e, "title", "t1|T2");'],
  ['e = query_bucket("window");', 'RETURN = exclude_keyvals(e, "app", ["vim"]);'],
  ['RETURN = split_url_events(query_bucket("window"));'],
  ['RETURN = chunk_events_by_key(query_bucket("window"), "app");'],
  ['RETURN = period_union(query_bucket("window"), query_bucket("afk"));'],
  ['RETURN = concat(query_bucket("window"), query_bucket("afk"));'],
  [
    'a = sort_by_timestamp(query_bucket("window"));',
    'b = sort_by_timestamp(query_bucket("afk"));',
    'RETURN = union_no_overlap(a, b);',
  ],
  [
    'e = query_bucket("window");',
    'RETURN = categorize(e, [[["Work", "Code"], {"type": "regex", "regex": "VIM", "ignore_case": true}]]);',
  ],
  ['e = query_bucket("window");', 'RETURN = tag(e, [["web", {"type": "regex", "regex": "firefox"}]]);'],
  ['RETURN = query_bucket_eventcount("window");'],
  ['RETURN = {"a": [1, "x", query_bucket_eventcount("afk")]};'],
  ['RETURN = nothing;'],
  ['RETURN = nothing();'],
  ['x = 1;'],
  ['RETURN = query_bucket("none");'],
];

function queryRequests(): Asked[] {
  const periods = [`${at(0)}/${at(1_200)}`, `${at(100)}/${at(400)}`];
  return queries.map((query) => ({ method: 'POST', path: 'query/', body: { timeperiods: periods, query } }));
}

function lastRequests(): Asked[] {
  return [
    { method: 'POST', path: 'query/', body: { timeperiods: [], query: ['RETURN = 1;'] } },
    { method: 'POST', path: 'query/', body: { query: ['RETURN = 1;'] } },
    { method: 'GET', path: 'buckets/window/export' },
    { method: 'GET', path: 'export' },
    { method: 'DELETE', path: 'buckets/beats' },
    { method: 'DELETE', path: 'buckets/beats?force=1' },
    { method: 'GET', path: 'buckets/beats' },
  ];
}
