// The port to storage, with the numbered contract that every store keeps (tests/contract/store.ts tests it, rule by rule). A store
// knows writes and reads; it knows no followers.
//
// [ST1]  `append` is all or nothing, and resolves with ok only once the write would survive a power cut.
// [ST2]  One op that changes something makes one step: `seq` rises by exactly one, gap-free from 1 within the epoch.
//        A `put` of the value (and span) an item already has, an `add` of a key that is there, a `remove` of one that is
//        not, change nothing and make no step.
// [ST3]  A write with a `base` other than the head is refused as stale with the head, and nothing of it is stored.
// [ST4]  A `writeId` already seen on the channel gets the first answer again (`replayed`), and changes nothing, whatever
//        its ops and base say now. Only accepted writes are remembered.
// [ST5]  Writes given in one order are applied in that order; each sees those before it. Neighbours may share a commit, but a
//        refused one takes none of its neighbours with it.
// [ST6]  `since(seq)` is every item whose last step is greater than seq, in order of that step; removed items come as
//        deletes, but not when seq is 0. An item put many times is one change. `kind` is create when the item began after seq.
// [ST7]  `since` of a seq below the floor (and above 0), or above the head, is `gone`; 0 never is. With `basis`, the floor counts for
//        that step in place of seq: a reader that began at 0 when the head was `basis` reads on by the steps of its last items.
// [ST8]  Channels kept 'all' have every past value in `history` and `at`; others only the last value of each item.
// [ST9]  `at(seq)` is the state after step seq: items in order of their last step then. `read` with `at` gives that state in order of
//        key, in pages like any other read.
// [ST10] `read` gives items overlapping [from, to) in order of time (then key) when a span is asked for, by key otherwise;
//        keys in the order of their code points. A span without length overlaps where it stands. After `after` come only those
//        that follow it in the order asked for; with `size`, no more once the values reach so many characters, at least one item.
//        `since` and `history` end in the same way with `size`; `since` has `more` then.
// [ST11] `forget(through)` drops tombstones and values that were already past at that step, never an item's last value, and
//        raises the floor. From the floor on, `at` and `since` are exact.
// [ST12] A channel in which no step was made has seq 0 and no items, and is not listed; reading it creates nothing.
// [ST13] The epoch is the store's: the same after reopening, another in a new or a restored store.
// [ST14] Keys, names and values are text: quotes, NUL-free Unicode, `__proto__` and 1 MiB values are returned as they were written.
// [ST15] `bytes` is about what the keys and values that the channel keeps take in the store, past values included; 0 for an empty channel.
// [ST16] A write that `needs` a key is refused as absent with the head where the channel has no item of that key, and nothing of it is stored.
// [ST17] `state` is `read` with the head of the same moment: the items are all that the steps up to it left, or the first of them, with `more`.
// [ST18] `channels` gives those after the name `after` in order of the names' code points, at most `limit` of them.

export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

export interface Head extends Position {
  /** The greatest `version` a step has carried; -1 when none has. */
  readonly version: number;
  /** Catch-up from below this seq is impossible. */
  readonly floor: number;
}

/** `value` is JSON text: encoded once when it arrives, spliced into answers. Spans are integer microseconds since 1970. */
export interface Put {
  readonly op: 'put' | 'add';
  readonly key: string;
  readonly value: string;
  readonly time?: number;
  readonly end?: number;
  /** A number of the adapter that is stored with the change (Kronos: the version that clients see). */
  readonly version?: number;
}

export interface Remove {
  readonly op: 'remove';
  readonly key: string;
  readonly version?: number;
}

export type Op = Put | Remove;

export interface Write {
  readonly ops: readonly Op[];
  /** The device that made it. */
  readonly origin: string;
  /** The hub's clock in milliseconds since 1970, read once per write. */
  readonly at: number;
  readonly writeId?: string;
  readonly base?: number;
  /** The address that a write to a room came from, by which visitors are limited. Not stored. */
  readonly address?: string;
  /** The key of an item that must be there. */
  readonly needs?: string;
}

export type Keep = 'all' | 'last';

export interface Item {
  readonly key: string;
  readonly value: string;
  readonly time: number | null;
  readonly end: number | null;
  readonly seq: number;
  readonly origin: string;
  readonly at: number;
  readonly version: number | null;
}

export interface Change extends Omit<Item, 'value'> {
  readonly kind: 'create' | 'update' | 'delete';
  /** null for a delete, whose `time` and `end` are null too. */
  readonly value: string | null;
}

export type Appended =
  | {
      readonly ok: true;
      readonly position: Position;
      readonly changes: readonly Change[];
      /** How many steps the write made; known for a replayed one too, whose `changes` are not given again. */
      readonly steps: number;
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly reason: 'stale' | 'absent'; readonly position: Position };

export type Since =
  | { readonly ok: true; readonly head: Head; readonly changes: readonly Change[]; readonly more: boolean }
  | { readonly ok: false; readonly reason: 'gone'; readonly head: Head };

/** The items of a range, and the head of the moment at which they were read. */
export interface RangeState {
  readonly head: Head;
  readonly items: readonly Item[];
  /** True if items may follow: the range's `limit` or `size` is reached, or the store reads no more at one moment. */
  readonly more: boolean;
}

/** Where a page ended: the key of its last item, and its time where a span was asked for. */
export interface Place {
  readonly key: string;
  readonly time: number | null;
}

/** Spans in microseconds, `from` included and `to` not; `newest` turns the order round before `after` and `limit` count. */
export interface Range {
  readonly key?: string;
  readonly from?: number;
  readonly to?: number;
  readonly after?: Place;
  readonly limit?: number;
  /** Characters of the values. */
  readonly size?: number;
  readonly newest?: boolean;
  /** The items as they were after this step; in order of key, so without a span. */
  readonly at?: number;
}

/** How far `since` reads. */
export interface SincePage {
  /** Characters of the values. */
  readonly size?: number;
  /** The head when this reader began at 0. */
  readonly basis?: number;
}

/** Steps with `after` < seq < `before`, in order, or the newest first. */
export interface Past {
  readonly key?: string;
  readonly after?: number;
  readonly before?: number;
  readonly limit?: number;
  /** Characters of the values. */
  readonly size?: number;
  readonly newest?: boolean;
}

/** Where a page of the list of channels begins, and how many it has. */
export interface ChannelsPage {
  readonly after?: string | undefined;
  readonly limit?: number;
}

export interface ChannelInfo {
  readonly channel: string;
  readonly seq: number;
  readonly items: number;
}

/** The position up to which a node has seen a channel. */
export interface SeenChannel {
  readonly channel: string;
  readonly keep: Keep;
  readonly seq: number;
  /** The last step, if it is in memory. */
  readonly last: Pick<Change, 'seq' | 'key' | 'at' | 'origin'> | undefined;
}

/** The parts of the node that a store shared by nodes uses. */
export interface StoreUser {
  /** The positions that this node has seen, by which the store knows whether a database that took over has all of it. */
  seenChannels(): readonly SeenChannel[];
  /** The store has another epoch: nothing that was read before can be continued. */
  renew(): void;
}

export interface Store {
  readonly epoch: string;
  head(channel: string): Promise<Head>;
  append(channel: string, write: Write, keep: Keep): Promise<Appended>;
  since(channel: string, seq: number, limit: number, page?: SincePage): Promise<Since>;
  read(channel: string, range: Range): Promise<readonly Item[]>;
  state(channel: string, range: Range): Promise<RangeState>;
  history(channel: string, past: Past): Promise<readonly Change[]>;
  at(channel: string, seq: number): Promise<readonly Item[]>;
  /** Channels whose name begins with the prefix and that have ever been written to, by name. */
  channels(prefix: string, page?: ChannelsPage): Promise<readonly ChannelInfo[]>;
  /**
   * The heads of the named channels, and of channels whose name begins with one of the prefixes, each once. Channels that were never
   * written to are left out. With one call a node finds every change that it may have missed.
   */
  heads(channels: readonly string[], prefixes: readonly string[]): Promise<readonly ChannelInfo[]>;
  forget(channel: string, through: number): Promise<void>;
  bytes(channel: string): Promise<number>;
  /** Resolves when a write would be durable now; rejects with the reason when it would not. */
  check(): Promise<void>;
  /** Everything accepted is on disk when this resolves. */
  close(): Promise<void>;
}

/** A step, with the step at which its item was last created, from which `since` computes the kind; null for a delete. */
export interface Step extends Change {
  readonly born: number | null;
}

/** The first answer to a write id; `at` is the hub's clock then. */
export interface Answer {
  readonly writeId: string;
  readonly seq: number;
  readonly steps: number;
  readonly at: number;
}

/** A channel without its steps and answers. */
export interface Outline {
  readonly channel: string;
  readonly seq: number;
  readonly version: number;
  readonly floor: number;
}

/**
 * A store as a whole, for moving it into another engine: backup, restore, migrate. Channels in order of name, steps in order
 * of seq, answers in order of write id. Steps and answers that are read during the iteration of `outlines` are those of the moment at
 * which it began, also if writes follow. `outlines` has the channels in which a step was made or a write id is stored.
 */
export interface Archive {
  outlines(): AsyncIterable<Outline>;
  steps(channel: string): AsyncIterable<readonly Step[]>;
  answers(channel: string): AsyncIterable<readonly Answer[]>;
  /**
   * Copies a channel into a store; rejects if the store has a channel of that name. Seqs stay the same, the epoch is the store's own.
   * Reads `steps` to the end, then `answers`. If it rejects, or the process crashes, the store has no part of the channel.
   */
  load(
    outline: Outline,
    steps: AsyncIterable<readonly Step[]>,
    answers: AsyncIterable<readonly Answer[]>,
  ): Promise<void>;
}

/** A store by which whole channels can be moved and erased, too. */
export interface StoredArchive extends Store, Archive {
  /**
   * Begins a new epoch, because the store lacks what a client knows. Resolves when it is durable and the `StoreUser` has been told. Stores
   * that never outlive their process have no such function.
   */
  renewEpoch?(): Promise<void>;
  /**
   * Erases channels with their steps, answers and names: a channel of such a name begins anew. When it resolves, the store's own files
   * have nothing of them any more, as far as the engine allows.
   */
  erase(channels: readonly string[]): Promise<void>;
}
