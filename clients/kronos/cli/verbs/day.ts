// The commands `day` and `week`: print the merged day of a date, or the week around it, from the hub or from the tasks of this device.

import { addDays, parseDate, weekday } from '../../day/dates.ts';
import { type DayResult, openDayProvider } from '../../day/day-provider.ts';
import { type DayLayout, drawDay, drawWeek } from '../../day/draw-day.ts';
import type { ShownDay } from '../../day/local-day.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';
import { questionText } from './questions.ts';

export const day: RunCommand = async ({ words, json }, cli) => {
  const [date = 'today', ...more] = words;
  if (more.length > 0 || !isDateWord(date, cli)) return printUsage(cli, 'day [today|yesterday|<yyyy-mm-dd>]');
  return showDays(
    cli,
    date,
    (first) => [first.date],
    ([only], layout) => {
      if (only === undefined) return [];
      return json ? [JSON.stringify(only, null, 2)] : drawDay(only, layout);
    },
    !json,
  );
};

export const week: RunCommand = async ({ words, json }, cli) => {
  const [date = 'today', ...more] = words;
  if (more.length > 0 || !isDateWord(date, cli)) return printUsage(cli, 'week [today|yesterday|<yyyy-mm-dd>]');
  return showDays(cli, date, datesOfWeek, (days, layout) =>
    json ? [JSON.stringify(totalsOf(days), null, 2)] : drawWeek(days, layout),
  );
};

function isDateWord(word: string, cli: CliContext): boolean {
  return parseDate(word, { zone: cli.zone, now: Math.floor(cli.now() / 1_000) }) !== undefined;
}

/** From Monday to Sunday. */
function datesOfWeek({ date }: ShownDay): readonly string[] {
  const monday = addDays(date, -weekday(date));
  return Array.from({ length: 7 }, (_, index) => addDays(monday, index));
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

/** @param datesFor the dates to show, from the day that was asked for */
async function showDays(
  cli: CliContext,
  date: string,
  datesFor: (first: ShownDay) => readonly string[],
  draw: (days: readonly ShownDay[], layout: DayLayout) => readonly string[],
  asks = false,
): Promise<ExitCode> {
  const database = cli.database.read();
  const source = await openDayProvider(database, cli);
  try {
    const first = await source.day(date);
    if (!first.ok) return printFailure(first, cli);
    const days: ShownDay[] = [];
    let { note } = first;
    for (const one of datesFor(first.day)) {
      const result = one === first.day.date ? first : await source.day(one);
      if (!result.ok) return printFailure(result, cli);
      days.push(result.day);
      note ||= result.note;
    }
    const names = new Map(database.tasks.map(({ index, id, desc }) => [index, `${id} ${desc}`]));
    const { colour, width } = cli;
    cli.print(draw(days, { colour, width, taskName: (key) => names.get(key) }).join('\n'));
    if (note !== '') cli.printError(`note: ${note}`);
    else if (database.queue.length > 0) cli.printError('note: changes wait here; run "kronos sync" to count them');
    if (asks && note === '')
      for (const question of await source.questions()) cli.printError(`question: ${questionText(question, cli)}`);
    return exitCode.ok;
  } finally {
    await source.close();
  }
}

function printFailure({ why, error }: Extract<DayResult, { ok: false }>, cli: CliContext): ExitCode {
  cli.printError(why === 'refused' ? `the hub refuses the token: ${error}` : error);
  if (why === 'refused') return exitCode.auth;
  return why === 'invalid date' ? exitCode.usage : exitCode.failure;
}
