// The REST interface beyond the recorded conversation: forms of requests and answers, ranges, accounts, devices, settings, export and
// import.

import { describe, expect, test } from '@jest/globals';
import { openServer, type TestServer } from '../../../harness/activitywatch.ts';
import { expectEqual } from '../../../harness/expect-equal.ts';

const described = { type: 'test', client: 'c', hostname: 'h' };

async function withEvents(server: TestServer, id: string, events: readonly object[]): Promise<void> {
  await server.post(`/api/0/buckets/${id}`, described);
  expect((await server.post(`/api/0/buckets/${id}/events`, events)).status).toBe(200);
}

const event = (timestamp: string, duration = 0, data: object = {}) => ({ timestamp, duration, data });

describe('paths', () => {
  const body = { query: ['RETURN = 1;'], timeperiods: ['2026/2027'] };
  test.each<[string, string, object | undefined, number]>([
    ['GET', 'info', undefined, 200],
    ['GET', 'buckets', undefined, 200],
    ['POST', 'buckets/b', described, 304],
    ['GET', 'buckets/b', undefined, 200],
    ['PUT', 'buckets/b', { type: 'other' }, 200],
    ['POST', 'buckets/b/events', [event('2026-01-01T10:00:00Z')], 200],
    ['GET', 'buckets/b/events', undefined, 200],
    ['GET', 'buckets/b/events/count', undefined, 200],
    ['GET', 'buckets/b/events/1', undefined, 200],
    ['GET', 'buckets/b/events/7', undefined, 404],
    ['GET', 'buckets/b/events/one', undefined, 404],
    ['DELETE', 'buckets/b/events/7', undefined, 200],
    ['POST', 'buckets/b/heartbeat', event('2026-01-01T10:00:00Z'), 400],
    ['GET', 'buckets/b/export', undefined, 200],
    ['DELETE', 'buckets/b', undefined, 401],
    ['GET', 'buckets/none', undefined, 404],
    ['GET', 'buckets/none/events', undefined, 404],
    ['POST', 'query', body, 200],
    ['GET', 'export', undefined, 200],
    ['POST', 'import', { buckets: {} }, 200],
    ['GET', 'settings', undefined, 200],
    ['POST', 'settings', { a: 1 }, 400],
    ['POST', 'settings/k', { a: 1 }, 200],
    ['GET', 'settings/k', undefined, 200],
    ['DELETE', 'settings/k', undefined, 200],
    ['PATCH', 'buckets/b', undefined, 405],
    ['OPTIONS', 'buckets/b/heartbeat', undefined, 200],
    ['GET', 'none', undefined, 404],
  ])('%s %s is answered with a last slash and without', async (method, path, sent, status) => {
    const server = await openServer();
    await withEvents(server, 'b', [event('2026-01-01T10:00:00Z')]);
    const asked = sent === undefined ? {} : { body: sent };
    const origin = 'moz-extension://6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    for (const one of [`/api/0/${path}`, `/api/0/${path}/`]) {
      const answer = await server.ask(method, one, { ...asked, origin });
      expect([one, answer.status]).toEqual([one, status]);
      // A page must be able to read errors, too.
      expect(answer.headers['access-control-allow-origin']).toBe(origin);
      if (status === 304) expect(answer.body).toBe('');
      if (status >= 400) expect(answer.value === null || typeof answer.value.message === 'string').toBe(true);
    }
    await server.close();
  });
});

describe('timestamps', () => {
  test.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05+00:00'],
    ['2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123000+00:00'],
    ['2026-01-02 03:04:05,5+02:00', '2026-01-02T01:04:05.500000+00:00'],
    ['2026-01-02T03:04:05+0230', '2026-01-02T00:34:05+00:00'],
    ['2026-01-02T03:04:05-05', '2026-01-02T08:04:05+00:00'],
    ['20260102T0304', '2026-01-02T03:04:00+00:00'],
    ['2026-1-2T3', '2026-01-02T03:00:00+00:00'],
    ['2026-01', '2026-01-01T00:00:00+00:00'],
    ['2026', '2026-01-01T00:00:00+00:00'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999000+00:00'],
  ])('%s is understood', async (sent, emitted) => {
    const server = await openServer();
    await withEvents(server, 'b', [event(sent)]);
    expect((await server.get('/api/0/buckets/b/events')).value[0].timestamp).toBe(emitted);
  });

  test.each([
    '2026-01-02t03:04:05Z',
    '2026-01-02T03:04:05z',
    ' 2026-01-02',
    '2026-W01-1',
    '2026-02-30',
    '2026-13-01',
    '2026-01-02T24:00',
    '2026-01-02T10:00:60',
    '1767268800',
    '9999-01-01',
    '',
  ])('%j is not', async (sent) => {
    const server = await openServer();
    await server.post('/api/0/buckets/b', described);
    expect((await server.post('/api/0/buckets/b/events', event(sent))).status).toBe(400);
  });

  test('an event without one is of now', async () => {
    const server = await openServer();
    await withEvents(server, 'b', [{ data: {} }]);
    expect((await server.get('/api/0/buckets/b/events')).value[0].timestamp).toBe('2026-01-05T12:00:00+00:00');
  });
});

describe('ranges', () => {
  test.each([
    ['touches an event with its start', '10:00:10', '10:00:20', [[10, 0]]],
    ['touches an event with its end', '09:59:00', '10:00:00', [[0, 0]]],
    ['cuts both ends', '10:00:02', '10:00:04', [[2, 2]]],
    ['holds the whole', '09:00:00', '11:00:00', [[0, 10]]],
    ['misses', '10:00:11', '10:00:20', []],
    ['is turned round', '10:00:04', '10:00:02', []],
  ])('that %s', async (_, start, end, expected) => {
    const server = await openServer();
    await withEvents(server, 'b', [event('2026-01-01T10:00:00Z', 10)]);
    const range = `start=2026-01-01T${start}Z&end=2026-01-01T${end}Z`;
    const { value } = await server.get(`/api/0/buckets/b/events?${range}`);
    const found = value.map(({ timestamp, duration }: { timestamp: string; duration: number }) => [
      (Date.parse(timestamp) - Date.UTC(2026, 0, 1, 10)) / 1_000,
      duration,
    ]);
    expect(found).toEqual(expected);
    expect((await server.get(`/api/0/buckets/b/events/count?${range}`)).body).toBe(`${expected.length}\n`);
  });

  test('finds an event that began days before', async () => {
    const server = await openServer();
    await withEvents(server, 'b', [event('2026-01-01T10:00:00Z', 5 * 86_400), event('2026-01-02T10:00:00Z', 1)]);
    const { value } = await server.get('/api/0/buckets/b/events?start=2026-01-04T00:00:00Z&end=2026-01-05T00:00:00Z');
    expect(value).toEqual([{ id: 1, timestamp: '2026-01-04T00:00:00+00:00', duration: 86_400, data: {} }]);
  });

  test('are returned newest first, page after page, also where thousands begin at the same time', async () => {
    const server = await openServer();
    const together = Array.from({ length: 5_000 }, () => event('2026-01-01T10:00:00Z'));
    const before = Array.from({ length: 5_000 }, (_, index) => event(new Date(index * 60_000).toISOString()));
    await withEvents(server, 'b', [...before, ...together]);
    const { value } = await server.get('/api/0/buckets/b/events');
    const ids = value.map(({ id }: { id: number }) => id);
    expect(ids.slice(0, 3)).toEqual([5_001, 5_002, 5_003]);
    expect(ids.slice(4_999, 5_002)).toEqual([10_000, 5_000, 4_999]);
    expect(new Set(ids).size).toBe(10_000);
    for (const limit of [0, 1, 4_999, 5_001, 9_999]) {
      const limited = await server.get(`/api/0/buckets/b/events?limit=${limit}`);
      expectEqual(limited.value, value.slice(0, limit));
    }
    expect((await server.get('/api/0/buckets/b/events?limit=-1')).value).toHaveLength(10_000);
  });
});

describe('events', () => {
  test('with an id replace the one that has it, and are new otherwise', async () => {
    const server = await openServer();
    await withEvents(server, 'b', [event('2026-01-01T10:00:00Z', 1, { n: 1 })]);
    await server.post('/api/0/buckets/b/events', [
      { id: 1, ...event('2026-01-01T11:00:00Z', 2, { n: 2 }) },
      { id: 555, ...event('2026-01-01T12:00:00Z', 3, { n: 3 }) },
    ]);
    await server.post('/api/0/buckets/b/events', event('2026-01-01T13:00:00Z', 4, { n: 4 }));
    const { value } = await server.get('/api/0/buckets/b/events');
    expect(value.map(({ id, duration }: { id: number; duration: number }) => [id, duration])).toEqual([
      [556, 4],
      [555, 3],
      [1, 2],
    ]);
  });

  test('with an id beyond the reserved ones never lead to a duplicate id', async () => {
    const server = await openServer();
    await withEvents(server, 'b', [{ id: 5_000, ...event('2026-01-01T10:00:00Z') }, event('2026-01-01T11:00:00Z')]);
    await withEvents(server, 'c', [event('2026-01-01T10:00:00Z')]);
    const ids = (await server.get('/api/0/buckets/b/events')).value.map(({ id }: { id: number }) => id);
    expect(ids).toEqual([5_001, 5_000]);
    expect((await server.get('/api/0/buckets/c/events')).value[0].id).toBe(5_002);
  });

  test('with an id of another bucket do not take it away from there', async () => {
    const server = await openServer();
    await withEvents(server, 'b', [event('2026-01-01T10:00:00Z', 1)]);
    await withEvents(server, 'c', [{ id: 1, ...event('2026-01-01T10:00:00Z', 2) }]);
    expect((await server.get('/api/0/buckets/b/events/1')).value.duration).toBe(1);
    expect((await server.get('/api/0/buckets/c/events/1')).value.duration).toBe(2);
  });

  test('keep their data in the order it was sent, with any keys', async () => {
    const server = await openServer();
    await server.post('/api/0/buckets/b', described);
    const data = '{"z":1,"__proto__":{"a":[]},"é":"\\ud83d\\ude00 \\u007f","constructor":null,"f":0.00001}';
    await server.ask('POST', '/api/0/buckets/b/events', {
      body: `{"timestamp":"2026-01-01T10:00:00Z","data":${data}}`,
    });
    expect((await server.get('/api/0/buckets/b/events/1')).body).toBe(
      '{"id": 1, "timestamp": "2026-01-01T10:00:00+00:00", "duration": 0.0, "data": ' +
        '{"z": 1, "__proto__": {"a": []}, "\\u00e9": "\\ud83d\\ude00 \u007f", "constructor": null, "f": 1e-05}}\n',
    );
  });
});

describe('buckets', () => {
  test('with odd names are buckets', async () => {
    const server = await openServer();
    for (const id of ['a b', 'größe', 'x/y', '*', '__proto__']) {
      const path = `/api/0/buckets/${encodeURIComponent(id)}`;
      expect((await server.post(path, described)).status).toBe(200);
      expect((await server.get(`${path}/`)).value.id).toBe(id);
    }
    expect(Object.keys((await server.get('/api/0/buckets')).value)).toHaveLength(5);
    expect((await server.get('/api/0/buckets')).body).toContain('"__proto__": {"id": "__proto__"');
    expect((await server.post('/api/0/buckets/a%00b', described)).status).toBe(400);
  });

  test('are accepted in the form of the Rust library, with null for unknown fields', async () => {
    const server = await openServer();
    const nulls = { created: null, data: {}, metadata: { start: null, end: null }, events: null, last_updated: null };
    expect((await server.post('/api/0/buckets/b', { id: 'b', ...described, ...nulls })).status).toBe(200);
    const beat = { id: null, timestamp: '2026-01-01T10:00:00.123456789Z', duration: 0, data: { app: 'a' } };
    expect((await server.post('/api/0/buckets/b/heartbeat?pulsetime=11.0', beat)).value.id).toBe(1);
    expect((await server.get('/api/0/buckets/b')).value).toMatchObject({ ...described, data: {} });
  });

  test('with the host !local belong to this machine', async () => {
    const server = await openServer();
    const { device_id, hostname } = (await server.get('/api/0/info')).value;
    await server.post('/api/0/buckets/l', { ...described, hostname: '!local' });
    expect((await server.get('/api/0/buckets/l')).value).toMatchObject({ hostname, data: { device_id } });
    expect((await server.get('/api/0/info')).value.device_id).toBe(device_id);
  });

  test('are changed by PUT in the fields that are given', async () => {
    const server = await openServer();
    await server.post('/api/0/buckets/b', described);
    expect((await server.ask('PUT', '/api/0/buckets/b', { body: { type: 'other' } })).value).toEqual({});
    expect((await server.get('/api/0/buckets/b')).value).toMatchObject({ ...described, type: 'other' });
    expect((await server.ask('PUT', '/api/0/buckets/b', { body: { data: 1 } })).status).toBe(400);
    expect((await server.ask('PUT', '/api/0/buckets/nope', { body: {} })).status).toBe(404);
  });

  test('go with all their events, and a new one of that name is empty', async () => {
    const server = await openServer({ testing: true });
    const many = Array.from({ length: 5_000 }, (_, index) => event(new Date(index * 60_000).toISOString()));
    await withEvents(server, 'b', many);
    expect((await server.ask('DELETE', '/api/0/buckets/b')).status).toBe(200);
    expect((await server.get('/api/0/buckets/b/events')).status).toBe(404);
    await server.post('/api/0/buckets/b', described);
    expect((await server.get('/api/0/buckets/b/events')).value).toEqual([]);
  });

  test('of a delete that was cut short are empty when they are made again', async () => {
    const server = await openServer();
    await withEvents(server, 'b', [event('2026-01-01T10:00:00Z')]);
    const document = await server.hub.cachedChannel('owner/aw');
    await document.write(() => ({
      ok: true,
      write: {
        ops: [
          { op: 'remove', key: 'bucket/b' },
          { op: 'put', key: 'gone/b', value: 'true' },
        ],
        origin: 'hub',
        at: 0,
      },
    }));
    await server.post('/api/0/buckets/b', described);
    expect((await server.get('/api/0/buckets/b/events')).value).toEqual([]);
  });
});

describe('accounts and devices', () => {
  test('without a token only info is answered where the hub is not personal', async () => {
    const server = await openServer({ personal: false });
    expect((await server.get('/api/0/info')).status).toBe(200);
    for (const path of ['buckets', 'export', 'settings', 'buckets/b/events']) {
      const answer = await server.get(`/api/0/${path}`);
      expect(answer.status).toBe(401);
      expect(answer.value.message).toBe("Missing or invalid API key. Set 'Authorization: Bearer <key>' header.");
    }
  });

  async function withTokens() {
    const server = await openServer();
    const ann = await server.accounts.createAccount('ann');
    const laptop = await server.accounts.createToken('ann', 'laptop', ['read', 'write']);
    const phone = await server.accounts.createToken('ann', 'phone', ['read', 'write']);
    const watcher = await server.accounts.createToken('ann', 'watcher', ['write:aw/aw-watcher-afk_box']);
    if (!ann.ok || !laptop.ok || !phone.ok || !watcher.ok) throw new Error('no tokens');
    return { server, laptop: laptop.secret, phone: phone.secret, watcher: watcher.secret };
  }

  test('an account does not see another account’s bucket of the same name', async () => {
    const { server, laptop } = await withTokens();
    await withEvents(server, 'aw-stopwatch', [event('2026-01-01T10:00:00Z')]);
    expect((await server.ask('GET', '/api/0/buckets', { token: laptop })).value).toEqual({});
    expect((await server.ask('GET', '/api/0/buckets/aw-stopwatch/events', { token: laptop })).status).toBe(404);
    await server.ask('POST', '/api/0/buckets/aw-stopwatch', { token: laptop, body: described });
    expect((await server.ask('GET', '/api/0/buckets/aw-stopwatch/events', { token: laptop })).value).toEqual([]);
  });

  test('two devices of one person keep buckets of the same name apart, and each finds its own', async () => {
    const { server, laptop, phone } = await withTokens();
    const beat = (token: string, n: number) =>
      server.ask('POST', '/api/0/buckets/aw-watcher-web-chrome/heartbeat?pulsetime=60', {
        token,
        body: event('2026-01-01T10:00:00Z', 0, { url: `u${n}` }),
      });
    await beat(laptop, 1);
    await beat(phone, 2);
    await beat(laptop, 1);
    const own = async (token: string) =>
      (await server.ask('GET', '/api/0/buckets/aw-watcher-web-chrome/events', { token })).value;
    expect(await own(laptop)).toMatchObject([{ data: { url: 'u1' } }]);
    expect(await own(phone)).toMatchObject([{ data: { url: 'u2' } }]);
    const all = (await server.ask('GET', '/api/0/buckets', { token: laptop })).value;
    expect(Object.keys(all)).toEqual(['aw-watcher-web-chrome', 'aw-watcher-web-chrome_phone']);
  });

  test('a bucket that carries its host’s name is one, whichever token writes to it', async () => {
    const { server, laptop, phone } = await withTokens();
    for (const token of [laptop, phone]) {
      const body = { ...described, hostname: 'box' };
      await server.ask('POST', '/api/0/buckets/aw-watcher-vim_box', { token, body });
    }
    expect(Object.keys((await server.ask('GET', '/api/0/buckets', { token: laptop })).value)).toHaveLength(1);
  });

  test.each([
    'unknown',
    'localhost',
  ])('buckets of the generic host %s are told apart by the token', async (hostname) => {
    const { server, laptop, phone } = await withTokens();
    const id = `aw-watcher-vim_${hostname}`;
    for (const token of [laptop, phone]) {
      const made = await server.ask('POST', `/api/0/buckets/${id}`, { token, body: { ...described, hostname } });
      expect(made.status).toBe(200);
    }
    expect(Object.keys((await server.ask('GET', '/api/0/buckets', { token: laptop })).value)).toEqual([
      id,
      `${id}_phone`,
    ]);
  });

  test('a token for one bucket opens no other, and reads nothing', async () => {
    const { server, watcher, laptop } = await withTokens();
    const body = event('2026-01-01T10:00:00Z', 0, { status: 'afk' });
    const beat = (id: string) =>
      server.ask('POST', `/api/0/buckets/${id}/heartbeat?pulsetime=60`, { token: watcher, body });
    expect((await beat('aw-watcher-afk_box')).status).toBe(200);
    expect((await beat('aw-watcher-window_box')).status).toBe(403);
    expect((await server.ask('GET', '/api/0/buckets/aw-watcher-afk_box/events', { token: watcher })).status).toBe(403);
    expect((await server.ask('GET', '/api/0/buckets', { token: watcher })).value).toEqual({});
    expect((await server.ask('GET', '/api/0/settings', { token: watcher })).status).toBe(403);
    expect(Object.keys((await server.ask('GET', '/api/0/buckets', { token: laptop })).value)).toEqual([
      'aw-watcher-afk_box',
    ]);
  });
});

describe('settings', () => {
  test('keep any JSON value, false and the empty text too', async () => {
    const server = await openServer();
    for (const value of [true, false, 0, '', 'é', [1], { b: 1, a: 2 }]) {
      const posted = await server.ask('POST', '/api/0/settings/k', { body: JSON.stringify(value) });
      expect([posted.status, posted.value]).toEqual([200, value]);
      expect((await server.get('/api/0/settings/k')).value).toEqual(value);
    }
    await server.post('/api/0/settings/b', null);
    expect((await server.get('/api/0/settings')).body).toBe('{"b":null,"k":{"a":2,"b":1}}\n');
    expect((await server.ask('DELETE', '/api/0/settings/k')).status).toBe(200);
    expect((await server.get('/api/0/settings/k')).body).toBe('null\n');
    expect((await server.post('/api/0/settings', 1)).status).toBe(400);
    expect((await server.post(`/api/0/settings/${'k'.repeat(128)}`, 1)).value.message).toBe('Too long key');
  });
});

describe('category rules', () => {
  const category = (regex: unknown, type = 'regex') => ({ name: ['Work', 'Code'], rule: { type, regex } });

  test.each([
    ['classes', [category('(')]],
    ['classes', [category('ok'), category('a**')]],
    ['classes', [category(5)]],
    ['category_sets', [{ id: 'a', categories: [category('[')] }]],
  ])('with an invalid regular expression are refused in %s, naming the category', async (key, value) => {
    const server = await openServer();
    const saved = await server.post(`/api/0/settings/${key}`, value);
    expect([saved.status, saved.value.message]).toEqual([400, expect.stringMatching(/^Category "Work > Code": /)]);
    expect((await server.get(`/api/0/settings/${key}`)).body).toBe('null\n');
  });

  test('the pattern of apps that are always active is checked like a rule', async () => {
    const server = await openServer();
    const saved = await server.post('/api/0/settings/always_active_pattern', '"zoom|("');
    expect([saved.status, saved.value.message]).toEqual([
      400,
      expect.stringMatching(/^always_active_pattern: Invalid/),
    ]);
    expect((await server.post('/api/0/settings/always_active_pattern', '"zoom|teams"')).status).toBe(200);
  });

  test.each([
    [[category(String.raw`\p{Greek}|(?<name>a)(?-i)b`)]],
    [
      [
        category('(', 'none'),
        category(''),
        category(null),
        { name: ['Work'] },
        { name: ['Work'], rule: { type: null } },
      ],
    ],
    [null],
    ['"not a list"'],
  ])('that are valid or unused are saved: %j', async (value) => {
    const server = await openServer();
    expect((await server.post('/api/0/settings/classes', value)).status).toBe(200);
  });
});

describe('a bucket of many events', () => {
  const many = Array.from({ length: 6_000 }, (_, index) => ({
    // Hundreds of events have the same start, also across page boundaries.
    ...event(new Date(Date.UTC(2026, 0, 1) + Math.floor(index / 700) * 1_000).toISOString(), 0.5, { n: index }),
    id: index + 1,
  }));

  test('returns all events: the newest start first, those with the same start by id', async () => {
    const server = await openServer();
    await withEvents(server, 'b', many);
    const sorted = [...many].sort((a, b) => b.timestamp.localeCompare(a.timestamp) || a.id - b.id);
    const ids = (events: readonly { readonly id: number }[]) => events.map(({ id }) => id);
    expect(ids((await server.get('/api/0/buckets/b/events?limit=-1')).value)).toEqual(ids(sorted));
    expect(ids((await server.get('/api/0/buckets/b/events?limit=2500')).value)).toEqual(ids(sorted.slice(0, 2_500)));
    const { value } = await server.get('/api/0/buckets/b/export');
    expect(value.buckets.b.events.map(({ data }: { data: { n: number } }) => data.n + 1)).toEqual(ids(sorted));
  });

  test('takes a large list as it takes a small one, and nothing of one with a wrong event', async () => {
    const server = await openServer();
    await withEvents(server, 'b', many);
    await server.post('/api/0/buckets/b/events', many);
    expect((await server.get('/api/0/buckets/b/events/count')).body).toBe('6000\n');
    const wrong = [...many.map(({ id: _, ...one }) => one), { timestamp: 'never' }];
    const answer = await server.post('/api/0/buckets/b/events', wrong);
    expect([answer.status, answer.value.message]).toEqual([400, "timestamp 'never' is not ISO 8601"]);
    expect((await server.get('/api/0/buckets/b/events/count')).body).toBe('6000\n');
    const text = `[${' '.repeat(300_000)}`;
    expect((await server.post('/api/0/buckets/b/events', text)).status).toBe(400);
    const headers = { 'content-type': 'text/plain' };
    expect((await server.ask('POST', '/api/0/buckets/b/events', { body: text, headers })).status).toBe(415);
  });
});

describe('export and import', () => {
  const rust = {
    buckets: {
      'aw-watcher-afk_r': {
        id: 'aw-watcher-afk_r',
        type: 'afkstatus',
        client: 'aw-watcher-afk',
        hostname: 'r',
        created: '2025-01-01T00:00:00.123456789Z',
        data: { device_id: 'd' },
        metadata: { start: null, end: null },
        last_updated: null,
        events: [
          { id: 7, timestamp: '2026-01-01T10:00:00.000000001Z', duration: 1.5, data: { status: 'afk' } },
          { id: 8, timestamp: 'garbage', duration: 1.5, data: {} },
        ],
      },
    },
  };

  test('an export can be imported on another hub, also twice without duplicates', async () => {
    const from = await openServer();
    await withEvents(from, 'b', [
      event('2026-01-01T10:00:00Z', 1, { n: 1 }),
      event('2026-01-01T11:00:00Z', 2, { n: 2 }),
    ]);
    await withEvents(from, 'c', [event('2026-01-01T10:00:00Z', 1, { n: 3 })]);
    const file = (await from.get('/api/0/export')).body;
    const to = await openServer();
    for (let again = 0; again < 2; again += 1) {
      const imported = await to.ask('POST', '/api/0/import', { body: file });
      const [added, present] = again === 0 ? [2, 0] : [0, 2];
      expect([imported.status, imported.value.buckets.b]).toEqual([
        200,
        { bucket: 'b', read: 2, new: added, present, withheld: 0, unreadable: 0, reasons: [] },
      ]);
      expect((await to.get('/api/0/export')).body).toBe(file);
    }
  });

  test('the Rust server’s form is accepted too: with its metadata, without malformed events', async () => {
    const server = await openServer();
    expect((await server.post('/api/0/import/', rust)).status).toBe(200);
    const bucket = (await server.get('/api/0/buckets/aw-watcher-afk_r')).value;
    expect(bucket).toMatchObject({ created: '2025-01-01T00:00:00.123456+00:00', data: { device_id: 'd' } });
    expect((await server.get('/api/0/buckets/aw-watcher-afk_r/events')).value).toHaveLength(1);
    expect((await server.get('/api/0/buckets/aw-watcher-afk_r/export')).headers['content-disposition']).toBe(
      'attachment; filename=aw-bucket-export_aw-watcher-afk_r.json',
    );
  });

  test('an import reports the result for the events of each bucket, also for a large import', async () => {
    const server = await openServer();
    await server.post('/api/0/settings/privacy_filters', [{ field: 'app', pattern: 'secret', action: 'drop' }]);
    const events = [
      event('2026-01-01T10:00:00Z', 1, { app: 'a' }),
      event('never'),
      event('2026-01-01T10:00:00Z', 1, { app: 'a' }),
      event('2026-01-01T11:00:00Z', 1, { app: 'secret' }),
      { ...event('2026-01-01T12:00:00Z'), duration: 'long' },
    ];
    const report = (more: object) => ({
      bucket: 'b',
      read: events.length,
      new: 1,
      present: 1,
      withheld: 1,
      unreadable: 2,
      reasons: [
        { position: 2, reason: "timestamp 'never' is not ISO 8601" },
        { position: 5, reason: "duration 'long' is not a number of seconds" },
      ],
      ...more,
    });
    const first = await server.post('/api/0/import', { buckets: { b: { ...described, events } } });
    expect(first.value).toEqual({ buckets: { b: report({}) } });
    const padded = { ...described, data: { padding: 'x'.repeat(300_000) }, events };
    const second = await server.post('/api/0/import', { buckets: { b: padded } });
    expect(second.value).toEqual({ buckets: { b: report({ new: 0, present: 2 }) } });
    await server.close();
  });

  test('equal events of an import are one, wherever the batches in which it is written end', async () => {
    const server = await openServer();
    // Batches have 250 events. Around the ends of some, three events that are equal and two that differ start at the same time.
    const starts = Array.from({ length: 3_010 }, (_, at) =>
      at % 1_000 > 997 || at % 1_000 < 3 ? Math.round(at / 1_000) * 1_000 : at,
    );
    const events = starts.map((at, index) =>
      event(new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString(), 1, {
        app: index % 1_000 < 2 ? `other ${index}` : 'a',
      }),
    );
    const distinct = new Set(events.map((one) => JSON.stringify(one))).size;
    expect(distinct).toBeLessThan(events.length);
    const body = { buckets: { b: { ...described, events } } };
    const report = { read: events.length, new: distinct, present: events.length - distinct };
    expect((await server.post('/api/0/import', body)).value).toMatchObject({ buckets: { b: report } });
    expect((await server.ask('GET', '/api/0/buckets/b/events/count')).value).toBe(distinct);
    const again = { new: 0, present: events.length };
    expect((await server.post('/api/0/import', body)).value).toMatchObject({ buckets: { b: again } });
    await server.close();
  });

  test('a copy that aw-sync made of another device’s bucket is imported into that bucket', async () => {
    const server = await openServer();
    const original = [event('2026-01-01T10:00:00Z', 60, { a: 1 }), event('2026-01-01T09:00:00Z', 5, { a: 2 })];
    // aw-sync copied the newest event before it was complete, and has one that the device's own export lacks.
    const copy = [event('2026-01-01T10:00:00Z', 20, { a: 1 }), event('2026-01-01T08:00:00Z', 7, { a: 3 })];
    const id = 'aw-watcher-window_laptop';
    const buckets = {
      [`${id}-synced-from-laptop`]: { ...described, hostname: 'unknown', events: copy },
      [id]: { ...described, hostname: 'laptop', events: original },
    };
    const answer = await server.post('/api/0/import', { buckets });
    expect(answer.value.buckets).toMatchObject({
      [id]: { bucket: id, new: 2 },
      [`${id}-synced-from-laptop`]: { bucket: id, read: 2, new: 1, present: 1 },
    });
    expect(Object.keys((await server.get('/api/0/buckets')).value)).toEqual([id]);
    const durations = (await server.get(`/api/0/buckets/${id}/events`)).value.map(
      (one: { duration: number }) => one.duration,
    );
    expect(durations).toEqual([60, 5, 7]);
  });

  test('a copy of a bucket that is nowhere else is imported under the name of the original and of its host', async () => {
    const server = await openServer();
    const copy = { ...described, hostname: 'unknown', events: [event('2026-01-01T10:00:00Z', 20, { a: 1 })] };
    await server.post('/api/0/import', { buckets: { 'aw-watcher-afk_phone-synced-from-phone': copy } });
    const longer = { ...described, events: [event('2026-01-01T10:00:00Z', 90, { a: 1 })] };
    await server.post('/api/0/import', {
      buckets: { 'aw-watcher-afk_phone-synced-from-phone-synced-from-pc': longer },
    });
    expect((await server.get('/api/0/buckets')).value).toMatchObject({ 'aw-watcher-afk_phone': { hostname: 'phone' } });
    expect((await server.get('/api/0/buckets/aw-watcher-afk_phone/events')).value).toMatchObject([{ duration: 90 }]);
  });

  test('an event with a number that JavaScript cannot hold does not stop the others', async () => {
    const server = await openServer();
    const events = `[{"timestamp":"2026-01-01T10:00:00Z","data":{"n":1767268800000000001}},{"timestamp":"2026-01-02","data":{}}]`;
    const body = `{"buckets":{"b":{"type":"t","client":"c","hostname":"h","events":${events}}}}`;
    for (const _ of ['once', 'twice']) expect((await server.ask('POST', '/api/0/import', { body })).status).toBe(200);
    expect((await server.get('/api/0/buckets/b/events')).value).toMatchObject([
      { data: {} },
      { data: { n: '1767268800000000001' } },
    ]);
  });

  test('a form of the web UI is an import', async () => {
    const server = await openServer();
    const body = [
      '--x',
      'Content-Disposition: form-data; name="buckets.json"; filename="a.json"',
      'Content-Type: application/json',
      '',
      JSON.stringify(rust),
      '--x--',
      '',
    ].join('\r\n');
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await server.ask('POST', '/api/0/import', { body, headers })).status).toBe(200);
    expect((await server.get('/api/0/buckets/aw-watcher-afk_r/events/count')).body).toBe('1\n');
  });

  test('adds only the missing events to a bucket', async () => {
    const server = await openServer();
    await withEvents(server, 'aw-watcher-afk_r', [
      event('2026-01-01T10:00:00Z', 1.5, { status: 'afk' }),
      event('2026-01-01T09:00:00Z'),
    ]);
    await server.post('/api/0/import', rust);
    expect((await server.get('/api/0/buckets/aw-watcher-afk_r/events/count')).body).toBe('2\n');
    expect((await server.get('/api/0/buckets/aw-watcher-afk_r')).value.type).toBe('test');
  });

  test.each([
    [[]],
    [{ buckets: [] }],
    [{ buckets: { b: { type: 't' } } }],
    [{ buckets: { b: { ...described, events: 1 } } }],
  ])('a malformed one is refused before anything is written: %j', async (body) => {
    const server = await openServer();
    expect((await server.post('/api/0/import', body)).status).toBe(400);
    expect((await server.get('/api/0/buckets')).value).toEqual({});
  });
});
