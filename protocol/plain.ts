// A task with every field present and times in seconds, as our own clients work with it; and its conversion from and to the tasks of
// either client generation (messages.ts).

import type { Task } from './messages.ts';

export interface PlainTask {
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
  /** Seconds of work, without the running work. */
  readonly worktime: number;
  /** Fields of Taskwarrior that have no counterpart here (annotations, priority, wait …), as Taskwarrior exports them. */
  readonly taskwarrior?: Readonly<Record<string, unknown>>;
}

export const plainFields = ['id', 'desc', 'tags', 'active', 'last_active', 'due', 'done', 'worktime'] as const;
export type PlainField = (typeof plainFields)[number];
/** All fields of a task that can change: those that lists show, and unknown fields of other programs. */
export const taskFields = [...plainFields, 'taskwarrior'] as const;
type TaskField = (typeof taskFields)[number];

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

export function plainOf(index: string, task: Task): PlainTask {
  const { start = [], stop = [], active, last_active: lastActive, worktime } = task;
  const { taskwarrior }: Record<string, unknown> = task;
  const spans = stop.reduce((sum, at, turn) => sum + Math.max(0, seconds(at) - seconds(start[turn] ?? at)), 0);
  return {
    index,
    id: task.id ?? 0,
    desc: task.desc ?? '',
    tags: task.tags ?? [],
    active: active === true || active === 1 ? seconds(start.at(-1) ?? 1) : seconds(active),
    last_active: lastActive === undefined ? seconds(stop.at(-1)) : seconds(lastActive),
    due: seconds(task.due),
    done: seconds(task.done),
    worktime: worktime ?? spans,
    ...(isObject(taskwarrior) ? { taskwarrior } : {}),
  };
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
    : { ...wire, ...Object.fromEntries(changed.map((field) => [field, after[field]])) };
}

function over2019(wire: Task, before: PlainTask, after: PlainTask, changed: readonly TaskField[]): Task {
  const start = [...(wire.start ?? [])];
  const stop = [...(wire.stop ?? [])];
  const worked = after.worktime - before.worktime;
  if (before.active !== 0 && after.active !== before.active) stop.push((after.last_active || after.active) * 1_000);
  else if (before.active === 0 && worked > 0) {
    start.push((after.last_active - worked) * 1_000);
    stop.push(after.last_active * 1_000);
  } else if (before.active === after.active && worked > 0) {
    // Stated while the task runs: the pair goes before the start that has no stop yet.
    start.splice(stop.length, 0, (after.last_active - worked) * 1_000);
    stop.push(after.last_active * 1_000);
  } else if (before.active === after.active && worked < 0) {
    // A stated pair is taken back.
    const place = stop.findLastIndex((at, turn) => seconds(at) - seconds(start[turn] ?? at) === -worked);
    if (place !== -1) {
      start.splice(place, 1);
      stop.splice(place, 1);
    }
  }
  if (after.active !== 0 && after.active !== before.active) start.push(after.active * 1_000);
  const running = after.active !== 0;
  const active = changed.includes('active')
    ? typeof wire.active === 'number'
      ? Number(running)
      : running
    : wire.active;
  const said: Record<string, unknown> = {
    id: after.done === 0 ? after.id : -Math.abs(after.id),
    desc: after.desc,
    tags: after.tags,
    due: after.due * 1_000,
    done: after.done * 1_000,
    taskwarrior: after.taskwarrior,
  };
  const plain = changed.flatMap((field) => (field in said ? [[field, said[field]]] : []));
  return { ...wire, ...Object.fromEntries(plain), start, stop, ...(active === undefined ? {} : { active }) };
}
