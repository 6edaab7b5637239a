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
// [ST7]  `since` of a seq below the floor (and above 0), or above the head, is `gone`; 0 never is.
// [ST8]  Channels kept 'all' have every past value in `history` and `at`; others only the last value of each item.
// [ST9]  `at(seq)` is the state after step seq: items in order of their last step then.
// [ST10] `read` gives items overlapping [from, to) in order of time (then key) when a span is asked for, by key otherwise;
//        keys in the order of their code points. A span without length overlaps where it stands. After `after` come only those
//        that follow it in the order asked for; with `size`, no more once the values reach so many characters, at least one item.
// [ST11] `forget(through)` drops tombstones and values that were already past at that step, never an item's last value, and
//        raises the floor. From the floor on, `at` and `since` are exact.
// [ST12] A channel in which no step was made has seq 0 and no items, and is not listed; reading it creates nothing.
// [ST13] The epoch is the store's: the same after reopening, another in a new or a restored store.
// [ST14] Keys, names and values are text: quotes, NUL-free Unicode, `__proto__` and 1 MiB values are returned as they were written.

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
  | { readonly ok: false; readonly reason: 'stale'; readonly position: Position };

export type Since =
  | { readonly ok: true; readonly head: Head; readonly changes: readonly Change[]; readonly more: boolean }
  | { readonly ok: false; readonly reason: 'gone'; readonly head: Head };

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
}

/** Steps with `after` < seq < `before`, in order, or the newest first. */
export interface Past {
  readonly key?: string;
  readonly after?: number;
  readonly before?: number;
  readonly limit?: number;
  readonly newest?: boolean;
}

export interface ChannelInfo {
  readonly channel: string;
  readonly seq: number;
  readonly items: number;
}

export interface Store {
  readonly epoch: string;
  head(channel: string): Promise<Head>;
  append(channel: string, write: Write, keep: Keep): Promise<Appended>;
  since(channel: string, seq: number, limit: number): Promise<Since>;
  read(channel: string, range: Range): Promise<readonly Item[]>;
  history(channel: string, past: Past): Promise<readonly Change[]>;
  at(channel: string, seq: number): Promise<readonly Item[]>;
  /** Channels whose name begins with the prefix and that have ever been written to, by name. */
  channels(prefix: string): Promise<readonly ChannelInfo[]>;
  /**
   * The heads of the named channels, and of channels whose name begins with one of the prefixes, each once. Channels that were never
   * written to are left out. With one call a node finds every change that it may have missed.
   */
  heads(channels: readonly string[], prefixes: readonly string[]): Promise<readonly ChannelInfo[]>;
  forget(channel: string, through: number): Promise<void>;
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
