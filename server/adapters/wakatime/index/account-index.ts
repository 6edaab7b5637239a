// Keeps each account's columns in step with its channel. The persisted index is opened at the first request, days are loaded as they
// are needed, and every later commit is applied. It is persisted again in the background, never while a request waits.
// persistence.ts has the form on disk, stats/ the sums.

import type { Channel, LiveChange } from '../../../core/channel.ts';
import type { Hub } from '../../../core/hub.ts';
import { readHeartbeat } from '../model/heartbeat.ts';
import { day, HeartbeatColumns } from './columns.ts';
import { PersistedIndex } from './persistence.ts';
import { ParsedHeartbeat } from './write-heartbeats.ts';

/** Changes read at once: few enough that other requests do not wait long. */
const pageSize = 500;
/** Changes after which the index is persisted again. */
const persistAfter = 5_000;
/** Bytes of memory for all accounts together. The account of the current request stays in any case. */
const memoryLimit = 268_435_456;
/** While the index is being rebuilt, a request for at most this many days reads them from the channel itself. */
const directDays = 40;
const attempts = 5;
const end = Number.MAX_SAFE_INTEGER;

/** The moments that a request is about: [from, to), in microseconds since 1970. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const everything: TimeRange = { from: 0, to: end };

/**
 * The days of UTC that a request about these moments reads, as numbers since 1970. Timeouts and time zones reach beyond the range.
 */
function utcDaysOf({ from, to }: TimeRange): { readonly first: number; readonly last: number } {
  return { first: Math.floor(from / day) - 2, last: Math.floor(to / day) + 1 };
}

class AccountIndex {
  readonly #hub: Hub;
  readonly #channel: Channel;
  readonly #stored: PersistedIndex;
  readonly #stop: () => void;
  /** Called when the changes that are not persisted grow many. */
  readonly #onGrowth: () => void;
  #beats: HeartbeatColumns;
  /** The last step of the channel that was received. */
  #seq = 0;
  #isCaughtUp = false;
  /** True once the channel does not go on from what was read. */
  #isVoid = false;
  /** Received, but not applied: their days are not in memory yet. */
  #pending: LiveChange[] = [];
  #unpersisted = 0;
  #persisting: Promise<boolean> | undefined;

  private constructor(
    hub: Hub,
    channel: Channel,
    stored: PersistedIndex,
    beats: HeartbeatColumns,
    seq: number,
    onGrowth: () => void,
  ) {
    this.#hub = hub;
    this.#channel = channel;
    this.#stored = stored;
    this.#beats = beats;
    this.#seq = seq;
    this.#onGrowth = onGrowth;
    this.#stop = channel.listen(
      (changes) => {
        // Earlier changes are read while catching up.
        if (this.#isCaughtUp) this.#receive(changes);
      },
      () => {
        this.#isVoid = true;
      },
    );
  }

  /**
   * @param anew true: ignore the persisted index
   * @param slow called when the whole channel has to be read
   */
  static async open(
    hub: Hub,
    account: string,
    {
      rebuild,
      onRebuild,
      onGrowth,
    }: { readonly rebuild: boolean; readonly onRebuild: () => void; readonly onGrowth: () => void },
  ): Promise<AccountIndex> {
    const channel = await hub.channel(`${account}/wakatime`);
    const { stored, found } = await PersistedIndex.open(hub.store, account);
    const usable = rebuild ? undefined : found;
    if (rebuild) stored.discard();
    if (usable === undefined && channel.position.seq > 0) onRebuild();
    const index = new AccountIndex(
      hub,
      channel,
      stored,
      usable?.beats ?? new HeartbeatColumns(),
      usable?.seq ?? 0,
      onGrowth,
    );
    try {
      await index.#catchUp(onRebuild);
    } catch (error) {
      index.close();
      throw error;
    }
    return index;
  }

  get beats(): HeartbeatColumns {
    return this.#beats;
  }

  /** Number of changes that are not persisted. */
  get unpersisted(): number {
    return this.#unpersisted;
  }

  /**
   * Loads the days that a request about these moments needs.
   * @returns false when the index on disk is no longer the one that was opened
   */
  async load(range: TimeRange): Promise<boolean> {
    if (this.#isVoid) return false;
    const { first, last } = utcDaysOf(range);
    for (let from = first; ; ) {
      if (!(await this.#settle())) return false;
      const missing = [...this.#beats.missing(from * day, last * day + day)];
      // The profile shows the newest heartbeat, so the last day is always loaded.
      const { lastDay } = this.#beats;
      if (lastDay !== undefined && !this.#beats.has(lastDay) && !missing.includes(lastDay)) missing.push(lastDay);
      if (missing.length > 0) {
        if (!(await this.#fetch(missing))) return false;
      } else if (this.#pending.length === 0) {
        if (!needsDayBefore(this.#beats, from)) return true;
        from -= 1;
      }
    }
  }

  /**
   * Persists what has changed since the last time.
   * @returns false when another node has persisted first: this index must not be used any more
   */
  persist(): Promise<boolean> {
    this.#persisting ??= this.#persist().finally(() => {
      this.#persisting = undefined;
    });
    return this.#persisting;
  }

  /** Receives no further changes. The columns stay as they are. */
  close(): void {
    this.#stop();
  }

  async #persist(): Promise<boolean> {
    if (this.#pending.length > 0 && !(await this.#settle())) return false;
    if (this.#unpersisted === 0) return true;
    this.#unpersisted = 0;
    return this.#stored.persist(this.#beats, this.#seq, this.#hub.world.now());
  }

  async #catchUp(onRebuild: () => void): Promise<void> {
    for (let pages = 0; ; pages += 1) {
      // Read from the store itself, because a channel would cache the pages.
      const since = await this.#hub.store.since(this.#channel.name, this.#seq, pageSize);
      if (!since.ok) {
        onRebuild();
        this.#stored.discard();
        this.#beats = new HeartbeatColumns();
        this.#seq = 0;
        continue;
      }
      this.#receive(since.changes);
      if (!since.more) this.#seq = Math.max(this.#seq, since.head.seq);
      if (!(await this.#settle()))
        throw new Error(`${this.#channel.name}: the persisted index changed while it was read`);
      this.#isCaughtUp = !since.more && this.#channel.position.seq <= this.#seq;
      if (this.#isCaughtUp) return;
      if (pages > 0) onRebuild();
    }
  }

  #receive(changes: readonly LiveChange[]): void {
    for (const change of changes) {
      if (change.seq <= this.#seq) continue;
      this.#seq = change.seq;
      this.#pending.push(change);
      this.#unpersisted += 1;
    }
    this.#apply();
    if (this.#unpersisted >= persistAfter) this.#onGrowth();
  }

  /** Applies pending changes up to the first whose days are not in memory. */
  #apply(): void {
    let applied = 0;
    for (const { kind, key, time, value, parsed } of this.#pending) {
      if (this.#beats.daysOf(key, time).some((number) => !this.#isHere(number))) break;
      applied += 1;
      const known = parsed instanceof ParsedHeartbeat ? parsed : undefined;
      const heartbeat =
        kind === 'delete' || value === null ? undefined : (known?.heartbeat ?? readHeartbeat(value, time));
      if (heartbeat === undefined || time === null) this.#beats.remove(key);
      else this.#beats.add(key, time, heartbeat, known?.own);
    }
    if (applied > 0) this.#pending.splice(0, applied);
  }

  #isHere(number: number): boolean {
    return this.#beats.has(number) || this.#beats.outline(number) === undefined;
  }

  /**
   * Loads the days of all pending changes and applies them.
   * @returns as `load`
   */
  async #settle(): Promise<boolean> {
    while (this.#pending.length > 0) {
      const days = new Set(this.#pending.flatMap(({ key, time }) => this.#beats.daysOf(key, time)));
      const missing = [...days].filter((number) => !this.#isHere(number)).sort((a, b) => a - b);
      if (missing.length > 0 && !(await this.#fetch(missing))) return false;
      this.#apply();
    }
    return true;
  }

  async #fetch(days: readonly number[]): Promise<boolean> {
    const fetched = await this.#stored.fetch(this.#beats, days);
    this.#apply();
    return fetched;
  }
}

/**
 * True if the day's heartbeats may inherit project, branch or language from the previous day, which must then be loaded too. An empty
 * day ends the chain: no timeout exceeds a day.
 */
function needsDayBefore(beats: HeartbeatColumns, number: number): boolean {
  return beats.contexts.inherits && beats.alwaysInherits(number);
}

interface OpeningIndex {
  readonly index: Promise<AccountIndex>;
  /** Resolves with true once it is known that the whole channel has to be read. */
  readonly needsRebuild: Promise<boolean>;
}

export class AccountIndexes {
  readonly #hub: Hub;
  /** Ordered by use: the account of the latest request is last. */
  readonly #open = new Map<string, OpeningIndex>();
  readonly #ready = new Map<string, AccountIndex>();
  /** Changes of accounts whose index is not open, counted. */
  readonly #unseenChanges = new Map<string, number>();
  readonly #limit: number;
  readonly #ends: readonly (() => void)[];

  /** @param limit bytes of memory for all accounts together */
  constructor(hub: Hub, limit = memoryLimit) {
    this.#hub = hub;
    this.#limit = limit;
    this.#ends = [
      hub.watch(({ name }, changes) => {
        if (name.endsWith('/wakatime') && !name.startsWith('@')) this.#countChanges(name.slice(0, -9), changes.length);
      }),
      hub.atDrain(async () => {
        await Promise.all([...this.#ready.keys()].map((account) => this.#persist(account)));
      }),
    ];
  }

  /** The account's columns with every commit that is on disk by now; at least the days of these moments are loaded. */
  async of(account: string, range: TimeRange = everything): Promise<HeartbeatColumns> {
    const { first, last } = utcDaysOf(range);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      // After a second failure the persisted index itself must be wrong.
      const opened = this.#openIndex(account, attempt > 1);
      if (last - first < directDays && (await opened.needsRebuild) && !this.#ready.has(account))
        return this.#direct(account, range);
      const index = await opened.index;
      if (await index.load(range)) {
        this.#shrink(account);
        return index.beats;
      }
      this.#drop(account, index);
    }
    throw new Error(`${account}/wakatime: the persisted index could not be read`);
  }

  /** Resolves when the account's index is open, so days can be loaded one by one. Rejects when it cannot be opened. */
  async opened(account: string): Promise<void> {
    await this.#openIndex(account, false).index;
  }

  /** Persists every index and receives no further changes. */
  async close(): Promise<void> {
    for (const end of this.#ends) end();
    await Promise.all([...this.#open.values()].map(({ index }) => index.catch(() => undefined)));
    for (const [account, index] of this.#ready) {
      await this.#persist(account);
      index.close();
    }
  }

  #openIndex(account: string, rebuild: boolean): OpeningIndex {
    const known = this.#open.get(account);
    if (known !== undefined) {
      this.#open.delete(account);
      this.#open.set(account, known);
      return known;
    }
    let settle: (needsRebuild: boolean) => void = () => undefined;
    const needsRebuild = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    const index = AccountIndex.open(this.#hub, account, {
      rebuild,
      onRebuild: () => settle(true),
      onGrowth: () => void this.#persist(account),
    });
    const opened = { index, needsRebuild };
    this.#open.set(account, opened);
    this.#unseenChanges.delete(account);
    index.then(
      (ready) => {
        settle(false);
        if (this.#open.get(account) !== opened) return;
        this.#ready.set(account, ready);
        if (ready.unpersisted >= persistAfter) void this.#persist(account);
      },
      (error: unknown) => {
        settle(false);
        if (this.#open.get(account) === opened) this.#open.delete(account);
        this.#hub.world.log.error({ account, error }, 'wakatime: could not read the heartbeats of an account');
      },
    );
    return opened;
  }

  /** Reads the days from the channel itself, while the index is being rebuilt. */
  async #direct(account: string, range: TimeRange): Promise<HeartbeatColumns> {
    const { store } = this.#hub;
    const { first, last } = utcDaysOf(range);
    const beats = new HeartbeatColumns();
    const read = async (from: number, to: number): Promise<void> => {
      for (let after: { key: string; time: number | null } | undefined; ; ) {
        const range = { from, to, limit: pageSize, ...(after === undefined ? {} : { after }) };
        const items = await store.read(`${account}/wakatime`, range);
        for (const { key, value, time } of items) {
          const heartbeat = readHeartbeat(value, time);
          if (heartbeat !== undefined && time !== null) beats.add(key, time, heartbeat);
        }
        if (items.length < pageSize) return;
        after = items.at(-1);
      }
    };
    await read(first * day, (last + 1) * day);
    const [newest] = await store.read(`${account}/wakatime`, { from: 0, newest: true, limit: 1 });
    if (newest !== undefined && (newest.time ?? 0) >= (last + 1) * day) await read(newest.time ?? 0, end);
    for (let from = first; needsDayBefore(beats, from); from -= 1) await read((from - 1) * day, from * day);
    return beats;
  }

  #countChanges(account: string, changes: number): void {
    if (this.#open.has(account)) return;
    const unseen = (this.#unseenChanges.get(account) ?? 0) + changes;
    this.#unseenChanges.set(account, unseen);
    if (unseen < persistAfter) return;
    const now = this.#hub.world.now() * 1_000;
    this.of(account, { from: now, to: now }).catch(() => undefined);
  }

  /** Persists in the background. Never rejects. */
  async #persist(account: string): Promise<void> {
    const index = this.#ready.get(account);
    if (index === undefined) return;
    try {
      if (await index.persist()) return;
    } catch (error) {
      this.#hub.world.log.warn({ account, error }, 'wakatime: could not keep the days of an account');
    }
    this.#drop(account, index);
  }

  /** Closes an index. Running requests may go on reading its columns; the next request opens another. */
  #drop(account: string, index: AccountIndex): void {
    index.close();
    if (this.#ready.get(account) !== index) return;
    this.#ready.delete(account);
    this.#open.delete(account);
  }

  /** Closes the least recently used indexes until the rest fits the limit. */
  #shrink(current: string): void {
    let bytes = 0;
    for (const { beats } of this.#ready.values()) bytes += beats.bytes;
    for (const account of this.#open.keys()) {
      if (bytes <= this.#limit) return;
      const index = this.#ready.get(account);
      if (index === undefined || account === current) continue;
      bytes -= index.beats.bytes;
      void this.#persist(account);
      this.#drop(account, index);
    }
  }
}
