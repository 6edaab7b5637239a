// The guarantees for followers of a channel, tested over each transport that can follow one. The tests read messages as values; other
// tests check their form on the wire.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EngineName } from '../../server/transport/listen.ts';
import { eventually } from '../harness/eventually.ts';
import { type MobHub, openMobHub } from '../harness/mobtimer.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
export type Message = any;

export interface Wire {
  /** undefined on event streams. */
  readonly send?: (message: object) => void;
  /** The next message; undefined when the connection is over. */
  next(): Promise<Message>;
  /** Stops reading from the socket. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface Subscription {
  readonly token: string;
  /** The name within the token's account. */
  readonly channel: string;
  /** The last position that the follower has. */
  readonly from?: { readonly epoch: string; readonly seq: number };
}

/** Opens a connection that follows a channel; its first message is the answer to that. */
export type Follow = (mobHub: MobHub, wanted: Subscription) => Promise<Wire>;

export function following(name: string, engine: EngineName, follow: Follow): void {
  describe(`following over ${name} on ${engine}`, () => {
    let mobHub: MobHub;
    let wires: Wire[];
    beforeEach(async () => {
      mobHub = await openMobHub({ engine });
      wires = [];
    });
    afterEach(async () => {
      for (const wire of wires) wire.close();
      await mobHub.close();
    });

    const channel = 'notes';
    const open = async (from?: Subscription['from'], token = mobHub.owner) => {
      const wire = await follow(mobHub, { token, channel, ...(from === undefined ? {} : { from }) });
      wires.push(wire);
      return wire;
    };
    const put = async (key: string, item: unknown) => {
      const notes = await mobHub.hub.channel(`owner/${channel}`);
      const op = { op: 'put', key, value: JSON.stringify(item) } as const;
      const written = await notes.write({ ops: [op], origin: 'd', at: mobHub.world.now() });
      return written.position;
    };
    const remove = async (key: string) => {
      const notes = await mobHub.hub.channel(`owner/${channel}`);
      await notes.write({ ops: [{ op: 'remove', key }], origin: 'd', at: mobHub.world.now() });
    };

    test('[S4.1] [S4.4] a new follower is sent everything there is, then every change in order and without a gap', async () => {
      await put('a', 1);
      const wire = await open();
      expect(await wire.next()).toMatchObject({
        success: true,
        type: 'snapshot',
        channel,
        epoch: 'e1',
        seq: 1,
        items: [{ key: 'a', item: 1, seq: 1, device_id: 'd' }],
      });
      await put('b', { text: 'ü "€"\n😀' });
      await put('a', 2);
      await remove('b');
      expect(await wire.next()).toMatchObject({ type: 'create', channel, seq: 2, item: { text: 'ü "€"\n😀' } });
      expect(await wire.next()).toMatchObject({ type: 'update', channel, seq: 3, key: 'a', item: 2 });
      expect(await wire.next()).toMatchObject({ type: 'delete', channel, seq: 4, key: 'b' });
    });

    test('[S4.1] an empty channel begins with an empty snapshot', async () => {
      const wire = await open();
      expect(await wire.next()).toMatchObject({ type: 'snapshot', seq: 0, items: [] });
    });

    test('[U2] a follower that returns gets each changed item once in its present state, then every change', async () => {
      const first = await open();
      await first.next();
      const position = await put('a', 1);
      expect(await first.next()).toMatchObject({ seq: position.seq });
      first.close();
      await put('b', 1);
      for (let at = 2; at < 6; at += 1) await put('a', at);
      await remove('b');
      const second = await open(position);
      const since = await second.next();
      expect(since).toMatchObject({ type: 'changes', channel, epoch: 'e1', seq: 7 });
      expect(since.changes).toMatchObject([
        { type: 'update', key: 'a', item: 5, seq: 6 },
        { type: 'delete', key: 'b', seq: 7 },
      ]);
      await put('c', 1);
      expect(await second.next()).toMatchObject({ type: 'create', key: 'c', seq: 8 });
    });

    test('[U2] a follower that missed nothing is sent no change', async () => {
      const position = await put('a', 1);
      const wire = await open(position);
      expect(await wire.next()).toMatchObject({ type: 'changes', seq: 1, changes: [] });
    });

    test('[S4.3] an unknown, forgotten or future position is answered by a reset with a reason and all items', async () => {
      await put('a', 0);
      await put('b', 1);
      // More steps than the hub keeps in memory, so that forgotten steps cannot be read from there.
      for (let at = 1; at <= 1_100; at += 1) await put('a', at);
      await (await mobHub.hub.channel(`owner/${channel}`)).forget(2);
      for (const from of [
        { epoch: 'another', seq: 1_102 },
        { epoch: 'e1', seq: 1 },
        { epoch: 'e1', seq: 9_999 },
      ]) {
        const wire = await open(from);
        const reset = await wire.next();
        expect(reset).toMatchObject({ type: 'reset', seq: 1_102, reason: expect.stringMatching(/./) });
        expect(reset.items).toMatchObject([
          { key: 'b', item: 1 },
          { key: 'a', item: 1_100 },
        ]);
      }
    });

    test('[U3] seq 0 is the beginning in every epoch', async () => {
      await put('a', 1);
      const wire = await open({ epoch: 'another', seq: 0 });
      const first = await wire.next();
      expect(first.type).not.toBe('reset');
      expect(first.changes ?? first.items).toMatchObject([{ key: 'a' }]);
    });

    test('[U4] a slow follower is left out and caught up later; the others are sent everything at once', async () => {
      const slow = await open();
      const fast = await open();
      await slow.next();
      await fast.next();
      slow.pause();
      const large = 'x'.repeat(65_536);
      const behind = () => [...mobHub.hub.sessions].filter((session) => session.isBehind).length;
      let last = 0;
      while (behind() === 0 && last < 2_000) {
        ({ seq: last } = await put(`k${last % 10}`, last + large));
        expect((await fast.next()).seq).toBe(last);
      }
      expect(behind()).toBe(1);
      for (let more = 0; more < 100; more += 1) {
        ({ seq: last } = await put(`k${last % 10}`, last + large));
        expect((await fast.next()).seq).toBe(last);
      }
      slow.resume();
      const state = new Map<string, string>();
      let messages = 0;
      for (let seq = 0; seq < last; ) {
        const message = await slow.next();
        messages += 1;
        for (const change of message.changes ?? [message]) state.set(change.key, change.item);
        expect(message.seq).toBeGreaterThan(seq);
        seq = message.seq;
      }
      expect(messages).toBeLessThan(last);
      const items = await mobHub.hub.store.read(`owner/${channel}`, {});
      expect([...state].sort()).toEqual(items.map(({ key, value }) => [key, JSON.parse(value)]));
      await put('live', 'again');
      for (;;) {
        const message = await slow.next();
        if (message.type === 'changes' && message.changes.length === 0) continue;
        expect(message).toMatchObject({ type: 'create', key: 'live', item: 'again', seq: last + 1 });
        break;
      }
    });

    test('[L8.1] a revoked token closes the connections that it opened, with the reason', async () => {
      const made = await mobHub.accounts.createToken('owner', 'x', ['read']);
      if (!made.ok) throw new Error(made.error);
      const [wire, other] = [await open(undefined, made.secret), await open()];
      await wire.next();
      await other.next();
      await mobHub.accounts.revoke(made.token.id);
      expect(await wire.next()).toMatchObject({ success: false, code: 'revoked' });
      expect(await wire.next()).toBeUndefined();
      await put('a', 1);
      expect(await other.next()).toMatchObject({ type: 'create', key: 'a' });
    });

    test('[C6.1] when the hub stops, it sends followers the time after which to reconnect', async () => {
      const wire = await open();
      await wire.next();
      mobHub.hub.drain();
      expect(await wire.next()).toMatchObject({ success: true, type: 'away', retry_ms: expect.any(Number) });
      expect(await wire.next()).toBeUndefined();
    });

    test('closing a follower frees its session and its channel', async () => {
      const wire = await open();
      await wire.next();
      wire.close();
      await eventually(() => mobHub.listening.connections() === 0, 'the hub to close the connection');
      expect(mobHub.hub.sessions.size).toBe(0);
      expect((await mobHub.hub.channel(`owner/${channel}`)).isWatched).toBe(false);
    });
  });
}
