// The text of the database file: one option a line, then the lists with one task, entry or step a line. Every field is checked, because
// a person may have edited the file. A large file may end with changes (stored-change.ts), one a line. docs/decisions/0019 says why.

import { isRecord } from '../../../protocol/json.ts';
import { type PlainTask, plainFields } from '../../../protocol/plain.ts';
import {
  emptyDatabase,
  type KronosDatabase,
  type LocalEntry,
  type LocalEntryEdit,
  type LogStep,
  type TaskEdit,
} from './database.ts';
import { applyStoredChanges, type OptionName, type StoredChange } from './stored-change.ts';

/** Formats each option as one line, then the lists with one entry per line. */
export function formatDatabase({ tasks, entries, log, queue, ...options }: KronosDatabase): string {
  const lines = Object.entries(options).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const lists = Object.entries({ tasks, entries, log, queue }).map(([name, list]) => {
    const inside = list.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
    return `  "${name}": [${inside === '' ? '' : `\n${inside}\n  `}]`;
  });
  return `{\n${[...lines, ...lists].join(',\n')}\n}\n`;
}

/** Where the changes of a file begin. No text inside the object has such a line end: JSON writes those in texts as `\\n`. */
const firstChange = '\n}\n{';

/** A text that ends so can take one more change. */
export function takesChanges(text: string): boolean {
  return text.endsWith('\n}\n') || (text.includes(firstChange) && text.endsWith('}\n'));
}

/** @returns the length of the changes at the end, in characters */
export function changesLength(text: string): number {
  const end = text.indexOf(firstChange);
  return end === -1 ? 0 : text.length - end - 3;
}

/**
 * Parses the file. The last change is left out if it is not whole: the process that wrote it was killed before its action succeeded.
 * @throws if the text is not a database
 */
export function parseDatabase(text: string): KronosDatabase {
  const length = changesLength(text);
  const database = parseObject(length === 0 ? text : text.slice(0, -length));
  return length === 0 ? database : applyStoredChanges(database, parseChanges(text.slice(-length)));
}

function parseChanges(text: string): readonly StoredChange[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const isCut = !text.endsWith('\n');
  return lines.flatMap((line, at) => {
    const value = parseLine(line);
    if (value === undefined && isCut && at === lines.length - 1) return [];
    if (!isStoredChange(value)) throw new Error(`change ${at + 1} at the end of the file is not valid`);
    return [value];
  });
}

/** @returns undefined if the line is not JSON */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** @throws if the text is not a database */
function parseObject(text: string): KronosDatabase {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('not a JSON object');
  const of = <T>(name: keyof KronosDatabase, fits: (field: unknown) => field is T, otherwise: T): T => {
    const field = value[name];
    if (field === undefined) return otherwise;
    if (!fits(field)) throw new Error(`"${name}" has the wrong type`);
    return field;
  };
  return {
    hide_done: of('hide_done', optionChecks.hide_done, emptyDatabase.hide_done),
    enable_sync: of('enable_sync', optionChecks.enable_sync, emptyDatabase.enable_sync),
    sync_host: of('sync_host', optionChecks.sync_host, emptyDatabase.sync_host),
    sync_user_id: of('sync_user_id', optionChecks.sync_user_id, ''),
    sync_device_id: of('sync_device_id', optionChecks.sync_device_id, ''),
    sync_version: of('sync_version', optionChecks.sync_version, 0),
    sync_epoch: of('sync_epoch', optionChecks.sync_epoch, ''),
    context: of('context', optionChecks.context, []),
    tasks: of('tasks', isTasks, []),
    entries: of('entries', isEntries, []),
    log: of('log', isLog, []),
    queue: of('queue', isQueue, []),
  };
}

const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

const optionChecks = {
  hide_done: isBoolean,
  enable_sync: isBoolean,
  sync_host: isText,
  sync_user_id: isText,
  sync_device_id: isText,
  sync_version: isNumber,
  sync_epoch: isText,
  context: isTexts,
} satisfies Readonly<Record<OptionName, (field: unknown) => boolean>>;

function isTask(value: unknown): value is PlainTask {
  return isTaskPart(value) && isText(value.index) && plainFields.every((field) => field in value);
}

const isNotes = (value: unknown): boolean =>
  Array.isArray(value) && value.every((note) => isRecord(note) && isNumber(note['at']) && isText(note['text']));

const checks: ReadonlyMap<string, (content: unknown) => boolean> = new Map<string, (content: unknown) => boolean>([
  ['index', isText],
  ['desc', isText],
  ['tags', isTexts],
  ['priority', isText],
  ['project', isText],
  ['every', isText],
  ['zone', isText],
  ['intervals', isText],
  ['needs', isTexts],
  ['notes', isNotes],
  ['taskwarrior', isRecord],
]);

function fieldChecks(field: string): (content: unknown) => boolean {
  return checks.get(field) ?? isNumber;
}

/** Checks that each field which is there has its type. Other fields may be missing. */
function isTaskPart(value: unknown): value is Partial<PlainTask> {
  if (!isRecord(value)) return false;
  // A loop, because it is faster in a process that has just started, and checks every field of every task and of the log.
  for (const field in value) {
    const content = value[field];
    if (!fieldChecks(field)(content)) return false;
  }
  return true;
}

const isTasks = (value: unknown): value is PlainTask[] => Array.isArray(value) && value.every(isTask);

function isEdit(value: unknown): value is TaskEdit {
  if (!isRecord(value) || !isText(value['index'])) return false;
  return [value['before'], value['after']].every((side) => side === null || isTaskPart(side));
}

function isEntry(value: unknown): value is LocalEntry {
  if (!isRecord(value) || !isText(value['key']) || !isNumber(value['from']) || !isNumber(value['to'])) return false;
  const texts = [value['text'], value['project']].every((text) => text === undefined || isText(text));
  return texts && (value['tags'] === undefined || isTexts(value['tags']));
}

const isEntries = (value: unknown): value is LocalEntry[] => Array.isArray(value) && value.every(isEntry);

function isEntryEdit(value: unknown): value is LocalEntryEdit {
  return isRecord(value) && [value['before'], value['after']].every((side) => side === null || isEntry(side));
}

const areEntryEdits = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every(isEntryEdit));

const isQueue = (value: unknown): value is TaskEdit[] => Array.isArray(value) && value.every(isEdit);

function isLogStep(value: unknown): value is LogStep {
  return (
    isRecord(value) &&
    isNumber(value['n']) &&
    isNumber(value['at']) &&
    isText(value['action']) &&
    isQueue(value['edits']) &&
    areEntryEdits(value['entries'])
  );
}

const isLog = (value: unknown): value is LogStep[] => Array.isArray(value) && value.every(isLogStep);

/** The changes of a list: each part may be missing. */
function isListChange(value: unknown, added: 'put' | 'add', fits: (list: unknown) => boolean): boolean {
  if (value === undefined) return true;
  if (!isRecord(value) || !fits(value[added])) return false;
  return added === 'put' ? isTexts(value['gone']) : isNumber(value['drop']);
}

function isStoredChange(value: unknown): value is StoredChange {
  if (!isRecord(value) || !isRecord(value['options'])) return false;
  const areOptions = Object.entries(value['options']).every(
    ([name, option]) => Object.hasOwn(optionChecks, name) && optionChecks[name as OptionName](option),
  );
  return (
    areOptions &&
    isListChange(value['tasks'], 'put', isTasks) &&
    isListChange(value['entries'], 'put', isEntries) &&
    isListChange(value['log'], 'add', isLog) &&
    isListChange(value['queue'], 'add', isQueue)
  );
}
