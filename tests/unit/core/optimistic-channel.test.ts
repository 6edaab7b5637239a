import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Channel } from '../../../server/core/channel.ts';
import { Hub } from '../../../server/core/hub.ts';
import { OptimisticChannel, type Projection, writeAfterReading } from '../../../server/core/optimistic-channel.ts';
import { noopRelay, type Relay } from '../../../server/core/relay.ts';
import type { Appended, Change, Item, Store, Write } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { TestWorld } from '../../harness/world.ts';

/** One item, a number. It does not apply other writers' changes by itself. */
class Counter implements Projection {
  value = 0;
  loads = 0;
  follows = true;
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async load(): Promise<number> {
    this.loads += 1;
    const { seq } = this.#channel.position;
    const [item] = await this.#channel.read({ key: 'count' });
    this.value = Number(item?.value ?? 0);
    return seq;
  }

  applyWrite({ ops: [op] }: Pick<Write, 'ops'>): number {
    if (op === undefined || op.op === 'remove' || Number(op.value) === this.value) return 0;
    this.value = Number(op.value);
    return 1;
  }

  applyChange({ value }: Change): boolean {
    this.value = Number(value ?? 0);
    return this.follows;
  }
}

const put = (value: number): Write => ({
  ops: [{ op: 'put', key: 'count', value: String(value) }],
  origin: 'test',
  at: 1,
});

/** A store whose disk can be slow, or full. */
class SlowStore extends MemoryStore {
  disk: Promise<unknown> = Promise.resolve();
  failure: Error | undefined;
  unreadable: Error | undefined;

  override async read(...args: Parameters<Store['read']>): Promise<readonly Item[]> {
    if (this.unreadable !== undefined) throw this.unreadable;
    return super.read(...args);
  }

  override async append(...args: Parameters<Store['append']>): Promise<Appended> {
    const { disk, failure } = this;
    const appended = failure === undefined ? await super.append(...args) : undefined;
    await disk;
    if (appended === undefined) throw failure;
    return appended;
  }
}

describe('an optimistic channel', () => {
  let store: SlowStore;
  let channel: Channel;
  let counter: Counter;
  let optimistic: OptimisticChannel;

  const increment = () => optimistic.write(() => ({ ok: true, write: put(counter.value + 1) }));
  const stored = async () => Number((await store.read('a/count', { key: 'count' }))[0]?.value ?? 0);

  beforeEach(async () => {
    store = new SlowStore({ epoch: 'e1' });
    await open(noopRelay);
  });

  const open = async (relay: Relay) => {
    channel = await new Hub({ store, relay, world: new TestWorld() }).channel('a/count');
    counter = new Counter(channel);
    optimistic = new OptimisticChannel(channel, counter);
    await optimistic.load();
  };

  test('writes do not wait for one another, and each builds on the earlier ones', async () => {
    let release = (): void => undefined;
    store.disk = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writes = [increment(), increment(), increment()];
    expect([counter.value, optimistic.seq, channel.position.seq]).toEqual([3, 3, 0]);
    release();
    expect(await Promise.all(writes)).toMatchObject([{ steps: 1 }, { steps: 1 }, { steps: 1 }]);
    expect([await stored(), counter.loads]).toEqual([3, 1]);
  });

  test('a write is computed again from the new state when another node was faster, and so are the writes after it', async () => {
    await open({ ...noopRelay });
    await increment();
    await store.append('a/count', put(10), 'all');
    const before = counter.loads;
    const writes = [increment(), increment()];
    await Promise.all(writes);
    expect([await stored(), counter.value, counter.loads - before]).toEqual([12, 12, 1]);
  });

  test('a write after another writer of this process is computed from that writer’s state', async () => {
    let release = (): void => undefined;
    store.disk = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writes = [increment(), channel.write(put(10)), increment(), increment()];
    release();
    await Promise.all(writes);
    expect(await stored()).toBe(12);
  });

  test('waiting writes keep the order of their calls', async () => {
    await open({ ...noopRelay });
    const order: number[] = [];
    const write = (number: number) =>
      optimistic.write(() => {
        order.push(number);
        return { ok: true, write: put(number) };
      });
    await Promise.all([1, 2, 3, 4].map(write));
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test('writes that wait for the state are computed together, before anything that follows one of them', async () => {
    const order: string[] = [];
    void optimistic.load();
    const writes = ['first', 'second', 'third'].map(async (name) => {
      await optimistic.write(() => {
        order.push(name);
        return { ok: false };
      });
      order.push(`after ${name}`);
    });
    await Promise.all(writes);
    expect(order.slice(0, 3)).toEqual(['first', 'second', 'third']);
  });

  test('writes that wait for the state are rejected with the failure of its reading', async () => {
    store.unreadable = new Error('the database is away');
    const reading = optimistic.load();
    const writes = [increment(), increment()];
    await expect(reading).rejects.toThrow('away');
    for (const write of writes) await expect(write).rejects.toThrow('away');
    store.unreadable = undefined;
    expect(await increment()).toMatchObject({ steps: 1 });
  });

  test('a refusal of the computation is returned, and nothing is written', async () => {
    const refused = { ok: false, why: 'full' } as const;
    expect(await optimistic.write(() => refused)).toBe(refused);
    expect((await store.head('a/count')).seq).toBe(0);
  });

  test('after a failure of the store, the state is that on disk', async () => {
    await increment();
    store.failure = new Error('no space left on device');
    await expect(increment()).rejects.toThrow('no space left');
    store.failure = undefined;
    expect(await optimistic.settled(() => counter.value)).toBe(1);
    await increment();
    expect(await stored()).toBe(2);
  });

  test('a settled state is on disk, and is that of the call', async () => {
    let release = (): void => undefined;
    store.disk = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = increment();
    let isSettled = false;
    const settled = optimistic
      .settled(() => counter.value)
      .finally(() => {
        isSettled = true;
      });
    void increment();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    release();
    await first;
    expect(await settled).toBe(1);
  });

  test('a settled state has no write that the store refused', async () => {
    await increment();
    await store.append('a/count', put(10), 'all');
    const refusedAtFirst = optimistic.write(() => (counter.value === 10 ? { ok: false } : { ok: true, write: put(2) }));
    const settled = optimistic.settled(() => counter.value);
    expect(await refusedAtFirst).toEqual({ ok: false });
    expect(await settled).toBe(10);
  });

  test('after a replayed write the state equals the stored one', async () => {
    const write = { ...put(5), writeId: 'w1' };
    await optimistic.write(() => ({ ok: true, write }));
    await increment();
    const again = await optimistic.write(() => ({ ok: true, write }));
    expect([again, counter.value, await stored()]).toMatchObject([{ replayed: true }, 6, 6]);
  });

  test('a write without a base invalidates the state, and the next write reads it again', async () => {
    const loads = counter.loads;
    counter.follows = false;
    await optimistic.writeUnconditionally(put(20));
    await increment();
    expect([await stored(), counter.loads - loads]).toEqual([21, 1]);
  });

  test('after a change of another writer that the projection cannot apply, the state is read again before the next write', async () => {
    counter.follows = false;
    await channel.write(put(30));
    await increment();
    expect(await stored()).toBe(31);
  });

  test('after a gap between two changes the state is read again', async () => {
    const loads = counter.loads;
    await store.append('a/count', put(40), 'last');
    await store.append('a/count', put(41), 'last');
    await channel.refresh();
    expect(await optimistic.settled(() => counter.value)).toBe(41);
    await channel.refresh();
    await store.append('a/count', put(42), 'last');
    await channel.refresh();
    expect([await optimistic.settled(() => counter.value), counter.loads - loads]).toEqual([42, 1]);
  });

  test('writeAfterReading computes again when something was written while it read', async () => {
    await increment();
    let reads = 0;
    await writeAfterReading(channel, async () => {
      reads += 1;
      const read = await stored();
      if (reads === 1) await store.append('a/count', put(50), 'all');
      return put(read * 2);
    });
    expect([await stored(), reads]).toEqual([100, 2]);
  });

  test('writeAfterReading writes nothing when nothing is computed', async () => {
    expect(await writeAfterReading(channel, async () => undefined)).toBeUndefined();
    expect((await store.head('a/count')).seq).toBe(0);
  });

  test('only the listeners of this process receive the parsed value of a write', async () => {
    const parsed = { count: 7 };
    const received: unknown[] = [];
    channel.listen((changes) => received.push(...changes.map((change) => change.parsed)));
    await channel.write(put(7), { parsed: new Map([['count', parsed]]) });
    await channel.write(put(8));
    expect(received).toEqual([parsed, undefined]);
    const since = await channel.since(0, 10);
    expect(JSON.stringify(since)).not.toContain('parsed');
    const recent = await channel.since(1, 10);
    expect(JSON.stringify(recent)).not.toContain('parsed');
  });
});
