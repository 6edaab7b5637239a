// Every form of a date, a time, a span, a duration and a range, in four time zones: month ends, leap days, and changes of clocks.

import { describe, expect, test } from '@jest/globals';
import {
  type DateContext,
  momentOf,
  parseDate,
  parseDuration,
  parsePastMoment,
  parsePastSpan,
} from '../../../../clients/kronos/day/dates.ts';
import { datesIn, parseRange } from '../../../../clients/kronos/day/ranges.ts';
import { parseReport } from '../../../../clients/kronos/day/report-line.ts';
import { at, zoneOf } from '../../../harness/zones.ts';

const zones = ['Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'] as const;
const context = (zone: string, now: string): DateContext => ({ zone: zoneOf(zone), now: at(now, zone) });

describe.each(zones)('in %s', (zone) => {
  test.each([
    ['today', '2026-11-27'],
    ['yesterday', '2026-11-26'],
    ['fri', '2026-11-27'],
    ['friday', '2026-11-27'],
    ['sat', '2026-11-21'],
    ['thursday', '2026-11-26'],
    ['mon', '2026-11-23'],
    ['2026-11-28', '2026-11-28'],
    ['2024-02-29', '2024-02-29'],
    ['2026-02-29', undefined],
    ['2026-13-01', undefined],
    ['2026-11-31', undefined],
    ['tomorrow', undefined],
    ['f', undefined],
    ['', undefined],
  ])('the date %j is %s', (word, date) => {
    expect(parseDate(word, context(zone, '2026-11-27T13:00'))).toBe(date);
  });

  test.each([
    ['2026-03-01T00:10', 'yesterday', '2026-02-28'],
    ['2024-03-01T00:10', 'yesterday', '2024-02-29'],
    ['2026-01-01T00:10', 'yesterday', '2025-12-31'],
    ['2026-01-01T23:50', 'wed', '2025-12-31'],
  ])('at %s, %s is %s', (now, word, date) => {
    expect(parseDate(word, context(zone, now))).toBe(date);
  });

  test.each([
    ['today', '2026-11-27', '2026-11-27'],
    ['2026-11-28', '2026-11-28', '2026-11-28'],
    ['2026-11', '2026-11-01', '2026-11-30'],
    ['2026-02', '2026-02-01', '2026-02-28'],
    ['2024-02', '2024-02-01', '2024-02-29'],
    ['2026', '2026-01-01', '2026-12-31'],
    ['2026-w48', '2026-11-23', '2026-11-29'],
    ['2026-W1', '2025-12-29', '2026-01-04'],
    ['2026-w53', '2026-12-28', '2027-01-03'],
    ['thisweek', '2026-11-23', '2026-11-29'],
    ['lastweek', '2026-11-16', '2026-11-22'],
    ['thismonth', '2026-11-01', '2026-11-30'],
    ['lastmonth', '2026-10-01', '2026-10-31'],
    ['thisyear', '2026-01-01', '2026-12-31'],
    ['lastyear', '2025-01-01', '2025-12-31'],
    ['mon..fri', '2026-11-23', '2026-11-27'],
    ['fri..mon', '2026-11-27', '2026-11-30'],
    ['sat..sun', '2026-11-21', '2026-11-22'],
    ['mon..', '2026-11-23', '2026-11-27'],
    ['2026-02-27..2026-03-02', '2026-02-27', '2026-03-02'],
    ['2026-01..2026-02', '2026-01-01', '2026-02-28'],
    ['lastmonth..today', '2026-10-01', '2026-11-27'],
  ])('the range %s is %s to %s', (word, first, last) => {
    expect(parseRange(word, context(zone, '2026-11-27T13:00'))).toEqual({ first, last });
  });

  test.each([
    ['2025-w53', ''],
    ['2026-w0', ''],
    ['2026-13', ''],
    ['26', ''],
    ['..fri', ''],
    ['mon..fri..sun', ''],
    ['soon', ''],
    ['2026-11-28..2026-11-27', '2026-11-28..2026-11-27 ends before it begins'],
    ['2010..2026', '2010..2026 is longer than ten years'],
  ])('the range %s is refused: %j', (word, error) => {
    expect(parseRange(word, context(zone, '2026-11-27T13:00'))).toBe(error);
  });

  test('lastmonth in January is December', () => {
    expect(parseRange('lastmonth', context(zone, '2026-01-31T13:00'))).toEqual({
      first: '2025-12-01',
      last: '2025-12-31',
    });
  });

  test.each([
    ['now', '2026-11-27T13:00'],
    ['-10min', '2026-11-27T12:50'],
    ['-1h30', '2026-11-27T11:30'],
    ['12:04', '2026-11-27T12:04'],
    ['9', '2026-11-27T09:00'],
    ['13:00', '2026-11-27T13:00'],
    // The last such time.
    ['13:01', '2026-11-26T13:01'],
    ['24:00', '2026-11-27T00:00'],
    ['yesterdayT22:30', '2026-11-26T22:30'],
    ['monT9', '2026-11-23T09:00'],
    ['2026-11-20T9:05', '2026-11-20T09:05'],
  ])('at:%s is %s', (word, moment) => {
    expect(parsePastMoment(word, context(zone, '2026-11-27T13:00'))).toBe(at(moment, zone));
  });

  test.each([
    '',
    '-',
    '-10',
    '-x',
    '25:00',
    '9:60',
    'todayT13:01',
    '2026-11-28T9',
    '9T9T9',
    'soon',
    'T9',
    'monT',
  ])('at:%s is refused', (word) => {
    expect(parsePastMoment(word, context(zone, '2026-11-27T13:00'))).toBeUndefined();
  });

  test.each([
    ['9:00-10:15', '2026-11-27T09:00', '2026-11-27T10:15', ''],
    ['9-10:15 x y', '2026-11-27T09:00', '2026-11-27T10:15', 'x y'],
    ['12:30-now', '2026-11-27T12:30', '2026-11-27T13:00', ''],
    ['yesterday 22:30-0:15 x', '2026-11-26T22:30', '2026-11-27T00:15', 'x'],
    ['yesterday 23-24 x', '2026-11-26T23:00', '2026-11-27T00:00', 'x'],
    ['yesterday 14:00 30min task:12', '2026-11-26T14:00', '2026-11-26T14:30', 'task:12'],
    ['mon 9 1h30 x', '2026-11-23T09:00', '2026-11-23T10:30', 'x'],
    ['2024-02-29 23:30 1h x', '2024-02-29T23:30', '2024-03-01T00:30', 'x'],
    ['2026-02-28 23:30-0:30', '2026-02-28T23:30', '2026-03-01T00:30', ''],
    ['30min x', '2026-11-27T12:30', '2026-11-27T13:00', 'x'],
  ])('the span %j is %s to %s', (words, from, to, left) => {
    expect(parsePastSpan(words.split(' '), context(zone, '2026-11-27T13:00'))).toEqual({
      span: { from: at(from, zone), to: at(to, zone) },
      left: left === '' ? [] : left.split(' '),
    });
  });
});

test.each([
  ['30min', 1_800],
  ['30m', 1_800],
  ['1h', 3_600],
  ['1h30', 5_400],
  ['1h30min', 5_400],
  ['2h5m', 7_500],
  ['45s', 45],
  ['1h1min1s', 3_661],
  ['30', undefined],
  ['0min', undefined],
  ['min', undefined],
  ['1d', undefined],
  ['', undefined],
])('the duration %j is %s seconds', (word, seconds) => {
  expect(parseDuration(word)).toBe(seconds);
});

describe('a day on which clocks change', () => {
  const length = (zone: string, date: string) =>
    (momentOf(date, 1_440, { zone: zoneOf(zone) }) - momentOf(date, 0, { zone: zoneOf(zone) })) / 3_600;

  test.each([
    ['Europe/Paris', '2026-03-29', 23],
    ['Europe/Paris', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    // Half an hour.
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Asia/Kolkata', '2026-03-29', 24],
  ])('in %s, %s has %s hours', (zone, date, hours) => {
    expect(length(zone, date)).toBe(hours);
  });

  test.each([
    // Skipped: as much later (D6). Shown twice: the first.
    ['Europe/Paris', '2026-03-29 1:30-3:30', 1],
    ['Europe/Paris', '2026-10-25 1:30-3:30', 3],
    ['Europe/Paris', '2026-03-29 2:30 1h', 1],
    ['America/New_York', '2026-11-01 0:30-2:30', 3],
    ['Australia/Lord_Howe', '2026-10-04 1:00-3:00', 1.5],
    ['Asia/Kolkata', '2026-03-29 1:30-3:30', 2],
  ])('in %s, %s lasts %s hours', (zone, words, hours) => {
    const typed = parsePastSpan(words.split(' '), context(zone, '2026-12-01T13:00'));
    expect(typed).toMatchObject({ span: expect.anything() });
    if (typeof typed !== 'string') expect((typed.span.to - typed.span.from) / 3_600).toBe(hours);
  });

  test('every date of a range is there once', () => {
    const range = parseRange('2026', context('Europe/Paris', '2026-12-01T13:00'));
    expect(typeof range === 'string' ? range : new Set(datesIn(range)).size).toBe(365);
  });
});

describe('the arguments of day, week and month', () => {
  const parse = (verb: 'day' | 'week' | 'month', words: string) =>
    parseReport(verb, words.split(' ').filter(Boolean), context('Europe/Paris', '2026-11-27T13:00'));

  test.each([
    ['day', '', '2026-11-27', '2026-11-27'],
    ['week', '', '2026-11-23', '2026-11-29'],
    ['month', '', '2026-11-01', '2026-11-30'],
    ['week', 'lastweek', '2026-11-16', '2026-11-22'],
    ['week', '2026-11-18', '2026-11-16', '2026-11-22'],
    ['month', '2024-02-10', '2024-02-01', '2024-02-29'],
    ['month', '2026-10', '2026-10-01', '2026-10-31'],
    ['day', 'mon..fri', '2026-11-23', '2026-11-27'],
  ] as const)('%s %s is %s to %s', (verb, words, first, last) => {
    expect(parse(verb, words)).toMatchObject({ range: { first, last }, groups: [], format: 'text' });
  });

  test('filters, groups and a format, in any order', () => {
    expect(parse('day', '+draft @home.garden task:12 by:tag lastweek as:vim by:task +x')).toMatchObject({
      filters: { tags: ['draft', 'x'], project: 'home.garden', task: '12' },
      groups: ['tag', 'task'],
      format: 'vim',
    });
  });

  test.each([
    ['x', 'x is not a range or a filter'],
    ['by:x', 'by:x is not a range or a filter'],
    ['+a/b', 'invalid tags'],
    ['@a @b', 'time has one project: only one @project can be asked for'],
    ['task:1 task:2', 'time has one task: only one task:<id> can be asked for'],
    ['mon fri', 'only one range can be asked for: write 2026-11-02..2026-11-06'],
  ])('%s is refused: %s', (words, error) => expect(parse('day', words)).toBe(error));
});
