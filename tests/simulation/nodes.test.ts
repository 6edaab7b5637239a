// Many nodes on one store, told of one another by a relay that loses, doubles, delays and shuffles what it is given, and now and then
// goes away: whatever it does costs freshness only. Each run is a seed, and prints it when it fails.

import { describe, expect, test } from '@jest/globals';
import { CachedChannel } from '../../server/core/cached-channel.ts';
import type { ChangeNotice, Relay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub } from '../harness/kronos.ts';
import { seeded, TestWorld } from '../harness/world.ts';

interface Flying {
  readonly notice: ChangeNotice;
  readonly to: number;
}

/** The relay between all nodes. */
class Air {
  readonly #random: () => number;
  readonly #ears: { heard: (notice: ChangeNotice) => void; missed: () => void; isOut: boolean }[] = [];
  /** Under way, and to whom. */
  #flying: Flying[] = [];
  counts = { lost: 0, doubled: 0, late: 0, outages: 0 };

  constructor(random: () => number) {
    this.#random = random;
  }

  relay(): Relay {
    const air = this;
    const me = this.#ears.length;
    this.#ears.push({ heard: () => undefined, missed: () => undefined, isOut: false });
    return {
      get trouble() {
        return air.#ears[me]?.isOut === true ? 'out' : undefined;
      },
      announce: (notice) => this.#say(me, notice),
      listen: (heard, missed) => void Object.assign(this.#ears[me] ?? {}, { heard, missed }),
      close: () => Promise.resolve(),
    };
  }

  #say(me: number, notice: ChangeNotice): void {
    this.#ears.forEach((ear, to) => {
      if (to === me || ear.isOut || this.#ears[me]?.isOut === true) return;
      const chance = this.#random();
      if (chance < 0.25) {
        this.counts.lost += 1;
        return;
      }
      this.#flying.push({ notice, to });
      if (chance > 0.85) {
        this.counts.doubled += 1;
        this.#flying.push({ notice, to });
      }
    });
  }

  /** Some of what is under way arrives, in any order. */
  blow(): void {
    const staying: Flying[] = [];
    const arriving = this.#flying.filter((one) => {
      if (this.#random() < 0.5) return true;
      this.counts.late += 1;
      staying.push(one);
      return false;
    });
    this.#flying = staying;
    arriving.sort(() => this.#random() - 0.5);
    for (const { notice, to } of arriving) this.#ears[to]?.heard(notice);
  }

  turn(node: number): void {
    const ear = this.#ears[node];
    if (ear === undefined) return;
    ear.isOut = !ear.isOut;
    if (ear.isOut) this.counts.outages += 1;
    else ear.missed();
  }
}

/** A store whose answers take a random while, so that nodes overtake one another. */
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
    since: (channel, seq, limit) => lag(store.since(channel, seq, limit)),
    read: (channel, range) => lag(store.read(channel, range)),
    history: (channel, past) => lag(store.history(channel, past)),
    at: (channel, seq) => lag(store.at(channel, seq)),
    channels: (prefix) => lag(store.channels(prefix)),
    heads: (channels, prefixes) => lag(store.heads(channels, prefixes)),
    forget: (channel, through) => store.forget(channel, through),
    check: () => store.check(),
    close: () => Promise.resolve(),
  };
}

/** What a follower makes of what it is told, channel by channel. */
class Ear {
  readonly state = new Map<string, Map<string, number>>();
  readonly #seqs = new Map<string, number>();
  readonly wrong: string[] = [];

  hear({ type, channel, seq, key, item, changes, items }: Message): void {
    if (type === 'subscribe') return;
    const list = changes ?? items ?? [{ type, key, item, seq }];
    const before = this.#seqs.get(channel) ?? 0;
    if (type === 'snapshot' || type === 'reset') this.state.delete(channel);
    else if (changes === undefined && seq <= before) this.wrong.push(`${channel} ${seq} after ${before}`);
    this.#seqs.set(channel, Math.max(before, seq));
    const known = this.state.get(channel) ?? new Map<string, number>();
    this.state.set(channel, known);
    for (const change of list) {
      if (change.type === 'delete') known.delete(change.key);
      else known.set(change.key, change.item);
    }
  }
}

/** Kept wholly and by their last values, and most of them written to by one node before the others know them. */
const channels = Array.from({ length: 24 }, (_, at) => `owner/${at % 2 === 0 ? 'x' : 'aw'}/${at}`);

interface Ended {
  readonly counts: Air['counts'];
  readonly accepted: number;
  readonly raced: number;
}

async function live(seed: number, nodes: number, turns: number): Promise<Ended> {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const world = new TestWorld(seed);
  const truth = new MemoryStore({ epoch: 'e' });
  const air = new Air(random);
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
      // Computed from what the node knows: right only because the store refuses what was computed from an old state.
      const counting = counters[node]?.write(({ items }) => {
        raced += 1;
        const value = String(Number(items.get('n')?.value ?? 0) + 1);
        return { ok: true, write: { ops: [{ op: 'put', key: 'n', value }], origin: 'd', at: world.now() } };
      });
      if (counting !== undefined) written.push(counting.then(count));
    } else if (chance < 0.85) air.blow();
    else if (chance < 0.89) air.turn(node);
    else world.pass(below(1_000));
    if (random() < 0.3) await settle();
  }
  await Promise.all(written);
  const counts = (await truth.history('owner/counter', {})).map(({ value }) => value);
  expect({ seed, counts }).toEqual({ seed, counts: counts.map((_, index) => String(index + 1)) });
  raced -= counts.length;

  // Nothing is carried any more: the slow refresh alone has to mend what was lost.
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
    const ear = new Ear();
    for (const message of wire.received) ear.hear(message);
    expect({ seed, node, wrong: ear.wrong }).toEqual({ seed, node, wrong: [] });
    for (const [channel, items] of whole) {
      const known = [...(ear.state.get(channel) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      expect({ seed, node, channel, items: known }).toEqual({ seed, node, channel, items });
    }
    expect({ seed, node, n: counters[node]?.view.items.get('n')?.value }).toEqual({ seed, node, n: counts.at(-1) });
  }
  return { counts: air.counts, accepted, raced };
}

describe('many nodes on one store', () => {
  test('all nodes learn all changes of the store in order and once, whatever happens to the notices', async () => {
    const sum = { lost: 0, doubled: 0, late: 0, outages: 0, accepted: 0, raced: 0 };
    for (let seed = 1; seed <= 40; seed += 1) {
      const { counts, accepted, raced } = await live(seed, 2 + (seed % 3), 300);
      for (const name of ['lost', 'doubled', 'late', 'outages'] as const) sum[name] += counts[name];
      sum.accepted += accepted;
      sum.raced += raced;
    }
    // A simulation in which too little happens proves nothing.
    expect(sum.accepted).toBeGreaterThan(4_000);
    expect(Math.min(sum.lost, sum.doubled, sum.late)).toBeGreaterThan(500);
    expect(Math.min(sum.outages, sum.raced)).toBeGreaterThan(100);
  }, 120_000);
});
