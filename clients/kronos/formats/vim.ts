// The database files of kronos.vim. A line that begins with `{` is a task. A file of 2018 has times in seconds; a file of 2019 has times in
// milliseconds, and every start and stop. The lines before the tasks are options of kronos.vim (six lines in 2018, a context and a flag in
// 2019), which are not imported.

import { compile } from '../../../protocol/check.ts';
import { errorMessage } from '../../../protocol/error-message.ts';
import { shownTo } from '../../../protocol/generation.ts';
import { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';
import type { Result } from '../../../protocol/result.ts';
import type { KronosDatabase } from '../data/database.ts';
import { type FileEntry, hashName, isJsonObject, readEntryPerLine, type TaskFormat } from './format.ts';
import { formatVimValue, parseVimValue, type VimValue } from './vim-values.ts';

const checkTask = compile(Task);
/** The `index` of an exported task begins with this. */
const ownPrefix = 'kronos#';

function isTask(value: unknown): value is Task {
  return checkTask(value) && isJsonObject(value) && typeof value['desc'] === 'string';
}

/** An index of 2019 begins with a secret, which our index must not contain. */
function indexOf(task: Task): string {
  const { index } = task;
  if (index?.startsWith(ownPrefix) === true) return index.slice(ownPrefix.length);
  return hashName(index === undefined ? JSON.stringify(task) : `vim${index.slice(Math.max(0, index.indexOf('#')))}`);
}

/** Converts an id in a string to a number: kronos.vim of 2018 writes the ids of done tasks as strings. */
function withNumericId(value: VimValue): VimValue {
  if (!isJsonObject(value)) return value;
  const { id } = value;
  return typeof id === 'string' && /^-?\d{1,16}$/.test(id) ? { ...value, id: Number(id) } : value;
}

/** Reads a JSON array, a JSON database, or a database file with one task per line. */
function readEntries(text: string): Result<readonly FileEntry<VimValue>[]> {
  try {
    const value = parseVimValue(text);
    const values = Array.isArray(value)
      ? value
      : isJsonObject(value) && Array.isArray(value['tasks'])
        ? value['tasks']
        : [value];
    return { ok: true, value: values.map((one: VimValue) => ({ line: 1, value: { ok: true, value: one } })) };
  } catch (error) {
    const tasks = text.replace(/^(?!\s*\{).*$/gm, '');
    const entries = readEntryPerLine(tasks, parseVimValue);
    if (entries.length === 0) {
      return { ok: false, error: `not a database of kronos.vim: ${errorMessage(error)}` };
    }
    return { ok: true, value: entries };
  }
}

const read: TaskFormat['read'] = (text) => {
  const entries = readEntries(text);
  if (!entries.ok) return entries;
  const parsed = entries.value.map(({ line, value: entry }) => {
    const value = entry.ok ? withNumericId(entry.value) : undefined;
    const task = isTask(value) ? plainOf(indexOf(value), value) : undefined;
    const reason = entry.ok ? 'it has no "desc", or a field has the wrong type' : entry.error;
    return { task, notice: { line, kind: 'unreadable', text: `not a task of kronos.vim: ${reason}` } } as const;
  });
  return {
    ok: true,
    value: {
      tasks: parsed.flatMap(({ task }) => task ?? []),
      notices: parsed.flatMap(({ task, notice }) => (task === undefined ? [notice] : [])),
    },
  };
};

function formatLines(tasks: readonly PlainTask[], toWire: (task: PlainTask) => Task): readonly string[] {
  return tasks.map((task) => {
    const value: VimValue = JSON.parse(JSON.stringify({ ...toWire(task), index: `${ownPrefix}${task.index}` }));
    return formatVimValue(value);
  });
}

function toTask2019(task: PlainTask): Task {
  const { id, done } = task;
  return { ...shownTo(2019, wireOf(undefined, undefined, task)), id: done === 0 ? id : -Math.abs(id) };
}

export const vim2018: TaskFormat = {
  read,
  write: ({ tasks, hide_done: hidden }: KronosDatabase) =>
    [
      `${Number(hidden)}`,
      '0',
      'localhost:5000',
      '',
      '',
      '0',
      ...formatLines(tasks, (task) => wireOf(undefined, undefined, task)),
    ].join('\n'),
};

export const vim2019: TaskFormat = {
  read,
  write: ({ tasks, hide_done: hidden, context }: KronosDatabase) =>
    [formatVimValue(context), `${Number(hidden)}`, ...formatLines(tasks, toTask2019)].join('\n'),
};
