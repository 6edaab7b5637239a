// The command `now`: what one is working on, for a person or for a status line.

import { escapeControls } from '../../../../protocol/columns.ts';
import { fullDuration, shortDuration } from '../../../../protocol/duration.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { projectOf, tagsWithoutProject } from '../../../../protocol/planning.ts';
import { projectIn } from '../../../../protocol/project-in.ts';
import { relativeMoment } from '../../../../protocol/stringify.ts';
import { worktimeOf } from '../../../../protocol/worktime.ts';
import { exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

type Field = (task: PlainTask, now: number) => string;

/** The value that replaces `{name}`. */
const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['task', ({ desc }) => desc],
  ['id', ({ id }) => String(id)],
  ['project', (task) => projectOf(task) ?? projectIn(task.desc) ?? ''],
  ['tags', (task) => tagsWithoutProject(task).join(' ')],
  ['elapsed', ({ active }, now) => clockOf(now - active)],
  ['worktime', (task, now) => shortDuration(worktimeOf(task, now))],
  ['due', ({ due }, now) => (due === 0 ? '' : relativeMoment(due - now))],
]);
const separator = ' · ';

/** @returns hours and minutes: `1:05` */
function clockOf(seconds: number): string {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

/** @returns undefined if a name in braces is unknown */
function findUnknown(format: string): string | undefined {
  return [...format.matchAll(/\{(\w*)\}/g)].map(([, name = '']) => name).find((name) => !fields.has(name));
}

function fillIn(format: string, task: PlainTask, now: number): string {
  const text = format.replace(/\{(\w*)\}/g, (_, name: string) => fields.get(name)?.(task, now) ?? '');
  return escapeControls(text.trim());
}

export const now: RunCommand = ({ words, format, json }, cli) => {
  if (words.length > 0) return printUsage(cli, 'now [--format <text>]');
  const unknown = format === undefined ? undefined : findUnknown(format);
  if (unknown !== undefined) {
    cli.printError(`unknown {${unknown}}: use ${[...fields.keys()].map((name) => `{${name}}`).join(' ')}`);
    return exitCode.usage;
  }
  const seconds = Math.floor(cli.now() / 1_000);
  const running = cli.database
    .read()
    .tasks.filter(({ active, done }) => active !== 0 && done === 0)
    .sort((one, other) => other.active - one.active);
  if (json) cli.print(JSON.stringify(running, null, 2));
  // A status line shows nothing when nothing runs.
  else if (format !== undefined) cli.print(running.map((task) => fillIn(format, task, seconds)).join(separator));
  else if (running.length === 0) cli.printError('no task is running: start one with "kronos start <id>"');
  for (const task of json || format !== undefined ? [] : running) {
    cli.print(escapeControls(`task ${task.id}: ${task.desc} (${fullDuration(Math.max(0, seconds - task.active))})`));
  }
  return exitCode.ok;
};
