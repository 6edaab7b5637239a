// Changes of tasks as values (edits): finds what an action changed, inverts an edit, and merges edits into tasks that other devices have
// changed. The history, the queue to the hub and `revert` consist of edits. No I/O in this file.

import { createsCycle } from '../../../protocol/dependencies.ts';
import {
  applyIntervalEdit,
  formatIntervals,
  type IntervalEdit,
  intervalEdit,
  parseIntervals,
  sumOf,
} from '../../../protocol/intervals.ts';
import { mergeLists } from '../../../protocol/merge-lists.ts';
import {
  type PlainTask,
  plainFields,
  type TaskField,
  taskFields,
  withPlanning,
  withWork,
  workOf,
  writtenValue,
} from '../../../protocol/plain.ts';
import { emptyValueOf, type PlanningFields, planningFields, planningOf } from '../../../protocol/planning.ts';
import { withoutTagOf } from '../../../protocol/project-tag.ts';
import { isRepetition } from '../../../protocol/recurrence.ts';
import { doneId } from '../../../protocol/task.ts';
import { lengthOnly, mergeWork, type Work } from '../../../protocol/work.ts';
import type { KronosDatabase, LocalEntry, LocalEntryEdit, LogStep, TaskEdit } from './database.ts';
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
    if (fields.length === 0) return [];
    const work = intervalEdit(parseIntervals(previous.intervals), parseIntervals(task.intervals));
    return [edit(task.index, pick(previous, fields, work.removed), pick(task, fields, work.added))];
  });
  return [...deleted, ...changed];
}

function edit(index: string, before: TaskEdit['before'], after: TaskEdit['after']): TaskEdit {
  return { index, before, after };
}

/**
 * @param intervals what only this side has: all intervals of a task that is worked on every day would make each step of the history large
 */
function pick(task: PlainTask, fields: readonly TaskField[], intervals: IntervalEdit['added']): Partial<PlainTask> {
  return Object.fromEntries(
    fields.map((field) => [field, field === 'intervals' ? formatIntervals(intervals) : writtenValue(task, field)]),
  );
}

export function invertEdit({ index, before, after }: TaskEdit): TaskEdit {
  return { index, before: after, after: before };
}

/**
 * Applies edits, in order, to tasks that may have changed since the edits were made.
 * - A field that both sides changed takes the value of the edit. Tags, needs, notes and intervals (T3) are added and removed one by one.
 * - A dependency that would close a cycle is left out (N4.3).
 * - Two stops of one start are one interval, up to the later stop.
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
    const known: Readonly<Record<string, unknown>> = { ...before, ...emptyPlanning(before) };
    const changedSince = taskFields.some(
      (field) => field !== 'id' && field in known && !isSame(known[field], writtenValue(current, field)),
    );
    if (!changedSince) table.delete(index);
    return;
  }
  const merged = current === undefined ? wholeTask(after) : merge(current, before, after);
  if (merged !== undefined) table.set(withPlanning(merged, withoutCycles(merged, table)));
}

/** The planning fields of a whole task, with an empty value for each that is not set. */
function emptyPlanning(task: Partial<PlainTask>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(planningFields.map((field) => [field, task[field] ?? emptyValueOf(field)]));
}

function withoutCycles(task: PlainTask, table: TaskTable): PlanningFields {
  const { needs = [], ...planning } = planningOf(task);
  const find = (index: string) => table.get(index);
  const acyclic = needs.filter((needed) => !createsCycle(task.index, needed, find));
  return acyclic.length === 0 ? planning : { ...planning, needs: acyclic };
}

/** @returns undefined if some fields of the task are missing */
function wholeTask(fields: Partial<PlainTask>): PlainTask | undefined {
  return isWhole(fields) ? fields : undefined;
}

function isWhole(fields: Partial<PlainTask>): fields is PlainTask {
  return 'index' in fields && plainFields.every((field) => field in fields);
}

function merge(current: PlainTask, before: TaskEdit['before'], after: Partial<PlainTask>): PlainTask {
  const { intervals: _, ...changed } = after;
  const merged = { ...current, ...changed };
  // Both sides created it: it is one task that reached the hub from here earlier.
  if (before === null) {
    // Both sides made the next task of a series. The one here is as it was made, or edits that follow say what was changed.
    if (isRepetition(current.index)) return current;
    const nothing: Work = { active: 0, last_active: 0, worktime: 0, intervals: [] };
    const work = mergeWork(nothing, workOf(current), workOf({ ...merged, intervals: after.intervals ?? '' }));
    const worktime = Math.max(current.worktime, merged.worktime);
    return withWork(
      { ...merged, tags: union(current.tags, merged.tags) },
      { ...work, active: merged.active, worktime },
    );
  }
  const tags = withoutTagOf(current.project, merged.project, mergeLists(before.tags, current.tags, after.tags));
  const needs = mergeLists(before.needs, current.needs, after.needs);
  const notes = mergeLists(before.notes, current.notes, after.notes);
  const becomesDone = after.done !== undefined && after.done !== 0 && current.done === 0;
  const work = isWork(before, after) ? editedWork(current, before, after) : workOf(current);
  return withWork(
    {
      ...withPlanning(merged, planningOf({ ...merged, needs, notes })),
      tags,
      // The task may have another id by now; the id of a done task begins with the id that the task had.
      id: becomesDone && current.id !== before.id ? doneId(current.id, merged.done) : merged.id,
    },
    // A done task is not active.
    { ...work, active: merged.done === 0 ? work.active : 0 },
  );
}

const workFields = ['active', 'last_active', 'worktime', 'intervals'] as const;

function isWork(before: Partial<PlainTask>, after: Partial<PlainTask>): boolean {
  return workFields.some((field) => field in before || field in after);
}

/** T3: the work of `current` with the change of an edit. */
function editedWork(current: PlainTask, before: Partial<PlainTask>, after: Partial<PlainTask>): Work {
  const here = workOf(current);
  const edit = { removed: parseIntervals(before.intervals), added: parseIntervals(after.intervals) };
  // The value before the edit. A field that the edit does not name is as it is now.
  const intervals = applyIntervalEdit(here.intervals, { removed: edit.added, added: edit.removed });
  const isSumOnly = before.worktime !== undefined && edit.added.length + edit.removed.length + intervals.length === 0;
  const base = {
    active: before.active ?? here.active,
    last_active: before.last_active ?? here.last_active,
    worktime: isSumOnly ? (before.worktime ?? 0) : lengthOnly(here) + sumOf(intervals),
    intervals,
  };
  const worked = applyIntervalEdit(intervals, edit);
  // Worktime beyond the intervals: an edit of an earlier version of this client has nothing else.
  const more = (after.worktime ?? 0) - (before.worktime ?? 0) - sumOf(edit.added) + sumOf(edit.removed);
  const ours = {
    active: after.active ?? base.active,
    last_active: after.last_active ?? base.last_active,
    worktime: Math.max(0, lengthOnly(base) + more) + sumOf(worked),
    intervals: worked,
  };
  return mergeWork(base, here, ours);
}

function union(tags: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...tags, ...more])];
}

/**
 * @param entries the entries afterwards; undefined if they stay
 * @returns what to write so that `tasks` replace the tasks of the database: with the log step, and the edits queued if there is a hub
 */
export function recordStep(
  database: KronosDatabase,
  tasks: readonly PlainTask[],
  step: { readonly action: string; readonly at: number; readonly reverts?: number },
  entries: readonly LocalEntry[] = database.entries,
): Partial<KronosDatabase> {
  const edits = editsBetween(database.tasks, tasks);
  const entryEdits = entryEditsBetween(database.entries, entries);
  if (edits.length + entryEdits.length === 0) return {};
  return {
    ...(edits.length === 0 ? {} : { tasks }),
    ...(entryEdits.length === 0 ? {} : { entries }),
    log: appendStep(database.log, { ...step, edits, ...(entryEdits.length === 0 ? {} : { entries: entryEdits }) }),
    sync_version: Math.max(database.sync_version + 1, step.at * 1_000),
    ...(isLinked(database) && edits.length > 0 ? { queue: [...database.queue, ...edits] } : {}),
  };
}

function entryEditsBetween(before: readonly LocalEntry[], after: readonly LocalEntry[]): readonly LocalEntryEdit[] {
  if (before === after) return [];
  const [old, recent] = [before, after].map((list) => new Map(list.map((entry) => [entry.key, entry])));
  const keys = new Set([...(old?.keys() ?? []), ...(recent?.keys() ?? [])]);
  return [...keys].flatMap((key): LocalEntryEdit[] => {
    const [one, other] = [old?.get(key) ?? null, recent?.get(key) ?? null];
    return isSame(one, other) ? [] : [{ before: one, after: other }];
  });
}

/** The entries without these edits. An entry that has changed since, or that the hub has by now, stays as it is. */
export function revertEntries(
  entries: readonly LocalEntry[],
  edits: readonly LocalEntryEdit[] = [],
): readonly LocalEntry[] {
  return edits.reduce((list, { before, after }) => {
    const place = list.findIndex((entry) => isSame(entry, after));
    if (after !== null && place === -1) return list;
    const others = list.filter((_, at) => at !== place);
    return before === null || others.some(({ key }) => key === before.key) ? others : [...others, before];
  }, entries);
}

export function appendStep(log: readonly LogStep[], step: Omit<LogStep, 'n'>): readonly LogStep[] {
  return [...log, { n: (log.at(-1)?.n ?? 0) + 1, ...step }].slice(-maxLogSteps);
}

/** @returns what to write after an action changed tasks or options */
export function commitAction(
  database: KronosDatabase,
  changed: Partial<Pick<KronosDatabase, 'tasks' | 'entries' | 'hide_done' | 'context'>>,
  step: Parameters<typeof recordStep>[2],
): Partial<KronosDatabase> {
  const { tasks = database.tasks, hide_done = database.hide_done, context = database.context } = changed;
  return {
    ...(hide_done === database.hide_done ? {} : { hide_done }),
    ...(context === database.context ? {} : { context }),
    ...recordStep(database, tasks, step, changed.entries),
  };
}

/** True if a hub will receive the edits, now or once sync is enabled again. */
export function isLinked({ enable_sync: enabled, sync_user_id: user }: KronosDatabase): boolean {
  return enabled || user !== '';
}
