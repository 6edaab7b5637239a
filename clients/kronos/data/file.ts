// The database in one readable JSON file, one task per line. The file is locked, checked, flushed and renamed, so that two commands at
// once, or a power cut, lose nothing. database.ts defines the fields.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LowSync } from 'lowdb';
import { errorCode, errorMessage } from '../../../protocol/error-message.ts';
import { isRecord } from '../../../protocol/json.ts';
import { type PlainTask, plainFields } from '../../../protocol/plain.ts';
import type { LockFile } from '../../typescript/lock-file.ts';
import {
  DatabaseError,
  type DatabaseStore,
  emptyDatabase,
  type KronosDatabase,
  type LocalEntry,
  type LocalEntryEdit,
  type LogStep,
  type TaskEdit,
} from './database.ts';
import { waitForLock } from './lock.ts';

/** A command needs the lock for some milliseconds, but many commands may wait for it. */
const defaultPatienceMs = 15_000;

export class DatabaseFile implements DatabaseStore {
  #path: string;
  #patienceMs: number;

  constructor(path: string, { patienceMs = defaultPatienceMs }: { readonly patienceMs?: number } = {}) {
    this.#path = path;
    this.#patienceMs = patienceMs;
  }

  read(): KronosDatabase {
    const low = this.#low();
    try {
      low.read();
    } catch (error) {
      throw new DatabaseError('read database failed', errorMessage(error));
    }
    return low.data;
  }

  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase {
    const lock = this.#lock();
    try {
      const before = this.read();
      const changed = change(before);
      if (Object.keys(changed).length === 0) return before;
      const low = this.#low();
      low.data = { ...before, ...changed };
      try {
        if (!lock.isHeld())
          throw new Error('the lock expired and another process took it, nothing was stored: try again');
        low.write();
      } catch (error) {
        throw new DatabaseError('write database failed', errorMessage(error));
      }
      return low.data;
    } finally {
      lock.release();
    }
  }

  #low(): LowSync<KronosDatabase> {
    const path = resolveLink(this.#path);
    const adapter = {
      read: () => {
        const text = readText(path);
        return text === undefined ? null : parseDatabase(text);
      },
      write: (database: KronosDatabase) => replaceFile(path, formatDatabase(database)),
    };
    return new LowSync<KronosDatabase>(adapter, emptyDatabase);
  }

  #lock(): LockFile {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      return waitForLock(`${resolveLink(this.#path)}.lock`, this.#patienceMs);
    } catch (error) {
      throw new DatabaseError('write database failed', errorMessage(error));
    }
  }
}

/** Follows a symbolic link: people may keep the file elsewhere, such as in a repository, and a rename would replace the link. */
function resolveLink(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** @returns undefined if there is no file */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Flushes the new file to disk before it replaces the old one. */
function replaceFile(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  flushFolder(dirname(path));
}

/** Makes the rename durable. Windows cannot flush a folder and does not need it. */
function flushFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Formats each option as one line, then the lists with one entry per line. */
function formatDatabase({ tasks, entries, log, queue, ...options }: KronosDatabase): string {
  const lines = Object.entries(options).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const lists = Object.entries({ tasks, entries, log, queue }).map(([name, list]) => {
    const inside = list.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
    return `  "${name}": [${inside === '' ? '' : `\n${inside}\n  `}]`;
  });
  return `{\n${[...lines, ...lists].join(',\n')}\n}\n`;
}

/** Checks every field, because a person may have edited the file. @throws if the text is not a database */
function parseDatabase(text: string): KronosDatabase {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('not a JSON object');
  const of = <T>(name: keyof KronosDatabase, fits: (field: unknown) => field is T, otherwise: T): T => {
    const field = value[name];
    if (field === undefined) return otherwise;
    if (!fits(field)) throw new Error(`"${name}" has the wrong type`);
    return field;
  };
  return {
    hide_done: of('hide_done', isBoolean, emptyDatabase.hide_done),
    enable_sync: of('enable_sync', isBoolean, emptyDatabase.enable_sync),
    sync_host: of('sync_host', isText, emptyDatabase.sync_host),
    sync_user_id: of('sync_user_id', isText, ''),
    sync_device_id: of('sync_device_id', isText, ''),
    sync_version: of('sync_version', isNumber, 0),
    sync_epoch: of('sync_epoch', isText, ''),
    context: of('context', isTexts, []),
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

function isTask(value: unknown): value is PlainTask {
  return isRecord(value) && isText(value['index']) && isTaskPart(value) && plainFields.every((field) => field in value);
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
