// Which moments belong to a date.

import { describe, expect, test } from '@jest/globals';
import {
  boundsOfDay,
  type DayCalendar,
  dateOfMoment,
  datesBetween,
  hoursOf,
  isDate,
  timeByHour,
} from '../../../server/day/engine/day-calendar.ts';

const hour = 3_600_000_000;
const inZone = (zone: string, dayStart = 0): DayCalendar => ({ zones: [{ from: 0, zone }], dayStart });
const hoursIn = (date: string, calendar: DayCalendar): number => {
  const [from, to] = boundsOfDay(date, calendar);
  return (to - from) / hour;
};
const at = (text: string): number => Date.parse(text) * 1_000;

describe('[Y8] a day', () => {
  test.each([
    ['Europe/Berlin', '2026-03-29', 23, '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23, '2026-11-01', 25],
    ['America/Santiago', '2026-09-06', 23, '2026-04-04', 25],
    ['Australia/Sydney', '2026-10-04', 23, '2026-04-05', 25],
  ])('has 23 and 25 hours in %s when clocks change', (zone, short, shortHours, long, longHours) => {
    expect([hoursIn(short, inZone(zone)), hoursIn(long, inZone(zone))]).toEqual([shortHours, longHours]);
  });

  test('begins at midnight of its zone, also in zones of half and quarter hours', () => {
    expect(boundsOfDay('2026-06-15', inZone('Asia/Kolkata'))[0]).toBe(at('2026-06-14T18:30:00Z'));
    expect(boundsOfDay('2026-06-15', inZone('Asia/Kathmandu'))[0]).toBe(at('2026-06-14T18:15:00Z'));
    expect(hoursIn('2026-04-05', inZone('Australia/Lord_Howe'))).toBe(24.5);
  });

  test('begins at 04:00 where the person wants it so, and a night belongs to the day before', () => {
    const calendar = inZone('Europe/Berlin', 240);
    expect(boundsOfDay('2026-06-15', calendar)).toEqual([at('2026-06-15T02:00:00Z'), at('2026-06-16T02:00:00Z')]);
    expect(dateOfMoment(at('2026-06-15T01:59:59Z'), calendar)).toBe('2026-06-14');
    expect(dateOfMoment(at('2026-06-15T02:00:00Z'), calendar)).toBe('2026-06-15');
  });

  test('begins with the change of the clock where its beginning is skipped', () => {
    expect(boundsOfDay('2026-03-29', inZone('Europe/Berlin', 150))[0]).toBe(at('2026-03-29T01:00:00Z'));
    expect(hoursIn('2026-09-06', inZone('America/Santiago'))).toBe(23);
  });

  test('exists on the 29th of February of leap years alone', () => {
    expect([isDate('2024-02-29'), isDate('2026-02-29'), isDate('2100-02-29'), isDate('2026-2-1')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(datesBetween('2024-02-28', '2024-03-01')).toEqual(['2024-02-28', '2024-02-29', '2024-03-01']);
  });

  test.each([
    ['west', 'Europe/Berlin', 'America/New_York', '2026-06-15T20:00:00Z'],
    ['east', 'America/New_York', 'Asia/Tokyo', '2026-06-15T20:00:00Z'],
    ['over the date line', 'Pacific/Auckland', 'Pacific/Honolulu', '2026-06-15T20:00:00Z'],
    ['back over the date line', 'Pacific/Honolulu', 'Pacific/Auckland', '2026-06-16T09:30:00Z'],
  ])('of a person who travels %s follows the previous day without a gap or an overlap', (_way, home, away, moment) => {
    const calendar: DayCalendar = {
      zones: [
        { from: 0, zone: home },
        { from: at(moment), zone: away },
      ],
      dayStart: 0,
    };
    let [, before] = boundsOfDay('2026-06-11', calendar);
    for (const date of datesBetween('2026-06-12', '2026-06-20')) {
      const [from, to] = boundsOfDay(date, calendar);
      expect([date, from]).toEqual([date, before]);
      if (to > from) expect([from, to - 1].map((one) => dateOfMoment(one, calendar))).toEqual([date, date]);
      before = to;
    }
    expect(before).toBe(boundsOfDay('2026-06-20', inZone(away))[1]);
  });

  test('is cut into the hours that clocks show, a repeated hour twice', () => {
    const calendar = inZone('Europe/Berlin');
    const hours = hoursOf(boundsOfDay('2026-10-25', calendar), calendar).map((one) => one.hour);
    expect(hours).toEqual([0, 1, 2, 2, ...Array.from({ length: 21 }, (_, index) => index + 3)]);
    const half = inZone('Asia/Kolkata', 0);
    expect(hoursOf(boundsOfDay('2026-06-15', half), half)).toHaveLength(24);
  });

  test('gives its time to the hours that clocks show, and their sum is its length', () => {
    const inHours = (calendar: DayCalendar, date: string, [from, to]: readonly [string, string]) =>
      timeByHour([[at(from), at(to)]], boundsOfDay(date, calendar), calendar).map((time) => time / (hour / 60));
    const minutesAt = (times: Readonly<Record<number, number>>) =>
      Array.from({ length: 24 }, (_, one) => times[one] ?? 0);
    const berlin = inZone('Europe/Berlin', 4 * 60);
    expect(inHours(berlin, '2026-11-28', ['2026-11-28T08:50:00Z', '2026-11-28T10:15:00Z'])).toEqual(
      minutesAt({ 9: 10, 10: 60, 11: 15 }),
    );
    // After midnight it is still the day that began at four.
    expect(inHours(berlin, '2026-11-28', ['2026-11-28T22:30:00Z', '2026-11-29T00:30:00Z'])).toEqual(
      minutesAt({ 0: 60, 1: 30, 23: 30 }),
    );
    // The hour that the clock shows twice, and a zone with half an hour.
    expect(inHours(inZone('Europe/Berlin'), '2026-10-25', ['2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z'])).toEqual(
      minutesAt({ 2: 120 }),
    );
    expect(inHours(inZone('Asia/Kolkata', 90), '2026-06-15', ['2026-06-15T04:00:00Z', '2026-06-15T05:00:00Z'])).toEqual(
      minutesAt({ 9: 30, 10: 30 }),
    );
  });
});
