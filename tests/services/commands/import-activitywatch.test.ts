// `horai import activitywatch`: exports of both servers, their databases, a running server; each is imported twice.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { importSource, openSource } from '../../../server/commands/import/activitywatch.ts';
import { ImportHub } from '../../../server/commands/import/hub.ts';
import type { RunningHub } from '../../../server/compose.ts';
import { everyDriver, loadDriver } from '../../../server/storage/sqlite/driver.ts';
import { startComposed } from '../../harness/compose.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

jest.setTimeout(60_000);

const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const leftovers = new Leftovers();
let hub: RunningHub;
let deps: ImportHub;
let folder: string;

beforeEach(async () => {
  folder = leftovers.folder();
  hub = await startComposed({ ownerToken: key });
  deps = new ImportHub(hub.url, key);
});

afterEach(async () => {
  await hub.stop();
  await leftovers.clear();
});

async function take(path: string, apiKey?: string) {
  const source = await openSource(path, apiKey);
  try {
    return await importSource(source, deps, () => undefined);
  } finally {
    source.close();
  }
}

/** The answer to a complete import: read and added events of each bucket, and new settings. */
const outcome = (buckets: Readonly<Record<string, readonly [read: number, added: number]>>, settings = 0) => ({
  buckets: Object.entries(buckets).map(([id, [read, added]]) => ({
    id,
    bucket: id,
    read,
    new: added,
    present: read - added,
    withheld: 0,
    unreadable: 0,
    reasons: [],
  })),
  settings,
  refusedSettings: [],
});

const get = async (path: string) => JSON.parse(await deps.get(`api/0/${path}`));

/** Events as in exports: the newest first, without ids. */
const events = Array.from({ length: 4_500 }, (_, at) => ({
  timestamp: new Date(Date.UTC(2025, 5, 2, 9) - at * 20_000).toISOString(),
  duration: 19.5,
  data: { app: 'vim', title: `file ${at % 7} "quoted" – ${'é'.repeat(at % 3)}` },
}));
const window = {
  id: 'aw-watcher-window_box',
  created: '2025-05-01T00:00:00+00:00',
  name: null,
  type: 'currentwindow',
  client: 'aw-watcher-window',
  hostname: 'box',
  data: { kept: true },
};
const afk = { ...window, id: 'aw-watcher-afk_box', type: 'afkstatus', client: 'aw-watcher-afk', data: {} };

function exportFile(buckets: object): string {
  const file = join(folder, 'export.json');
  writeFileSync(file, JSON.stringify({ buckets }));
  return file;
}

describe('an export', () => {
  test.each([
    ['before', { ...window, events }],
    ['after', { events, ...window }],
  ])('is imported once, however often it is sent, with its description %s the events', async (_where, bucket) => {
    const file = exportFile({ [window.id]: bucket, [afk.id]: { ...afk, events: [] } });
    expect(await take(file)).toEqual(outcome({ [window.id]: [4_500, 4_500], [afk.id]: [0, 0] }));
    expect(await take(file)).toEqual(outcome({ [window.id]: [4_500, 0], [afk.id]: [0, 0] }));
    expect(await get('buckets/')).toMatchObject({ [window.id]: { ...window }, [afk.id]: { type: 'afkstatus' } });
    const there = await get(`buckets/${window.id}/events?limit=-1`);
    expect(there).toHaveLength(4_500);
    expect(there[0]).toMatchObject({ duration: 19.5, data: events[0]?.data });
  });

  test('that was interrupted is completed', async () => {
    await take(exportFile({ [window.id]: { ...window, events: events.slice(2_000) } }));
    await take(exportFile({ [window.id]: { ...window, events } }));
    expect(await get(`buckets/${window.id}/events/count`)).toBe(4_500);
  });

  test.each([
    '{"buckets": {}}',
    '{"something": 1}',
    '{"buckets": {"a": {',
    'no JSON',
  ])('%j is refused', async (text) => {
    const file = join(folder, 'file');
    writeFileSync(file, text);
    await expect(take(file)).rejects.toThrow();
  });
});

test('a running server gives its buckets and its settings, and settings that are there stay', async () => {
  const other = await startComposed({ ownerToken: key });
  try {
    const there = new ImportHub(other.url, key);
    await there.post('api/0/import', JSON.stringify({ buckets: { [window.id]: { ...window, events } } }));
    await there.post('api/0/settings/classes', '[{"name":["Work"]}]');
    await there.post('api/0/settings/startOfDay', '"04:00"');
    await deps.post('api/0/settings/startOfDay', '"06:00"');
    expect(await take(other.url)).toEqual(outcome({ [window.id]: [4_500, 4_500] }, 1));
    expect(await take(`${other.url}api/0/`)).toEqual(outcome({ [window.id]: [4_500, 0] }));
    expect(await get(`buckets/${window.id}/events/count`)).toBe(4_500);
    expect(await get('settings')).toEqual({ classes: [{ name: ['Work'] }], startOfDay: '06:00' });
    await expect(take(`${other.url}nothing`)).rejects.toThrow('answered 404: is an ActivityWatch server there?');
  } finally {
    await other.stop();
  }
  await expect(take(other.url)).rejects.toThrow('cannot be reached');
});

test('a running server that asks for a key gets it', async () => {
  const answers = new Map([
    ['/api/0/buckets/', JSON.stringify({ [afk.id]: afk })],
    [`/api/0/buckets/${afk.id}/export`, JSON.stringify({ buckets: { [afk.id]: { ...afk, events: [events[0]] } } })],
    ['/api/0/settings', '{}'],
  ]);
  const server = createServer(({ url = '', headers }, response) => {
    const isKnown = headers.authorization === 'Bearer a key';
    response.writeHead(isKnown ? 200 : 401).end(isKnown ? answers.get(url) : '{"message":"no"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    await expect(take(url)).rejects.toThrow(`${url} needs an API key: pass it with --api-key.`);
    expect(await take(url, 'a key')).toEqual(outcome({ [afk.id]: [1, 1] }));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('the Python server’s settings are read from their own file, and existing settings stay', async () => {
  await deps.post('api/0/settings/startOfDay', '"06:00"');
  const file = join(folder, 'settings.json');
  writeFileSync(file, '{"startOfDay": "04:00", "classes": [{"name": ["Work"]}], "devmode": false}');
  expect(await take(file)).toEqual(outcome({}, 2));
  expect(await take(file)).toEqual(outcome({}));
  expect(await get('settings')).toEqual({ classes: [{ name: ['Work'] }], devmode: false, startOfDay: '06:00' });
  writeFileSync(file, '{');
  await expect(take(file)).rejects.toThrow('cannot be read');
});

describe('a database', () => {
  async function database(sql: string): Promise<string> {
    const driver = await loadDriver(everyDriver);
    if (!driver.ok) throw new Error(driver.error);
    const file = join(folder, 'server.db');
    const opened = driver.open(file, false);
    opened.exec(sql);
    opened.close();
    return file;
  }

  test('of the Python server', async () => {
    const file = await database(`
      CREATE TABLE bucketmodel (key INTEGER PRIMARY KEY, id TEXT UNIQUE, created TEXT, name TEXT, type TEXT, client TEXT,
        hostname TEXT, datastr TEXT);
      CREATE TABLE eventmodel (id INTEGER PRIMARY KEY, bucket_id INTEGER, timestamp TEXT, duration DECIMAL(10, 5),
        datastr TEXT);
      INSERT INTO bucketmodel VALUES (1, 'aw-watcher-window_box', '2025-05-01 00:00:00+00:00', NULL, 'currentwindow',
        'aw-watcher-window', 'box', '{}'), (2, 'empty', '2025-05-01T00:00:00+00:00', NULL, 't', 'c', 'h', NULL);
      INSERT INTO eventmodel VALUES (1, 1, '2025-06-02 09:00:00.123456+00:00', 1.5, '{"app": "vim", "title": "é"}'),
        (2, 1, '2025-06-02 09:00:10+00:00', 0, '{"app": "vim", "title": "b"}');`);
    expect(await take(file)).toEqual(outcome({ [window.id]: [2, 2], empty: [0, 0] }));
    expect(await take(file)).toEqual(outcome({ [window.id]: [2, 0], empty: [0, 0] }));
    expect(await get('buckets/aw-watcher-window_box/events')).toMatchObject([
      { timestamp: '2025-06-02T09:00:10+00:00', duration: 0, data: { app: 'vim', title: 'b' } },
      { timestamp: '2025-06-02T09:00:00.123000+00:00', duration: 1.5, data: { app: 'vim', title: 'é' } },
    ]);
    expect(await get('buckets/empty')).toMatchObject({ type: 't', hostname: 'h' });
  });

  test('of the Rust server, with its settings', async () => {
    const micros = Date.UTC(2025, 5, 2, 9) * 1_000;
    const file = await database(`
      PRAGMA user_version = 5;
      CREATE TABLE buckets (id INTEGER PRIMARY KEY, name TEXT UNIQUE, type TEXT, client TEXT, hostname TEXT, created TEXT,
        data_deprecated TEXT, data TEXT);
      CREATE TABLE events (id INTEGER PRIMARY KEY, bucketrow INTEGER, starttime INTEGER, endtime INTEGER, data TEXT);
      CREATE TABLE key_value (key TEXT PRIMARY KEY, value TEXT, last_modified INTEGER);
      INSERT INTO buckets VALUES (3, 'aw-watcher-afk_box', 'afkstatus', 'aw-watcher-afk', 'box', '2025-05-01T00:00:00Z',
        '{}', '{"kept":1}');
      INSERT INTO events VALUES (7, 3, ${micros}000, ${micros}000 + 2500000000, '{"status":"afk"}');
      INSERT INTO key_value VALUES ('settings.classes', '[1]', 0), ('hostname', '"box"', 0);`);
    expect(await take(file)).toEqual(outcome({ [afk.id]: [1, 1] }, 1));
    expect(await take(file)).toEqual(outcome({ [afk.id]: [1, 0] }));
    expect(await get('buckets/aw-watcher-afk_box/events')).toMatchObject([
      { timestamp: '2025-06-02T09:00:00+00:00', duration: 2.5, data: { status: 'afk' } },
    ]);
    expect(await get('buckets/aw-watcher-afk_box')).toMatchObject({ data: { kept: 1 } });
    expect(await get('settings')).toEqual({ classes: [1] });
  });

  test('of another program is refused', async () => {
    const file = await database('CREATE TABLE something (id INTEGER);');
    await expect(take(file)).rejects.toThrow('not one of an ActivityWatch server');
  });
});

/** Starts an ActivityWatch server that answers these paths and fails at all others. */
async function withServer(answers: Readonly<Record<string, unknown>>, act: (url: string) => Promise<void>) {
  const server = createServer(({ url = '' }, response) => {
    const known = answers[url.replace('/api/0/', '')];
    response.writeHead(known === undefined ? 500 : 200).end(known === undefined ? '{}' : JSON.stringify(known));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    await act(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('a bucket that the old server cannot hand over', () => {
  const list = { [afk.id]: afk, [window.id]: window };
  const afkExport = { buckets: { [afk.id]: { ...afk, events: [events[0]] } } };
  const answers = { 'buckets/': list, [`buckets/${afk.id}/export`]: afkExport, settings: {} };

  test('is named and skipped, and the others are imported', async () => {
    await withServer(answers, async (url) => {
      const { buckets } = await take(url);
      expect(buckets).toMatchObject([
        { id: afk.id, new: 1 },
        { id: window.id, new: 0, skipped: expect.stringMatching(/cannot export it: .* answered 500/) },
      ]);
      expect(Object.keys(await get('buckets/'))).toEqual([afk.id, window.id]);
    });
  });

  test('is taken from the export of all buckets', async () => {
    const all = { buckets: { ...afkExport.buckets, [window.id]: { ...window, events } } };
    await withServer({ ...answers, export: all }, async (url) => {
      expect(await take(url)).toEqual(outcome({ [afk.id]: [1, 1], [window.id]: [4_500, 4_500] }));
    });
  });
});

test('malformed events are counted, and the first ones named by their position in the bucket', async () => {
  const some: unknown[] = events
    .slice(0, 2_500)
    .map((event, at) => (at === 2_100 ? { ...event, timestamp: 'never' } : event));
  let deep: object = {};
  for (let depth = 0; depth < 100; depth += 1) deep = { deep };
  some[7] = { ...events[7], data: deep };
  const { buckets } = await take(exportFile({ [window.id]: { ...window, events: some } }));
  expect(buckets).toEqual([
    {
      id: window.id,
      bucket: window.id,
      read: 2_500,
      new: 2_498,
      present: 0,
      withheld: 0,
      unreadable: 2,
      reasons: [
        { position: 8, reason: expect.stringMatching(/The hub answered 400: .*depth|deep/) },
        { position: 2_101, reason: "timestamp 'never' is not ISO 8601" },
      ],
    },
  ]);
});

test('a setting that the hub refuses is named, and the others are imported', async () => {
  const file = join(folder, 'settings.json');
  const classes = [{ name: ['Work'], rule: { type: 'regex', regex: '(' } }];
  writeFileSync(file, JSON.stringify({ classes, startOfDay: '04:00' }));
  const { settings, refusedSettings } = await take(file);
  expect(settings).toBe(1);
  expect(refusedSettings).toMatchObject([{ key: 'classes', reason: expect.stringContaining('Category ') }]);
});

test('the command prints a line for each bucket, and exits with 1 where something is missing', async () => {
  const env = { HORAI_DATA: join(folder, 'data'), HORAI_OWNER_TOKEN: key };
  await new HubProcess(leftovers, env).up();
  const run = (...args: string[]) => new HubProcess(leftovers, env, ['import', 'activitywatch', ...args]).ended;
  const file = exportFile({
    [window.id]: { ...window, events: [...events, { timestamp: 'never' }] },
    [`${afk.id}-synced-from-box`]: { ...afk, events: [] },
  });
  expect(await run(file)).toEqual({
    code: 0,
    out: [
      `${window.id}: 4501 read, 4500 new, 0 already there, 1 unreadable`,
      "  event 4501: timestamp 'never' is not ISO 8601",
      `${afk.id}-synced-from-box → ${afk.id}: 0 read, 0 new, 0 already there`,
      '4500 new events in 2 buckets.',
      '',
    ].join('\n'),
    // On a slow machine the import also prints its progress.
    err: expect.stringMatching(/^(?:\d+ events … aw-watcher-window_box\n)*$/),
  });
  await withServer({ 'buckets/': { [window.id]: window }, settings: {} }, async (url) => {
    expect(await run(url)).toMatchObject({
      code: 1,
      out: expect.stringContaining('skipped the rest: the server cannot'),
    });
  });
  expect(await run(join(folder, 'nothing'))).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') });
}, 180_000);
