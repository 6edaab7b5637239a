// A small channel completely in memory, for callers that must read before they write: the committed state, and the state with
// uncommitted writes applied.

import type { Refusal } from '../../protocol/errors.ts';
import type { Channel } from './channel.ts';
import {
  type BaselessWrite,
  type Committed,
  type Computed,
  OptimisticChannel,
  type Projection,
} from './optimistic-channel.ts';
import type { Peer } from './peer.ts';
import type { Change, Item, Op } from './store.ts';

/** Items that are read from the store at once, at most. */
const pageItems = 2_000;

export interface ChannelState {
  readonly seq: number;
  /** The greatest version a change has carried; -1 when none has. */
  readonly version: number;
  readonly items: ReadonlyMap<string, Item>;
}

/** A second way to look up the items of a cached channel. It is kept in step with them, including uncommitted writes. */
export interface ItemIndex {
  clear(): void;
  set(item: Item): void;
  remove(key: string): void;
}

export class CachedChannel {
  readonly channel: Channel;
  readonly #items: CachedItems;
  readonly #optimistic: OptimisticChannel;

  private constructor(channel: Channel) {
    this.channel = channel;
    this.#items = new CachedItems(channel);
    this.#optimistic = new OptimisticChannel(channel, this.#items);
  }

  static async open(channel: Channel): Promise<CachedChannel> {
    const cached = new CachedChannel(channel);
    await cached.#optimistic.load();
    return cached;
  }

  /** Optimistic state, including uncommitted writes. Use it to compute new writes; never send it to a client. */
  get view(): ChannelState {
    return { seq: this.#optimistic.seq, version: this.#items.version, items: this.#items.items };
  }

  /** The state as of the call, once it is on disk. */
  settled(): Promise<ChannelState> {
    return this.#optimistic.settled(() => ({ ...this.view, items: new Map(this.#items.items) }));
  }

  /**
   * Appends the write that `compute` returns for the newest state. `compute` is called synchronously, so that writes keep the order of
   * their calls, and again if another writer was faster.
   * @param sender not notified of its own change by renderings without echo
   */
  write(compute: (view: ChannelState) => Computed, sender?: Peer): Promise<Committed | Refusal> {
    return this.#optimistic.write(() => compute(this.view), sender);
  }

  /** `write` for what takes long, with pauses. @param compute gets a state that stays as it is meanwhile */
  writeInTurns(
    compute: (view: ChannelState) => Generator<void, Computed>,
    sender?: Peer,
  ): Promise<Committed | Refusal> {
    return this.#optimistic.writeInTurns(() => compute({ ...this.view, items: new Map(this.#items.items) }), sender);
  }

  /** Fills the index with all items now, and keeps it in step from here on. */
  addIndex(index: ItemIndex): void {
    this.#items.addIndex(index);
  }

  close(): void {
    this.#optimistic.close();
  }
}

class CachedItems implements Projection {
  items = new Map<string, Item>();
  version = -1;
  readonly #channel: Channel;
  readonly #indexes: ItemIndex[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  addIndex(index: ItemIndex): void {
    this.#indexes.push(index);
    for (const item of this.items.values()) index.set(item);
  }

  async load(): Promise<number> {
    const items = new Map<string, Item>();
    let basis: number | undefined;
    for (let seq = 0; ; ) {
      const since = await this.#channel.since(seq, pageItems, basis);
      if (!since.ok) {
        items.clear();
        [seq, basis] = [0, undefined];
        continue;
      }
      basis ??= since.head.seq;
      for (const change of since.changes) {
        items.delete(change.key);
        if (change.value !== null) items.set(change.key, { ...change, value: change.value });
      }
      seq = since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq;
      // Changes that the channel has published during the read are not published again, so read on.
      if (since.more || this.#channel.position.seq > seq) continue;
      this.items = new Map();
      for (const index of this.#indexes) index.clear();
      for (const item of items.values()) this.#set(item);
      this.version = since.head.version;
      return seq;
    }
  }

  applyWrite({ ops, origin, at }: BaselessWrite, before: number): number {
    let seq = before;
    for (const op of ops) {
      if (!makesStep(this.items.get(op.key), op)) continue;
      seq += 1;
      this.version = Math.max(this.version, op.version ?? -1);
      this.#remove(op.key);
      if (op.op === 'remove') continue;
      const { key, value, time = null, end = null, version = null } = op;
      this.#set({ key, value, time, end, seq, origin, at, version });
    }
    return seq - before;
  }

  applyChange(change: Change): boolean {
    this.version = Math.max(this.version, change.version ?? -1);
    this.#remove(change.key);
    if (change.value !== null) this.#set({ ...change, value: change.value });
    return true;
  }

  #set(item: Item): void {
    this.items.set(item.key, item);
    for (const index of this.#indexes) index.set(item);
  }

  #remove(key: string): void {
    if (this.items.delete(key)) for (const index of this.#indexes) index.remove(key);
  }
}

/** True if the store makes a step of this op ([ST2]). */
function makesStep(item: Item | undefined, op: Op): boolean {
  if (op.op === 'remove') return item !== undefined;
  if (item === undefined) return true;
  return (
    op.op === 'put' && (item.value !== op.value || item.time !== (op.time ?? null) || item.end !== (op.end ?? null))
  );
}
