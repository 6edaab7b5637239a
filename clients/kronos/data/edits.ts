// Changes of tasks as values: what an action did, its inverse, and the same done again to tasks that have moved on meanwhile. This is
// what the queue to the hub, the history and `revert` are made of; nothing here reads a file or a wire.

import { type PlainTask, plainFields } from '../../../protocol/plain.ts';
import { doneId, freeId } from '../../../protocol/task.ts';
import type { KronosDatabase, LogStep, TaskEdit } from './database.ts';

/** Steps of the history that are kept. */
const remembered = 500;

function alike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function byIndex(tasks: readonly PlainTask[]): Map<string, PlainTask> {
  return new Map(tasks.map((task) => [task.index, task]));
}

export function editsBetween(before: readonly PlainTask[], after: readonly PlainTask[]): TaskEdit[] {
  const [old, recent] = [byIndex(before), byIndex(after)];
  const gone = before.filter(({ index }) => !recent.has(index)).map((task) => edit(task.index, task, null));
  const changed = after.flatMap((task) => {
    const was = old.get(task.index);
    if (was === undefined) return [edit(task.index, null, task)];
    const fields = plainFields.filter((field) => !alike(was[field], task[field]));
    return fields.length === 0 ? [] : [edit(task.index, pick(was, fields), pick(task, fields))];
  });
  return [...gone, ...changed];
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
 * Does an edit to tasks that are perhaps no longer what it was made on. Fields that both changed are as the edit has them, but for
 * tags, which are added and taken away one by one, and worktime, of which both parts count. What somebody edited is not taken away,
 * and what is gone is not edited.
 */
export function applyEdit(tasks: readonly PlainTask[], { index, before, after }: TaskEdit): readonly PlainTask[] {
  const current = tasks.find((task) => task.index === index);
  if (after === null) {
    if (current === undefined || before === null) return tasks;
    const touched = plainFields.some(
      (field) => field !== 'id' && field in before && !alike(before[field], current[field]),
    );
    return touched ? tasks : tasks.filter((task) => task !== current);
  }
  const merged = current === undefined ? wholeOf(after) : merge(current, before, after);
  if (merged === undefined) return tasks;
  const others = new Set(tasks.flatMap((task) => (task === current ? [] : [task.id])));
  const free = merged.id !== 0 && !others.has(merged.id) ? merged : { ...merged, id: freeId(others) };
  return current === undefined ? [...tasks, free] : tasks.map((task) => (task === current ? free : task));
}

/** undefined where it is only some fields of a task. */
function wholeOf(fields: Partial<PlainTask>): PlainTask | undefined {
  return isWhole(fields) ? fields : undefined;
}

function isWhole(fields: Partial<PlainTask>): fields is PlainTask {
  return plainFields.every((field) => field in fields) && 'index' in fields;
}

function merge(current: PlainTask, before: TaskEdit['before'], after: Partial<PlainTask>): PlainTask {
  const merged = { ...current, ...after };
  const done = after.done !== undefined && after.done !== 0;
  // Both made it: it is one task, which came to the hub from here before.
  if (before === null) {
    return { ...merged, tags: union(current.tags, merged.tags), worktime: Math.max(current.worktime, merged.worktime) };
  }
  const removed = (before.tags ?? []).filter((tag) => after.tags?.includes(tag) === false);
  const added = (after.tags ?? []).filter((tag) => before.tags?.includes(tag) !== true);
  return {
    ...merged,
    tags: union(
      current.tags.filter((tag) => !removed.includes(tag)),
      added,
    ),
    worktime: Math.max(0, current.worktime + (after.worktime ?? 0) - (before.worktime ?? 0)),
    // What is done is worked on no more.
    active: merged.done === 0 ? merged.active : 0,
    // It may be called something else by now.
    id: done && current.done === 0 && current.id !== before.id ? doneId(current.id, merged.done) : merged.id,
  };
}

function union(tags: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...tags, ...more])];
}

/** What an action did to the tasks, as it is kept: in the history, and in the queue where there is a hub to be told. */
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
  return [...log, { n: (log.at(-1)?.n ?? 0) + 1, ...step }].slice(-remembered);
}

/** What an action changed, as it is kept. */
export function commitAction(
  database: KronosDatabase,
  kept: Partial<Pick<KronosDatabase, 'tasks' | 'hide_done' | 'context'>>,
  step: Parameters<typeof recordStep>[2],
): Partial<KronosDatabase> {
  const { tasks = database.tasks, hide_done = database.hide_done, context = database.context } = kept;
  return {
    ...(hide_done === database.hide_done ? {} : { hide_done }),
    ...(context === database.context ? {} : { context }),
    ...(tasks === database.tasks ? {} : recordStep(database, tasks, step)),
  };
}

/** Whether there is a hub that is to hear of edits, now or when sync is enabled again. */
export function isLinked({ enable_sync: enabled, sync_user_id: user }: KronosDatabase): boolean {
  return enabled || user !== '';
}
