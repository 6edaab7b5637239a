// Nodes whose store is sometimes unavailable, and followers that read slowly. A node keeps its followers connected, and in the end each
// follower has received all changes of the store, once. Each run has a seed, which a failure prints.

import { describe, expect, test } from '@jest/globals';
import type { Relay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { eventually } from '../harness/eventually.ts';
import { settle, startHub, type Wire } from '../harness/kronos.ts';
import { seeded, TestWorld } from '../harness/world.ts';

/** A node's connection to the store. While it is cut, reads and writes fail, some of them after the store has executed them. */
class StoreConnection {
  isCut = false;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  async #lag(): Promise<void> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns -= 1) await settle();
  }

  async #through<T>(ask: () => Promise<T>): Promise<T> {
    await this.#lag();
    if (this.isCut) throw new Error('the store is unavailable');
    const answer = await ask();
    await this.#lag();
    if (this.isCut) throw new Error('the answer was lost');
    return answer;
  }

  store(truth: Store): Store {
    return {
      epoch: truth.epoch,
      head: (channel) => this.#through(() => truth.head(channel)),
      append: (channel, write, keep) => this.#through(() => truth.append(channel, write, keep)),
      since: (channel, seq, limit, page) => this.#through(() => truth.since(channel, seq, limit, page)),
      read: (channel, range) => this.#through(() => truth.read(channel, range)),
      state: (channel, range) => this.#through(() => truth.state(channel, range)),
      history: (channel, past) => this.#through(() => truth.history(channel, past)),
      at: (channel, seq) => this.#through(() => truth.at(channel, seq)),
      channels: (prefix) => this.#through(() => truth.channels(prefix)),
      heads: (channels, prefixes) => this.#through(() => truth.heads(channels, prefixes)),
      forget: (channel, through) => truth.forget(channel, through),
      bytes: (channel) => truth.bytes(channel),
      check: () => truth.check(),
      close: () => Promise.resolve(),
    };
  }
}

const silentRelay: Relay = {
  trouble: undefined,
  announce: () => undefined,
  listen: () => undefined,
  close: () => Promise.resolve(),
};

/** The store keeps every step of the first channel and the last values of the second. */
const channels = ['x/all', 'aw/last'];

async function simulate(seed: number): Promise<void> {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const world = new TestWorld(seed);
  const truth = new MemoryStore({ epoch: 'e' });
  const connections = [new StoreConnection(random), new StoreConnection(random)];
  const nodes = await Promise.all(
    connections.map((connection) =>
      startHub({ store: connection.store(truth), relay: silentRelay, world, tokensMaxAgeMs: Number.POSITIVE_INFINITY }),
    ),
  );
  const owner = nodes[0]?.owner ?? '';
  const wires = nodes.flatMap((node) => [0, 1].map(() => node.connect()));
  for (const wire of wires) {
    wire.say({ type: 'login', user_id: owner });
    await settle();
    for (const channel of channels) {
      wire.say({ type: 'subscribe', channel });
      const answered = () =>
        wire.received.some((message) => message.type === 'snapshot' && message.channel === channel);
      await eventually(answered, `the first page of ${channel}`);
    }
  }
  for (let turn = 0; turn < 200; turn += 1) {
    const at = below(2);
    const node = nodes[at];
    const connection = connections[at];
    const chance = random();
    if (node === undefined || connection === undefined) continue;
    if (chance < 0.5) {
      const name = random() < 0.5 ? 'owner/x/all' : 'owner/aw/last';
      const key = `k${below(8)}`;
      const write = { ops: [{ op: 'put', key, value: String(turn) } as const], origin: 'd', at: world.now() };
      void node.hub
        .channel(name)
        .then((channel) => channel.write(write))
        .catch(() => undefined);
    } else if (chance < 0.7) {
      const wire = wires[below(wires.length)];
      if (wire !== undefined && wire.closedWith === undefined) wire.drain(below(6));
    } else if (chance < 0.8) connection.isCut = !connection.isCut;
    else if (chance < 0.9) world.pass(below(6_000));
    if (random() < 0.4) await settle();
  }
  for (const connection of connections) connection.isCut = false;
  for (let round = 0; round < 6; round += 1) {
    for (const wire of wires) if (wire.closedWith === undefined) wire.drain(Number.POSITIVE_INFINITY);
    world.pass(5_000);
    for (let wait = 0; wait < 24; wait += 1) await settle();
  }
  for (const [index, wire] of wires.entries()) await expectStoreState({ seed, index, wire, truth });
}

interface Reader {
  readonly seed: number;
  readonly index: number;
  readonly wire: Wire;
  readonly truth: Store;
}

/** Checks that the client is still connected, got no empty page twice, and has the items of the store. */
async function expectStoreState({ seed, index, wire, truth }: Reader): Promise<void> {
  expect({ seed, index, closed: wire.closedWith }).toEqual({ seed, index, closed: undefined });
  for (const channel of channels) {
    const known = new Map<string, number>();
    const empty: number[] = [];
    for (const message of wire.received) {
      if (message.channel !== channel) continue;
      if (message.type === 'snapshot' || message.type === 'reset') known.clear();
      const list = message.changes ?? message.items ?? [message];
      if (message.type === 'changes' && list.length === 0) empty.push(message.seq);
      for (const { key, item } of list) known.set(key, item);
    }
    const repeated = empty.filter((seq, at) => empty[at - 1] === seq);
    const items = await truth.read(`owner/${channel}`, {});
    const stored = Object.fromEntries(items.map(({ key, value }) => [key, Number(value)]));
    const received = Object.fromEntries([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect({ seed, index, channel, repeated, received }).toEqual({
      seed,
      index,
      channel,
      repeated: [],
      received: stored,
    });
  }
}

describe('a store that is unavailable for a while', () => {
  test('costs no follower its connection or a change', async () => {
    for (let seed = 1; seed <= 40; seed += 1) await simulate(seed);
  }, 60_000);
});
