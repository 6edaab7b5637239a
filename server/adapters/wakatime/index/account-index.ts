// Keeps each account's Beats in step with its channel: what was kept on disk is opened when somebody first asks, days are read as
// they are asked for, and every commit is told from then on. Kept again in the background, never on the way of a request. What
// lies on disk is kept.ts', what the heartbeats add up to credit.ts'.

import type { Channel, LiveChange } from '../../../core/channel.ts';
import type { Hub } from '../../../core/hub.ts';
import { readHeartbeat } from '../model/heartbeat.ts';
import { Beats, day } from './columns.ts';
import { Kept } from './persistence.ts';
import { ParsedHeartbeat } from './write-heartbeats.ts';

/** Few enough that nobody else waits long while one is taken in. */
const pageSize = 2_000;
/** Changes after which all is kept again. */
const keptAfter = 5_000;
/** Bytes of all accounts together that stay in memory; the one asked last stays in any case. */
const mostBytes = 268_435_456;
/** So many days are read one by one rather than waited for, while the others are being made from the channel. */
const fewDays = 40;
const attempts = 5;
const end = Number.MAX_SAFE_INTEGER;

/** The moments that a question is about: [from, to), in microseconds since 1970. */
export interface Reach {
  readonly from: number;
  readonly to: number;
}

const everything: Reach = { from: 0, to: end };

/** The days of UTC, by number, that answers about these moments look at: there are timeouts and zones. */
function around({ from, to }: Reach): { readonly first: number; readonly last: number } {
  return { first: Math.floor(from / day) - 2, last: Math.floor(to / day) + 1 };
}

class Timeline {
  readonly #hub: Hub;
  readonly #channel: Channel;
  readonly #kept: Kept;
  readonly #stop: () => void;
  /** Told of more and more changes that are not kept yet. */
  readonly #grown: () => void;
  #beats: Beats;
  /** The last step of the channel that was taken. */
  #seq = 0;
  #isCaughtUp = false;
  /** Taken and not applied yet: their days are not in memory. */
  #pending: LiveChange[] = [];
  #unkept = 0;
  #keeping: Promise<boolean> | undefined;

  private constructor(hub: Hub, channel: Channel, kept: Kept, beats: Beats, seq: number, grown: () => void) {
    this.#hub = hub;
    this.#channel = channel;
    this.#kept = kept;
    this.#beats = beats;
    this.#seq = seq;
    this.#grown = grown;
    this.#stop = channel.listen((changes) => {
      // What is heard before that is found on the way there.
      if (this.#isCaughtUp) this.#take(changes);
    });
  }

  /**
   * @param anew whether what was kept is of no use
   * @param slow called when all has to be read from the channel
   */
  static async open(
    hub: Hub,
    account: string,
    { anew, slow, grown }: { readonly anew: boolean; readonly slow: () => void; readonly grown: () => void },
  ): Promise<Timeline> {
    const channel = await hub.channel(`${account}/wakatime`);
    const { kept, found } = await Kept.open(hub.store, account);
    const usable = anew ? undefined : found;
    if (anew) kept.discard();
    if (usable === undefined && channel.position.seq > 0) slow();
    const timeline = new Timeline(hub, channel, kept, usable?.beats ?? new Beats(), usable?.seq ?? 0, grown);
    try {
      await timeline.#catchUp(slow);
    } catch (error) {
      timeline.close();
      throw error;
    }
    return timeline;
  }

  get beats(): Beats {
    return this.#beats;
  }

  /** Changes that are not kept. */
  get unkept(): number {
    return this.#unkept;
  }

  /**
   * Has the days in memory that answers about these moments need.
   * @returns false when what lies on disk is not what this timeline was opened with
   */
  async load(reach: Reach): Promise<boolean> {
    const { first, last } = around(reach);
    for (let from = first; ; ) {
      if (!(await this.#settle())) return false;
      const missing = [...this.#beats.missing(from * day, last * day + day)];
      // Who somebody is, is told by the last heartbeat.
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
   * Keeps what has changed since the last time.
   * @returns false when another node was faster: then this timeline is not to be asked any more
   */
  keep(): Promise<boolean> {
    this.#keeping ??= this.#keep().finally(() => {
      this.#keeping = undefined;
    });
    return this.#keeping;
  }

  /** Hears of nothing any more. What it has stays as it is. */
  close(): void {
    this.#stop();
  }

  async #keep(): Promise<boolean> {
    if (this.#pending.length > 0 && !(await this.#settle())) return false;
    if (this.#unkept === 0) return true;
    this.#unkept = 0;
    return this.#kept.keep(this.#beats, this.#seq, this.#hub.world.now());
  }

  async #catchUp(slow: () => void): Promise<void> {
    for (let pages = 0; ; pages += 1) {
      // From the store itself: a channel would hold on to the pages.
      const since = await this.#hub.store.since(this.#channel.name, this.#seq, pageSize);
      if (!since.ok) {
        slow();
        this.#kept.discard();
        this.#beats = new Beats();
        this.#seq = 0;
        continue;
      }
      this.#take(since.changes);
      if (!since.more) this.#seq = Math.max(this.#seq, since.head.seq);
      if (!(await this.#settle()))
        throw new Error(`${this.#channel.name}: what was kept of it changed while it was read`);
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

  /** As far as the days are in memory. */
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

  /** Applies all that is pending. */
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
    const fetched = await this.#kept.fetch(this.#beats, days);
    this.#apply();
    return fetched;
  }
}

/** Whether what the heartbeats of a day say may be said by those before that day. A day without any ends it: no timeout is longer. */
function hangsBefore(beats: Beats, number: number): boolean {
  return beats.contexts.inherits && beats.hangs(number);
}

interface Opened {
  readonly timeline: Promise<Timeline>;
  /** Whether it takes long. */
  readonly slow: Promise<boolean>;
}

export class Timelines {
  readonly #hub: Hub;
  /** The one asked last is the last. */
  readonly #open = new Map<string, Opened>();
  readonly #here = new Map<string, Timeline>();
  /** Changes heard of accounts that are not open. */
  readonly #unheard = new Map<string, number>();
  readonly #limit: number;
  readonly #ends: readonly (() => void)[];

  /** @param limit bytes of all accounts together that stay in memory */
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

  /** The account's heartbeats, with all that is on disk by now; those of the moments that the question is about, at least. */
  async of(account: string, reach: Reach = everything): Promise<Beats> {
    const { first, last } = around(reach);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      // A second failure is no other node's doing.
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
    throw new Error(`${account}/wakatime: what was kept of it could not be read`);
  }

  /** Resolves when the account's days can be read one by one, at once where they were kept; rejects where they cannot be read. */
  async opened(account: string): Promise<void> {
    await this.#opened(account, false).timeline;
  }

  /** Keeps all that is not kept yet, and hears of nothing any more. */
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
    const timeline = Timeline.open(this.#hub, account, {
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

  /** From the channel itself, while all the others are being read. */
  async #direct(account: string, reach: Reach): Promise<Beats> {
    const { store } = this.#hub;
    const { first, last } = around(reach);
    const beats = new Beats();
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

  /** In the background: never rejects. */
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

  /** Whoever has its heartbeats has them as they are now; whoever asks next gets others. */
  #drop(account: string, timeline: Timeline): void {
    timeline.close();
    if (this.#here.get(account) !== timeline) return;
    this.#here.delete(account);
    this.#open.delete(account);
  }

  /** Lets go of those that nobody has asked about for the longest time. */
  #shrink(asked: string): void {
    let bytes = 0;
    for (const { beats } of this.#here.values()) bytes += beats.bytes;
    for (const account of this.#open.keys()) {
      if (bytes <= this.#limit) return;
      const timeline = this.#here.get(account);
      if (timeline === undefined || account === asked) continue;
      bytes -= timeline.beats.bytes;
      void this.#keep(account);
      this.#drop(account, timeline);
    }
  }
}
