// The work on a task as one value: the running start, the intervals, and the sum; and the merge of two devices that both worked on it.
// The unit of times is the caller's: seconds, or milliseconds for the lists of kronos.vim of 2019.

import { applyIntervalEdit, type IntervalEdit, intervalEdit, sumOf, type WorkInterval } from './intervals.ts';

export interface Work {
  /** When the running work began; 0 if the task is stopped. */
  readonly active: number;
  readonly last_active: number;
  /** The sum of the intervals, and of work of which only the length is known. */
  readonly worktime: number;
  readonly intervals: readonly WorkInterval[];
}

/** The part of the worktime of which only the length is known: clients of 2018 send no more. */
export function lengthOnly({ worktime, intervals }: Pick<Work, 'worktime' | 'intervals'>): number {
  return Math.max(0, worktime - sumOf(intervals));
}

/**
 * T2: the intervals after a change by a client that knows only the sum. Worktime that it adds lies after the start that it stops, else
 * before `last_active`. Worktime that it takes away is the last interval of that length.
 */
export function placeWork(before: Work, after: Work): readonly WorkInterval[] {
  const { intervals } = before;
  const grown = after.worktime - before.worktime;
  if (grown === 0) return intervals;
  if (grown < 0) {
    const last = intervals.findLast(({ from, to }) => to - from === -grown);
    return last === undefined ? intervals : applyIntervalEdit(intervals, { removed: [last], added: [] });
  }
  const isStop = before.active !== 0 && after.active !== before.active && after.last_active - grown <= before.active;
  const from = isStop ? before.active : after.last_active - grown;
  if (from <= 0) return intervals;
  return applyIntervalEdit(intervals, { removed: [], added: [{ from, to: from + grown }] });
}

/** `after` with its intervals, if it changed only the sum. Work on a start that has an interval already counts once. */
function addUnplacedWork(before: Work, after: Work): Work {
  const stated = intervalEdit(before.intervals, after.intervals);
  if (stated.removed.length + stated.added.length > 0) return after;
  const intervals = placeWork(before, after);
  if (intervals === before.intervals) return after;
  return { ...after, intervals, worktime: lengthOnly(before) + sumOf(intervals) };
}

/**
 * T3: applies the change from `base` to `ours` to `current`. No interval of either side is lost, and one start that both stopped is one
 * interval, up to the later stop. A start counts as stopped if an interval of the other side covers it.
 */
export function mergeWork(base: Work, current: Work, ours: Work): Work {
  const [theirs, mine] = [addUnplacedWork(base, current), addUnplacedWork(base, ours)];
  const edit: IntervalEdit = intervalEdit(base.intervals, mine.intervals);
  const intervals = applyIntervalEdit(theirs.intervals, edit);
  const isRunning = (start: number) => start !== 0 && !intervals.some(({ from, to }) => from <= start && start < to);
  const stopped = [theirs, mine].some(({ active }) => active !== base.active) ? base.active : 0;
  const starts = [theirs.active, mine.active].filter((start) => start !== stopped && isRunning(start));
  const lengths = lengthOnly(theirs) + lengthOnly(mine) - lengthOnly(base);
  return {
    active: starts.length === 0 ? 0 : Math.min(...starts),
    last_active: mergeLastActive(base, theirs, mine),
    worktime: Math.max(0, lengths) + sumOf(intervals),
    intervals,
  };
}

function mergeLastActive(base: Work, theirs: Work, mine: Work): number {
  if (theirs.last_active === base.last_active) return mine.last_active;
  if (mine.last_active === base.last_active) return theirs.last_active;
  return Math.max(theirs.last_active, mine.last_active);
}
