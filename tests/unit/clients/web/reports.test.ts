// The functions of the page of reports: the question in its address, ranges, weeks of ISO 8601, the names of roundings, and rates.

import { describe, expect, test } from '@jest/globals';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { reportLanguages } from '../../../../clients/web/languages/reports.ts';
import {
  amountsText,
  fieldsIn,
  isoWeek,
  queryOf,
  rangesTo,
  reportTable,
  roundingText,
  termFields,
  termsOf,
  weekRows,
} from '../../../../clients/web/reports/reports-view.ts';
import { TimeFormat } from '../../../../clients/web/shared/time-format.ts';
import type { ReportView } from '../../../../protocol/day-report.ts';

const hour = 3_600_000_000;

describe('the question of a report', () => {
  test.each([
    ['', 'by=project'],
    ['?by=day,project&from=2026-11-01&to=2026-11-30', 'from=2026-11-01&to=2026-11-30&by=day%2Cproject'],
    ['?by=task&by=&tag=+home+', 'tag=home&by=task'],
    ['?minutes=15&per=day&round=', 'by=project'],
    ['?minutes=15&per=entry&round=up', 'by=project&round=up&minutes=15&per=entry'],
    ['?minutes=15&per=entry&round=none', 'by=project&round=none'],
    ['?by=project&by=project&people=*', 'people=*&by=project'],
  ])('of the address %j is %s: the hub takes nothing that is empty', (search, query) => {
    expect(queryOf(fieldsIn(new URLSearchParams(search)))).toBe(query);
  });

  test('ranges end where the calendar says', () => {
    const ranges = Object.fromEntries(rangesTo('2026-03-01', 1).map(({ name, from, to }) => [name, [from, to]]));
    expect(ranges).toEqual({
      'week.this': ['2026-02-23', '2026-03-01'],
      'reports.last-week': ['2026-02-16', '2026-02-22'],
      'month.this': ['2026-03-01', '2026-03-31'],
      'reports.last-month': ['2026-02-01', '2026-02-28'],
      'reports.this-year': ['2026-01-01', '2026-12-31'],
    });
  });
});

describe('the weeks', () => {
  test.each([
    ['2026-01-01', '2026-W01'],
    ['2027-01-03', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2024-12-30', '2025-W01'],
    ['2026-11-28', '2026-W48'],
  ])('%s is in %s', (date, week) => {
    expect(isoWeek(date)).toBe(week);
  });

  test('that are over come first, with what the hub says of them, then earlier ones that it lists', () => {
    const listed = (week: string, from: string, to: string) =>
      ({ week, from, to, at: 0, state: 'submitted', by: 'ann', total: hour }) as const;
    const rows = weekRows('2026-11-30', [
      listed('2026-W48', '2026-11-23', '2026-11-29'),
      listed('2026-W10', '2026-03-02', '2026-03-08'),
    ]);
    expect(rows.map(({ week, listed: entry }) => [week, entry?.state])).toEqual([
      ['2026-W48', 'submitted'],
      ['2026-W47', undefined],
      ['2026-W46', undefined],
      ['2026-W45', undefined],
      ['2026-W44', undefined],
      ['2026-W10', 'submitted'],
    ]);
    expect(rows[1]).toMatchObject({ from: '2026-11-16', to: '2026-11-22' });
  });
});

describe('the words', () => {
  test.each([
    ['en', 'none', 'not rounded'],
    ['en', 'up to 15 min per day', 'up to 15 min for each day'],
    ['de', 'to the nearest 7.5 min per entry', 'gerundet auf 7.5 min je Abschnitt'],
    [
      'de',
      'horai, up: none; shop: down to 6 min per day',
      'horai, up: nicht gerundet; shop: abgerundet auf 6 min je Tag',
    ],
  ])('in %s of the rounding %j are %j', async (language, name, words) => {
    expect(roundingText(name, await textsFor([language], reportLanguages))).toBe(words);
  });

  test('an amount is written as the region does, in each currency', () => {
    const amounts = [
      { currency: 'EUR', amount: 1_234.5 },
      { currency: 'JPY', amount: 700 },
    ];
    expect(amountsText(amounts, 'en-US')).toBe('€1,234.50 + ¥700');
    expect(amountsText(amounts, 'de-DE').replaceAll('\u00a0', ' ')).toBe('1.234,50 € + 700 ¥');
  });
});

test('the table has the hub’s numbers: exact and rounded time, the rounding, and each currency in its column', async () => {
  const texts = await textsFor(['en'], reportLanguages);
  const report: ReportView = {
    from: '2026-11-28',
    to: '2026-11-28',
    people: ['ann'],
    by: ['project', 'task'],
    rows: [
      {
        project: 'shop',
        task: { key: 't', id: 1, title: 'mend' },
        time: hour - 1,
        rounded: hour,
        rounding: 'up to 60 min per day',
        amounts: [{ currency: 'EUR', amount: 95 }],
      },
      { project: null, task: null, time: 5, rounded: 5, rounding: 'none', amounts: [] },
    ],
    total: {
      time: hour + 4,
      rounded: hour + 5,
      rounding: 'shop: up to 60 min per day; unassigned: none',
      amounts: [{ currency: 'EUR', amount: 95 }],
    },
    without: [],
  };
  const { columns, rows, total } = reportTable(report, texts, new TimeFormat(texts, 'UTC'));
  expect(columns).toEqual(['Project', 'Task', 'Time', 'Rounded', 'Rounding', 'EUR']);
  expect(rows).toEqual([
    [
      { text: 'shop', href: '/projects/shop' },
      { text: 'mend' },
      { duration: hour - 1 },
      { duration: hour },
      { text: 'up to 60 min for each day' },
      { text: '€95.00' },
    ],
    [
      { text: 'Unassigned' },
      { text: 'no task' },
      { duration: 5 },
      { duration: 5 },
      { text: 'not rounded' },
      { text: '' },
    ],
  ]);
  expect(total?.slice(0, 4)).toEqual([{ text: 'Total' }, { text: '' }, { duration: hour + 4 }, { duration: hour + 5 }]);
});

test('a rate and a rounding are read as they are typed, and refused where the hub would refuse them', () => {
  const fields = { amount: '80,5', currency: 'eur', to: 'up', minutes: '6', per: 'entry' };
  const terms = { rate: { amount: 80.5, currency: 'EUR' }, rounding: { minutes: 6, to: 'up', per: 'entry' } } as const;
  expect(termsOf(fields)).toEqual(terms);
  expect(termsOf(termFields(terms))).toEqual(terms);
  expect(termsOf(termFields({}))).toEqual({});
  for (const wrong of [{ amount: 'much' }, { currency: 'Euro' }, { minutes: '0' }, { amount: '-1' }])
    expect([wrong, termsOf({ ...fields, ...wrong })]).toEqual([wrong, undefined]);
});
