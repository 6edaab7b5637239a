// Changes the intervals of one task, as pure functions. The worktime follows, so that it stays their sum.

import { applyIntervalEdit, type IntervalEdit, sumOf, type WorkInterval } from './intervals.ts';
import { type PlainTask, withWork, workOf } from './plain.ts';
import { lengthOnly } from './work.ts';

/** Adds an interval. One that does not last changes nothing. */
export function withInterval(task: PlainTask, interval: WorkInterval): PlainTask {
  return interval.to <= interval.from ? task : editIntervals(task, { removed: [], added: [interval] });
}

/** `last_active` becomes the end of the last interval, unless the task was active later without an interval. */
export function editIntervals(task: PlainTask, edit: IntervalEdit): PlainTask {
  const before = workOf(task);
  const intervals = applyIntervalEdit(before.intervals, edit);
  const lastOf = (all: readonly WorkInterval[]) => all.reduce((last, { to }) => Math.max(last, to), 0);
  const isOwn = before.last_active === lastOf(before.intervals);
  const last_active = isOwn ? lastOf(intervals) : Math.max(before.last_active, lastOf(intervals));
  return withWork(task, { ...before, last_active, intervals, worktime: lengthOnly(before) + sumOf(intervals) });
}
