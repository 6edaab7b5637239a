// One channel as its users have it: answers from the mirror with the writes that wait on top, and has the talk with the hub that moves
// both on. The mirror is mirror.ts, the writes are queue.ts', what lies on disk is kept.ts'; the connection is link.ts'.

import { bounds, outOfBounds } from '../../protocol/bounds.ts';
import { errors, refuse } from '../../protocol/errors.ts';
import type { Answers } from '../../protocol/messages.ts';
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
import { backoff } from './connection.ts';
import { Feed } from './feed.ts';
import { Kept } from './kept.ts';
import { failureOf, type Heard, type Link, offline } from './link.ts';
import { type ChangeMessage, changeOf, itemOf, Mirror, type Page } from './mirror.ts';
import { Queue } from './queue.ts';
import {
  type Entry,
  entryOf,
  type Intent,
  keyOf,
  type Pending,
  type Ready,
  ready,
  type Stored,
  shown,
} from './replica.ts';
import type { Storage } from './storage.ts';
import { Watchers } from './watchers.ts';

export interface ChannelDoors {
  readonly link: Link;
  readonly storage: Storage;
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => () => void;
  readonly random: () => number;
  readonly id: () => string;
  readonly device: () => Promise<string>;
  /** Begins to connect, where nobody has. */
  readonly start: () => void;
  /** Resolves when the connection is live, or was found not to be. */
  readonly connected: () => Promise<void>;
  /** Of everything that subscribers are told. */
  readonly told: (told: Told<unknown>) => void;
  readonly refused: (refused: Refused) => void;
  /** Something that a sync waits for may have happened. */
  readonly moved: () => void;
}

export class MirroredChannel implements Channel<unknown> {
  readonly name: string;
  #doors: ChannelDoors;
  #mirror: Mirror;
  #queue: Queue;
  #kept: Kept;
  #shown: ReadonlyMap<string, Item<unknown>> | undefined;
  #device = '';

  #loading: Promise<void> | undefined;
  #loaded = false;
  #mirrored = false;
  /** Whether the hub has been asked for this channel, on this connection. */
  #subscribed = false;
  /** A conditional write waits until the mirror is here. */
  #waitFor = 0;
  #retries = 0;
  #pause: (() => void) | undefined;
  #over = false;

  #itemsWatchers = new Watchers();
  #feeds = new Watchers<Told<unknown>>();
  #endings = new Set<() => void>();

  constructor(name: string, doors: ChannelDoors) {
    this.name = name;
    this.#doors = doors;
    this.#mirror = new Mirror(name, {
      heard: ({ key, device }) => this.#queue.crossed(key, device === this.#device),
      told: (told) => this.#tell(told),
    });
    this.#queue = new Queue({
      dropped: () => this.#changed(),
      refused: (refused) => doors.refused({ channel: name, ...refused }),
    });
    this.#kept = new Kept(name, {
      storage: doors.storage,
      after: doors.after,
      write: () => {
        const { over, saved } = this.#queue.unsaved();
        return { over: (stored) => ({ ...this.#mirror.over(stored), pending: over(stored.pending) }), saved };
      },
      adopt: (stored) => this.#adopt(stored),
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
    return this.#mirrored;
  }

  /** Whether a sync has nothing to wait for here. */
  get idle(): boolean {
    return this.#queue.pending.length === 0 && (!this.#mirrored || this.current);
  }

  async open(): Promise<void> {
    this.#mirrored = true;
    await this.load();
    this.#pump();
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
      this.#endings.delete(end);
    });
    const end = () => feed.close();
    this.#endings.add(end);
    const stop = this.onTold((told) => feed.tell(told));
    return feed;
  }

  onTold(told: (told: Told<unknown>) => void): () => void {
    let over = false;
    let end = () => {
      over = true;
    };
    this.#doors.start();
    void this.open().then(() => {
      if (over) return;
      if (this.position !== undefined) told(this.#mirror.snapshot('snapshot'));
      end = this.#feeds.add(told);
    });
    return () => end();
  }

  async read(range: Range = {}): Promise<Read<unknown>> {
    const answer = await this.#ask({ type: 'read-all', channel: this.name, ...range });
    return readOf(answer);
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
    return this.#mean({ type: 'create', ...entryOf({ ...more, key: more.key ?? this.#doors.id(), item }) });
  }

  async update(key: string, item: unknown, span: Span = {}): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#mean({ type: 'update', ...entryOf({ ...span, key, item }), before: before.item });
  }

  async delete(key: string): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#mean({ type: 'delete', key, before: before.item });
  }

  async writeAll(items: readonly Entry[]): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const before = [...this.items.values()].map(({ key, item }) => ({ key, item }));
    return this.#mean({ type: 'write-all', items: items.map(entryOf), before });
  }

  async revert(to: number): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
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
    this.#pause?.();
    for (const end of [...this.#endings]) end();
    await this.#kept.close();
    this.#queue.close(offline('closed before the hub answered: the write waits'));
  }

  /** The connection is another one, or none. */
  connected(): void {
    this.#subscribed = false;
    this.#mirror.current = false;
    this.#retries = 0;
    this.#pause?.();
    this.#pause = undefined;
    this.#pump();
  }

  hear(message: Page | ChangeMessage): void {
    if (!this.#subscribed) return;
    if ('epoch' in message) this.#doors.link.forget(this.#subscription);
    const was = this.#mirror.hear(message);
    if (was === 'gap') this.#subscribed = false;
    if (was === 'news') this.#changed();
    this.#queue.release(this.#mirror);
    this.#pump();
    this.#doors.moved();
  }

  async #load(): Promise<void> {
    this.#device = await this.#doors.device();
    await this.#kept.load();
    this.#loaded = true;
  }

  async #ask(request: Parameters<Link['ask']>[0]): Promise<Heard> {
    this.#doors.start();
    await this.#doors.connected();
    return new Promise((resolve) => this.#doors.link.ask(request, resolve));
  }

  async #mean(intent: Intent): Promise<Queued | Failure> {
    if (this.#over) return offline('the connection is closed');
    if ('item' in intent && intent.item === undefined) return refuse('missing', 'item');
    // As it will be read again.
    const write: Pending = JSON.parse(JSON.stringify({ ...intent, id: this.#doors.id(), at: this.#doors.now() }));
    const failure = unsendable(this.#ready(write));
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

  #ready(write: Pending): Ready {
    return ready(write, this.name, this.#mirror.items, this.position);
  }

  /** Does whatever can be done now: follow the channel, send what may be sent. */
  #pump(): void {
    const { link } = this.#doors;
    if (!link.live || !this.#loaded || this.#over) return;
    const mirrors = this.#mirrored || this.#queue.conditional.length > 0;
    if (mirrors && !this.#subscribed && this.#pause === undefined) this.#subscribe();
    while (this.#pause === undefined) {
      const reached = this.position?.seq ?? -1;
      const write = this.#queue.next(this.current && reached >= this.#waitFor);
      if (write === undefined) return;
      this.#send(write);
    }
  }

  #send(write: Pending): void {
    const now = this.#ready(write);
    const failure = now.kind === 'refused' ? now.refusal : unsendable(now);
    if (failure !== undefined) this.#queue.decide(write, failure);
    else if (now.kind === 'done') {
      this.#queue.decide(write, { ok: true, position: this.position ?? { epoch: '', seq: 0 } });
    } else if (now.kind === 'send') {
      this.#queue.sending(write, 'item' in now.request ? now.request.item : undefined);
      this.#doors.link.ask(now.request, (answer) => this.#answered(write, answer));
    }
  }

  #answered(write: Pending, answer: Heard): void {
    const sent = this.#queue.returned(write);
    if (answer === undefined || sent === undefined) return;
    if (answer.success && answer.type === 'ack') {
      this.#retries = 0;
      this.#queue.accepted(write, sent, { epoch: answer.epoch, seq: answer.seq }, this.#subscribed);
      this.#queue.release(this.#mirror);
    } else if (!answer.success) {
      this.#refused(write, answer);
    }
    this.#pump();
    this.#doors.moved();
  }

  #refused(write: Pending, answer: Answers['error']): void {
    const failure = failureOf(answer);
    const { code } = failure;
    const { seq } = answer;
    if (code === 'stale' && seq !== undefined && this.position !== undefined && seq > this.position.seq) {
      this.#waitFor = seq;
    } else if (code === 'stale' || code === 'login_first' || isForLater(failure)) {
      this.#rest();
    } else {
      this.#queue.decide(write, failure);
    }
  }

  #rest(): void {
    this.#pause?.();
    this.#pause = this.#doors.after(100 + backoff(this.#retries, this.#doors.random()), () => {
      this.#pause = undefined;
      this.#pump();
    });
    this.#retries += 1;
  }

  #subscribe(): void {
    this.#subscribed = true;
    this.#mirror.current = false;
    this.#waitFor = 0;
    const request = { type: 'subscribe', channel: this.name, ...this.position, ref: this.#subscription } as const;
    this.#doors.link.ask(request, (answer) => {
      if (answer === undefined || answer.success) return;
      this.#subscribed = false;
      const failure = failureOf(answer);
      if (isForLater(failure)) return this.#rest();
      // What cannot be read cannot be mirrored, nor written but blindly.
      this.#mirrored = false;
      for (const write of this.#queue.conditional) this.#queue.decide(write, failure);
      this.#doors.moved();
    });
  }

  get #subscription(): string {
    return `subscribe ${this.name}`;
  }

  #adopt(stored: Stored): void {
    this.#queue.adopt(stored.pending);
    this.#mirror.adopt(stored, this.#doors.now());
    this.#touched();
    this.#queue.release(this.#mirror);
    this.#pump();
    this.#doors.moved();
  }

  #tell(told: Told<unknown>): void {
    this.#shown = undefined;
    this.#feeds.tell(told);
    this.#doors.told(told);
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

function isForLater({ code }: Failure): boolean {
  return code !== 'offline' && errors[code].retry === 'later';
}

function readOf(answer: Heard): Read<unknown> {
  if (answer === undefined || !answer.success || !('epoch' in answer) || !('items' in answer)) return failureOf(answer);
  const { epoch, seq, items = [] } = answer;
  return { ok: true, position: { epoch, seq }, items: items.map(itemOf) };
}

/** B1: what the hub would not even read. */
function unsendable(now: Ready): Failure | undefined {
  if (now.kind !== 'send') return undefined;
  const text = JSON.stringify(now.request);
  if (new TextEncoder().encode(text).length > bounds.bytes)
    return refuse('too_large', '', `at most ${bounds.bytes} bytes`);
  const beyond = outOfBounds(text);
  return beyond === undefined ? undefined : refuse('payload', '', beyond);
}
