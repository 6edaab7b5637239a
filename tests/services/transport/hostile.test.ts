// A few thousand hostile inputs for each port. The answers do not matter, but no input may cause a logged bug, and other clients must be
// served as before.

import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { text } from '../../../server/http/types.ts';
import { ask, dial, LISTENERS, open, type TestListener, visit } from '../../harness/clients.ts';
import { seeded } from '../../harness/world.ts';

const SEED = 20_261_121;
const INPUTS = 1_500;

type Random = () => number;

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<T>(random: Random, things: readonly T[], otherwise: T): T {
  return things[below(random, things.length)] ?? otherwise;
}

/** Valid input with some bytes changed, removed, repeated or inserted. */
function spoiled(random: Random, good: readonly Buffer[], spices: readonly string[]): Buffer {
  let bytes = Buffer.from(pick(random, good, Buffer.alloc(0)));
  for (let times = below(random, 5); times > 0; times -= 1) {
    const at = below(random, bytes.length + 1);
    const way = below(random, 5);
    if (way === 0)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(random, spices, '')), bytes.subarray(at)]);
    else if (way === 1) bytes = bytes.subarray(0, at);
    else if (way === 2) bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    else if (way === 3 && at < bytes.length) bytes[at] = below(random, 256);
    else bytes = Buffer.concat([bytes.subarray(0, at), pick(random, good, bytes)]);
  }
  return bytes;
}

/** Writes each input to a new connection, in one or two chunks, and disconnects; twenty at a time. */
async function pour(port: number, random: Random, inputs: number, next: () => Buffer): Promise<void> {
  const one = async () => {
    const bytes = next();
    const cut = random() < 0.5 ? bytes.length : below(random, bytes.length + 1);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    const over = new Promise((resolve) => socket.on('close', resolve));
    socket.write(bytes.subarray(0, cut), () => {
      if (random() < 0.2) socket.resetAndDestroy();
      else if (!socket.destroyed) socket.end(bytes.subarray(cut), () => setImmediate(() => socket.destroy()));
    });
    await over;
  };
  for (let done = 0; done < inputs; done += 20) await Promise.all(Array.from({ length: 20 }, one));
}

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /thing/a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n',
  'POST /thing/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
  'POST /thing/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HEAD /thing/%e2%82 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
].map((one) => Buffer.from(one));
const HEAD_SPICES = [
  '\r\n',
  '\0',
  'Host: y\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: gzip\r\n',
  'x'.repeat(20_000),
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\x12\x34\x56\x78',
  '%',
  ': ',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'x-horai-from: 1.2.3.4\r\n',
];
const MESSAGES = ['{}', '{"type":"login"}', '{"a":"}{\\"","b":[1,{"c":"€"}]}', '[[[[]]]]', '\n', '{"join":"t"}'].map(
  (one) => Buffer.from(one),
);
const TEXT_SPICES = [
  '"',
  '\\',
  '{'.repeat(5_000),
  '}',
  '\0',
  '\u{feff}',
  'GET ',
  'x',
  '[',
  ']',
  '{"__proto__":1}',
  '\x16\x03',
];

/** A client frame with random header bits and sometimes a wrong length. */
function frame(random: Random, payload: Buffer): Buffer {
  const first = below(random, 4) === 0 ? below(random, 256) : 0x80 | pick(random, [0, 1, 1, 1, 2, 8, 9, 10], 1);
  const length = below(random, 10) === 0 ? below(random, 70_000) : payload.length;
  const mask = below(random, 8) === 0 ? 0 : 0x80;
  const key = Buffer.from([1, 2, 3, 4]);
  const masked = mask === 0 ? payload : Buffer.from(payload.map((byte, at) => byte ^ (key[at % 4] ?? 0)));
  const header =
    length < 126
      ? [first, mask | length]
      : length < 65_536
        ? [first, mask | 126, length >> 8, length & 255]
        : [
            first,
            mask | 127,
            below(random, 4) === 0 ? 255 : 0,
            0,
            0,
            0,
            0,
            length >> 16,
            (length >> 8) & 255,
            length & 255,
          ];
  return Buffer.concat([Buffer.from(header), mask === 0 ? Buffer.alloc(0) : key, masked]);
}

describe.each(LISTENERS)('hostile input over %s', (engine) => {
  let listener: TestListener;
  const routes = [
    { method: 'POST', path: '/thing/:name', limit: 1_000, handle: () => Promise.resolve(text(200, 'ok')) },
    { method: 'GET', path: '/thing/:name', handle: () => Promise.resolve(text(200, 'ok')) },
  ];
  const faults: unknown[] = [];
  const remember = (fault: unknown) => faults.push(fault);
  beforeEach(async () => {
    process.on('uncaughtExceptionMonitor', remember);
    listener = await open(engine, { routes });
  });
  afterEach(async () => {
    await listener.close();
    process.off('uncaughtExceptionMonitor', remember);
    expect(faults).toEqual([]);
    expect(listener.world.lines).toEqual([]);
  });

  /** Checks that other clients are served, on all ports. */
  const wellServed = async () => {
    const guest = await visit(listener.port);
    guest.send('{"good":1}');
    expect(await guest.messages.next()).toBe('{"good":1}');
    guest.end();
    const client = await dial(listener.kronosPort ?? 0);
    client.socket.write('{"good":2}');
    expect(await client.lines.next()).toBe('{"good":2}');
    client.socket.destroy();
    expect((await ask(listener.port, 'POST', '/thing/a', { body: 'x' })).body).toBe('ok');
  };

  test('in requests', async () => {
    const random = seeded(SEED);
    await pour(listener.port, random, INPUTS, () => spoiled(random, REQUESTS, HEAD_SPICES));
    await wellServed();
  }, 60_000);

  test('in frames', async () => {
    const random = seeded(SEED + 1);
    const upgrade = REQUESTS.at(-1) ?? Buffer.alloc(0);
    const frames = () =>
      Array.from({ length: 1 + below(random, 8) }, () => frame(random, spoiled(random, MESSAGES, TEXT_SPICES)));
    await pour(listener.port, random, INPUTS, () => Buffer.concat([upgrade, ...frames()]));
    await wellServed();
  }, 60_000);

  test('in raw TCP', async () => {
    const random = seeded(SEED + 2);
    const good = [...MESSAGES, ...REQUESTS];
    await pour(listener.kronosPort ?? 0, random, INPUTS, () =>
      spoiled(random, random() < 0.8 ? MESSAGES : good, random() < 0.8 ? TEXT_SPICES : HEAD_SPICES),
    );
    await wellServed();
  }, 60_000);

  test('in nothing but noise', async () => {
    const random = seeded(SEED + 3);
    const noise = () =>
      Buffer.concat(
        Array.from({ length: 1 + below(random, 20) }, () => createHash('sha512').update(String(random())).digest()),
      );
    await pour(listener.port, random, INPUTS / 5, noise);
    await pour(listener.kronosPort ?? 0, random, INPUTS / 5, noise);
    await wellServed();
  }, 60_000);
});
