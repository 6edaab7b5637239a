// One channel as its users have it: the mirror (mirror.ts) with the writes that wait (queue.ts) on top, told of and asked about. How the
// two move on with the hub is in exchange.ts, how they lie on disk in kept.ts.

import { refuse } from '../../protocol/errors.ts';
import type {
  ChannelEvent,
  HistoryOptions,
  HistoryResult,
  ItemSpan,
  QueuedWrite,
  ReadOptions,
  ReadResult,
  RefusedWrite,
  SdkChannel,
  SdkFailure,
  SdkItem,
  SdkPosition,
  Subscription,
} from './api.ts';
import { AsyncQueue } from './async-queue.ts';
import { ChannelPersistence, type ChannelPersistenceDeps } from './channel-persistence.ts';
import { ChannelSync, type ChannelSyncDeps } from './channel-sync.ts';
import { Listeners } from './listeners.ts';
import { type ChangeMessage, ChannelMirror, type ChannelPage, toChange, toItem } from './mirror.ts';
import { WriteQueue } from './queue.ts';
import { applyPending, entryOf, type ItemEntry, keyOf, type PendingWrite, type WriteIntent } from './replica.ts';
import { failureOf, offline, type Transport, type WireAnswer } from './transport.ts';

export interface MirroredChannelDeps extends Omit<ChannelSyncDeps, 'changed'>, Omit<ChannelPersistenceDeps, 'adopted'> {
  readonly id: () => string;
  readonly device: () => Promise<string>;
  /** Begins to connect, where nobody has. */
  readonly start: () => void;
  /** Resolves when the connection is live, or was found not to be. */
  readonly connected: () => Promise<void>;
  /** Of everything that subscribers are told. */
  readonly told: (told: ChannelEvent<unknown>) => void;
  readonly refused: (refused: RefusedWrite) => void;
}

export class MirroredChannel implements SdkChannel<unknown> {
  readonly name: string;
  #deps: MirroredChannelDeps;
  #mirror: ChannelMirror;
  #queue: WriteQueue;
  #exchange: ChannelSync;
  #kept: ChannelPersistence;
  #shown: ReadonlyMap<string, SdkItem<unknown>> | undefined;
  #device = '';

  #loading: Promise<void> | undefined;
  #loaded = false;
  #over = false;

  #itemsWatchers = new Listeners();
  #feeds = new Listeners<ChannelEvent<unknown>>();
  #endings = new Listeners();

  constructor(name: string, deps: MirroredChannelDeps) {
    this.name = name;
    this.#deps = deps;
    this.#mirror = new ChannelMirror(name, {
      heard: ({ key, device }) => this.#queue.markCrossed(key, device === this.#device),
      told: (told) => this.#tell(told),
    });
    this.#queue = new WriteQueue({
      dropped: () => this.#changed(),
      refused: (refused) => deps.refused({ channel: name, ...refused }),
    });
    this.#exchange = new ChannelSync(name, this.#mirror, this.#queue, { ...deps, changed: () => this.#changed() });
    this.#kept = new ChannelPersistence(name, this.#mirror, this.#queue, {
      ...deps,
      adopted: () => {
        this.#touched();
        this.#exchange.advance();
      },
    });
  }

  get items(): ReadonlyMap<string, SdkItem<unknown>> {
    this.#shown ??= applyPending(this.#mirror.items, this.#queue.pending, this.#device);
    return this.#shown;
  }

  get position(): SdkPosition | undefined {
    return this.#mirror.position;
  }

  get current(): boolean {
    return this.#mirror.current;
  }

  get waiting(): number {
    return this.#queue.unanswered;
  }

  get mirrored(): boolean {
    return this.#exchange.mirrors;
  }

  /** Whether a sync has nothing to wait for here. */
  get idle(): boolean {
    return this.#queue.size === 0 && (!this.mirrored || this.current);
  }

  async open(): Promise<void> {
    this.#exchange.mirrors = true;
    await this.load();
    this.#exchange.pump();
  }

  /** Takes up what the storage has, for the writes that wait in it. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  onItems(told: () => void): () => void {
    return this.#itemsWatchers.add(told);
  }

  subscribe(): Subscription<ChannelEvent<unknown>> {
    const feed: AsyncQueue<ChannelEvent<unknown>> = new AsyncQueue(() => {
      stop();
      forget();
    });
    const forget = this.#endings.add(() => feed.close());
    const stop = this.onTold((told) => feed.tell(told));
    return feed;
  }

  onTold(told: (told: ChannelEvent<unknown>) => void): () => void {
    let over = false;
    let end = () => {
      over = true;
    };
    this.#deps.start();
    void this.open().then(() => {
      if (over) return;
      if (this.position !== undefined) told(this.#mirror.snapshot('snapshot'));
      end = this.#feeds.add(told);
    });
    return () => end();
  }

  async read(range: ReadOptions = {}): Promise<ReadResult<unknown>> {
    return readOf(await this.#ask({ type: 'read-all', channel: this.name, ...range }));
  }

  async history(past: HistoryOptions = {}): Promise<HistoryResult<unknown>> {
    const answer = await this.#ask({ type: 'history', channel: this.name, ...past });
    if (answer === undefined || !answer.success || answer.type !== 'history') return failureOf(answer);
    const { epoch, seq, changes = [], more = false } = answer;
    const told = changes.map((change) => toChange({ ...change, success: true, channel: this.name }));
    return { ok: true, position: { epoch, seq }, changes: told, more };
  }

  async at(seq: number): Promise<ReadResult<unknown>> {
    return readOf(await this.#ask({ type: 'history', channel: this.name, at: seq }));
  }

  async create(item: unknown, more: ItemSpan & { readonly key?: string } = {}): Promise<QueuedWrite | SdkFailure> {
    if (!this.#loaded) await this.load();
    return this.#mean({ type: 'create', ...entryOf({ ...more, key: more.key ?? this.#deps.id(), item }) });
  }

  async update(key: string, item: unknown, span: ItemSpan = {}): Promise<QueuedWrite | SdkFailure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#mean({ type: 'update', ...entryOf({ ...span, key, item }), before: before.item });
  }

  async delete(key: string): Promise<QueuedWrite | SdkFailure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#mean({ type: 'delete', key, before: before.item });
  }

  async writeAll(items: readonly ItemEntry[]): Promise<QueuedWrite | SdkFailure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const before = [...this.items.values()].map(({ key, item }) => ({ key, item }));
    return this.#mean({ type: 'write-all', items: items.map(entryOf), before });
  }

  async revert(to: number): Promise<QueuedWrite | SdkFailure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const epoch = this.position?.epoch;
    if (epoch === undefined) return offline('the hub has not been heard yet');
    return this.#mean({ type: 'revert', to, epoch });
  }

  /** What the hub has is on disk too when this resolves. */
  flush(): Promise<void> {
    return this.#kept.flush();
  }

  /** Everything is on disk when this resolves, and nobody hears of the channel any more. */
  async close(): Promise<void> {
    this.#over = true;
    this.#exchange.close();
    this.#endings.notify();
    await this.#kept.close();
    this.#queue.close(offline('closed before the hub answered: the write waits'));
  }

  connected(): void {
    this.#exchange.connected();
  }

  hear(message: ChannelPage | ChangeMessage): void {
    this.#exchange.hear(message);
  }

  async #load(): Promise<void> {
    this.#device = await this.#deps.device();
    await this.#kept.load();
    this.#loaded = true;
    if (!this.#over) this.#exchange.open();
  }

  async #ask(request: Parameters<Transport['ask']>[0]): Promise<WireAnswer> {
    this.#deps.start();
    await this.#deps.connected();
    return new Promise((resolve) => this.#deps.link.ask(request, resolve));
  }

  async #mean(intent: WriteIntent): Promise<QueuedWrite | SdkFailure> {
    if (this.#over) return offline('the connection is closed');
    if ('item' in intent && intent.item === undefined) return refuse('missing', 'item');
    // As it will be read again.
    const write: PendingWrite = JSON.parse(JSON.stringify({ ...intent, id: this.#deps.id(), at: this.#deps.now() }));
    const failure = this.#exchange.unreadable(write);
    if (failure !== undefined) return failure;
    const settled = this.#queue.add(write);
    this.#touched();
    try {
      await this.#kept.save();
    } catch (error) {
      this.#queue.takeBack(write);
      this.#touched();
      throw error;
    }
    return { ok: true, key: keyOf(write), id: write.id, settled };
  }

  #tell(told: ChannelEvent<unknown>): void {
    this.#shown = undefined;
    this.#feeds.notify(told);
    this.#deps.told(told);
  }

  #touched(): void {
    this.#shown = undefined;
    this.#itemsWatchers.notify();
  }

  #changed(): void {
    this.#touched();
    this.#kept.saveLazily();
  }
}

function readOf(answer: WireAnswer): ReadResult<unknown> {
  if (answer === undefined || !answer.success || !('epoch' in answer) || !('items' in answer)) return failureOf(answer);
  const { epoch, seq, items = [] } = answer;
  return { ok: true, position: { epoch, seq }, items: items.map(toItem) };
}
