// Requests and streams, the same on both engines.

import { Agent, get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refuse } from '../../../protocol/errors.ts';
import type { Peer } from '../../../server/core/peer.ts';
import { json, type Request, type Route, text } from '../../../server/http/types.ts';
import { STREAM_LIMIT } from '../../../server/transport/connection.ts';
import { ask, dial, Flow, LISTENERS, open, type Talk, type TestListener } from '../../harness/clients.ts';
import { eventually } from '../../harness/eventually.ts';

describe.each(LISTENERS)('a request over %s', (engine) => {
  let running: TestListener;
  const asked = new Flow<Request>();
  const let_go = new Flow<() => void>();
  const routes: Route[] = [
    {
      method: 'GET',
      path: '/things/:name',
      handle: (request) => Promise.resolve(json(200, { name: request.params.get('name'), query: request.query })),
    },
    { method: 'POST', path: '/echo', handle: (request) => Promise.resolve({ ...text(200, ''), body: request.body }) },
    { method: 'POST', path: '/small', limit: 10, handle: (request) => Promise.resolve(text(200, `${request.body}`)) },
    { method: '*', path: '/any', handle: (request) => Promise.resolve(text(200, request.method)) },
    {
      method: 'GET',
      path: '/nothing',
      handle: () => Promise.resolve({ status: 204, headers: { etag: 'x' }, body: '' }),
    },
    { method: 'GET', path: '/bug', handle: () => Promise.reject(new Error('secret detail')) },
    { method: 'GET', path: '/split', handle: () => Promise.resolve(text(200, '', { 'x-a': 'b\r\nset-cookie: c' })) },
    { method: 'GET', path: '/big', handle: () => Promise.resolve(text(200, 'ü'.repeat(8_000_000))) },
    {
      method: 'POST',
      path: '/slow',
      handle: (request) => {
        asked.push(request);
        return new Promise((resolve) => let_go.push(() => resolve(text(200, 'at last'))));
      },
    },
  ];
  beforeAll(async () => {
    running = await open(engine, {
      routes,
      admit: (caller) => (caller.origin === 'https://evil.example' ? refuse('origin') : undefined),
    });
  });
  afterAll(() => running.close());

  test('reaches its route with all parts of the request', async () => {
    const answer = await ask(running.port, 'GET', '/things/caf%C3%A9%2Fbar?a=1&b=%20');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(answer.body)).toEqual({ name: 'café/bar', query: 'a=1&b=%20' });
    void ask(running.port, 'POST', '/slow', { body: 'body', headers: { authorization: 'Bearer t', 'X-Own': 'Y' } });
    const request = await asked.next();
    expect(request).toMatchObject({
      address: '127.0.0.1',
      host: `127.0.0.1:${running.port}`,
      origin: '',
      method: 'POST',
    });
    expect([request.authorization, request.path, request.headers.get('x-own')]).toEqual(['Bearer t', '/slow', 'Y']);
    expect(request.body.toString()).toBe('body');
    (await let_go.next())();
  });

  test('carries a body of a megabyte both ways, and a larger answer, unchanged', async () => {
    const body = Buffer.alloc(1_048_576, 'aü€😀');
    expect((await ask(running.port, 'POST', '/echo', { body })).body).toBe(body.toString());
    expect((await ask(running.port, 'POST', '/echo')).body).toBe('');
    expect((await ask(running.port, 'GET', '/big')).body).toBe('ü'.repeat(8_000_000));
  });

  test('is 413 when its body is too large, announced or not, and its connection lives on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = (announced: boolean, body: string) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const headers = announced ? { 'content-length': body.length } : { 'transfer-encoding': 'chunked' };
        const asking = request({ port: running.port, agent, method: 'POST', path: '/small', headers }, (response) => {
          let answer = '';
          response.on('data', (chunk) => {
            answer += String(chunk);
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
        });
        asking.on('error', reject);
        asking.end(body);
      });
    for (const announced of [true, false]) {
      expect((await post(announced, '12345678901')).status).toBe(413);
      expect(await post(announced, '1234567890')).toEqual({ status: 200, body: '1234567890' });
      const { status, body } = await post(announced, 'x'.repeat(300_000));
      expect([status, JSON.parse(body).code]).toEqual([413, 'too_large']);
    }
    agent.destroy();
  });

  test('is 404 without a route, 405 with the right methods, and 204 when it asks for them', async () => {
    const lost = await ask(running.port, 'GET', '/nowhere');
    expect([lost.status, JSON.parse(lost.body)]).toEqual([404, { error: 'not found' }]);
    const wrong = await ask(running.port, 'DELETE', '/things/a');
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const options = await ask(running.port, 'OPTIONS', '/things/a');
    expect([options.status, options.headers.allow, options.body]).toEqual([204, 'GET, HEAD, OPTIONS', '']);
    for (const method of ['PUT', 'PATCH', 'OPTIONS'])
      expect((await ask(running.port, method, '/any')).body).toBe(method);
  });

  test('HEAD is GET without the body', async () => {
    const whole = await ask(running.port, 'GET', '/things/a');
    const head = await ask(running.port, 'HEAD', '/things/a');
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', String(whole.body.length)]);
    const nothing = await ask(running.port, 'GET', '/nothing');
    expect([nothing.status, nothing.body, nothing.headers.etag]).toEqual([204, '', 'x']);
    expect(nothing.headers['content-length']).toBeUndefined();
  });

  test('an exception in an adapter is logged, and answered with 500 without details', async () => {
    const bug = await ask(running.port, 'GET', '/bug');
    expect([bug.status, JSON.parse(bug.body)]).toEqual([500, { error: 'internal error', code: 'broken' }]);
    // A header that could split the response into two is refused.
    expect((await ask(running.port, 'GET', '/split')).status).toBe(500);
    expect(running.world.lines.map((line) => line.text)).toEqual(['GET /bug failed', 'GET /split failed']);
  });

  test('has a head of 16 KiB at most', async () => {
    // uWS reads its limit from the process environment, which jest replaces, so here it has its default of 4 KiB.
    const most = engine === 'ws' ? 15_000 : 3_500;
    expect((await ask(running.port, 'GET', '/any', { headers: { cookie: 'x'.repeat(most) } })).status).toBe(200);
    expect((await ask(running.port, 'GET', '/any', { headers: { cookie: 'x'.repeat(17_000) } })).status).toBe(431);
  });

  test('is refused before its body is looked at', async () => {
    const answer = await ask(running.port, 'POST', '/echo', { body: 'x', headers: { origin: 'https://evil.example' } });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, 'origin']);
    const bare = connect(running.port, '127.0.0.1');
    bare.end('GET /things/a HTTP/1.0\r\n\r\n');
    const first = await new Promise((resolve) => bare.once('data', (chunk) => resolve(String(chunk))));
    expect(first).toMatch(/^HTTP\/1.1 (400|421|505)/);
    bare.destroy();
  });

  test('knows when its client has disconnected, and the answer is dropped', async () => {
    const asking = request({ port: running.port, method: 'POST', path: '/slow' });
    asking.on('error', () => undefined);
    asking.end('x');
    const seen = await asked.next();
    expect(seen.aborted()).toBe(false);
    asking.destroy();
    await eventually(() => seen.aborted(), 'the hub to notice that its client has gone');
    (await let_go.next())();
    expect((await ask(running.port, 'GET', '/things/a')).status).toBe(200);
  });

  test('may end in the middle of its body', async () => {
    const half = await dial(running.port);
    half.socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
    half.socket.destroy();
    await half.all;
    expect((await ask(running.port, 'POST', '/echo', { body: 'next' })).body).toBe('next');
  });

  test('is answered while the hub drains, and no other is taken', async () => {
    const own = await open(engine, { routes });
    const agent = new Agent({ keepAlive: true });
    const late = ask(own.port, 'POST', '/slow', { body: 'x' });
    const release = await let_go.next();
    await asked.next();
    let drained = false;
    const drain = own.drain().then(() => {
      drained = true;
    });
    await expect(ask(own.port, 'GET', '/any')).rejects.toThrow();
    expect(drained).toBe(false);
    release();
    expect((await late).body).toBe('at last');
    await drain;
    await own.close();
    agent.destroy();
  });
});

describe.each(LISTENERS)('a stream over %s', (engine) => {
  let running: TestListener;
  const streams = new Flow<Talk>();
  const routes: Route[] = [
    {
      method: 'GET',
      path: '/events',
      handle: () =>
        Promise.resolve({
          status: 200,
          headers: { 'content-type': 'text/event-stream' },
          open: (peer: Peer) => {
            const talk = running.talk(peer);
            streams.push(talk);
            return talk;
          },
        }),
    },
  ];
  beforeAll(async () => {
    running = await open(engine, { routes });
  });
  afterAll(() => running.close());

  const follow = (): Promise<IncomingMessage> =>
    new Promise((resolve) => {
      get({ port: running.port, path: '/events' }, (response) => {
        response.on('error', () => undefined);
        resolve(response);
      });
    });
  const read = (response: IncomingMessage, end: string): Promise<string> =>
    new Promise((resolve) => {
      let got = '';
      const decoder = new TextDecoder();
      const hear = (chunk: Buffer) => {
        got += decoder.decode(chunk, { stream: true });
        if (!got.endsWith(end)) return;
        response.off('data', hear);
        resolve(got);
      };
      response.on('data', hear);
    });

  test('begins at once, continues, and subscribes to topics like every peer', async () => {
    const response = await follow();
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream']);
    const { peer } = await streams.next();
    const first = read(response, 'data: 1\n\n');
    expect(peer.send('data: 1\n\n')).toBe('sent');
    expect(await first).toBe('data: 1\n\n');
    peer.join('t');
    const more = read(response, 'fence');
    running.publisher.publish('t', 'to all ');
    running.publisher.publish('t', 'but me ', peer);
    peer.leave('t');
    running.publisher.publish('t', 'nobody ');
    peer.send('fence');
    expect(await more).toBe('to all fence');
    response.destroy();
  });

  test('is over when the client disconnects, and ends after its last text when the hub ends it', async () => {
    const gone = await follow();
    const left = await streams.next();
    gone.destroy();
    expect(await left.events.next()).toBe('closed');
    expect(left.peer.send('late')).toBe('dropped');
    const response = await follow();
    const ended = await streams.next();
    const last = read(response, 'last words');
    const over = new Promise((resolve) => response.on('close', resolve));
    ended.peer.send('last words');
    ended.peer.close(1012, 'away');
    expect(await last).toBe('last words');
    await over;
    expect(await ended.events.next()).toBe('closed');
  });

  test('sends the texts of one turn in one write', async () => {
    const raw = await dial(running.port);
    raw.socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    const talk = await streams.next();
    const chunks: string[] = [];
    const fence = new Promise<void>((resolve) => {
      raw.socket.on('data', (chunk) => {
        chunks.push(String(chunk));
        if (String(chunk).includes('fence')) resolve();
      });
    });
    await raw.lines.next();
    for (let at = 0; at < 100; at += 1) talk.peer.send(`data: ${at}\n\n`);
    talk.peer.send('fence');
    await fence;
    expect(chunks.filter((chunk) => chunk.includes('data: ')).length).toBe(1);
    raw.socket.destroy();
  });

  test('a slow reader gets exactly the bytes whose send was not dropped, and the queue is bounded', async () => {
    const response = await follow();
    const talk = await streams.next();
    response.pause();
    const sent: string[] = [];
    let sizes = 7;
    let number = 0;
    // Four rounds: fill the queue until sends are dropped, then let the reader read a part.
    for (let round = 0; round < 4; round += 1) {
      let refused = 0;
      while (refused < 50) {
        sizes = (sizes * 1103515245 + 12345) % 2147483648;
        number += 1;
        const one = `<${number}:${'ü€x'.repeat(sizes % 1500)}>`;
        if (talk.peer.send(one) === 'dropped') refused += 1;
        else sent.push(one);
        if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const expected = sent.join('');
      const reading = read(response, '!');
      response.resume();
      expect(await talk.events.next()).toBe('drained');
      expect(talk.peer.send('!')).not.toBe('dropped');
      const got = await reading;
      response.pause();
      expect(got.length).toBe(expected.length + 1);
      expect(got === `${expected}!`).toBe(true);
      sent.length = 0;
    }
    response.destroy();
    expect(await talk.events.next()).toBe('closed');
  }, 30_000);

  test('one text larger than all limits is taken whole when nothing waits', async () => {
    const response = await follow();
    const talk = await streams.next();
    const large = 'x'.repeat(40 * STREAM_LIMIT);
    const reading = read(response, '!');
    if (talk.peer.send(large) === 'queued') await talk.events.next();
    talk.peer.send('!');
    expect((await reading).length).toBe(large.length + 1);
    response.destroy();
  });

  test('missed publications are reported as to every peer', async () => {
    const response = await follow();
    const talk = await streams.next();
    talk.follow('t');
    response.pause();
    const published: string[] = [];
    const events = talk.events.next();
    let isReported = false;
    void events.then(() => {
      isReported = true;
    });
    while (!isReported) {
      const one = `<${published.length}:${'y'.repeat(10_000)}>`;
      published.push(one);
      running.publisher.publish('t', one);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await events).toBe('dropped');
    const missed = published.indexOf(talk.missed[0] ?? '');
    const reading = read(response, '!');
    response.resume();
    while ((await talk.events.next()) !== 'drained');
    talk.peer.send('!');
    expect((await reading) === `${published.slice(0, missed).join('')}!`).toBe(true);
    response.destroy();
  });
});
