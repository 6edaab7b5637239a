// The effect of an answer on a running task, in the form of the client generation that wrote it.

import type { Task } from '../../../protocol/messages.ts';
import { plainOf, wireOf } from '../../../protocol/plain.ts';
import { withInterval } from '../../../protocol/task-intervals.ts';

const second = 1_000_000;

/** When a task began to run, in microseconds since 1970; 0 if it does not run. */
export function startedAt(key: string, task: Task): number {
  return plainOf(key, task).active * second;
}

/**
 * @param from microseconds: when the work ended
 * @param again microseconds: when it went on; undefined if it did not
 */
export function pauseTask(key: string, task: Task, from: number, again: number | undefined): Task {
  const before = plainOf(key, task);
  const end = Math.round(from / second);
  const active = again === undefined ? 0 : Math.round(again / second);
  const worked = withInterval(before, { from: before.active, to: end });
  return wireOf(task, before, { ...worked, active, last_active: end });
}
