// Replies that are generated while they are sent, the same on both engines. The iterator records when each chunk is requested, and a client
// of any speed reads the result.

import { createHash } from 'node:crypto';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Route } from '../../../server/http/types.ts';
import { ask, LISTENERS, Flow as Line, open, type TestListener } from '../../harness/clients.ts';

/** The maximum that a loopback connection buffers for a reader that reads nothing, plus two chunks. */
const inTheKernel = 16 * 1_048_576;

/** The progress of one body, recorded by its iterator. */
class Making {
  readonly begun = new Line<true>();
  readonly over = new Line<'ended' | 'left' | 'threw'>();
  readonly #hash = createHash('sha256');
  asked = 0;

  /** @param wait awaited before each chunk after the first */
  async *pieces(most: number, bytes: number, wait: () => Promise<unknown> = async () => {}): AsyncGenerator<Buffer> {
    const noise = Buffer.alloc(most);
    let seed = 42;
    for (let at = 0; at < most; at += 4) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      noise.writeUInt32LE(seed, at);
    }
    let how: 'ended' | 'left' = 'left';
    try {
      while (this.asked < bytes) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        const piece = noise.subarray(0, 1 + ((seed >>> 8) % most));
        this.#hash.update(piece);
        this.asked += piece.length;
        yield piece;
        this.begun.push(true);
        await wait();
      }
      how = 'ended';
    } finally {
      this.over.push(how);
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

describe.each(LISTENERS)('a chunked reply over %s', (engine) => {
  let listener: TestListener;
  let making = new Making();
  let release = new Line<true>();
  const headers = { 'content-type': 'application/octet-stream', 'x-own': 'y' };
  const flow = (path: string, chunks: () => AsyncIterable<string | Uint8Array>): Route => ({
    method: 'GET',
    path,
    handle: () => Promise.resolve({ status: 200, headers, chunks: chunks() }),
  });
  const routes: Route[] = [
    flow('/large', () => making.pieces(300_000, 200_000_000)),
    flow('/endless', () => making.pieces(65_536, Number.POSITIVE_INFINITY)),
    flow('/halting', () => making.pieces(1_000, 4_000_000, () => release.next())),
    flow('/texts', async function* () {
      yield '';
      yield 'aü€😀';
      yield '';
      yield 'b'.repeat(70_000);
    }),
    flow('/nothing', async function* () {}),
    flow('/broken', async function* () {
      yield 'x'.repeat(100_000);
      throw new Error('the disk is gone');
    }),
    { method: 'GET', path: '/plain', handle: () => Promise.resolve({ status: 200, headers: {}, body: 'plain' }) },
  ];
  beforeAll(async () => {
    listener = await open(engine, { routes });
  });
  afterAll(() => listener.close());

  const read = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => get({ port: listener.port, path }, resolve).on('error', reject));

  test('brings 200 MB to a slow reader, each byte once, and makes no more than fits on the way', async () => {
    making = new Making();
    const response = await read('/large');
    const hash = createHash('sha256');
    let got = 0;
    let most = 0;
    let chunks = 0;
    for await (const chunk of response) {
      hash.update(chunk);
      got += chunk.length;
      chunks += 1;
      // Sometimes it pauses until the engine requests no further chunk.
      if (chunks % 500 === 0) {
        for (let before = -1; before !== making.asked; ) {
          before = making.asked;
          for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        }
      }
      most = Math.max(most, making.asked - got);
    }
    expect(await making.over.next()).toBe('ended');
    expect([got, response.complete]).toEqual([making.asked, true]);
    expect(hash.digest('hex')).toBe(making.digest());
    expect(most).toBeLessThan(inTheKernel);
  }, 60_000);

  test('ends when its client disconnects, while it is sent or produced', async () => {
    making = new Making();
    const full = await read('/endless');
    for (let before = -1; before !== making.asked; ) {
      before = making.asked;
      for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    full.destroy();
    expect(await making.over.next()).toBe('left');

    making = new Making();
    release = new Line<true>();
    const waiting = await read('/halting');
    await making.begun.next();
    const gone = new Promise((resolve) => waiting.on('close', resolve));
    waiting.destroy();
    await gone;
    // The current chunk is finished, and no further one is requested.
    await ask(listener.port, 'GET', '/plain');
    release.push(true);
    expect(await making.over.next()).toBe('left');
  }, 30_000);

  test('an iterator of another kind is ended at once when nobody waits for its next piece', async () => {
    const aborted = new Line<true>();
    const asked = new Line<true>();
    const own = await open(engine, {
      routes: [
        flow('/asleep', () => ({
          [Symbol.asyncIterator]: () => ({
            next() {
              asked.push(true);
              return new Promise(() => undefined);
            },
            return() {
              aborted.push(true);
              return Promise.resolve({ done: true, value: undefined });
            },
          }),
        })),
      ],
    });
    const asking = request({ port: own.port, path: '/asleep' });
    asking.on('error', () => undefined);
    asking.end();
    await asked.next();
    asking.destroy();
    await aborted.next();
    await own.close();
  });

  test('a reply whose source fails is aborted, so that no client takes it for complete', async () => {
    const response = await read('/broken');
    let got = 0;
    const failed = (async () => {
      for await (const chunk of response) got += chunk.length;
    })();
    await expect(failed).rejects.toThrow();
    expect([response.complete, got <= 100_000]).toEqual([false, true]);
    expect(listener.world.lines.map((line) => line.text)).toEqual(['a chunked reply failed']);
    expect((await ask(listener.port, 'GET', '/plain')).body).toBe('plain');
  });

  test('may be any text, also an empty one, and its connection stays open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const on = (path: string, method = 'GET') =>
      new Promise<{ body: string; length: string | undefined; own: unknown }>((resolve, reject) => {
        const asking = request({ port: listener.port, agent, path, method }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
          response.on('end', () =>
            resolve({
              body: Buffer.concat(chunks).toString(),
              length: response.headers['content-length'],
              own: response.headers['x-own'],
            }),
          );
        });
        asking.on('error', reject);
        asking.end();
      });
    const texts = { body: `aü€😀${'b'.repeat(70_000)}`, length: undefined, own: 'y' };
    expect(await on('/texts')).toEqual(texts);
    expect((await on('/nothing')).body).toBe('');
    expect(await on('/texts', 'HEAD')).toEqual({ ...texts, body: '' });
    expect(await on('/texts')).toEqual(texts);
    expect((await on('/plain')).body).toBe('plain');
    agent.destroy();
  });

  test('HEAD asks for no piece', async () => {
    making = new Making();
    expect((await ask(listener.port, 'HEAD', '/large')).status).toBe(200);
    expect(making.asked).toBe(0);
  });

  test('is sent to its end while the hub drains', async () => {
    const own = await open(engine, { routes });
    making = new Making();
    release = new Line<true>();
    const late = ask(own.port, 'GET', '/halting');
    await making.begun.next();
    let drained = false;
    const drain = own.drain().then(() => {
      drained = true;
    });
    await expect(ask(own.port, 'GET', '/plain')).rejects.toThrow();
    expect(drained).toBe(false);
    for (let pieces = 0; pieces < 10_000; pieces += 1) release.push(true);
    expect((await late).status).toBe(200);
    expect(await making.over.next()).toBe('ended');
    await drain;
    await own.close();
  });
});
