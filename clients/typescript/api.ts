// What the SDK promises: the types that its users see. No behaviour: client.ts and channel.ts begin with that.

import type { ErrorCode } from '../../protocol/errors.ts';
import type { Task } from '../../protocol/messages.ts';
import type { State } from './connection.ts';
import type { Storage } from './storage.ts';

/** What a WebSocket has to have: the browser's, Node's since 22, and that of the package `ws`. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketMaker = new (url: string) => Socket;

export interface Options {
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
  readonly webSocket?: SocketMaker;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Calls `act` once after `ms` milliseconds; the answer cancels it. */
  readonly after?: (ms: number, act: () => void) => () => void;
  /** 0 ≤ x < 1 */
  readonly random?: () => number;
  /** A short unguessable name. */
  readonly id?: () => string;
}

export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** A hub's refusal, or what kept a question from it: `offline`. */
export interface Failure {
  readonly ok: false;
  readonly code: ErrorCode | 'offline';
  /** For people. */
  readonly error: string;
  readonly hint?: string;
}

/** Microseconds since 1970. */
export interface Span {
  readonly time?: number;
  readonly end?: number;
}

export interface Item<T> extends Span {
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
export type Settled = { readonly ok: true; readonly position: Position } | Failure;

/** A write that is in the queue, on disk. */
export interface Queued {
  readonly ok: true;
  /** Of the item; '' for a write that is not about one. */
  readonly key: string;
  /** The write id: the write is done once, however often it is sent. */
  readonly id: string;
  /** The hub's answer, whenever it comes; never rejects. */
  readonly settled: Promise<Settled>;
}

/** A write that was refused, and is in the queue no more. */
export interface Refused {
  readonly channel: string;
  readonly id: string;
  /** create, update, delete, write-all, revert */
  readonly type: string;
  readonly key: string;
  readonly failure: Failure;
}

export type Change<T> = Span & {
  readonly channel: string;
  readonly key: string;
  readonly seq: number;
  readonly at: number;
  readonly device: string;
} & ({ readonly type: 'create' | 'update'; readonly item: T } | { readonly type: 'delete' });

/** What a subscriber is told: first what there is, then each change; `reset` when all that was told before is to be forgotten. */
export type Told<T> =
  | {
      readonly type: 'snapshot';
      readonly channel: string;
      readonly position: Position;
      readonly items: readonly Item<T>[];
    }
  | {
      readonly type: 'reset';
      readonly channel: string;
      readonly position: Position;
      readonly items: readonly Item<T>[];
    }
  | Change<T>;

/** Ends with `close()`, with `break` out of a `for await`, or with the connection. */
export interface Subscription<T> extends AsyncIterable<T> {
  close(): void;
}

export interface Range {
  /** Microseconds since 1970, `from` included and `to` not. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export interface Past {
  readonly key?: string;
  /** Only steps before this one. */
  readonly before?: number;
  readonly limit?: number;
}

export type Read<T> = { readonly ok: true; readonly position: Position; readonly items: readonly Item<T>[] } | Failure;

export type History<T> =
  | {
      readonly ok: true;
      readonly position: Position;
      /** The newest first. */
      readonly changes: readonly Change<T>[];
      /** Whether there may be older ones: ask on, with `before`. */
      readonly more: boolean;
    }
  | Failure;

/**
 * One channel. Writes show in `items` at once, are in the queue on disk when their promise resolves, and reach the hub when there
 * is one. What others wrote meanwhile is merged, field by field.
 */
export interface Channel<T> {
  readonly name: string;
  /** Takes up what the storage has, without waiting for the hub, and from then on mirrors the channel. All but `create` and `read` imply it. */
  open(): Promise<void>;
  /** Everything, with the writes that wait; by key. Empty before `open`. */
  readonly items: ReadonlyMap<string, Item<T>>;
  /** How far the mirror got; undefined before the hub was heard for the first time. */
  readonly position: Position | undefined;
  /** Whether the mirror has caught up with the hub, on this connection. */
  readonly current: boolean;
  /** How many writes wait for an answer. */
  readonly waiting: number;
  /** Calls `told` after every change of `items`, whoever made it. The answer ends it. */
  onItems(told: () => void): () => void;
  /** What the hub has, from now on and without a gap, across reconnects. Writes that wait are not in it. */
  subscribe(): Subscription<Told<T>>;
  /** The same as calls. The answer ends it. */
  onTold(told: (told: Told<T>) => void): () => void;
  /** Asks the hub, without mirroring the channel. */
  read(range?: Range): Promise<Read<T>>;
  history(past?: Past): Promise<History<T>>;
  /** The items as they were after that step. */
  at(seq: number): Promise<Read<T>>;
  create(item: T, more?: Span & { readonly key?: string }): Promise<Queued | Failure>;
  /** The item as it is now, whole; what others did to its other fields stays. */
  update(key: string, item: T, span?: Span): Promise<Queued | Failure>;
  /** Is refused as stale when somebody else changed the item meanwhile: an edit beats a delete. */
  delete(key: string): Promise<Queued | Failure>;
  /** These are all the items; what others made or changed meanwhile stays. */
  writeAll(items: readonly (Span & { readonly key: string; readonly item: T })[]): Promise<Queued | Failure>;
  /** Makes the channel again what it was after step `to`. */
  revert(to: number): Promise<Queued | Failure>;
}

export interface Synced {
  /** `live`: all is sent and answered, and all open channels have caught up. */
  readonly state: 'live' | 'offline' | 'revoked';
  /** Why it is not live, for people; '' when it is. */
  readonly reason: string;
  /** Writes that still wait, of all channels. They are on disk, and go out with the next sync. */
  readonly pending: number;
  /** Writes that the hub refused since the last sync, of whichever process. */
  readonly refused: readonly Refused[];
}

export interface Connection {
  readonly state: State;
  /** Calls `told` after every change of `state`. The answer ends it. */
  onState(told: (state: State) => void): () => void;
  /** Calls `told` for every write that the hub refuses. The answer ends it. */
  onRefused(told: (refused: Refused) => void): () => void;
  /** The device's id and its token; known when the storage has been read. */
  identity(): Promise<{ readonly device: string; readonly token: string }>;
  /** Connects, and stays connected until `close`; `sync`, `read` and `subscribe` do so by themselves. */
  start(): void;
  channel(name: 'tasks'): Channel<Task>;
  channel<T = unknown>(name: string): Channel<T>;
  /** Changes of all channels that match, such as `aw/*`, from now on and without a gap, across reconnects. Nothing is mirrored. */
  follow<T = unknown>(pattern: string): Subscription<Told<T>>;
  /** What this token may read. */
  channels(): Promise<
    { readonly ok: true; readonly channels: readonly { channel: string; seq: number; items: number }[] } | Failure
  >;
  /**
   * Connects, sends what waits in the storage, and catches up the open channels.
   * @param deadlineMs how long to try; then whatever is not done stays in the queue
   */
  sync(options: { readonly deadlineMs: number }): Promise<Synced>;
  /** With a new token, as the same device; the only way out of `revoked`. */
  login(token: string): Promise<void>;
  /** Hangs up in good order, once what was written is on disk. */
  close(): Promise<void>;
}
