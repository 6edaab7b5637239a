// The `Channel` of the public API: the hub's items (mirror.ts) with the unacknowledged writes (queue.ts) applied. channel-sync.ts
// exchanges both with the hub, channel-persistence.ts stores them.

import { refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
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
import { ChannelPersistence, type ChannelPersistenceDeps } from './channel-persistence.ts';
import { ChannelSync, type ChannelSyncDeps } from './channel-sync.ts';
import { EventQueue } from './event-queue.ts';
import { Listeners } from './listeners.ts';
import { type ChangeMessage, ChannelMirror, type ChannelPage, toChange, toItem } from './mirror.ts';
import { WriteQueue } from './queue.ts';
import { applyPending, getKey, type ItemEntry, type PendingWrite, toEntry, type WriteIntent } from './replica.ts';
import { offlineFailure, type Transport, toFailure, type WireAnswer } from './transport.ts';

/** Items that a request for a page may ask for at most. */
const largestPage = 10_000;

export interface MirroredChannelDeps
  extends Omit<ChannelSyncDeps, 'onChange'>,
    Omit<ChannelPersistenceDeps, 'onAdopt'> {
  readonly id: () => string;
  readonly getDevice: () => Promise<string>;
  /** Starts to connect, unless the connection was started before. */
  readonly start: () => void;
  /** Resolves once the connection is live, or has failed to become live. */
  readonly waitForConnection: () => Promise<void>;
  /** Called with each event that subscribers receive. */
  readonly onEvent: (event: ChannelEvent<unknown>) => void;
  readonly onRefusal: (refused: RefusedWrite) => void;
}

export class MirroredChannel implements SdkChannel<unknown> {
  readonly name: string;
  #deps: MirroredChannelDeps;
  #mirror: ChannelMirror;
  #queue: WriteQueue;
  #sync: ChannelSync;
  #persistence: ChannelPersistence;
  #visibleItems: ReadonlyMap<string, SdkItem<unknown>> | undefined;
  #device = '';

  #loadPromise: Promise<void> | undefined;
  #isLoaded = false;
  #isClosed = false;

  #itemsListeners = new Listeners();
  #eventListeners = new Listeners<ChannelEvent<unknown>>();
  #closeListeners = new Listeners();

  constructor(name: string, deps: MirroredChannelDeps) {
    this.name = name;
    this.#deps = deps;
    this.#mirror = new ChannelMirror(name, {
      onStep: ({ key, device }) => this.#queue.markCrossed(key, device === this.#device),
      onEvent: (event) => this.#notifyEvent(event),
    });
    this.#queue = new WriteQueue({
      onDrop: () => this.#handleChange(),
      onRefusal: (refused) => deps.onRefusal({ channel: name, ...refused }),
    });
    this.#sync = new ChannelSync(name, this.#mirror, this.#queue, { ...deps, onChange: () => this.#handleChange() });
    this.#persistence = new ChannelPersistence(name, this.#mirror, this.#queue, {
      ...deps,
      onAdopt: () => {
        this.#notifyItems();
        this.#sync.advance();
      },
    });
  }

  get items(): ReadonlyMap<string, SdkItem<unknown>> {
    this.#visibleItems ??= applyPending(this.#mirror.items, this.#queue.pending, this.#device);
    return this.#visibleItems;
  }

  get position(): SdkPosition | undefined {
    return this.#mirror.position;
  }

  get isCurrent(): boolean {
    return this.#mirror.isCurrent;
  }

  get pendingCount(): number {
    return this.#queue.unansweredCount;
  }

  get isMirrored(): boolean {
    return this.#sync.isMirrored;
  }

  /** True if a sync need not wait for this channel. */
  get isIdle(): boolean {
    return this.#queue.size === 0 && (!this.isMirrored || this.isCurrent);
  }

  async open(): Promise<void> {
    this.#sync.isMirrored = true;
    await this.load();
    this.#sync.pump();
  }

  /** Loads the stored state, so that its writes are sent. Does not mirror the channel. */
  load(): Promise<void> {
    this.#loadPromise ??= this.#load();
    return this.#loadPromise;
  }

  onItems(listener: () => void): () => void {
    return this.#itemsListeners.add(listener);
  }

  subscribe(): Subscription<ChannelEvent<unknown>> {
    const queue: EventQueue<ChannelEvent<unknown>> = new EventQueue(() => {
      removeEventListener();
      removeCloseListener();
    });
    const removeCloseListener = this.#closeListeners.add(() => queue.close());
    const removeEventListener = this.onEvent((event) => queue.push(event));
    return queue;
  }

  onEvent(listener: (event: ChannelEvent<unknown>) => void): () => void {
    let isRemoved = false;
    let remove = () => {
      isRemoved = true;
    };
    this.#deps.start();
    void this.open().then(() => {
      if (isRemoved) return;
      if (this.position !== undefined) listener(this.#mirror.snapshot('snapshot'));
      remove = this.#eventListeners.add(listener);
    });
    return () => remove();
  }

  onTold(listener: (event: ChannelEvent<unknown>) => void): () => void {
    return this.onEvent(listener);
  }

  async read(range: ReadOptions = {}): Promise<ReadResult<unknown>> {
    return this.#readPages({ type: 'read-all', channel: this.name, ...range }, range.limit);
  }

  async history(options: HistoryOptions = {}): Promise<HistoryResult<unknown>> {
    const answer = await this.#request({ type: 'history', channel: this.name, ...options });
    if (!answer?.success || answer.type !== 'history') return toFailure(answer);
    const { epoch, seq, changes: messages = [], more = false } = answer;
    const changes = messages.map((message) => toChange({ ...message, success: true, channel: this.name }));
    return { ok: true, position: { epoch, seq }, changes, more };
  }

  async at(seq: number): Promise<ReadResult<unknown>> {
    return this.#readPages({ type: 'history', channel: this.name, at: seq });
  }

  async create(item: unknown, options: ItemSpan & { readonly key?: string } = {}): Promise<QueuedWrite | SdkFailure> {
    if (!this.#isLoaded) await this.load();
    return this.#enqueue({ type: 'create', ...toEntry({ ...options, key: options.key ?? this.#deps.id(), item }) });
  }

  async restore(key: string, item: unknown, before: unknown, span: ItemSpan = {}): Promise<QueuedWrite | SdkFailure> {
    if (!this.#isLoaded) await this.load();
    return this.#enqueue({ type: 'update', ...toEntry({ ...span, key, item }), before });
  }

  update(key: string, item: unknown, span: ItemSpan = {}): Promise<QueuedWrite | SdkFailure> {
    return this.#change(key, (before) => ({ type: 'update', ...toEntry({ ...span, key, item }), before }));
  }

  delete(key: string): Promise<QueuedWrite | SdkFailure> {
    return this.#change(key, (before) => ({ type: 'delete', key, before }));
  }

  async writeAll(items: readonly ItemEntry[]): Promise<QueuedWrite | SdkFailure> {
    await this.#ready();
    const before = [...this.items.values()].map(({ key, item }) => ({ key, item }));
    return this.#enqueue({ type: 'write-all', items: items.map(toEntry), before });
  }

  async revert(to: number): Promise<QueuedWrite | SdkFailure> {
    await this.#ready();
    const epoch = this.position?.epoch;
    if (epoch === undefined) return offlineFailure('no answer from the hub yet');
    return this.#enqueue({ type: 'revert', to, epoch });
  }

  /** Resolves when the current state is stored. */
  flush(): Promise<void> {
    return this.#persistence.flush();
  }

  /** Ends all subscriptions. Resolves when the current state is stored. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sync.close();
    this.#closeListeners.notify();
    await this.#persistence.close();
    this.#queue.close(offlineFailure('closed before the hub answered: the write stays in the queue'));
  }

  handleConnectionChange(): void {
    this.#sync.handleConnectionChange();
  }

  receive(message: ChannelPage | ChangeMessage): void {
    this.#sync.receive(message);
  }

  async #load(): Promise<void> {
    this.#device = await this.#deps.getDevice();
    await this.#persistence.load();
    this.#isLoaded = true;
    if (!this.#isClosed) this.#sync.open();
  }

  async #request(request: Parameters<Transport['request']>[0]): Promise<WireAnswer> {
    this.#deps.start();
    await this.#deps.waitForConnection();
    return new Promise((resolve) => this.#deps.transport.request(request, resolve));
  }

  /**
   * Asks for items page by page (S11.2), so that no answer is large. An item that changes meanwhile is returned once.
   * @param limit items to return at most; all by default
   */
  async #readPages(request: Requests['read-all' | 'history'], limit?: number): Promise<ReadResult<unknown>> {
    const items = new Map<string, SdkItem<unknown>>();
    let position: SdkPosition | undefined;
    let page = { ...request, pages: true };
    for (;;) {
      if (limit !== undefined) page = { ...page, limit: Math.min(limit - items.size, largestPage) };
      const answer = await this.#request(page);
      if (!answer?.success || !('epoch' in answer) || !('items' in answer)) return toFailure(answer);
      const { epoch, seq, items: found = [] } = answer;
      position ??= { epoch, seq };
      if (epoch !== position.epoch) return offlineFailure('the hub was restored meanwhile: read again');
      for (const item of found) items.set(item.key, toItem(item));
      // Only a page that is not the last has a cursor.
      if (!('cursor' in answer) || items.size === limit) break;
      page = { ...page, cursor: answer.cursor };
    }
    return { ok: true, position, items: [...items.values()] };
  }

  /** Opens the channel if it is not open. */
  async #ready(): Promise<void> {
    if (!this.isMirrored || !this.#isLoaded) await this.open();
  }

  /** @param intent gets the item as it is now */
  async #change(key: string, intent: (before: unknown) => WriteIntent): Promise<QueuedWrite | SdkFailure> {
    await this.#ready();
    const entry = this.items.get(key);
    return entry ? this.#enqueue(intent(entry.item)) : refuse('item_not_found');
  }

  async #enqueue(intent: WriteIntent): Promise<QueuedWrite | SdkFailure> {
    if (this.#isClosed) return offlineFailure('the connection is closed');
    if ('item' in intent && intent.item === undefined) return refuse('missing', 'item');
    // Normalized to what JSON can store, because the write is stored and read again.
    const write: PendingWrite = JSON.parse(JSON.stringify({ ...intent, id: this.#deps.id(), at: this.#deps.now() }));
    const failure = this.#sync.findBoundViolation(write);
    if (failure !== undefined) return failure;
    const settled = this.#queue.add(write);
    this.#notifyItems();
    try {
      await this.#persistence.save();
    } catch (error) {
      this.#queue.takeBack(write);
      this.#notifyItems();
      throw error;
    }
    return { ok: true, key: getKey(write), id: write.id, settled };
  }

  #notifyEvent(event: ChannelEvent<unknown>): void {
    this.#visibleItems = undefined;
    this.#eventListeners.notify(event);
    this.#deps.onEvent(event);
  }

  #notifyItems(): void {
    this.#visibleItems = undefined;
    this.#itemsListeners.notify();
  }

  #handleChange(): void {
    this.#notifyItems();
    this.#persistence.saveLazily();
  }
}
