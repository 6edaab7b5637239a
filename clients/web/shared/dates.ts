// Dates of a calendar without a time zone, as texts such as `2026-11-28`; and the dates in the addresses of pages.

const dayMs = 86_400_000;
const form = /^\d{4}-\d\d-\d\d$/;

export function isCalendarDate(text: string): boolean {
  return form.test(text) && shiftDate(text, 0) === text;
}

/** @param days may be negative @returns '' if the text is no date */
export function shiftDate(date: string, days: number): string {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(midnight) ? '' : new Date(midnight + days * dayMs).toISOString().slice(0, 10);
}

/** @param firstDay of the week: 1 Monday to 7 Sunday @returns the seven dates of the week of a date */
export function weekOf(date: string, firstDay: number): readonly string[] {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
  const start = shiftDate(date, -((weekday - firstDay + 7) % 7));
  return [0, 1, 2, 3, 4, 5, 6].map((days) => shiftDate(start, days));
}

/** All dates of a span, both ends included; at most ten years. */
export function datesBetween(from: string, to: string): readonly string[] {
  const dates: string[] = [];
  for (let date = from; date !== '' && date <= to && dates.length < 3_660; date = shiftDate(date, 1)) dates.push(date);
  return dates;
}

/** The first and the last date of the month of a date. @param months before or after it */
export function monthOf(date: string, months = 0): readonly [from: string, to: string] {
  const [year = 0, month = 1] = date.split('-').map(Number);
  const day = (at: number, shift: number): string =>
    new Date(Date.UTC(year, month - 1 + at, 1 + shift)).toISOString().slice(0, 10);
  return [day(months, 0), day(months + 1, -1)];
}

/** `/day/2026-11-28` → `2026-11-28`; '' where the address has no date. */
export function dateInPath(path: string): string {
  return decodeURIComponent(path.split('/')[2] ?? '');
}

/**
 * The first day of the week where a locale is used: 1 Monday to 7 Sunday. Monday (ISO 8601) in browsers that do not know.
 */
export function firstDayOfWeek(locale: string): number {
  const info: unknown = new Intl.Locale(locale);
  if (typeof info !== 'object' || info === null) return 1;
  if ('getWeekInfo' in info && typeof info.getWeekInfo === 'function') return dayIn(info.getWeekInfo());
  return 'weekInfo' in info ? dayIn(info.weekInfo) : 1;
}

function dayIn(weekInfo: unknown): number {
  const known = typeof weekInfo === 'object' && weekInfo !== null && 'firstDay' in weekInfo;
  return known && typeof weekInfo.firstDay === 'number' ? weekInfo.firstDay : 1;
}
