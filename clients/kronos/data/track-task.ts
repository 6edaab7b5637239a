// Work on a task that is stated afterwards, as a function of values.

import type { TaskWork } from '../day/task-work.ts';
import type { ActionOutcome, ActionRefusal, TaskState } from './actions.ts';
import { findTask } from './actions.ts';

/**
 * Adds a stretch of work to a task. `last_active` becomes its end, even if the task was worked on later: worktime that grows lies
 * before `last_active`, and the merged day reads it there.
 * @param id as it was typed
 * @param span seconds since 1970
 * @param known what is known about the work on tasks
 */
export function trackTask(
  state: TaskState,
  id: string,
  { from, to }: Pick<TaskWork, 'from' | 'to'>,
  known: readonly TaskWork[],
): ActionOutcome {
  const result = findTask(state.tasks, id, 'current and former ids');
  if (!result.ok) return result;
  const { task } = result;
  if (known.some((work) => work.task.index === task.index && work.from < to && work.to > from)) {
    return refuse('the task was worked on in that time already');
  }
  const after = { ...task, worktime: task.worktime + to - from, last_active: to };
  const tasks = state.tasks.map((one) => (one === task ? after : one));
  return { ok: true, changes: { tasks }, output: { kind: 'task', task: after, id: task.id, verb: 'tracked' } };
}

function refuse(error: string): ActionRefusal {
  return { ok: false, error, why: 'failure' };
}
