// One message in pieces: it arrives whole, as fast as its client reads, and nothing comes between its pieces.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BACKPRESSURE_LIMIT, type ByteSink, PeerConnection, TopicMap } from '../../../server/transport/connection.ts';
import { dial, Flow, LISTENERS, open, type Talk, type TestListener, visit } from '../../harness/clients.ts';
import { turnsDuring } from '../../harness/turns.ts';
import { TestWorld } from '../../harness/world.ts';

/** 24 MiB: far more than a socket holds. */
const count = 384;
const piece = (at: number) => `${at % 10}`.repeat(65_536);

async function* pieces(made: number[] = [], gone: Flow<string> = new Flow()): AsyncGenerator<string> {
  try {
    for (let at = 0; at < count; at += 1) {
      made.push(at);
      yield piece(at);
    }
  } finally {
    gone.push('returned');
  }
}

function expectWhole(text: string): void {
  expect(text.length).toBe(count * 65_536);
  for (let at = 0; at < count; at += 1) expect(text.startsWith(piece(at), at * 65_536)).toBe(true);
}

describe.each(LISTENERS)('a message in pieces over %s', (engine) => {
  let listener: TestListener;
  beforeEach(async () => {
    listener = await open(engine);
  });
  afterEach(() => listener.close());

  const guests = {
    WebSocket: async () => {
      const { messages, pause, resume, cut } = await visit(listener.port);
      return { texts: messages, pause, resume, cut };
    },
    TCP: async () => {
      const { socket, lines } = await dial(listener.kronosPort ?? 0);
      socket.write('{}');
      await lines.next();
      return {
        texts: lines,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        cut: () => socket.destroy(),
      };
    },
  };

  describe.each(['WebSocket', 'TCP'] as const)('to a client on %s', (wire) => {
    let guest: Awaited<ReturnType<(typeof guests)[typeof wire]>>;
    let talk: Talk;
    beforeEach(async () => {
      guest = await guests[wire]();
      talk = await listener.talks.next();
    });
    afterEach(() => {
      guest.cut();
    });

    test('arrives as one message, after which others follow', async () => {
      expect(await talk.peer.stream(pieces())).toBe(true);
      talk.peer.send('after');
      expectWhole(await guest.texts.next());
      expect(await guest.texts.next()).toBe('after');
    });

    test('of one piece is sent at once, before what is sent after it', async () => {
      void talk.peer.stream(['one']);
      talk.peer.send('two');
      expect(await guest.texts.next()).toBe('one');
      expect(await guest.texts.next()).toBe('two');
    });

    test('is made as fast as the client reads it', async () => {
      guest.pause();
      const made: number[] = [];
      const sending = talk.peer.stream(pieces(made));
      let before = -1;
      // The system takes some megabytes; then nothing more is made.
      while (before !== made.length) {
        before = made.length;
        for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(made.length).toBeLessThan(count / 2);
      guest.resume();
      expect(await sending).toBe(true);
      expectWhole(await guest.texts.next());
    });

    test('is not mixed with other texts: direct ones wait, published ones count as missed', async () => {
      talk.follow('t');
      guest.pause();
      const one = talk.peer.stream(pieces());
      const other = talk.peer.stream(['second', ' message']);
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      listener.publisher.publish('t', 'published');
      expect(talk.peer.send('direct')).toBe('queued');
      expect(await talk.events.next()).toBe('dropped');
      expect(talk.missed).toEqual(['published']);
      guest.resume();
      expect([await one, await other]).toEqual([true, true]);
      expectWhole(await guest.texts.next());
      expect((await guest.texts.next()) + (await guest.texts.next())).toBe('directsecond message');
      expect(await talk.events.next()).toBe('drained');
      talk.follow('t');
      listener.publisher.publish('t', 'published again');
      expect(await guest.texts.next()).toBe('published again');
    });

    test('keeps no more than the limit of direct texts waiting', async () => {
      guest.pause();
      const sending = talk.peer.stream(pieces());
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const text = 'x'.repeat(65_536);
      let waiting = 0;
      while (talk.peer.send(text) !== 'dropped') waiting += 1;
      expect(waiting).toBeLessThanOrEqual(BACKPRESSURE_LIMIT / text.length + 1);
      guest.resume();
      expect(await sending).toBe(true);
      await guest.texts.next();
      for (let at = 0; at < waiting; at += 1) expect(await guest.texts.next()).toBe(text);
    });

    test('ends with its client', async () => {
      guest.pause();
      const gone = new Flow<string>();
      const sending = talk.peer.stream(pieces([], gone));
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      guest.cut();
      expect(await sending).toBe(false);
      expect(await gone.next()).toBe('returned');
      expect(await talk.peer.stream(['too late'])).toBe(false);
    });

    test('that cannot be completed closes the connection', async () => {
      const failing = async function* () {
        yield 'begun';
        yield 'begun';
        throw new Error('the store is away');
      };
      await expect(talk.peer.stream(failing())).rejects.toThrow('the store is away');
      expect(await talk.events.next()).toMatch('closed');
    });
  });

  test('follows a text that was published in the same turn', async () => {
    const guest = await visit(listener.port);
    const talk = await listener.talks.next();
    talk.follow('t');
    for (let round = 0; round < 20; round += 1) {
      listener.publisher.publish('t', 'published');
      const sending = talk.peer.stream(['in ', 'pieces']);
      expect(await guest.messages.next()).toBe('published');
      expect(await guest.messages.next()).toBe('in pieces');
      await sending;
    }
    guest.cut();
  });
});

test('a reader that takes everything at once leaves others a turn between any two pieces', async () => {
  const sink: ByteSink = {
    write: () => undefined,
    writePart: () => undefined,
    pendingBytes: () => 0,
    end: () => undefined,
  };
  const connection = new PeerConnection(sink, new TopicMap(), BACKPRESSURE_LIMIT, new TestWorld().log, {
    number: 1,
    address: '',
  });
  const { turns, result } = await turnsDuring(connection.stream(Array.from({ length: 100 }, (_, at) => piece(at))));
  expect(result).toBe(true);
  expect(turns).toBeGreaterThan(90);
});
