// How long was worked on tasks, those that are worked on now included.

import type { PlainTask } from './plain.ts';

/** Seconds, up to `now`. */
export function worked(task: PlainTask, now: number): number {
  return task.worktime + (task.active === 0 ? 0 : Math.max(0, now - task.active));
}

/** Of the tasks that have all these tags; of all tasks without any. */
export function workedOn(tasks: readonly PlainTask[], tags: readonly string[], now: number): number {
  return tasks
    .filter((task) => tags.every((tag) => task.tags.includes(tag)))
    .reduce((sum, task) => sum + worked(task, now), 0);
}
