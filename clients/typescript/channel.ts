// One channel as its users have it: the mirror (mirror.ts) with the writes that wait (queue.ts) on top, told of and asked about. How the
// two move on with the hub is in exchange.ts, how they lie on disk in kept.ts.

import { refuse } from '../../protocol/errors.ts';
import type {
  Channel,
  Failure,
  History,
  Item,
  Past,
  Position,
  Queued,
  Range,
  Read,
  Refused,
  Span,
  Subscription,
  Told,
} from './api.ts';
import { Feed } from './async-queue.ts';
import { Kept, type KeptDeps } from './channel-persistence.ts';
import { Exchange, type ExchangeDeps } from './channel-sync.ts';
import { Watchers } from './listeners.ts';
import { type ChangeMessage, changeOf, itemOf, Mirror, type Page } from './mirror.ts';
import { Queue } from './queue.ts';
import { type Entry, entryOf, type Intent, keyOf, type Pending, shown } from './replica.ts';
import { failureOf, type Heard, type Link, offline } from './transport.ts';

export interface ChannelDeps extends Omit<ExchangeDeps, 'changed'>, Omit<KeptDeps, 'adopted'> {
  readonly id: () => string;
  readonly device: () => Promise<string>;
  /** Begins to connect, where nobody has. */
  readonly start: () => void;
  /** Resolves when the connection is live, or was found not to be. */
  readonly connected: () => Promise<void>;
  /** Of everything that subscribers are told. */
  readonly told: (told: Told<unknown>) => void;
  readonly refused: (refused: Refused) => void;
}

export class MirroredChannel implements Channel<unknown> {
  readonly name: string;
  #deps: ChannelDeps;
  #mirror: Mirror;
  #queue: Queue;
  #exchange: Exchange;
  #kept: Kept;
  #shown: ReadonlyMap<string, Item<unknown>> | undefined;
  #device = '';

  #loading: Promise<void> | undefined;
  #loaded = false;
  #over = false;

  #itemsWatchers = new Watchers();
  #feeds = new Watchers<Told<unknown>>();
  #endings = new Watchers();

  constructor(name: string, deps: ChannelDeps) {
    this.name = name;
    this.#deps = deps;
    this.#mirror = new Mirror(name, {
      heard: ({ key, device }) => this.#queue.crossed(key, device === this.#device),
      told: (told) => this.#tell(told),
    });
    this.#queue = new Queue({
      dropped: () => this.#changed(),
      refused: (refused) => deps.refused({ channel: name, ...refused }),
    });
    this.#exchange = new Exchange(name, this.#mirror, this.#queue, { ...deps, changed: () => this.#changed() });
    this.#kept = new Kept(name, this.#mirror, this.#queue, {
      ...deps,
      adopted: () => {
        this.#touched();
        this.#exchange.advance();
      },
    });
  }

  get items(): ReadonlyMap<string, Item<unknown>> {
    this.#shown ??= shown(this.#mirror.items, this.#queue.pending, this.#device);
    return this.#shown;
  }

  get position(): Position | undefined {
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
    return this.#queue.pending.length === 0 && (!this.mirrored || this.current);
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

  subscribe(): Subscription<Told<unknown>> {
    const feed: Feed<Told<unknown>> = new Feed(() => {
      stop();
      forget();
    });
    const forget = this.#endings.add(() => feed.close());
    const stop = this.onTold((told) => feed.tell(told));
    return feed;
  }

  onTold(told: (told: Told<unknown>) => void): () => void {
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

  async read(range: Range = {}): Promise<Read<unknown>> {
    return readOf(await this.#ask({ type: 'read-all', channel: this.name, ...range }));
  }

  async history(past: Past = {}): Promise<History<unknown>> {
    const answer = await this.#ask({ type: 'history', channel: this.name, ...past });
    if (answer === undefined || !answer.success || answer.type !== 'history') return failureOf(answer);
    const { epoch, seq, changes = [], more = false } = answer;
    const told = changes.map((change) => changeOf({ ...change, success: true, channel: this.name }));
    return { ok: true, position: { epoch, seq }, changes: told, more };
  }

  async at(seq: number): Promise<Read<unknown>> {
    return readOf(await this.#ask({ type: 'history', channel: this.name, at: seq }));
  }

  async create(item: unknown, more: Span & { readonly key?: string } = {}): Promise<Queued | Failure> {
    if (!this.#loaded) await this.load();
    return this.#mean({ type: 'create', ...entryOf({ ...more, key: more.key ?? this.#deps.id(), item }) });
  }

  async update(key: string, item: unknown, span: Span = {}): Promise<Queued | Failure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#mean({ type: 'update', ...entryOf({ ...span, key, item }), before: before.item });
  }

  async delete(key: string): Promise<Queued | Failure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#mean({ type: 'delete', key, before: before.item });
  }

  async writeAll(items: readonly Entry[]): Promise<Queued | Failure> {
    if (!this.mirrored || !this.#loaded) await this.open();
    const before = [...this.items.values()].map(({ key, item }) => ({ key, item }));
    return this.#mean({ type: 'write-all', items: items.map(entryOf), before });
  }

  async revert(to: number): Promise<Queued | Failure> {
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
    this.#endings.tell();
    await this.#kept.close();
    this.#queue.close(offline('closed before the hub answered: the write waits'));
  }

  connected(): void {
    this.#exchange.connected();
  }

  hear(message: Page | ChangeMessage): void {
    this.#exchange.hear(message);
  }

  async #load(): Promise<void> {
    this.#device = await this.#deps.device();
    await this.#kept.load();
    this.#loaded = true;
    if (!this.#over) this.#exchange.open();
  }

  async #ask(request: Parameters<Link['ask']>[0]): Promise<Heard> {
    this.#deps.start();
    await this.#deps.connected();
    return new Promise((resolve) => this.#deps.link.ask(request, resolve));
  }

  async #mean(intent: Intent): Promise<Queued | Failure> {
    if (this.#over) return offline('the connection is closed');
    if ('item' in intent && intent.item === undefined) return refuse('missing', 'item');
    // As it will be read again.
    const write: Pending = JSON.parse(JSON.stringify({ ...intent, id: this.#deps.id(), at: this.#deps.now() }));
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

  #tell(told: Told<unknown>): void {
    this.#shown = undefined;
    this.#feeds.tell(told);
    this.#deps.told(told);
  }

  #touched(): void {
    this.#shown = undefined;
    this.#itemsWatchers.tell();
  }

  #changed(): void {
    this.#touched();
    this.#kept.saveLazily();
  }
}

function readOf(answer: Heard): Read<unknown> {
  if (answer === undefined || !answer.success || !('epoch' in answer) || !('items' in answer)) return failureOf(answer);
  const { epoch, seq, items = [] } = answer;
  return { ok: true, position: { epoch, seq }, items: items.map(itemOf) };
}
