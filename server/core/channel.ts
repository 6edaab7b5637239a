// One named channel: it takes writes to the store, knows how far the channel has come, tells its followers after the commit, and
// answers "what since this position?" from memory where it can. What a change looks like on a wire is a Rendering's business;
// who may do what is access.ts'.

import type { Peer } from './peer.ts';
import type { Appended, Change, Head, Item, Keep, Past, Position, Range, Since, Store, Write } from './store.ts';
import type { World } from './world.ts';

/** How one audience sees a channel. Followers with one key share one topic and one encoding. */
export interface Rendering {
  readonly key: string;
  /** The text of a live change; null when this audience is not told. */
  readonly live: (change: Change, channel: Channel) => string | null;
  /** Whether the writer hears its own change. */
  readonly echo: boolean;
}

/** How many recent changes, and characters of them, a channel holds for those who come back; for a while a little more. */
const recentChanges = 1_024;
const recentSize = 1_048_576;
const slack = 1.0625;
const keptPages = 64;
/** A page is full, too, when its values have this many characters together; what is larger is not kept. */
const pageSize = 1_048_576;
/** Asked of the store at once for a page, because a value may have a mebibyte. */
const askedAtOnce = 64;
/** Whoever asks for more wants everything, in one piece. */
const mostOfAPage = 10_000;

export interface ChannelDeps {
  readonly store: Store;
  readonly world: World;
  readonly publish: (topic: string, text: string, except: Peer | undefined) => void;
  readonly announce: (channel: string, from: number, seq: number) => void;
  /** Of every commit, after the channel's listeners and before its followers. */
  readonly told: (channel: Channel, changes: readonly Change[]) => void;
  /** Somebody follows it live from now on. */
  readonly joined: (channel: Channel) => void;
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
  #listeners = new Set<(changes: readonly Change[]) => void>();
  #senders = new Map<number, Peer>();
  #pages = new Map<string, unknown>();
  #refreshing: Promise<void> | undefined;
  /** The step that was last said to be there. */
  #awaited = 0;
  /** Who waits until a step has been told. */
  #reaching: { readonly seq: number; readonly resolve: () => void }[] = [];
  /** The newest write that was given to the store. */
  #underWay: Promise<unknown> = Promise.resolve();

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

  /** Catch-up from below this seq is impossible, but for 0. */
  get floor(): number {
    return this.#head.floor;
  }

  /** Whether anyone would miss it. */
  get watched(): boolean {
    return (
      this.#audiences.size > 0 || this.#listeners.size > 0 || this.#senders.size > 0 || this.#refreshing !== undefined
    );
  }

  /**
   * Appends. Resolves after the commit, when followers have been told; rejects only when the store is broken.
   * @param sender is not told of its own change by renderings without echo
   */
  async write(write: Write, sender?: Peer): Promise<Appended> {
    const appending = this.#deps.store.append(this.name, write, this.keep);
    this.#underWay = appending;
    const appended = await appending;
    if (!appended.ok || appended.changes.length === 0) return appended;
    this.#advance(appended.changes, sender);
    const last = appended.changes.at(-1);
    if (last !== undefined) this.#deps.announce(this.name, last.seq - appended.steps, last.seq);
    return appended;
  }

  /** A rumour said that the channel moved: look, and tell. */
  heard(seq: number): void {
    if (seq > this.#head.seq) this.#refresh(seq);
  }

  /** Asks the store how far the channel is, whatever rumours said. Resolves when all that was found has been told. */
  async refresh(): Promise<void> {
    this.#refresh(Number.POSITIVE_INFINITY);
    await this.#refreshing;
  }

  join(rendering: Rendering, peer: Peer): void {
    const audience = this.#audiences.get(rendering.key) ?? { rendering, followers: 0 };
    audience.followers += 1;
    this.#audiences.set(rendering.key, audience);
    peer.join(this.#topic(rendering));
    this.#deps.joined(this);
  }

  leave(rendering: Rendering, peer: Peer): void {
    const audience = this.#audiences.get(rendering.key);
    if (audience === undefined) return;
    audience.followers -= 1;
    if (audience.followers === 0) this.#audiences.delete(rendering.key);
    peer.leave(this.#topic(rendering));
  }

  /** Told of every commit, in order, before anyone else; for the hub's own parts. The answer ends it. */
  listen(told: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  /**
   * Every item whose last step is greater than `seq`, in order ([ST6], [ST7]). From memory where the recent changes reach.
   * @param limit a page may be over before, when its values are large; up to 10,000 is a page, more is everything
   */
  async since(seq: number, limit: number): Promise<Since> {
    if (seq > 0 && seq <= this.#head.seq && seq >= this.#head.seq - this.#recent.length)
      return this.#fromRecent(seq, limit);
    const key = `since ${seq} ${limit}`;
    const page = this.cached(key, () => this.#fromStore(seq, limit));
    page.then(
      (since) => {
        if (since.ok && sizeOf(since.changes) > pageSize && this.#pages.get(key) === page) this.#pages.delete(key);
      },
      () => this.#pages.clear(),
    );
    return page;
  }

  /** What `make` gave the last time it was asked for under this key, as long as the channel has not moved. */
  cached<T>(key: string, make: () => T): T;
  cached(key: string, make: () => unknown): unknown {
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#pages.size >= keptPages) this.#pages.clear();
    this.#pages.set(key, made);
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
    this.#pages.clear();
  }

  #topic(rendering: Rendering): string {
    return `${this.name}\n${rendering.key}`;
  }

  /** Never ahead of what followers have been told: whoever reads it may join them at once. */
  async #fromStore(seq: number, limit: number): Promise<Since> {
    const since = await this.#page(seq, limit);
    // Our own writes tell for themselves, and know who is not to be told.
    if (since.head.seq > this.#head.seq) await this.#underWay.catch(() => undefined);
    if (since.head.seq > this.#head.seq) await this.#reach(since.head.seq);
    // The store was asked in vain: this page would be ahead of the followers, and would be asked for again and again.
    if (since.head.seq > this.#head.seq) throw new Error(`${this.name}: the store could not be asked what is new`);
    return since;
  }

  /** Resolves when followers have been told of this step, however many follow it, or when the store could not be asked for it. */
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
    if (limit > mostOfAPage) return store.since(this.name, seq, limit);
    const changes: Change[] = [];
    let size = 0;
    for (let after = seq; ; ) {
      const since = await store.since(this.name, after, Math.min(askedAtOnce, limit - changes.length));
      // Forgotten meanwhile: the next page will say so.
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

  #advance(changes: readonly Change[], sender: Peer | undefined): void {
    if (this.#refreshing === undefined && changes[0]?.seq === this.#head.seq + 1) {
      this.#tell(changes, sender);
      return;
    }
    if (sender !== undefined) for (const change of changes) this.#senders.set(change.seq, sender);
    this.#refresh(changes.at(-1)?.seq ?? 0);
  }

  /** @param writer of all the changes, where one is known; otherwise whoever is remembered as the sender of each */
  #tell(changes: readonly Change[], writer?: Peer): void {
    const last = changes.at(-1);
    if (last === undefined) return;
    const version = changes.reduce((most, change) => Math.max(most, change.version ?? -1), this.#head.version);
    this.#head = { ...this.#head, seq: last.seq, version };
    this.#remember(changes);
    // Clearing an empty Map costs as much as a full one.
    if (this.#pages.size > 0) this.#pages.clear();
    for (const told of this.#listeners) told(changes);
    this.#deps.told(this, changes);
    for (const change of changes) {
      const sender = writer ?? this.#senders.get(change.seq);
      if (this.#senders.size > 0) this.#senders.delete(change.seq);
      for (const { rendering } of this.#audiences.values()) {
        const text = rendering.live(change, this);
        if (text !== null) this.#deps.publish(this.#topic(rendering), text, rendering.echo ? undefined : sender);
      }
    }
    this.#reached(this.#head.seq);
  }

  #remember(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#recent.push(change);
      this.#recentSize += change.value?.length ?? 0;
    }
    // Many at once, since those that stay are moved each time.
    if (this.#recent.length <= recentChanges * slack && this.#recentSize <= recentSize * slack) return;
    let drop = 0;
    while (
      this.#recent.length - drop > recentChanges ||
      (this.#recentSize > recentSize && drop < this.#recent.length)
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

  /** Another node wrote before us, or may have: take all that is new from the store, in order, up to this step at least. */
  #refresh(seq: number): void {
    this.#awaited = Math.max(this.#awaited, seq);
    this.#refreshing ??= this.#catchUp();
  }

  /**
   * Where every step is kept, those in step are told of each, as if it had been made here.
   * @returns whether there was anything
   */
  async #catchUpByStep(): Promise<boolean> {
    const { seq } = this.#head;
    const steps = await this.#deps.store.history(this.name, { after: seq, limit: recentChanges });
    if (steps.length === 0 || steps.at(-1)?.seq !== seq + steps.length) return false;
    await this.#underWay.catch(() => undefined);
    this.#tell(steps);
    return true;
  }

  async #catchUp(): Promise<void> {
    try {
      for (;;) {
        // Whoever says while we ask that there is more may know better than the answer.
        this.#awaited = 0;
        if (this.keep === 'all' && (await this.#catchUpByStep())) continue;
        const since = await this.#deps.store.since(this.name, this.#head.seq, recentChanges);
        if (!since.ok) {
          this.#deps.world.log.warn(
            { channel: this.name },
            'channel: the store forgot what came since; followers start anew',
          );
          this.#forgetRecent();
          this.#head = since.head;
          return;
        }
        // Our own writes among them are known as such only when their answers are here.
        await this.#underWay.catch(() => undefined);
        const before = this.#head.seq;
        this.#tell(since.changes);
        // By state: where a superseded step is missing, what is remembered is no longer contiguous.
        if (this.#head.seq - before !== since.changes.length) this.#forgetRecent();
        for (const seq of this.#senders.keys()) if (seq <= this.#head.seq) this.#senders.delete(seq);
        if (!since.more && since.changes.length === 0 && this.#awaited <= this.#head.seq) return;
      }
    } catch (error) {
      this.#deps.world.log.error({ channel: this.name, error }, 'channel: could not ask the store what is new');
    } finally {
      // In the same breath: who comes from now on begins anew.
      this.#refreshing = undefined;
      this.#reached(Number.POSITIVE_INFINITY);
    }
  }
}

/** Characters of the values. */
export function sizeOf(changes: readonly Change[]): number {
  return changes.reduce((size, { value }) => size + (value?.length ?? 0), 0);
}
