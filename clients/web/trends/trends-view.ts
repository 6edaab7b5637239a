// The content of the page of trends: a range of days and the range before. The sums over days are the only ones made here: of
// `GET /-/days`, day by day, and to the microsecond. Pure.

import type { Texts } from '../languages/languages.ts';
import type { DataTable, TableCell } from '../shared/data-table.ts';
import { firstDayOfWeek } from '../shared/dates.ts';
import { isObject, type NamedSeconds } from '../shared/hub-values.ts';
import { partsOf, plain, type SentencePart } from '../shared/sentence.ts';
import type { SummedDay } from '../shared/summed-day.ts';
import type { TimeFormat } from '../shared/time-format.ts';

/** The lengths that can be chosen, and the range of WakaTime's API that is nearest. */
export const trendRanges = [
  { days: 7, wakatime: 'last_7_days' },
  { days: 30, wakatime: 'last_30_days' },
  { days: 182, wakatime: 'last_6_months' },
  { days: 365, wakatime: 'last_year' },
] as const;
export type TrendRange = (typeof trendRanges)[number];

/** @param query of the address: `?days=30` */
export function rangeIn(query: string): TrendRange {
  const queryDays = Number(new URLSearchParams(query).get('days'));
  return trendRanges.find(({ days }) => days === queryDays) ?? trendRanges[1];
}

export interface TrendRow {
  /** null is unassigned. */
  readonly project: string | null;
  readonly time: number;
  readonly before: number;
}

export interface TrendModel {
  readonly days: readonly SummedDay[];
  readonly total: number;
  readonly before: number;
  /** Days with time. */
  readonly worked: number;
  readonly agent: number;
  /** The longest first, unassigned last. */
  readonly rows: readonly TrendRow[];
  /** Monday first: the mean of all days of that weekday in the range. */
  readonly weekdays: readonly number[];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** @param days twice the range: the days before, then the days */
export function trendModel(all: readonly SummedDay[], length: number): TrendModel {
  const days = all.slice(-length);
  const earlier = all.slice(0, -length);
  const [now, then] = [timesOf(days), timesOf(earlier)];
  const rows = [...new Set([...now.keys(), ...then.keys()])].map(
    (project): TrendRow => ({ project, time: now.get(project) ?? 0, before: then.get(project) ?? 0 }),
  );
  const weekdays = [1, 2, 3, 4, 5, 6, 0].map((weekday) => {
    const those = days.filter(({ date }) => new Date(`${date}T00:00:00Z`).getUTCDay() === weekday);
    return those.length === 0 ? 0 : Math.round(sum(those.map(({ total }) => total)) / those.length);
  });
  return {
    days,
    total: sum(days.map(({ total }) => total)),
    before: sum(earlier.map(({ total }) => total)),
    worked: days.filter(({ total }) => total > 0).length,
    agent: sum(days.map(({ agent }) => agent)),
    rows: rows.sort((a, b) => Number(a.project === null) - Number(b.project === null) || b.time - a.time),
    weekdays,
  };
}

function timesOf(days: readonly SummedDay[]): ReadonlyMap<string | null, number> {
  const times = new Map<string | null, number>();
  for (const { projects } of days) {
    for (const { project, time } of projects) if (time > 0) times.set(project, (times.get(project) ?? 0) + time);
  }
  return times;
}

/** A range before that has no time is not compared with: most likely nothing was recorded yet. */
export function trendSentence(model: TrendModel, texts: Texts, format: TimeFormat): readonly SentencePart[] {
  if (model.total === 0) return [plain(texts.text('trends.empty'))];
  const change = model.total - model.before;
  return [
    ...partsOf(texts, 'trends.sentence', {
      total: { text: format.duration(model.total), role: 'figure' },
      days: plain(
        texts.text(format.isOne(model.worked) ? 'week.days-one' : 'week.days-other', { count: model.worked }),
      ),
      daily: { text: format.duration(Math.round(model.total / model.worked)), role: 'figure' },
    }),
    ...(model.before === 0
      ? []
      : [
          plain(' '),
          ...partsOf(texts, change === 0 ? 'trends.same' : change > 0 ? 'trends.more' : 'trends.less', {
            change: { text: format.duration(Math.abs(change)), role: 'figure' },
          }),
        ]),
  ];
}

/** Microseconds by weekday, Monday first, and hour: as `GET /-/rhythm` answers them. */
export type Rhythm = readonly (readonly number[])[];

export function rhythmIn(value: unknown): Rhythm {
  return isObject(value) && Array.isArray(value['weekdays']) ? value['weekdays'] : [];
}

/** A cell of a heat map. */
export interface HeatCell {
  readonly column: number;
  readonly row: number;
  readonly time: number;
  /** 0 for nothing, 1 to 4 by quarters of the longest. */
  readonly level: number;
}

const levelOf = (time: number, longest: number): number => (time === 0 ? 0 : Math.ceil((time / longest) * 4));

/** A column is an hour, a row a weekday. @param firstDay of the week: 1 Monday to 7 Sunday */
export function rhythmCells(rhythm: Rhythm, firstDay: number): readonly HeatCell[] {
  const longest = Math.max(1, ...rhythm.flat());
  return weekdaysFrom(firstDay).flatMap((weekday, row) =>
    (rhythm[weekday] ?? []).map((time, column) => ({ column, row, time, level: levelOf(time, longest) })),
  );
}

/** 0 is Monday. @param firstDay of the week: 1 Monday to 7 Sunday */
export function weekdaysFrom(firstDay: number): readonly number[] {
  return [0, 1, 2, 3, 4, 5, 6].map((row) => (row + firstDay - 1) % 7);
}

/** The bucket list of ActivityWatch's API, as far as it is needed. */
export interface WindowBucket {
  readonly id: string;
  readonly type: string;
  readonly hostname: string;
}

/**
 * A question to ActivityWatch's query API: how long each program was in front, while somebody was there, over all devices.
 * @returns undefined if no device reports windows
 */
export function appsQuery(buckets: readonly WindowBucket[]): readonly string[] | undefined {
  const windows = buckets.filter(({ type }) => type === 'currentwindow');
  if (windows.length === 0) return undefined;
  const events = (id: string) => `flood(query_bucket(${JSON.stringify(id)}))`;
  return [
    'all = [];',
    ...windows.flatMap(({ id, hostname }) => {
      const afk = buckets.find((bucket) => bucket.type === 'afkstatus' && bucket.hostname === hostname);
      const present = afk && `filter_keyvals(${events(afk.id)}, "status", ["not-afk"])`;
      return [`all = concat(all, ${present ? `filter_period_intersect(${events(id)}, ${present})` : events(id)});`];
    }),
    'RETURN = sort_by_duration(merge_events_by_keys(all, ["app"]));',
  ];
}

/** @param value the answer to `appsQuery` for one period */
export function appsIn(value: unknown): readonly NamedSeconds[] {
  const events: unknown = Array.isArray(value) ? value[0] : undefined;
  return (Array.isArray(events) ? events : []).flatMap((event: unknown) => {
    if (!isObject(event) || typeof event['duration'] !== 'number' || !isObject(event['data'])) return [];
    const app = event['data']['app'];
    return typeof app === 'string' && app !== '' ? [{ name: app, total_seconds: event['duration'] }] : [];
  });
}

/** @param rhythm empty if it is not known */
export function trendTables(model: TrendModel, rhythm: Rhythm, texts: Texts, format: TimeFormat): readonly DataTable[] {
  const text = (value: string): TableCell => ({ text: value });
  const duration = (value: number): TableCell => ({ duration: value });
  return [
    {
      name: 'projects',
      title: texts.text('projects'),
      columns: [texts.text('table.project'), texts.text('table.time'), texts.text('trends.before')],
      rows: model.rows.map(({ project, time, before }) => [
        text(project ?? texts.text('unassigned')),
        duration(time),
        duration(before),
      ]),
      total: [text(texts.text('table.total')), duration(model.total), duration(model.before)],
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
      rows: model.days.map(({ date, total, agent, attended }) => [
        { text: format.fullDate(date), href: `/day/${date}` },
        duration(total),
        duration(agent),
        duration(attended),
      ]),
    },
    ...(rhythm.length === 0 ? [] : [rhythmTable(rhythm, texts, format)]),
  ];
}

function rhythmTable(rhythm: Rhythm, texts: Texts, format: TimeFormat): DataTable {
  const weekdays = weekdaysFrom(firstDayOfWeek(texts.locale));
  return {
    name: 'rhythm',
    title: texts.text('trends.rhythm'),
    columns: [texts.text('trends.hour'), ...weekdays.map((weekday) => format.weekdayName(weekday))],
    rows: Array.from({ length: 24 }, (_, hour) => [
      { text: format.hour(hour) },
      ...weekdays.map((weekday) => ({ duration: rhythm[weekday]?.[hour] ?? 0 })),
    ]),
    total: [
      { text: texts.text('table.total') },
      ...weekdays.map((weekday) => ({ duration: sum(rhythm[weekday] ?? []) })),
    ],
  };
}

/** A cell of the strip: a column is a week, a row a weekday. */
export interface StripCell extends HeatCell {
  readonly date: string;
}

/** @param firstDay of the week: 1 Monday to 7 Sunday */
export function stripOf(days: readonly SummedDay[], firstDay: number): readonly StripCell[] {
  const longest = Math.max(1, ...days.map(({ total }) => total));
  let column = 0;
  return days.map(({ date, total: time }, at) => {
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
    const row = (weekday - firstDay + 7) % 7;
    if (at > 0 && row === 0) column += 1;
    return { date, column, row, time, level: levelOf(time, longest) };
  });
}
