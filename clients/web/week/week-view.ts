// The content of the page of a week: projects by days, with the hub's numbers. The sums over days are the only ones made here: of `GET /-/days`,
// day by day, and to the microsecond. Pure.

import type { DayNoteItem } from '../../../protocol/day.ts';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import type { DataTable, TableCell } from '../shared/data-table.ts';
import { partsOf, type SentencePart } from '../shared/sentence.ts';
import type { SummedDay } from '../shared/summed-day.ts';
import { apportionMinutes, type TimeFormat } from '../shared/time-format.ts';

export interface WeekRow {
  /** null is unassigned. */
  readonly project: string | null;
  /** Microseconds of each day, in the order of the days. */
  readonly times: readonly number[];
  /** Whole minutes of each day: a column adds up to the shown total of its day. */
  readonly minutes: readonly number[];
  readonly total: number;
}

export interface WeekGrid {
  readonly days: readonly SummedDay[];
  /** The longest first, unassigned last. */
  readonly rows: readonly WeekRow[];
  readonly total: number;
}

export function weekGrid(days: readonly SummedDay[]): WeekGrid {
  const projects = new Set(days.flatMap((day) => day.projects.flatMap((one) => (one.time > 0 ? [one.project] : []))));
  const columns = days.map((day) => columnOf(day, projects));
  const rows = [...projects].map((project): WeekRow => {
    const times = columns.map((column) => column.get(project)?.time ?? 0);
    return {
      project,
      times,
      minutes: columns.map((column) => column.get(project)?.minutes ?? 0),
      total: sum(times),
    };
  });
  return { days, rows: rows.sort(byTotal), total: sum(days.map(({ total }) => total)) };
}

/** A cell of the grid; null is unassigned. */
export interface GridCell {
  readonly date: string;
  readonly project: string | null;
}

/** A cell with what a person noted on it. */
export interface NotedCell extends GridCell {
  readonly text: string;
  readonly time: number;
}

/** The key of a cell's item in the channel `day_notes`. */
export function noteKey({ date, project }: GridCell): string {
  return project === null ? date : `${date} ${project}`;
}

/** The notes on the days of the grid, day by day; also on a cell without time, where the time was changed later. */
export function notedCells(
  { days, rows }: WeekGrid,
  notes: ReadonlyMap<string, { readonly item: DayNoteItem }>,
): readonly NotedCell[] {
  return [...notes]
    .flatMap(([key, { item }]): readonly NotedCell[] => {
      const [date, project] = [key.slice(0, 10), key.slice(11) || null];
      const at = days.findIndex((day) => day.date === date);
      const time = rows.find((row) => row.project === project)?.times[at] ?? 0;
      return at < 0 ? [] : [{ date, project, text: item.text, time }];
    })
    .sort((a, b) => a.date.localeCompare(b.date) || b.time - a.time);
}

function columnOf(
  { projects, total }: SummedDay,
  shown: ReadonlySet<string | null>,
): ReadonlyMap<string | null, { readonly time: number; readonly minutes: number }> {
  const its = projects.filter(({ project }) => shown.has(project));
  const minutes = apportionMinutes(
    its.map(({ time }) => time),
    total,
  );
  return new Map(its.map(({ project, time }, at) => [project, { time, minutes: minutes[at] ?? 0 }]));
}

function byTotal(a: WeekRow, b: WeekRow): number {
  if (a.project === null || b.project === null) return a.project === b.project ? 0 : a.project === null ? 1 : -1;
  return b.total - a.total;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

export interface WeekBar {
  readonly date: string;
  readonly total: number;
  /** From the bottom up; 0 to 1 of the longest day. */
  readonly parts: readonly { readonly project: string | null; readonly from: number; readonly to: number }[];
}

export function weekBars({ days, rows }: WeekGrid): readonly WeekBar[] {
  const longest = Math.max(1, ...days.map(({ total }) => total));
  return days.map(({ date, total }, at) => {
    let from = 0;
    const parts = rows.flatMap(({ project, times }) => {
      const time = times[at] ?? 0;
      const part = { project, from: from / longest, to: (from + time) / longest };
      from += time;
      return time > 0 ? [part] : [];
    });
    return { date, total, parts };
  });
}

export function weekSentence(
  grid: WeekGrid,
  texts: Texts,
  format: TimeFormat,
  empty: TextKey = 'week.empty',
): readonly SentencePart[] {
  const worked = grid.days.filter(({ total }) => total > 0).length;
  if (worked === 0) return [{ text: texts.text(empty), role: 'plain' }];
  const most = grid.rows.find(({ project }) => project !== null)?.project ?? undefined;
  return partsOf(texts, most === undefined ? 'week.sentence-unassigned' : 'week.sentence', {
    total: { text: format.duration(grid.total), role: 'figure' },
    days: {
      text: texts.text(format.isOne(worked) ? 'week.days-one' : 'week.days-other', { count: worked }),
      role: 'plain',
    },
    project: { text: most ?? '', role: 'project' },
  });
}

export function weekTables(
  grid: WeekGrid,
  notes: readonly NotedCell[],
  texts: Texts,
  format: TimeFormat,
): readonly DataTable[] {
  const text = (value: string): TableCell => ({ text: value });
  const duration = (value: number): TableCell => ({ duration: value });
  const total = texts.text('table.total');
  return [
    {
      name: 'projects-by-day',
      title: texts.text('week.by-project'),
      columns: [
        texts.text('table.project'),
        ...grid.days.map(({ date }) => `${format.weekday(date)} ${format.shortDate(date)}`),
        total,
      ],
      rows: grid.rows.map((row) => [
        text(row.project ?? texts.text('unassigned')),
        ...row.times.map(duration),
        duration(row.total),
      ]),
      total: [text(total), ...grid.days.map((day) => duration(day.total)), duration(grid.total)],
    },
    {
      name: 'days',
      title: texts.text('week.by-day'),
      columns: [
        texts.text('table.day'),
        texts.text('table.time'),
        texts.text('table.agent'),
        texts.text('table.attended'),
      ],
      rows: grid.days.map((day) => [
        { text: format.longDate(day.date), href: `/day/${day.date}` },
        duration(day.total),
        duration(day.agent),
        duration(day.attended),
      ]),
    },
    ...(notes.length === 0 ? [] : [notesTable(notes, texts)]),
  ];
}

/** With dates as a spreadsheet reads them. */
function notesTable(notes: readonly NotedCell[], texts: Texts): DataTable {
  return {
    name: 'notes',
    title: texts.text('week.notes'),
    columns: [texts.text('table.day'), texts.text('table.project'), texts.text('table.time'), texts.text('edit.text')],
    rows: notes.map(({ date, project, time, text }) => [
      { text: date, href: `/day/${date}` },
      { text: project ?? texts.text('unassigned') },
      { duration: time },
      { text },
    ]),
  };
}
