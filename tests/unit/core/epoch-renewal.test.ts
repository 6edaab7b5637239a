// The store has another epoch while clients follow: each hears of that before anything of the new epoch, and then once.

import { expect, test } from '@jest/globals';
import { forwardStore } from '../../../server/core/forward-store.ts';
import type { Store } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Message, settle, startHub } from '../../harness/kronos.ts';

const channel = 'owner/x/log';

async function storeWith(epoch: string, values: readonly string[]): Promise<MemoryStore> {
  const store = new MemoryStore({ epoch });
  for (const value of values) {
    const ops = [{ op: 'put', key: value, value: `"${value}"` }] as const;
    await store.append(channel, { ops, origin: 'other', at: 0 }, 'all');
  }
  return store;
}

/** The database behind the hub, which a standby replaces. */
class ReplacedStore {
  #now: MemoryStore;
  readonly store: Store;
  /** Lets the first question for the head of the channel be answered. */
  release: () => void = () => undefined;
  #held: Promise<void> | undefined;
  /** True while the database before still takes writes. */
  writesBefore = false;

  constructor(first: MemoryStore) {
    this.#now = first;
    const now = () => this.#now;
    // Accounts and tokens stay as they are.
    const of = (name: string) => (name === channel ? now() : first);
    const forwarded = forwardStore(first, {
      head: async (name) => {
        if (name === channel) await this.#held;
        return { ...(await of(name).head(name)), epoch: now().epoch };
      },
      append: (name, ...more) => (this.writesBefore ? first : of(name)).append(name, ...more),
      since: (name, ...more) => of(name).since(name, ...more),
      state: (name, ...more) => of(name).state(name, ...more),
      read: (name, ...more) => of(name).read(name, ...more),
      history: (name, ...more) => of(name).history(name, ...more),
      heads: async (names, prefixes) => [
        ...(await first.heads(
          names.filter((name) => name !== channel),
          prefixes,
        )),
        ...(await now().heads(
          names.filter((name) => name === channel),
          [],
        )),
      ],
    });
    this.store = Object.defineProperty(forwarded, 'epoch', { get: () => now().epoch });
  }

  replace(next: MemoryStore): void {
    this.#now = next;
    this.#held = new Promise((resolve) => {
      this.release = resolve;
    });
  }
}

const ofLog = (messages: readonly Message[]) => messages.filter((message) => message.channel === 'x/log');

test('a follower, and one that comes back, hear of the new epoch before anything else of it, and once', async () => {
  const replaced = new ReplacedStore(await storeWith('e1', ['a', 'b', 'c', 'lost']));
  const node = await startHub({ store: replaced.store });
  const [live, back] = [node.connect(), node.connect()];
  for (const wire of [live, back]) await wire.ask({ type: 'login', user_id: node.owner });
  live.say({ type: 'subscribe', channel: 'x/log' });
  await eventually(async () => {
    await settle();
    return ofLog(live.received).some(({ type }) => type === 'snapshot');
  }, 'the snapshot');
  live.received.length = 0;

  replaced.replace(await storeWith('e2', ['a', 'b', 'c', 'other', 'next']));
  node.hub.renew();
  // A write of another node, a write of this one, and a client with a position of the epoch before.
  void (await node.hub.channel(channel)).refresh();
  live.say({ type: 'create', channel: 'x/log', key: 'own', item: 'own', ref: 5 });
  back.say({ type: 'subscribe', channel: 'x/log', after: 4, epoch: 'e1' });
  for (let turn = 0; turn < 20; turn += 1) await settle();
  expect(ofLog(live.received).filter(({ ref }) => ref !== 5)).toEqual([]);
  expect(ofLog(back.received)).toEqual([]);

  replaced.release();
  for (const wire of [live, back]) {
    const keys = () =>
      new Set(
        ofLog(wire.received)
          .flatMap((message) => message.items ?? message.changes ?? (message.key === undefined ? [] : [message]))
          .map(({ key }) => key),
      );
    await eventually(
      async () => {
        await settle();
        return keys().size === 6;
      },
      'all six items',
      { instead: () => wire.received },
    );
    const messages = ofLog(wire.received).filter(({ ref }) => ref !== 5);
    expect(messages[0]).toMatchObject({ type: 'reset', epoch: 'e2' });
    expect(messages.filter(({ type }) => type === 'reset')).toHaveLength(1);
  }
});

test('what the database before acknowledges late is not published under the new epoch', async () => {
  const replaced = new ReplacedStore(await storeWith('e1', ['a', 'b', 'c', 'lost']));
  const node = await startHub({ store: replaced.store });
  const live = node.connect();
  await live.ask({ type: 'login', user_id: node.owner });
  live.say({ type: 'subscribe', channel: 'x/log' });
  const heard = (type: string) =>
    eventually(async () => {
      await settle();
      return ofLog(live.received).some((message) => message.type === type);
    }, `a ${type}`);
  await heard('snapshot');
  replaced.replace(await storeWith('e2', ['a', 'b', 'c', 'other']));
  replaced.release();
  node.hub.renew();
  await heard('reset');
  live.received.length = 0;

  replaced.writesBefore = true;
  const acknowledged = (key: string, ref: number) => {
    live.say({ type: 'create', channel: 'x/log', key, item: key, ref });
    return eventually(async () => {
      await settle();
      return live.received.find((message) => message.type === 'ack' && message.ref === ref);
    }, `the answer to ${ref}`);
  };
  expect(await acknowledged('late', 1)).toMatchObject({ seq: 5, epoch: 'e1' });
  replaced.writesBefore = false;
  for (let turn = 0; turn < 20; turn += 1) await settle();
  expect(ofLog(live.received).filter(({ type }) => type === 'create' || type === 'changes')).toEqual([]);
  expect(await acknowledged('next', 2)).toMatchObject({ seq: 5, epoch: 'e2' });
});
