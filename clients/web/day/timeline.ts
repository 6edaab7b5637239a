// The layout of the timeline of a day, in pixels: an axis with long empty stretches collapsed, blocks of one project each, and the lanes that
// the day was made of. Pure: a day and a width in, positions out.

import type { MergedDayView } from '../../../protocol/day-answer.ts';

const minute = 60_000_000;
const hour = 60 * minute;
/** Empty stretches longer than this are collapsed. */
const longestGap = hour;
/** Room around what is shown, on both sides of a stretch. */
const margin = 4 * minute;
/** Pixels of a collapsed gap. */
const gapWidth = 30;
/** Pixels below which neighbours are drawn as one. */
const smallest = 1.5;
/** Pixels between two labels of the axis. */
const labelSpace = 56;
const tickSteps = [
  minute,
  5 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
] as const;

export type DayTimeSegment = MergedDayView['segments'][number];
export type DayTimeLane = MergedDayView['lanes'][number];

interface AxisPart {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
  /** True for a collapsed gap. */
  readonly isGap: boolean;
}

export interface TimelineAxis {
  readonly parts: readonly AxisPart[];
  readonly width: number;
}

export interface TimelineBlock {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
  /** null is unassigned. */
  readonly project: string | null;
  readonly work: boolean;
  /** Microseconds: the sum of the segments. */
  readonly time: number;
  readonly segments: readonly DayTimeSegment[];
}

export interface TimelineLane {
  readonly lane: DayTimeLane['lane'];
  readonly sources: readonly { readonly source: string; readonly time: number; readonly spans: readonly PixelSpan[] }[];
}

export type PixelSpan = readonly [x: number, width: number];

export interface TimelineModel {
  readonly axis: TimelineAxis;
  readonly gaps: readonly AxisPart[];
  readonly ticks: readonly { readonly at: number; readonly x: number }[];
  readonly blocks: readonly TimelineBlock[];
  readonly lanes: readonly TimelineLane[];
  /** Where now is; undefined on another day. */
  readonly now: number | undefined;
}

type TimelineDay = Pick<MergedDayView, 'from' | 'to' | 'segments' | 'lanes'>;

/** A part of the day, in microseconds since 1970. */
export interface TimelineView {
  readonly from: number;
  readonly to: number;
}

/** The shortest part that can be looked at. */
const shortestView = 5 * minute;

/** @param width in pixels @param now in microseconds since 1970 @param view a part of the day; all of it by default */
export function timelineOf(day: TimelineDay, width: number, now: number, view?: TimelineView): TimelineModel {
  const isNowShown = now >= (view ?? day).from && now < (view ?? day).to;
  const axis = view === undefined ? wholeAxis(day, width, now) : axisOf([view], width);
  const [first, last] = endsOf(axis);
  return {
    axis,
    gaps: axis.parts.filter(({ isGap }) => isGap),
    ticks: ticksOf(axis, day.from),
    blocks: blocksOf(partOf(day.segments, first, last), axis),
    lanes: lanesOf(day.lanes, axis),
    now: isNowShown ? positionOf(axis, now) : undefined,
  };
}

function wholeAxis(day: TimelineDay, width: number, now: number): TimelineAxis {
  const agents = day.lanes.filter(({ lane }) => lane === 'agent').flatMap(({ intervals }) => intervals);
  const shown = day.segments.map(({ from, to }) => [from, to] as const);
  const isToday = now >= day.from && now < day.to;
  return axisOf(stretchesOf([...shown, ...agents, ...(isToday ? [[now, now] as const] : [])], day), width);
}

/** The first and the last moment of an axis. */
function endsOf({ parts }: TimelineAxis): readonly [from: number, to: number] {
  return [parts[0]?.from ?? 0, parts.at(-1)?.to ?? 0];
}

/**
 * The part of the day that is shown next.
 * @param shown what is shown now
 * @param factor how much longer it becomes: 0.5 shows twice the detail
 * @param around the moment that stays where it is; the middle by default
 * @param by how far it moves, as a share of its length: 0.5 is half of it towards later
 * @returns undefined for the whole day
 */
export function viewAfter(
  day: TimelineDay,
  shown: TimelineAxis,
  { factor = 1, around, by = 0 }: { readonly factor?: number; readonly around?: number; readonly by?: number },
): TimelineView | undefined {
  const [first, last] = endsOf(shown);
  const center = around ?? (first + last) / 2;
  const length = Math.max(shortestView, (last - first) * factor);
  if (length >= day.to - day.from) return undefined;
  const wanted = center - (center - first) * (length / Math.max(1, last - first)) + by * length;
  const from = Math.min(Math.max(day.from, wanted), day.to - length);
  return { from, to: from + length };
}

/** Those of a sorted list that are in a part of the day; found by halving, because a day may have 100,000. */
function partOf<Span extends { readonly from: number; readonly to: number }>(
  spans: readonly Span[],
  first: number,
  last: number,
): readonly Span[] {
  return spans.slice(
    indexOf(spans.length, (at) => (spans[at]?.to ?? 0) > first),
    indexOf(spans.length, (at) => (spans[at]?.from ?? 0) >= last),
  );
}

/** The first index of which something is true that stays true for the rest. */
function indexOf(length: number, isAfter: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function axisOf(stretches: readonly TimelineView[], width: number): TimelineAxis {
  const shown = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const scale = (width - gapWidth * Math.max(0, stretches.length - 1)) / Math.max(1, shown);
  const parts: AxisPart[] = [];
  let x = 0;
  for (const [index, { from, to }] of stretches.entries()) {
    const before = stretches[index - 1];
    if (before !== undefined) {
      parts.push({ from: before.to, to: from, x, width: gapWidth, isGap: true });
      x += gapWidth;
    }
    parts.push({ from, to, x, width: (to - from) * scale, isGap: false });
    x += (to - from) * scale;
  }
  return { parts, width };
}

/** The spans that are shown at full scale, in order, with some room around them. */
function stretchesOf(
  intervals: readonly (readonly [number, number])[],
  day: Pick<TimelineDay, 'from' | 'to'>,
): readonly TimelineView[] {
  const stretches: { from: number; to: number }[] = [];
  for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const last = stretches.at(-1);
    if (last !== undefined && from - last.to <= longestGap) last.to = Math.max(last.to, to);
    else stretches.push({ from, to });
  }
  return stretches.map(({ from, to }) => ({
    from: Math.max(day.from, from - margin),
    to: Math.min(day.to, to + margin),
  }));
}

/** The position of a moment, in pixels; moments outside of the axis are at its ends. */
export function positionOf({ parts, width }: TimelineAxis, moment: number): number {
  const part = parts.find(({ to }) => moment <= to);
  if (part === undefined) return width;
  const share = (moment - part.from) / Math.max(1, part.to - part.from);
  return part.x + Math.max(0, share) * part.width;
}

/** The moment at a position, in microseconds since 1970: the inverse of `positionOf`. */
export function momentAt({ parts }: TimelineAxis, x: number): number {
  const part = parts.find((one) => x <= one.x + one.width) ?? parts.at(-1);
  if (part === undefined) return 0;
  const share = Math.min(1, Math.max(0, (x - part.x) / Math.max(1, part.width)));
  return part.from + share * (part.to - part.from);
}

function ticksOf(axis: TimelineAxis, midnight: number): TimelineModel['ticks'] {
  const scaled = axis.parts.find(({ isGap }) => !isGap);
  if (scaled === undefined) return [];
  const perMicrosecond = scaled.width / (scaled.to - scaled.from);
  const step = tickSteps.find((one) => one * perMicrosecond >= labelSpace) ?? tickSteps[tickSteps.length - 1] ?? hour;
  const ticks: { at: number; x: number }[] = [];
  for (const { from, to, isGap } of axis.parts) {
    if (isGap) continue;
    for (let at = midnight + Math.ceil((from - midnight) / step) * step; at <= to; at += step) {
      const x = positionOf(axis, at);
      // Next to a gap, a label would lie on that of the stretch before.
      if (x - (ticks.at(-1)?.x ?? Number.NEGATIVE_INFINITY) >= labelSpace) ticks.push({ at, x });
    }
  }
  return ticks;
}

/** Neighbours of one project are one block; so is what is too small to be seen, with the greater project of the two. */
function blocksOf(segments: readonly DayTimeSegment[], axis: TimelineAxis): readonly TimelineBlock[] {
  const blocks: { block: TimelineBlock; own: number }[] = [];
  for (const segment of segments) {
    const { from, to, project, work } = segment;
    const x = positionOf(axis, from);
    const width = positionOf(axis, to) - x;
    const next: TimelineBlock = { from, to, x, width, project, work, time: to - from, segments: [segment] };
    const last = blocks.at(-1);
    if (last !== undefined && areOne(last.block, next)) {
      const greater = next.time > last.own && !isSame(last.block, next) ? next : last.block;
      const own = isSame(last.block, next) ? last.own + next.time : Math.max(last.own, next.time);
      blocks[blocks.length - 1] = { block: joinBlocks(last.block, next, greater), own };
    } else blocks.push({ block: next, own: next.time });
  }
  return blocks.map(({ block }) => block);
}

function isSame(a: TimelineBlock, b: TimelineBlock): boolean {
  return a.project === b.project && a.work === b.work;
}

function areOne(last: TimelineBlock, next: TimelineBlock): boolean {
  const distance = next.x - (last.x + last.width);
  if (isSame(last, next)) return distance < smallest;
  return distance < 0.5 && Math.min(last.width, next.width) < smallest && last.width + next.width < 4 * smallest;
}

function joinBlocks(last: TimelineBlock, next: TimelineBlock, { project, work }: TimelineBlock): TimelineBlock {
  return {
    from: last.from,
    to: next.to,
    x: last.x,
    width: next.x + next.width - last.x,
    project,
    work,
    time: last.time + next.time,
    segments: [...last.segments, ...next.segments],
  };
}

const laneOrder: readonly DayTimeLane['lane'][] = [
  'manual',
  'task',
  'mob',
  'meeting',
  'editor',
  'web',
  'window',
  'other',
  'afk',
  'agent',
];

function lanesOf(lanes: readonly DayTimeLane[], axis: TimelineAxis): readonly TimelineLane[] {
  return laneOrder.flatMap((lane) => {
    const sources = lanes
      .filter((one) => one.lane === lane && one.intervals.length > 0)
      .map(({ source, time, intervals }) => ({ source, time, spans: spansOf(intervals, axis) }));
    return sources.length === 0 ? [] : [{ lane, sources }];
  });
}

/** Intervals as pixels; those that touch on the screen are one. */
function spansOf(intervals: DayTimeLane['intervals'], axis: TimelineAxis): readonly PixelSpan[] {
  const spans: [number, number][] = [];
  const [first, last] = endsOf(axis);
  const begin = indexOf(intervals.length, (at) => (intervals[at]?.[1] ?? 0) > first);
  for (const [from, to] of intervals.slice(begin)) {
    if (from >= last) break;
    const x = positionOf(axis, from);
    const end = Math.max(x + 1, positionOf(axis, to));
    const before = spans.at(-1);
    if (before !== undefined && x - (before[0] + before[1]) < 0.75) before[1] = Math.max(before[1], end - before[0]);
    else spans.push([x, end - x]);
  }
  return spans;
}
