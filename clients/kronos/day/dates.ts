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

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** @returns 0 for `mon` or `monday` to 6 for `sun` or `sunday`; undefined if the word is not a day of the week */
export function parseWeekday(word: string): number | undefined {
  const place = weekdays.findIndex((name) => word === name || word === name.slice(0, 3));
  return place === -1 ? undefined : place;
}

/** @returns `2026-11-28`; undefined if the word is not a date. A day of the week is the last one, or today */
export function parseDate(word: string, { zone, now }: DateContext): string | undefined {
  const today = dateAt(zone, now);
  if (word === 'today') return today;
  if (word === 'yesterday') return addDays(today, -1);
  const day = parseWeekday(word);
  if (day !== undefined) return addDays(today, -((weekday(today) - day + 7) % 7));
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

/** Minutes need their unit, except at the end after hours: `1h30`. */
const durationForm = /^(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})(?:min|m)|(?<=h)(\d{1,2})$)?(?:(\d{1,5})s)?$/;

/** @returns seconds of `30min`, `1h30`, `1h30min`, `90m`, `2h` or `45s`; undefined for another word, and for a number alone */
export function parseDuration(word: string): number | undefined {
  const parts = durationForm.exec(word);
  if (parts === null) return undefined;
  const [hours = 0, minutes = 0, rest = 0, seconds = 0] = parts.slice(1).map((digits) => Number(digits ?? 0));
  const duration = hours * 3_600 + (minutes + rest) * 60 + seconds;
  return duration > 0 ? duration : undefined;
}

/**
 * Parses a moment that is over: `now`, `-10min` (before now), `12:04` (the last such time), `yesterdayT22:30` or `2026-11-28T22:30`.
 * @returns seconds since 1970; undefined if the word is not such a moment
 */
export function parsePastMoment(word: string, context: DateContext): number | undefined {
  const { now, zone } = context;
  if (word === 'now') return now;
  if (word.startsWith('-')) {
    const duration = parseDuration(word.slice(1));
    return duration === undefined ? undefined : now - duration;
  }
  const [first = '', second, ...more] = word.split('T');
  const date = second === undefined ? dateAt(zone, now) : parseDate(first, context);
  const time = parseTime(second ?? first);
  if (date === undefined || time === undefined || more.length > 0) return undefined;
  const moment = momentOf(date, time, context);
  if (moment <= now) return moment;
  return second === undefined ? momentOf(addDays(date, -1), time, context) : undefined;
}

/** A span as a person typed it, and the words after it. */
export interface TypedWords {
  readonly span: TypedSpan;
  readonly left: readonly string[];
}

/**
 * Parses `[date] 9:00-10:15 …`, `[date] 14:00 30min …`, or `30min …`, which ends now.
 * @returns a text that says what is wrong; '' if the words do not begin with a span
 */
export function parsePastSpan(words: readonly string[], context: DateContext): TypedWords | string {
  const { now } = context;
  const lasted = parseDuration(words[0] ?? '');
  if (lasted !== undefined) return { span: { from: now - lasted, to: now }, left: words.slice(1) };
  const typedDate = parseDate(words[0] ?? '', context);
  const date = typedDate ?? dateAt(context.zone, now);
  const [word = '', ...left] = typedDate === undefined ? words : words.slice(1);
  const span = parseSpan(word, date, context) ?? spanWithLength(word, left[0] ?? '', date, context);
  if (span === undefined) return '';
  const typed = parseSpan(word, date, context) === undefined ? `${word} ${left[0]}` : word;
  if (span.to <= span.from) return `${typed} ends before it begins`;
  if (span.to > now) return `${typed} is not over yet`;
  return { span, left: typed === word ? left : left.slice(1) };
}

function spanWithLength(word: string, length: string, date: string, context: DateContext): TypedSpan | undefined {
  const [time, duration] = [parseTime(word), parseDuration(length)];
  if (time === undefined || duration === undefined) return undefined;
  const from = momentOf(date, time, context);
  return { from, to: from + duration };
}
