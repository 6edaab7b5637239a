// The database files of kronos.vim. In all of them a line that begins with `{` is a task: of 2018, with times in seconds, or of 2019, in
// milliseconds, with every start and stop. The lines before are options (six in 2018, a context and a flag in 2019), which are not
// taken over: they are the other client's own.

import { compile } from '../../../protocol/check.ts';
import { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';
import { errorMessage } from '../cli/error-message.ts';
import type { KronosDatabase } from '../data/database.ts';
import { hashName, isJsonObject, type ParsedTasks, type TaskFormat } from './format.ts';
import { formatVimValue, parseVimValue, type VimValue } from './vim-values.ts';

const checkTask = compile(Task);
/** `index` begins with this where it was written here. */
const ours = 'kronos#';

function isTask(value: unknown): value is Task {
  return checkTask(value) && isJsonObject(value) && typeof value['desc'] === 'string';
}

/** An index of 2019 begins with a secret, which is not part of the name that a task gets here. */
function indexOf(task: Task): string {
  const { index } = task;
  if (index?.startsWith(ours) === true) return index.slice(ours.length);
  return hashName(index === undefined ? JSON.stringify(task) : `vim${index.slice(Math.max(0, index.indexOf('#')))}`);
}

function tasksIn(text: string): readonly VimValue[] {
  try {
    const value = parseVimValue(text);
    if (Array.isArray(value)) return value;
    if (isJsonObject(value) && Array.isArray(value['tasks'])) return value['tasks'];
    return [value];
  } catch (error) {
    const lines = text.split(/\r?\n/).filter((line) => line.trimStart().startsWith('{'));
    if (lines.length === 0) throw error;
    return lines.map(parseVimValue);
  }
}

function read(text: string): ParsedTasks {
  let values: readonly VimValue[];
  try {
    values = tasksIn(text);
  } catch (error) {
    return { ok: false, error: `it is no database of kronos.vim: ${errorMessage(error)}` };
  }
  const wrong = values.findIndex((value) => !isTask(value));
  if (wrong !== -1) return { ok: false, error: `entry ${wrong + 1} is no task of kronos.vim` };
  return { ok: true, tasks: values.filter(isTask).map((task) => plainOf(indexOf(task), task)) };
}

function lines(tasks: readonly PlainTask[], toWire: (task: PlainTask) => Task): readonly string[] {
  return tasks.map((task) => {
    const value: VimValue = JSON.parse(JSON.stringify({ ...toWire(task), index: `${ours}${task.index}` }));
    return formatVimValue(value);
  });
}

function asOf2019(task: PlainTask): Task {
  const untouched = { ...task, active: 0, last_active: 0, worktime: 0, due: 0, done: 0 };
  const blank: Task = {
    id: task.done === 0 ? task.id : -Math.abs(task.id),
    desc: task.desc,
    tags: [...task.tags],
    start: [],
    stop: [],
    active: 0,
    due: 0,
    done: 0,
  };
  return wireOf(blank, untouched, task);
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
      ...lines(tasks, (task) => wireOf(undefined, undefined, task)),
    ].join('\n'),
};

export const vim2019: TaskFormat = {
  read,
  write: ({ tasks, hide_done: hidden, context }: KronosDatabase) =>
    [formatVimValue(context), `${Number(hidden)}`, ...lines(tasks, asOf2019)].join('\n'),
};
