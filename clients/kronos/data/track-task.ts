// Adds past work to a task (`kronos track`), as a pure function.

import type { TaskWork } from '../day/task-work.ts';
import type { ActionOutcome, ActionRefusal, TaskState } from './actions.ts';
import { findTask } from './actions.ts';

/**
 * Adds a span of work to a task. `last_active` becomes the end of the span, even if the task was worked on later: the merged day places
 * added worktime right before `last_active`.
 * @param id the id as the user typed it
 * @param span seconds since 1970
 * @param known the work on tasks that is known; the span must not overlap work on the same task
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
