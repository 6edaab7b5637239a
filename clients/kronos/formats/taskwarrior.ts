// Taskwarrior's `task export`, and what `task import` takes. Fields of Taskwarrior that have no counterpart here (such as user-defined
// attributes) are stored unchanged in the task's `taskwarrior` field, and exported again. Our worktime, intervals, recurrence and its zone are attributes
// that Taskwarrior does not know and keeps.

import { createHash } from 'node:crypto';
import type { PlainTask } from '../../../protocol/plain.ts';
import { isProject, type Priority, planningOf, projectOf, type TaskNote } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import { anchorEvery, parseEvery } from '../../../protocol/recurrence.ts';
import { localZone } from '../../../protocol/zone.ts';
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
  'intervals',
  'tags',
  'id',
  'urgency',
  'modified',
  'priority',
  'wait',
  'scheduled',
  'depends',
  'annotations',
  'every',
  'zone',
]);

const letters = new Map<Priority, string>([
  ['high', 'H'],
  ['medium', 'M'],
  ['low', 'L'],
]);

const deletedReason = 'deleted in Taskwarrior';
const templateReason = 'the template of a recurring task: the last of its open tasks recurs instead';

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

/** The tasks that recur, by UUID, and how: the last open one of each template, or the template if it has none. */
function findRecurring(entries: readonly FileEntry<unknown>[]): ReadonlyMap<string, string> {
  const open = new Map<string, { readonly uuid: string; readonly recur: string; readonly place: string }>();
  for (const { value: parsed } of entries) {
    if (!parsed.ok || !isJsonObject(parsed.value)) continue;
    const { uuid, parent, recur, status, due, imask } = parsed.value;
    const isOpen = status === 'pending' || status === 'waiting' || status === 'recurring';
    if (typeof uuid !== 'string' || typeof recur !== 'string' || !isOpen) continue;
    const series = typeof parent === 'string' ? parent : uuid;
    // The template comes before all of its tasks.
    const place = status === 'recurring' ? '' : `${String(due)} ${String(imask).padStart(9, '0')}`;
    const last = open.get(series);
    if (last === undefined || place > last.place) open.set(series, { uuid, recur, place });
  }
  return new Map([...open.values()].map(({ uuid, recur }) => [uuid, recur]));
}

function parseEntry({ line, value: parsed }: FileEntry<unknown>, recurring: ReadonlyMap<string, string>): ParsedEntry {
  const unreadable = (reason: string): ParsedEntry => ({
    notices: [{ line, kind: 'unreadable', text: `not a task of Taskwarrior: ${reason}` }],
  });
  if (!parsed.ok) return unreadable(parsed.error);
  const { value } = parsed;
  if (!isJsonObject(value)) return unreadable('not an object');
  const { uuid, description, status } = value;
  if (typeof uuid !== 'string' || !uuidForm.test(uuid)) return unreadable('it has no "uuid"');
  if (typeof description !== 'string' || description === '') return unreadable('it has no "description"');
  const isTemplate = status === 'recurring' && !recurring.has(uuid);
  const skipped = status === 'deleted' ? deletedReason : isTemplate ? templateReason : undefined;
  if (skipped !== undefined) return { notices: [{ line, kind: 'skipped', text: `"${description}": ${skipped}` }] };
  const losses: string[] = [];
  const task = toTask(uuid, description, value, recurring.get(uuid), (loss) => losses.push(loss));
  return {
    task,
    notices: losses.map((loss) => ({ line, kind: 'incomplete', text: `"${description}": ${loss}` })),
  };
}

/**
 * @param recur how it recurs in Taskwarrior
 * @param reportLoss called with a text for each part that cannot be imported
 */
function toTask(
  uuid: string,
  desc: string,
  fields: JsonObject,
  recur: string | undefined,
  reportLoss: (what: string) => void,
): PlainTask {
  const { tags, project, status, worktime, intervals, id } = fields;
  const date = (name: 'start' | 'due' | 'end' | 'wait' | 'scheduled') => {
    if (fields[name] === undefined) return 0;
    const seconds = parseTaskwarriorDate(fields[name]);
    if (seconds === undefined) reportLoss(`${name} ${JSON.stringify(fields[name])} is not a date: it was left out`);
    return seconds ?? 0;
  };
  const names = isStringArray(tags) ? tags : [];
  if (tags !== undefined && !isStringArray(tags)) reportLoss('its tags are not a list of strings: they were left out');
  const unnamed = typeof project === 'string' && !isProject(project) ? [project] : [];
  for (const name of [...names, ...unnamed]) {
    if (toTag(name) === '')
      reportLoss(`"${name}" has no character that a tag may have; only an export to Taskwarrior has it`);
  }
  const isCompleted = status === 'completed';
  const end = isCompleted ? date('end') || (parseTaskwarriorDate(fields['modified']) ?? 0) : 0;
  if (isCompleted && end === 0)
    reportLoss('it is completed, but has no date of completion: it was imported as not done');
  const due = date('due');
  const every = everyOf(fields, recur, due, reportLoss);
  const preserved = preserveFields(fields, names);
  const projectTags = isProject(project) ? [projectTag(project)] : unnamed.map(toTag);
  return {
    index: uuid.toLowerCase(),
    id: typeof id === 'number' ? id : 0,
    desc,
    tags: [...new Set([...names.map(toTag), ...projectTags])].filter((tag) => tag !== ''),
    active: isCompleted ? 0 : date('start'),
    last_active: 0,
    due,
    done: end,
    // Taskwarrior writes attributes that it does not know as texts.
    worktime: Math.trunc(Number(worktime ?? 0)) || 0,
    ...planningOf({
      priority: [...letters].find(([, letter]) => letter === fields['priority'])?.[0],
      project,
      wait: date('wait'),
      scheduled: date('scheduled'),
      every,
      zone: every === undefined ? undefined : fields['zone'],
      needs: listDependencies(fields['depends']).map((needed) => needed.toLowerCase()),
      notes: notesOf(fields['annotations'], reportLoss),
    }),
    ...(typeof intervals === 'string' && intervals !== '' ? { intervals } : {}),
    ...(Object.keys(preserved).length === 0 ? {} : { taskwarrior: preserved }),
  };
}

/** Names of recurrences in Taskwarrior, and ours. */
const recurrences = new Map([
  ['annual', 'year'],
  ['biannual', '2y'],
  ['biyearly', '2y'],
  ['biweekly', '2w'],
  ['fortnight', '2w'],
  ['bimonthly', '2mo'],
  ['quarterly', '3mo'],
  ['semiannual', '6mo'],
  ['weekdays', 'weekday'],
]);

/** @returns how the task recurs here; undefined if it does not */
function everyOf(
  fields: JsonObject,
  recur: string | undefined,
  due: number,
  reportLoss: (what: string) => void,
): string | undefined {
  if (typeof fields['every'] === 'string' && parseEvery(fields['every']) !== undefined) return fields['every'];
  if (recur === undefined) return undefined;
  const [, count = '', unit = ''] = /^P(\d+)([DWMY])$/i.exec(recur) ?? [];
  const iso = unit === '' ? undefined : `${count}${unit.toUpperCase() === 'M' ? 'mo' : unit.toLowerCase()}`;
  const word = recur
    .toLowerCase()
    .replace(
      /^(\d+) ?(wk|mth|yr)s?$/,
      (_, digits: string, short: string) => `${digits}${{ wk: 'w', mth: 'mo', yr: 'y' }[short]}`,
    );
  const every = iso ?? recurrences.get(word) ?? word;
  if (parseEvery(every) !== undefined) return anchorEvery(every, due, localZone);
  reportLoss(`it recurs "${recur}", which has no counterpart: it was imported without recurrence`);
  return undefined;
}

/** How a task recurs in Taskwarrior. */
function recurOf({ recur }: JsonObject): string | undefined {
  return typeof recur === 'string' ? recur : undefined;
}

/** Taskwarrior exports a list of UUIDs; versions before 2.6 a text with commas. */
function listDependencies(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(',').filter((uuid) => uuid !== '');
  return isStringArray(value) ? value : [];
}

function notesOf(value: unknown, reportLoss: (what: string) => void): readonly TaskNote[] {
  if (value === undefined) return [];
  const notes = (Array.isArray(value) ? value : [value]).map((annotation: unknown) => {
    const { entry, description } = isJsonObject(annotation) ? annotation : {};
    const at = parseTaskwarriorDate(entry);
    return at === undefined || typeof description !== 'string' ? undefined : { at, text: description };
  });
  if (notes.some((note) => note === undefined)) reportLoss('an annotation has no date or no text: it was left out');
  return notes.filter((note) => note !== undefined);
}

/** @returns the fields to store unchanged; with the original tags only if an export could not restore them from ours */
function preserveFields(fields: JsonObject, tags: readonly string[]): JsonObject {
  const { project, status } = fields;
  const isTemplate = status === 'recurring';
  const others = Object.fromEntries(
    Object.entries(fields).filter(
      ([name]) =>
        !ownFields.has(name) &&
        !(name === 'project' && isProject(project)) &&
        !(isTemplate && ['recur', 'mask', 'rtype'].includes(name)),
    ),
  );
  const ofProject = isProject(project) ? projectTag(project) : typeof project === 'string' ? toTag(project) : undefined;
  const isSame = tags.every((tag) => toTag(tag) === tag && ofProject !== tag);
  return isSame ? others : { ...others, tags };
}

/** The tags and the project of a task as Taskwarrior had them, and as they are now. */
function namesOf(task: PlainTask): { readonly tags: readonly string[]; readonly project: string | undefined } {
  const { tags: original, project: former } = task.taskwarrior ?? {};
  const originalTags = isStringArray(original) ? original : [];
  const byTag = new Map(originalTags.map((tag) => [toTag(tag), tag]));
  const own = projectOf(task);
  const formerTag = typeof former === 'string' ? toTag(former) : undefined;
  const keepsFormer = formerTag !== undefined && (formerTag === '' || task.tags.includes(formerTag));
  const project = own ?? (keepsFormer && typeof former === 'string' ? former : undefined);
  const tag = own === undefined ? formerTag : projectTag(own);
  const tags = [
    ...task.tags.filter((one) => byTag.has(one) || one !== tag).map((one) => byTag.get(one) ?? one),
    ...originalTags.filter((one) => toTag(one) === ''),
  ];
  return { tags, project };
}

/** @param uuids the UUID of each task, by index */
function toFields(task: PlainTask, uuids: ReadonlyMap<string, string>): JsonObject {
  const { tags: _tags, project: _project, ...others } = task.taskwarrior ?? {};
  const { tags, project } = namesOf(task);
  const { priority, wait, scheduled, every, zone, needs = [], notes = [] } = task;
  const depends = needs.flatMap((index) => uuids.get(index) ?? (uuidForm.test(index) ? [index] : []));
  return {
    ...others,
    uuid: uuidOf(task),
    description: task.desc,
    status: task.done === 0 ? 'pending' : 'completed',
    ...(project === undefined ? {} : { project }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(task.active === 0 ? {} : { start: formatTaskwarriorDate(task.active) }),
    ...(task.due === 0 ? {} : { due: formatTaskwarriorDate(task.due) }),
    ...(task.done === 0 ? {} : { end: formatTaskwarriorDate(task.done) }),
    ...(task.worktime === 0 ? {} : { worktime: task.worktime }),
    ...(task.intervals === undefined ? {} : { intervals: task.intervals }),
    ...(priority === undefined ? {} : { priority: letters.get(priority) }),
    ...(wait === undefined ? {} : { wait: formatTaskwarriorDate(wait) }),
    ...(scheduled === undefined ? {} : { scheduled: formatTaskwarriorDate(scheduled) }),
    ...(every === undefined || every === everyOf(others, recurOf(others), task.due, () => undefined)
      ? {}
      : { every, ...(zone === undefined ? {} : { zone }) }),
    ...(depends.length === 0 ? {} : { depends }),
    ...(notes.length === 0
      ? {}
      : { annotations: notes.map(({ at, text }) => ({ entry: formatTaskwarriorDate(at), description: text })) }),
  };
}

export const taskwarrior: TaskFormat = {
  identify: uuidOf,
  read(text) {
    const entries = readJsonEntries(text);
    if (!entries.ok) return entries;
    const recurring = findRecurring(entries.value);
    const parsed = entries.value.map((entry) => parseEntry(entry, recurring));
    const value: ParsedTasks = {
      tasks: parsed.flatMap(({ task }) => task ?? []),
      notices: parsed.flatMap(({ notices }) => notices),
    };
    return { ok: true, value };
  },
  write({ tasks }: KronosDatabase) {
    const uuids = new Map(tasks.map((task) => [task.index, uuidOf(task)]));
    return `[\n${tasks.map((task) => JSON.stringify(toFields(task, uuids))).join(',\n')}\n]`;
  },
};
