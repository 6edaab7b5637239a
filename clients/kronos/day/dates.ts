// Parses dates and times of day as people type them: `today`, `2026-11-28`, `9:00-10:15`. Moments are in seconds since 1970.

import { daysIn, type Zone } from '../../../protocol/zone.ts';

const two = (part: number): string => String(part).padStart(2, '0');

export interface DateContext {
  readonly zone: Zone;
  /** Seconds since 1970. */
  readonly now: number;
}

/** The date in a zone at a moment, in seconds since 1970: `2026-11-28`. */
export function dateAt(zone: Zone, moment: number): string {
  const { year, month, day } = zone.civil(moment);
  return `${year}-${two(month)}-${two(day)}`;
}

/** @returns `2026-11-28`; undefined if the word is not a date */
export function parseDate(word: string, { zone, now }: DateContext): string | undefined {
  const today = dateAt(zone, now);
  if (word === 'today') return today;
  if (word === 'yesterday') return addDays(today, -1);
  const [, ...parts] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(word) ?? [];
  const [y = 0, m = 0, d = 0] = parts.map(Number);
  return m >= 1 && m <= 12 && d >= 1 && d <= daysIn(y, m) ? word : undefined;
}

/** @param days may be negative */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** 0 Monday to 6 Sunday. */
export function weekday(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** @param minutes after midnight of the date; 1440 and more are the next day */
export function momentOf(date: string, minutes: number, { zone }: Pick<DateContext, 'zone'>): number {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return zone.moment({
    year,
    month,
    day: day + Math.floor(minutes / 1_440),
    hour: Math.floor(minutes / 60) % 24,
    minute: minutes % 60,
  });
}

/** @returns minutes after midnight of `9`, `9:00` or `24:00`; undefined if the word is not a time */
export function parseTime(word: string): number | undefined {
  const [, hours, minutes = '0'] = /^(\d{1,2})(?::([0-5]\d))?$/.exec(word) ?? [];
  const time = hours === undefined ? Number.NaN : Number(hours) * 60 + Number(minutes);
  return time <= 1_440 ? time : undefined;
}

export interface TypedSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * Parses `9:00-10:15`, `9-10:15` or `9:00-now`. An end that is not after the beginning is on the next day.
 * @returns undefined if the word is not a span
 */
export function parseSpan(word: string, date: string, context: DateContext): TypedSpan | undefined {
  const [begin = '', end = '', ...more] = word.split(/[-–]/);
  const first = parseTime(begin);
  if (first === undefined || more.length > 0) return undefined;
  const from = momentOf(date, first, context);
  if (end === 'now') return { from, to: context.now - (context.now % 60) };
  const last = parseTime(end);
  return last === undefined ? undefined : { from, to: momentOf(date, last > first ? last : last + 1_440, context) };
}
