// Keeps each account's columns in step with its channel. The persisted index is opened at the first request, days are loaded as they
// are needed, and every later commit is applied. It is persisted again in the background, never while a request waits. What lies on
// disk is persistence.ts'; sums are stats/'.

import type { Channel, LiveChange } from '../../../core/channel.ts';
import type { Hub } from '../../../core/hub.ts';
import { readHeartbeat } from '../model/heartbeat.ts';
import { day, HeartbeatColumns } from './columns.ts';
import { PersistedIndex } from './persistence.ts';
import { ParsedHeartbeat } from './write-heartbeats.ts';

/** Changes read at once: few enough that other requests do not wait long. */
const pageSize = 2_000;
/** Changes after which the index is persisted again. */
const keptAfter = 5_000;
/** Bytes that all accounts together keep in memory. The account of the current request stays in any case. */
const mostBytes = 268_435_456;
/** A request about fewer days reads them from the channel itself while the index is being rebuilt. */
const fewDays = 40;
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
function around({ from, to }: TimeRange): { readonly first: number; readonly last: number } {
  return { first: Math.floor(from / day) - 2, last: Math.floor(to / day) + 1 };
}

class AccountIndex {
  readonly #hub: Hub;
  readonly #channel: Channel;
  readonly #stored: PersistedIndex;
  readonly #stop: () => void;
  /** Called when the changes that are not persisted grow many. */
  readonly #grown: () => void;
  #beats: HeartbeatColumns;
  /** The last step of the channel that was received. */
  #seq = 0;
  #isCaughtUp = false;
  /** Received, but not applied: their days are not in memory yet. */
  #pending: LiveChange[] = [];
  #unkept = 0;
  #keeping: Promise<boolean> | undefined;

  private constructor(
    hub: Hub,
    channel: Channel,
    stored: PersistedIndex,
    beats: HeartbeatColumns,
    seq: number,
    grown: () => void,
  ) {
    this.#hub = hub;
    this.#channel = channel;
    this.#stored = stored;
    this.#beats = beats;
    this.#seq = seq;
    this.#grown = grown;
    this.#stop = channel.listen((changes) => {
      // Changes that come before are found while catching up.
      if (this.#isCaughtUp) this.#take(changes);
    });
  }

  /**
   * @param anew ignore what is persisted
   * @param slow called when the whole channel has to be read
   */
  static async open(
    hub: Hub,
    account: string,
    { anew, slow, grown }: { readonly anew: boolean; readonly slow: () => void; readonly grown: () => void },
  ): Promise<AccountIndex> {
    const channel = await hub.channel(`${account}/wakatime`);
    const { kept: stored, found } = await PersistedIndex.open(hub.store, account);
    const usable = anew ? undefined : found;
    if (anew) stored.discard();
    if (usable === undefined && channel.position.seq > 0) slow();
    const timeline = new AccountIndex(
      hub,
      channel,
      stored,
      usable?.beats ?? new HeartbeatColumns(),
      usable?.seq ?? 0,
      grown,
    );
    try {
      await timeline.#catchUp(slow);
    } catch (error) {
      timeline.close();
      throw error;
    }
    return timeline;
  }

  get beats(): HeartbeatColumns {
    return this.#beats;
  }

  /** Number of changes that are not persisted. */
  get unkept(): number {
    return this.#unkept;
  }

  /**
   * Loads the days that a request about these moments needs.
   * @returns false when what lies on disk is not what this index was opened with
   */
  async load(reach: TimeRange): Promise<boolean> {
    const { first, last } = around(reach);
    for (let from = first; ; ) {
      if (!(await this.#settle())) return false;
      const missing = [...this.#beats.missing(from * day, last * day + day)];
      // The profile shows the newest heartbeat, so the last day is always loaded.
      const { lastDay } = this.#beats;
      if (lastDay !== undefined && !this.#beats.has(lastDay) && !missing.includes(lastDay)) missing.push(lastDay);
      if (missing.length > 0) {
        if (!(await this.#fetch(missing))) return false;
      } else if (this.#pending.length === 0) {
        if (!hangsBefore(this.#beats, from)) return true;
        from -= 1;
      }
    }
  }

  /**
   * Persists what has changed since the last time.
   * @returns false when another node was faster: this index must not be used any more
   */
  keep(): Promise<boolean> {
    this.#keeping ??= this.#keep().finally(() => {
      this.#keeping = undefined;
    });
    return this.#keeping;
  }

  /** Receives no further changes. The columns stay as they are. */
  close(): void {
    this.#stop();
  }

  async #keep(): Promise<boolean> {
    if (this.#pending.length > 0 && !(await this.#settle())) return false;
    if (this.#unkept === 0) return true;
    this.#unkept = 0;
    return this.#stored.keep(this.#beats, this.#seq, this.#hub.world.now());
  }

  async #catchUp(slow: () => void): Promise<void> {
    for (let pages = 0; ; pages += 1) {
      // Read from the store itself, because a channel would cache the pages.
      const since = await this.#hub.store.since(this.#channel.name, this.#seq, pageSize);
      if (!since.ok) {
        slow();
        this.#stored.discard();
        this.#beats = new HeartbeatColumns();
        this.#seq = 0;
        continue;
      }
      this.#take(since.changes);
      if (!since.more) this.#seq = Math.max(this.#seq, since.head.seq);
      if (!(await this.#settle()))
        throw new Error(`${this.#channel.name}: what was stored of it changed while it was read`);
      this.#isCaughtUp = !since.more && this.#channel.position.seq <= this.#seq;
      if (this.#isCaughtUp) return;
      if (pages > 0) slow();
    }
  }

  #take(changes: readonly LiveChange[]): void {
    for (const change of changes) {
      if (change.seq <= this.#seq) continue;
      this.#seq = change.seq;
      this.#pending.push(change);
      this.#unkept += 1;
    }
    this.#apply();
    if (this.#unkept >= keptAfter) this.#grown();
  }

  /** Applies pending changes up to the first whose days are not in memory. */
  #apply(): void {
    let applied = 0;
    for (const { kind, key, time, value, parsed } of this.#pending) {
      if (this.#beats.daysOf(key, time).some((number) => !this.#isHere(number))) break;
      applied += 1;
      const taken = parsed instanceof ParsedHeartbeat ? parsed : undefined;
      const heartbeat =
        kind === 'delete' || value === null ? undefined : (taken?.heartbeat ?? readHeartbeat(value, time));
      if (heartbeat === undefined || time === null) this.#beats.remove(key);
      else this.#beats.add(key, time, heartbeat, taken?.own);
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
function hangsBefore(beats: HeartbeatColumns, number: number): boolean {
  return beats.contexts.inherits && beats.hangs(number);
}

interface Opened {
  readonly timeline: Promise<AccountIndex>;
  /** Resolves with true once it is known that the whole channel has to be read. */
  readonly slow: Promise<boolean>;
}

export class AccountIndexes {
  readonly #hub: Hub;
  /** Ordered by use: the account of the latest request is last. */
  readonly #open = new Map<string, Opened>();
  readonly #here = new Map<string, AccountIndex>();
  /** Changes of accounts whose index is not open, counted. */
  readonly #unheard = new Map<string, number>();
  readonly #limit: number;
  readonly #ends: readonly (() => void)[];

  /** @param limit bytes that all accounts together keep in memory */
  constructor(hub: Hub, limit = mostBytes) {
    this.#hub = hub;
    this.#limit = limit;
    this.#ends = [
      hub.watch(({ name }, changes) => {
        if (name.endsWith('/wakatime') && !name.startsWith('@')) this.#heard(name.slice(0, -9), changes.length);
      }),
      hub.atDrain(() => {
        for (const account of this.#here.keys()) void this.#keep(account);
      }),
    ];
  }

  /** The account's columns with every commit that is on disk by now; at least the days of these moments are loaded. */
  async of(account: string, reach: TimeRange = everything): Promise<HeartbeatColumns> {
    const { first, last } = around(reach);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      // After a second failure the persisted index itself must be wrong.
      const opened = this.#opened(account, attempt > 1);
      if (last - first < fewDays && (await opened.slow) && !this.#here.has(account))
        return this.#direct(account, reach);
      const timeline = await opened.timeline;
      if (await timeline.load(reach)) {
        this.#shrink(account);
        return timeline.beats;
      }
      this.#drop(account, timeline);
    }
    throw new Error(`${account}/wakatime: what was stored of it could not be read`);
  }

  /** Resolves when the account's index is open, so days can be loaded one by one. Rejects when it cannot be opened. */
  async opened(account: string): Promise<void> {
    await this.#opened(account, false).timeline;
  }

  /** Persists every index and receives no further changes. */
  async close(): Promise<void> {
    for (const end of this.#ends) end();
    await Promise.all([...this.#open.values()].map(({ timeline }) => timeline.catch(() => undefined)));
    for (const [account, timeline] of this.#here) {
      await this.#keep(account);
      timeline.close();
    }
  }

  #opened(account: string, anew: boolean): Opened {
    const known = this.#open.get(account);
    if (known !== undefined) {
      this.#open.delete(account);
      this.#open.set(account, known);
      return known;
    }
    let say: (slow: boolean) => void = () => undefined;
    const slow = new Promise<boolean>((resolve) => {
      say = resolve;
    });
    const timeline = AccountIndex.open(this.#hub, account, {
      anew,
      slow: () => say(true),
      grown: () => void this.#keep(account),
    });
    const opened = { timeline, slow };
    this.#open.set(account, opened);
    this.#unheard.delete(account);
    timeline.then(
      (here) => {
        say(false);
        if (this.#open.get(account) !== opened) return;
        this.#here.set(account, here);
        if (here.unkept >= keptAfter) void this.#keep(account);
      },
      (error: unknown) => {
        say(false);
        if (this.#open.get(account) === opened) this.#open.delete(account);
        this.#hub.world.log.error({ account, error }, 'wakatime: could not read the heartbeats of an account');
      },
    );
    return opened;
  }

  /** Reads the days from the channel itself, while the index is being rebuilt. */
  async #direct(account: string, reach: TimeRange): Promise<HeartbeatColumns> {
    const { store } = this.#hub;
    const { first, last } = around(reach);
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
    for (let from = first; hangsBefore(beats, from); from -= 1) await read((from - 1) * day, from * day);
    return beats;
  }

  #heard(account: string, changes: number): void {
    if (this.#open.has(account)) return;
    const unheard = (this.#unheard.get(account) ?? 0) + changes;
    this.#unheard.set(account, unheard);
    if (unheard < keptAfter) return;
    const now = this.#hub.world.now() * 1_000;
    this.of(account, { from: now, to: now }).catch(() => undefined);
  }

  /** Persists in the background. Never rejects. */
  async #keep(account: string): Promise<void> {
    const timeline = this.#here.get(account);
    if (timeline === undefined) return;
    try {
      if (await timeline.keep()) return;
    } catch (error) {
      this.#hub.world.log.warn({ account, error }, 'wakatime: could not keep the days of an account');
    }
    this.#drop(account, timeline);
  }

  /** Closes an index. Requests that hold its columns keep them as they are; the next request opens another. */
  #drop(account: string, timeline: AccountIndex): void {
    timeline.close();
    if (this.#here.get(account) !== timeline) return;
    this.#here.delete(account);
    this.#open.delete(account);
  }

  /** Closes the least recently used indexes until the rest fits the limit. */
  #shrink(result: string): void {
    let bytes = 0;
    for (const { beats } of this.#here.values()) bytes += beats.bytes;
    for (const account of this.#open.keys()) {
      if (bytes <= this.#limit) return;
      const timeline = this.#here.get(account);
      if (timeline === undefined || account === result) continue;
      bytes -= timeline.beats.bytes;
      void this.#keep(account);
      this.#drop(account, timeline);
    }
  }
}
