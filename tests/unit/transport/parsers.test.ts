// Requests as old proxies, slow links and hostile clients send them, byte by byte: each engine gives the same correct answer.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Route, text } from '../../../server/http/types.ts';
import { readFirstBytes } from '../../../server/transport/connection-split.ts';
import { open, type TestListener } from '../../harness/clients.ts';

const routes: readonly Route[] = [
  { method: 'GET', path: '/hello', handle: async () => text(200, 'hello') },
  { method: 'POST', path: '/echo', handle: async ({ body }) => text(200, `<${body}>`) },
  {
    method: 'GET',
    path: '/stream',
    handle: async () => ({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      open: (peer) => {
        peer.send('data:first\n\n');
        return {
          receive: () => undefined,
          dropped: () => undefined,
          drained: () => undefined,
          closed: () => undefined,
        };
      },
    }),
  },
];

/** A socket that reads until a text arrives or the other end closes. */
class Raw {
  readonly socket: Socket;
  received = '';
  closed = false;
  #changed: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
      this.#changed();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      this.#changed();
    });
  }

  async until(found: RegExp): Promise<string> {
    while (!found.test(this.received)) {
      if (this.closed) throw new Error(`closed before ${found}: ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return this.received;
  }

  /** Writes the bytes as two segments: the second one after the first has been sent. */
  async sendCut(bytes: string, at: number): Promise<void> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    await new Promise<void>((resolve) => this.socket.write(bytes.slice(0, at), 'latin1', () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
    this.socket.write(bytes.slice(at), 'latin1');
  }
}

const handshake = (more = '') =>
  `GET /any HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;

describe.each(['uWebSockets.js', 'ws'] as const)('%s', (listener) => {
  let running: TestListener;
  const raws: Raw[] = [];
  const dial = () => {
    const raw = new Raw(running.port);
    raws.push(raw);
    return raw;
  };
  beforeAll(async () => {
    running = await open(listener, { routes });
  });
  afterAll(async () => {
    for (const { socket } of raws) socket.destroy();
    await running.close();
  });

  test('answers HTTP/1.0 and closes the connection', async () => {
    const raw = dial();
    raw.socket.write('GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n');
    await once(raw.socket, 'close');
    expect(raw.received).toMatch(/^HTTP\/1\.[01] 200 OK\r\n[\s\S]*\r\n\r\nhello$/);
  });

  test('streams events over HTTP/1.0', async () => {
    const raw = dial();
    raw.socket.write('GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n');
    expect(await raw.until(/data:first\n\n/)).toMatch(/^HTTP\/1\.[01] 200 OK\r\n[\s\S]*\r\n\r\ndata:first\n\n$/);
  });

  test('answers a request that is cut at any byte', async () => {
    const request = 'GET /hello?a=b HTTP/1.1\r\nHost: localhost\r\nX-More: y\r\n\r\n';
    for (let at = 1; at < request.length; at += 1) {
      const raw = dial();
      await raw.sendCut(request, at);
      expect([at, await raw.until(/hello$/)]).toEqual([at, expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n/)]);
      raw.socket.destroy();
    }
  });

  test('answers two requests of one packet in their order, the first with a body', async () => {
    const raw = dial();
    raw.socket.write(
      'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    expect(await raw.until(/hello$/)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*<abc>HTTP\/1\.1 200 OK\r\n/);
  });

  test('opens a WebSocket whose handshake is split at any byte, by either parser', async () => {
    for (const bytes of [handshake(), handshake('Content-Length: 0\r\n')]) {
      for (let at = 1; at < bytes.length; at += 7) {
        const raw = dial();
        await raw.sendCut(bytes, at);
        await raw.until(/^HTTP\/1\.1 101 /);
        raw.socket.destroy();
      }
    }
  });

  test('publishes to every WebSocket, whichever parser read its handshake', async () => {
    const own = await open(listener, { routes });
    try {
      const guests = [];
      for (const bytes of [handshake(), handshake('Content-Length: 0\r\n')]) {
        const raw = new Raw(own.port);
        raw.socket.write(bytes);
        const talk = await own.talks.next();
        expect(talk.caller).toMatchObject({ address: '127.0.0.1', host: 'localhost' });
        talk.follow('topic');
        await raw.until(/^HTTP\/1\.1 101 /);
        guests.push(raw);
      }
      own.publisher.publish('topic', 'to everybody');
      for (const raw of guests) await raw.until(/to everybody$/);
    } finally {
      await own.close();
    }
  });
});

describe.each(['uWebSockets.js', 'uWebSockets.js alone', 'ws'] as const)('%s', (listener) => {
  test.each(['3', '4'])('refuses a second Content-Length (%s), and closes', async (second) => {
    const running = await open(listener, { routes });
    try {
      const raw = new Raw(running.port);
      raw.socket.write(
        `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: ${second}\r\n\r\nabcd`,
      );
      await once(raw.socket, 'close');
      expect(raw.received).toMatch(/^HTTP\/1\.1 400 /);
      expect(raw.received).not.toContain('<');
    } finally {
      await running.close();
    }
  });
});

describe('the first bytes of a connection', () => {
  test.each([
    ['a handshake', handshake(), 'handshake'],
    ['a handshake in other letters', handshake().replace('Upgrade: websocket', 'UPGRADE:WebSocket'), 'handshake'],
    ['a plain request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'request'],
    ['a POST', 'POST / HT', 'request'],
    ['nothing, at the end of the connection', '', 'request'],
    ['a handshake without its end', handshake().slice(0, -2), 'unfinished'],
    ['two letters', 'GE', 'unfinished'],
    ['two letters of something else', 'GO', 'request'],
    ['HTTP/1.0', handshake().replace('HTTP/1.1', 'HTTP/1.0'), 'request'],
    ['a handshake with a body', handshake('Content-Length: 0\r\n'), 'request'],
    ['a handshake with a chunked body', handshake('Transfer-Encoding: chunked\r\n'), 'request'],
    ['two keys', handshake('Sec-WebSocket-Key: x\r\n'), 'request'],
    ['two hosts', handshake('Host: other\r\n'), 'request'],
    ['a folded header', handshake('X: y\r\n z\r\n'), 'request'],
    ['a head without an end, longer than any', `GET /${'x'.repeat(20_000)}`, 'request'],
  ])('%s', (_, bytes, kind) => {
    expect(readFirstBytes(Buffer.from(bytes, 'latin1'))).toBe(kind);
  });
});
