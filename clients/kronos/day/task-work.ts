// Finds when the tasks of this device were worked on: from their intervals, from the running tasks, and from the history in the database
// for work of earlier versions of this client, which stored no intervals. The history is bounded, so such days may be incomplete.

import { parseIntervals, sumOf, type WorkInterval } from '../../../protocol/intervals.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { KronosDatabase, LogStep, TaskEdit } from '../data/database.ts';

/** A span of work on one task, in seconds since 1970. */
export interface TaskWork {
  readonly task: Pick<PlainTask, 'index' | 'desc' | 'tags' | 'project'>;
  readonly from: number;
  readonly to: number;
}

/** @param now seconds since 1970: the end of the work on running tasks */
export function workIn({ tasks, log }: Pick<KronosDatabase, 'tasks' | 'log'>, now: number): readonly TaskWork[] {
  const described = new Map<string, TaskWork['task']>();
  for (const { index, before, after } of log.flatMap(({ edits }) => edits)) {
    const known = described.get(index);
    const { desc = known?.desc ?? '', tags = known?.tags ?? [], project = known?.project } = after ?? before ?? {};
    described.set(index, { index, desc, tags, ...(project === undefined ? {} : { project }) });
  }
  for (const task of tasks) described.set(task.index, task);
  const current = new Map(tasks.map((task) => [task.index, task]));
  const work: TaskWork[] = [];
  for (const [index, intervals] of intervalsOfDeleted(log, current)) {
    const task = described.get(index) ?? { index, desc: '', tags: [] };
    for (const interval of intervals) work.push({ task, ...interval });
  }
  for (const edit of stepsInForce(log).flatMap(({ edits }) => edits)) {
    const span = spanOf(edit, current.get(edit.index));
    const task = described.get(edit.index);
    if (span !== undefined && task !== undefined) work.push({ task, ...span });
  }
  for (const task of tasks) {
    for (const interval of parseIntervals(task.intervals)) work.push({ task, ...interval });
    if (task.active !== 0 && task.active < now) work.push({ task, from: task.active, to: now });
  }
  return work;
}

/** A task that was deleted was worked on nevertheless: its last value is in the history. */
function intervalsOfDeleted(
  log: readonly LogStep[],
  current: ReadonlyMap<string, PlainTask>,
): ReadonlyMap<string, readonly WorkInterval[]> {
  const found = new Map<string, readonly WorkInterval[]>();
  for (const { index, before, after } of log.flatMap(({ edits }) => edits)) {
    if (after === null && before !== null && !current.has(index)) found.set(index, parseIntervals(before.intervals));
  }
  return found;
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

/**
 * Finds the span of the worktime that an edit adds without an interval: after the start of the task if the edit stops it, else before
 * `last_active`.
 */
function spanOf(
  { before, after }: TaskEdit,
  current: PlainTask | undefined,
): Pick<TaskWork, 'from' | 'to'> | undefined {
  if (before === null || after === null) return undefined;
  const stated = sumOf(parseIntervals(after.intervals)) - sumOf(parseIntervals(before.intervals));
  const worked = (after.worktime ?? 0) - (before.worktime ?? 0) - stated;
  if (worked <= 0) return undefined;
  const { active: started = 0 } = before;
  if (started !== 0 && after.active === 0) return { from: started, to: started + worked };
  const to = after.last_active ?? current?.last_active ?? 0;
  return to > worked ? { from: to - worked, to } : undefined;
}
