// A task with every field present and times in seconds, as our own clients work with it; and its conversion from and to the tasks of
// either client generation (messages.ts).

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
import { emptyValueOf, isPlanningField, type PlanningFields, planningFields, planningOf } from './planning.ts';
import { placeWork, type Work } from './work.ts';

export interface PlainTask extends PlanningFields {
  /** The key of its item in the channel; never shown and never changed. */
  readonly index: string;
  readonly id: number;
  readonly desc: string;
  readonly tags: readonly string[];
  /** Seconds since 1970: when the running work began; 0 if the task is stopped. */
  readonly active: number;
  readonly last_active: number;
  readonly due: number;
  readonly done: number;
  /** Seconds of work, without the running work: the sum of the intervals, and of work of which only the length is known. */
  readonly worktime: number;
  /** When it was worked on, as text (intervals.ts); absent without intervals. */
  readonly intervals?: string;
  /** Fields of Taskwarrior that have no counterpart here (annotations, priority, wait …), as Taskwarrior exports them. */
  readonly taskwarrior?: Readonly<Record<string, unknown>>;
}

export const plainFields = ['id', 'desc', 'tags', 'active', 'last_active', 'due', 'done', 'worktime'] as const;
export type PlainField = (typeof plainFields)[number];
/** All fields of a task that can change: those that lists show, those of planning.ts, and unknown fields of other programs. */
export const taskFields = [...plainFields, ...planningFields, 'intervals', 'taskwarrior'] as const;
export type TaskField = (typeof taskFields)[number];

/** Numbers of at least this size are milliseconds: as seconds they would be after the year 5138. */
const surelyMilliseconds = 100_000_000_000;

export function seconds(time: unknown): number {
  if (typeof time !== 'number') return 0;
  return Math.trunc(Math.abs(time) >= surelyMilliseconds ? time / 1_000 : time);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function milliseconds(time: unknown): number {
  if (typeof time !== 'number') return 0;
  return Math.abs(time) >= surelyMilliseconds ? time : time * 1_000;
}

/** True for a task of 2019, which has no worktime but a list of starts and stops in milliseconds. */
export function isOf2019(task: Task): boolean {
  return task.start !== undefined || task.stop !== undefined;
}

/** The task with these planning fields in place of its own. */
export function withPlanning(task: PlainTask, planning: PlanningFields): PlainTask {
  const {
    priority: _p,
    project: _j,
    wait: _w,
    scheduled: _s,
    every: _e,
    zone: _z,
    needs: _n,
    notes: _o,
    ...own
  } = task;
  return { ...own, ...planning };
}

export function plainOf(index: string, task: Task): PlainTask {
  const { start = [], stop = [], active, last_active: lastActive } = task;
  const { taskwarrior }: Record<string, unknown> = task;
  const { worktime, intervals } = workIn(task);
  return {
    index,
    id: task.id ?? 0,
    desc: task.desc ?? '',
    tags: task.tags ?? [],
    active: active === true || active === 1 ? seconds(start.at(-1) ?? 1) : seconds(active),
    last_active: lastActive === undefined ? seconds(stop.at(-1)) : seconds(lastActive),
    due: seconds(task.due),
    done: seconds(task.done),
    worktime,
    ...(intervals === '' ? {} : { intervals }),
    ...planningOf(task),
    ...(isObject(taskwarrior) ? { taskwarrior } : {}),
  };
}

/** T1: the work on a task of either form. A client that knows only the sum may have taken back an interval (T2). */
function workIn(task: Task): { readonly worktime: number; readonly intervals: string } {
  const { worktime = 0, intervals: stored } = task;
  if (isOf2019(task)) {
    const intervals = inSeconds(pairMoments(task.start ?? [], task.stop ?? []).intervals);
    return { worktime: task.worktime ?? sumOf(intervals), intervals: formatIntervals(intervals) };
  }
  if (typeof stored !== 'string' || stored === '') return { worktime, intervals: '' };
  const stated = parseIntervals(stored);
  const over = sumOf(stated) - worktime;
  if (over <= 0) return { worktime, intervals: stored };
  const rest = stated.filter((one) => one !== stated.findLast(({ from, to }) => to - from === over));
  return { worktime: sumOf(rest), intervals: formatIntervals(rest) };
}

function inSeconds(intervals: readonly WorkInterval[]): readonly WorkInterval[] {
  return intervals
    .map(({ from, to }) => ({ from: seconds(from), to: seconds(to) }))
    .filter(({ from, to }) => to > from);
}

/** The work of a task, for work.ts. */
export function workOf({ active, last_active, worktime, intervals }: PlainTask): Work {
  return { active, last_active, worktime, intervals: parseIntervals(intervals) };
}

/** The task with other work. */
export function withWork(task: PlainTask, { active, last_active, worktime, intervals }: Work): PlainTask {
  const { intervals: _, ...rest } = task;
  const text = formatIntervals(intervals);
  return { ...rest, active, last_active, worktime, ...(text === '' ? {} : { intervals: text }) };
}

/**
 * Writes what changed between `before` and `after` over a task of the wire, in the form of its generation. Unknown fields stay.
 * @param wire undefined for a new task
 * @param before undefined for a new task
 */
export function wireOf(wire: Task | undefined, before: PlainTask | undefined, after: PlainTask): Task {
  const { index: _, tags, ...rest } = after;
  if (wire === undefined || before === undefined) return { ...rest, tags: [...tags] };
  const changed = taskFields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return isOf2019(wire)
    ? over2019(wire, before, after, changed)
    : { ...wire, ...Object.fromEntries(changed.map((field) => [field, writtenValue(after, field)])) };
}

/**
 * The value of a field as it is written: a planning field, or intervals, that are not set are written as empty: an absent field would leave the old
 * value (M6.4).
 */
export function writtenValue(task: PlainTask, field: TaskField): unknown {
  if (field === 'intervals') return task.intervals ?? '';
  return task[field] ?? (isPlanningField(field) ? emptyValueOf(field) : undefined);
}

function over2019(wire: Task, before: PlainTask, after: PlainTask, changed: readonly TaskField[]): Task {
  const { start, stop } = listsAfter(wire, before, after);
  const running = after.active !== 0;
  const active = changed.includes('active')
    ? typeof wire.active === 'number'
      ? Number(running)
      : running
    : wire.active;
  const fields: Record<string, unknown> = {
    id: after.done === 0 ? after.id : -Math.abs(after.id),
    desc: after.desc,
    tags: after.tags,
    due: after.due * 1_000,
    done: after.done * 1_000,
    taskwarrior: after.taskwarrior,
  };
  const plain = changed.flatMap((field) =>
    isPlanningField(field) ? [[field, writtenValue(after, field)]] : field in fields ? [[field, fields[field]]] : [],
  );
  return { ...wire, ...Object.fromEntries(plain), start, stop, ...(active === undefined ? {} : { active }) };
}

/** The lists of starts and stops in milliseconds, with what changed between `before` and `after`. The running start is the last one. */
function listsAfter(wire: Task, before: PlainTask, after: PlainTask): { start: number[]; stop: number[] } {
  const own = pairMoments(wire.start ?? [], wire.stop ?? []);
  const [old, recent] = [workOf(before), workOf(after)];
  const stated = intervalEdit(old.intervals, recent.intervals);
  const { removed, added } =
    stated.removed.length + stated.added.length > 0
      ? stated
      : intervalEdit(inSeconds(own.intervals), placeWork({ ...old, intervals: inSeconds(own.intervals) }, recent));
  const isUnchanged = before.active === after.active;
  if (removed.length + added.length === 0 && isUnchanged)
    return { start: [...(wire.start ?? [])], stop: [...(wire.stop ?? [])] };
  const gone = new Map(removed.map(({ from, to }) => [from, to]));
  const kept = own.intervals.filter(({ from, to }) => gone.get(seconds(from)) !== seconds(to));
  const more = added.map(({ from, to }) => ({ from: from * 1_000, to: to * 1_000 }));
  const intervals = withoutOverlaps([...kept, ...more]);
  const running = after.active === 0 ? [] : [isUnchanged && own.open !== 0 ? own.open : after.active * 1_000];
  return { start: [...intervals.map(({ from }) => from), ...running], stop: intervals.map(({ to }) => to) };
}
