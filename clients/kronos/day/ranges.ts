// Parses ranges of days as people type them: `lastweek`, `2026-11`, `mon..fri`.

import { daysIn } from '../../../protocol/zone.ts';
import { addDays, type DateContext, dateAt, parseDate, parseWeekday, weekday } from './dates.ts';

/** Both days belong to it: `2026-11-28`. */
export interface DateRange {
  readonly first: string;
  readonly last: string;
}

/** A hub answers no more (GET /-/days). */
const maxDays = 3_660;

/**
 * Parses one word: a date (`today`, `fri`, `2026-11-28`), a week (`thisweek`, `lastweek`, `2026-w48`), a month (`thismonth`, `lastmonth`,
 * `2026-11`), a year (`thisyear`, `lastyear`, `2026`), or two of these with `..` between them; without the second one, it ends today. A day of
 * the week after `..` is the next one.
 * @returns a text that says what is wrong; '' if the word is not a range
 */
export function parseRange(word: string, context: DateContext): DateRange | string {
  const [begin = '', end, ...more] = word.split('..');
  if (more.length > 0) return '';
  const from = parsePart(begin, context);
  if (from === undefined || end === undefined) return from ?? '';
  const to = end === '' ? parsePart('today', context) : parseEnd(end, from, context);
  if (to === undefined) return '';
  if (to.last < from.first) return `${word} ends before it begins`;
  if (datesIn({ first: from.first, last: to.last }, maxDays + 1).length > maxDays)
    return `${word} is longer than ten years`;
  return { first: from.first, last: to.last };
}

/** `mon..fri` in a week: the first Friday after the Monday. */
function parseEnd(word: string, { first }: DateRange, context: DateContext): DateRange | undefined {
  const day = parseWeekday(word);
  if (day === undefined) return parsePart(word, context);
  const date = addDays(first, (day - weekday(first) + 7) % 7);
  return { first: date, last: date };
}

function parsePart(word: string, context: DateContext): DateRange | undefined {
  const date = parseDate(word, context);
  if (date !== undefined) return { first: date, last: date };
  const today = dateAt(context.zone, context.now);
  const [year = 0, month = 1] = today.split('-').map(Number);
  switch (word) {
    case 'thisweek':
      return weekOf(today);
    case 'lastweek':
      return weekOf(addDays(today, -7));
    case 'thismonth':
      return monthOf(year, month);
    case 'lastmonth':
      return month === 1 ? monthOf(year - 1, 12) : monthOf(year, month - 1);
    case 'thisyear':
      return yearOf(year);
    case 'lastyear':
      return yearOf(year - 1);
    default:
      return parseNumbers(word);
  }
}

function parseNumbers(word: string): DateRange | undefined {
  const [, year = '', rest] = /^(\d{4})(?:-(\d\d|w\d\d?))?$/i.exec(word) ?? [];
  if (year === '') return undefined;
  if (rest === undefined) return yearOf(Number(year));
  if (/^\d/.test(rest))
    return Number(rest) >= 1 && Number(rest) <= 12 ? monthOf(Number(year), Number(rest)) : undefined;
  // ISO 8601: the first week has January 4th.
  const { first } = weekOf(`${year}-01-04`);
  const week = weekOf(addDays(first, (Number(rest.slice(1)) - 1) * 7));
  const thursday = addDays(week.first, 3);
  return Number(rest.slice(1)) >= 1 && thursday.startsWith(year) ? week : undefined;
}

/** The week of a date, Monday to Sunday. */
export function weekOf(date: string): DateRange {
  const first = addDays(date, -weekday(date));
  return { first, last: addDays(first, 6) };
}

export function monthOf(year: number, month: number): DateRange {
  const name = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
  return { first: `${name}-01`, last: `${name}-${daysIn(year, month)}` };
}

function yearOf(year: number): DateRange {
  return { first: monthOf(year, 1).first, last: monthOf(year, 12).last };
}

/** @param most no more dates than that */
export function datesIn({ first, last }: DateRange, most = maxDays): readonly string[] {
  const dates: string[] = [];
  for (let date = first; date <= last && dates.length < most; date = addDays(date, 1)) dates.push(date);
  return dates;
}
