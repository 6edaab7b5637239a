// Finds when the tasks of this device were worked on, from the history in the database and from the running tasks. The history is bounded,
// so old days may be incomplete.

import type { PlainTask } from '../../../protocol/plain.ts';
import type { KronosDatabase, LogStep, TaskEdit } from '../data/database.ts';

/** A span of work on one task, in seconds since 1970. */
export interface TaskWork {
  readonly task: Pick<PlainTask, 'index' | 'desc' | 'tags'>;
  readonly from: number;
  readonly to: number;
}

/** @param now seconds since 1970: the end of the work on running tasks */
export function workIn({ tasks, log }: Pick<KronosDatabase, 'tasks' | 'log'>, now: number): readonly TaskWork[] {
  const described = new Map<string, TaskWork['task']>();
  for (const { index, before, after } of log.flatMap(({ edits }) => edits)) {
    const known = described.get(index);
    const { desc = known?.desc ?? '', tags = known?.tags ?? [] } = after ?? before ?? {};
    described.set(index, { index, desc, tags });
  }
  for (const task of tasks) described.set(task.index, task);
  const current = new Map(tasks.map((task) => [task.index, task]));
  const work: TaskWork[] = [];
  for (const edit of stepsInForce(log).flatMap(({ edits }) => edits)) {
    const span = spanOf(edit, current.get(edit.index));
    const task = described.get(edit.index);
    if (span !== undefined && task !== undefined) work.push({ task, ...span });
  }
  for (const task of tasks) if (task.active !== 0 && task.active < now) work.push({ task, from: task.active, to: now });
  return work;
}

/** @returns the steps that are not reverted. A revert that was itself reverted has no effect */
function stepsInForce(log: readonly LogStep[]): readonly LogStep[] {
  const reverted = new Set<number>();
  const inForce: LogStep[] = [];
  for (const step of [...log].reverse()) {
    if (reverted.has(step.n)) continue;
    if (step.reverts === undefined) inForce.push(step);
    else reverted.add(step.reverts);
  }
  return inForce.reverse();
}

/** Finds the span of the worktime that an edit adds: after the start of the task if the edit stops it, else before `last_active`. */
function spanOf(
  { before, after }: TaskEdit,
  current: PlainTask | undefined,
): Pick<TaskWork, 'from' | 'to'> | undefined {
  if (before === null || after === null) return undefined;
  const worked = (after.worktime ?? 0) - (before.worktime ?? 0);
  if (worked <= 0) return undefined;
  const { active: started = 0 } = before;
  if (started !== 0 && after.active === 0) return { from: started, to: started + worked };
  const to = after.last_active ?? current?.last_active ?? 0;
  return to > worked ? { from: to - worked, to } : undefined;
}
