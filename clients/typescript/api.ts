// The public types of the SDK, without behaviour. client.ts implements `Connection`, channel.ts implements `SdkChannel`.

import type { MergedDayView } from '../../protocol/day-answer.ts';
import type { QuestionReply, QuestionsView } from '../../protocol/day-questions.ts';
import type { SuggestionAnswer, SuggestionsView, WrittenEdit } from '../../protocol/day-suggestions.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Task } from '../../protocol/messages.ts';
import type { ConnectionState } from './connection.ts';
import type { Storage } from './storage.ts';

/** The part of a WebSocket that the SDK uses. Browsers, Node 22 and later, and the package `ws` provide it. */
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
  /** The hub's address, with the scheme `http:`, `https:`, `ws:` or `wss:`. */
  readonly url: string;
  /** The account's secret. Without one, a personal hub creates a token at the first login, and the SDK stores it. */
  readonly token?: string;
  /** The device id. Without one, the SDK creates an id at the first start and stores it. */
  readonly device?: string;
  /** The name of the token that the hub creates for this device. */
  readonly name?: string;
  /** Where the SDK stores state. Default: in memory, so nothing survives the process. */
  readonly storage?: Storage;
  /** The WebSocket class. Default: the global one, which Node 20 does not have. */
  readonly webSocket?: SdkSocketClass;
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Calls `act` once after `ms` milliseconds. Returns a function that cancels the call. Default: `setTimeout`. */
  readonly after?: (ms: number, act: () => void) => () => void;
  /** Returns x with 0 ≤ x < 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Returns a new unguessable id. Default: 21 random base64url characters. */
  readonly id?: () => string;
}

export interface SdkPosition {
  readonly epoch: string;
  readonly seq: number;
}

/** A refusal by the hub; or `offline`, if no answer came from the hub. */
export interface SdkFailure {
  readonly ok: false;
  readonly code: ErrorCode | 'offline';
  /** A text for people, in English. */
  readonly error: string;
  readonly hint?: string;
}

export interface SdkDayOptions {
  /** A time zone, such as `Europe/Berlin`. Default: the account's zone. */
  readonly zone?: string;
  /** Gaps of at most this many minutes count as active time. */
  readonly bridge?: number;
}

/** The time span of an item, in microseconds since 1970. */
export interface ItemSpan {
  readonly time?: number;
  readonly end?: number;
}

export interface SdkItem<T> extends ItemSpan {
  readonly key: string;
  readonly item: T;
  /** The sequence number of the item's last change at the hub; 0 until the hub has stored the item. */
  readonly seq: number;
  /** When the item last changed, in milliseconds since 1970: by the hub's clock, or by this device's until the hub has stored the change. */
  readonly at: number;
  /** The id of the device that wrote the item. */
  readonly device: string;
  /** True if the item contains a write that the hub has not acknowledged. */
  readonly pending: boolean;
}

/** The hub's answer to a write. A refused write is removed from the queue, and its effect disappears from the item. */
export type WriteOutcome = { readonly ok: true; readonly position: SdkPosition } | SdkFailure;

/** A write that is stored in the queue. */
export interface QueuedWrite {
  readonly ok: true;
  /** The item's key; '' for a write that is about the whole channel. */
  readonly key: string;
  /** The write id, an idempotency key: the hub applies the write once, however often the SDK sends it. */
  readonly id: string;
  /** Resolves with the hub's answer. Never rejects. */
  readonly settled: Promise<WriteOutcome>;
}

/** A write that the hub refused. It is no longer in the queue. */
export interface RefusedWrite {
  readonly channel: string;
  readonly id: string;
  /** `create`, `update`, `delete`, `write-all` or `revert`. */
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

/** An event for subscribers: first a `snapshot`, then each change. A `reset` replaces everything received before it. */
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

/** A sequence of events for `for await`. It ends by `close()`, by `break` out of the loop, or when the connection is closed. */
export interface Subscription<T> extends AsyncIterable<T> {
  close(): void;
}

export interface ReadOptions {
  /** Microseconds since 1970. `from` is inclusive, `to` is exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Return at most that many items. Default: all. */
  readonly limit?: number;
}

export interface HistoryOptions {
  readonly key?: string;
  /** Return only changes with a smaller sequence number. */
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
      /** Newest first. */
      readonly changes: readonly SdkChange<T>[];
      /** True if there may be older changes. Get them with `before`. */
      readonly more: boolean;
    }
  | SdkFailure;

/**
 * One channel. A write shows in `items` at once, is stored in the queue when its promise resolves, and is sent when the hub can be
 * reached. Concurrent writes of other devices are merged field by field.
 */
export interface SdkChannel<T> {
  readonly name: string;
  /** Loads the stored state without waiting for the hub, and mirrors the channel from then on. Every method opens the channel itself, except `create`, `read`, `history` and `at`. */
  open(): Promise<void>;
  /** All items by key, with unacknowledged writes applied. Empty before `open`. */
  readonly items: ReadonlyMap<string, SdkItem<T>>;
  /** The position of the mirror; undefined until the first message from the hub. */
  readonly position: SdkPosition | undefined;
  /** True if the mirror has caught up with the hub on this connection. */
  readonly isCurrent: boolean;
  /** The number of writes that the hub has not answered. */
  readonly pendingCount: number;
  /** Calls `listener` after every change of `items`, by this device or another. Returns a function that removes the listener. */
  onItems(listener: () => void): () => void;
  /** Returns the hub's state and then its changes, without a gap, also across reconnects. Unacknowledged writes are not included. */
  subscribe(): Subscription<ChannelEvent<T>>;
  /** Calls `listener` with the events of `subscribe`. Returns a function that removes the listener. */
  onEvent(listener: (event: ChannelEvent<T>) => void): () => void;
  /** @deprecated since 0.2.0: use `onEvent`. */
  onTold(listener: (event: ChannelEvent<T>) => void): () => void;
  /** Reads from the hub page by page, without mirroring the channel. */
  read(range?: ReadOptions): Promise<ReadResult<T>>;
  /** Reads past changes from the hub. */
  history(options?: HistoryOptions): Promise<HistoryResult<T>>;
  /** Reads the items as they were after the change with this sequence number. */
  at(seq: number): Promise<ReadResult<T>>;
  /** Creates an item. Default key: a new id. */
  create(item: T, options?: ItemSpan & { readonly key?: string }): Promise<QueuedWrite | SdkFailure>;
  /** Replaces an item by `item`, which must be complete. Fields that only others changed meanwhile keep their values. */
  update(key: string, item: T, span?: ItemSpan): Promise<QueuedWrite | SdkFailure>;
  /**
   * Creates an item again that somebody has deleted since it was read: an edit beats a delete. If another device has created it again by
   * then, the edit is merged with that.
   * @param before the item without the edit
   */
  restore(key: string, item: T, before: T, span?: ItemSpan): Promise<QueuedWrite | SdkFailure>;
  /** Deletes an item. Refused as `stale` if another device changed the item meanwhile: an edit beats a delete. */
  delete(key: string): Promise<QueuedWrite | SdkFailure>;
  /** Replaces all items. Items that others created or changed meanwhile stay. */
  writeAll(
    items: readonly (ItemSpan & { readonly key: string; readonly item: T })[],
  ): Promise<QueuedWrite | SdkFailure>;
  /** Restores the channel to its state after the change with sequence number `to`. */
  revert(to: number): Promise<QueuedWrite | SdkFailure>;
}

export interface SyncResult {
  /** `live`: the hub has answered every write, and all open channels have caught up. */
  readonly state: 'live' | 'offline' | 'revoked';
  /** Why the state is not `live`, as a text for people; '' if it is. */
  readonly reason: string;
  /** The number of unanswered writes in all channels. They are stored, and the next sync sends them. */
  readonly pending: number;
  /** Writes that the hub refused since the last sync, also those that another process queued. */
  readonly refused: readonly RefusedWrite[];
}

export interface Connection {
  readonly state: ConnectionState;
  /** Calls `listener` after every change of `state`. Returns a function that removes the listener. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Calls `listener` for every write that the hub refuses. Returns a function that removes the listener. */
  onRefused(listener: (refused: RefusedWrite) => void): () => void;
  /** Reads the device id and the token from the storage; creates the device id if there is none. */
  identity(): Promise<{ readonly device: string; readonly token: string }>;
  /** Connects, and reconnects until `close`. `sync`, `read` and `subscribe` call it themselves. */
  start(): void;
  channel(name: 'tasks'): SdkChannel<Task>;
  channel<T = unknown>(name: string): SdkChannel<T>;
  /** Returns the changes of all channels that match the pattern, such as `aw/*`, from now on, without a gap, also across reconnects. Mirrors none of the channels. */
  follow<T = unknown>(pattern: string): Subscription<ChannelEvent<T>>;
  /**
   * Gets the merged day: where the time of a date went, each second once, with its reasons.
   * @param date `2026-11-28`, `today` or `yesterday`
   */
  day(date: string, options?: SdkDayOptions): Promise<{ readonly ok: true; readonly day: MergedDayView } | SdkFailure>;
  /**
   * Lists what the unassigned time of a date may have been about, each with its reasons. Nothing is written.
   * @param date `2026-11-28`, `today` or `yesterday`
   */
  suggestions(date: string): Promise<({ readonly ok: true } & SuggestionsView) | SdkFailure>;
  /** Accepts or refuses a suggestion, or makes a rule of it: one write. `undo` is the step that a `revert` goes back to. */
  answerSuggestion(reply: SuggestionAnswer): Promise<({ readonly ok: true } & WrittenEdit) | SdkFailure>;
  /** Lists what the hub asks about running tasks and unexplained time, and whether its idle guard can ask. */
  questions(): Promise<({ readonly ok: true } & QuestionsView) | SdkFailure>;
  /** Answers a question for all devices. Refused as `exists` if another device was faster; `hint` says what it answered. */
  answerQuestion(reply: QuestionReply): Promise<{ readonly ok: true; readonly undo: number } | SdkFailure>;
  /** Lists the channels that this token may read. */
  channels(): Promise<
    { readonly ok: true; readonly channels: readonly { channel: string; seq: number; items: number }[] } | SdkFailure
  >;
  /**
   * Connects, sends the stored writes, and catches up the open channels.
   * @param deadlineMs how long to try; writes that are unanswered then stay in the queue
   */
  sync(options: { readonly deadlineMs: number }): Promise<SyncResult>;
  /** Reconnects with a new token, as the same device. This is the only way to leave the state `revoked`. */
  login(token: string): Promise<void>;
  /** Stores what is not stored yet, and closes the connection. */
  close(): Promise<void>;
}
