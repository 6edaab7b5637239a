// A store that refuses writes beyond the quotas of limits.ts. It knows what each account, each channel and all rooms together have stored:
// measured once, then counted. A count is never too low. When it reaches a quota, the store is measured again before a write is refused,
// so what was deleted, replaced or forgotten makes room. Removals are never refused.

import type { Refusal } from '../../protocol/errors.ts';
import { type LimitName, LimitReached, type Limits } from './limits.ts';
import type { Appended, Keep, Store, Write } from './store.ts';
import type { World } from './world.ts';

/** The owner of all rooms. */
const rooms = 'mob';
/** An owner is measured again at most so often, in milliseconds. */
const measureAgainMs = 1_000;
/** Up to so many items that a write at a quota puts are looked up, to find out what they replace. */
const maxLookups = 64;

interface ChannelCount {
  bytes: number;
  items: number;
}

/** The stored size of one owner: an account, or all rooms. */
interface OwnerCount extends ChannelCount {
  readonly owner: string;
  channels: Map<string, ChannelCount>;
  /** The growth by writes under way, at most, by channel. */
  readonly reserved: Map<string, Growth>;
  measuring: Promise<void> | undefined;
  /** Milliseconds since 1970; 0 before the first measurement. */
  measuredAt: number;
  /** Appends of this owner that wait for a measurement, in their order. */
  waiting: Promise<unknown> | undefined;
}

export interface OwnerUsage extends ChannelCount {
  readonly channels: number;
}

/** The growth by a write, at most: the size of its puts. A put that replaces an item adds less. */
interface Growth {
  readonly bytes: number;
  readonly puts: number;
}

export interface LimitedStoreDeps {
  readonly store: Store;
  readonly limits: Limits;
  readonly world: World;
  /** Why the disk takes no new data now; undefined while it does. */
  readonly disk?: () => Refusal | undefined;
}

export class LimitedStore implements Store {
  readonly #store: Store;
  readonly #limits: Limits;
  readonly #world: World;
  readonly #disk: () => Refusal | undefined;
  readonly #owners = new Map<string, OwnerCount>();
  readonly head: Store['head'];
  readonly since: Store['since'];
  readonly read: Store['read'];
  readonly state: Store['state'];
  readonly history: Store['history'];
  readonly at: Store['at'];
  readonly channels: Store['channels'];
  readonly heads: Store['heads'];
  readonly forget: Store['forget'];
  readonly bytes: Store['bytes'];
  readonly close: Store['close'];

  constructor({ store, limits, world, disk = () => undefined }: LimitedStoreDeps) {
    this.#store = store;
    this.#limits = limits;
    this.#world = world;
    this.#disk = disk;
    this.head = (channel) => store.head(channel);
    this.since = (channel, seq, limit, page) => store.since(channel, seq, limit, page);
    this.read = (channel, range) => store.read(channel, range);
    this.state = (channel, range) => store.state(channel, range);
    this.history = (channel, past) => store.history(channel, past);
    this.at = (channel, seq) => store.at(channel, seq);
    this.channels = (prefix, page) => store.channels(prefix, page);
    this.heads = (channels, prefixes) => store.heads(channels, prefixes);
    this.forget = (channel, through) => store.forget(channel, through);
    this.bytes = (channel) => store.bytes(channel);
    this.close = () => store.close();
  }

  get epoch(): string {
    return this.#store.epoch;
  }

  async check(): Promise<void> {
    const refusal = this.#disk();
    if (refusal !== undefined) throw new LimitReached(refusal);
    await this.#store.check();
  }

  /** @throws LimitReached where a quota, or the disk, has no room for what the write puts; nothing is written then */
  append(channel: string, write: Write, keep: Keep): Promise<Appended> {
    const owner = ownerOf(channel);
    // The hub's own channels are small, and it must stay possible to revoke a token.
    if (owner === undefined) return this.#store.append(channel, write, keep);
    const growth = growthOf(write);
    const count = this.#count(owner);
    if (growth.puts > 0) {
      const refusal = this.#disk() ?? this.#refuseVisitor(count, channel, write, growth);
      if (refusal !== undefined) return this.#refuse(channel, write, keep, refusal);
      if (count.waiting !== undefined || this.#exceededLimit(count, channel, growth) !== undefined)
        return this.#appendLater(count, channel, write, keep);
    }
    return this.#append(count, channel, write, keep);
  }

  /** The stored size of an account, measured now. */
  async usage(owner: string): Promise<OwnerUsage> {
    const count = this.#count(owner);
    await this.#measure(count);
    return { bytes: count.bytes, items: count.items, channels: count.channels.size };
  }

  async #append(count: OwnerCount, channel: string, write: Write, keep: Keep): Promise<Appended> {
    const growth = growthOf(write);
    reserve(count, channel, growth, 1);
    let appended: Appended;
    try {
      appended = await this.#store.append(channel, write, keep);
    } finally {
      reserve(count, channel, growth, -1);
    }
    if (!appended.ok) return appended;
    const entry = count.channels.get(channel) ?? { bytes: 0, items: 0 };
    count.channels.set(channel, entry);
    for (const { kind, key, value } of appended.changes) {
      const items = kind === 'create' ? 1 : kind === 'delete' ? -1 : 0;
      const bytes = value === null ? 0 : key.length + value.length;
      entry.items += items;
      entry.bytes += bytes;
      count.items += items;
      count.bytes += bytes;
    }
    return appended;
  }

  /** Measures before it decides. Later appends of the same owner wait too, because the store applies writes in their order. */
  #appendLater(count: OwnerCount, channel: string, write: Write, keep: Keep): Promise<Appended> {
    const before = count.waiting ?? Promise.resolve();
    const appending = before.then(async () => {
      const name = await this.#decide(count, channel, write, keep);
      if (name === undefined) return this.#append(count, channel, write, keep);
      return this.#refuse(channel, write, keep, this.#limits.reached(name, 'quota', { account: count.owner }));
    });
    const done = appending.then(
      () => undefined,
      () => undefined,
    );
    count.waiting = done;
    void done.then(() => {
      if (count.waiting === done) count.waiting = undefined;
    });
    return appending;
  }

  /** @returns the quota that the write exceeds */
  async #decide(count: OwnerCount, channel: string, write: Write, keep: Keep): Promise<LimitName | undefined> {
    const growth = growthOf(write);
    if (growth.puts === 0) return undefined;
    if (this.#exceededLimit(count, channel, growth) !== undefined) {
      if (Math.abs(this.#world.now() - count.measuredAt) >= measureAgainMs) await this.#measure(count);
    }
    const name = this.#exceededLimit(count, channel, growth);
    if (name === undefined || growth.puts > maxLookups) return name;
    return this.#exceededLimit(count, channel, await this.#netGrowth(channel, write, keep));
  }

  /** The growth without what the write replaces. */
  async #netGrowth(channel: string, write: Write, keep: Keep): Promise<Growth> {
    const last = new Map(write.ops.flatMap((op) => (op.op === 'remove' ? [] : [[op.key, op.value] as const])));
    let [bytes, puts] = [0, 0];
    for (const [key, value] of last) {
      const [before] = await this.#store.read(channel, { key, limit: 1 });
      if (before === undefined) puts += 1;
      const replaced = before !== undefined && keep === 'last' ? key.length + before.value.length : 0;
      bytes += key.length + value.length - replaced;
    }
    return { bytes, puts };
  }

  #exceededLimit(count: OwnerCount, channel: string, { bytes, puts }: Growth): LimitName | undefined {
    const { owner } = count;
    const isNew = (count.channels.get(channel)?.items ?? 0) === 0;
    const entry = count.channels.get(channel) ?? { bytes: 0, items: 0 };
    const waiting = count.reserved.get(channel) ?? { bytes: 0, puts: 0 };
    const over = (name: LimitName, amount: number) => amount > this.#limits.size(name, owner);
    const all = count.bytes + sum(count.reserved, (one) => one.bytes) + bytes;
    if (owner === rooms) {
      if (isNew && puts > 0 && over('rooms', roomsBeside(count, channel) + 1)) return 'rooms';
      if (bytes > 0 && over('room_bytes', entry.bytes + waiting.bytes + bytes)) return 'room_bytes';
      return bytes > 0 && over('rooms_bytes', all) ? 'rooms_bytes' : undefined;
    }
    if (!count.channels.has(channel) && over('account_channels', channelsBeside(count, channel) + 1))
      return 'account_channels';
    if (bytes > 0 && over('channel_bytes', entry.bytes + waiting.bytes + bytes)) return 'channel_bytes';
    if (puts > 0 && over('channel_items', entry.items + waiting.puts + puts)) return 'channel_items';
    if (bytes > 0 && over('account_bytes', all)) return 'account_bytes';
    const items = count.items + sum(count.reserved, (one) => one.puts) + puts;
    return puts > 0 && over('account_items', items) ? 'account_items' : undefined;
  }

  /** The bytes that one address may write to rooms in a day. */
  #refuseVisitor(count: OwnerCount, channel: string, { address }: Write, growth: Growth): Refusal | undefined {
    if (count.owner !== rooms || address === undefined || address === '') return undefined;
    const isNew = (count.channels.get(channel)?.items ?? 0) === 0;
    return (
      (isNew ? this.#limits.take('address_rooms', address) : undefined) ??
      this.#limits.take('address_room_bytes', address, growth.bytes) ??
      this.#limits.take('address_room_items', address, growth.puts)
    );
  }

  /** W9.1: the retry of an accepted write is given its first answer, also at a quota. */
  async #refuse(channel: string, write: Write, keep: Keep, refusal: Refusal): Promise<Appended> {
    if (write.writeId !== undefined) {
      const before = await this.#store.append(channel, { ...write, ops: [], base: -1 }, keep);
      if (before.ok) return before;
    }
    throw new LimitReached(refusal);
  }

  #count(owner: string): OwnerCount {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const count: OwnerCount = {
      owner,
      bytes: 0,
      items: 0,
      channels: new Map(),
      reserved: new Map(),
      measuring: undefined,
      measuredAt: 0,
      waiting: undefined,
    };
    this.#owners.set(owner, count);
    // Until the first measurement ends, only what is written meanwhile counts.
    this.#measure(count).catch((error: unknown) =>
      this.#world.log.warn({ error }, 'limits: cannot measure what an account has stored'),
    );
    return count;
  }

  #measure(count: OwnerCount): Promise<void> {
    count.measuring ??= this.#measureNow(count).finally(() => {
      count.measuring = undefined;
    });
    return count.measuring;
  }

  /** Writes during the measurement are counted in addition to it, and perhaps twice: a count is never too low. */
  async #measureNow(count: OwnerCount): Promise<void> {
    const before = new Map([...count.channels].map(([name, { bytes, items }]) => [name, { bytes, items }]));
    const infos = await this.#store.channels(`${count.owner}/`);
    const channels = new Map<string, ChannelCount>();
    for (const { channel, items } of infos) {
      // An empty room is nobody's.
      if (count.owner === rooms && items === 0) continue;
      channels.set(channel, { items, bytes: await this.#store.bytes(channel) });
    }
    for (const [name, { bytes, items }] of count.channels) {
      const then = before.get(name);
      const entry = channels.get(name);
      const added = { bytes: bytes - (then?.bytes ?? 0), items: Math.max(0, items - (then?.items ?? 0)) };
      if (entry !== undefined) {
        entry.bytes += added.bytes;
        entry.items += added.items;
      } else if (added.bytes > 0) channels.set(name, added);
    }
    count.channels = channels;
    count.bytes = sum(channels, ({ bytes }) => bytes);
    count.items = sum(channels, ({ items }) => items);
    count.measuredAt = this.#world.now();
  }
}

/** The account of a channel, or `mob` for rooms; undefined for the hub's own channels. */
function ownerOf(channel: string): string | undefined {
  return channel.startsWith('@') ? undefined : channel.slice(0, Math.max(0, channel.indexOf('/')));
}

function growthOf({ ops }: Write): Growth {
  let [bytes, puts] = [0, 0];
  for (const op of ops) {
    if (op.op === 'remove') continue;
    puts += 1;
    bytes += op.key.length + op.value.length;
  }
  return { bytes, puts };
}

/** @param sign 1 before the write, -1 when it is decided */
function reserve({ reserved }: OwnerCount, channel: string, { bytes, puts }: Growth, sign: 1 | -1): void {
  if (puts === 0) return;
  const before = reserved.get(channel) ?? { bytes: 0, puts: 0 };
  const now = { bytes: before.bytes + sign * bytes, puts: before.puts + sign * puts };
  if (now.puts === 0) reserved.delete(channel);
  else reserved.set(channel, now);
}

/** The number of other rooms that have items, or are about to. */
function roomsBeside({ channels, reserved }: OwnerCount, channel: string): number {
  const others = sum(channels, ({ items }, name) => (items > 0 && name !== channel ? 1 : 0));
  return others + sum(reserved, (_, name) => (name === channel || (channels.get(name)?.items ?? 0) > 0 ? 0 : 1));
}

function channelsBeside({ channels, reserved }: OwnerCount, channel: string): number {
  return channels.size + sum(reserved, (_, name) => (name === channel || channels.has(name) ? 0 : 1));
}

function sum<T>(counts: ReadonlyMap<string, T>, of: (count: T, name: string) => number): number {
  let total = 0;
  for (const [name, count] of counts) total += of(count, name);
  return total;
}
