// Tasks from files of others, and for them. How such a file looks is in forms/.

import { readFileSync } from 'node:fs';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { doneId, freeId } from '../../../../protocol/task.ts';
import { applyEdit, recordStep } from '../../data/edits.ts';
import type { TaskFormat } from '../../formats/format.ts';
import { json } from '../../formats/json.ts';
import { taskwarrior } from '../../formats/taskwarrior.ts';
import { vim2018, vim2019 } from '../../formats/vim.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { errorMessage } from '../error-message.ts';
import { printUsage } from './sync.ts';
import type { RunTool } from './tool.ts';

const forms: ReadonlyMap<string, TaskFormat> = new Map([
  ['taskwarrior', taskwarrior],
  ['vim', vim2019],
  ['vim-2018', vim2018],
  ['json', json],
]);
const named = [...forms.keys()].join('|');

export const importTasks: RunTool = ({ words, json: asJson }, house) => {
  const [name = '', path, ...more] = words;
  const form = forms.get(name);
  if (form === undefined || path === undefined || more.length > 0) return printUsage(house, `import ${named} <file>`);
  const text = textOf(path, house);
  const read = text.ok ? form.read(text.text) : text;
  if (!read.ok) {
    house.printError(`${path}: ${read.error}`);
    return exitCode.failure;
  }
  let added: readonly PlainTask[] = [];
  const { enable_sync: enabled } = house.database.write((database) => {
    const nameOf = (task: PlainTask) => form.nameOf?.(task) ?? task.index;
    const known = new Set(database.tasks.map(nameOf));
    added = read.tasks.filter((task) => !known.has(nameOf(task)));
    const tasks = [...added].sort(openFirst).reduce(withTask, database.tasks);
    return recordStep(database, tasks, { action: 'import', at: Math.floor(house.now() / 1_000) });
  });
  const there = read.tasks.length - added.length;
  if (asJson) house.print(JSON.stringify({ added: added.length, known: there }));
  else house.print(`${added.length} tasks added; ${there} were here already`);
  if (enabled && house.env['KRONOS_NO_SYNC'] !== '1') house.startBackgroundSync();
  return exitCode.ok;
};

/** Open tasks keep the ids that they came with, as far as they are free. */
function openFirst(one: PlainTask, other: PlainTask): number {
  return Number(one.done !== 0) - Number(other.done !== 0);
}

function withTask(tasks: readonly PlainTask[], task: PlainTask): readonly PlainTask[] {
  const free = () => doneId(freeId(new Set(tasks.map(({ id }) => id))), task.done);
  const after = task.done !== 0 && task.id === 0 ? { ...task, id: free() } : task;
  return applyEdit(tasks, { index: task.index, before: null, after });
}

type Text = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string };

function textOf(path: string, house: CliContext): Text {
  try {
    return { ok: true, text: path === '-' ? house.readStdin() : readFileSync(path, 'utf8') };
  } catch (error) {
    return { ok: false, error: errorMessage(error) };
  }
}

export const exportTasks: RunTool = ({ words }, house) => {
  const form = forms.get(words[0] ?? '');
  if (form === undefined || words.length > 1) return printUsage(house, `export ${named}`);
  house.print(form.write(house.database.read()));
  return exitCode.ok;
};
