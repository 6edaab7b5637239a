// The content of the pages of projects: all of them over a range of days, or one. Pure; the sums over days are of `GET /-/days`.

import type { DayProjectItem, DayRuleItem } from '../../../protocol/day.ts';
import type { Texts } from '../languages/languages.ts';
import type { DataTable } from '../shared/data-table.ts';
import type { SummedDay } from '../shared/summed-day.ts';
import type { TimeFormat } from '../shared/time-format.ts';

export interface ProjectRow {
  readonly project: string;
  /** Microseconds of each day of the range. */
  readonly times: readonly number[];
  readonly time: number;
  /** The last date with time; '' if there is none. */
  readonly last: string;
  readonly isArchived: boolean;
}

type ProjectItems = ReadonlyMap<string, { readonly item: DayProjectItem }>;

/** Projects with time in the range, and registered ones, the longest first; archived ones last. */
export function projectRows(days: readonly SummedDay[], registered: ProjectItems): readonly ProjectRow[] {
  const names = new Set([
    ...days.flatMap(({ projects }) => projects.flatMap(({ project }) => project ?? [])),
    ...registered.keys(),
  ]);
  const rows = [...names].map((project): ProjectRow => {
    const times = timesOf(days, project);
    const last = days.findLast((_, at) => (times[at] ?? 0) > 0)?.date ?? '';
    const isArchived = registered.get(project)?.item.archived === true;
    return { project, times, time: times.reduce((all, one) => all + one, 0), last, isArchived };
  });
  return rows.sort(
    (a, b) => Number(a.isArchived) - Number(b.isArchived) || b.time - a.time || (a.project < b.project ? -1 : 1),
  );
}

export function timesOf(days: readonly SummedDay[], project: string): readonly number[] {
  return days.map(({ projects }) => projects.find((one) => one.project === project)?.time ?? 0);
}

/** The line of a sparkline in a box of the length of the list by 20. */
export function sparkline(times: readonly number[]): string {
  const longest = Math.max(1, ...times);
  return times.map((time, at) => `${at === 0 ? 'M' : 'L'}${at} ${(19 - (time / longest) * 18).toFixed(1)}`).join('');
}

/** Rules whose result is the project, by its name or one of its aliases. */
export function rulesOf(
  rules: ReadonlyMap<string, { readonly item: DayRuleItem }>,
  project: string,
  aliases: readonly string[],
): readonly { readonly key: string; readonly rule: DayRuleItem }[] {
  return [...rules].flatMap(([key, { item }]) =>
    item.project === project || aliases.includes(item.project ?? '') ? [{ key, rule: item }] : [],
  );
}

export function projectsTables(rows: readonly ProjectRow[], texts: Texts): readonly DataTable[] {
  return [
    {
      name: 'projects',
      title: texts.text('projects'),
      columns: [texts.text('table.project'), texts.text('table.time'), texts.text('projects.last')],
      rows: rows.map(({ project, time, last }) => [
        { text: project, href: `/projects/${encodeURIComponent(project)}` },
        { duration: time },
        { text: last },
      ]),
    },
  ];
}

export function projectTables(
  days: readonly SummedDay[],
  project: string,
  texts: Texts,
  format: TimeFormat,
): readonly DataTable[] {
  const times = timesOf(days, project);
  return [
    {
      name: 'days',
      title: texts.text('week.by-day'),
      columns: [texts.text('table.day'), texts.text('table.time')],
      rows: days.flatMap(({ date }, at) => {
        const time = times[at] ?? 0;
        return time === 0 ? [] : [[{ text: format.fullDate(date), href: `/day/${date}` }, { duration: time }]];
      }),
      total: [{ text: texts.text('table.total') }, { duration: times.reduce((all, one) => all + one, 0) }],
    },
  ];
}
