// The mob timer over real sockets, on both engines: the exact bytes of its clients, and the answers.

import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ENGINES } from '../../../harness/clients.ts';
import { eventually } from '../../../harness/eventually.ts';
import { beginning, type MobHub, openMobHub, value } from '../../../harness/mobtimer.ts';
import { Socket } from '../../../harness/socket.ts';

const nothing = { timer: 0, requested: null, user: null, nextUser: null, type: null };
const noon = '2026-01-05T12:00:00.000Z';

/** Sends raw bytes and returns the whole response. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      const end = answer.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0);
      if (end >= 0 && answer.length >= end + 4 + length) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.write(text);
  });
}

/** A request as the command line of the mob timer (5.4.0) writes it. */
function commandLine(method: string, path: string, body?: string): string {
  const head = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1:18080', 'User-Agent: Go-http-client/1.1'];
  if (body !== undefined) head.push(`Content-Length: ${Buffer.byteLength(body)}`, 'Content-Type: application/json');
  return `${[...head, 'Accept-Encoding: gzip'].join('\r\n')}\r\n\r\n${body ?? ''}`;
}

describe.each(ENGINES)('the mob timer on %s', (engine) => {
  let mobHub: MobHub;
  beforeEach(async () => {
    mobHub = await openMobHub({ engine });
  });
  afterEach(() => mobHub.close());

  describe('the command line', () => {
    test.each([
      ['mob t 5', '/my-room', '{"timer":5,"user":"Git Alice"}', { timer: 5, type: 'TIMER', user: 'Git Alice' }],
      ['mob break 5', '/my-room', '{"breaktimer":5,"user":"Git Alice"}', { timer: 5, type: 'BREAKTIMER' }],
      [
        'mob timer 7, a name with quotes',
        '/my-room',
        '{"timer":7,"user":"Bob \\"x\\" \\u003cb\\u003e"}',
        { timer: 7, user: 'Bob "x" <b>' },
      ],
      ['mob timer 99999', '/my-room', '{"timer":99999,"user":"Git Alice"}', { timer: 1440 }],
      ['mob timer 10 --room other_Room', '/other_Room', '{"timer":10,"user":"Git Alice"}', { timer: 10 }],
      ['mob start 6', '/start-room', '{"timer":6,"user":"Git Alice"}', { timer: 6 }],
    ])('%s is answered 202 without a body, and shown', async (_, path, body, shown) => {
      const answer = await raw(mobHub.port, commandLine('PUT', path, body));
      expect(answer).toMatch(/^HTTP\/1\.1 202 Accepted\r\n/);
      expect(answer).toMatch(/\r\ncontent-length: 0\r\n/i);
      expect(answer).toMatch(/\r\n\r\n$/);
      const stream = await mobHub.follow(`${path}/events`);
      expect((await beginning(stream)).timer).toMatchObject({ ...shown, requested: noon });
      stream.close();
    });

    test('is shown to a WebSocket on the path of the stream, in the events of the stream', async () => {
      const stream = await mobHub.follow('/my-room/events');
      const socket = await Socket.open(`http://127.0.0.1:${mobHub.port}/my-room/events`);
      const names = [...(await socket.text()).matchAll(/^event:(\w+)$/gm)].map(([, name]) => name);
      expect(names).toEqual(['INITIAL_HISTORY', 'TIMER_REQUEST', 'GOAL_REQUEST']);
      await beginning(stream);
      await mobHub.put('/my-room', { timer: 5, user: 'ann' });
      const text = await socket.text();
      expect(text).toMatch(/^event:TIMER_REQUEST\n[\s\S]*"user":"ann"[\s\S]*\n\n$/);
      expect((await value(stream)).name).toBe('TIMER_REQUEST');
      socket.close();
      stream.close();
    });

    test('sets, reads and deletes the goal', async () => {
      const send = (method: string, body?: string) => raw(mobHub.port, commandLine(method, '/my-room/goal', body));
      expect(await send('GET')).toMatch(/^HTTP\/1\.1 204 No Content\r\n[\s\S]*\r\n\r\n$/);
      expect(await send('PUT', '{"goal":"ship the thing","user":""}')).toMatch(/^HTTP\/1\.1 202 [\s\S]*\r\n\r\n$/);
      expect(await send('GET')).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\{"goal":"ship the thing"\}$/);
      expect(await send('PUT', '{"goal":"a \\u0026 b","user":"Bob"}')).toMatch(/^HTTP\/1\.1 202 /);
      expect(await send('GET')).toMatch(/\{"goal":"a & b"\}$/);
      expect(await send('PUT', '{"goal":"","user":""}')).toMatch(/^HTTP\/1\.1 202 /);
      expect(await send('GET')).toMatch(/\{"goal":""\}$/);
      expect(await send('DELETE', '{"user":""}')).toMatch(/^HTTP\/1\.1 202 [\s\S]*\r\n\r\n$/);
      expect(await send('GET')).toMatch(/^HTTP\/1\.1 204 /);
    });

    test('may send its body in chunks', async () => {
      const head =
        'PUT /room HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
      expect(await raw(mobHub.port, `${head}5\r\n{"tim\r\n7\r\ner":10}\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 202 /);
    });

    test('gets 404 for an invalid room name, and never a redirect', async () => {
      for (const path of ['/my%20room/%C3%BC', '/my%20room', '/base/my-room', '/room/', '/a.b']) {
        expect(await raw(mobHub.port, commandLine('PUT', path, '{"timer":3,"user":"x"}'))).toMatch(/^HTTP\/1\.1 404 /);
      }
    });
  });

  describe('a room’s stream', () => {
    test('begins with history, newest and goal, byte for byte, under the headers of an event stream', async () => {
      await mobHub.put('/big-boar-37', { timer: 10, user: 'alice' });
      mobHub.world.pass(60_000);
      await mobHub.put('/big-boar-37', { breaktimer: 5 });
      await mobHub.put('/big-boar-37/goal', { goal: 'ship', user: 'alice' });
      const stream = await mobHub.follow('/big-boar-37/events');
      expect(stream.status).toBe(200);
      expect(stream.headers).toMatchObject({
        'content-type': 'text/event-stream;charset=UTF-8',
        'cache-control': 'no-store, no-cache, must-revalidate, proxy-revalidate, max-age=0',
        'x-accel-buffering': 'no',
      });
      expect(stream.headers).not.toHaveProperty('location');
      expect([await stream.next(), await stream.next(), await stream.next()]).toEqual([
        `event:INITIAL_HISTORY\ndata:[{"timer":10,"requested":"${noon}","user":"alice","nextUser":null,"type":"TIMER"}]`,
        'event:TIMER_REQUEST\ndata:{"timer":5,"requested":"2026-01-05T12:01:00.000Z","user":null,"nextUser":null,"type":"BREAKTIMER"}',
        'event:GOAL_REQUEST\ndata:{"goal":"ship","user":"alice","requested":"2026-01-05T12:01:00.000Z"}',
      ]);
      stream.close();
    });

    test('of an unused room begins empty', async () => {
      const stream = await mobHub.follow('/quiet/events');
      expect(await beginning(stream)).toEqual({
        history: [],
        timer: nothing,
        goal: { goal: null, user: null, requested: null },
      });
      stream.close();
    });

    test('of a room whose goal was deleted names the person', async () => {
      await mobHub.put('/room/goal', { goal: 'ship', user: 'bob' });
      const json = { 'content-type': 'application/json' };
      await mobHub.ask('DELETE', '/room/goal', { body: '{"user":"alice"}', headers: json });
      const stream = await mobHub.follow('/room/events');
      expect((await beginning(stream)).goal).toEqual({ goal: null, user: 'alice', requested: noon });
      // The second delete has no goal to delete, so it publishes nothing.
      await mobHub.ask('DELETE', '/room/goal', { body: '{"user":"carol"}', headers: json });
      await mobHub.put('/room', { timer: 1 });
      expect((await value(stream)).name).toBe('TIMER_REQUEST');
      stream.close();
    });

    test('sends every request in order, also five in a row, also to its sender', async () => {
      const stream = await mobHub.follow('/room/events');
      await beginning(stream);
      const minutes = [1, 2, 3, 4, 5];
      for (const timer of minutes) await mobHub.put('/room', { timer, user: 'ann' });
      for (const timer of minutes) expect((await value(stream)).data).toMatchObject({ timer, user: 'ann' });
      stream.close();
    });

    test('sends concurrent requests once each, with the right next user', async () => {
      const stream = await mobHub.follow('/room/events');
      await beginning(stream);
      const users = Array.from({ length: 20 }, (_, at) => `u${at}`);
      const answers = await Promise.all(users.map((user) => mobHub.put('/room', { timer: 10, user })));
      expect(answers.map(({ status }) => status)).toEqual(users.map(() => 202));
      const received: { user: string; nextUser: string | null }[] = [];
      for (const _ of users) received.push((await value(stream)).data);
      expect(received.map(({ user }) => user).sort()).toEqual([...users].sort());
      // All are new: the next person is the first typist, except for the first request.
      expect(received.map(({ nextUser }) => nextUser)).toEqual([null, ...users.slice(1).map(() => received[0]?.user)]);
      stream.close();
    });

    test('sends an unchanged goal again, and each request of the same instant', async () => {
      const stream = await mobHub.follow('/room/events');
      await beginning(stream);
      for (let at = 0; at < 2; at += 1) await mobHub.put('/room/goal', { goal: 'same', user: 'ann' });
      for (let at = 0; at < 2; at += 1) expect((await value(stream)).data.goal).toBe('same');
      stream.close();
    });

    test('an empty or invalid request is sent to nobody', async () => {
      const stream = await mobHub.follow('/room/events');
      await beginning(stream);
      for (const body of [
        '{}',
        '{"timer":null,"user":"x"}',
        '{"timer":""}',
        '{"timer":true}',
        '{"timer": ,"user": ""}',
      ]) {
        await mobHub.put('/room', body);
      }
      await mobHub.put('/room/goal', { goal: null });
      await mobHub.put('/room', { timer: 3 });
      expect((await value(stream)).data.timer).toBe(3);
      stream.close();
    });

    test('keeps null and an empty name apart: the one resets a page, the other stops it', async () => {
      const stream = await mobHub.follow('/room/events');
      await beginning(stream);
      await mobHub.put('/room', { timer: 0 });
      expect((await value(stream)).data).toEqual({ ...nothing, requested: noon, type: 'TIMER' });
      await mobHub.put('/room', { timer: 0, user: '' });
      expect((await value(stream)).data).toMatchObject({ timer: 0, user: '' });
      stream.close();
    });

    test('gets a keep-alive every five seconds from its start', async () => {
      const first = await mobHub.follow('/room/events');
      await beginning(first);
      mobHub.world.pass(2_000);
      const second = await mobHub.follow('/room/events');
      await beginning(second);
      mobHub.world.pass(2_999);
      await mobHub.put('/room', { timer: 1 });
      expect((await value(first)).name).toBe('TIMER_REQUEST');
      expect((await value(second)).name).toBe('TIMER_REQUEST');
      mobHub.world.pass(1);
      expect(await first.next()).toBe(
        'event:KEEP_ALIVE\ndata:{"timer":null,"requested":null,"user":null,"nextUser":null,"type":null}',
      );
      await mobHub.put('/room', { timer: 2 });
      expect((await value(second)).name).toBe('TIMER_REQUEST');
      mobHub.world.pass(2_000);
      expect((await value(second)).name).toBe('KEEP_ALIVE');
      expect((await value(first)).name).toBe('TIMER_REQUEST');
      mobHub.world.pass(3_000);
      expect((await value(first)).name).toBe('KEEP_ALIVE');
      first.close();
      second.close();
    });

    test('brings a returner the whole room, without a second copy of anything', async () => {
      const first = await mobHub.follow('/room/events');
      await beginning(first);
      for (const timer of [1, 2]) await mobHub.put('/room', { timer, user: 'ann' });
      first.close();
      await mobHub.put('/room', { timer: 3, user: 'ann' });
      const again = await mobHub.follow('/room/events');
      const { history, timer } = await beginning(again);
      expect([...history, timer]).toMatchObject([{ timer: 1 }, { timer: 2 }, { timer: 3 }]);
      await mobHub.put('/room', { timer: 4 });
      expect((await value(again)).data).toMatchObject({ timer: 4 });
      again.close();
    });

    test('begins once, however many are writing', async () => {
      let writing = true;
      const writer = (async () => {
        for (let timer = 1; writing; timer = (timer % 1_440) + 1) await mobHub.put('/room', { timer });
      })();
      for (let at = 0; at < 20; at += 1) {
        const stream = await mobHub.follow('/room/events');
        const { history, timer } = await beginning(stream);
        const seen = [...history, timer].map((request) => (request as { timer: number }).timer);
        for (let next = 0; next < 3; next += 1) {
          const received = await value(stream);
          expect(received.name).toBe('TIMER_REQUEST');
          expect(received.data.timer).toBe((seen.at(-1) ?? 0) + 1);
          seen.push(received.data.timer);
        }
        stream.close();
      }
      writing = false;
      await writer;
    });
  });

  test('a PUT is read with tolerance, and refused where it cannot be understood', async () => {
    const json = 'application/json';
    const table: [string, string | undefined, string | undefined, number][] = [
      ['/room', json, '{"timer":"10"}', 202],
      ['/room', `${json}; charset=utf-8`, '{"timer":10.9}', 202],
      ['/room', 'application/vnd.timer+json', '{"timer":10}', 202],
      ['/room', json, '{}', 202],
      ['/room', json, '{"timer":true}', 400],
      ['/room', json, '{"timer":1e300}', 400],
      ['/room', json, '"abc"', 400],
      ['/room', json, '{"timer": ,"user": ""}', 400],
      ['/room', json, undefined, 400],
      ['/room', undefined, undefined, 400],
      ['/room', undefined, '{"timer":10}', 415],
      ['/room', 'text/plain', '{"timer":10}', 415],
      ['/room', 'application/x-www-form-urlencoded', 'timer=10', 415],
      ['/room', json, `{"timer":10,"user":"${'x'.repeat(262_144)}"}`, 413],
      ['/room', json, `{"timer":10,"user":"${'x'.repeat(257)}"}`, 400],
      ['/room', json, `{"timer":10,"user":"${'x'.repeat(256)}"}`, 202],
      ['/room', json, `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
      ['/ro%20om', json, '{"timer":10}', 404],
      ['/my%2Droom', json, '{"timer":10}', 202],
      ['/r%zzm', json, '{"timer":10}', 404],
      ['/room/goal', json, '{"goal":"x"}', 202],
      ['/room/goal', json, '{"goal":[]}', 400],
      ['/room/goal', 'text/plain', 'x', 415],
    ];
    for (const [path, type, body, status] of table) {
      const headers = type === undefined ? {} : { 'content-type': type };
      const answer = await mobHub.ask('PUT', path, { ...(body === undefined ? {} : { body }), headers });
      expect([path, type, body?.slice(0, 40), answer.status]).toEqual([path, type, body?.slice(0, 40), status]);
      if (status === 202) expect(answer.body).toBe('');
      else if (status !== 413) expect(JSON.parse(answer.body)).toMatchObject({ status, path });
    }
    expect((await mobHub.ask('DELETE', '/room/goal')).status).toBe(202);
    expect(
      (await mobHub.ask('DELETE', '/room/goal', { body: 'x', headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415);
  });

  test('paths of the hub are not rooms', async () => {
    for (const name of ['-', 'api', 'events', 'help', 'stats', 'tasks', 'users', 'v1', 'actuator']) {
      if (!['actuator'].includes(name))
        expect([name, (await mobHub.put(`/${name}`, { timer: 1 })).status]).toEqual([name, 404]);
      for (const sub of ['events', 'goal']) {
        expect([name, sub, (await mobHub.ask('GET', `/${name}/${sub}`)).status]).toEqual([name, sub, 404]);
      }
    }
    for (const name of ['api', 'tasks', '-']) expect((await mobHub.ask('GET', `/${name}`)).status).toBe(404);
    expect((await mobHub.put('/Help', { timer: 1 })).status).toBe(202);
    expect((await mobHub.ask('PATCH', '/room')).status).toBe(405);
  });

  test('the join form leads to rooms of this hub alone', async () => {
    const join = (body: string) =>
      mobHub.ask('POST', '/', { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(await join('room=big-boar-37')).toMatchObject({
      status: 303,
      body: '',
      headers: { location: '/big-boar-37' },
    });
    expect((await join('room=+my_Room+')).headers.location).toBe('/my_Room');
    for (const room of [
      '',
      '/evil.example',
      '//evil.example',
      'my room',
      '{x}',
      'a\r\nSet-Cookie: x',
      'help',
      'null/..',
    ]) {
      const answer = await join(new URLSearchParams({ room }).toString());
      expect([room, answer.status, answer.headers.location]).toEqual([room, 400, undefined]);
      expect(JSON.parse(answer.body).refused).toBe(room.trim());
    }
    expect((await join('')).status).toBe(400);
  });

  test('a room that is named like a page, and the room named room, are reached by everything but GET of their name', async () => {
    for (const name of ['summary', 'room', 'health', 'healthz', 'metrics']) {
      expect((await mobHub.put(`/${name}`, { timer: 7, user: 'ann' })).status).toBe(202);
      const stream = await mobHub.follow(`/${name}/events`);
      expect((await beginning(stream)).timer).toMatchObject({ timer: 7 });
      stream.close();
      expect((await mobHub.put(`/${name}/goal`, { goal: `of ${name}`, user: 'ann' })).status).toBe(202);
      expect(JSON.parse((await mobHub.ask('GET', `/${name}/goal`)).body)).toEqual({ goal: `of ${name}` });
      expect((await mobHub.ask('DELETE', `/${name}/goal`)).status).toBe(202);
    }
  });

  test.each([
    ['/health', '/-/health'],
    ['/healthz', '/-/health'],
    ['/metrics', '/-/metrics'],
  ])('GET %s is no room page: it names %s, and the room of that name has its page at /room', async (path, address) => {
    const answer = await mobHub.ask('GET', path);
    expect([answer.status, JSON.parse(answer.body).hint]).toEqual([404, `this is at ${address}`]);
    expect((await mobHub.ask('HEAD', path)).status).toBe(404);
    expect((await mobHub.ask('GET', `/room${path}`)).status).toBe(200);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const joined = await mobHub.ask('POST', '/', { body: `room=${path.slice(1)}`, headers });
    expect(joined.headers.location).toBe(`/room${path}`);
  });

  test('/room/<name> takes everything that a room takes', async () => {
    for (const name of ['summary', 'room', 'calm-otter-42']) {
      expect(JSON.parse((await mobHub.ask('GET', `/room/${name}`)).body)).toMatchObject({ room: name });
      expect((await mobHub.put(`/room/${name}`, { timer: 3, user: 'bob' })).status).toBe(202);
      const stream = await mobHub.follow(`/${name}/events`);
      const other = await mobHub.follow(`/room/${name}/events`);
      const [here, there] = [await beginning(stream), await beginning(other)];
      expect(there.timer).toEqual(here.timer);
      stream.close();
      other.close();
      expect((await mobHub.put(`/room/${name}/goal`, { goal: 'x', user: 'bob' })).status).toBe(202);
      expect(JSON.parse((await mobHub.ask('GET', `/${name}/goal`)).body)).toEqual({ goal: 'x' });
      expect((await mobHub.ask('DELETE', `/room/${name}/goal`)).status).toBe(202);
      expect((await mobHub.ask('GET', `/${name}/goal`)).status).toBe(204);
    }
    expect((await mobHub.put('/room/help', { timer: 1 })).status).toBe(404);
  });

  test('the form leads to a room that is named like a page by the address that is its own', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await mobHub.ask('POST', '/', { body: 'room=summary', headers });
    expect(answer).toMatchObject({ status: 303, headers: { location: '/room/summary' } });
  });

  test('pages are given their facts, and sent with their policy', async () => {
    const front = await mobHub.ask('GET', '/', { headers: { host: 'hub.example:8080' } });
    expect(front.headers).toMatchObject({
      'content-type': 'text/html;charset=UTF-8',
      'content-security-policy': "default-src 'self'",
    });
    expect(JSON.parse(front.body)).toEqual({
      suggested: expect.stringMatching(/^[a-z]+-[a-z]+-\d\d$/),
      refused: '',
      url: 'http://hub.example:8080/',
      users: 0,
      timers: 0,
      members: false,
    });
    const room = await mobHub.ask('GET', '/big-boar-37', { headers: { host: 'h', 'x-forwarded-proto': 'https' } });
    expect(JSON.parse(room.body)).toEqual({ room: 'big-boar-37', url: 'https://h/', members: false });
    expect(JSON.parse((await mobHub.ask('GET', '/help')).body)).toMatchObject({ members: false });
    for (const path of ['/', '/room', '/help', '/stats']) {
      expect(await mobHub.ask('HEAD', path)).toMatchObject({ status: 200, body: '' });
    }
    expect(await mobHub.ask('GET', '/favicon.ico')).toMatchObject({ status: 200, body: '<svg/>' });
    expect((await mobHub.ask('GET', '/favicon.ico', { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
    expect((await mobHub.ask('GET', '/no.such')).status).toBe(404);
    expect(JSON.parse((await mobHub.ask('GET', '/actuator/health')).body)).toEqual({ status: 'UP' });
    expect(JSON.parse((await mobHub.ask('GET', '/-/clock')).body)).toEqual({ now: mobHub.world.now() });
  });

  test('half a character in a name or a goal is replaced, and does not break the room', async () => {
    const headers = { 'content-type': 'application/json' };
    await mobHub.ask('PUT', '/room/goal', { headers, body: '{"goal":"a\\ud800b \\ud83d\\ude00","user":"x"}' });
    expect(JSON.parse((await mobHub.ask('GET', '/room/goal')).body)).toEqual({ goal: 'a\ufffdb \u{1f600}' });
  });

  test('the original’s health check answers DOWN when writes cannot be stored', async () => {
    const fault = new Error('the disk is full');
    mobHub.hub.store.check = () => Promise.reject(fault);
    const down = await mobHub.ask('GET', '/actuator/health');
    expect([down.status, JSON.parse(down.body)]).toEqual([503, { status: 'DOWN', reason: 'the disk is full' }]);
  });

  test('the front page’s stream counts viewers and turns, at once and every second', async () => {
    const counters = async () => [await value(front), await value(front)].map(({ name, data }) => [name, data]);
    const both = (users: number, timers: number) => [
      ['ACTIVE_USERS_UPDATE', users],
      ['ACTIVE_TIMERS_UPDATE', timers],
    ];
    await mobHub.put('/a', { timer: 1, user: 'x' });
    const viewers = [
      await mobHub.follow('/a/events'),
      await mobHub.follow('/b/events'),
      await mobHub.follow('/b/events'),
    ];
    for (const viewer of viewers) await beginning(viewer);
    const front = await mobHub.follow('/events');
    expect(await counters()).toEqual(both(3, 1));
    await mobHub.put('/b', { breaktimer: 2 });
    mobHub.world.pass(1_000);
    expect(await counters()).toEqual(both(3, 2));
    await mobHub.put('/b', { timer: 0 });
    mobHub.world.pass(1_000);
    expect(await counters()).toEqual(both(3, 1));
    mobHub.world.pass(58_000);
    for (let at = 0; at < 57; at += 1) expect(await counters()).toEqual(both(3, 1));
    expect(await counters()).toEqual(both(3, 0));
    for (const viewer of viewers) viewer.close();
    await eventually(() => mobHub.listening.connections() <= 1, 'the viewers to be gone');
    mobHub.world.pass(1_000);
    expect(await counters()).toEqual(both(0, 0));
    front.close();
  });

  test('the statistics count requests by minutes', async () => {
    const monitor = '/testroom-310a9c47-515c-4ad7-a229-ae8efbab7387';
    for (const timer of [10, 10, 99_999, 0]) await mobHub.put('/a', { timer });
    await mobHub.put('/b', { breaktimer: 5 });
    await mobHub.put('/b', {});
    await mobHub.put('/b/goal', { goal: 'x' });
    await mobHub.ask('DELETE', '/b/goal');
    await mobHub.put(monitor, { timer: 7 });
    expect(JSON.parse((await mobHub.ask('GET', '/stats')).body)).toEqual({
      since: mobHub.world.now(),
      timers: [
        { minutes: 0, count: 1 },
        { minutes: 10, count: 2 },
        { minutes: 1440, count: 1 },
      ],
      breaks: [{ minutes: 5, count: 1 }],
      goals: 1,
      users: 0,
      activeTimers: 2,
    });
  });
});
