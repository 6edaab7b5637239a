// Days in a time zone: when one begins, which one it is now, and the ranges that tools name. Dates are texts (`2026-11-21`), moments
// are microseconds since 1970. Temporal knows the rules of time zones.

import { Temporal } from 'temporal-polyfill';
import { setBounded } from '../../../core/bounded.ts';

const second = 1_000_000;
/** Starts of days in the cache, over all zones: computing one takes a tenth of a millisecond. */
const mostCachedDays = 50_000;

const beginnings = new Map<string, number>();
const zones = new Map<string, boolean>();

/** True for a name of the time zone database, such as `Europe/Berlin`. */
export function isZone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const right = /^[A-Za-z][\w+/-]{0,63}$/.test(name) && exists(name);
  if (zones.size < 1_000) zones.set(name, right);
  return right;
}

function exists(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The first moment of a date in a zone, also where clocks change at midnight. */
export function startOfDay(date: string, zone: string): number {
  const key = `${date} ${zone}`;
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const begins = Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds * 1_000;
  setBounded(beginnings, key, begins, mostCachedDays);
  return begins;
}

export function dateAt(moment: number, zone: string): string {
  const at = Math.floor(moment / second);
  const known = lastDates.get(zone);
  if (known?.at === at) return known.date;
  const date = Temporal.Instant.fromEpochMilliseconds(at * 1_000)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
  setBounded(lastDates, zone, { at, date }, maxZones);
  return date;
}

/** The latest result for each zone. Callers nearly always ask for the current second, and no zone changes its date within a second. */
const lastDates = new Map<string, { readonly at: number; readonly date: string }>();
const maxZones = 1_000;

/** A date has no zone, so days are counted in UTC. */
const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`);
const dateOf = (midnightMs: number): string => new Date(midnightMs).toISOString().slice(0, 10);
const dayMs = 86_400_000;

export function addDays(date: string, days: number): string {
  return dateOf(midnight(date) + days * dayMs);
}

/** All dates of a span, both ends included. */
export function listDates({ first, last }: DateSpan): readonly string[] {
  const count = Math.max(0, (midnight(last) - midnight(first)) / dayMs + 1);
  return Array.from({ length: count }, (_, index) => dateOf(midnight(first) + index * dayMs));
}

/** The begin of each date, then the end of the last one. */
export function dayBounds(dates: readonly string[], zone: string): readonly number[] {
  const last = dates.at(-1);
  if (last === undefined) return [];
  return [...dates, addDays(last, 1)].map((date) => startOfDay(date, zone));
}

/** `2026-11-21T08:00:00Z`: moments of WakaTime have no fraction. */
export function formatIso(moment: number): string {
  return `${new Date(Math.floor(moment / second) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** The last second before a moment: WakaTime writes ends so. */
export function formatIsoEnd(moment: number): string {
  return formatIso(moment - second);
}

/** `Fri Sep 11th 2020` */
export function formatDate(date: string): string {
  const [year, month, day] = date.split('-').map(Number);
  return `${weekdayOf(date).slice(0, 3)} ${months[(month ?? 1) - 1]?.slice(0, 3)} ${ordinal(day ?? 1)} ${year}`;
}

export function weekdayOf(date: string): string {
  return weekdays[(new Date(midnight(date)).getUTCDay() + 6) % 7] ?? '';
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function ordinal(day: number): string {
  const teen = day % 100 >= 11 && day % 100 <= 13;
  return `${day}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')}`;
}

/** Both ends included. */
export interface DateSpan {
  readonly first: string;
  readonly last: string;
  /** Only the last hours of these days, back from now. */
  readonly hours?: number;
  /** Only [from, to) of these days, in microseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
}

/** Today's date, and the day on which the account's weeks begin. */
export interface CurrentDay {
  readonly today: string;
  /** 0 Sunday, 1 Monday. */
  readonly weekdayStart: number;
}

/**
 * The date that a text names, as a date, a word or a moment; undefined for anything else. A time without an offset is in the zone. A
 * plus that was not encoded arrives as a blank.
 */
export function readDate(input: string, now: CurrentDay, zone: string): string | undefined {
  const read = readDateTime(input, now);
  if (read === undefined) return undefined;
  return read.offset === undefined ? read.date : dateAt(read.moment, zone);
}

/**
 * The moment that a date, a word or a date with a time names, in microseconds since 1970. A date alone is its first moment; a time
 * without an offset is in the zone.
 * @returns undefined for any other text
 */
export function readMoment(input: string, now: CurrentDay, zone: string): number | undefined {
  const read = readDateTime(input, now);
  if (read === undefined) return undefined;
  if (read.offset !== undefined) return read.moment;
  if (read.time === '00:00') return startOfDay(read.date, zone);
  return Temporal.PlainDateTime.from(`${read.date}T${read.time}`).toZonedDateTime(zone).epochMilliseconds * 1_000;
}

interface DateTime {
  readonly date: string;
  readonly time: string;
  readonly offset: string | undefined;
  /** Microseconds since 1970 with the offset, or as if in UTC without one. */
  readonly moment: number;
}

function readDateTime(input: string, { today }: CurrentDay): DateTime | undefined {
  const word = input.trim().toLowerCase();
  const named = word === 'today' ? today : word === 'yesterday' ? addDays(today, -1) : word;
  const [, date = '', time = '00:00', offset] = dateForm.exec(named) ?? [];
  const day = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined;
  const zoned = offset === undefined ? 'Z' : offset.toUpperCase().replace(' ', '+');
  const moment = Date.parse(`${date}T${time}${zoned}`);
  return Number.isNaN(moment) ? undefined : { date, time, offset, moment: moment * 1_000 };
}

/** Later years would not be written as dates. */
const dateForm = /^([12]\d{3}-\d\d-\d\d)(?:[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(z|[-+ ]\d\d:?\d\d)?)?$/;

/** Parses the ranges of `summaries`. Their names are for people, and they include today. */
export function readSummaryRange(input: string, now: CurrentDay): DateSpan | undefined {
  const { today } = now;
  const back = (days: number): DateSpan => ({ first: addDays(today, 1 - days), last: today });
  const thisWeek = startOfWeek(today, now);
  const thisMonth = `${today.slice(0, 7)}-01`;
  switch (
    input
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_')
  ) {
    case 'today':
      return { first: today, last: today };
    case 'yesterday':
      return { first: addDays(today, -1), last: addDays(today, -1) };
    case 'last_7_days':
      return back(7);
    case 'last_7_days_from_yesterday':
      return { first: addDays(today, -7), last: addDays(today, -1) };
    case 'last_14_days':
      return back(14);
    case 'last_30_days':
      return back(30);
    case 'this_week':
      return { first: thisWeek, last: today };
    case 'last_week':
      return { first: addDays(thisWeek, -7), last: addDays(thisWeek, -1) };
    case 'this_month':
      return { first: thisMonth, last: today };
    case 'last_month':
      return monthOf(addDays(thisMonth, -1).slice(0, 7));
    default:
      return undefined;
  }
}

/** The first day of the week of a date. */
export function startOfWeek(date: string, { weekdayStart }: CurrentDay): string {
  const { dayOfWeek } = Temporal.PlainDate.from(date);
  return addDays(date, -((dayOfWeek - weekdayStart + 7) % 7));
}

function monthOf(month: string): DateSpan {
  const first = Temporal.PlainDate.from(`${month}-01`);
  return { first: first.toString(), last: first.add({ months: 1 }).subtract({ days: 1 }).toString() };
}

export interface StatsRange {
  /** The name as WakaTime spells it. */
  readonly name: string;
  readonly label: string;
  /** undefined: since the first heartbeat. */
  readonly span: DateSpan | undefined;
  readonly includesToday: boolean;
}

const spokenRanges = new Map([
  ['last_7_days', 'last week'],
  ['all_time', 'all time'],
]);

/** Other names of the ranges. */
const otherNames = new Map([
  ['any', 'all_time'],
  ['this_week', 'week'],
  ['this_month', 'month'],
  ['day', 'yesterday'],
  ['24_hours', 'last_24_hours'],
  ['last_day', 'last_24_hours'],
  ['7_days', 'last_7_days'],
  ['14_days', 'last_14_days'],
  ['30_days', 'last_30_days'],
  ['6_months', 'last_6_months'],
  ['12_months', 'last_year'],
  ['last_12_months', 'last_year'],
]);

/**
 * Parses the ranges of `stats`. A range such as "last 7 days" ends yesterday, unless `includesToday`.
 * @returns undefined for an unknown name
 */
export function readStatsRange(input: string, now: CurrentDay, includesToday: boolean): StatsRange | undefined {
  const lower = input.trim().toLowerCase().replace(/\s+/g, '_');
  const name = otherNames.get(lower) ?? lower;
  const human = spokenRanges.get(name) ?? name.replaceAll('_', ' ');
  const fixed = (span: DateSpan): StatsRange => ({ name, label: human, span, includesToday: span.last >= now.today });
  const { today } = now;
  if (name === 'all_time') return { name, label: human, span: undefined, includesToday: true };
  if (/^(?:19|20)\d\d$/.test(name)) return fixed({ first: `${name}-01-01`, last: `${name}-12-31` });
  if (/^(?:19|20)\d\d-(?:0[1-9]|1[0-2])$/.test(name)) {
    const month = months[Number(name.slice(5)) - 1];
    return { ...fixed(monthOf(name)), label: `${month} ${name.slice(0, 4)}` };
  }
  const thisWeek = startOfWeek(today, now);
  const thisMonth = `${today.slice(0, 7)}-01`;
  switch (name) {
    case 'today':
      return fixed({ first: today, last: today });
    case 'last_24_hours':
      return fixed({ first: addDays(today, -1), last: today, hours: 24 });
    case 'yesterday':
      return fixed({ first: addDays(today, -1), last: addDays(today, -1) });
    case 'week':
      return fixed({ first: thisWeek, last: today });
    case 'last_week':
      return fixed({ first: addDays(thisWeek, -7), last: addDays(thisWeek, -1) });
    case 'month':
      return fixed({ first: thisMonth, last: today });
    case 'last_month':
      return fixed(monthOf(addDays(thisMonth, -1).slice(0, 7)));
    case 'year':
      return fixed({ first: `${today.slice(0, 4)}-01-01`, last: today });
  }
  const back = { last_7_days: 7, last_14_days: 14, last_30_days: 30 }[name];
  const months_ = { last_6_months: 6, last_year: 12 }[name];
  if (back === undefined && months_ === undefined) return undefined;
  const last = includesToday ? today : addDays(today, -1);
  const after = addDays(last, 1);
  const first =
    back === undefined
      ? Temporal.PlainDate.from(after)
          .subtract({ months: months_ ?? 0 })
          .toString()
      : addDays(after, -back);
  return { name, label: human, span: { first, last }, includesToday };
}
