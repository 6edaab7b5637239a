// Many nodes on one store, connected by a relay that loses, duplicates, delays and reorders notices, and is sometimes unavailable. The relay
// may only delay changes, never lose or reorder them. Each run has a seed, which a failure prints.

import { describe, expect, test } from '@jest/globals';
import { CachedChannel } from '../../server/core/cached-channel.ts';
import type { ChangeNotice, Relay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub } from '../harness/kronos.ts';
import { seeded, TestWorld } from '../harness/world.ts';

interface NoticeInTransit {
  readonly notice: ChangeNotice;
  readonly to: number;
}

/** The relay between all nodes. */
class UnreliableRelay {
  readonly #random: () => number;
  readonly #listeners: { onNotice: (notice: ChangeNotice) => void; onMissed: () => void; isOut: boolean }[] = [];
  /** Notices that have not arrived yet. */
  #inTransit: NoticeInTransit[] = [];
  counts = { lost: 0, duplicated: 0, late: 0, outages: 0 };

  constructor(random: () => number) {
    this.#random = random;
  }

  relay(): Relay {
    const air = this;
    const me = this.#listeners.length;
    this.#listeners.push({ onNotice: () => undefined, onMissed: () => undefined, isOut: false });
    return {
      get trouble() {
        return air.#listeners[me]?.isOut === true ? 'out' : undefined;
      },
      announce: (notice) => this.#announce(me, notice),
      listen: (onNotice, onMissed) => void Object.assign(this.#listeners[me] ?? {}, { onNotice, onMissed }),
      close: () => Promise.resolve(),
    };
  }

  #announce(me: number, notice: ChangeNotice): void {
    this.#listeners.forEach((listener, to) => {
      if (to === me || listener.isOut || this.#listeners[me]?.isOut === true) return;
      const chance = this.#random();
      if (chance < 0.25) {
        this.counts.lost += 1;
        return;
      }
      this.#inTransit.push({ notice, to });
      if (chance > 0.85) {
        this.counts.duplicated += 1;
        this.#inTransit.push({ notice, to });
      }
    });
  }

  /** Some of the notices in transit arrive, in any order. */
  deliverSome(): void {
    const staying: NoticeInTransit[] = [];
    const arriving = this.#inTransit.filter((one) => {
      if (this.#random() < 0.5) return true;
      this.counts.late += 1;
      staying.push(one);
      return false;
    });
    this.#inTransit = staying;
    arriving.sort(() => this.#random() - 0.5);
    for (const { notice, to } of arriving) this.#listeners[to]?.onNotice(notice);
  }

  toggleOutage(node: number): void {
    const listener = this.#listeners[node];
    if (listener === undefined) return;
    listener.isOut = !listener.isOut;
    if (listener.isOut) this.counts.outages += 1;
    else listener.onMissed();
  }
}

/** A store that answers after random delays, so that the order of nodes' answers varies. */
function slow(store: Store, random: () => number): Store {
  const lag = async <T>(answer: Promise<T>): Promise<T> => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1)
      await new Promise((resolve) => setImmediate(resolve));
    return answer;
  };
  return {
    epoch: store.epoch,
    head: (channel) => lag(store.head(channel)),
    append: async (channel, write, keep) => lag(lag(Promise.resolve()).then(() => store.append(channel, write, keep))),
    since: (channel, seq, limit, page) => lag(store.since(channel, seq, limit, page)),
    read: (channel, range) => lag(store.read(channel, range)),
    state: (channel, range) => lag(store.state(channel, range)),
    history: (channel, past) => lag(store.history(channel, past)),
    at: (channel, seq) => lag(store.at(channel, seq)),
    channels: (prefix) => lag(store.channels(prefix)),
    heads: (channels, prefixes) => lag(store.heads(channels, prefixes)),
    forget: (channel, through) => store.forget(channel, through),
    bytes: (channel) => store.bytes(channel),
    check: () => store.check(),
    close: () => Promise.resolve(),
  };
}

/** A follower's items by channel, computed from the messages that it receives. */
class FollowerState {
  readonly state = new Map<string, Map<string, number>>();
  readonly #seqs = new Map<string, number>();
  readonly faults: string[] = [];

  receive({ type, channel, seq, key, item, changes, items }: Message): void {
    if (type === 'subscribe') return;
    const list = changes ?? items ?? [{ type, key, item, seq }];
    const before = this.#seqs.get(channel) ?? 0;
    if (type === 'snapshot' || type === 'reset') this.state.delete(channel);
    else if (changes === undefined && seq <= before) this.faults.push(`${channel} ${seq} after ${before}`);
    this.#seqs.set(channel, Math.max(before, seq));
    const known = this.state.get(channel) ?? new Map<string, number>();
    this.state.set(channel, known);
    for (const change of list) {
      if (change.type === 'delete') known.delete(change.key);
      else known.set(change.key, change.item);
    }
  }
}

/** The store keeps all steps of the `x` channels and the last values of the `aw` channels. Nodes often write before the others open a channel. */
const channels = Array.from({ length: 24 }, (_, at) => `owner/${at % 2 === 0 ? 'x' : 'aw'}/${at}`);

interface RunResult {
  readonly counts: UnreliableRelay['counts'];
  readonly accepted: number;
  readonly raced: number;
}

async function simulate(seed: number, nodes: number, turns: number): Promise<RunResult> {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const world = new TestWorld(seed);
  const truth = new MemoryStore({ epoch: 'e' });
  const air = new UnreliableRelay(random);
  const started: TestHub[] = [];
  for (let node = 0; node < nodes; node += 1) {
    started.push(await startHub({ store: slow(truth, random), relay: air.relay(), world }));
  }
  const hubs = started.map(({ hub }) => hub);
  const wires = started.map(({ connect }) => connect());
  for (const wire of wires) {
    await wire.ask({ type: 'login', user_id: started[0]?.owner ?? '' });
    for (const channel of ['x/*', 'aw/*']) await wire.ask({ type: 'subscribe', channel });
  }
  const written: Promise<void>[] = [];
  let [accepted, raced, number] = [0, 0, 0];
  const count = ({ ok }: { readonly ok: boolean }) => {
    if (ok) accepted += 1;
  };
  const counters = await Promise.all(hubs.map(async (hub) => CachedChannel.open(await hub.channel('owner/counter'))));

  for (let turn = 0; turn < turns; turn += 1) {
    const node = below(nodes);
    const hub = hubs[node];
    const chance = random();
    if (hub === undefined) continue;
    if (chance < 0.45) {
      const name = channels[below(channels.length)] ?? '';
      const key = `k${below(8)}`;
      number += 1;
      const value = String(number);
      const op = random() < 0.2 ? ({ op: 'remove', key } as const) : ({ op: 'put', key, value } as const);
      const writing = hub.channel(name).then((channel) => channel.write({ ops: [op], origin: 'd', at: world.now() }));
      written.push(writing.then(count));
    } else if (chance < 0.65) {
      // The value is computed from the node's cached state. It is correct only because the store refuses a write with an old base.
      const counting = counters[node]?.write(({ items }) => {
        raced += 1;
        const value = String(Number(items.get('n')?.value ?? 0) + 1);
        return { ok: true, write: { ops: [{ op: 'put', key: 'n', value }], origin: 'd', at: world.now() } };
      });
      if (counting !== undefined) written.push(counting.then(count));
    } else if (chance < 0.85) air.deliverSome();
    else if (chance < 0.89) air.toggleOutage(node);
    else world.pass(below(1_000));
    if (random() < 0.3) await settle();
  }
  await Promise.all(written);
  const counts = (await truth.history('owner/counter', {})).map(({ value }) => value);
  expect({ seed, counts }).toEqual({ seed, counts: counts.map((_, index) => String(index + 1)) });
  raced -= counts.length;

  // No notice arrives any more: the periodic refresh must find all changes whose notices were lost.
  await settle();
  for (let round = 0; round < 4; round += 1) {
    world.pass(5_000);
    for (let wait = 0; wait < 8; wait += 1) await settle();
  }
  const whole = new Map<string, [string, number][]>();
  for (const channel of channels) {
    const items = await truth.read(channel, {});
    whole.set(
      channel.slice(6),
      items.map(({ key, value }) => [key, Number(value)]),
    );
  }
  for (const [node, wire] of wires.entries()) {
    const follower = new FollowerState();
    for (const message of wire.received) follower.receive(message);
    expect({ seed, node, faults: follower.faults }).toEqual({ seed, node, faults: [] });
    for (const [channel, items] of whole) {
      const known = [...(follower.state.get(channel) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      expect({ seed, node, channel, items: known }).toEqual({ seed, node, channel, items });
    }
    expect({ seed, node, n: counters[node]?.view.items.get('n')?.value }).toEqual({ seed, node, n: counts.at(-1) });
  }
  return { counts: air.counts, accepted, raced };
}

describe('many nodes on one store', () => {
  test('every node publishes all changes of the store in order and once, whatever happens to the notices', async () => {
    const sum = { lost: 0, duplicated: 0, late: 0, outages: 0, accepted: 0, raced: 0 };
    for (let seed = 1; seed <= 40; seed += 1) {
      const { counts, accepted, raced } = await simulate(seed, 2 + (seed % 3), 300);
      for (const name of ['lost', 'duplicated', 'late', 'outages'] as const) sum[name] += counts[name];
      sum.accepted += accepted;
      sum.raced += raced;
    }
    // Runs with too few events would prove nothing.
    expect(sum.accepted).toBeGreaterThan(4_000);
    expect(Math.min(sum.lost, sum.duplicated, sum.late)).toBeGreaterThan(500);
    expect(Math.min(sum.outages, sum.raced)).toBeGreaterThan(100);
  }, 120_000);
});
