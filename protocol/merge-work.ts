// M14: the merge of work that two devices did on one task, in the form in which the devices have it: with lists of starts and stops
// (2019), or with a sum, and intervals if the client knows them. work.ts merges the values.

import {
  formatIntervals,
  intervalEdit,
  pairMoments,
  parseIntervals,
  sumOf,
  type WorkInterval,
  withoutOverlaps,
} from './intervals.ts';
import type { Task } from './messages.ts';
import { same } from './same.ts';
import { mergeWork, type Work } from './work.ts';

function hasLists(task: Task): boolean {
  return task.start !== undefined || task.stop !== undefined;
}

function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The work by the lists, in their unit. */
function workInLists({ start = [], stop = [], active }: Task): Work {
  const { intervals, open } = pairMoments(start, stop);
  const isRunning = Boolean(active);
  return {
    active: isRunning ? (start.at(-1) ?? open) : 0,
    last_active: intervals.at(-1)?.to ?? 0,
    worktime: sumOf(intervals),
    intervals,
  };
}

/** The work by the sum, in seconds. */
function workInSum(task: Task): Work {
  const intervals = parseIntervals(task.intervals);
  return {
    active: asNumber(task.active),
    last_active: asNumber(task.last_active),
    worktime: Math.max(asNumber(task.worktime), sumOf(intervals)),
    intervals,
  };
}

/**
 * @param merged the task with all other fields merged
 * @param base the value that both sides had
 * @returns `merged` with the work of both sides
 */
export function withMergedWork(merged: Task, base: Task, current: Task, ours: Task): Task {
  const isDone = Boolean(merged.done);
  const hasNewLists = !same(base.start, ours.start) || !same(base.stop, ours.stop);
  if (hasLists(merged) && (merged.worktime === undefined || hasNewLists)) {
    const { active, intervals: all } = mergeWork(workInLists(base), workInLists(current), workInLists(ours));
    const intervals = withoutOverlaps(all);
    const running = isDone ? 0 : active;
    const flag = typeof merged.active === 'boolean' ? running !== 0 : Number(running !== 0);
    const { worktime: _, ...rest } = merged;
    return {
      ...rest,
      start: [...intervals.map(({ from }) => from), ...(running === 0 ? [] : [running])],
      stop: intervals.map(({ to }) => to),
      ...(merged.active === undefined ? {} : { active: flag }),
    };
  }
  const { active, last_active, worktime, intervals } = mergeWork(workInSum(base), workInSum(current), workInSum(ours));
  return {
    ...merged,
    active: isDone ? 0 : active,
    last_active,
    worktime,
    ...(merged.intervals === undefined ? {} : { intervals: formatIntervals(intervals) }),
  };
}

/** True if work that `after` has more than `before` is missing in `ours`: clients add work, and seldom take it away. */
export function lacksWork(before: Task, after: Task, ours: Task): boolean {
  const inForm = hasLists(ours) ? workInLists : workInSum;
  const [old, recent, mine] = [inForm(before), inForm(after), inForm(ours)];
  if (recent.worktime > old.worktime && mine.worktime < recent.worktime && !hasLists(ours)) return true;
  const { added } = intervalEdit(old.intervals, recent.intervals);
  // Nobody shortens an interval in lists: one that ends earlier was stopped apart.
  const has = ({ from, to }: WorkInterval) =>
    mine.intervals.some((one) => one.from === from && (one.to >= to || !hasLists(ours)));
  return added.some((one) => !has(one));
}
