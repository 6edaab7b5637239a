// One named channel. It appends writes to the store, keeps the channel's position, publishes changes to followers after the commit,
// and answers "what changed since this position?" from memory where it can. It does not encode changes (a Rendering does) and does
// not check permissions (access.ts does).

import type { Peer } from './peer.ts';
import type { Appended, Change, Head, Item, Keep, Past, Position, Range, Since, Store, Write } from './store.ts';
import type { World } from './world.ts';

/** How one audience sees a channel. Followers whose renderings have the same key share one topic and one encoding. */
export interface Rendering {
  readonly key: string;
  /** The text of a live change, or the texts of several messages; null when this audience does not see the change. */
  readonly live: (change: Change, channel: Channel) => string | readonly string[] | null;
  /** Whether the writer receives its own change. */
  readonly echo: boolean;
}

/** A change as the listeners of this process receive it. */
export interface LiveChange extends Change {
  /** The value as the writer passed it to `write`, so that no listener parses the text again. Absent for writers elsewhere. */
  readonly parsed?: object;
}

export type ChangeListener = (changes: readonly LiveChange[]) => void;

export interface WriteOptions {
  /** Does not receive its own change from renderings without echo. */
  readonly sender?: Peer | undefined;
  /** Parsed values of the write, by item key, so that listeners need not parse them. Each of these keys occurs in one op only. */
  readonly parsed?: ReadonlyMap<string, object>;
}

/** How many recent changes, and how many characters of their values, a channel keeps in memory for followers that come back. */
const maxRecentChanges = 1_024;
const maxRecentSize = 1_048_576;
/** Recent changes are trimmed in bulk, once there are so many times more. */
const slack = 1.0625;
/** Results that `cached` keeps. */
const maxCached = 64;
/** A page ends, too, when its values have this many characters together. A larger page is not cached. */
const pageSize = 1_048_576;
/** Changes that one page reads from the store at once: a value may have a mebibyte. */
const readAtOnce = 64;
/** A greater limit asks for everything in one piece. */
const maxPageLimit = 10_000;

export interface ChannelDeps {
  readonly store: Store;
  readonly world: World;
  readonly publish: (topic: string, text: string, except: Peer | undefined) => void;
  /** True if other nodes write to the store, too. */
  readonly isShared: boolean;
  /** Notifies other nodes. */
  readonly announce: (channel: string, from: number, seq: number) => void;
  /** Called with every commit, after the channel's listeners and before its followers. */
  readonly onChanges: (channel: Channel, changes: readonly Change[]) => void;
  /** Called when a follower has caught up and is live from now on. */
  readonly onJoin: (channel: Channel) => void;
}

export class Channel {
  readonly name: string;
  readonly keep: Keep;
  #deps: ChannelDeps;
  #head: Head;
  /** Contiguous, ending at the head. */
  #recent: Change[] = [];
  #recentSize = 0;
  #audiences = new Map<string, { rendering: Rendering; followers: number }>();
  #listeners = new Set<ChangeListener>();
  /** Of own steps that are not published yet, by seq. */
  #senders = new Map<number, Peer>();
  #cache = new Map<string, unknown>();
  #refreshing: Promise<void> | undefined;
  /** The greatest step that a notice named during the refresh. */
  #noticed = 0;
  /** Callers that wait until a step has been published. */
  #reaching: { readonly seq: number; readonly resolve: () => void }[] = [];
  /** The newest write that was given to the store. */
  #newestWrite: Promise<unknown> = Promise.resolve();
  #writes = 0;
  #writesUnderWay = 0;

  constructor(name: string, keep: Keep, head: Head, deps: ChannelDeps) {
    this.name = name;
    this.keep = keep;
    this.#head = head;
    this.#deps = deps;
  }

  get position(): Position {
    return { epoch: this.#head.epoch, seq: this.#head.seq };
  }

  /** The greatest version a change has carried; -1 when none has. */
  get version(): number {
    return this.#head.version;
  }

  /** Catch-up from a seq below this one is impossible, except from 0. */
  get floor(): number {
    return this.#head.floor;
  }

  /** Whether a writer that this process does not know of may write to the channel. */
  get isShared(): boolean {
    return this.#deps.isShared;
  }

  /** How many writes have been given to the store so far. */
  get writes(): number {
    return this.#writes;
  }

  /** Whether a write is not decided yet, or a step that is on disk not published yet. */
  get isUnsettled(): boolean {
    return this.#writesUnderWay > 0 || this.#refreshing !== undefined;
  }

  /** Whether the channel has followers or listeners, or work under way. */
  get isWatched(): boolean {
    return (
      this.#audiences.size > 0 || this.#listeners.size > 0 || this.#senders.size > 0 || this.#refreshing !== undefined
    );
  }

  /** Appends. Resolves after the commit, when the change has been published; rejects only when the store fails. */
  async write(write: Write, { sender, parsed }: WriteOptions = {}): Promise<Appended> {
    const appending = this.#deps.store.append(this.name, write, this.keep);
    this.#newestWrite = appending;
    this.#writes += 1;
    this.#writesUnderWay += 1;
    let appended: Appended;
    try {
      appended = await appending;
    } finally {
      this.#writesUnderWay -= 1;
    }
    if (!appended.ok || appended.changes.length === 0) return appended;
    this.#advance(appended.changes, sender, parsed);
    const last = appended.changes.at(-1);
    if (last !== undefined) this.#deps.announce(this.name, last.seq - appended.steps, last.seq);
    return appended;
  }

  /** Takes a notice of another node that the channel has moved to `seq`. */
  notice(seq: number): void {
    if (seq > this.#head.seq) this.#refresh(seq);
  }

  /** Reads new changes from the store, with or without a notice. Resolves when they have been published. */
  async refresh(): Promise<void> {
    this.#refresh(Number.POSITIVE_INFINITY);
    await this.#refreshing;
  }

  join(rendering: Rendering, peer: Peer): void {
    const audience = this.#audiences.get(rendering.key) ?? { rendering, followers: 0 };
    audience.followers += 1;
    this.#audiences.set(rendering.key, audience);
    peer.join(this.#topic(rendering));
    this.#deps.onJoin(this);
  }

  leave(rendering: Rendering, peer: Peer): void {
    const audience = this.#audiences.get(rendering.key);
    if (audience === undefined) return;
    audience.followers -= 1;
    if (audience.followers === 0) this.#audiences.delete(rendering.key);
    peer.leave(this.#topic(rendering));
  }

  /** Calls `listener` with every commit, in order, before any follower gets it. Returns a function that ends it. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads every item whose last step is greater than `seq`, in order of that step ([ST6], [ST7]); from memory where the recent changes
   * reach back so far.
   * @param limit items; up to 10,000 is a page, which may end earlier when its values are large; more means everything
   */
  async since(seq: number, limit: number): Promise<Since> {
    if (seq > 0 && seq <= this.#head.seq && seq >= this.#head.seq - this.#recent.length)
      return this.#fromRecent(seq, limit);
    const key = `since ${seq} ${limit}`;
    const page = this.cached(key, () => this.#fromStore(seq, limit));
    page.then(
      (since) => {
        if (since.ok && sizeOf(since.changes) > pageSize && this.#cache.get(key) === page) this.#cache.delete(key);
      },
      () => this.#cache.clear(),
    );
    return page;
  }

  /** Returns what `make` returned before under this key, as long as the channel has not moved since. */
  cached<T>(key: string, make: () => T): T;
  cached(key: string, make: () => unknown): unknown {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const made = make();
    const oldest = this.#cache.size >= maxCached ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, made);
    return made;
  }

  read(range: Range): Promise<readonly Item[]> {
    return this.#deps.store.read(this.name, range);
  }

  history(past: Past): Promise<readonly Change[]> {
    return this.#deps.store.history(this.name, past);
  }

  at(seq: number): Promise<readonly Item[]> {
    return this.#deps.store.at(this.name, seq);
  }

  async forget(through: number): Promise<void> {
    await this.#deps.store.forget(this.name, through);
    this.#head = { ...this.#head, floor: Math.max(this.#head.floor, through) };
    this.#cache.clear();
  }

  #topic(rendering: Rendering): string {
    return `${this.name}\n${rendering.key}`;
  }

  /** The page is never ahead of what has been published, so its reader may go live at once. */
  async #fromStore(seq: number, limit: number): Promise<Since> {
    const since = await this.#page(seq, limit);
    // Own writes are published with their senders when the store answers them, so wait for these answers first.
    if (since.head.seq > this.#head.seq) await this.#newestWrite.catch(() => undefined);
    if (since.head.seq > this.#head.seq) await this.#reach(since.head.seq);
    // The refresh failed: this page would be ahead of the followers, and its reader would ask for it again and again.
    if (since.head.seq > this.#head.seq) throw new Error(`${this.name}: cannot read new changes from the store`);
    return since;
  }

  /** Resolves when this step has been published, or when it could not be read from the store. */
  #reach(seq: number): Promise<void> {
    this.#refresh(seq);
    return new Promise((resolve) => this.#reaching.push({ seq, resolve }));
  }

  #reached(seq: number): void {
    if (this.#reaching.length === 0) return;
    const reaching = this.#reaching;
    this.#reaching = reaching.filter((one) => one.seq > seq);
    for (const one of reaching) if (one.seq <= seq) one.resolve();
  }

  async #page(seq: number, limit: number): Promise<Since> {
    const { store } = this.#deps;
    if (limit > maxPageLimit) return store.since(this.name, seq, limit);
    const changes: Change[] = [];
    let size = 0;
    for (let after = seq; ; ) {
      const since = await store.since(this.name, after, Math.min(readAtOnce, limit - changes.length));
      // The store has forgotten steps during the read: the next page reports it.
      if (!since.ok) return changes.length === 0 ? since : { ok: true, head: since.head, changes, more: true };
      const { head } = since;
      for (const [at, change] of since.changes.entries()) {
        changes.push(change);
        size += change.value?.length ?? 0;
        if (size >= pageSize) return { ok: true, head, changes, more: since.more || at + 1 < since.changes.length };
      }
      if (!since.more || changes.length >= limit) return { ok: true, head, changes, more: since.more };
      after = changes.at(-1)?.seq ?? after;
    }
  }

  #fromRecent(seq: number, limit: number): Since {
    const first = new Map<string, Change>();
    const last = new Map<string, Change>();
    for (const change of this.#recent.slice(this.#recent.length - (this.#head.seq - seq))) {
      if (!first.has(change.key)) first.set(change.key, change);
      last.delete(change.key);
      last.set(change.key, change);
    }
    const changes = [...last.values()].map((change): Change => {
      if (change.kind === 'delete') return change;
      return { ...change, kind: first.get(change.key)?.kind === 'create' ? 'create' : 'update' };
    });
    return { ok: true, head: this.#head, changes: changes.slice(0, limit), more: changes.length > limit };
  }

  #advance(changes: readonly Change[], sender?: Peer, parsed?: WriteOptions['parsed']): void {
    if (this.#refreshing === undefined && changes[0]?.seq === this.#head.seq + 1) {
      this.#publish(changes, sender, parsed);
      return;
    }
    if (sender !== undefined) for (const change of changes) this.#senders.set(change.seq, sender);
    this.#refresh(changes.at(-1)?.seq ?? 0);
  }

  /** @param writer the sender of all changes; without it, each change has the sender that #senders remembers */
  #publish(changes: readonly Change[], writer?: Peer, parsed?: WriteOptions['parsed']): void {
    const last = changes.at(-1);
    if (last === undefined) return;
    const version = changes.reduce((most, change) => Math.max(most, change.version ?? -1), this.#head.version);
    this.#head = { ...this.#head, seq: last.seq, version };
    this.#remember(changes);
    // Clearing an empty Map costs as much as a full one.
    if (this.#cache.size > 0) this.#cache.clear();
    const live = parsed === undefined ? changes : withParsed(changes, parsed);
    for (const listener of this.#listeners) listener(live);
    this.#deps.onChanges(this, changes);
    for (const change of changes) {
      const sender = writer ?? this.#senders.get(change.seq);
      if (this.#senders.size > 0) this.#senders.delete(change.seq);
      for (const { rendering } of this.#audiences.values()) {
        const texts = rendering.live(change, this);
        if (texts === null) continue;
        const except = rendering.echo ? undefined : sender;
        if (typeof texts === 'string') this.#deps.publish(this.#topic(rendering), texts, except);
        else for (const text of texts) this.#deps.publish(this.#topic(rendering), text, except);
      }
    }
    this.#reached(this.#head.seq);
  }

  #remember(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#recent.push(change);
      this.#recentSize += change.value?.length ?? 0;
    }
    // In bulk: each trim moves the changes that stay.
    if (this.#recent.length <= maxRecentChanges * slack && this.#recentSize <= maxRecentSize * slack) return;
    let drop = 0;
    while (
      this.#recent.length - drop > maxRecentChanges ||
      (this.#recentSize > maxRecentSize && drop < this.#recent.length)
    ) {
      this.#recentSize -= this.#recent[drop]?.value?.length ?? 0;
      drop += 1;
    }
    this.#recent.splice(0, drop);
  }

  #forgetRecent(): void {
    this.#recent = [];
    this.#recentSize = 0;
  }

  /** Reads all that is new from the store, in order, at least up to this step, because another node wrote or may have written. */
  #refresh(seq: number): void {
    this.#noticed = Math.max(this.#noticed, seq);
    this.#refreshing ??= this.#catchUp();
  }

  /**
   * Publishes each step of another node as if it had been made here, on a channel that keeps every step.
   * @returns whether there was any
   */
  async #catchUpByStep(): Promise<boolean> {
    const { seq } = this.#head;
    const steps = await this.#deps.store.history(this.name, { after: seq, limit: maxRecentChanges });
    if (steps.length === 0 || steps.at(-1)?.seq !== seq + steps.length) return false;
    await this.#newestWrite.catch(() => undefined);
    this.#publish(steps);
    return true;
  }

  async #catchUp(): Promise<void> {
    try {
      for (;;) {
        // A notice that arrives while the store answers may name a newer step than the answer has.
        this.#noticed = 0;
        if (this.keep === 'all' && (await this.#catchUpByStep())) continue;
        const since = await this.#deps.store.since(this.name, this.#head.seq, maxRecentChanges);
        if (!since.ok) {
          this.#deps.world.log.warn(
            { channel: this.name },
            'channel: the store no longer has the steps since the last one; followers start from the beginning',
          );
          this.#forgetRecent();
          this.#head = since.head;
          return;
        }
        // Some of these may be own writes. Their senders are known only once their answers are here.
        await this.#newestWrite.catch(() => undefined);
        const before = this.#head.seq;
        this.#publish(since.changes);
        // These are states, not steps: if a superseded step is missing, the recent changes are no longer contiguous.
        if (this.#head.seq - before !== since.changes.length) this.#forgetRecent();
        for (const seq of this.#senders.keys()) if (seq <= this.#head.seq) this.#senders.delete(seq);
        if (!since.more && since.changes.length === 0 && this.#noticed <= this.#head.seq) return;
      }
    } catch (error) {
      this.#deps.world.log.error({ channel: this.name, error }, 'channel: cannot read new changes from the store');
    } finally {
      // Cleared synchronously, so the next caller starts a new refresh.
      this.#refreshing = undefined;
      this.#reached(Number.POSITIVE_INFINITY);
    }
  }
}

function withParsed(changes: readonly Change[], parsed: ReadonlyMap<string, object>): readonly LiveChange[] {
  return changes.map((change) => {
    const value = parsed.get(change.key);
    return value === undefined ? change : { ...change, parsed: value };
  });
}

/** The characters of all values together. */
export function sizeOf(changes: readonly Change[]): number {
  return changes.reduce((size, { value }) => size + (value?.length ?? 0), 0);
}
