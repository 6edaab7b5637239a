// What both ends compute alike about tasks: ids, and where a task's secret is kept out of sight. No wire and no store here.

import type { Task } from './messages.ts';

/** The smallest id above 0 that no task has. */
export function freeId(used: { has(id: number): boolean }): number {
  let id = 1;
  while (used.has(id)) id += 1;
  return id;
}

/** What a task of that id is called once it is done: the id followed by the digits of the time in seconds. */
export function doneId(id: number, now: number): number {
  return Number(`${id}${now}`);
}

/**
 * Whether `doneId` is what becomes of `id` when the task is done: the id followed by the digits of the time in seconds (2018), or
 * that negative (2019).
 */
export function isDoneIdOf(doneId: number, id: number): boolean {
  const digits = String(Math.abs(doneId));
  const open = String(id);
  return id > 0 && digits.startsWith(open) && /^\d{10}(\d{3})?$/.test(digits.slice(open.length));
}

/** `index` is `user_id#id#created`, and the user id is a secret: `from` at its beginning gives way to `to`. */
export function withOwner(task: Task, from: string, to: string): Task {
  return task.index?.startsWith(`${from}#`) === true ? { ...task, index: to + task.index.slice(from.length) } : task;
}
