// What the SDK promises: the types that its users see. No behaviour: client.ts and channel.ts begin with that.

import type { MergedDayView } from '../../protocol/day-answer.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Task } from '../../protocol/messages.ts';
import type { ConnectionState } from './connection.ts';
import type { Storage } from './storage.ts';

/** What a WebSocket has to have: the browser's, Node's since 22, and that of the package `ws`. */
export interface SdkSocket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type SdkSocketClass = new (url: string) => SdkSocket;

export interface ConnectOptions {
  /** Of the hub: `http:`, `https:`, `ws:` or `wss:`. */
  readonly url: string;
  /** The secret. Without one a personal hub makes one at the first login, and the storage keeps it. */
  readonly token?: string;
  /** Names this device; without it the storage has the one that was made the first time. */
  readonly device?: string;
  /** What a token is called that the hub makes for this device. */
  readonly name?: string;
  /** In memory unless said: then nothing outlives the process. */
  readonly storage?: Storage;
  /** The global one unless said; Node 20 has none. */
  readonly webSocket?: SdkSocketClass;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Calls `act` once after `ms` milliseconds; the answer cancels it. */
  readonly after?: (ms: number, act: () => void) => () => void;
  /** 0 ≤ x < 1 */
  readonly random?: () => number;
  /** A short unguessable name. */
  readonly id?: () => string;
}

export interface SdkPosition {
  readonly epoch: string;
  readonly seq: number;
}

/** A hub's refusal, or what kept a question from it: `offline`. */
export interface SdkFailure {
  readonly ok: false;
  readonly code: ErrorCode | 'offline';
  /** For people. */
  readonly error: string;
  readonly hint?: string;
}

export interface SdkDayOptions {
  /** A name of the zone database, instead of the account's. */
  readonly zone?: string;
  /** Minutes: gaps of at most that are filled. */
  readonly bridge?: number;
}

/** Microseconds since 1970. */
export interface ItemSpan {
  readonly time?: number;
  readonly end?: number;
}

export interface SdkItem<T> extends ItemSpan {
  readonly key: string;
  readonly item: T;
  /** The step that made it what it is; 0 while it is only here. */
  readonly seq: number;
  /** Milliseconds since 1970: by the hub, or by this device while it is only here. */
  readonly at: number;
  /** Who wrote it. */
  readonly device: string;
  /** Whether the hub has not yet answered a write that made it what it is. */
  readonly pending: boolean;
}

/** What became of a write. Refused ones have left the queue, and the item is again what it would be without them. */
export type WriteOutcome = { readonly ok: true; readonly position: SdkPosition } | SdkFailure;

/** A write that is in the queue, on disk. */
export interface QueuedWrite {
  readonly ok: true;
  /** Of the item; '' for a write that is not about one. */
  readonly key: string;
  /** The write id: the write is done once, however often it is sent. */
  readonly id: string;
  /** The hub's answer, whenever it comes; never rejects. */
  readonly settled: Promise<WriteOutcome>;
}

/** A write that was refused, and is in the queue no more. */
export interface RefusedWrite {
  readonly channel: string;
  readonly id: string;
  /** create, update, delete, write-all, revert */
  readonly type: string;
  readonly key: string;
  readonly failure: SdkFailure;
}

export type SdkChange<T> = ItemSpan & {
  readonly channel: string;
  readonly key: string;
  readonly seq: number;
  readonly at: number;
  readonly device: string;
} & ({ readonly type: 'create' | 'update'; readonly item: T } | { readonly type: 'delete' });

/** What a subscriber is told: first what there is, then each change; `reset` when all that was told before is to be forgotten. */
export type ChannelEvent<T> =
  | {
      readonly type: 'snapshot';
      readonly channel: string;
      readonly position: SdkPosition;
      readonly items: readonly SdkItem<T>[];
    }
  | {
      readonly type: 'reset';
      readonly channel: string;
      readonly position: SdkPosition;
      readonly items: readonly SdkItem<T>[];
    }
  | SdkChange<T>;

/** Ends with `close()`, with `break` out of a `for await`, or with the connection. */
export interface Subscription<T> extends AsyncIterable<T> {
  close(): void;
}

export interface ReadOptions {
  /** Microseconds since 1970, `from` included and `to` not. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export interface HistoryOptions {
  readonly key?: string;
  /** Only steps before this one. */
  readonly before?: number;
  readonly limit?: number;
}

export type ReadResult<T> =
  | { readonly ok: true; readonly position: SdkPosition; readonly items: readonly SdkItem<T>[] }
  | SdkFailure;

export type HistoryResult<T> =
  | {
      readonly ok: true;
      readonly position: SdkPosition;
      /** The newest first. */
      readonly changes: readonly SdkChange<T>[];
      /** Whether there may be older ones: ask on, with `before`. */
      readonly more: boolean;
    }
  | SdkFailure;

/**
 * One channel. Writes show in `items` at once, are in the queue on disk when their promise resolves, and reach the hub when there
 * is one. What others wrote meanwhile is merged, field by field.
 */
export interface SdkChannel<T> {
  readonly name: string;
  /** Takes up what the storage has, without waiting for the hub, and from then on mirrors the channel. All but `create` and `read` imply it. */
  open(): Promise<void>;
  /** Everything, with the writes that wait; by key. Empty before `open`. */
  readonly items: ReadonlyMap<string, SdkItem<T>>;
  /** How far the mirror got; undefined before the hub was heard for the first time. */
  readonly position: SdkPosition | undefined;
  /** Whether the mirror has caught up with the hub, on this connection. */
  readonly current: boolean;
  /** How many writes wait for an answer. */
  readonly waiting: number;
  /** Calls `told` after every change of `items`, whoever made it. The answer ends it. */
  onItems(told: () => void): () => void;
  /** What the hub has, from now on and without a gap, across reconnects. Writes that wait are not in it. */
  subscribe(): Subscription<ChannelEvent<T>>;
  /** The same as calls. The answer ends it. */
  onTold(told: (told: ChannelEvent<T>) => void): () => void;
  /** Asks the hub, without mirroring the channel. */
  read(range?: ReadOptions): Promise<ReadResult<T>>;
  history(past?: HistoryOptions): Promise<HistoryResult<T>>;
  /** The items as they were after that step. */
  at(seq: number): Promise<ReadResult<T>>;
  create(item: T, more?: ItemSpan & { readonly key?: string }): Promise<QueuedWrite | SdkFailure>;
  /** The item as it is now, whole; what others did to its other fields stays. */
  update(key: string, item: T, span?: ItemSpan): Promise<QueuedWrite | SdkFailure>;
  /** Is refused as stale when somebody else changed the item meanwhile: an edit beats a delete. */
  delete(key: string): Promise<QueuedWrite | SdkFailure>;
  /** These are all the items; what others made or changed meanwhile stays. */
  writeAll(
    items: readonly (ItemSpan & { readonly key: string; readonly item: T })[],
  ): Promise<QueuedWrite | SdkFailure>;
  /** Makes the channel again what it was after step `to`. */
  revert(to: number): Promise<QueuedWrite | SdkFailure>;
}

export interface SyncResult {
  /** `live`: all is sent and answered, and all open channels have caught up. */
  readonly state: 'live' | 'offline' | 'revoked';
  /** Why it is not live, for people; '' when it is. */
  readonly reason: string;
  /** Writes that still wait, of all channels. They are on disk, and go out with the next sync. */
  readonly pending: number;
  /** Writes that the hub refused since the last sync, of whichever process. */
  readonly refused: readonly RefusedWrite[];
}

export interface Connection {
  readonly state: ConnectionState;
  /** Calls `told` after every change of `state`. The answer ends it. */
  onState(told: (state: ConnectionState) => void): () => void;
  /** Calls `told` for every write that the hub refuses. The answer ends it. */
  onRefused(told: (refused: RefusedWrite) => void): () => void;
  /** The device's id and its token; known when the storage has been read. */
  identity(): Promise<{ readonly device: string; readonly token: string }>;
  /** Connects, and stays connected until `close`; `sync`, `read` and `subscribe` do so by themselves. */
  start(): void;
  channel(name: 'tasks'): SdkChannel<Task>;
  channel<T = unknown>(name: string): SdkChannel<T>;
  /** Changes of all channels that match, such as `aw/*`, from now on and without a gap, across reconnects. Nothing is mirrored. */
  follow<T = unknown>(pattern: string): Subscription<ChannelEvent<T>>;
  /**
   * The merged day: where the time of a date went, each second once, with its reasons.
   * @param date `2026-11-28`, `today` or `yesterday`
   */
  day(date: string, options?: SdkDayOptions): Promise<{ readonly ok: true; readonly day: MergedDayView } | SdkFailure>;
  /** What this token may read. */
  channels(): Promise<
    { readonly ok: true; readonly channels: readonly { channel: string; seq: number; items: number }[] } | SdkFailure
  >;
  /**
   * Connects, sends what waits in the storage, and catches up the open channels.
   * @param deadlineMs how long to try; then whatever is not done stays in the queue
   */
  sync(options: { readonly deadlineMs: number }): Promise<SyncResult>;
  /** With a new token, as the same device; the only way out of `revoked`. */
  login(token: string): Promise<void>;
  /** Hangs up in good order, once what was written is on disk. */
  close(): Promise<void>;
}
