// The tools that every reader of evidence shares: the span it is asked for, what it gives, how facts of equal content become one object, and how
// devices are called.

import { dropOldest } from '../../core/bounded.ts';
import type { Change } from '../../core/store.ts';
import type { DayEvent, DayFacts, DayHeartbeat } from '../engine/evidence.ts';

/** [from, to), in microseconds since 1970. */
export interface DaySpan {
  readonly from: number;
  readonly to: number;
}

/** The evidence of one channel within a span. Never changed once it is made: an equal object means equal evidence. */
export interface ChannelEvidence {
  readonly events: readonly DayEvent[];
  readonly heartbeats: readonly DayHeartbeat[];
  /** A heartbeat says "as before": what it means depends on those before it. */
  readonly inherits?: boolean;
}

/** True if the store gives an item for a span. */
export function isWithin({ time, end }: Pick<Change, 'time' | 'end'>, { from, to }: DaySpan): boolean {
  return time !== null && time < to && (time >= from || (end !== null && end > from));
}

/**
 * A list after changes of a channel.
 * @param make what a changed item is now; undefined where it is nothing to the list
 * @returns the same list where nothing in it changed
 */
export function takeChanges<T extends { readonly key: string }>(
  list: readonly T[],
  changes: readonly Change[],
  make: (change: Change) => T | undefined,
  compare: (a: T, b: T) => number,
): readonly T[] {
  const latest = new Map<string, Change>();
  for (const change of changes) if (change.seq >= (latest.get(change.key)?.seq ?? 0)) latest.set(change.key, change);
  const kept = list.filter(({ key }) => !latest.has(key));
  const added = [...latest.values()].map(make).filter((made) => made !== undefined);
  if (added.length === 0 && kept.length === list.length) return list;
  return [...kept, ...added].sort(compare);
}

export const noEvidence: ChannelEvidence = { events: [], heartbeats: [] };

/** '' where the field is no text. */
export function textIn(value: Readonly<Record<string, unknown>>, name: string): string {
  return textOf(value[name]);
}

/** '' where it is no text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const mostShared = 20_000;

/** Facts by a text that they are made from, so that the engine classifies equal content once. */
export class SharedFacts {
  readonly #known = new Map<string, Map<string, DayFacts>>();
  #count = 0;

  /** @param kind of what the text says: equal texts of two kinds are two facts */
  of(kind: string, text: string, make: () => DayFacts): DayFacts {
    const known = this.#known.get(kind)?.get(text);
    if (known !== undefined) return known;
    if (this.#count >= mostShared) this.#dropOne();
    const ofKind = this.#known.get(kind) ?? new Map<string, DayFacts>();
    this.#known.set(kind, ofKind);
    const made = make();
    ofKind.set(text, made);
    this.#count += 1;
    return made;
  }

  /** Forgets the oldest facts of the kind that has most. */
  #dropOne(): void {
    const [largest] = [...this.#known.values()].sort((one, other) => other.size - one.size);
    if (largest === undefined) return;
    dropOldest(largest, largest.size - 1);
    this.#count -= 1;
  }
}

/** Only what is said: no field is there with nothing in it. */
export function factsOf(fields: Omit<DayFacts, 'tags'>): DayFacts {
  const { project, task, app, title, url, host, path, branch, language, room, category } = fields;
  const facts: { -readonly [Name in keyof DayFacts]: DayFacts[Name] } = {};
  // A list of names takes four times as long.
  if (project !== undefined && project !== '') facts.project = project;
  if (task !== undefined && task !== '') facts.task = task;
  if (app !== undefined && app !== '') facts.app = app;
  if (title !== undefined && title !== '') facts.title = title;
  if (url !== undefined && url !== '') facts.url = url;
  if (host !== undefined && host !== '') facts.host = host;
  if (path !== undefined && path !== '') facts.path = path;
  if (branch !== undefined && branch !== '') facts.branch = branch;
  if (language !== undefined && language !== '') facts.language = language;
  if (room !== undefined && room !== '') facts.room = room;
  if (category !== undefined && category !== '') facts.category = category;
  return facts;
}

/** The host name of an address; '' where it is none. */
export function hostOf(url: string): string {
  return url !== '' && URL.canParse(url) ? new URL(url).hostname : '';
}

const unnamed: ReadonlySet<string> = new Set(['', 'unknown', 'localhost', 'unknown hostname']);

/** How the account calls its devices: letter case does not count, and settings may join several host names. */
export class DeviceNames {
  readonly #names = new Map<string, string>();

  /** @param joined other host names by the name that the device shall have */
  constructor(joined: Readonly<Record<string, readonly string[]>>) {
    for (const [name, others] of Object.entries(joined)) {
      for (const other of others) this.#names.set(other.toLowerCase(), name.toLowerCase());
    }
  }

  /** @returns '' for a host name that names nothing */
  of(hostname: string): string {
    const lower = hostname.trim().toLowerCase();
    return unnamed.has(lower) ? '' : (this.#names.get(lower) ?? lower);
  }
}
