// Formats the texts of `--help` from the table of commands (table.ts).

import { columns } from '../../../protocol/columns.ts';
import { actionRows, type CommandRow, toolRows } from './table.ts';

const grammar = `A line of add or update is description, tags and a due date, in any order:
  +tag         a tag: letters, digits, - and _; with update, -tag takes one away
  :DDMMYY:HHMM the due date and time; each may be cut short, and the next such time counts:
               :15 on the 15th, ::18 at 18:00, :1505:1830, : at midnight
  :2w1d        due that long from now: y, mo, w, d, h, m
  :fri:18      today, tomorrow, a day of the week, eod, eow, eom, eoy, 2026-12-24; :- for none
  @home.garden the project, and the projects that it is in; @- for none
  priority:high, medium, low         wait:<date> hides the task until then
  scheduled:<date> work can begin    every:week, 2w, mon,thu, weekday, 3d-after-done
  needs:12,14 tasks to do first      name:- takes a value away; after -- names are text
A filter is words that must all fit: text, +tag, -tag, @project, priority:high, needs:12,
due.before:fri, due.after:2w, due:today, due:- (also wait, scheduled, done), is:open, done,
active, overdue, waiting, blocked, blocking, ready, recurring; - before a word: not. sort:due,
sort:-urgency and others, limit:10. An action on all tasks of a filter needs --yes.
Durations are shown in y (365 days), mo (30 days), w, d, h, min and s.`;

const surroundings = `Exit codes: 0 done, 1 failed, 2 not understood, 3 no such task, 4 refused by the hub.
Environment: KRONOS_DATA (folder of the database), KRONOS_TOKEN, KRONOS_NO_SYNC=1, MOB_TIMER_URL, NO_COLOR.`;

function formatTable(rows: readonly CommandRow[]): string {
  const cells = rows.map(({ names, takes, help }) => [`  ${names.join(', ')}`, takes, help]);
  return columns(['', '', ''], cells).slice(1).join('\n');
}

export function formatHelp(): string {
  return `kronos: tasks and the time spent on them, in your terminal, with a hub or without.

Usage: kronos [action] [arguments] [--json]     (k is short for kronos)

Actions:
${formatTable(actionRows)}

And:
${formatTable(toolRows)}

${grammar}

Options: --json prints JSON; --help, after an action too; --version; -- ends options.
${surroundings}`;
}

export function formatCommandHelp({ names, takes, help, examples }: CommandRow): string {
  const also = names.slice(1).map((name) => `\nShort: kronos ${name}`);
  const lines = examples.map((example) => `  ${example}`).join('\n');
  return `${formatUsage({ names, takes })}${also.join('')}\n\n${capitalize(help)}.\n\nExamples:\n${lines}`;
}

export function formatUsage({ names, takes }: Pick<CommandRow, 'names' | 'takes'>): string {
  return `Usage: kronos ${names[0]} ${takes}`.trimEnd();
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
