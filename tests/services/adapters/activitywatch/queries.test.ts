// Queries over HTTP and in their worker thread: the web UI's own queries, events that were just written, events of other accounts, and time
// limits.

import { afterEach, describe, expect, test } from '@jest/globals';
import { Queries } from '../../../../server/adapters/activitywatch/query/queries.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { openServer, type ServerOptions, type TestServer } from '../../../harness/activitywatch.ts';
import {
  activityQuery,
  appQuery,
  categoryQuery,
  editorQuery,
  fullDesktopQuery,
  multideviceQuery,
} from '../../../harness/activitywatch-webui-queries.ts';

let houses: TestServer[] = [];
afterEach(async () => {
  for (const server of houses) await server.close();
  houses = [];
});

async function open(options: ServerOptions = {}): Promise<TestServer> {
  const server = await openServer(options);
  houses.push(server);
  return server;
}

const at = (seconds: number) => new Date(Date.UTC(2026, 2, 1, 10) + seconds * 1_000).toISOString();
const event = ([start, duration, data]: readonly [number, number, object]) => ({
  timestamp: at(start),
  duration,
  data,
});
const timeperiods = ['2026-03-01T04:00:00+02:00/2026-03-02T04:00:00+02:00'];

async function filled(): Promise<TestServer> {
  const server = await open();
  const fill = async (
    id: string,
    type: string,
    hostname: string,
    events: readonly (readonly [number, number, object])[],
  ) => {
    await server.post(`/api/0/buckets/${id}`, { type, client: 'test', hostname });
    await server.post(`/api/0/buckets/${id}/events`, events.map(event));
  };
  await fill('aw-watcher-window_box', 'currentwindow', 'box', [
    [0, 600, { app: 'Code', title: 'hub' }],
    [600, 300, { app: 'Chrome', title: 'GitHub' }],
    [900, 300, { app: 'Zoom', title: 'call' }],
    [1_200, 600, { app: 'Code', title: 'other' }],
  ]);
  await fill('aw-watcher-afk_box', 'afkstatus', 'box', [
    [0, 800, { status: 'not-afk' }],
    [800, 400, { status: 'afk' }],
    [1_200, 600, { status: 'not-afk' }],
  ]);
  await fill('aw-watcher-web-chrome_box', 'web.tab.current', 'box', [
    [590, 200, { url: 'https://www.github.com/x', title: 'GitHub', audible: false, incognito: false }],
    [790, 100, { url: 'https://video.example/y', title: 'Video', audible: true, incognito: false }],
  ]);
  await fill('aw-stopwatch', 'general.stopwatch', 'unknown', [[1_700, 60, { running: false, label: 'tea' }]]);
  await fill('aw-watcher-vim_box', 'app.editor.activity', 'box', [
    [0, 300, { file: '/p/a.ts', project: '/p', language: 'typescript' }],
    [300, 100, { file: '/p/b.rs', project: '/p', language: 'rust' }],
  ]);
  return server;
}

const desktop = {
  window: 'aw-watcher-window_box',
  afk: 'aw-watcher-afk_box',
  browsers: [{ name: 'chrome', bucket: 'aw-watcher-web-chrome_box', apps: ['Google Chrome', 'Chrome'] }],
  stopwatch: 'aw-stopwatch',
  categories: [
    [['Work'], { type: 'regex', regex: 'Code|GitHub' }],
    [['Work', 'Hub'], { type: 'regex', regex: String.raw`\bhub\b` }],
    [['Media'], { type: 'none' }],
  ],
} as const;

async function ask(server: TestServer, query: readonly string[], periods: readonly string[] = timeperiods) {
  const answer = await server.post('/api/0/query/', { query, timeperiods: periods });
  expect([answer.status, answer.value.message]).toEqual([200, undefined]);
  return answer.value;
}

type Named = { readonly data: Record<string, unknown>; readonly duration: number };
const totals = (events: readonly Named[], key: string) =>
  Object.fromEntries(events.map(({ data, duration }) => [String(data[key]), duration]));

describe('the web UI’s query', () => {
  test('of a desktop', async () => {
    const server = await filled();
    const [{ window, browser, stopwatch }] = await ask(server, fullDesktopQuery(desktop));
    // AFK from 800 to 1,200, but a tab was audible until 890; the stopwatch covers a minute of the editor.
    expect(totals(window.app_events, 'app')).toEqual({ Code: 1_140, Chrome: 290, undefined: 60 });
    expect(totals(window.cat_events, '$category')).toEqual({ Work: 830, 'Work,Hub': 600, Uncategorized: 60 });
    expect(window.duration).toBe(1_490);
    expect(totals(browser.domains, '$domain')).toEqual({ 'github.com': 190, 'video.example': 100 });
    expect(browser.duration).toBe(290);
    expect(totals(stopwatch.stopwatch_events, 'label')).toEqual({ tea: 60 });
    expect(window.active_events.map(({ duration }: Named) => duration)).toEqual([890, 600]);
  });

  test('with a pattern that is always active loses no app and no title', async () => {
    const server = await filled();
    const [{ window }] = await ask(server, fullDesktopQuery({ ...desktop, alwaysActive: 'Zoom' }));
    expect(totals(window.app_events, 'app')).toEqual({ Code: 1_140, Chrome: 290, Zoom: 300, undefined: 60 });
  });

  test('of categories, hour by hour', async () => {
    const server = await filled();
    const hours = Array.from({ length: 3 }, (_, hour) => `2026-03-01T1${hour}:00:00Z/2026-03-01T1${hour + 1}:00:00Z`);
    const results = await ask(server, categoryQuery({ ...desktop, only: [['Work'], ['Work', 'Hub']] }), hours);
    expect(results.map(({ cat_events }: { cat_events: Named[] }) => totals(cat_events, '$category'))).toEqual([
      { Work: 830, 'Work,Hub': 600 },
      {},
      {},
    ]);
  });

  test('of a phone, of activity over many days, of several machines, of editors', async () => {
    const server = await filled();
    const [phone] = await ask(server, appQuery('aw-watcher-window_box', [[['X'], { type: 'regex', regex: 'Zoom' }]]));
    expect(phone.duration).toBe(1_800);
    expect(totals(phone.cat_events, '$category')).toEqual({ Uncategorized: 1_500, X: 300 });
    const days = Array.from({ length: 31 }, (_, index) => `2026-03-${String(index + 1).padStart(2, '0')}/2026-04-01`);
    const activity = await ask(server, activityQuery(['aw-watcher-afk_box']), days);
    expect(activity).toHaveLength(31);
    expect(activity[0]).toMatchObject([{ duration: 1_400, data: { status: 'not-afk' } }]);
    expect(activity[1]).toEqual([]);
    const both = multideviceQuery([
      { host: 'box', ...desktop },
      { host: 'box-2', ...desktop },
    ]);
    expect(await ask(server, both)).toEqual([{ duration: 1_490, active: 1_490 }]);
    const [editors] = await ask(server, editorQuery(['aw-watcher-vim_box']));
    expect(totals(editors.languages, 'language')).toEqual({ typescript: 300, rust: 100 });
  });

  test('of the query explorer: calls within calls, one of three arguments among them, over several lines', async () => {
    const server = await filled();
    const text = `
      afk_events = query_bucket(find_bucket("aw-watcher-afk_"));
      window_events = query_bucket(find_bucket("aw-watcher-window_"));
      window_events = filter_period_intersect(window_events, filter_keyvals(afk_events, "status", ["not-afk"]));
      merged_events = merge_events_by_keys(window_events, ["app", "title"]);
      RETURN = sort_by_duration(merged_events);`;
    const [events] = await ask(server, text.split('\n'));
    expect(events.map(({ duration }: Named) => duration)).toEqual([600, 600, 200]);
  });
});

describe('a query', () => {
  const count = ['RETURN = query_bucket("w");'];
  const beat = (server: TestServer, seconds: number, n = 0) =>
    server.post('/api/0/buckets/w/heartbeat?pulsetime=5', event([seconds, 0, { n }]));

  test('sees all changes acknowledged before it: new, longer and removed events, and a bucket that was created again', async () => {
    const server = await open();
    await beat(server, 0);
    expect(await ask(server, count)).toMatchObject([[{ id: 1, duration: 0 }]]);
    await beat(server, 4);
    expect(await ask(server, count)).toMatchObject([[{ id: 1, duration: 4 }]]);
    await beat(server, 20);
    await server.ask('DELETE', '/api/0/buckets/w/events/1');
    expect(await ask(server, count)).toMatchObject([[{ id: 2 }]]);
    await server.ask('DELETE', '/api/0/buckets/w?force=1');
    const gone = await server.post('/api/0/query', { query: count, timeperiods });
    expect(gone.value).toEqual({ type: 'QueryFunctionException', message: "There's no bucket named 'w'" });
    await beat(server, 30);
    expect(await ask(server, count)).toMatchObject([[{ id: 3 }]]);
  });

  test('reads a bucket of many pages', async () => {
    const server = await open();
    await server.post('/api/0/buckets/w', { type: 't', client: 'c', hostname: 'h' });
    const many = Array.from({ length: 10_000 }, (_, index) => event([index, 1, { n: index % 7 }]));
    await server.post('/api/0/buckets/w/events', many);
    const text = 'e = query_bucket("w"); RETURN = [sum_durations(e), merge_events_by_keys(e, ["n"])];';
    const [[duration, groups]] = await ask(server, [text]);
    expect(duration).toBe(10_000);
    expect(groups).toHaveLength(7);
  });

  test('sees no bucket of another account, and no bucket that its token may not read', async () => {
    const server = await filled();
    await server.accounts.createAccount('ann');
    const ann = await server.accounts.createToken('ann', 'laptop', ['read', 'write']);
    const narrow = await server.accounts.createToken('owner', 'narrow', ['read:aw/aw-watcher-afk_box']);
    if (!ann.ok || !narrow.ok) throw new Error('no token');
    const names = (token: string) =>
      server.ask('POST', '/api/0/query/', { token, body: { query: ['RETURN = query_bucket_names();'], timeperiods } });
    expect((await names(ann.secret)).value).toEqual([[]]);
    expect((await names(narrow.secret)).value).toEqual([['aw-watcher-afk_box']]);
  });

  test.each([
    [{ query: 'RETURN = 1;', timeperiods: [] }, { query: "'RETURN = 1;' is not of type 'array'" }],
    [{ query: [1], timeperiods: ['x'] }, { 'query.0': "1 is not of type 'string'" }],
    [{}, { query: "'query' is a required property", timeperiods: "'timeperiods' is a required property" }],
  ])('with a malformed body is refused: %j', async (body, errors) => {
    const server = await open();
    const answer = await server.post('/api/0/query/', body);
    expect([answer.status, answer.value]).toEqual([400, { errors, message: 'Input payload validation failed' }]);
  });

  test('without periods has no results and parses nothing', async () => {
    const server = await open();
    expect((await server.post('/api/0/query/', { query: ['RETURN = 1;'], timeperiods: [] })).body).toBe('[]\n');
    expect((await server.post('/api/0/query/', { query: ['RETURN = '], timeperiods: [] })).value.message).toBe(
      'Nothing to assign',
    );
  });

  test('knows its period in the zone that it was asked in', async () => {
    const server = await open();
    const periods = ['2026-03-01T04:00:00.5-03:30/2026-03-02', '2026-03-01 04/2026-03-02T04Z/ignored'];
    expect(await ask(server, ['RETURN = [STARTTIME, ENDTIME];'], periods)).toEqual([
      ['2026-03-01T04:00:00.500000-03:30', '2026-03-02T00:00:00+00:00'],
      ['2026-03-01T04:00:00+00:00', '2026-03-02T04:00:00+00:00'],
    ]);
  });

  test('that takes too long is ended, and the next one is answered', async () => {
    const server = await open();
    await server.post('/api/0/buckets/w', { type: 't', client: 'c', hostname: 'h' });
    await server.post('/api/0/buckets/w/events', event([0, 1, { title: `${'a'.repeat(40)}!` }]));
    const queries = new Queries(server.hub, { limitMs: 5_000 });
    const question = (text: string) => ({
      buckets: [{ id: 'w', hostname: 'h', channel: 'owner/aw/w' }],
      text,
      name: '',
      periods: [{ start: '2026-03-01T00:00:00+00:00', end: '2026-03-02T00:00:00+00:00' }],
    });
    const one = await queries.ask('owner', question('RETURN = 1;'), () => false);
    expect(one.ok && Buffer.from(one.results).toString()).toBe('[1]\n');
    // A lookahead needs the backtracking engine.
    const hostile = 'RETURN = filter_keyvals_regex(query_bucket("w"), "title", "(?=a)(a+)+$");';
    const hanging = queries.ask('owner', question(hostile), () => false);
    const next = queries.ask('owner', question('RETURN = query_bucket_eventcount("w");'), () => false);
    const gone = queries.ask('owner', question('RETURN = 1;'), () => true);
    let ended = false;
    void hanging.then(() => {
      ended = true;
    });
    // The time limit starts when the events are loaded, which takes longer with some stores.
    while (!ended) {
      await new Promise((resolve) => setImmediate(resolve));
      server.world.pass(1_000);
    }
    expect(await hanging).toEqual({
      ok: false,
      type: 'QueryFunctionException',
      message: 'The query took longer than 5 s',
    });
    const after = await next;
    expect(after.ok && Buffer.from(after.results).toString()).toBe('[1]\n');
    expect((await gone).ok).toBe(false);
    await queries.close();
  });

  test('of one account does not wait for another’s, and takes its turn when all threads are at work', async () => {
    const server = await open();
    await server.post('/api/0/buckets/w', { type: 't', client: 'c', hostname: 'h' });
    await server.post('/api/0/buckets/w/events', event([0, 1, { title: `${'a'.repeat(40)}!` }]));
    const queries = new Queries(server.hub, { limitMs: 5_000, threads: 2 });
    const order: string[] = [];
    const ask = async (account: string, text: string) => {
      const question = {
        buckets: [{ id: 'w', hostname: 'h', channel: 'owner/aw/w' }],
        text,
        name: '',
        periods: [{ start: '2026-03-01T00:00:00+00:00', end: '2026-03-02T00:00:00+00:00' }],
      };
      const { ok } = await queries.ask(account, question, () => false);
      order.push(`${account} ${ok}`);
    };
    const hostile = 'RETURN = filter_keyvals_regex(query_bucket("w"), "title", "(?=a)(a+)+$");';
    const harmless = 'RETURN = query_bucket_eventcount("w");';
    const hanging = ask('mallory', hostile);
    const behind = [ask('mallory', harmless), ask('mallory', harmless)];
    await Promise.all([ask('ann', harmless), ask('ann', harmless), ask('bob', harmless)]);
    expect(order).toEqual(['ann true', 'bob true', 'ann true']);
    server.world.pass(5_000);
    await Promise.all([hanging, ...behind]);
    expect(order.slice(3)).toEqual(['mallory false', 'mallory true', 'mallory true']);
    await queries.close();
  });

  test('reads only the days of its periods, and sees the same events as GET', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    let read = 0;
    const reading = store.read.bind(store);
    store.read = async (channel, range) => {
      const items = await reading(channel, range);
      read += items.length;
      return items;
    };
    const server = await open({ store });
    await server.post('/api/0/buckets/w', { type: 't', client: 'c', hostname: 'h' });
    const hour = 3_600;
    const hours = Array.from({ length: 24 * 100 }, (_, index) => event([index * hour, 600, { n: index % 5 }]));
    await server.post('/api/0/buckets/w/events', hours);
    read = 0;
    const day = `${at(50 * 24 * hour)}/${at(51 * 24 * hour)}`;
    expect((await ask(server, ['RETURN = query_bucket_eventcount("w");'], [day]))[0]).toBe(25);
    expect(read).toBeLessThan(60);

    // Random periods in random order, while events are added and removed.
    let seed = 7;
    const random = (most: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * most);
    };
    for (let round = 0; round < 60; round += 1) {
      const from = random(110 * 24) - 100;
      const [start, end] = [at(from * hour), at((from + random(10 * 24)) * hour + random(1_200))];
      if (round % 3 === 0) {
        const long = event([random(100 * 24) * hour, random(3) === 0 ? 5 * 24 * hour : 60, { n: random(5) }]);
        await server.post('/api/0/buckets/w/events', { ...long, id: 1 + random(3_000) });
      }
      if (round % 7 === 0) await server.ask('DELETE', `/api/0/buckets/w/events/${1 + random(2_400)}`);
      const [found] = await ask(server, ['RETURN = query_bucket("w");'], [`${start}/${end}`]);
      const { value } = await server.get(`/api/0/buckets/w/events?start=${start}&end=${end}`);
      expect(found).toEqual(value);
    }
  });
});
