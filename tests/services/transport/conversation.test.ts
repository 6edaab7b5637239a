// The guarantees of a transport to conversations, the same on both engines.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { refuse } from '../../../protocol/errors.ts';
import type { Peer } from '../../../server/core/peer.ts';
import type { Caller } from '../../../server/http/types.ts';
import { BACKPRESSURE_LIMIT } from '../../../server/transport/connection.ts';
import { isHostAllowed, isOriginAllowed } from '../../../server/transport/host-origin-rules.ts';
import { dial, Flow, LISTENERS, open, openRefused, type TestListener, visit } from '../../harness/clients.ts';

describe.each(LISTENERS)('a conversation over %s', (engine) => {
  let listener: TestListener;
  beforeEach(async () => {
    listener = await open(engine);
  });
  afterEach(() => listener.close());

  test('takes messages on any path and answers in order', async () => {
    const guest = await visit(listener.port, '/any/path?x=1');
    const sent = Array.from({ length: 500 }, (_, at) => `{"n":${at},"text":"ü€😀"}`);
    for (const text of sent) guest.send(text);
    for (const text of sent) expect(await guest.messages.next()).toBe(text);
  });

  test('takes the first subprotocol that a client offers, for it would go away otherwise', async () => {
    const ws = new WebSocket(`ws://127.0.0.1:${listener.port}/`, ['kronos', 'other']);
    await new Promise((resolve) => ws.on('open', resolve));
    expect(ws.protocol).toBe('kronos');
    ws.close();
  });

  test('reaches all subscribers of a topic except the sender, over WebSocket and TCP', async () => {
    const [a, b, c] = [await visit(listener.port), await visit(listener.port), await visit(listener.port)];
    const d = await dial(listener.kronosPort ?? 0);
    for (const guest of [a, b]) {
      guest.send('{"join":"t"}');
      await guest.messages.next();
    }
    d.socket.write('{"join":"t"}');
    expect(await d.lines.next()).toBe('{"join":"t"}');
    a.send('{"publish":"t","text":"one"}');
    expect(await b.messages.next()).toBe('one');
    expect(await d.lines.next()).toBe('one');
    expect(await a.messages.next()).toBe('{"publish":"t","text":"one"}');
    // c publishes without having joined.
    c.send('{"publish":"t","text":"two"}');
    expect(await c.messages.next()).toBe('{"publish":"t","text":"two"}');
    for (const flow of [a.messages, b.messages, d.lines]) expect(await flow.next()).toBe('two');
    d.socket.write('{"publish":"t","text":"three"}');
    expect(await d.lines.next()).toBe('{"publish":"t","text":"three"}');
    for (const guest of [a, b]) expect(await guest.messages.next()).toBe('three');
    d.socket.destroy();
  });

  test('sends direct and published messages in one order', async () => {
    const guest = await visit(listener.port);
    const { peer } = await listener.talks.next();
    peer.join('t');
    for (let at = 0; at < 300; at += 1) {
      if (at % 3 === 0) peer.send(String(at));
      else listener.publisher.publish('t', String(at));
    }
    peer.leave('t');
    listener.publisher.publish('t', 'after leaving');
    peer.send('fence');
    for (let at = 0; at < 300; at += 1) expect(await guest.messages.next()).toBe(String(at));
    expect(await guest.messages.next()).toBe('fence');
  });

  test('closes with the code and the reason, and gets one close event', async () => {
    const guest = await visit(listener.port);
    const talk = await listener.talks.next();
    guest.send('{"close":4403}');
    expect(await guest.closed).toBe(4403);
    expect(await talk.events.next()).toBe('closed');
    expect(talk.peer.send('too late')).toBe('dropped');
    talk.peer.close(1000, 'again');
    talk.peer.join('t');
    listener.publisher.publish('t', 'nobody is there');
    expect(listener.connections()).toBe(0);
  });

  test('gets a close event when the client disconnects, with whether the close was normal', async () => {
    const guest = await visit(listener.port);
    const talk = await listener.talks.next();
    expect(listener.connections()).toBe(1);
    guest.end();
    expect(await talk.events.next()).toBe('closed in order');
    expect(listener.connections()).toBe(0);
    const other = await visit(listener.port);
    const cut = await listener.talks.next();
    other.cut();
    expect(await cut.events.next()).toBe('closed');
  });

  test('a bug in the core closes its connection with 1011 and no other', async () => {
    const [a, b] = [await visit(listener.port), await visit(listener.port)];
    a.send('{"throw":true}');
    expect(await a.closed).toBe(1011);
    b.send('still here');
    expect(await b.messages.next()).toBe('still here');
    expect(listener.world.lines.map((line) => line.text)).toEqual(['a message failed']);
  });

  test('takes a message of 1 MiB and answers a larger one before it closes', async () => {
    const guest = await visit(listener.port);
    const largest = 'x'.repeat(1_048_576);
    guest.send(largest);
    expect(await guest.messages.next()).toBe(largest);
    guest.send(`${largest}x`);
    expect(JSON.parse(await guest.messages.next())).toMatchObject({ success: false, code: 'too_large' });
    expect(await guest.closed).toBe(1009);
  });

  test('takes bytes that are text, and refuses others without closing', async () => {
    const guest = await visit(listener.port);
    guest.send(Buffer.from('{"bytes":"ü"}'));
    expect(await guest.messages.next()).toBe('{"bytes":"ü"}');
    guest.send(new Uint8Array([0x7b, 0xff, 0xfe]));
    expect(JSON.parse(await guest.messages.next())).toMatchObject({ success: false, code: 'payload' });
    guest.send('fence');
    expect(await guest.messages.next()).toBe('fence');
  });

  // uWS collects small texts and sends large ones at once, so both sizes are tested.
  test.each([
    4_096, 40_000,
  ])('a reader that does not read texts of %p bytes costs bounded memory, and learns what it missed and when to catch up', async (size) => {
    const slow = await visit(listener.port);
    const talk = await listener.talks.next();
    const keen = await visit(listener.port);
    const other = await listener.talks.next();
    for (const one of [talk, other]) for (const topic of ['t', 'u']) one.follow(topic);
    slow.pause();
    const text = (at: number) => `${String(at).padStart(6, '0')}${'x'.repeat(size - 6)}`;
    const published: string[] = [];
    // 64 MiB in total, about 100 times the capacity of a socket and our own limit.
    for (let at = 0; at < 67_108_864 / size; at += 1) {
      published.push(text(at));
      listener.publisher.publish(at % 2 === 0 ? 't' : 'u', text(at));
      if (at % 64 === 63) for (let read = 0; read < 64; read += 1) await keen.messages.next();
    }
    expect(await talk.events.next()).toBe('dropped');
    expect(talk.peer.send('a direct word')).toBe('dropped');
    slow.resume();
    while ((await talk.events.next()) === 'dropped');
    expect(['sent', 'queued']).toContain(talk.peer.send('fence'));
    const got: string[] = [];
    for (let one = await slow.messages.next(); one !== 'fence'; one = await slow.messages.next()) got.push(one);
    expect(other.missed).toEqual([]);
    // The client received all texts up to some point. The conversation was notified of all later ones until it left the topic.
    const numbers = (texts: readonly string[]) => texts.map((one) => Number(one.slice(0, 6)));
    expect(numbers(got)).toEqual(numbers(published.slice(0, got.length)));
    expect(numbers(talk.missed)).toEqual(numbers(published.slice(got.length, got.length + talk.missed.length)));
    expect(talk.missed.length).toBeGreaterThan(0);
    expect(got.length * size).toBeLessThan(24 * BACKPRESSURE_LIMIT);
  }, 30_000);

  test.each([
    1_000, 40_000,
  ])('of texts of %p bytes published in one turn, each arrives or is reported as missed, on every topic', async (size) => {
    const guest = await visit(listener.port);
    const talk = await listener.talks.next();
    for (const topic of ['t', 'u', 'v']) talk.follow(topic);
    const published = Array.from({ length: 20_000_000 / size }, (_, at) => `${at}:${'x'.repeat(size)}`);
    // The last topic publishes only after the socket is full.
    for (const [at, one] of published.entries()) {
      listener.publisher.publish(at > published.length - 5 ? 'v' : at % 2 === 0 ? 't' : 'u', one);
    }
    expect(await talk.events.next()).toBe('dropped');
    while ((await talk.events.next()) === 'dropped');
    talk.peer.send('fence');
    let came = 0;
    let wrong = 0;
    for (let one = await guest.messages.next(); one !== 'fence'; one = await guest.messages.next()) {
      if (one !== published[came]) wrong += 1;
      came += 1;
    }
    expect(wrong).toBe(0);
    expect(talk.missed.length).toBe(published.length - came);
    expect(talk.missed.every((one, at) => one === published[came + at])).toBe(true);
  });

  test('an answer that does not fit is dropped, one that waits is queued', async () => {
    const slow = await visit(listener.port);
    const { peer, events } = await listener.talks.next();
    slow.pause();
    const text = 'x'.repeat(65_536);
    const answers = new Set<string>();
    let taken = 0;
    for (let answer = peer.send(text); answer !== 'dropped'; answer = peer.send(text)) {
      answers.add(answer);
      taken += 1;
    }
    expect(answers.has('queued')).toBe(true);
    slow.resume();
    expect(await events.next()).toBe('drained');
    peer.send('fence');
    for (let at = 0; at < taken; at += 1) expect((await slow.messages.next()).length).toBe(text.length);
    expect(await slow.messages.next()).toBe('fence');
  });
});

describe.each(LISTENERS)('connections over %s', (engine) => {
  test('refuses a foreign Origin and a foreign Host before the upgrade', async () => {
    const listener = await open(engine, {
      admit(caller) {
        if (!isHostAllowed(caller.host, { bound: '127.0.0.1', extra: [] })) return refuse('host');
        return isOriginAllowed(caller.origin, caller.host, []) ? undefined : refuse('origin');
      },
    });
    for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${listener.port}.evil.example`]) {
      const { status, body } = await openRefused(listener.port, { origin });
      expect(status).toBe(403);
      expect(JSON.parse(body)).toEqual({ error: 'origin not allowed', code: 'origin' });
    }
    const { status, body } = await openRefused(listener.port, { host: 'rebound.example' });
    expect(status).toBe(421);
    expect(JSON.parse(body)).toEqual({ error: 'host not allowed', code: 'host' });
    const own = await visit(listener.port, '/', { origin: `http://127.0.0.1:${listener.port}` });
    own.send('hello');
    expect(await own.messages.next()).toBe('hello');
    await listener.close();
  });

  test('a conversation that cannot begin, or ends at once, is over for everybody', async () => {
    const events = new Flow<string>();
    const begin = (peer: Peer, caller: Caller) => {
      if (caller.host === 'bug.example') throw new Error('a bug in the core');
      peer.close(4403, 'not you');
      return { receive() {}, dropped() {}, drained() {}, closed: () => events.push('closed') };
    };
    const listener = await open(engine, { converse: begin });
    const unlucky = await visit(listener.port, '/', { host: 'bug.example' });
    expect(await unlucky.closed).toBe(1011);
    const unwanted = await visit(listener.port);
    expect(await unwanted.closed).toBe(4403);
    expect(await events.next()).toBe('closed');
    const raw = await dial(listener.kronosPort ?? 0);
    raw.socket.write('{}');
    expect(await raw.all).toBe('');
    expect(await events.next()).toBe('closed');
    expect(listener.connections()).toBe(0);
    await listener.close();
  });

  test('close ends open connections; drain refuses new ones', async () => {
    const listener = await open(engine);
    const guest = await visit(listener.port);
    const raw = await dial(listener.kronosPort ?? 0);
    raw.socket.write('{}');
    expect(await raw.lines.next()).toBe('{}');
    await listener.drain();
    await expect(visit(listener.port)).rejects.toThrow();
    await expect(dial(listener.kronosPort ?? 0)).rejects.toThrow();
    guest.send('goes on');
    expect(await guest.messages.next()).toBe('goes on');
    await listener.close();
    await guest.closed;
    await raw.all;
    expect((await listener.talks.next()).received).toEqual(['goes on']);
    expect(listener.connections()).toBe(0);
  });
});
