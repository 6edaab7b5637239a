// Functions of tasks that hub and clients share: ids, and the index without its token.

import type { Task } from './messages.ts';

/** W3: the smallest id above 0 that no task has. */
export function freeId(used: { has(id: number): boolean }): number {
  let id = 1;
  while (used.has(id)) id += 1;
  return id;
}

/**
 * The id of a task once it is done: its id followed by the digits of the time.
 * @param now seconds since 1970
 */
export function doneId(id: number, now: number): number {
  return Number(`${id}${now}`);
}

/** True if `doneId` is `id` followed by the digits of a time: in seconds (2018), or in milliseconds and negative (2019). */
export function isDoneIdOf(doneId: number, id: number): boolean {
  const digits = String(Math.abs(doneId));
  const open = String(id);
  return id > 0 && digits.startsWith(open) && /^\d{10}(\d{3})?$/.test(digits.slice(open.length));
}

/**
 * R2: replaces the user id that begins an index (`user_id#id#created`), which is a token.
 * @returns the task itself if its index does not begin with `from`
 */
export function withOwner(task: Task, from: string, to: string): Task {
  return task.index?.startsWith(`${from}#`) === true ? { ...task, index: to + task.index.slice(from.length) } : task;
}
