// Raw Kronos TCP, and other connections to its port.

import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { refuse } from '../../../protocol/errors.ts';
import { text } from '../../../server/http/types.ts';
import { Dispatcher } from '../../../server/transport/dispatcher.ts';
import { type AppHandlers, listen } from '../../../server/transport/listen.ts';
import { ask, dial, ENGINES, LISTENERS, open, type TestListener, visit } from '../../harness/clients.ts';
import { TestWorld } from '../../harness/world.ts';

const nobody: AppHandlers = {
  routes: [],
  admit: () => undefined,
  converse: () => ({ receive() {}, dropped() {}, drained() {}, closed() {} }),
};

describe.each(LISTENERS)('the Kronos port beside %s', (engine) => {
  let listener: TestListener;
  let port: number;
  beforeEach(async () => {
    const whoami = {
      method: 'GET',
      path: '/whoami',
      handle: ({ address }: { address: string }) => Promise.resolve(text(200, address)),
    };
    listener = await open(engine, {
      routes: [whoami],
      admit: (caller) => (caller.origin === 'https://evil.example' ? refuse('origin') : undefined),
    });
    port = listener.kronosPort ?? 0;
  });
  afterEach(() => listener.close());

  test('takes objects without delimiters and answers a line each', async () => {
    const client = await dial(port);
    client.socket.write('{"a":1}{"b":"}{"}\n [2]');
    for (const line of ['{"a":1}', '{"b":"}{"}', '[2]']) expect(await client.lines.next()).toBe(line);
    const cut = Buffer.from('{"c":"€😀"}');
    for (const byte of cut) client.socket.write(Uint8Array.of(byte));
    expect(await client.lines.next()).toBe('{"c":"€😀"}');
    const talk = await listener.talks.next();
    expect(talk.caller).toEqual({ address: '127.0.0.1', host: '', origin: '', authorization: '' });
    client.socket.destroy();
    expect(['closed', 'closed in order']).toContain(await talk.events.next());
  });

  test('reports whether the client closed normally', async () => {
    const polite = await dial(port);
    polite.socket.write('{}');
    await polite.lines.next();
    polite.socket.end();
    expect(await (await listener.talks.next()).events.next()).toBe('closed in order');
    const rude = await dial(port);
    rude.socket.write('{}');
    await rude.lines.next();
    rude.socket.resetAndDestroy();
    expect(await (await listener.talks.next()).events.next()).toBe('closed');
  });

  test('still answers a client that has ended its side', async () => {
    const client = await dial(port);
    client.socket.end('{"a":1}{"b":2}');
    expect(await client.all).toBe('{"a":1}\n{"b":2}\n');
  });

  test('sends queued messages before it closes', async () => {
    const client = await dial(port);
    client.socket.write('{"a":1}{"close":4403}{"late":1}');
    expect(await client.all).toBe('{"a":1}\n');
    expect((await listener.talks.next()).received).toEqual(['{"a":1}', '{"close":4403}']);
  });

  test.each([
    [
      'a request that could carry a message',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"type":"read-all"}',
    ],
    ['a put', 'PUT / HTTP/1.1\r\n\r\n{"type":"login"}'],
    ['almost a get', 'GETS {"type":"login"}'],
    ['a get in small letters', 'get / HTTP/1.1\r\n\r\n'],
    ['the PROXY signature', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c{"type":"login"}'],
    ['TLS', '\x16\x03\x01\x02\0{"type":"login"}'],
    ['a bare string', '"login"{"type":"login"}'],
  ])('answers %s with one error and reads no more', async (_, bytes) => {
    const client = await dial(port);
    client.socket.write(bytes);
    client.socket.write('{"type":"login"}'.repeat(1000));
    const all = await client.all;
    expect(all.endsWith('\n')).toBe(true);
    expect(JSON.parse(all)).toEqual({
      success: false,
      error: 'invalid payload',
      code: 'unframed',
      hint: 'send JSON objects',
    });
    expect((await listener.talks.next()).received).toEqual([]);
  });

  test('closes with an error after garbage between objects, and after bytes that are not UTF-8', async () => {
    for (const [bytes, hint] of [
      [Buffer.from('{"a":1}garbage{"b":2}'), 'send JSON objects'],
      [Buffer.from([...Buffer.from('{"a":1}{"'), 0xff, ...Buffer.from('":1}')]), 'send UTF-8'],
    ] as const) {
      const client = await dial(port);
      client.socket.write(bytes);
      const [first, second, ...rest] = (await client.all).split('\n');
      expect(first).toBe('{"a":1}');
      expect(JSON.parse(second ?? '')).toEqual({ success: false, error: 'invalid payload', code: 'unframed', hint });
      expect(rest).toEqual(['']);
      expect((await listener.talks.next()).received).toEqual(['{"a":1}']);
    }
  });

  test('takes an object of 1 MiB, and closes after a larger one, finished or not', async () => {
    const object = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;
    const client = await dial(port);
    client.socket.write(object(1_048_576));
    expect((await client.lines.next()).length).toBe(1_048_576);
    client.socket.write(object(1_200_000).slice(0, 1_100_000));
    const line = (await client.all).split('\n').at(-2) ?? '';
    expect(JSON.parse(line)).toMatchObject({ success: false, code: 'too_large' });
  });

  test('[B1.8] an object that is not closed is refused beyond 1 MiB, or beyond the limit that the conversation has set', async () => {
    const client = await dial(port);
    client.socket.write('{"here":1}');
    await client.lines.next();
    (await listener.talks.next()).peer.messageLimit = 2_000_000;
    const object = `{"a":"${'x'.repeat(1_999_992)}"}`;
    client.socket.write(object);
    expect(await client.lines.next()).toBe(object);
    client.socket.write(`{"a":"${'x'.repeat(2_000_000)}`);
    expect(await client.all.then((all) => all.split('\n').at(-2))).toContain('2000000 bytes at most');
    const other = await dial(port);
    other.socket.write(`{"a":"${'x'.repeat(1_048_576)}`);
    expect((await other.all).split('\n').at(-2)).toContain('1048576 bytes at most');
  });

  test('a reader that does not read costs bounded memory and learns what it missed', async () => {
    const client = await dial(port);
    client.socket.write('{"here":1}');
    await client.lines.next();
    const talk = await listener.talks.next();
    talk.follow('t');
    client.socket.pause();
    const published: string[] = [];
    while (talk.missed.length === 0 && published.length < 20_000) {
      const one = `${published.length}:${'x'.repeat(4_000)}`;
      published.push(one);
      listener.publisher.publish('t', one);
      if (published.length % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const came = published.indexOf(talk.missed[0] ?? '');
    expect(came).toBeGreaterThan(100);
    expect(published.slice(came, came + talk.missed.length)).toEqual(talk.missed);
    expect(talk.peer.send('not now')).toBe('dropped');
    client.socket.resume();
    while ((await talk.events.next()) !== 'drained');
    talk.peer.send('fence');
    for (const one of published.slice(0, came)) expect((await client.lines.next()) === one).toBe(true);
    expect(await client.lines.next()).toBe('fence');
    client.socket.destroy();
  });

  test('hands a WebSocket on to the main port, split anywhere, with the client’s address', async () => {
    const guest = await visit(port, '/any');
    guest.send('{"a":1}');
    expect(await guest.messages.next()).toBe('{"a":1}');
    expect((await listener.talks.next()).caller).toMatchObject({ address: '127.0.0.1', host: `127.0.0.1:${port}` });
    const far = new WebSocket(`ws://127.0.0.1:${port}/`, {
      localAddress: '127.0.0.2',
      headers: { 'x-horai-from': 'forged 10.0.0.1' },
    });
    await new Promise((resolve) => far.on('open', resolve));
    expect((await listener.talks.next()).caller?.address).toBe('127.0.0.2');
    far.close();
    const client = await dial(port);
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    const head = `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
    for (const byte of Buffer.from(head)) {
      client.socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.lines.next()).toBe('HTTP/1.1 101 Switching Protocols\r');
    client.socket.destroy();
    guest.end();
    await guest.closed;
  });

  test('hands a GET on, refused or answered, and a later request cannot fake its address', async () => {
    expect(await ask(port, 'GET', '/whoami')).toMatchObject({ status: 200, body: '127.0.0.1' });
    expect((await ask(port, 'GET', '/nowhere')).status).toBe(404);
    expect((await ask(port, 'GET', '/whoami', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    const forged = { headers: { 'x-horai-from': '10.0.0.1' } };
    expect((await ask(listener.port, 'GET', '/whoami', forged)).body).toBe('127.0.0.1');
    expect((await ask(port, 'GET', '/whoami', forged)).body).toBe('127.0.0.1');
  });

  test('an endless request head is refused', async () => {
    const client = await dial(port);
    client.socket.write(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`);
    expect(JSON.parse(await client.all)).toMatchObject({ success: false, code: 'too_large' });
  });

  test('[C4] a connection without a complete message for 10 seconds gets an error and is closed', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
    try {
      const own = await open(engine);
      const [mute, slow, good] = [
        await dial(own.kronosPort ?? 0),
        await dial(own.kronosPort ?? 0),
        await dial(own.kronosPort ?? 0),
      ];
      slow.socket.write('GE');
      good.socket.write('{"a":1}');
      expect(await good.lines.next()).toBe('{"a":1}');
      jest.advanceTimersByTime(9_999);
      slow.socket.write('T ');
      good.socket.write('{"b":1}');
      expect(await good.lines.next()).toBe('{"b":1}');
      jest.advanceTimersByTime(1);
      for (const { all } of [mute, slow])
        expect(JSON.parse(await all)).toMatchObject({ success: false, code: 'silent' });
      good.socket.write('{"c":1}');
      expect(await good.lines.next()).toBe('{"c":1}');
      await own.close();
    } finally {
      jest.useRealTimers();
    }
  });
});

describe.each(ENGINES)('ports that are taken, under %s', (engine) => {
  const options = { log: new TestWorld().log, engine };

  test('a Kronos port in use is a warning, or an error if it was asked for; the main port always is one', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ port: 0, host: '127.0.0.1' }, resolve));
    const address = other.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const sentence = `port ${taken} on 127.0.0.1 is in use by another program: stop that program, or choose another port`;

    const mild = { host: '127.0.0.1', port: 0, kronosPort: taken, isKronosRequired: false };
    const listened = await listen(nobody, mild, options);
    if (!listened.ok) throw new Error(listened.error);
    expect(listened.listening.kronosPort).toBe(null);
    expect(listened.listening.warnings).toEqual([`${sentence} (the Kronos port)`]);
    const second = await listen(nobody, { ...mild, port: listened.listening.port, kronosPort: null }, options);
    expect(second).toMatchObject({ ok: false, error: expect.stringMatching(/is in use by another program/) });
    await listened.listening.close();

    const strict = await listen(nobody, { ...mild, isKronosRequired: true }, options);
    expect(strict).toEqual({ ok: false, error: `${sentence} (the Kronos port)` });
    const main = await listen(nobody, { ...mild, port: taken, kronosPort: null }, options);
    expect(main).toEqual({ ok: false, error: sentence });
    const nowhere = await listen(nobody, { ...mild, host: '192.0.2.1', kronosPort: null }, options);
    expect(nowhere).toMatchObject({ ok: false, error: expect.stringMatching(/not an address of this machine/) });
    await new Promise((resolve) => other.close(resolve));
  });

  test('no Kronos port is opened if it is switched off', async () => {
    const listened = await listen(
      nobody,
      { host: '127.0.0.1', port: 0, kronosPort: null, isKronosRequired: true },
      options,
    );
    if (!listened.ok) throw new Error(listened.error);
    expect([listened.listening.kronosPort, listened.listening.warnings, listened.listening.engine]).toEqual([
      null,
      [],
      engine,
    ]);
    await listened.listening.close();
  });
});

describe('one address', () => {
  test('has so many connections that stay, and no more; loopback has any number', () => {
    const world = new TestWorld();
    const dispatcher = new Dispatcher(nobody, world.log, 2);
    const wire = { write() {}, writePart() {}, pendingBytes: () => 0, end() {} };
    const from = (address: string) => ({ address, host: '', origin: '', authorization: '' });
    const come = (address: string) => dispatcher.openConversation(wire, dispatcher.topics, from(address));
    const first = come('10.0.0.1');
    expect(dispatcher.checkConnection(from('10.0.0.1'))).toBeUndefined();
    come('10.0.0.1');
    expect(dispatcher.checkConnection(from('10.0.0.1'))).toMatchObject({ code: 'too_many' });
    expect(dispatcher.checkConnection(from('10.0.0.2'))).toBeUndefined();
    dispatcher.closed(first, true);
    dispatcher.closed(first, true);
    expect(dispatcher.checkConnection(from('10.0.0.1'))).toBeUndefined();
    for (let at = 0; at < 5; at += 1) come('127.0.0.1');
    expect(dispatcher.checkConnection(from('127.0.0.1'))).toBeUndefined();
    expect(dispatcher.connections).toBe(6);
  });
});
