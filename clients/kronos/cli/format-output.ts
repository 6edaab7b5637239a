// What an action answered, as lines for a person or as JSON for a program. No action is decided here, and nothing is printed.

import { full } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { Strings } from '../../../protocol/stringify.ts';
import type { Output } from '../data/actions.ts';
import { columns, harmless } from './columns.ts';

export interface Screen {
  readonly colour: boolean;
  /** Columns; undefined where it is no terminal. */
  readonly width: number | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

export const listed = ['id', 'desc', 'tags', 'active', 'due', 'worktime'] as const satisfies readonly (keyof Strings)[];
export const described = {
  id: 'Id',
  desc: 'Desc',
  tags: 'Tags',
  active: 'Active',
  last_active: 'Last active',
  due: 'Due',
  done: 'Done',
  worktime: 'Worktime',
} as const satisfies Record<keyof Strings, string>;

const reset = '\u001b[0m';
const styles = { bold: '\u001b[1m', dim: '\u001b[2m', red: '\u001b[31m', green: '\u001b[32m' } as const;

/** What a row of the list looks like, to be seen at a glance. */
export function moodOf(task: PlainTask, now: number): 'done' | 'active' | 'overdue' | 'open' {
  if (task.done !== 0) return 'done';
  if (task.active !== 0) return 'active';
  return task.due !== 0 && task.due < now ? 'overdue' : 'open';
}

const styleOf = { done: 'dim', active: 'green', overdue: 'red', open: undefined } as const;

function styled(line: string, style: keyof typeof styles | undefined, colour: boolean): string {
  return colour && style !== undefined ? `${styles[style]}${line}${reset}` : line;
}

export function linesOf(output: Output, screen: Screen): readonly string[] {
  switch (output.kind) {
    case 'list': {
      const { colour, width, now } = screen;
      const [head = '', ...rows] = columns(
        listed.map((field) => described[field].toUpperCase()),
        output.rows.map((row) => listed.map((field) => row[field])),
        { width, flexible: 1 },
      );
      const moods = output.tasks.map((task) => styleOf[moodOf(task, now)]);
      return [styled(head, 'bold', colour), ...rows.map((row, at) => styled(row, moods[at], colour))];
    }
    case 'info': {
      const fields = Object.keys(described).filter((field) => isField(field));
      return columns(
        ['', ''],
        fields.map((field) => [described[field], output.row[field]]),
      ).slice(1);
    }
    case 'task':
      return [`task ${output.task.id} ${output.verb}`];
    case 'worktime':
      return [full(output.seconds)];
    case 'context':
      return [output.context.length === 0 ? 'context cleared' : `context set to ${output.context.join(' ')}`];
    case 'hide done':
      return [output.hidden ? 'done tasks are hidden' : 'done tasks are shown'];
  }
}

function isField(name: string): name is keyof Strings {
  return name in described;
}

export function jsonOf(output: Output): unknown {
  switch (output.kind) {
    case 'list':
      return output.tasks;
    case 'info':
    case 'task':
      return output.task;
    case 'worktime':
      return { tags: output.tags, worktime: output.seconds };
    case 'context':
      return { context: output.context };
    case 'hide done':
      return { hide_done: output.hidden };
  }
}

/** One line that says what a task is about, for messages. */
export function titleOf(task: Pick<PlainTask, 'desc'>): string {
  return harmless(task.desc);
}
