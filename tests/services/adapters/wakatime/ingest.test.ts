// Heartbeats over HTTP: everything that keeps a plugin from looping, losing or duplicating heartbeats.

import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, ask } from '../../../harness/clients.ts';
import { basic, beat, cliAgent, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const bulk = '/api/v1/users/current/heartbeats.bulk';
const accepted = [{ data: null, error: null }, 201];

describe.each(['uWebSockets.js', 'ws'] as const)('a batch on %s', (engine) => {
  let testHub: TestHub;
  const now = noon;
  beforeEach(async () => {
    testHub = await openTestHub({ engine });
  });
  afterEach(() => testHub.close());

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  const storedHeartbeats = async (): Promise<any[]> => (await testHub.get('heartbeats?date=2026-01-05')).data;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    testHub.ask('POST', path, { body, headers: { ...basic(testHub.owner), ...headers } });

  test('is answered 202 as a whole and 201 for each heartbeat, in order, without an echo', async () => {
    const answer = await testHub.send([beat(now - 60), beat(now), beat(now - 30)]);
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.body)).toEqual({ responses: [accepted, accepted, accepted] });
    expect((await storedHeartbeats()).map(({ time }) => time)).toEqual([now - 60, now - 30, now]);
  });

  test('without heartbeats is answered 202', async () => {
    const answer = await testHub.send([]);
    expect([answer.status, answer.body]).toEqual([202, '{"responses":[]}']);
  });

  test('that is sent again changes nothing and gets the same answer', async () => {
    const batch = [beat(now), beat(now - 10, { is_write: true })];
    await testHub.send(batch);
    const again = await testHub.send([...batch, ...batch]);
    expect(JSON.parse(again.body).responses).toEqual([accepted, accepted, accepted, accepted]);
    expect(await storedHeartbeats()).toHaveLength(2);
  });

  test('that two editors send at once is stored once', async () => {
    const batch = Array.from({ length: 25 }, (_, index) => beat(now - index));
    await Promise.all(Array.from({ length: 8 }, () => testHub.send(batch)));
    expect(await storedHeartbeats()).toHaveLength(25);
  });

  test('loses only invalid heartbeats, with reasons in lists and without `error`', async () => {
    const answer = await testHub.send([
      beat(now),
      beat(now * 1_000),
      beat(now + 90_000),
      { time: now },
      { entity: 'a' },
      'nonsense',
      beat(now - 1, { entity: 'x'.repeat(9_000) }),
    ]);
    expect(answer.status).toBe(202);
    const { responses } = JSON.parse(answer.body);
    expect(responses[0]).toEqual(accepted);
    expect(responses.slice(1)).toEqual([
      [{ errors: { time: ['must be seconds since 1970'] } }, 400],
      [{ errors: { time: ['is more than a day in the future'] } }, 400],
      [{ errors: { entity: ['is required'] } }, 400],
      [{ errors: { time: ['is required: seconds since 1970'] } }, 400],
      [{ errors: { heartbeat: ['must be an object'] } }, 400],
      [{ errors: { entity: ['is longer than 8192 characters'] } }, 400],
    ]);
    expect(await storedHeartbeats()).toHaveLength(1);
  });

  test('that is not JSON is answered with 400, an error and CORS headers', async () => {
    for (const body of ['', 'nonsense', '5', 'null', '"text"']) {
      const answer = await post(bulk, body);
      expect([answer.status, typeof JSON.parse(answer.body).error]).toEqual([400, 'string']);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
  });

  test('is read with any content type, and when it is encoded twice', async () => {
    await post(bulk, JSON.stringify([beat(now)]), { 'content-type': 'text/plain;charset=UTF-8' });
    await post(bulk, JSON.stringify(JSON.stringify([beat(now - 1, { entity_type: 'file', type: undefined })])));
    expect(await storedHeartbeats()).toHaveLength(2);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('is read when it is compressed with %s', async (encoding, compress) => {
    const headers = { ...basic(testHub.owner), 'content-encoding': encoding };
    const answer = await ask(testHub.port, 'POST', bulk, { body: compress(JSON.stringify([beat(now)])), headers });
    expect(answer.status).toBe(202);
    expect(await storedHeartbeats()).toHaveLength(1);
  });

  test('with a wrong Content-Encoding is answered with 400, one that expands beyond the limit with 413', async () => {
    const headers = { ...basic(testHub.owner), 'content-encoding': 'gzip' };
    const broken = await ask(testHub.port, 'POST', bulk, { body: Buffer.from('plain'), headers });
    expect([broken.status, broken.headers['access-control-allow-origin']]).toEqual([400, '*']);
    const bomb = await ask(testHub.port, 'POST', bulk, { body: gzipSync(Buffer.alloc(8_000_000)), headers });
    expect([bomb.status, bomb.body, bomb.headers['access-control-allow-origin']]).toEqual([
      413,
      expect.stringContaining('4194304'),
      '*',
    ]);
  });

  test('that is too large is 413, names the limit, and pages of other origins may read that', async () => {
    const answer = await post(bulk, 'x'.repeat(4_194_305));
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([413, '*']);
    expect(answer.body).toContain('4194304');
  });

  test('may begin with a byte order mark', async () => {
    expect((await post(bulk, `\ufeff${JSON.stringify([beat(now)])}`)).status).toBe(202);
    expect(await storedHeartbeats()).toHaveLength(1);
  });

  test('has each lone surrogate replaced by U+FFFD, also when it is packed into a text', async () => {
    const heartbeat = JSON.stringify(beat(now, { project: 'PROJECT' })).replace('PROJECT', String.raw`a\ud83d`);
    const packed = JSON.stringify(beat(now - 9, { project: 'PROJECT' })).replace('PROJECT', String.raw`b\udc00`);
    await post(bulk, `[${heartbeat}]`);
    await post(bulk, JSON.stringify(`[${packed}]`));
    expect((await storedHeartbeats()).map(({ project }) => project)).toEqual(['b\ufffd', 'a\ufffd']);
    expect((await testHub.get('projects')).data.map(({ name }: { name: string }) => name)).toEqual([
      'a\ufffd',
      'b\ufffd',
    ]);
  });

  test('of an earlier build, with a lone surrogate in the store, makes no answer fail', async () => {
    const channel = await testHub.hub.channel('owner/wakatime');
    const value = JSON.stringify(beat(now, { project: '\ud83d', machine: '\udc00' }));
    const op = { op: 'put', key: '019b8ea5-5a00-8000-a000-000000000000', value, time: now * 1_000_000 } as const;
    await channel.write({ ops: [op], origin: 'test', at: testHub.world.now() });
    for (const path of [
      'projects',
      'machine_names',
      'summaries?range=today',
      'stats/today',
      'durations?date=today',
      'heartbeats?date=today',
    ])
      expect(JSON.stringify(await testHub.get(path))).not.toMatch(/\\u[dD][89a-f]/);
    expect((await testHub.get('projects')).data).toMatchObject([{ name: '\ufffd' }]);
  });

  test('of a thousand is stored', async () => {
    const answer = await testHub.send(Array.from({ length: 1_000 }, (_, index) => beat(now - index)));
    expect(JSON.parse(answer.body).responses).toHaveLength(1_000);
    expect(await storedHeartbeats()).toHaveLength(1_000);
  });

  test.each([
    '/api/v1/users/current/heartbeats.bulk',
    '/api/users/current/heartbeats.bulk',
    '/v1/users/current/heartbeats.bulk',
    '/users/current/heartbeats.bulk',
    '/api/hackatime/v1/users/current/heartbeats.bulk',
    '/api/compat/wakatime/v1/users/current/heartbeats.bulk',
    '/api/v1/users/owner/heartbeats.bulk',
    '/api/v1/users/@owner/heartbeats.bulk',
    '/users/owner/heartbeats.bulk',
    '/users/@owner/heartbeats.bulk',
  ])('is stored at %s', async (path) => {
    expect(await post(path, [beat(now)])).toMatchObject({
      status: 202,
      body: JSON.stringify({ responses: [accepted] }),
    });
    expect(await storedHeartbeats()).toHaveLength(1);
  });

  test.each([
    '/api/heartbeat',
    '/api/heartbeats',
    '/heartbeat',
    '/heartbeats',
    '/api/v1/heartbeats',
    '/api/v1/users/current/heartbeats',
    '/api/v1/users/current/heartbeat',
  ])('of the legacy command line is stored at %s, with numbers as texts', async (path) => {
    const legacy = {
      ...beat(now),
      is_write: false,
      branch: null,
      language: '',
      dependencies: 'fs, "path"',
      lines: null,
      lineno: '3',
      cursorpos: '7',
    };
    const answer = await post(path, [legacy]);
    expect([answer.status, JSON.parse(answer.body).responses]).toEqual([201, [accepted]]);
    expect(await storedHeartbeats()).toMatchObject([
      {
        lineno: 3,
        cursorpos: 7,
        lines: null,
        branch: null,
        language: null,
        dependencies: ['fs', 'path'],
        is_write: false,
      },
    ]);
  });

  test('of a browser may have a text as time, and has the category browsing', async () => {
    const heartbeat = {
      entity: 'https://example.org/',
      type: 'url',
      time: `${now - 0.5}`,
      plugin: 'Chrome/114.0.0.0 chrome-wakatime/3.0.17',
    };
    await testHub.ask('POST', `${bulk}?api_key=${testHub.owner}`, {
      body: JSON.stringify([heartbeat]),
      headers: { origin: 'https://github.com' },
    });
    expect(await storedHeartbeats()).toMatchObject([
      { type: 'url', category: 'browsing', time: now - 0.5, project: null },
    ]);
    expect((await testHub.get('user_agents')).data).toMatchObject([{ editor: 'Chrome', is_browser_extension: true }]);
  });

  test('names plugin and machine in its headers, escaped once or more', async () => {
    await testHub.send([beat(now)], { 'x-machine-name': encodeURIComponent(encodeURIComponent('Ann’s laptop')) });
    await testHub.send([beat(now - 5, { user_agent: 'wakatime/v1 (darwin-22) go1.22 vim/9 vim-wakatime/11' })]);
    expect((await testHub.get('machine_names')).data.map(({ name }: { name: string }) => name)).toEqual([
      'Ann’s laptop',
      'laptop',
    ]);
    const agents = (await testHub.get('user_agents')).data;
    expect(agents).toMatchObject([
      { value: cliAgent, editor: 'VS Code', os: 'Linux' },
      { editor: 'Vim', os: 'Mac' },
    ]);
  });

  test.each([
    ['escaped as in a query', 'my+laptop'],
    ['escaped as in a query, twice', 'my%2Blaptop'],
    ['three times', 'my%252Blaptop'],
    ['as in a path', 'my%20laptop'],
    ['and as it is', 'my laptop'],
  ])('may have its machine’s name %s', async (_, machine) => {
    await testHub.send([beat(now)], { 'x-machine-name': machine });
    expect((await testHub.get('machine_names')).data).toMatchObject([{ name: 'my laptop' }]);
  });

  test('may have its machine’s name in UTF-8, as the legacy command line sends it', async () => {
    await testHub.send([beat(now)], { 'x-machine-name': 'Zoë at home' });
    expect((await storedHeartbeats()).map(({ machine }) => machine)).toEqual(['Zoë at home']);
  });

  test('of a relay names a machine for each heartbeat; an unknown id is not used as a name', async () => {
    await testHub.send([
      beat(now, { machine: 'desk' }),
      beat(now - 1, { machine_name_id: 'couch' }),
      beat(now - 2, { machine_name_id: '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b' }),
    ]);
    expect((await storedHeartbeats()).map(({ machine }) => machine)).toEqual(['laptop', 'couch', 'desk']);
  });

  test('of the first machine with a time zone sets the account’s, a second one does not', async () => {
    await testHub.send([beat(now)], { timezone: 'Europe/Berlin' });
    await testHub.send([beat(now - 1)], { timezone: 'Asia/Tokyo' });
    expect((await testHub.get('')).data.timezone).toBe('Europe/Berlin');
  });

  test('with placeholders is stored without them', async () => {
    await testHub.send([
      beat(now - 100, { branch: 'main', language: 'TypeScript' }),
      beat(now - 50, { project: '<<LAST_PROJECT>>', branch: '<<LAST_BRANCH>>', language: '<<LAST_LANGUAGE>>' }),
      beat(now, {}),
    ]);
    expect(JSON.stringify(await storedHeartbeats())).not.toContain('LAST_');
    const [day] = (await testHub.get('summaries?start=today&end=today')).data;
    expect(day.projects).toMatchObject([{ name: 'hub', total_seconds: 100 }]);
    expect(day.languages).toMatchObject([{ name: 'TypeScript', total_seconds: 100 }]);
  });

  test('reaches a follower as one change for each heartbeat', async () => {
    const guest = await testHub.socket();
    guest.send(JSON.stringify({ type: 'subscribe', channel: 'wakatime' }));
    await guest.messages.next();
    await testHub.send([beat(now - 1, { branch: 'main' }), beat(now, { is_write: true })]);
    const received = [JSON.parse(await guest.messages.next()), JSON.parse(await guest.messages.next())];
    expect(received).toMatchObject([
      {
        type: 'create',
        channel: 'wakatime',
        seq: 1,
        time: (now - 1) * 1_000_000,
        device_id: 'laptop',
        item: { entity: '/home/ann/hub/main.ts', branch: 'main' },
      },
      { type: 'create', channel: 'wakatime', seq: 2, item: { is_write: true } },
    ]);
    guest.end();
  });

  test('that is a single heartbeat is answered as WakaTime does, or as Wakapi does under its own prefix', async () => {
    const alone = await post('/api/v1/users/current/heartbeats', beat(now));
    expect(alone.status).toBe(202);
    expect(JSON.parse(alone.body)).toEqual({
      data: { id: expect.any(String), entity: '/home/ann/hub/main.ts', type: 'file', time: now },
    });
    const wakapi = await post('/api/compat/wakatime/v1/users/current/heartbeats', beat(now));
    expect([wakapi.status, wakapi.body]).toEqual([201, JSON.stringify({ responses: [accepted] })]);
    const bad = await post('/api/v1/users/current/heartbeats', { entity: 'x' });
    expect([bad.status, JSON.parse(bad.body)]).toEqual([
      400,
      { errors: { time: ['is required: seconds since 1970'] } },
    ]);
  });

  test('is stored once, also when it is sent again after a restart', async () => {
    const store = testHub.hub.store;
    await testHub.send([beat(now)]);
    await testHub.listening.close();
    const again = await openTestHub({ store, world: testHub.world, owner: testHub.owner });
    await again.send([beat(now)]);
    expect((await again.get('heartbeats?date=2026-01-05')).data).toHaveLength(1);
    testHub = again;
  });
});

describe('the routes', () => {
  let testHub: TestHub;
  const now = noon;
  beforeEach(async () => {
    testHub = await openTestHub();
  });
  afterEach(() => testHub.close());

  test('answer 401 to a wrong, missing or read-only key, so that plugins ask for another', async () => {
    const reader = await testHub.accounts.createToken('owner', 'reader', ['read']);
    if (!reader.ok) throw new Error(reader.error);
    const wrong = '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    for (const headers of [{}, basic(wrong), basic('nobody'), basic(reader.secret), { authorization: 'nonsense' }]) {
      const answer = await testHub.ask('POST', bulk, { body: [beat(now)], headers });
      expect([answer.status, JSON.parse(answer.body)]).toEqual([401, { error: 'Unauthorized' }]);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
    const read = await testHub.ask('GET', '/api/v1/users/current', { headers: basic(reader.secret) });
    expect(read.status).toBe(200);
    for (let turn = 0; turn < 20; turn += 1) {
      expect((await testHub.ask('GET', '/api/v1/users/current', { headers: basic(wrong) })).status).toBe(401);
    }
  });

  test('keep accounts apart', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    await testHub.send([beat(now)]);
    const asked = (path: string) => testHub.ask('GET', `/api/v1/users/${path}`, { headers: basic(bob.secret) });
    expect(JSON.parse((await asked('current/heartbeats?date=today')).body).data).toEqual([]);
    expect((await asked('owner/heartbeats?date=today')).status).toBe(404);
    expect((await asked('nobody/heartbeats?date=today')).status).toBe(404);
    expect(
      (
        await testHub.ask('POST', '/api/v1/users/owner/heartbeats.bulk', {
          body: [beat(now - 9)],
          headers: basic(bob.secret),
        })
      ).status,
    ).toBe(404);
    expect((await testHub.get('heartbeats?date=today')).data).toHaveLength(1);
  });

  test('answer OPTIONS at every path, with CORS headers', async () => {
    for (const path of [
      bulk,
      '/api/heartbeat',
      '/users/current/statusbar/today',
      '/api/v1/users/current/nothing/here',
    ]) {
      const answer = await testHub.ask('OPTIONS', path, { headers: { origin: 'https://vscode.dev' } });
      expect(answer.status).toBe(204);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
        'access-control-allow-headers': 'Authorization, Content-Type, X-Machine-Name, Timezone, User-Agent',
      });
    }
  });

  test('answer 404 in JSON at unknown paths', async () => {
    for (const path of ['/api/v1/users/current/nothing', '/users/current/nothing']) {
      const answer = await testHub.ask('GET', path, { headers: basic(testHub.owner) });
      expect([answer.status, typeof JSON.parse(answer.body).error]).toEqual([404, 'string']);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
  });

  test('answer 405 in JSON to other methods, with CORS headers', async () => {
    const answer = await testHub.ask('PUT', bulk, { headers: { origin: 'https://vscode.dev' }, body: [] });
    expect([answer.status, typeof JSON.parse(answer.body).error]).toEqual([405, 'string']);
    expect(answer.headers).toMatchObject({ allow: 'DELETE, OPTIONS, POST', 'access-control-allow-origin': '*' });
  });

  test.each(['/api/v1', '/api', '/v1', ''])('accept error reports of plugins at %s without a key', async (prefix) => {
    const answer = await testHub.ask('POST', `${prefix}/plugins/errors`, { body: { is_panic: true, stacktrace: 'x' } });
    expect(answer.status).toBe(201);
  });
});

describe('a personal hub', () => {
  let testHub: TestHub;
  beforeEach(async () => {
    testHub = await openTestHub({ personal: true });
  });
  afterEach(() => testHub.close());

  test('asks its owner for no key, but pages of other origins do need one', async () => {
    const asked = (headers: Record<string, string>, query = '') =>
      testHub.ask('GET', `/api/v1/users/current${query}`, { headers }).then(({ status }) => status);
    expect(await asked({})).toBe(200);
    expect(await asked({ origin: 'https://evil.example' })).toBe(401);
    expect(await asked({ origin: 'null' })).toBe(401);
    expect(await asked({ origin: 'chrome-extension://abc' }, `?api_key=${testHub.owner}`)).toBe(200);
  });
});
