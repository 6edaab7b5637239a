// Writes that many connections share, on a stream that records the buffers it gets, and the frames that ws clients read.

import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { STREAM_LIMIT } from '../../../server/transport/connection.ts';
import { SharedSink, SharedWrites } from '../../../server/transport/shared-writes.ts';
import { type Listener, open, visit } from '../../harness/clients.ts';

/** An output that accepts bytes at once, or only when the test says so. */
class Output extends Writable {
  readonly chunks: Buffer[] = [];
  #isSlow: boolean;
  #done: () => void = () => undefined;

  constructor(isSlow = false) {
    super();
    this.#isSlow = isSlow;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    if (this.#isSlow) this.#done = done;
    else done();
  }

  /** Accepts what waits, and from now on everything at once. */
  accept(): void {
    this.#isSlow = false;
    this.#done();
  }

  get texts(): readonly string[] {
    return this.chunks.map(String);
  }
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

function connect(shared: SharedWrites, output = new Output()) {
  return { output, sink: new SharedSink(shared, output, () => void output.end()) };
}

describe('shared writes', () => {
  let encoded: string[] = [];
  const writes = () => {
    encoded = [];
    const encode = (text: string) => {
      encoded.push(text);
      return Buffer.from(`[${text}]`);
    };
    return new SharedWrites(encode, encode);
  };

  test('a text is encoded once for all its receivers, and what each gets within one turn leaves in one write', async () => {
    const shared = writes();
    const connections = Array.from({ length: 5 }, () => connect(shared));
    for (const text of ['a', 'b', 'c']) for (const { sink } of connections) sink.write(text);
    expect(connections.map(({ output }) => output.texts)).toEqual(connections.map(() => []));
    await endOfTurn();
    expect(connections.map(({ output }) => output.texts)).toEqual(connections.map(() => ['[a][b][c]']));
    expect(encoded).toEqual(['a', 'b', 'c']);
  });

  test('receivers of the same texts share one buffer, and each receiver of others gets its own, in order', async () => {
    const shared = writes();
    const [a, b, c, d] = [connect(shared), connect(shared), connect(shared), connect(shared)];
    c.sink.write('own');
    for (const { sink } of [a, b, c]) sink.write('one');
    for (const { sink } of [a, b, d]) sink.write('two');
    a.sink.write('answer');
    for (const { sink } of [a, b, c, d]) sink.write('three');
    await endOfTurn();
    expect([a, b, c, d].map(({ output }) => output.texts)).toEqual([
      ['[one][two][answer][three]'],
      ['[one][two][three]'],
      ['[own][one][three]'],
      ['[two][three]'],
    ]);

    const [e, f] = [connect(shared), connect(shared)];
    for (const text of ['x', 'y']) for (const { sink } of [e, f]) sink.write(text);
    await endOfTurn();
    expect(e.output.chunks[0]).toBe(f.output.chunks[0]);
  });

  test('a turn with more than its limit is written in several writes, and nothing is lost or sent twice', async () => {
    const shared = writes();
    const { sink, output } = connect(shared);
    const texts = Array.from({ length: 50 }, (_, at) => String(at).repeat(2_000));
    for (const text of texts) sink.write(text);
    expect(output.chunks.length).toBeGreaterThan(1);
    await endOfTurn();
    expect(output.texts.join('')).toBe(texts.map((text) => `[${text}]`).join(''));
    expect(Math.max(...output.chunks.map((chunk) => chunk.length))).toBeLessThan(STREAM_LIMIT + 5_000);
  });

  test('the owner hears when bytes that had to wait are accepted, and what is written before the end leaves before it', async () => {
    const shared = writes();
    const slow = new Output(true);
    const { sink } = connect(shared, slow);
    let times = 0;
    sink.flushed = () => {
      times += 1;
    };
    sink.write('a');
    await endOfTurn();
    expect([sink.pendingBytes(), times]).toEqual([3, 0]);
    sink.write('b');
    await endOfTurn();
    expect([sink.pendingBytes(), times]).toEqual([6, 0]);
    slow.accept();
    await endOfTurn();
    expect([sink.pendingBytes(), times]).toEqual([0, 1]);
    sink.write('last');
    sink.end(1000, '');
    sink.write('too late');
    await endOfTurn();
    expect(slow.texts.filter((text) => text !== '')).toEqual(['[a]', '[b]', '[last]']);
  });
});

describe.each(['uWebSockets.js', 'ws'] satisfies Listener[])('messages over %s', (engine) => {
  test('of every length of a frame’s head arrive as they are', async () => {
    const listener = await open(engine);
    const guest = await visit(listener.port);
    const { peer } = await listener.talks.next();
    const texts = [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 70_000].flatMap((length) => [
      'x'.repeat(length),
      `${'x'.repeat(Math.max(length - 2, 0))}ü`,
      '€'.repeat(length / 3),
    ]);
    for (const text of texts) {
      peer.send(text);
      expect(await guest.messages.next()).toBe(text);
    }
    await listener.close();
  });

  test('sent just before the client’s close frame is answered still arrive', async () => {
    const listener = await open(engine);
    for (let round = 0; round < 20; round += 1) {
      const guest = await visit(listener.port);
      guest.send('asked at last');
      guest.end();
      expect(await guest.messages.next()).toBe('asked at last');
      await guest.closed;
    }
    await listener.close();
  });
});
