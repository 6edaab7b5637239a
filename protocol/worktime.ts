// How long a person worked on tasks, with those that are running.

import type { PlainTask } from './plain.ts';

/**
 * @param now seconds since 1970
 * @returns seconds, up to now if the task is running
 */
export function worktimeOf(task: PlainTask, now: number): number {
  return task.worktime + (task.active === 0 ? 0 : Math.max(0, now - task.active));
}

/**
 * @param tags only tasks with all of these count; all tasks if there are none
 * @param now seconds since 1970
 * @returns seconds
 */
export function totalWorktime(tasks: readonly PlainTask[], tags: readonly string[], now: number): number {
  return tasks
    .filter((task) => tags.every((tag) => task.tags.includes(tag)))
    .reduce((sum, task) => sum + worktimeOf(task, now), 0);
}
