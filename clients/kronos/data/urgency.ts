// How urgent a task is: a sum of points, each with its reason, so that `kronos why` can explain the order of `kronos next`.

import { unmetNeeds } from '../../../protocol/dependencies.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { relativeMoment } from '../../../protocol/stringify.ts';

export interface UrgencyPart {
  readonly points: number;
  readonly reason: string;
}

const day = 86_400;
const priorityPoints = { high: 6, medium: 4, low: 2 } as const;

/** Facts about all tasks, computed once for the urgency of each of them. */
export interface TaskGraph {
  readonly find: (index: string) => PlainTask | undefined;
  /** The open tasks that need the task with this index. */
  readonly needing: (index: string) => readonly PlainTask[];
}

export function taskGraph(tasks: readonly PlainTask[]): TaskGraph {
  const byIndex = new Map(tasks.map((task) => [task.index, task]));
  const needing = new Map<string, PlainTask[]>();
  for (const task of tasks) {
    if (task.done !== 0) continue;
    for (const index of task.needs ?? []) needing.set(index, [...(needing.get(index) ?? []), task]);
  }
  return { find: (index) => byIndex.get(index), needing: (index) => needing.get(index) ?? [] };
}

function duePart(due: number, now: number): UrgencyPart {
  const when = `due ${relativeMoment(due - now)}`;
  if (due < now) return { points: 12, reason: `overdue: ${when}` };
  const points = due - now <= day ? 9 : due - now <= 7 * day ? 6 : due - now <= 14 * day ? 3 : 1;
  return { points, reason: when };
}

/**
 * @param now seconds since 1970
 * @returns the parts, the largest first
 */
export function urgencyParts(task: PlainTask, graph: TaskGraph, now: number): readonly UrgencyPart[] {
  const needs = unmetNeeds(task, graph.find);
  const needing = graph.needing(task.index);
  const name = (tasks: readonly PlainTask[]) =>
    `${tasks.length === 1 ? 'task' : 'tasks'} ${tasks.map(({ id }) => id).join(', ')}`;
  const parts: (UrgencyPart | undefined)[] = [
    task.due === 0 ? undefined : duePart(task.due, now),
    task.priority === undefined
      ? undefined
      : { points: priorityPoints[task.priority], reason: `priority ${task.priority}` },
    needing.length === 0
      ? undefined
      : { points: 8, reason: `${name(needing)} ${needing.length === 1 ? 'needs' : 'need'} it` },
    task.scheduled !== undefined && task.scheduled <= now
      ? { points: 5, reason: `scheduled ${relativeMoment(task.scheduled - now)}` }
      : undefined,
    task.active === 0 ? undefined : { points: 4, reason: 'you are working on it' },
    needs.length === 0 ? undefined : { points: -5, reason: `it needs ${name(needs)} first` },
  ];
  return parts.filter((part) => part !== undefined).sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
}

export function urgencyOf(task: PlainTask, graph: TaskGraph, now: number): number {
  return urgencyParts(task, graph, now).reduce((sum, { points }) => sum + points, 0);
}

export function isWaiting({ wait = 0, done }: PlainTask, now: number): boolean {
  return done === 0 && wait > now;
}

export function isBlocked(task: PlainTask, graph: TaskGraph): boolean {
  return task.done === 0 && unmetNeeds(task, graph.find).length > 0;
}

/** Open, and nothing keeps one from working on it now. */
export function isReady(task: PlainTask, graph: TaskGraph, now: number): boolean {
  return task.done === 0 && !isWaiting(task, now) && (task.scheduled ?? 0) <= now && !isBlocked(task, graph);
}

/** The order of `kronos next`: the most urgent first; of equals the one that is due first, then by id. */
export function byUrgency(tasks: readonly PlainTask[], graph: TaskGraph, now: number): readonly PlainTask[] {
  const dueOf = ({ due }: PlainTask) => due || Number.POSITIVE_INFINITY;
  return tasks
    .map((task) => ({ task, points: urgencyOf(task, graph, now) }))
    .sort(
      (one, other) =>
        other.points - one.points || compare(dueOf(one.task), dueOf(other.task)) || one.task.id - other.task.id,
    )
    .map(({ task }) => task);
}

/** Compares numbers that may be infinite. */
export function compare<T extends number | string>(one: T, other: T): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
