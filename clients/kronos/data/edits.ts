// Changes of tasks as values (edits): finds what an action changed, inverts an edit, and merges edits into tasks that other devices have
// changed. The history, the queue to the hub and `revert` consist of edits. No I/O in this file.

import { type PlainTask, taskFields } from '../../../protocol/plain.ts';
import { doneId } from '../../../protocol/task.ts';
import type { KronosDatabase, LogStep, TaskEdit } from './database.ts';
import { TaskTable } from './task-table.ts';

const maxLogSteps = 500;

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function byIndex(tasks: readonly PlainTask[]): Map<string, PlainTask> {
  return new Map(tasks.map((task) => [task.index, task]));
}

/** @returns the edits that lead from `before` to `after`: deletions first, then the changed and new tasks in the order of `after` */
export function editsBetween(before: readonly PlainTask[], after: readonly PlainTask[]): TaskEdit[] {
  if (before === after) return [];
  const [old, recent] = [byIndex(before), byIndex(after)];
  const deleted = before.filter(({ index }) => !recent.has(index)).map((task) => edit(task.index, task, null));
  const changed = after.flatMap((task) => {
    const previous = old.get(task.index);
    if (previous === task) return [];
    if (previous === undefined) return [edit(task.index, null, task)];
    const fields = taskFields.filter((field) => !isSame(previous[field], task[field]));
    return fields.length === 0 ? [] : [edit(task.index, pick(previous, fields), pick(task, fields))];
  });
  return [...deleted, ...changed];
}

function edit(index: string, before: TaskEdit['before'], after: TaskEdit['after']): TaskEdit {
  return { index, before, after };
}

function pick(task: PlainTask, fields: readonly (keyof PlainTask)[]): Partial<PlainTask> {
  return Object.fromEntries(fields.map((field) => [field, task[field]]));
}

export function invertEdit({ index, before, after }: TaskEdit): TaskEdit {
  return { index, before: after, after: before };
}

/**
 * Applies edits, in order, to tasks that may have changed since the edits were made.
 * - A field that both sides changed takes the value of the edit. Tags are added and removed one by one; worktimes add up.
 * - Two stops of one start count its time once, up to the later stop.
 * - An edit beats a delete: a task that was changed since is not deleted. An edit of a task that does not exist does nothing.
 * - A task whose id is taken gets the smallest free one.
 */
export function applyEdits(tasks: readonly PlainTask[], edits: readonly TaskEdit[]): readonly PlainTask[] {
  if (edits.length === 0) return tasks;
  const table = new TaskTable(tasks);
  for (const one of edits) applyEdit(table, one);
  return table.tasks();
}

function applyEdit(table: TaskTable, { index, before, after }: TaskEdit): void {
  const current = table.get(index);
  if (after === null) {
    if (current === undefined || before === null) return;
    const changedSince = taskFields.some(
      (field) => field !== 'id' && field in before && !isSame(before[field], current[field]),
    );
    if (!changedSince) table.delete(index);
    return;
  }
  const merged = current === undefined ? wholeTask(after) : merge(current, before, after);
  if (merged !== undefined) table.set(merged);
}

/** @returns undefined if some fields of the task are missing */
function wholeTask(fields: Partial<PlainTask>): PlainTask | undefined {
  return isWhole(fields) ? fields : undefined;
}

function isWhole(fields: Partial<PlainTask>): fields is PlainTask {
  return 'index' in fields && taskFields.every((field) => field === 'taskwarrior' || field in fields);
}

function merge(current: PlainTask, before: TaskEdit['before'], after: Partial<PlainTask>): PlainTask {
  const merged = { ...current, ...after };
  // Both sides created it: it is one task that reached the hub from here earlier.
  if (before === null) {
    return { ...merged, tags: union(current.tags, merged.tags), worktime: Math.max(current.worktime, merged.worktime) };
  }
  const removed = (before.tags ?? []).filter((tag) => after.tags?.includes(tag) === false);
  const added = (after.tags ?? []).filter((tag) => before.tags?.includes(tag) !== true);
  const tags = union(
    current.tags.filter((tag) => !removed.includes(tag)),
    added,
  );
  const becomesDone = after.done !== undefined && after.done !== 0 && current.done === 0;
  const work = mergeWork(current, before, after, merged);
  return {
    ...merged,
    tags,
    ...work,
    // A done task is not active.
    active: merged.done === 0 ? work.active : 0,
    // The task may have another id by now; the id of a done task begins with the id that the task had.
    id: becomesDone && current.id !== before.id ? doneId(current.id, merged.done) : merged.id,
  };
}

type Work = Pick<PlainTask, 'active' | 'last_active' | 'worktime'>;

function mergeWork(current: PlainTask, before: Partial<PlainTask>, after: Partial<PlainTask>, merged: PlainTask): Work {
  const worked = (after.worktime ?? 0) - (before.worktime ?? 0);
  const started = before.active ?? 0;
  const stops = started !== 0 && after.active === 0 && worked >= 0;
  // Another device stopped the same start: `current` already has its time up to `last_active`.
  const stoppedSince = current.active !== started && current.last_active >= started;
  if (!stops || !stoppedSince) {
    return {
      active: merged.active,
      last_active: merged.last_active,
      worktime: Math.max(0, current.worktime + worked),
    };
  }
  const stoppedAt = started + worked;
  const uncounted = Math.min(worked, Math.max(0, stoppedAt - current.last_active));
  return {
    // The other device may have started the task again after this stop.
    active: current.active > stoppedAt ? current.active : 0,
    last_active: Math.max(current.last_active, merged.last_active),
    worktime: current.worktime + uncounted,
  };
}

function union(tags: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...tags, ...more])];
}

/** @returns what to write so that `tasks` replace the tasks of the database: with the log step, and the edits queued if there is a hub */
export function recordStep(
  database: KronosDatabase,
  tasks: readonly PlainTask[],
  step: { readonly action: string; readonly at: number; readonly reverts?: number },
): Partial<KronosDatabase> {
  const edits = editsBetween(database.tasks, tasks);
  if (edits.length === 0) return {};
  return {
    tasks,
    log: appendStep(database.log, { ...step, edits }),
    sync_version: Math.max(database.sync_version + 1, step.at * 1_000),
    ...(isLinked(database) ? { queue: [...database.queue, ...edits] } : {}),
  };
}

export function appendStep(log: readonly LogStep[], step: Omit<LogStep, 'n'>): readonly LogStep[] {
  return [...log, { n: (log.at(-1)?.n ?? 0) + 1, ...step }].slice(-maxLogSteps);
}

/** @returns what to write after an action changed tasks or options */
export function commitAction(
  database: KronosDatabase,
  changed: Partial<Pick<KronosDatabase, 'tasks' | 'hide_done' | 'context'>>,
  step: Parameters<typeof recordStep>[2],
): Partial<KronosDatabase> {
  const { tasks = database.tasks, hide_done = database.hide_done, context = database.context } = changed;
  return {
    ...(hide_done === database.hide_done ? {} : { hide_done }),
    ...(context === database.context ? {} : { context }),
    ...(tasks === database.tasks ? {} : recordStep(database, tasks, step)),
  };
}

/** Whether a hub will receive the edits, now or once sync is enabled again. */
export function isLinked({ enable_sync: enabled, sync_user_id: user }: KronosDatabase): boolean {
  return enabled || user !== '';
}
