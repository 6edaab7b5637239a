// Taskwarrior's `task export`, and what `task import` takes. Fields of Taskwarrior that have no counterpart here (annotations,
// priority, wait, depends, recurrence, user-defined attributes) are stored unchanged in the task's `taskwarrior` field, and exported again.
// Our worktime is a user-defined attribute in Taskwarrior.

import { createHash } from 'node:crypto';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { KronosDatabase } from '../data/database.ts';
import { parseTaskwarriorDate } from '../data/taskwarrior-fields.ts';
import {
  type FileEntry,
  type ImportNotice,
  isJsonObject,
  isStringArray,
  type JsonObject,
  type ParsedTasks,
  readJsonEntries,
  type TaskFormat,
  toTag,
} from './format.ts';

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Fields that our own fields represent, or that Taskwarrior computes. */
const ownFields = new Set([
  'uuid',
  'description',
  'status',
  'start',
  'due',
  'end',
  'worktime',
  'tags',
  'id',
  'urgency',
  'modified',
]);

/** Statuses whose tasks are not imported, and why. */
const skippedStatuses = new Map([
  ['deleted', 'deleted in Taskwarrior'],
  ['recurring', 'the template of a recurring task: its tasks are imported, the template is not'],
]);

function formatTaskwarriorDate(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** @returns the index as a UUID; an index that is not a UUID is hashed */
function uuidOf({ index }: PlainTask): string {
  if (uuidForm.test(index)) return index.toLowerCase();
  const hex = createHash('sha256').update(index).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

interface ParsedEntry {
  readonly task?: PlainTask;
  readonly notices: readonly ImportNotice[];
}

function parseEntry({ line, value: parsed }: FileEntry<unknown>): ParsedEntry {
  const unreadable = (reason: string): ParsedEntry => ({
    notices: [{ line, kind: 'unreadable', text: `not a task of Taskwarrior: ${reason}` }],
  });
  if (!parsed.ok) return unreadable(parsed.error);
  const { value } = parsed;
  if (!isJsonObject(value)) return unreadable('not an object');
  const { uuid, description, status } = value;
  if (typeof uuid !== 'string' || !uuidForm.test(uuid)) return unreadable('it has no "uuid"');
  if (typeof description !== 'string' || description === '') return unreadable('it has no "description"');
  const skipped = skippedStatuses.get(String(status));
  if (skipped !== undefined) return { notices: [{ line, kind: 'skipped', text: `"${description}": ${skipped}` }] };
  const losses: string[] = [];
  const task = toTask(uuid, description, value, (loss) => losses.push(loss));
  return {
    task,
    notices: losses.map((loss) => ({ line, kind: 'incomplete', text: `"${description}": ${loss}` })),
  };
}

/** @param reportLoss called with a text for each part that cannot be imported */
function toTask(uuid: string, desc: string, fields: JsonObject, reportLoss: (what: string) => void): PlainTask {
  const { tags, project, status, worktime, id } = fields;
  const date = (name: 'start' | 'due' | 'end') => {
    if (fields[name] === undefined) return 0;
    const seconds = parseTaskwarriorDate(fields[name]);
    if (seconds === undefined) reportLoss(`${name} ${JSON.stringify(fields[name])} is not a date: it was left out`);
    return seconds ?? 0;
  };
  const names = isStringArray(tags) ? tags : [];
  if (tags !== undefined && !isStringArray(tags)) reportLoss('its tags are not a list of strings: they were left out');
  const all = [...names, ...(typeof project === 'string' ? [project] : [])];
  for (const name of all) {
    if (toTag(name) === '')
      reportLoss(`"${name}" has no character that a tag may have; only an export to Taskwarrior has it`);
  }
  const isCompleted = status === 'completed';
  const end = isCompleted ? date('end') || (parseTaskwarriorDate(fields['modified']) ?? 0) : 0;
  if (isCompleted && end === 0)
    reportLoss('it is completed, but has no date of completion: it was imported as not done');
  const preserved = preserveFields(fields, names);
  return {
    index: uuid.toLowerCase(),
    id: typeof id === 'number' ? id : 0,
    desc,
    tags: [...new Set(all.map(toTag))].filter((tag) => tag !== ''),
    active: isCompleted ? 0 : date('start'),
    last_active: 0,
    due: date('due'),
    done: end,
    worktime: typeof worktime === 'number' ? Math.trunc(worktime) : 0,
    ...(Object.keys(preserved).length === 0 ? {} : { taskwarrior: preserved }),
  };
}

/** @returns the fields to store unchanged; with the original tags only if an export could not restore them from ours */
function preserveFields(fields: JsonObject, tags: readonly string[]): JsonObject {
  const { project } = fields;
  const others = Object.fromEntries(Object.entries(fields).filter(([name]) => !ownFields.has(name)));
  const isSame = tags.every((tag) => toTag(tag) === tag && !(typeof project === 'string' && toTag(project) === tag));
  return isSame ? others : { ...others, tags };
}

function toFields(task: PlainTask): JsonObject {
  const { tags: original, project, ...others } = task.taskwarrior ?? {};
  const originalTags = isStringArray(original) ? original : [];
  const byTag = new Map(originalTags.map((tag) => [toTag(tag), tag]));
  const projectTag = typeof project === 'string' ? toTag(project) : undefined;
  const hasProject = projectTag !== undefined && (projectTag === '' || task.tags.includes(projectTag));
  const tags = [
    ...task.tags.filter((tag) => byTag.has(tag) || tag !== projectTag).map((tag) => byTag.get(tag) ?? tag),
    ...originalTags.filter((tag) => toTag(tag) === ''),
  ];
  return {
    ...others,
    uuid: uuidOf(task),
    description: task.desc,
    status: task.done === 0 ? 'pending' : 'completed',
    ...(hasProject ? { project } : {}),
    ...(tags.length === 0 ? {} : { tags }),
    ...(task.active === 0 ? {} : { start: formatTaskwarriorDate(task.active) }),
    ...(task.due === 0 ? {} : { due: formatTaskwarriorDate(task.due) }),
    ...(task.done === 0 ? {} : { end: formatTaskwarriorDate(task.done) }),
    ...(task.worktime === 0 ? {} : { worktime: task.worktime }),
  };
}

export const taskwarrior: TaskFormat = {
  identify: uuidOf,
  read(text) {
    const entries = readJsonEntries(text);
    if (!entries.ok) return entries;
    const parsed = entries.value.map(parseEntry);
    const value: ParsedTasks = {
      tasks: parsed.flatMap(({ task }) => task ?? []),
      notices: parsed.flatMap(({ notices }) => notices),
    };
    return { ok: true, value };
  },
  write: ({ tasks }: KronosDatabase) => `[\n${tasks.map((task) => JSON.stringify(toFields(task))).join(',\n')}\n]`,
};
