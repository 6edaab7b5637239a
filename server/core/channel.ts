// One named channel. It appends writes to the store, keeps the channel's position, publishes changes to followers after the commit,
// and answers "what changed since this position?" from memory where it can. It does not encode changes (a Rendering does) and does
// not check permissions (access.ts does).

import { nextTurn } from './next-turn.ts';
import type { Peer } from './peer.ts';
import type { ChangeNotice } from './relay.ts';
import type {
  Appended,
  Change,
  Head,
  Item,
  Keep,
  Past,
  Position,
  Range,
  RangeState,
  SeenChannel,
  Since,
  Store,
  Write,
} from './store.ts';
import type { World } from './world.ts';

/** How one audience sees a channel. Followers whose renderings have the same key share one topic and one encoding. */
export interface Rendering {
  readonly key: string;
  /** The text of a live change, or the texts of several messages; null when this audience does not see the change. */
  readonly live: (change: Change, channel: Channel) => string | readonly string[] | null;
  /** True if the writer receives its own change. */
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
/** A page ends with the value that makes all its values have this many characters together: an answer needs little memory then. */
export const pageCharacters = 262_144;
/** Characters of pages that the channels of a hub cache together. */
const cachedCharacters = 16_777_216;
/** Characters of values that are read at once when other nodes have written. */
const catchUpSize = 4_194_304;
/**
 * Limits of what is published in one turn of the event loop: so many changes, each counted once and once more for every audience, and so many
 * characters of their values. The rest of a longer write is published in later turns, so that others are served between.
 */
const turnChanges = 512;
const turnCharacters = 524_288;

export interface ChannelDeps {
  readonly store: Store;
  readonly world: World;
  readonly publish: (topic: string, text: string, except: Peer | undefined) => void;
  /** True if other nodes write to the store, too. */
  readonly isShared: boolean;
  /** Notifies other nodes. */
  readonly announce: (notice: ChangeNotice) => void;
  /** Called with every commit, after the channel's listeners and before its followers; with a long commit in several parts. */
  readonly onChanges: (channel: Channel, changes: readonly Change[]) => void;
  /** Called when a follower has caught up and is live from now on. */
  readonly onJoin: (channel: Channel) => void;
  /** Called when the channel goes on from a position that does not follow the last one: followers have to begin anew. */
  readonly onReset: (channel: Channel, reason: string) => void;
  /** Called when changes of other nodes were read from the store, because their notices did not bring them. */
  readonly onGap: () => void;
  /** Shared by all channels. */
  readonly cachedPages: CachedPages;
}

/** Bounds the memory of all cached pages of a hub: the oldest are dropped first. */
export class CachedPages {
  #pages: { readonly size: number; readonly drop: () => void }[] = [];
  #size = 0;

  /** @param drop removes the page from its channel's cache */
  add(size: number, drop: () => void): void {
    this.#pages.push({ size, drop });
    this.#size += size;
    let oldest = 0;
    for (; this.#size > cachedCharacters; oldest += 1) {
      const page = this.#pages[oldest];
      if (page === undefined) break;
      this.#size -= page.size;
      page.drop();
    }
    this.#pages.splice(0, oldest);
  }
}

const noop = () => undefined;

/** Milliseconds in which steps before those that have arrived may arrive, too, until they are read from the store. */
const gapMs = 15;
/** Moves, and characters of their values, that wait for the steps before them. Beyond that the store is asked. */
const maxArrived = 256;
const maxArrivedSize = 4_194_304;

export class Channel {
  readonly name: string;
  readonly keep: Keep;
  #deps: ChannelDeps;
  #head: Head;
  /** Contiguous, ending at the head. */
  #recent: Change[] = [];
  #recentSize = 0;
  #audiences = new Map<string, { rendering: Rendering; followers: number }>();
  /** With what each calls when the changes that it has heard cannot be continued. */
  #listeners = new Map<ChangeListener, () => void>();
  /** Of own steps that are not published yet, by seq. */
  #senders = new Map<number, Peer>();
  #cache = new Map<string, unknown>();
  #refreshing: Promise<void> | undefined;
  /** The publication of a long write, which takes several turns; a part of `#refreshing`. */
  #slices: Promise<unknown> | undefined;
  /** The greatest step that a notice named during the refresh. */
  #noticed = 0;
  /** Moves that are on disk and whose turn has not come, by the step before them. */
  #arrived = new Map<number, readonly Change[]>();
  #arrivedSize = 0;
  #isGapTimed = false;
  /** Callers that wait until a step has been published. */
  #reaching: { readonly seq: number; readonly resolve: () => void }[] = [];
  /** The newest write that was given to the store. */
  #newestWrite: Promise<unknown> = Promise.resolve();
  #writes = 0;
  #writesUnderWay = 0;
  /** While it is not known where the channel goes on under another epoch: nothing is published, and readers wait. */
  #suspension: { readonly over: Promise<void>; readonly end: () => void } | undefined;

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

  /** True if a writer that this process does not know of may write to the channel. */
  get isShared(): boolean {
    return this.#deps.isShared;
  }

  /** The position up to which this node has seen the channel. */
  get seen(): SeenChannel {
    return { channel: this.name, keep: this.keep, seq: this.#head.seq, last: this.#recent.at(-1) };
  }

  /** How many writes have been given to the store so far. */
  get writes(): number {
    return this.#writes;
  }

  /** True if a write is not decided yet, or a step that is on disk not published yet. */
  get isUnsettled(): boolean {
    return this.#writesUnderWay > 0 || this.#refreshing !== undefined;
  }

  /** Resolves when every write given so far is decided and published. */
  async settled(): Promise<void> {
    await this.#newestWrite.catch(() => undefined);
    await this.#refreshing;
  }

  /** True if it is unknown under which epoch, and from which position, the channel goes on. */
  get isSuspended(): boolean {
    return this.#suspension !== undefined;
  }

  /** Publishes nothing, and lets readers wait, until `reset`: the store has another epoch, and followers have to hear of that first. */
  suspend(): void {
    if (this.#suspension !== undefined) return;
    let end: () => void = noop;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#suspension = { over, end };
  }

  /** Ends `suspend` without a reset: the store cannot be asked, so readers hear of that. */
  resume(): void {
    this.#suspension?.end();
    this.#suspension = undefined;
  }

  /** True if the channel has followers or listeners, or work under way. */
  get isWatched(): boolean {
    return (
      this.#audiences.size > 0 ||
      this.#listeners.size > 0 ||
      this.#senders.size > 0 ||
      this.#arrived.size > 0 ||
      this.#refreshing !== undefined ||
      this.#suspension !== undefined
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
    // Of another epoch: it may be among what was lost. What is there is read.
    if (appended.position.epoch === this.#head.epoch) this.#advance(appended.changes, sender, parsed);
    else this.#refresh(Number.POSITIVE_INFINITY);
    const last = appended.changes.at(-1);
    if (last !== undefined) {
      while (this.#slices !== undefined && this.#head.seq < last.seq) await this.#slices;
      const { changes } = appended;
      const steps = { epoch: appended.position.epoch, changes };
      this.#deps.announce({ channel: this.name, from: last.seq - appended.steps, seq: last.seq, steps });
    }
    return appended;
  }

  /** Takes a notice of another node that the channel has moved. */
  notice({ from, seq, steps }: Omit<ChangeNotice, 'channel'>): void {
    if (seq <= this.#head.seq) return;
    if (steps === undefined || steps.epoch !== this.#head.epoch || !isMove(steps.changes, from, seq))
      this.#refresh(seq);
    else this.#arrive(from, steps.changes);
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

  /**
   * Calls `listener` with every commit, in order, before any follower gets it; with a long commit in several parts. Returns a function
   * that ends it.
   * @param onReset called when there are changes that nobody will hear of: what was derived from the channel has to be read again
   */
  listen(listener: ChangeListener, onReset: () => void = noop): () => void {
    this.#listeners.set(listener, onReset);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads every item whose last step is greater than `seq`, in order of that step ([ST6], [ST7]); from memory where the recent changes
   * reach back so far.
   * @param limit items; a page may end earlier, when its values are large
   * @param basis the head when this reader began at 0, if it did: the floor counts for that step ([ST7])
   */
  async since(seq: number, limit: number, basis = seq): Promise<Since> {
    await this.#suspension?.over;
    if (seq > 0 && seq <= this.#head.seq && seq >= this.#head.seq - this.#recent.length)
      return this.#fromRecent(seq, limit);
    const key = `since ${seq} ${limit} ${basis >= this.#head.floor}`;
    const page = this.cached(key, () => this.#fromStore(seq, limit, basis));
    page.then(
      (since) => {
        if (since.ok && this.#cache.get(key) === page) this.#bound(key, sizeOf(since.changes));
      },
      () => this.#cache.clear(),
    );
    return page;
  }

  /** Returns the text of a page, which followers at the same position share. */
  cachedText(key: string, make: () => string): string {
    const isNew = !this.#cache.has(key);
    const text = this.cached(key, make);
    if (isNew) this.#bound(key, text.length);
    return text;
  }

  #bound(key: string, size: number): void {
    this.#deps.cachedPages.add(size, () => this.#cache.delete(key));
  }

  /**
   * Reads every step after `seq`, in order, on a channel that keeps all; the states of `since` where steps were forgotten. Followers that
   * keep reading catch up with this one, and miss no value.
   */
  async steps(seq: number, limit: number): Promise<Since> {
    await this.#suspension?.over;
    const head = this.#head;
    const missing = head.seq - seq;
    if (this.keep === 'last' || missing < 0) return this.since(seq, limit);
    if (missing <= this.#recent.length) {
      const changes = sizedPage(this.#recent.slice(this.#recent.length - missing), limit);
      return { ok: true, head, changes, more: missing > changes.length };
    }
    const page = { after: seq, before: head.seq + 1, limit, size: pageCharacters };
    const changes = await this.#deps.store.history(this.name, page);
    if (this.#suspension !== undefined || !isContiguous(changes, seq)) return this.since(seq, limit);
    return { ok: true, head, changes, more: changes.length < missing };
  }

  /**
   * Publishes what other nodes have written up to now, so that an answer is not older than what any node has acknowledged. Does nothing
   * where no other node writes.
   * @throws when the store cannot be read
   */
  async sync(): Promise<void> {
    if (!this.isShared) return;
    const head = await this.#deps.store.head(this.name);
    if (head.floor > this.#head.floor) this.#head = { ...this.#head, floor: head.floor };
    if (head.seq > this.#head.seq) await this.#newestWrite.catch(noop);
    if (head.seq > this.#head.seq) await this.#reach(head.seq);
    if (head.seq > this.#head.seq) throw new Error(`${this.name}: cannot read new changes from the store`);
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

  /** Items with the position of the moment at which they were read. */
  state(range: Range): Promise<RangeState> {
    return this.#deps.store.state(this.name, range);
  }

  /** Reads a page of items. Readers that ask for the same page share it. @param range without a size */
  readPage(range: Range): Promise<readonly Item[]> {
    const key = `read ${JSON.stringify(range)}`;
    const page = this.cached(key, () => this.read({ ...range, size: pageCharacters }));
    page.then(
      (items) => {
        if (this.#cache.get(key) === page) this.#bound(key, sizeOf(items));
      },
      () => this.#cache.delete(key),
    );
    return page;
  }

  /** Reads the first page of a range, with the position of that moment. Readers that ask for the same page share it. @param range without a size */
  firstPage(range: Range): Promise<RangeState> {
    const key = `first ${JSON.stringify(range)}`;
    const page = this.cached(key, () => this.state({ ...range, size: pageCharacters }));
    page.then(
      ({ items }) => {
        if (this.#cache.get(key) === page) this.#bound(key, sizeOf(items));
      },
      () => this.#cache.delete(key),
    );
    return page;
  }

  history(past: Past): Promise<readonly Change[]> {
    return this.#deps.store.history(this.name, past);
  }

  /** Every item at once: for small channels. `read` with `at` has pages. */
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
  async #fromStore(seq: number, limit: number, basis: number): Promise<Since> {
    const since = await this.#deps.store.since(this.name, seq, limit, { basis, size: pageCharacters });
    // The values read may be of either epoch.
    if (this.#suspension !== undefined) return this.since(seq, limit, basis);
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

  #resolveReached(seq: number): void {
    if (this.#reaching.length === 0) return;
    const reaching = this.#reaching;
    this.#reaching = reaching.filter((one) => one.seq > seq);
    for (const one of reaching) if (one.seq <= seq) one.resolve();
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
    const page = sizedPage(changes, limit);
    return { ok: true, head: this.#head, changes: page, more: changes.length > page.length };
  }

  #advance(changes: readonly Change[], sender?: Peer, parsed?: WriteOptions['parsed']): void {
    if (this.#refreshing === undefined && changes[0]?.seq === this.#head.seq + 1) {
      this.#publishNext(changes, sender, parsed);
      this.#publishArrived();
      return;
    }
    if (sender !== undefined) for (const change of changes) this.#senders.set(change.seq, sender);
    const [first] = changes;
    if (first !== undefined && isMove(changes, first.seq - 1, first.seq - 1 + changes.length))
      this.#arrive(first.seq - 1, changes);
    else this.#refresh(changes.at(-1)?.seq ?? 0);
  }

  /** Publishes the steps when their turn comes: at once, after those that are on their way, or by reading those from the store. */
  #arrive(from: number, changes: readonly Change[]): void {
    const known = this.#arrived.get(from);
    if (known !== undefined && known.length >= changes.length) return;
    const size = sizeOf(changes) - sizeOf(known ?? []);
    if (this.#arrived.size >= maxArrived || this.#arrivedSize + size > maxArrivedSize) {
      this.#dropArrived();
      this.#refresh(changes.at(-1)?.seq ?? 0);
      return;
    }
    this.#arrived.set(from, changes);
    this.#arrivedSize += size;
    this.#publishArrived();
    if (this.#arrived.size === 0 || this.#isGapTimed) return;
    this.#isGapTimed = true;
    this.#deps.world.after(gapMs, () => {
      this.#isGapTimed = false;
      if (this.#arrived.size > 0) this.#refresh(0);
    });
  }

  #publishArrived(): void {
    // While the store is read, its answer comes first.
    for (let isMore = this.#refreshing === undefined && this.#arrived.size > 0; isMore; ) {
      isMore = false;
      for (const [from, changes] of this.#arrived) {
        if (this.#refreshing !== undefined) return;
        if (from > this.#head.seq) continue;
        this.#arrived.delete(from);
        this.#arrivedSize -= sizeOf(changes);
        const next = changes.filter(({ seq }) => seq > this.#head.seq);
        if (next.length > 0) this.#publishNext(next);
        isMore = this.#arrived.size > 0;
      }
    }
  }

  #dropArrived(): void {
    this.#arrived.clear();
    this.#arrivedSize = 0;
  }

  /** Publishes the steps after the head: at once, or a long list in several turns, for which everything newer waits. */
  #publishNext(changes: readonly Change[], writer?: Peer, parsed?: WriteOptions['parsed']): void {
    if (this.#turnEnd(changes, 0) === changes.length) {
      this.#publish(changes, writer, parsed);
      return;
    }
    this.#noticed = 0;
    const slices = this.#publishInTurns(changes, writer, parsed).catch((error: unknown) => {
      this.#deps.world.log.error({ channel: this.name, error }, 'channel: cannot publish a write');
      return false;
    });
    this.#slices = slices;
    this.#refreshing = slices.then((isWhole) => this.#afterSlices(isWhole));
  }

  /** @returns false if it ended early, because the channel goes on from another position */
  async #publishInTurns(changes: readonly Change[], writer?: Peer, parsed?: WriteOptions['parsed']): Promise<boolean> {
    const { epoch } = this.#head;
    for (let from = 0; from < changes.length; ) {
      const { seq } = this.#head;
      await nextTurn();
      if (this.#suspension !== undefined || this.#head.epoch !== epoch || this.#head.seq !== seq) return false;
      const end = this.#turnEnd(changes, from);
      this.#publish(changes.slice(from, end), writer, parsed);
      from = end;
    }
    return true;
  }

  /** Goes on with what arrived while a long write was published. */
  async #afterSlices(isWhole: boolean): Promise<void> {
    this.#slices = undefined;
    if (!isWhole || this.#noticed > this.#head.seq) return this.#catchUp();
    this.#refreshing = undefined;
    this.#publishArrived();
    // The timer for steps that lack others may have run out meanwhile.
    if (this.#arrived.size > 0) this.#refresh(0);
  }

  /** The end of what is published in one turn. A value for history only and the result after it are published together. */
  #turnEnd(changes: readonly Change[], from: number): number {
    const most = Math.max(1, Math.floor(turnChanges / (1 + this.#audiences.size)));
    let [end, left] = [from, turnCharacters];
    while (end < changes.length && end - from < most && left > 0) left -= changes[end++]?.value?.length ?? 0;
    if (end < changes.length && changes[end]?.key === changes[end - 1]?.key) end += 1;
    return end;
  }

  /** @param writer the sender of all changes; without it, each change has the sender that #senders remembers */
  #publish(changes: readonly Change[], writer?: Peer, parsed?: WriteOptions['parsed']): void {
    const last = changes.at(-1);
    if (last === undefined || this.#suspension !== undefined) return;
    const version = changes.reduce((most, change) => Math.max(most, change.version ?? -1), this.#head.version);
    this.#head = { ...this.#head, seq: last.seq, version };
    this.#remember(changes);
    // Clearing an empty Map costs as much as a full one.
    if (this.#cache.size > 0) this.#cache.clear();
    const live = parsed === undefined ? changes : withParsed(changes, parsed);
    for (const listener of this.#listeners.keys()) listener(live);
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
    this.#resolveReached(this.#head.seq);
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

  async #catchUp(): Promise<void> {
    const { seq } = this.#head;
    try {
      for (;;) {
        // A notice that arrives while the store answers may name a newer step than the answer has.
        this.#noticed = 0;
        await this.#suspension?.over;
        const isMore = this.keep === 'all' ? await this.#catchUpByStep() : await this.#catchUpByState();
        if (!isMore && this.#noticed <= this.#head.seq) return;
      }
    } catch (error) {
      this.#deps.world.log.error({ channel: this.name, error }, 'channel: cannot read new changes from the store');
    } finally {
      if (this.#head.seq > seq) this.#deps.onGap();
      // Cleared synchronously, so the next caller starts a new refresh.
      this.#refreshing = undefined;
      this.#publishArrived();
      // Followers that still wait lack steps that the store did not have a moment ago.
      if (this.#arrived.size > 0) this.#dropArrived();
      this.#resolveReached(Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Publishes each step of another node as if it had been made here. What was missed is decided by positions, never by comparing states:
   * a state skips the values that were replaced since.
   * @returns whether there may be more
   */
  async #catchUpByStep(): Promise<boolean> {
    const { store } = this.#deps;
    const { seq } = this.#head;
    for (let isLast = false; ; isLast = true) {
      const steps = await store.history(this.name, { after: seq, limit: maxRecentChanges, size: catchUpSize });
      if (isContiguous(steps, seq)) {
        await this.#newestWrite.catch(noop);
        if (this.#suspension !== undefined || this.#head.seq !== seq) return true;
        if (this.#turnEnd(steps, 0) === steps.length) this.#publish(steps);
        else if (!(await this.#publishInTurns(steps))) return true;
        return steps.length === maxRecentChanges || sizeOf(steps) >= catchUpSize;
      }
      // There is nothing new, or steps are gone, or steps were written after they were looked for. The head tells which.
      if (steps.length > 0 || isLast) return this.#catchUpByState();
      const head = await store.head(this.name);
      if (head.floor > seq) return this.#catchUpByState();
      if (head.seq <= seq) return false;
    }
  }

  /** @returns whether there may be more */
  async #catchUpByState(): Promise<boolean> {
    const page = { size: catchUpSize };
    const since = await this.#deps.store.since(this.name, this.#head.seq, maxRecentChanges, page);
    if (this.#suspension !== undefined) return true;
    if (!since.ok) {
      this.reset(since.head, 'the hub has forgotten what happened since the last change');
      return false;
    }
    // Some of these may be own writes. Their senders are known only once their answers are here.
    await this.#newestWrite.catch(noop);
    if (this.#suspension !== undefined) return true;
    const before = this.#head.seq;
    this.#publish(since.changes);
    // Removed items are not in the answer when there was nothing before: the last steps may be missing.
    if (!since.more && since.head.seq > this.#head.seq) this.#head = since.head;
    // These are states, not steps: if a superseded step is missing, the recent changes are no longer contiguous.
    if (this.#head.seq - before !== since.changes.length) this.#forgetRecent();
    for (const seq of this.#senders.keys()) if (seq <= this.#head.seq) this.#senders.delete(seq);
    return since.more;
  }

  /**
   * Goes on from another position, because the changes up to it cannot be had. Followers are sent everything, listeners read again.
   * @param reason for the followers
   */
  reset(head: Head, reason: string): void {
    this.#deps.world.log.warn({ channel: this.name, reason }, 'channel: followers start from the beginning');
    this.#forgetRecent();
    this.#head = head;
    this.#senders.clear();
    this.#dropArrived();
    this.#cache.clear();
    this.resume();
    for (const onReset of this.#listeners.values()) onReset();
    this.#deps.onReset(this, reason);
  }
}

/** The first changes, until their values are large. */
function sizedPage(changes: readonly Change[], limit: number): readonly Change[] {
  let [length, left] = [0, pageCharacters];
  while (length < Math.min(limit, changes.length) && left > 0) left -= changes[length++]?.value?.length ?? 0;
  return changes.slice(0, length);
}

/** True if there are steps, and they follow one another directly after `seq`. */
function isContiguous(steps: readonly Change[], seq: number): boolean {
  return steps.length > 0 && steps.at(-1)?.seq === seq + steps.length;
}

/** True if the changes are all steps after `from` up to `seq`. */
function isMove(changes: readonly Change[], from: number, seq: number): boolean {
  return changes.length === seq - from && changes.every((change, at) => change.seq === from + at + 1);
}

function withParsed(changes: readonly Change[], parsed: ReadonlyMap<string, object>): readonly LiveChange[] {
  return changes.map((change) => {
    const value = parsed.get(change.key);
    return value === undefined ? change : { ...change, parsed: value };
  });
}

/** True if a range may have more items than these: its limit is reached, or its size. */
export function isFull(items: readonly Item[], { limit, size = Number.POSITIVE_INFINITY }: Range): boolean {
  return items.length === limit || sizeOf(items) >= size;
}

/** The characters of all values together. */
export function sizeOf(changes: readonly Pick<Change, 'value'>[]): number {
  return changes.reduce((size, { value }) => size + (value?.length ?? 0), 0);
}
