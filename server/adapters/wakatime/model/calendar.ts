// Days, as people in a time zone have them: when one begins, which one it is now, and the ranges that tools ask for by name.
// Dates are texts (`2026-11-21`), moments are microseconds since 1970. The rules of zones are Temporal's.

import { Temporal } from '@js-temporal/polyfill';

const second = 1_000_000;
/** Beginnings of days that are kept, over all zones: asking the zone's rules takes a tenth of a millisecond. */
const keptDays = 50_000;

const beginnings = new Map<string, number>();
const zones = new Map<string, boolean>();

/** A name of the zone database, such as `Europe/Berlin`. */
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

/** When the date begins there: its first moment, also where clocks go over midnight. */
export function beginning(date: string, zone: string): number {
  const key = `${date} ${zone}`;
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const begins = Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds * 1_000;
  if (beginnings.size >= keptDays) beginnings.clear();
  beginnings.set(key, begins);
  return begins;
}

export function dateAt(moment: number, zone: string): string {
  const at = Math.floor(moment / second);
  const known = asked.get(zone);
  if (known?.at === at) return known.date;
  const date = Temporal.Instant.fromEpochMilliseconds(at * 1_000)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
  if (asked.size >= keptZones) asked.clear();
  asked.set(zone, { at, date });
  return date;
}

/** The second that was asked about last in a zone, since that is nearly always now. No zone changes its date within one. */
const asked = new Map<string, { readonly at: number; readonly date: string }>();
const keptZones = 1_000;

/** A date has no zone: UTC's days are as good as any to count in. */
const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`);
const dateOf = (midnightMs: number): string => new Date(midnightMs).toISOString().slice(0, 10);
const dayMs = 86_400_000;

export function addDays(date: string, days: number): string {
  return dateOf(midnight(date) + days * dayMs);
}

/** All dates of a span, both ends included. */
export function datesOf({ first, last }: Span): readonly string[] {
  const count = Math.max(0, (midnight(last) - midnight(first)) / dayMs + 1);
  return Array.from({ length: count }, (_, index) => dateOf(midnight(first) + index * dayMs));
}

/** Where each of the dates begins, and at the end where the last of them ends. */
export function boundsOf(dates: readonly string[], zone: string): readonly number[] {
  const last = dates.at(-1);
  if (last === undefined) return [];
  return [...dates, addDays(last, 1)].map((date) => beginning(date, zone));
}

/** `2026-11-21T08:00:00Z`: WakaTime's moments have no fraction. */
export function iso(moment: number): string {
  return `${new Date(Math.floor(moment / second) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** The last second before a moment: how WakaTime writes ends. */
export function isoEnd(moment: number): string {
  return iso(moment - second);
}

/** `Fri Sep 11th 2020` */
export function spoken(date: string): string {
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
export interface Span {
  readonly first: string;
  readonly last: string;
  /** Only so many hours of these days, back from now. */
  readonly hours?: number;
  /** Only [from, to) of these days, in microseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
}

/** Today and what the account has said about its weeks. */
export interface Now {
  readonly today: string;
  /** 0 Sunday, 1 Monday. */
  readonly weekdayStart: number;
}

/**
 * A date, or a word or moment that names one; undefined for what is none. A time without an offset is the zone's own. A plus
 * that nobody escaped has become a blank on its way here.
 */
export function readDate(said: string, now: Now, zone: string): string | undefined {
  const read = readDateTime(said, now);
  if (read === undefined) return undefined;
  return read.offset === undefined ? read.date : dateAt(read.moment, zone);
}

/**
 * The moment that a date, a word or a date with a time names, in microseconds since 1970. A date alone is its first moment; a time
 * without an offset is the zone's own.
 * @returns undefined for what names none
 */
export function readMoment(said: string, now: Now, zone: string): number | undefined {
  const read = readDateTime(said, now);
  if (read === undefined) return undefined;
  if (read.offset !== undefined) return read.moment;
  if (read.time === '00:00') return beginning(read.date, zone);
  return Temporal.PlainDateTime.from(`${read.date}T${read.time}`).toZonedDateTime(zone).epochMilliseconds * 1_000;
}

interface DateTime {
  readonly date: string;
  readonly time: string;
  readonly offset: string | undefined;
  /** Microseconds since 1970 with the offset, or as if in UTC without one. */
  readonly moment: number;
}

function readDateTime(said: string, { today }: Now): DateTime | undefined {
  const word = said.trim().toLowerCase();
  const named = word === 'today' ? today : word === 'yesterday' ? addDays(today, -1) : word;
  const [, date = '', time = '00:00', offset] = dateForm.exec(named) ?? [];
  const day = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined;
  const zoned = offset === undefined ? 'Z' : offset.toUpperCase().replace(' ', '+');
  const moment = Date.parse(`${date}T${time}${zoned}`);
  return Number.isNaN(moment) ? undefined : { date, time, offset, moment: moment * 1_000 };
}

/** No year is so late that a few more behind it could not be written as a date. */
const dateForm = /^([12]\d{3}-\d\d-\d\d)(?:[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(z|[-+ ]\d\d:?\d\d)?)?$/;

/** Ranges of `summaries`, which are named for people and include today. */
export function readSummaryRange(said: string, now: Now): Span | undefined {
  const { today } = now;
  const back = (days: number): Span => ({ first: addDays(today, 1 - days), last: today });
  const thisWeek = weekOf(today, now);
  const thisMonth = `${today.slice(0, 7)}-01`;
  switch (
    said
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

/** The first day of its week. */
export function weekOf(date: string, { weekdayStart }: Now): string {
  const { dayOfWeek } = Temporal.PlainDate.from(date);
  return addDays(date, -((dayOfWeek - weekdayStart + 7) % 7));
}

function monthOf(month: string): Span {
  const first = Temporal.PlainDate.from(`${month}-01`);
  return { first: first.toString(), last: first.add({ months: 1 }).subtract({ days: 1 }).toString() };
}

export interface StatsRange {
  /** As WakaTime spells it. */
  readonly name: string;
  readonly spoken: string;
  /** undefined: since the first heartbeat. */
  readonly span: Span | undefined;
  readonly includesToday: boolean;
}

const spokenRanges = new Map([
  ['last_7_days', 'last week'],
  ['all_time', 'all time'],
]);

/** What else tools call the ranges. */
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
 * Ranges of `stats`. Those that go back from now end yesterday unless `includesToday`.
 * @returns undefined for a name that is none
 */
export function readStatsRange(said: string, now: Now, includesToday: boolean): StatsRange | undefined {
  const lower = said.trim().toLowerCase().replace(/\s+/g, '_');
  const name = otherNames.get(lower) ?? lower;
  const human = spokenRanges.get(name) ?? name.replaceAll('_', ' ');
  const fixed = (span: Span): StatsRange => ({ name, spoken: human, span, includesToday: span.last >= now.today });
  const { today } = now;
  if (name === 'all_time') return { name, spoken: human, span: undefined, includesToday: true };
  if (/^(?:19|20)\d\d$/.test(name)) return fixed({ first: `${name}-01-01`, last: `${name}-12-31` });
  if (/^(?:19|20)\d\d-(?:0[1-9]|1[0-2])$/.test(name)) {
    const month = months[Number(name.slice(5)) - 1];
    return { ...fixed(monthOf(name)), spoken: `${month} ${name.slice(0, 4)}` };
  }
  const thisWeek = weekOf(today, now);
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
  return { name, spoken: human, span: { first, last }, includesToday };
}
