// Parses the arguments of `kronos day`, `week` and `month`: a range, filters, a grouping and a format.

import { isTag } from '../../../protocol/words.ts';
import { type DateContext, dateAt } from './dates.ts';
import { type DateRange, monthOf, parseRange, weekOf } from './ranges.ts';

export type ReportGroup = 'project' | 'task' | 'tag';

/** All of them must hold. */
export interface ReportFilters {
  readonly tags: readonly string[];
  readonly project: string | undefined;
  /** The id as it was typed; later the key of the task. */
  readonly task: string | undefined;
}

export interface ReportCommand {
  readonly range: DateRange;
  readonly filters: ReportFilters;
  /** Empty if none was typed. */
  readonly groups: readonly ReportGroup[];
  readonly format: 'text' | 'vim';
}

export type ReportVerb = 'day' | 'week' | 'month';

export const reportUsage =
  '[<range>] [+tag…] [@project] [task:<id>] [by:project|task|tag] [as:vim] [--json | --csv]\n' +
  '  a range: today, yesterday, fri, 2026-11-28, lastweek, lastmonth, 2026-11, 2026-w48, 2026, mon..fri, 2026-11-02..';

/** @returns the command; or a text that says what is wrong, '' if the usage explains it */
export function parseReport(verb: ReportVerb, words: readonly string[], context: DateContext): ReportCommand | string {
  const ranges: DateRange[] = [];
  const tags: string[] = [];
  const projects: string[] = [];
  const tasks: string[] = [];
  const groups: ReportGroup[] = [];
  let format: ReportCommand['format'] = 'text';
  for (const word of words) {
    if (word === 'as:vim') format = 'vim';
    else if (/^by:(?:project|task|tag)$/.test(word)) groups.push(...groupNamed(word.slice(3)));
    else if (/^\+./.test(word)) tags.push(word.slice(1));
    else if (/^@./.test(word)) projects.push(word.slice(1));
    else if (/^task:./.test(word)) tasks.push(word.slice(5));
    else {
      const range = parseRange(word, context);
      if (typeof range === 'string') return range === '' ? `${word} is not a range or a filter` : range;
      ranges.push(range);
    }
  }
  if (!tags.every(isTag)) return 'invalid tags';
  if (projects.length > 1) return 'time has one project: only one @project can be asked for';
  if (tasks.length > 1) return 'time has one task: only one task:<id> can be asked for';
  if (ranges.length > 1) return 'only one range can be asked for: write 2026-11-02..2026-11-06';
  const filters = { tags, project: projects[0], task: tasks[0] };
  return { range: rangeOf(verb, ranges[0], context), filters, groups: [...new Set(groups)], format };
}

function groupNamed(name: string): readonly ReportGroup[] {
  return (['project', 'task', 'tag'] as const).filter((group) => group === name);
}

/** `week` and `month` show the whole week or month of a day; a longer range is shown as it is. */
function rangeOf(verb: ReportVerb, typed: DateRange | undefined, { zone, now }: DateContext): DateRange {
  const today = dateAt(zone, now);
  const range = typed ?? { first: today, last: today };
  if (verb === 'day' || range.first !== range.last) return range;
  if (verb === 'week') return weekOf(range.first);
  const [year = 0, month = 1] = range.first.split('-').map(Number);
  return monthOf(year, month);
}
