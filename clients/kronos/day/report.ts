// Sums of days by date, project, task and tag, of the part that filters let through; and their formats. Times are in microseconds. Prints
// nothing.

import { columns, escapeControls } from '../../../protocol/columns.ts';
import { csvLine } from '../../../protocol/csv.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { minutesText } from './draw-day.ts';
import type { ShownDay } from './local-day.ts';
import type { ReportFilters, ReportGroup } from './report-line.ts';

/** Time of one date on one thing. */
export interface ReportRow {
  readonly date: string;
  /** '' is unassigned. */
  readonly project: string;
  /** The key of the task; '' without one. */
  readonly task: string;
  readonly tags: readonly string[];
  readonly time: number;
}

export interface Report {
  /** One for each date of the range, also without time. */
  readonly dates: readonly { readonly date: string; readonly time: number }[];
  /** In order of dates; of a date the longest first. */
  readonly rows: readonly ReportRow[];
  readonly total: number;
}

export interface ReportLookup {
  readonly tasks: readonly PlainTask[];
  /** Tags of entries, by key. */
  readonly entryTags: ReadonlyMap<string, readonly string[]>;
}

type Segment = ShownDay['segments'][number];

export function makeReport(days: readonly ShownDay[], filters: ReportFilters, lookup: ReportLookup): Report {
  const tasks = new Map(lookup.tasks.map((task) => [task.index, task]));
  const tagsOf = ({ task, evidence }: Segment): readonly string[] => {
    if (task !== null) return tasks.get(task)?.tags ?? [];
    const [winner] = evidence;
    return winner?.channel === 'entries' ? winner.keys.flatMap((key) => lookup.entryTags.get(key) ?? []) : [];
  };
  const rows = days.flatMap((day) => rowsOf(day, filters, tagsOf));
  const times = sumBy(rows, ({ date }) => [date]);
  return {
    dates: days.map(({ date }) => ({ date, time: times.get(date) ?? 0 })),
    rows,
    total: rows.reduce((sum, { time }) => sum + time, 0),
  };
}

function rowsOf(
  { date, segments }: ShownDay,
  { tags, project, task }: ReportFilters,
  tagsOf: (segment: Segment) => readonly string[],
): readonly ReportRow[] {
  const rows = new Map<string, ReportRow>();
  for (const segment of segments) {
    const own = tagsOf(segment);
    if (project !== undefined && !isWithin(segment.project ?? '', project)) continue;
    if (task !== undefined && segment.task !== task) continue;
    if (!tags.every((tag) => own.includes(tag))) continue;
    const row = { date, project: segment.project ?? '', task: segment.task ?? '', tags: [...new Set(own)] };
    const name = JSON.stringify(row);
    rows.set(name, { ...row, time: (rows.get(name)?.time ?? 0) + segment.to - segment.from });
  }
  return [...rows.values()].sort((one, other) => other.time - one.time);
}

/** A project contains those below it: `home` has `home.garden`. */
function isWithin(project: string, of: string): boolean {
  return project === of || project.startsWith(`${of}.`) || project.startsWith(`${of}/`);
}

function sumBy(
  rows: readonly ReportRow[],
  namesOf: (row: ReportRow) => readonly string[],
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) for (const name of namesOf(row)) sums.set(name, (sums.get(name) ?? 0) + row.time);
  return sums;
}

/** The sums by a group, the longest first. Time with several tags is in the sum of each. */
function sumGroup(
  { rows }: Report,
  group: ReportGroup,
  { tasks }: ReportLookup,
): readonly { readonly name: string; readonly time: number }[] {
  const titles = new Map(tasks.map(({ index, id, desc }) => [index, `${id} ${desc}`]));
  const names = ({ project, task, tags }: ReportRow): readonly string[] => {
    if (group === 'project') return [project === '' ? 'no project' : project];
    if (group === 'task') return [task === '' ? 'no task' : (titles.get(task) ?? task)];
    return tags.length === 0 ? ['no tag'] : tags;
  };
  return [...sumBy(rows, names)].map(([name, time]) => ({ name, time })).sort((one, other) => other.time - one.time);
}

/** Dates without time are left out of a long range. */
const mostEmptyDates = 7;

export function formatReport(
  report: Report,
  groups: readonly ReportGroup[],
  lookup: ReportLookup,
  { width }: { readonly width: number | undefined },
): readonly string[] {
  const { dates, total } = report;
  const shown = dates.length > mostEmptyDates ? dates.filter(({ time }) => time > 0) : dates;
  const first = dates[0]?.date ?? '';
  const last = dates.at(-1)?.date ?? '';
  return [
    `${first === last ? first : `${first} to ${last}`}: ${minutesText(total)}`,
    ...(dates.length < 2 || shown.length === 0
      ? []
      : [
          '',
          ...columns(
            ['DATE', 'TIME'],
            shown.map(({ date, time }) => [date, minutesText(time)]),
          ),
        ]),
    ...(total === 0
      ? []
      : groups.flatMap((group) => [
          '',
          ...columns(
            ['TIME', group.toUpperCase()],
            sumGroup(report, group, lookup).map(({ name, time }) => [minutesText(time), escapeControls(name)]),
            { width, flexible: 1 },
          ),
        ])),
  ];
}

const second = 1_000_000;

export function reportToJson(report: Report, groups: readonly ReportGroup[], lookup: ReportLookup): object {
  const sums = groups.map((group) => [group, sumGroup(report, group, lookup)]);
  return { total: report.total, days: report.dates, ...Object.fromEntries(sums) };
}

/** A line for each date and thing, for a spreadsheet. RFC 4180. */
export function reportToCsv({ rows }: Report, { tasks }: ReportLookup): readonly string[] {
  const byKey = new Map(tasks.map((task) => [task.index, task]));
  const lines = rows.map(({ date, project, task, tags, time }) => {
    const { id = '', desc = '' } = byKey.get(task) ?? {};
    return [date, project, `${id}`, desc, tags.join(' '), `${Math.round(time / second)}`];
  });
  return [['date', 'project', 'task', 'description', 'tags', 'seconds'], ...lines].map((cells) => csvLine(cells));
}

/** The table that kronos.vim of 2019 shows for a worktime (autoload/kronos/ui.vim of kronos-io/kronos.vim). */
export function reportToVim({ dates, total }: Report): readonly string[] {
  const rows = [
    ['DATE', 'WORKTIME'],
    ...dates.filter(({ time }) => time > 0).map(({ date, time }) => [vimDate(date), vimDuration(time)]),
    ['---', '---'],
    ['TOTAL', vimDuration(total)],
  ];
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows.map((row) => `|${row.map((cell, at) => `${cell.padEnd(widths[at] ?? 0)} |`).join('')}`);
}

function vimDate(date: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  return `${day}/${month}/${year.slice(2)}`;
}

/** Its units from the day down. */
function vimDuration(time: number): string {
  let rest = Math.round(time / second);
  const parts = (
    [
      ['d', 86_400],
      ['h', 3_600],
      ['min', 60],
      ['s', 1],
    ] as const
  ).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.join(' ');
}
