// One channel: keeps the mirror of what the hub has, the queue of writes that wait, and the storage of both, and speaks to the hub for
// them. What a write is on today's state is worked out in replica.ts; the connection is link.ts'.

import { bounds, outOfBounds } from '../../protocol/bounds.ts';
import { errors, refuse } from '../../protocol/errors.ts';
import type { Answers } from '../../protocol/messages.ts';
import type {
  Change,
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
  Settled,
  Span,
  Subscription,
  Told,
} from './api.ts';
import { backoff } from './connection.ts';
import { Feed } from './feed.ts';
import { failureOf, type Heard, type Link, offline } from './link.ts';
import {
  adjusted,
  type Entry,
  entryOf,
  type Intent,
  isConditional,
  isStored,
  keyOf,
  type Pending,
  ready,
  type Stored,
  shown,
} from './replica.ts';
import type { Storage } from './storage.ts';

/** Creates that are on their way at once; everything else goes alone. */
const windowSize = 32;
/** What the hub has is written down this much later; what was meant here, at once. */
const lazyMs = 250;

export const storedName = (channel: string) => `channel:${channel}`;

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

type ItemView = Answers['items']['items'][number];
type Page = Answers['snapshot' | 'changes' | 'reset'];
type ChangeMessage = Answers['change'];

/** A write on its way, or answered and not yet seen in the mirror. */
interface Sent {
  /** The item as it was sent; undefined for what is no item. */
  readonly item: unknown;
  readonly key: string;
  /** Whether somebody else wrote since: if it is done, then it was done before, perhaps as another process had sent it. */
  readonly crossed: boolean;
  /** Of the answer. */
  readonly done?: Position;
}

export class MirroredChannel implements Channel<unknown> {
  readonly name: string;
  #doors: ChannelDoors;
  #confirmed = new Map<string, Item<unknown>>();
  #position: Position | undefined;
  #pending: readonly Pending[] = [];
  #shown: ReadonlyMap<string, Item<unknown>> | undefined;
  #device = '';

  /** Not yet on disk. */
  #fresh = new Map<string, Pending>();
  /** Decided, but still on disk. */
  #gone = new Set<string>();
  /** Adjusted, but not yet on disk. */
  #adjusted = new Map<string, Pending>();
  #makers = new Map<string, (settled: Settled) => void>();
  #sent = new Map<string, Sent>();

  #loading: Promise<void> | undefined;
  #loaded = false;
  #mirrored = false;
  /** Whether the hub has been asked for this channel, on this connection; and whether all pages have come. */
  #subscribed = false;
  #current = false;
  /** A conditional write waits until the mirror is here. */
  #waitFor = 0;
  #retries = 0;
  #pause: (() => void) | undefined;

  #saving: Promise<unknown> = Promise.resolve();
  #nextSave: Promise<void> | undefined;
  #lazily: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #over = false;

  #itemsWatchers = new Set<() => void>();
  #feeds = new Set<(told: Told<unknown>) => void>();
  #endings = new Set<() => void>();

  constructor(name: string, doors: ChannelDoors) {
    this.name = name;
    this.#doors = doors;
  }

  get items(): ReadonlyMap<string, Item<unknown>> {
    this.#shown ??= shown(this.#confirmed, this.#pending, this.#device);
    return this.#shown;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  get current(): boolean {
    return this.#current;
  }

  get waiting(): number {
    return this.#pending.filter(({ id }) => this.#sent.get(id)?.done === undefined).length;
  }

  get mirrored(): boolean {
    return this.#mirrored;
  }

  /** Whether a sync has nothing to wait for here. */
  get idle(): boolean {
    return this.#pending.length === 0 && (!this.#mirrored || this.#current);
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
    const watcher = () => told();
    this.#itemsWatchers.add(watcher);
    return () => this.#itemsWatchers.delete(watcher);
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
    const watcher = (one: Told<unknown>) => told(one);
    this.#doors.start();
    void this.open().then(() => {
      if (over) return;
      if (this.#position !== undefined) watcher(this.#snapshot('snapshot'));
      this.#feeds.add(watcher);
    });
    return () => {
      over = true;
      this.#feeds.delete(watcher);
    };
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
    return this.#queue({ type: 'create', ...entryOf({ ...more, key: more.key ?? this.#doors.id(), item }) });
  }

  async update(key: string, item: unknown, span: Span = {}): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#queue({ type: 'update', ...entryOf({ ...span, key, item }), before: before.item });
  }

  async delete(key: string): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const before = this.items.get(key);
    if (before === undefined) return refuse('item_not_found');
    return this.#queue({ type: 'delete', key, before: before.item });
  }

  async writeAll(items: readonly Entry[]): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const before = [...this.items.values()].map(({ key, item }) => ({ key, item }));
    return this.#queue({ type: 'write-all', items: items.map(entryOf), before });
  }

  async revert(to: number): Promise<Queued | Failure> {
    if (!this.#mirrored || !this.#loaded) await this.open();
    const epoch = this.#position?.epoch;
    if (epoch === undefined) return offline('the hub has not been heard yet');
    return this.#queue({ type: 'revert', to, epoch });
  }

  /** What the hub has is on disk too when this resolves. */
  async flush(): Promise<void> {
    if (this.#lazily !== undefined) await this.#save();
  }

  /** Everything is on disk when this resolves, and nobody hears of the channel any more. */
  async close(): Promise<void> {
    this.#over = true;
    this.#unwatch?.();
    this.#pause?.();
    for (const end of [...this.#endings]) end();
    await this.flush();
    await this.#saving;
    for (const settle of this.#makers.values()) settle(offline('closed before the hub answered: the write waits'));
    this.#makers.clear();
  }

  /** The connection is another one, or none. */
  connected(): void {
    this.#subscribed = false;
    this.#current = false;
    this.#retries = 0;
    this.#pause?.();
    this.#pause = undefined;
    this.#pump();
  }

  hear(message: Page | ChangeMessage): void {
    if (!this.#subscribed) return;
    if ('items' in message || 'changes' in message) this.#page(message);
    else this.#change(message);
    this.#release();
    this.#pump();
    this.#doors.moved();
  }

  async #load(): Promise<void> {
    this.#device = await this.#doors.device();
    this.#unwatch = this.#doors.storage.watch((name) => {
      if (name === storedName(this.name)) this.#reread();
    });
    this.#adopt(this.#storedOf(await this.#doors.storage.read(storedName(this.name))));
    this.#loaded = true;
  }

  async #ask(request: Parameters<Link['ask']>[0]): Promise<Heard> {
    this.#doors.start();
    await this.#doors.connected();
    return new Promise((resolve) => this.#doors.link.ask(request, resolve));
  }

  async #queue(intent: Intent): Promise<Queued | Failure> {
    if (this.#over) return offline('the connection is closed');
    if ('item' in intent && intent.item === undefined) return refuse('missing', 'item');
    // As it will be read again.
    const write: Pending = JSON.parse(JSON.stringify({ ...intent, id: this.#doors.id(), at: this.#doors.now() }));
    const first = ready(write, this.name, this.#confirmed, this.#position);
    const failure = first.kind === 'send' ? unsendable(JSON.stringify(first.request)) : undefined;
    if (failure !== undefined) return failure;
    this.#fresh.set(write.id, write);
    this.#pending = [...this.#pending, write];
    const settled = new Promise<Settled>((resolve) => this.#makers.set(write.id, resolve));
    this.#touched();
    try {
      await this.#save();
    } catch (error) {
      this.#fresh.delete(write.id);
      this.#makers.delete(write.id);
      this.#pending = this.#pending.filter(({ id }) => id !== write.id);
      this.#touched();
      throw error;
    }
    return { ok: true, key: keyOf(write), id: write.id, settled };
  }

  /** Does whatever can be done now: follow the channel, send what may be sent. */
  #pump(): void {
    const { link } = this.#doors;
    if (!link.live || !this.#loaded || this.#over) return;
    const mirrors = this.#mirrored || this.#pending.some(isConditional);
    if (mirrors && !this.#subscribed && this.#pause === undefined) this.#subscribe();
    for (;;) {
      const write = this.#next();
      if (write === undefined) return;
      const now = ready(write, this.name, this.#confirmed, this.#position);
      if (now.kind === 'done') this.#decide(write, { ok: true, position: this.#position ?? { epoch: '', seq: 0 } });
      else if (now.kind === 'refused') this.#decide(write, now.refusal);
      else {
        const failure = unsendable(JSON.stringify(now.request));
        if (failure !== undefined) this.#decide(write, failure);
        else {
          const item = 'item' in now.request ? now.request.item : undefined;
          this.#sent.set(write.id, { item, key: keyOf(write), crossed: false });
          link.ask(now.request, (answer) => this.#answered(write, answer));
        }
      }
    }
  }

  /** The next write that may be sent now. They go in order; creates may follow one another, everything else goes alone. */
  #next(): Pending | undefined {
    if (this.#pause !== undefined) return undefined;
    const here = this.#current && this.#position !== undefined && this.#position.seq >= this.#waitFor;
    for (const write of this.#pending) {
      const sent = this.#sent.get(write.id);
      if (sent === undefined) {
        if (this.#fresh.has(write.id)) return undefined;
        const may = isConditional(write) ? here && this.#sent.size === 0 : this.#sent.size < windowSize;
        return may ? write : undefined;
      }
      if (isConditional(write) && sent.done === undefined) return undefined;
    }
    return undefined;
  }

  #answered(write: Pending, answer: Heard): void {
    const sent = this.#sent.get(write.id);
    this.#sent.delete(write.id);
    if (answer === undefined || sent === undefined) return;
    if (answer.success && answer.type === 'ack') {
      const done = { epoch: answer.epoch, seq: answer.seq };
      this.#retries = 0;
      this.#settle(write, { ok: true, position: done });
      // Shown until the mirror has it.
      if (this.#subscribed) this.#sent.set(write.id, { ...sent, done });
      else this.#drop(write);
      this.#release();
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
    if (code === 'stale' && seq !== undefined && this.#position !== undefined && seq > this.#position.seq) {
      this.#waitFor = seq;
    } else if (code === 'stale' || code === 'login_first' || (code !== 'offline' && errors[code].retry === 'later')) {
      this.#rest();
    } else {
      this.#decide(write, failure);
    }
  }

  #rest(): void {
    this.#pause?.();
    const cancel = this.#doors.after(100 + backoff(this.#retries, this.#doors.random()), () => {
      this.#pause = undefined;
      this.#pump();
    });
    this.#pause = cancel;
    this.#retries += 1;
  }

  #subscribe(): void {
    this.#subscribed = true;
    this.#current = false;
    this.#waitFor = 0;
    const request = { type: 'subscribe', channel: this.name, ...this.#position, ref: this.#subscription } as const;
    this.#doors.link.ask(request, (answer) => {
      if (answer === undefined || answer.success) return;
      this.#subscribed = false;
      const failure = failureOf(answer);
      if (failure.code !== 'offline' && errors[failure.code].retry === 'later') return this.#rest();
      // What cannot be read cannot be mirrored, nor written but blindly.
      this.#mirrored = false;
      for (const write of this.#pending.filter(isConditional)) this.#decide(write, failure);
      this.#doors.moved();
    });
  }

  get #subscription(): string {
    return `subscribe ${this.name}`;
  }

  #page(page: Page): void {
    this.#doors.link.forget(this.#subscription);
    const { epoch, seq, more = false } = page;
    if (page.type === 'changes') {
      const before = this.#position ?? { epoch, seq: 0 };
      // The beginning is the same in every epoch (U3).
      if (before.epoch !== epoch && before.seq > 0) {
        this.#subscribeAgain();
        return;
      }
      for (const change of page.changes) this.#apply({ ...change, success: true, channel: this.name });
      this.#position = { epoch, seq: Math.max(seq, before.seq) };
    } else {
      const again = this.#position !== undefined;
      this.#confirmed = new Map(page.items.map((item) => [item.key, itemOf(item)]));
      this.#position = { epoch, seq };
      this.#shown = undefined;
      this.#tell(this.#snapshot(again ? 'reset' : 'snapshot'));
    }
    this.#current = !more;
    this.#touched();
    this.#saveLazily();
  }

  #change(change: ChangeMessage): void {
    const position = this.#position;
    if (!this.#current || position === undefined || change.seq <= position.seq) return;
    // One is missing: ask for it.
    if (change.seq > position.seq + 1) {
      this.#subscribeAgain();
      return;
    }
    this.#apply(change);
    this.#position = { ...position, seq: change.seq };
    this.#touched();
    this.#saveLazily();
  }

  #subscribeAgain(): void {
    this.#subscribed = false;
    this.#current = false;
  }

  /** Tells what it is to who has heard everything up to now: what was made and changed since is new to them. */
  #apply(message: ChangeMessage): void {
    if (this.#position !== undefined && message.seq <= this.#position.seq) return;
    const { key } = message;
    const there = this.#confirmed.has(key);
    this.#shown = undefined;
    for (const [id, sent] of this.#sent) {
      const own = message.device_id === this.#device && sent.key === key;
      if (!own && sent.done === undefined) this.#sent.set(id, { ...sent, crossed: true });
    }
    this.#confirmed.delete(key);
    if (message.type !== 'delete') this.#confirmed.set(key, itemOf({ ...message, item: message.item }));
    else if (!there) return;
    const type = message.type === 'delete' ? 'delete' : there ? 'update' : 'create';
    this.#tell(changeOf({ ...message, type }));
  }

  #snapshot(type: 'snapshot' | 'reset'): Told<unknown> {
    const position = this.#position ?? { epoch: '', seq: 0 };
    return { type, channel: this.name, position, items: [...this.#confirmed.values()] };
  }

  #tell(told: Told<unknown>): void {
    for (const feed of [...this.#feeds]) feed(told);
    this.#doors.told(told);
  }

  #touched(): void {
    this.#shown = undefined;
    for (const told of [...this.#itemsWatchers]) told();
  }

  /** Lets go of the writes that the mirror has by now. */
  #release(): void {
    const { epoch, seq } = this.#position ?? { epoch: '', seq: 0 };
    for (const write of this.#pending) {
      const sent = this.#sent.get(write.id);
      if (sent?.done === undefined) continue;
      const passed = sent.done.epoch === epoch ? seq >= sent.done.seq : this.#current;
      if (!passed) continue;
      this.#sent.delete(write.id);
      const made = this.#confirmed.get(keyOf(write));
      const asSent = write.type === 'create' || !sent.crossed;
      if (asSent && made !== undefined && made.seq === sent.done.seq) this.#adjust(keyOf(write), sent.item, made.item);
      this.#drop(write);
    }
  }

  #adjust(key: string, sent: unknown, made: unknown): void {
    this.#pending = this.#pending.map((write) => {
      const changed = adjusted(write, key, sent, made);
      if (changed !== write) this.#adjusted.set(write.id, changed);
      return changed;
    });
  }

  #decide(write: Pending, settled: Settled): void {
    this.#sent.delete(write.id);
    this.#drop(write);
    this.#settle(write, settled);
    if (settled.ok) return;
    this.#doors.refused({
      channel: this.name,
      id: write.id,
      type: write.type,
      key: keyOf(write),
      failure: settled,
    });
  }

  #settle({ id }: Pending, settled: Settled): void {
    this.#makers.get(id)?.(settled);
    this.#makers.delete(id);
  }

  #drop({ id }: Pending): void {
    this.#pending = this.#pending.filter((write) => write.id !== id);
    this.#gone.add(id);
    this.#touched();
    this.#saveLazily();
  }

  #saveLazily(): void {
    this.#lazily ??= this.#doors.after(lazyMs, () => {
      this.#lazily = undefined;
      // What fails here is caught up with again; what was meant is on disk already.
      this.#save().catch(() => undefined);
    });
  }

  /** Writes down everything as it is when its turn comes. */
  #save(): Promise<void> {
    this.#lazily?.();
    this.#lazily = undefined;
    this.#nextSave ??= this.#after(() => {
      this.#nextSave = undefined;
      return this.#write();
    });
    return this.#nextSave;
  }

  #reread(): void {
    this.#after(async () => {
      if (!this.#over) this.#adopt(this.#storedOf(await this.#doors.storage.read(storedName(this.name))));
    }).catch(() => undefined);
  }

  /** One after the other. */
  #after(act: () => Promise<void>): Promise<void> {
    const turn = this.#saving.then(act);
    this.#saving = turn.catch(() => undefined);
    return turn;
  }

  async #write(): Promise<void> {
    const fresh = [...this.#fresh.values()];
    const gone = new Set(this.#gone);
    const changed = new Map(this.#adjusted);
    let written: Stored | undefined;
    await this.#doors.storage.update(storedName(this.name), (value) => {
      const stored = this.#storedOf(value);
      const kept = stored.pending.filter(({ id }) => !gone.has(id)).map((write) => changed.get(write.id) ?? write);
      const { position, items } = this.#isNewer(stored) ? stored : this.#asStored();
      written = { position, items, pending: [...kept, ...fresh] };
      return written;
    });
    for (const { id } of fresh) this.#fresh.delete(id);
    for (const id of gone) this.#gone.delete(id);
    for (const [id, write] of changed) if (this.#adjusted.get(id) === write) this.#adjusted.delete(id);
    if (written !== undefined) this.#adopt(written);
  }

  #asStored(): Omit<Stored, 'pending'> {
    const items = [...this.#confirmed.values()].map(({ pending: _, ...item }) => item);
    return { position: this.#position ?? null, items };
  }

  #storedOf(value: unknown): Stored {
    if (value === undefined) return { position: null, items: [], pending: [] };
    if (isStored(value)) return value;
    throw new Error(`the storage has something under ${storedName(this.name)} that is no channel`);
  }

  /** Whether another process got further than this one. */
  #isNewer({ position }: Stored): boolean {
    if (position === null) return false;
    if (this.#position === undefined) return true;
    return position.epoch === this.#position.epoch ? position.seq > this.#position.seq : !this.#current;
  }

  /** Takes over what others have written to the storage. */
  #adopt(stored: Stored): void {
    const waiting = stored.pending.filter(({ id }) => !this.#gone.has(id));
    const known = new Set(waiting.map(({ id }) => id));
    // What somebody here waits for is kept, though another process may have seen it decided.
    const ours = this.#pending.filter(
      ({ id }) => !known.has(id) && (this.#fresh.has(id) || this.#makers.has(id) || this.#sent.has(id)),
    );
    this.#pending = [...waiting.map((write) => this.#adjusted.get(write.id) ?? write), ...ours];
    if (this.#isNewer(stored)) this.#adoptItems(stored);
    this.#touched();
    this.#release();
    this.#pump();
    this.#doors.moved();
  }

  #adoptItems({ position, items }: Stored): void {
    if (position === null) return;
    const before = this.#position;
    const lost = new Set(this.#confirmed.keys());
    if (before?.epoch !== position.epoch) {
      this.#confirmed = new Map(items.map((item) => [item.key, { ...item, pending: false }]));
      this.#position = position;
      this.#shown = undefined;
      this.#tell(this.#snapshot(before === undefined ? 'snapshot' : 'reset'));
      return;
    }
    for (const { key, seq, at, device, item, ...span } of [...items].sort((one, other) => one.seq - other.seq)) {
      lost.delete(key);
      const type = this.#confirmed.has(key) ? 'update' : 'create';
      const known = { channel: this.name, success: true, key, seq, at, device_id: device, ...span } as const;
      this.#apply({ ...known, type, item });
    }
    for (const key of lost) {
      const { seq } = position;
      this.#apply({
        channel: this.name,
        success: true,
        type: 'delete',
        key,
        seq,
        at: this.#doors.now(),
        device_id: '',
      });
    }
    this.#position = position;
  }
}

function itemOf({ key, item, seq, at, device_id: device, time, end }: ItemView): Item<unknown> {
  return { ...entryOf({ key, item, ...spanOf(time, end) }), seq, at, device, pending: false };
}

export function changeOf(message: ChangeMessage): Change<unknown> {
  const { type, channel, key, seq, at, device_id: device, item, time, end } = message;
  const known = { channel, key, seq, at, device };
  return type === 'delete' ? { type, ...known } : { type, ...known, item, ...spanOf(time, end) };
}

function spanOf(time: number | undefined, end: number | undefined): Span {
  return { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
}

function readOf(answer: Heard): Read<unknown> {
  if (answer === undefined || !answer.success || !('epoch' in answer) || !('items' in answer)) return failureOf(answer);
  const { epoch, seq, items = [] } = answer;
  return { ok: true, position: { epoch, seq }, items: items.map(itemOf) };
}

/** B1: what the hub would not even read. */
function unsendable(text: string): Failure | undefined {
  if (new TextEncoder().encode(text).length > bounds.bytes)
    return refuse('too_large', '', `at most ${bounds.bytes} bytes`);
  const beyond = outOfBounds(text);
  return beyond === undefined ? undefined : refuse('payload', '', beyond);
}
