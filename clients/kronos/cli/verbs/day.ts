// The commands `day`, `week` and `month`: print the merged day of a date, a week, or the sums of a range, from the hub or from the tasks of this
// device.

import { findTask } from '../../data/actions.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { type DayProvider, type DayResult, openDayProvider } from '../../day/day-provider.ts';
import { type DayLayout, drawDay, drawWeek } from '../../day/draw-day.ts';
import { readEntries } from '../../day/hub-entries.ts';
import { questionText } from '../../day/hub-questions.ts';
import type { ShownDay } from '../../day/local-day.ts';
import { datesIn } from '../../day/ranges.ts';
import {
  formatReport,
  makeReport,
  type ReportLookup,
  reportToCsv,
  reportToJson,
  reportToVim,
} from '../../day/report.ts';
import { parseReport, type ReportCommand, type ReportVerb, reportUsage } from '../../day/report-line.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { type CommandArguments, printUsage, type RunCommand } from '../command.ts';

export const day: RunCommand = (args, cli) => runReport('day', args, cli);
export const week: RunCommand = (args, cli) => runReport('week', args, cli);
export const month: RunCommand = (args, cli) => runReport('month', args, cli);

async function runReport(verb: ReportVerb, args: CommandArguments, cli: CliContext): Promise<ExitCode> {
  const parsed = parseReport(verb, args.words, { zone: cli.zone, now: Math.floor(cli.now() / 1_000) });
  if (typeof parsed === 'string') {
    cli.printError(parsed);
    return printUsage(cli, `${verb} ${reportUsage}`);
  }
  const database = cli.database.read();
  const command = withTaskKey(parsed, database);
  if ('error' in command) {
    cli.printError(command.error);
    return command.why === 'usage' ? exitCode.usage : exitCode.notFound;
  }
  const source = await openDayProvider(database, cli);
  try {
    return await printDays(command, args, { database, source }, cli);
  } finally {
    await source.close();
  }
}

/** The filter has the id of a task as it was typed; afterwards it has the key. */
function withTaskKey(
  command: ReportCommand,
  { tasks }: KronosDatabase,
): ReportCommand | { readonly error: string; readonly why: 'usage' | 'not found' | 'failure' } {
  const { task } = command.filters;
  if (task === undefined) return command;
  const found = findTask(tasks, task, 'current and former ids');
  return found.ok ? { ...command, filters: { ...command.filters, task: found.task.index } } : found;
}

interface ReportSource {
  readonly database: KronosDatabase;
  readonly source: DayProvider;
}

async function printDays(
  command: ReportCommand,
  args: CommandArguments,
  { database, source }: ReportSource,
  cli: CliContext,
): Promise<ExitCode> {
  const days: ShownDay[] = [];
  let note = '';
  const dates = datesIn(command.range);
  for (const [place, date] of dates.entries()) {
    if (dates.length > 40) cli.showProgress(`${place} of ${dates.length} days`);
    const result = await source.day(date);
    if (!result.ok) return printFailure(result, cli);
    days.push(result.day);
    note ||= result.note;
  }
  cli.showProgress('');
  cli.print((await linesOf(command, args, days, { database, source }, cli)).join('\n'));
  if (note !== '') cli.printError(`note: ${note}`);
  else if (database.queue.length > 0) cli.printError('note: changes wait here; run "kronos sync" to count them');
  const asks = isDrawnDay(command) && dates.length === 1 && !args.json && !args.csv && note === '';
  if (asks) for (const question of await source.questions()) cli.printError(`question: ${questionText(question, cli)}`);
  return exitCode.ok;
}

/** True if the days are drawn as they are: nothing is filtered or grouped. */
function isDrawnDay({ filters, groups, format }: ReportCommand): boolean {
  const { tags, project, task } = filters;
  return tags.length === 0 && project === undefined && task === undefined && groups.length === 0 && format === 'text';
}

async function linesOf(
  command: ReportCommand,
  { json, csv }: CommandArguments,
  days: readonly ShownDay[],
  { database }: ReportSource,
  cli: CliContext,
): Promise<readonly string[]> {
  const [first] = days;
  if (isDrawnDay(command) && !csv && first !== undefined && days.length <= 7) {
    const names = new Map(database.tasks.map(({ index, id, desc }) => [index, `${id} ${desc}`]));
    const layout: DayLayout = { colour: cli.colour, width: cli.width, taskName: (key) => names.get(key) };
    if (days.length === 1) return json ? [JSON.stringify(first, null, 2)] : drawDay(first, layout);
    return json ? [JSON.stringify(totalsOf(days), null, 2)] : drawWeek(days, layout);
  }
  const lookup = await lookupFor(command, csv, database);
  const report = makeReport(days, command.filters, lookup);
  const without = [...new Set(days.flatMap((one) => one.without))].sort();
  const groups = command.groups.length > 0 ? command.groups : (['project', 'task'] as const);
  if (csv) return reportToCsv(report, lookup);
  if (command.format === 'vim') return reportToVim(report);
  if (json) return [JSON.stringify({ ...reportToJson(report, groups, lookup), without }, null, 2)];
  return formatReport(report, groups, lookup, cli);
}

/** Only tags need the entries: those of this device, and those of the hub. */
async function lookupFor(
  { filters, groups }: ReportCommand,
  csv: boolean,
  database: KronosDatabase,
): Promise<ReportLookup> {
  const entryTags = new Map(database.entries.map(({ key, tags = [] }) => [key, tags]));
  if (database.enable_sync && (csv || filters.tags.length > 0 || groups.includes('tag'))) {
    const read = await readEntries(database);
    if (read.ok) for (const { key, item } of read.entries) entryTags.set(key, item.tags ?? []);
  }
  return { tasks: database.tasks, entryTags };
}

/** The shape of `GET /-/days`. */
function totalsOf(days: readonly ShownDay[]): unknown {
  return {
    days: days.map(({ date, total, projects, human, agent, agent_wall, attended }) => ({
      date,
      total,
      projects,
      human,
      agent,
      agent_wall,
      attended,
    })),
    without: [...new Set(days.flatMap(({ without }) => without))].sort(),
  };
}

function printFailure({ why, error }: Extract<DayResult, { ok: false }>, cli: CliContext): ExitCode {
  cli.printError(why === 'refused' ? `the hub refuses the token: ${error}` : error);
  if (why === 'refused') return exitCode.auth;
  return why === 'invalid date' ? exitCode.usage : exitCode.failure;
}
