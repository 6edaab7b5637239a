// Parses a due date such as `:15:18` or `:2w1d` in a time zone (rules D of README.md). words.ts parses the other words of a line.

import { parseDateWord } from './date-words.ts';
import { type Civil, daysIn, type Zone } from './zone.ts';

/** The next February 29th may be eight years away. */
const yearsAhead = 8;
const monthsAhead = 12;

const absolute = /^:(\d{0,6})(?::(\d{0,4}))?$/;
const relative = /^:(?=\d)(?:(\d{1,4})y)?(?:(\d{1,4})mo)?(?:(\d{1,4})w)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?$/;

/**
 * Parses a due date (D1 to D9).
 * @param word with its colon
 * @param now seconds since 1970
 * @returns seconds since 1970; undefined for a word that is not a date, or a full date that has passed
 */
export function parseDue(word: string, now: number, zone: Zone): number | undefined {
  const date = absolute.exec(word);
  if (date !== null) return dateOf(date[1] ?? '', date[2] ?? '', now, zone);
  return parseDuration(word, now, zone, 1) ?? parseDateWord(word.slice(1), now, zone);
}

/**
 * D5
 * @param direction -1 for that long ago
 */
export function parseDuration(word: string, now: number, zone: Zone, direction: 1 | -1): number | undefined {
  const duration = relative.exec(word);
  if (duration === null) return undefined;
  const parts = duration.slice(1).map((digits) => Number(digits ?? 0) * direction);
  return addDuration(parts, now, zone);
}

/** D1: digits fill the slots from the left, two each. */
function slots(digits: string, count: number): (number | undefined)[] {
  return Array.from({ length: count }, (_, at) => {
    const slot = digits.slice(at * 2, at * 2 + 2);
    return slot === '' ? undefined : Number(slot);
  });
}

function dateOf(date: string, time: string, now: number, zone: Zone): number | undefined {
  const [day, month, year] = slots(date, 3);
  const [hour = 0, minute = 0] = slots(time, 2);
  if (hour > 23 || minute > 59) return undefined;
  const today = zone.civil(now);
  for (const [inYear, inMonth, onDay] of candidates(day, month, year, today)) {
    if (inMonth < 1 || inMonth > 12 || onDay < 1 || onDay > daysIn(inYear, inMonth)) continue;
    const moment = zone.moment({ year: inYear, month: inMonth, day: onDay, hour, minute });
    if (moment >= now) return moment;
  }
  return undefined;
}

/** D2 to D4: the days to try, in order. A part that the word lacks starts at today's value and increases. */
function candidates(
  day: number | undefined,
  month: number | undefined,
  year: number | undefined,
  today: Civil,
): (readonly [number, number, number])[] {
  if (day === undefined) {
    return [0, 1].map((ahead) => {
      const next = new Date(Date.UTC(today.year, today.month - 1, today.day + ahead));
      return [next.getUTCFullYear(), next.getUTCMonth() + 1, next.getUTCDate()];
    });
  }
  if (month === undefined) {
    return Array.from({ length: monthsAhead + 1 }, (_, ahead) => {
      const at = today.month - 1 + ahead;
      return [today.year + Math.floor(at / 12), (at % 12) + 1, day];
    });
  }
  if (year === undefined) return Array.from({ length: yearsAhead + 1 }, (_, ahead) => [today.year + ahead, month, day]);
  return [[2_000 + year, month, day]];
}

/** D5: years to days move along the calendar and keep the wall-clock time; hours and minutes are added as seconds. */
function addDuration(parts: readonly number[], now: number, zone: Zone): number {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0] = parts;
  const clock = (hours * 60 + minutes) * 60;
  if (years + months + weeks + days === 0) return now + clock;
  const today = zone.civil(now);
  const at = today.month - 1 + months;
  const year = today.year + years + Math.floor(at / 12);
  const month = (((at % 12) + 12) % 12) + 1;
  const day = Math.min(today.day, daysIn(year, month)) + weeks * 7 + days;
  const seconds = now - zone.moment(today);
  return zone.moment({ ...today, year, month, day }) + (seconds % 60) + clock;
}
