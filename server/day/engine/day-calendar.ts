// Which moments belong to a date: the account's zone, which may change at a moment for a person who travels, and the time at which a day
// begins ([Y8]). Dates are texts (`2026-11-21`), moments microseconds since 1970. The rules of zones are Temporal's.

import { Temporal } from 'temporal-polyfill';
import type { DayHour } from './evidence.ts';
import type { DayInterval, DayIntervals } from './intervals.ts';

/** From a moment on the person lives by the clocks of a zone. */
export interface ZonePeriod {
  readonly from: number;
  /** A name of the zone database, such as `Europe/Berlin`. */
  readonly zone: string;
}

export interface DayCalendar {
  /** Ascending; the first one counts for all time before it, too. At least one. */
  readonly zones: readonly ZonePeriod[];
  /** Minutes after midnight, 0 to 1439. */
  readonly dayStart: number;
}

const minuteLength = 60_000_000;
const hourLength = 60 * minuteLength;
/** Beginnings of days that are remembered, over all zones: a look-up of a zone's rules takes a tenth of a millisecond. */
const mostRemembered = 50_000;
const beginnings = new Map<string, number>();

/** The zone in which the person lives at a moment. */
export function zoneAt({ zones }: DayCalendar, moment: number): string {
  return (zones.findLast(({ from }) => from <= moment) ?? zones[0])?.zone ?? 'UTC';
}

/**
 * The moments of a date: from the first moment at which the person's clock has reached it to the first at which it has reached the next
 * one. So each moment belongs to one date, also for a person who travels; a date that the traveller skips is empty.
 */
export function boundsOfDay(date: string, calendar: DayCalendar): DayInterval {
  return [beginningOf(date, calendar), beginningOf(nextDate(date, 1), calendar)];
}

function beginningOf(date: string, { zones, dayStart }: DayCalendar): number {
  let first = Number.POSITIVE_INFINITY;
  for (const [index, { from, zone }] of zones.entries()) {
    const begin = index === 0 ? Number.NEGATIVE_INFINITY : from;
    const end = zones[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    const reached = Math.max(begin, beginningIn(date, zone, dayStart));
    if (reached < end) first = Math.min(first, reached);
  }
  return first;
}

/** The moment at which clocks of the zone first show the start of the date's day; where they skip it, the moment after the gap. */
function beginningIn(date: string, zone: string, dayStart: number): number {
  const key = `${date} ${dayStart} ${zone}`;
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const plain = Temporal.PlainDate.from(date);
  const moment =
    (dayStart === 0 ? plain.toZonedDateTime(zone) : firstShown(plain, zone, dayStart)).epochMilliseconds * 1_000;
  const [oldest] = beginnings.keys();
  if (beginnings.size >= mostRemembered && oldest !== undefined) beginnings.delete(oldest);
  beginnings.set(key, moment);
  return moment;
}

function firstShown(date: Temporal.PlainDate, zone: string, minutes: number): Temporal.ZonedDateTime {
  const wanted = date.toPlainDateTime({ hour: Math.floor(minutes / 60), minute: minutes % 60 });
  const earlier = wanted.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wanted)) return earlier;
  return earlier.getTimeZoneTransition('next') ?? earlier;
}

/** The date whose day a moment belongs to. */
export function dateOfMoment(moment: number, calendar: DayCalendar): string {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(moment / 1_000)).toZonedDateTimeISO(
    zoneAt(calendar, moment),
  );
  // Clocks change and travellers go back over a date: the neighbours are looked at, too.
  let date = nextDate(local.toPlainDate().toString(), 1);
  while (boundsOfDay(date, calendar)[0] > moment) date = nextDate(date, -1);
  return date;
}

/** @param days may be negative */
export function nextDate(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** All dates from one to another, both included. */
export function datesBetween(first: string, last: string): readonly string[] {
  const count = Temporal.PlainDate.from(first).until(last).days;
  return Array.from({ length: Math.max(0, count + 1) }, (_, index) => nextDate(first, index));
}

/** True if a text is a date that exists, between the years 1970 and 2200. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const year = Number(text.slice(0, 4));
  const time = Date.parse(`${text}T00:00:00Z`);
  return year >= 1970 && year <= 2200 && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/**
 * How much of some time lies in which hour of the person's clock. An hour that the clock shows twice counts twice.
 * @param intervals ascending, within the day
 * @returns microseconds of each of the 24 hours; their sum is the length of the intervals
 */
export function timeByHour(intervals: DayIntervals, [from, to]: DayInterval, calendar: DayCalendar): readonly number[] {
  const times = new Array<number>(24).fill(0);
  const add = (hour: number, time: number): void => {
    if (time > 0) times[hour] = (times[hour] ?? 0) + time;
  };
  const isPlain =
    to - from === 24 * hourLength && !calendar.zones.some((period) => period.from > from && period.from < to);
  if (!isPlain) {
    const hours = hoursOf([from, to], calendar);
    for (const [begin, end] of intervals)
      for (const hour of hours) add(hour.hour, Math.min(end, hour.to) - Math.max(begin, hour.from));
    return times;
  }
  // A day of 24 hours without a change of the clock: arithmetic, because a look-up of a zone's rules is slow.
  const midnight = from - calendar.dayStart * minuteLength;
  for (const [begin, end] of intervals) {
    for (let at = begin; at < end; ) {
      const hour = Math.floor((at - midnight) / hourLength);
      const next = Math.min(end, midnight + (hour + 1) * hourLength);
      add(hour % 24, next - at);
      at = next;
    }
  }
  return times;
}

/** The hours that the person's clock shows between two moments, for rules about weekdays and hours. */
export function hoursOf([from, to]: DayInterval, calendar: DayCalendar): readonly DayHour[] {
  const hours: DayHour[] = [];
  for (let begin = from; begin < to; ) {
    const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(begin / 1_000)).toZonedDateTimeISO(
      zoneAt(calendar, begin),
    );
    const wall = begin + local.offsetNanoseconds / 1_000;
    const nextHour = begin + hourLength - (((wall % hourLength) + hourLength) % hourLength);
    const transition = local.getTimeZoneTransition('next');
    const change = transition === null ? to : transition.epochMilliseconds * 1_000;
    const move = calendar.zones.find((period) => period.from > begin)?.from ?? to;
    const end = Math.min(to, nextHour, change, move);
    hours.push({ from: begin, to: end, weekday: local.dayOfWeek, hour: local.hour });
    begin = end;
  }
  return hours;
}
