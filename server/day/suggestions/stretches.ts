// Unassigned time as stretches, each of which is one question. A short glance at something else does not end a stretch, a short gap
// neither; what is about something else for longer is a stretch of its own.

import type { MergedDay } from '../engine/answer.ts';
import type { DayEvent } from '../engine/evidence.ts';
import {
  type DayInterval,
  type DayIntervals,
  intersectIntervals,
  lengthOf,
  uniteIntervals,
} from '../engine/intervals.ts';

const second = 1_000_000;
/** A break about something else that is shorter than this does not end a stretch. */
const hysteresis = 90 * second;
/** One item, however long, is a glance; so many are none. */
const leastOthers = 3;
const longestGap = 300 * second;
/** Time that says nothing at all for longer is a stretch of its own: it may be about anything. */
const longestSilence = 360 * second;
/** Shorter stretches are not asked about. */
export const shortestStretch = 180 * second;

/** An event, or a part of one, within unassigned time. Marks last nothing. */
export interface StretchItem {
  readonly event: DayEvent;
  readonly from: number;
  readonly to: number;
}

export interface UnassignedStretch {
  readonly from: number;
  readonly to: number;
  /** The unassigned time in it. */
  readonly spans: DayIntervals;
  /** Microseconds: the length of `spans`. */
  readonly time: number;
  readonly items: readonly StretchItem[];
}

const lanes = new Set(['web', 'window', 'other', 'editor', 'task', 'mob', 'meeting']);

export function unassignedIn({ segments }: Pick<MergedDay, 'segments'>): DayIntervals {
  return uniteIntervals(
    segments.filter(({ project, work }) => project === null && work).map(({ from, to }): DayInterval => [from, to]),
  );
}

/**
 * @param leanOf the project that one item is about; undefined where it says nothing
 * @returns stretches of more than three minutes, in order of time
 */
export function stretchesOf(
  day: Pick<MergedDay, 'segments'>,
  events: readonly DayEvent[],
  leanOf: (event: DayEvent) => string | undefined,
): readonly UnassignedStretch[] {
  const spans = unassignedIn(day);
  const items = clipEvents(events, spans);
  return groupsOf(spans)
    .flatMap((group) => splitByLean(group, itemsWithin(items, group), leanOf))
    .filter(({ time }) => time > shortestStretch);
}

/** Spans with gaps of at most five minutes belong together. */
function groupsOf(spans: DayIntervals): readonly DayIntervals[] {
  const groups: DayInterval[][] = [];
  for (const span of spans) {
    const group = groups.at(-1);
    const end = group?.at(-1)?.[1];
    if (group !== undefined && end !== undefined && span[0] - end <= longestGap) group.push(span);
    else groups.push([span]);
  }
  return groups;
}

function clipEvents(events: readonly DayEvent[], spans: DayIntervals): readonly StretchItem[] {
  const items: StretchItem[] = [];
  const relevant = events.filter(({ lane }) => lanes.has(lane)).sort((a, b) => a.from - b.from || a.to - b.to);
  for (const event of relevant) {
    const { from, to } = event;
    let [low, high] = [0, spans.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((spans[middle]?.[1] ?? 0) <= from) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < spans.length; index += 1) {
      const [begin, end] = spans[index] ?? [0, 0];
      if (begin > to || (begin === to && to > from)) break;
      if (to <= from && begin > from) break;
      items.push({ event, from: Math.max(from, begin), to: Math.min(to, end) });
    }
  }
  return items.sort((a, b) => a.from - b.from);
}

/** @param items in order of their beginning */
function itemsWithin(items: readonly StretchItem[], spans: DayIntervals): readonly StretchItem[] {
  const [begin, end] = [spans[0]?.[0] ?? 0, spans.at(-1)?.[1] ?? 0];
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle]?.from ?? 0) < begin) low = middle + 1;
    else high = middle;
  }
  const within: StretchItem[] = [];
  for (let index = low; index < items.length; index += 1) {
    const item = items[index];
    if (item === undefined || item.from >= end) break;
    within.push(item);
  }
  return within;
}

function splitByLean(
  spans: DayIntervals,
  items: readonly StretchItem[],
  leanOf: (event: DayEvent) => string | undefined,
): readonly UnassignedStretch[] {
  const cuts: number[] = [];
  let current: string | undefined;
  let other: { readonly lean: string; readonly from: number; readonly starts: Set<number>; time: number } | undefined;
  let last = spans[0]?.[0] ?? 0;
  for (const { event, from, to } of items) {
    const lean = leanOf(event);
    if (lean === undefined) continue;
    if (from - last > longestSilence) {
      cuts.push(last, from);
      current = lean;
      other = undefined;
    }
    last = Math.max(last, to);
    current ??= lean;
    if (lean === current) {
      other = undefined;
      continue;
    }
    if (other?.lean !== lean) other = { lean, from, starts: new Set(), time: 0 };
    other.time += to - from;
    other.starts.add(Math.floor(from / second));
    if (other.time < hysteresis || other.starts.size < leastOthers) continue;
    cuts.push(other.from);
    current = lean;
    other = undefined;
  }
  const end = spans.at(-1)?.[1] ?? 0;
  if (current !== undefined && end - last > longestSilence) cuts.push(last);
  const bounds = [spans[0]?.[0] ?? 0, ...cuts, end];
  return bounds.slice(1).flatMap((to, index): UnassignedStretch[] => {
    const begin = bounds[index] ?? to;
    if (begin >= to) return [];
    const own = intersectIntervals(spans, [[begin, to]]);
    const mine = items.flatMap((item): StretchItem[] => {
      if (item.from >= to || (item.to <= begin && item.from < begin)) return [];
      return [{ ...item, from: Math.max(item.from, begin), to: Math.max(item.from, Math.min(item.to, to)) }];
    });
    if (own.length === 0) return [];
    return [{ from: own[0]?.[0] ?? begin, to: own.at(-1)?.[1] ?? to, spans: own, time: lengthOf(own), items: mine }];
  });
}
