// Weeks of ISO 8601: Monday to Sunday; the first week of a year has its first Thursday.

import { Temporal } from 'temporal-polyfill';

/** `2026-W48` */
export function weekOfDate(date: string): string {
  const { yearOfWeek = 0, weekOfYear = 0 } = Temporal.PlainDate.from(date);
  return `${yearOfWeek}-W${String(weekOfYear).padStart(2, '0')}`;
}

/** The seven dates of a week; undefined for one that does not exist. */
export function datesOfWeek(week: string): readonly string[] | undefined {
  const [, year, number] = /^(\d{4})-W(\d\d)$/.exec(week) ?? [];
  if (year === undefined || number === undefined || Number(year) < 1970 || Number(year) > 2200) return undefined;
  // The fourth of January is in the first week.
  const first = Temporal.PlainDate.from({ year: Number(year), month: 1, day: 4 });
  const monday = first.add({ days: 1 - first.dayOfWeek + 7 * (Number(number) - 1) });
  const dates = Array.from({ length: 7 }, (_, days) => monday.add({ days }).toString());
  return dates[0] !== undefined && weekOfDate(dates[0]) === week ? dates : undefined;
}
