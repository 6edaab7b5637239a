// Dates as words: `tomorrow`, `fri:18`, `eom`, `2026-12-24` (rules D7 to D9 of README.md). due.ts has the dates in digits.

import { addDays, weekdayIn, weekdayOf } from './recurrence.ts';
import { type Civil, daysIn, type Zone } from './zone.ts';

/** A wall date without its time. */
type Day = Pick<Civil, 'year' | 'month' | 'day'>;

const time = /^(\d{1,2})(?::?(\d{2}))?$/;
const iso = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The last days of periods: their moment is the last minute. */
function endOf(word: string, today: Civil): Day | undefined {
  switch (word) {
    case 'today':
    case 'eod':
      return today;
    case 'eow':
      return addDays(today, 6 - weekdayIn(today));
    case 'eom':
      return { ...today, day: daysIn(today.year, today.month) };
    case 'eoy':
      return { year: today.year, month: 12, day: 31 };
    default:
      return undefined;
  }
}

/**
 * D7 to D9: the moments that a word may mean, in the order in which they count.
 * @param word without the colon of a due date: `fri:18`
 * @param now seconds since 1970
 * @returns seconds since 1970; undefined for a word that is no such date
 */
function momentsOf(word: string, now: number, zone: Zone): readonly number[] | undefined {
  const [name = '', ...rest] = word.toLowerCase().split(':');
  const clock = rest.length === 0 ? undefined : parseTime(rest.join(':'));
  if (rest.length > 0 && clock === undefined) return undefined;
  const today = zone.civil(now);
  const at = (day: Day, otherwise: Pick<Civil, 'hour' | 'minute'>) => zone.moment({ ...day, ...(clock ?? otherwise) });
  const midnight = { hour: 0, minute: 0 };
  const end = endOf(name, today);
  if (end !== undefined) return [at(end, { hour: 23, minute: 59 })];
  if (name === 'now') return clock === undefined ? [now] : undefined;
  if (name === 'tomorrow') return [at(addDays(today, 1), midnight)];
  if (name === 'yesterday') return [at(addDays(today, -1), midnight)];
  const weekday = weekdayOf(name);
  if (weekday !== undefined) {
    const ahead = (weekday - weekdayIn(today) + 7) % 7;
    return [at(addDays(today, ahead), midnight), at(addDays(today, ahead + 7), midnight)];
  }
  const [whole, year, month, day] = (iso.exec(name) ?? []).map(Number);
  if (whole === undefined || year === undefined || month === undefined || day === undefined) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  return [at({ year, month, day }, midnight)];
}

function parseTime(text: string): Pick<Civil, 'hour' | 'minute'> | undefined {
  const [, hours = '', minutes = '00'] = time.exec(text) ?? [];
  const [hour, minute] = [Number(hours), Number(minutes)];
  return hours === '' || hour > 23 || minute > 59 ? undefined : { hour, minute };
}

/** @returns the first moment that the word means and that has not passed; undefined if there is none */
export function parseDateWord(word: string, now: number, zone: Zone): number | undefined {
  return momentsOf(word, now, zone)?.find((moment) => moment >= now);
}

/** Like `parseDateWord`, of moments that may have passed: of a day of the week the last one counts, today included. */
export function parsePastDateWord(word: string, now: number, zone: Zone): number | undefined {
  const moments = momentsOf(word, now, zone);
  const [first, ...more] = moments ?? [];
  if (first === undefined || more.length === 0 || first <= now) return first;
  return zone.moment(addDays(zone.civil(first), -7));
}
