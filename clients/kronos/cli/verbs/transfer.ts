// The commands `import` and `export`: tasks from and for other programs. The formats are in formats/.

import { readFileSync } from 'node:fs';
import { escapeControls } from '../../../../protocol/columns.ts';
import { errorMessage } from '../../../../protocol/error-message.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import type { Result } from '../../../../protocol/result.ts';
import { doneId } from '../../../../protocol/task.ts';
import { recordStep } from '../../data/edits.ts';
import { TaskTable } from '../../data/task-table.ts';
import { csv } from '../../formats/csv.ts';
import type { ImportNotice, TaskFormat } from '../../formats/format.ts';
import { ics } from '../../formats/ics.ts';
import { json } from '../../formats/json.ts';
import { taskwarrior } from '../../formats/taskwarrior.ts';
import { missingIntervals, withMissing } from '../../formats/time-entries.ts';
import { timewarrior } from '../../formats/timewarrior.ts';
import { todoTxt } from '../../formats/todo-txt.ts';
import { toggl } from '../../formats/toggl.ts';
import { vim2018, vim2019 } from '../../formats/vim.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

/** How many notices of each kind are printed; the rest is only counted. */
const maxNotices = 20;

const formats: ReadonlyMap<string, TaskFormat> = new Map([
  ['taskwarrior', taskwarrior],
  ['timewarrior', timewarrior],
  ['todo.txt', todoTxt],
  ['toggl', toggl],
  ['ics', ics],
  ['csv', csv],
  ['vim', vim2019],
  ['vim-2018', vim2018],
  ['json', json],
]);
const formatNames = [...formats.keys()].join('|');

export const importTasks: RunCommand = ({ words, json: asJson }, cli) => {
  const [name = '', path, ...more] = words;
  const format = formats.get(name);
  if (format === undefined || path === undefined || more.length > 0) {
    return printUsage(cli, `import ${formatNames} <file>`);
  }
  const text = readText(path, cli);
  const parsed = text.ok ? format.read(text.value) : text;
  if (!parsed.ok) {
    cli.printError(`${path}: ${parsed.error}`);
    return exitCode.failure;
  }
  const { tasks, notices } = parsed.value;
  let placed: PlacedTasks = { after: [], added: 0, known: 0 };
  const { enable_sync: enabled } = cli.database.write((database) => {
    placed = placeTasks(format, tasks, database.tasks);
    return recordStep(database, placed.after, { action: 'import', at: Math.floor(cli.now() / 1_000) });
  });
  const { added, known, intervals } = placed;
  if (asJson) cli.print(JSON.stringify({ added, known, ...(intervals === undefined ? {} : { intervals }), notices }));
  else {
    cli.print(`${added} tasks added; ${known} were here already`);
    if (intervals !== undefined) cli.print(`${intervals.added} intervals added; ${intervals.known} were here already`);
    printNotices(path, notices, cli);
  }
  const isChanged = added > 0 || (intervals?.added ?? 0) > 0;
  if (isChanged && enabled && cli.env['KRONOS_NO_SYNC'] !== '1') cli.startBackgroundSync();
  return notices.some(({ kind }) => kind === 'unreadable') ? exitCode.failure : exitCode.ok;
};

/** The tasks after an import, and what it did. */
interface PlacedTasks {
  readonly after: readonly PlainTask[];
  readonly added: number;
  readonly known: number;
  /** Absent if the format is one of tasks. */
  readonly intervals?: { readonly added: number; readonly known: number };
}

function placeTasks(format: TaskFormat, read: readonly PlainTask[], before: readonly PlainTask[]): PlacedTasks {
  if (format.findTask !== undefined) return placeIntervals(format.findTask, read, before);
  const identify = (task: PlainTask) => format.identify?.(task) ?? task.index;
  const known = new Map(before.map((task) => [identify(task), task.index]));
  const added = read.filter((task) => !known.has(identify(task))).map((task) => withKnownNeeds(task, known));
  return { after: addTasks(before, added), added: added.length, known: read.length - added.length };
}

function placeIntervals(
  findTask: NonNullable<TaskFormat['findTask']>,
  read: readonly PlainTask[],
  before: readonly PlainTask[],
): PlacedTasks {
  const added: PlainTask[] = [];
  const changed = new Map<string, PlainTask>();
  let [all, missing] = [0, 0];
  for (const task of read) {
    const found = findTask(task, before);
    const here = found === undefined ? undefined : (changed.get(found.index) ?? found);
    const lacking = missingIntervals(task, here);
    all += missingIntervals(task, undefined).length;
    missing += lacking.length;
    if (here === undefined) added.push(task);
    else changed.set(here.index, withMissing(here, lacking));
  }
  const after = addTasks(
    before.map((task) => changed.get(task.index) ?? task),
    added,
  );
  return {
    after,
    added: added.length,
    known: read.length - added.length,
    intervals: { added: missing, known: all - missing },
  };
}

/** A task that is here already may have another index than in the file. */
function withKnownNeeds(task: PlainTask, known: ReadonlyMap<string, string>): PlainTask {
  return task.needs === undefined ? task : { ...task, needs: task.needs.map((index) => known.get(index) ?? index) };
}

function printNotices(path: string, notices: readonly ImportNotice[], cli: CliContext): void {
  for (const kind of ['unreadable', 'skipped', 'incomplete'] as const) {
    const some = notices.filter((notice) => notice.kind === kind);
    for (const { line, text } of some.slice(0, maxNotices)) {
      cli.printError(`${path}:${line}: ${kind}: ${escapeControls(text)}`);
    }
    if (some.length > maxNotices) cli.printError(`${path}: and ${some.length - maxNotices} more are ${kind}`);
  }
}

/** Adds open tasks first, so that they keep their ids if these are free. */
function addTasks(tasks: readonly PlainTask[], added: readonly PlainTask[]): readonly PlainTask[] {
  const table = new TaskTable(tasks);
  const [open, done] = [added.filter((task) => task.done === 0), added.filter((task) => task.done !== 0)];
  for (const task of open) table.set(task);
  let next = table.freeId();
  for (const task of done) {
    table.set(task.id === 0 ? { ...task, id: doneId(next, task.done) } : task);
    next += 1;
  }
  return table.tasks();
}

function readText(path: string, cli: CliContext): Result<string> {
  try {
    return { ok: true, value: path === '-' ? cli.readStdin() : readFileSync(path, 'utf8') };
  } catch (error) {
    return { ok: false, error: errorMessage(error) };
  }
}

export const exportTasks: RunCommand = ({ words }, cli) => {
  const format = formats.get(words[0] ?? '');
  if (format === undefined || words.length > 1) return printUsage(cli, `export ${formatNames}`);
  cli.print(format.write(cli.database.read()));
  return exitCode.ok;
};
