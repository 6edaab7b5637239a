// Reports as a function of values: what is rounded, what it costs, and that all sums agree.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reportDimensions } from '../../../protocol/day-report.ts';
import { makeTimeReport, type ProjectTerms, type TimePart } from '../../../server/reports/report.ts';
import { nameRounding, roundTime } from '../../../server/reports/rounding.ts';

const minute = 60_000_000;
const part = (more: Partial<TimePart> & { readonly minutes: readonly number[] }): TimePart => {
  const { minutes, ...fields } = more;
  const stretches = minutes.map((one) => one * minute);
  return { person: 'ann', day: '2026-11-28', project: 'horai', task: null, tags: [], ...fields, stretches };
};
const terms = (more: Partial<ProjectTerms>) => (): ProjectTerms => ({ rounding: undefined, rate: undefined, ...more });
const eur = (amount: number) => ({ amount, currency: 'EUR' });

describe('rounding', () => {
  test('is up, down or to the nearest multiple, and leaves multiples as they are', () => {
    const to = (direction: 'up' | 'down' | 'nearest') =>
      [0, 7, 7.5, 8, 15, 16].map((one) => roundTime(one * minute, { minutes: 15, to: direction }) / minute);
    expect(to('up')).toEqual([0, 15, 15, 15, 15, 30]);
    expect(to('down')).toEqual([0, 0, 0, 0, 15, 15]);
    expect(to('nearest')).toEqual([0, 0, 15, 15, 15, 15]);
  });

  test('is named, also where there is none', () => {
    expect(nameRounding(undefined)).toBe('none');
    expect(nameRounding({ minutes: 6, to: 'up', per: 'entry' })).toBe('up to 6 min per entry');
    expect(nameRounding({ minutes: 15, to: 'nearest' })).toBe('to the nearest 15 min per day');
  });

  test('per entry rounds each stretch, per day the time of a project on a day', () => {
    const parts = [part({ minutes: [5, 5] }), part({ minutes: [4], tags: ['call'] })];
    const rounded = (per: 'entry' | 'day') => {
      const { total } = makeTimeReport(parts, [], terms({ rounding: { minutes: 15, to: 'up', per } }));
      return [total.time / minute, total.rounded / minute];
    };
    expect(rounded('entry')).toEqual([14, 45]);
    expect(rounded('day')).toEqual([14, 15]);
  });

  test('of a day is divided among its tasks and tags by their time', () => {
    const task = (id: number) => ({ key: `t${id}`, id, title: `task ${id}` });
    const parts = [part({ minutes: [10], task: task(1) }), part({ minutes: [30], task: task(2) })];
    const { rows, total } = makeTimeReport(parts, ['task'], terms({ rounding: { minutes: 60, to: 'up' } }));
    expect(rows.map((row) => [row.task?.id, row.rounded / minute])).toEqual([
      [2, 45],
      [1, 15],
    ]);
    expect(total.rounded / minute).toBe(60);
  });

  test('of several kinds in one row names each with its projects', () => {
    const parts = [
      part({ minutes: [5] }),
      part({ minutes: [5], project: 'shop' }),
      part({ minutes: [5], project: null }),
    ];
    const { total } = makeTimeReport(parts, ['day'], (_, project) => ({
      rate: undefined,
      rounding: project === 'shop' ? { minutes: 6, to: 'up' } : undefined,
    }));
    expect(total.rounding).toBe('horai, unassigned: none; shop: up to 6 min per day');
  });
});

describe('amounts', () => {
  test('are the rounded time by the rate, without unassigned time, each currency for itself', () => {
    const parts = [
      part({ minutes: [50] }),
      part({ minutes: [30], project: 'shop' }),
      part({ minutes: [60], project: null }),
    ];
    const { total, rows } = makeTimeReport(parts, ['project'], (_, project) => ({
      rounding: { minutes: 60, to: 'up' },
      rate: project === 'shop' ? { amount: 1_000, currency: 'JPY' } : eur(80.5),
    }));
    expect(total.amounts).toEqual([
      { currency: 'EUR', amount: 80.5 },
      { currency: 'JPY', amount: 1_000 },
    ]);
    expect(rows.find(({ project }) => project === null)?.amounts).toEqual([]);
  });

  test('of the total come by the name of the currency, whatever row is the first', () => {
    const parts = [part({ minutes: [90], project: 'shop' }), part({ minutes: [30] })];
    const { total } = makeTimeReport(parts, ['project'], (_, project) => ({
      rounding: undefined,
      rate: project === 'shop' ? { amount: 1_000, currency: 'JPY' } : eur(80),
    }));
    expect(total.amounts.map(({ currency }) => currency)).toEqual(['EUR', 'JPY']);
  });

  test('of the rows add up to the total, which is rounded once', () => {
    const parts = [1, 2, 3].map((day) => part({ day: `2026-11-0${day}`, minutes: [20] }));
    const { rows, total } = makeTimeReport(parts, ['day'], terms({ rate: eur(100) }));
    expect(total.amounts).toEqual([{ currency: 'EUR', amount: 100 }]);
    expect(rows.map(({ amounts }) => amounts[0]?.amount)).toEqual([33.33, 33.34, 33.33]);
  });
});

describe('the rows of a report', () => {
  test('come by day; a last group by its time, the longest first, unassigned where it belongs by its time', () => {
    const parts = [
      part({ minutes: [1], project: 'a' }),
      part({ minutes: [2], project: null }),
      part({ minutes: [3], project: 'b', day: '2026-11-27' }),
    ];
    const named = (by: ('day' | 'project')[]) =>
      makeTimeReport(parts, by, terms({})).rows.map(({ day, project }) => [day, project]);
    expect(named(['project'])).toEqual([
      [undefined, 'b'],
      [undefined, null],
      [undefined, 'a'],
    ]);
    expect(named(['day', 'project'])).toEqual([
      ['2026-11-27', 'b'],
      ['2026-11-28', null],
      ['2026-11-28', 'a'],
    ]);
  });

  test('[Y6] have one sum of times, of rounded times and of amounts, whatever they are grouped by', () => {
    const name = fc.constantFrom('ann', 'ben');
    const anyPart = fc.record({
      person: name,
      day: fc.constantFrom('2026-11-27', '2026-11-28'),
      project: fc.constantFrom('horai', 'shop', null),
      task: fc.constantFrom(null, { key: 't1', id: 1, title: 'mend' }, { key: 't2', id: 2, title: 'write' }),
      tags: fc.constantFrom([], ['call'], ['call', 'draft']),
      stretches: fc.array(fc.integer({ min: 1, max: 90_000_000_000 }), { minLength: 1, maxLength: 4 }),
    });
    const anyRounding = fc.record({
      minutes: fc.constantFrom(1, 6, 7.5, 15, 60),
      to: fc.constantFrom('up' as const, 'down' as const, 'nearest' as const),
      per: fc.constantFrom('entry' as const, 'day' as const),
    });
    const anyTerms = fc.record({
      rounding: fc.option(anyRounding, { nil: undefined }),
      rate: fc.option(
        fc.record({
          amount: fc.integer({ min: 1, max: 30_000 }).map((cents) => cents / 100),
          currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(
        fc.array(anyPart, { maxLength: 30 }),
        fc.subarray([...reportDimensions]),
        anyTerms,
        anyTerms,
        (parts, by, ofHorai, others) => {
          const termsOf = (_: string, project: string | null) => (project === 'horai' ? ofHorai : others);
          const { rows, total } = makeTimeReport(parts, by, termsOf);
          const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
          expect(total.time).toBe(parts.flatMap(({ stretches }) => stretches).reduce((all, one) => all + one, 0));
          expect([sum(({ time }) => time), sum(({ rounded }) => rounded)]).toEqual([total.time, total.rounded]);
          const plain = makeTimeReport(parts, [], termsOf).total;
          expect([total.rounded, total.amounts]).toEqual([plain.rounded, plain.amounts]);
          for (const { currency, amount } of total.amounts) {
            const paid = sum(({ amounts }) =>
              Math.round(1_000 * (amounts.find((one) => one.currency === currency)?.amount ?? 0)),
            );
            expect(paid).toBe(Math.round(amount * 1_000));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
