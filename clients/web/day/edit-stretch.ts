// A change of a stretch of the day as one edit of entries (`POST /-/entries`), which one revert undoes. Pure.

import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { TimelineBlock } from './timeline.ts';

const minute = 60_000_000;

/** As the channel `entries` has it. */
export interface StatedEntry {
  readonly project?: string;
  readonly task?: string;
  readonly text?: string;
  readonly tags?: readonly string[];
  readonly category?: string;
  readonly removes?: boolean;
}

export interface EntryOfDay {
  readonly key: string;
  readonly item: StatedEntry;
  /** Microseconds since 1970, of the whole entry. */
  readonly from: number;
  readonly to: number;
}

export type TimeSpan = readonly [from: number, to: number];

export interface EditedStretch {
  readonly from: number;
  readonly to: number;
  /** The parts in which the person was there; one part for an empty stretch. */
  readonly spans: readonly TimeSpan[];
  readonly project: string | null;
  readonly task: string | null;
  /** The entry that the stretch is; undefined if it comes from something else. */
  readonly entry: EntryOfDay | undefined;
}

/** The body of `POST /-/entries`. */
export type EntryRequest =
  | { readonly do: 'assign'; readonly spans: readonly TimeSpan[]; readonly item: StatedEntry }
  | {
      readonly do: 'change';
      readonly key: string;
      readonly item: StatedEntry;
      readonly from?: number;
      readonly to?: number;
    }
  | { readonly do: 'move'; readonly key: string; readonly from: number; readonly to: number }
  | { readonly do: 'split'; readonly key: string; readonly at: number }
  | { readonly do: 'join' | 'delete'; readonly keys: readonly string[] };

type Segment = MergedDayView['segments'][number];

/** @param entryOf finds an entry by its key */
export function stretchOf(
  { from, to, project, segments }: Pick<TimelineBlock, 'from' | 'to' | 'project' | 'segments'>,
  entryOf: (key: string) => EntryOfDay | undefined,
): EditedStretch {
  const tasks = new Set(segments.map(({ task }) => task));
  const keys = new Set(segments.map(entryKeyOf));
  const [key] = keys;
  const entry = keys.size === 1 && key !== undefined ? entryOf(key) : undefined;
  const [task = null] = tasks;
  return { from, to, spans: unite(segments), project, task: tasks.size === 1 ? task : null, entry };
}

/** An empty stretch, to add time to. */
export function emptyStretch(from: number, to: number): EditedStretch {
  return { from, to, spans: [[from, to]], project: null, task: null, entry: undefined };
}

function entryKeyOf({ lane, evidence }: Segment): string | undefined {
  return lane === 'manual' && evidence[0]?.channel === 'entries' ? evidence[0].keys[0] : undefined;
}

function unite(segments: readonly Segment[]): readonly TimeSpan[] {
  const spans: [number, number][] = [];
  for (const { from, to } of segments) {
    const last = spans.at(-1);
    if (last !== undefined && last[1] === from) last[1] = to;
    else spans.push([from, to]);
  }
  return spans;
}

/** States what a stretch was: a part of it, all of it, or more. */
export function assignStretch(
  { from, to, spans, entry }: EditedStretch,
  wanted: { readonly from: number; readonly to: number; readonly item: StatedEntry },
): EntryRequest {
  const isWhole = wanted.from === from && wanted.to === to;
  if (entry !== undefined) {
    const item = { ...withoutSubject(entry.item), ...wanted.item };
    // The ends of an entry may lie in another day, or below a later entry: only an end that was moved moves.
    const ends = {
      from: wanted.from === from ? entry.from : wanted.from,
      to: wanted.to === to ? entry.to : wanted.to,
    };
    return { do: 'change', key: entry.key, item, ...(isWhole ? {} : ends) };
  }
  const isPart = wanted.from >= from && wanted.to <= to;
  const parts = spans
    .map(([begin, end]): TimeSpan => [Math.max(begin, wanted.from), Math.min(end, wanted.to)])
    .filter(([begin, end]) => end > begin);
  return {
    do: 'assign',
    spans: isPart && parts.length > 0 ? parts : [[wanted.from, wanted.to]],
    item: wanted.item,
  };
}

function withoutSubject({ project: _, task: __, text: ___, ...rest }: StatedEntry): StatedEntry {
  return rest;
}

/** "I was not here": the time is not counted. */
export function removeStretch({ spans, entry }: EditedStretch): EntryRequest {
  return entry === undefined ? { do: 'assign', spans, item: { removes: true } } : { do: 'delete', keys: [entry.key] };
}

function subjectOf({ project, task }: Pick<EditedStretch, 'project' | 'task'>): StatedEntry {
  return { ...(project === null ? {} : { project }), ...(task === null ? {} : { task }) };
}

/** The neighbour becomes what the stretch is; two entries become one. */
export function joinStretches(stretch: EditedStretch, neighbour: EditedStretch): EntryRequest {
  if (stretch.entry !== undefined && neighbour.entry !== undefined) {
    return { do: 'join', keys: [stretch.entry.key, neighbour.entry.key] };
  }
  const between: TimeSpan = stretch.to <= neighbour.from ? [stretch.to, neighbour.from] : [neighbour.to, stretch.from];
  const spans = between[1] > between[0] ? [between, ...neighbour.spans] : neighbour.spans;
  return { do: 'assign', spans: [...spans].sort((a, b) => a[0] - b[0]), item: subjectOf(stretch) };
}

export interface EdgeMove {
  readonly side: 'from' | 'to';
  /** Where the edge is put. */
  readonly at: number;
  /** The stretch on the other side of the edge; undefined if there is none. */
  readonly neighbour: EditedStretch | undefined;
}

/**
 * Moves an edge. What the stretch gains becomes what the stretch is. What it loses becomes the neighbour's if they touch, and is no time
 * of the person otherwise.
 * @returns undefined if nothing changes
 */
export function moveEdge(stretch: EditedStretch, { side, at, neighbour }: EdgeMove): EntryRequest | undefined {
  const { from, to, entry } = stretch;
  const edge = side === 'from' ? from : to;
  if (at === edge || (side === 'from' ? at >= to : at <= from)) return undefined;
  if (entry !== undefined) {
    return {
      do: 'move',
      key: entry.key,
      ...(side === 'from' ? { from: at, to: entry.to } : { from: entry.from, to: at }),
    };
  }
  const changed: TimeSpan = at < edge ? [at, edge] : [edge, at];
  const isGain = (side === 'from') === at < edge;
  if (isGain) return { do: 'assign', spans: [changed], item: subjectOf(stretch) };
  const touches = neighbour !== undefined && (side === 'from' ? neighbour.to === from : neighbour.from === to);
  const item = touches && neighbour.project !== null ? subjectOf(neighbour) : { removes: true };
  return { do: 'assign', spans: clip(stretch.spans, changed), item };
}

function clip(spans: readonly TimeSpan[], [from, to]: TimeSpan): readonly TimeSpan[] {
  return spans
    .map(([begin, end]): TimeSpan => [Math.max(begin, from), Math.min(end, to)])
    .filter(([begin, end]) => end > begin);
}

/** The empty stretch around a moment, between what is recorded before and after; at most until now. */
export function emptyAround(
  { from, to, segments }: Pick<MergedDayView, 'from' | 'to' | 'segments'>,
  moment: number,
  now: number,
): EditedStretch | undefined {
  const before = segments.reduce((last, one) => (one.to <= moment ? Math.max(last, one.to) : last), from);
  const after = segments.reduce(
    (first, one) => (one.from > moment ? Math.min(first, one.from) : first),
    Math.min(to, now),
  );
  const isInside = segments.some((one) => one.from <= moment && moment < one.to);
  return isInside || after - before < minute ? undefined : emptyStretch(before, after);
}

/** The default place of added time: the longest gap between the first and the last, or the hour before. */
export function likelyEmpty(day: Pick<MergedDayView, 'from' | 'to' | 'segments'>, now: number): EditedStretch {
  const { segments } = day;
  let longest: TimeSpan = [0, 0];
  for (const [index, { to }] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next.from - to > longest[1] - longest[0]) longest = [to, next.from];
  }
  if (longest[1] - longest[0] >= minute) return emptyStretch(...longest);
  const end = segments[0]?.from ?? Math.min(now, day.from + 10 * 60 * minute);
  return emptyStretch(Math.max(day.from, end - 60 * minute), Math.max(day.from + minute, end));
}

/** Minutes since the beginning of the calendar day, of `9:05` or `09:05`; undefined for anything else. */
function minutesOf(clock: string): number | undefined {
  const [, hours = '', minutes = ''] = /^(\d\d?):(\d\d)$/.exec(clock) ?? [];
  return hours === '' ? undefined : Number(hours) * 60 + Number(minutes);
}

/** A moment as a time field has it: `09:05`, in the zone of the day. */
export function clockOf(moment: number, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(
    moment / 1_000,
  );
}

/**
 * The moment of a time of day, within the day: days of 23 and 25 hours and days that begin at 4:00 are what they are.
 * @param near decides between two moments of the same clock, in an hour that comes twice
 * @returns undefined if the day has no such moment
 */
export function momentOfClock(
  { from, to, zone }: Pick<MergedDayView, 'from' | 'to' | 'zone'>,
  clock: string,
  near: number,
): number | undefined {
  const wanted = minutesOf(clock);
  if (wanted === undefined) return undefined;
  const begin = minutesOf(clockOf(from, zone)) ?? 0;
  const first = from + ((wanted - begin + 1_440) % 1_440) * minute;
  const found = [-60, 0, 60, 1_440]
    .map((shift) => first + shift * minute)
    .filter((moment) => moment >= from && moment <= to && minutesOf(clockOf(moment, zone)) === wanted);
  return found.sort((a, b) => Math.abs(a - near) - Math.abs(b - near))[0];
}
