// Sums of past days, kept: in memory while somebody asks, and in the derived channel `@derived/day/<account>`. A kept day names the
// position of every large channel that it was computed from, and which items it is made of; a change after that position that touches
// the day makes it void. So a kept day is valid or it is not there, never partial.

import { createHash } from 'node:crypto';
import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';
import type { Change, Op } from '../core/store.ts';
import { type AccountDays, calendarOf, type DayRegistry, fingerprintOf } from './account-days.ts';
import type { DayProject, MergedDay } from './engine/answer.ts';
import type { SummedPresence } from './engine/compute-day.ts';
import { boundsOfDay, type DayCalendar, timeByHour } from './engine/day-calendar.ts';
import type { DayIntervals } from './engine/intervals.ts';
import type { ChannelEvidence, DaySpan } from './readers/reading.ts';
import type { AccountDaySettings } from './registry/settings.ts';
import { type LockedWeeks, lockOf } from './weeks/submitted-weeks.ts';

const format = 2;
const everything = (): boolean => true;
/** More changes than that since a day was kept, and it is computed again rather than looked through. */
const mostChanges = 20_000;
const pageSize = 2_000;
const writeMs = 2_000;
/** Days in one write: the writes of others wait while it is committed. */
const mostAtOnce = 50;
/** Days of one question that are computed side by side. */
const mostTogether = 6;
const dayLength = 86_400_000_000;

export interface DayTotals {
  readonly date: string;
  readonly total: number;
  readonly projects: readonly DayProject[];
  readonly human: number;
  readonly agent: number;
  readonly agent_wall: number;
  readonly attended: number;
}

/** A kept day. */
interface KeptDay {
  readonly format: number;
  /** Of settings, rules and projects. */
  readonly decidedBy: string;
  readonly from: number;
  readonly to: number;
  /** Of large channels without the account: the step up to which they were looked at. */
  readonly positions: Readonly<Record<string, number>>;
  /** Hashes of the keys of the items it is made of, sorted: little-endian 32-bit numbers as base64. */
  readonly keys: string;
  /** Of the evidence of small channels. */
  readonly small: string;
  readonly totals: DayTotals;
  /** Microseconds of `total` in each of the 24 hours of the person's clock. */
  readonly hours: readonly number[];
}

/** The sums of a day, as they are kept and as they are answered. */
type SummedDay = Pick<KeptDay, 'totals' | 'hours'>;

/** Inputs that all days of one question share. */
interface SumsPlan {
  readonly settings: AccountDaySettings;
  readonly registry: DayRegistry;
  readonly calendar: DayCalendar;
  readonly decidedBy: string;
  readonly finals: ReadonlySet<string>;
  readonly locked: LockedWeeks;
}

interface LiveDay {
  readonly kept: KeptDay;
  readonly keys: Uint32Array;
}

export class DaySums {
  readonly #hub: Hub;
  readonly #days: AccountDays;
  readonly #name: string;
  readonly #live = new Map<string, LiveDay>();
  readonly #listened = new Map<string, { readonly channel: Channel; readonly stop: () => void }>();
  /** Of days that are being computed: what was heard meanwhile. */
  readonly #computing = new Set<Change[]>();
  #loaded: Promise<void> | undefined;
  #unwritten = new Set<string>();
  #cancelWrite: (() => void) | undefined;

  constructor(hub: Hub, days: AccountDays) {
    this.#hub = hub;
    this.#days = days;
    this.#name = `@derived/day/${days.account}`;
  }

  /** In the order of the dates. */
  async of(dates: readonly string[]): Promise<readonly DayTotals[]> {
    return (await this.#all(dates)).map(({ totals }) => totals);
  }

  /** In the order of the dates: microseconds of presence in each hour of the person's clock. */
  async hoursOf(dates: readonly string[]): Promise<readonly (readonly number[])[]> {
    return (await this.#all(dates)).map(({ hours }) => hours);
  }

  async #all(dates: readonly string[]): Promise<readonly SummedDay[]> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    await this.#listenToAll();
    const settings = await this.#days.settings();
    const registry = await this.#days.registry(everything);
    const plan = {
      settings,
      registry,
      calendar: calendarOf(settings, undefined),
      decidedBy: digest(`${fingerprintOf(settings)} ${registry.fingerprint}`),
      finals: await this.#days.finalDates(),
      locked: await this.#days.lockedWeeks(),
    };
    const summed: SummedDay[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next; index < dates.length; index = next) {
        next += 1;
        const date = dates[index];
        if (date !== undefined) summed[index] = await this.#sumsOf(date, plan);
      }
    };
    // The store reads some days while others are computed.
    await Promise.all(Array.from({ length: Math.min(mostTogether, dates.length) }, work));
    return summed;
  }

  /** Nothing is heard any more. */
  close(): void {
    this.#cancelWrite?.();
    for (const { stop } of this.#listened.values()) stop();
    this.#listened.clear();
  }

  async #sumsOf(date: string, plan: SumsPlan): Promise<SummedDay> {
    const [from, to] = boundsOfDay(date, plan.calendar);
    const span = { from, to };
    if (to + plan.settings.timeout > this.#hub.world.now() * 1_000) return this.#changing(date, span, plan);
    const parts = await this.#days.smallParts(span);
    const small = fingerprintOfParts(parts);
    const kept = this.#live.get(date)?.kept;
    const isValid = kept?.decidedBy === decidedBy(plan, date) && kept.from === from && kept.small === small;
    return isValid ? kept : this.#compute(date, span, plan, { small, parts });
  }

  /** @param evidence of the small channels, and its fingerprint */
  async #compute(
    date: string,
    span: DaySpan,
    plan: SumsPlan,
    { small, parts }: { readonly small: string; readonly parts: readonly ChannelEvidence[] },
  ): Promise<SummedDay> {
    const listened = [...this.#listened].map(([name, { channel }]) => [name, channel.position.seq] as const);
    const positions = Object.fromEntries(listened);
    const arrived: Change[] = [];
    this.#computing.add(arrived);
    try {
      const final = plan.finals.has(date) ? await this.#days.stored(date) : undefined;
      const large = await this.#days.largeParts(span, plan.settings);
      const computed =
        final === undefined
          ? await this.#days.computeSums(span, [...parts, ...large], plan)
          : { sums: final, presence: presenceIn(final) };
      const summed = summedIn(date, computed, span, plan);
      const keys = hashesOf([...parts, ...large]);
      if (arrived.some((change) => touches(change, span, keys))) return await this.#changing(date, span, plan);
      const text = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength).toString('base64');
      const kept = { format, decidedBy: decidedBy(plan, date), ...span, positions, keys: text, small, ...summed };
      this.#live.set(date, { kept, keys });
      this.#unwritten.add(date);
      this.#cancelWrite ??= this.#hub.world.after(writeMs, () => void this.#write());
      return summed;
    } finally {
      this.#computing.delete(arrived);
    }
  }

  /** Of a day that is not over, or whose evidence changed while it was read: its sums are not kept, its evidence stays in memory. */
  async #changing(date: string, span: DaySpan, plan: SumsPlan): Promise<SummedDay> {
    this.#live.delete(date);
    const day = await this.#days.day({ date, mayRead: everything });
    return summedIn(date, { sums: day, presence: presenceIn(day) }, span, plan);
  }

  /** Large channels are heard from now on; one that is new makes void what was kept without it. */
  async #listenToAll(): Promise<void> {
    for (const name of await this.#days.largeChannels()) {
      if (this.#listened.has(name)) continue;
      const channel = await this.#hub.channel(`${this.#days.account}/${name}`);
      this.#listened.set(name, {
        channel,
        stop: channel.listen(
          (changes) => this.#onChanges(changes),
          () => this.#live.clear(),
        ),
      });
      await this.#catchUp(name, channel);
    }
  }

  /** Looks at what happened in a channel after the positions of the kept days. */
  async #catchUp(name: string, channel: Channel): Promise<void> {
    const positions = [...this.#live.values()].map(({ kept }) => kept.positions[name] ?? 0);
    if (positions.length === 0) return;
    let seq = Math.min(...positions);
    for (let count = 0; ; ) {
      const since = await channel.since(seq, pageSize);
      count += since.ok ? since.changes.length : 0;
      if (!since.ok || count > mostChanges || (seq === 0 && since.changes.length > 0)) {
        this.#live.clear();
        return;
      }
      this.#onChanges(since.changes, name);
      if (!since.more) return;
      seq = since.changes.at(-1)?.seq ?? seq;
    }
  }

  /** @param channel only days that were kept before the change are touched by it */
  #onChanges(changes: readonly Change[], channel?: string): void {
    for (const arrived of this.#computing) arrived.push(...changes);
    for (const [date, { kept, keys }] of this.#live) {
      const after = channel === undefined ? -1 : (kept.positions[channel] ?? 0);
      if (changes.some((change) => change.seq > after && touches(change, kept, keys))) this.#live.delete(date);
    }
  }

  async #load(): Promise<void> {
    for (const { key, value } of await this.#hub.store.read(this.#name, {})) {
      const kept: KeptDay = JSON.parse(value);
      if (kept.format !== format) continue;
      const bytes = Buffer.from(kept.keys, 'base64');
      const keys = new Uint32Array(bytes.byteLength / 4);
      new Uint8Array(keys.buffer).set(bytes);
      this.#live.set(key, { kept, keys });
    }
  }

  /** In the background: never rejects. */
  async #write(): Promise<void> {
    this.#cancelWrite = undefined;
    try {
      const channel = await this.#hub.channel(this.#name);
      for (let ops = this.#nextUnwritten(); ops !== undefined; ops = this.#nextUnwritten()) {
        if (ops.length > 0) await channel.write({ ops, origin: 'day', at: this.#hub.world.now() });
      }
    } catch (error) {
      this.#hub.world.log.warn({ channel: this.#name, error }, 'day: could not keep the sums of days');
    }
  }

  /** @returns the ops of the next write; undefined if there is none */
  #nextUnwritten(): readonly Op[] | undefined {
    const dates = [...this.#unwritten].slice(0, mostAtOnce);
    if (dates.length === 0) return undefined;
    for (const date of dates) this.#unwritten.delete(date);
    return dates.flatMap((date): Op[] => {
      const live = this.#live.get(date);
      return live === undefined ? [] : [{ op: 'put', key: date, value: JSON.stringify(live.kept) }];
    });
  }
}

/** A day of a submitted week is decided by its stored answer, until the week is returned. */
function decidedBy(plan: SumsPlan, date: string): string {
  const lock = lockOf(plan.locked, date);
  return lock === undefined ? plan.decidedBy : `submitted ${lock.seq}`;
}

function summedIn(
  date: string,
  { sums, presence }: SummedPresence,
  { from, to }: DaySpan,
  { calendar }: SumsPlan,
): SummedDay {
  const { total, projects, human, agent, agent_wall, attended } = sums;
  const totals = { date, total, projects, human, agent, agent_wall, attended };
  return { totals, hours: timeByHour(presence, [from, to], calendar) };
}

/** Segments cover presence, without gaps or overlaps. */
export function presenceIn({ segments }: Pick<MergedDay, 'segments'>): DayIntervals {
  return segments.map(({ from, to }) => [from, to]);
}

/** A heartbeat matters to the days behind it, which say "as before", and within the timeout to the one before it. */
function touches({ key, time, end }: Change, { from, to }: DaySpan, keys: Uint32Array): boolean {
  if (time !== null && time < to + dayLength && (end ?? time) >= from - 4 * dayLength) return true;
  return has(keys, hashOf(key));
}

/** FNV-1a, 32 bits: two keys of one hash make a day void once too often, never once too seldom. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function hashesOf(parts: readonly ChannelEvidence[]): Uint32Array {
  const hashes: number[] = [];
  for (const { events, heartbeats } of parts) {
    for (const { key } of events) hashes.push(hashOf(key));
    for (const { key } of heartbeats) hashes.push(hashOf(key));
  }
  return Uint32Array.from(hashes).sort();
}

function has(sorted: Uint32Array, hash: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === hash;
}

function fingerprintOfParts(parts: readonly ChannelEvidence[]): string {
  const some = parts.filter(({ events }) => events.length > 0);
  return some.length === 0 ? '' : digest(JSON.stringify(some.map(({ events }) => events)));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
