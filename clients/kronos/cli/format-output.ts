// Formats the output of an action as lines for a person or as JSON for a program. Prints nothing.

import { columns, escapeControls } from '../../../protocol/columns.ts';
import { fullDuration } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { relativeMoment, type TaskTexts } from '../../../protocol/stringify.ts';
import type { ActionOutput } from '../data/actions.ts';

export interface OutputLayout {
  readonly colour: boolean;
  /** Columns of the terminal; undefined if the output is not a terminal. */
  readonly width: number | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

export const listColumns = [
  'id',
  'desc',
  'tags',
  'active',
  'due',
  'worktime',
] as const satisfies readonly (keyof TaskTexts)[];
export const columnTitles = {
  id: 'Id',
  desc: 'Desc',
  tags: 'Tags',
  active: 'Active',
  last_active: 'Last active',
  due: 'Due',
  priority: 'Priority',
  done: 'Done',
  worktime: 'Worktime',
} as const satisfies Record<keyof TaskTexts, string>;

const reset = '\u001b[0m';
const escapes = { bold: '\u001b[1m', dim: '\u001b[2m', red: '\u001b[31m', green: '\u001b[32m' } as const;

/** The state of a task that the list shows by colour. */
export function taskStatus(task: PlainTask, now: number): 'done' | 'active' | 'overdue' | 'open' {
  if (task.done !== 0) return 'done';
  if (task.active !== 0) return 'active';
  return task.due !== 0 && task.due < now ? 'overdue' : 'open';
}

const statusStyles = { done: 'dim', active: 'green', overdue: 'red', open: undefined } as const;

function applyStyle(line: string, style: keyof typeof escapes | undefined, colour: boolean): string {
  return colour && style !== undefined ? `${escapes[style]}${line}${reset}` : line;
}

export function formatOutput(output: ActionOutput, screen: OutputLayout): readonly string[] {
  switch (output.kind) {
    case 'list': {
      const { colour, width, now } = screen;
      const shown = columnsOf(output.rows);
      const [head = '', ...rows] = columns(
        shown.map((field) => columnTitles[field].toUpperCase()),
        output.rows.map((row) => shown.map((field) => row[field])),
        { width, flexible: 1 },
      );
      const styles = output.tasks.map((task) => statusStyles[taskStatus(task, now)]);
      return [applyStyle(head, 'bold', colour), ...rows.map((row, at) => applyStyle(row, styles[at], colour))];
    }
    case 'info': {
      const fields = Object.keys(columnTitles).filter((field) => isField(field) && field !== 'priority');
      return columns(
        ['', ''],
        [...fields.map((field) => [columnTitles[field], output.row[field]]), ...output.more],
      ).slice(1);
    }
    case 'task': {
      const { id, verb, task, next } = output;
      const following =
        next === undefined ? [] : [`task ${next.id} is the next one, due ${relativeMoment(next.due - screen.now)}`];
      return [`task ${id} ${verb}: ${formatTitle(task)}`, ...following];
    }
    case 'text':
      return output.lines;
    case 'worktime':
      return [fullDuration(output.seconds)];
    case 'context':
      return [output.context.length === 0 ? 'context cleared' : `context set to ${output.context.join(' ')}`];
    case 'hide done':
      return [output.hidden ? 'done tasks are hidden' : 'done tasks are shown'];
  }
}

/** The priority has a column if a task of the list has one. */
export function columnsOf(rows: readonly TaskTexts[]): readonly (keyof TaskTexts)[] {
  const [id, desc, ...rest] = listColumns;
  return rows.some(({ priority }) => priority !== '') ? [id, desc, 'priority', ...rest] : listColumns;
}

function isField(name: string): name is keyof TaskTexts {
  return name in columnTitles;
}

export function outputToJson(output: ActionOutput): unknown {
  switch (output.kind) {
    case 'list':
      return output.tasks;
    case 'info':
    case 'task':
      return output.task;
    case 'text':
      return output.value;
    case 'worktime':
      return { tags: output.tags, worktime: output.seconds };
    case 'context':
      return { context: output.context };
    case 'hide done':
      return { hide_done: output.hidden };
  }
}

/** The description of a task, safe to print on a terminal. */
export function formatTitle(task: Pick<PlainTask, 'desc'>): string {
  return escapeControls(task.desc);
}
