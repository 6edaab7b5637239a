import { describe, expect, test } from '@jest/globals';
import { shownTo, storedFrom } from '../../../protocol/generation.ts';
import {
  applyIntervalEdit,
  formatIntervals,
  intervalEdit,
  pairMoments,
  parseIntervals,
  sumOf,
} from '../../../protocol/intervals.ts';
import { type Life, mergeList, mergeUpdate } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { plainOf, wireOf } from '../../../protocol/plain.ts';
import { editIntervals, withInterval } from '../../../protocol/task-intervals.ts';
import { mergeWork, placeWork, type Work } from '../../../protocol/work.ts';

/** `9-10 11-12` as intervals in seconds since midnight of 1970. */
const hours = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const [from = 0, to = 0] = word.split('-').map(Number);
      return { from: from * 3_600, to: to * 3_600 };
    });
const shown = (intervals: readonly { from: number; to: number }[]) =>
  intervals.map(({ from, to }) => `${from / 3_600}-${to / 3_600}`).join(' ');
const work = (intervals: string, more: Partial<Work> = {}): Work => ({
  active: 0,
  last_active: 0,
  worktime: sumOf(hours(intervals)),
  intervals: hours(intervals),
  ...more,
});

describe('the text of intervals', () => {
  test('[T1] is words of begin and length, in order of time, one for each beginning; other words are left out', () => {
    const text = '1795852800+4500 1795860000+600';
    expect(formatIntervals(parseIntervals(text))).toBe(text);
    expect(formatIntervals(parseIntervals('20+5 x 10+5 10+7 -3+4 30+0 1e3+5'))).toBe('10+7 20+5');
    for (const other of [undefined, null, 7, [], '', ' ']) expect(parseIntervals(other)).toEqual([]);
  });

  test('an edit of intervals is what is only before and only after', () => {
    expect(intervalEdit(hours('9-10 11-12'), hours('9-10 11-13'))).toEqual({
      removed: hours('11-12'),
      added: hours('11-13'),
    });
  });

  test.each([
    ['9-10', '9-10', '', ''],
    ['9-10', '', '11-12', '9-10 11-12'],
    // Somebody lengthened it: the later end stays, whether it was taken away or shortened.
    ['9-11', '9-10', '', '9-11'],
    ['9-11', '9-10', '9-9.5', '9-11'],
    ['9-10 14-15', '9-10', '9-9.5', '9-9.5 14-15'],
    // Two stops of one start.
    ['9-10', '', '9-10.5', '9-10.5'],
  ])('[T3] to %j the edit -%j +%j gives %j', (current, removed, added, after) => {
    expect(shown(applyIntervalEdit(hours(current), { removed: hours(removed), added: hours(added) }))).toBe(after);
  });

  test.each<[number[], number[], [number, number][], number]>([
    [[], [], [], 0],
    [[9], [], [], 9],
    [[9], [10], [[9, 10]], 0],
    // Intervals that touch.
    [
      [9, 10],
      [10, 11],
      [
        [9, 10],
        [10, 11],
      ],
      0,
    ],
    // Two devices stopped one start; a start and a stop at one moment.
    [[9], [10, 11], [[9, 10]], 0],
    [[9, 9], [9, 10], [], 0],
    [[9, 12, 13], [12], [[9, 12]], 12],
  ])('starts %j and stops %j are the intervals %j, running since %j', (start, stop, pairs, open) => {
    expect(pairMoments(start, stop)).toEqual({ intervals: pairs.map(([from, to]) => ({ from, to })), open });
  });
});

describe('a client that knows only the sum', () => {
  const task: Task = { id: 1, desc: 'x', tags: [], active: 0, last_active: 0, due: 0, done: 0, worktime: 0 };

  test('[T2.1] the worktime is the sum of the intervals and of work of which only the length is known', () => {
    const old = plainOf('k', { ...task, worktime: 100, last_active: 5_000 });
    const worked = withInterval(old, { from: 9_000, to: 9_050 });
    expect(worked).toMatchObject({ worktime: 150, intervals: '9000+50', last_active: 9_050 });
    expect(editIntervals(worked, { removed: [{ from: 9_000, to: 9_050 }], added: [] })).toEqual({
      ...old,
      last_active: 0,
    });
  });

  test('[T2.2] worktime that it adds is an interval after the start that it stops, else before last_active', () => {
    const running = work('9-10', { active: 11 * 3_600 });
    const stopped = work('9-10', { worktime: 2 * 3_600, last_active: 12 * 3_600 });
    expect(shown(placeWork(running, stopped))).toBe('9-10 11-12');
    expect(shown(placeWork(work(''), work('', { worktime: 3_600, last_active: 8 * 3_600 })))).toBe('7-8');
    // A client that does not say when.
    expect(shown(placeWork(work(''), work('', { worktime: 3_600 })))).toBe('');
    const stored = { ...task, worktime: 10, last_active: 1_000, intervals: '990+10' };
    const seen = shownTo(2018, stored);
    expect(storedFrom(2018, stored, { ...seen, worktime: 40, last_active: 2_000 })).toEqual({
      ...stored,
      worktime: 40,
      last_active: 2_000,
      intervals: '990+10 1970+30',
    });
  });

  test('[T2.3] worktime that it takes away is the last interval of that length', () => {
    expect(shown(placeWork(work('9-10 11-12 13-15'), work('', { worktime: 3 * 3_600 })))).toBe('9-10 13-15');
    expect(shown(placeWork(work('9-10'), work('', { worktime: 0 })))).toBe('');
    // Also where a client that does not know the field wrote over it.
    expect(plainOf('k', { ...task, worktime: 30, intervals: '100+30 200+40' })).toMatchObject({
      worktime: 30,
      intervals: '100+30',
    });
  });
});

/** Seconds; lists of 2019 are in milliseconds. */
const day = 1_600_000_000;
const ms = (seconds: number) => (day + seconds) * 1_000;

describe('kronos.vim', () => {
  const stored: Task = {
    ...{ id: 1, desc: 'x', tags: [], active: day + 5_000, last_active: day + 4_000, due: 0, done: 0 },
    ...{ worktime: 1_500, other: 1, intervals: `${day + 2_000}+500 ${day + 3_000}+500` },
  };

  test('[R6] is not shown intervals, and sends none', () => {
    for (const generation of [2018, 2019, 'unknown'] as const) {
      expect(shownTo(generation, stored)).not.toHaveProperty('intervals');
      expect(storedFrom(generation, stored, shownTo(generation, stored))).toEqual(stored);
    }
    expect(shownTo(2018, stored)).toMatchObject({
      ...{ worktime: 1_500, active: day + 5_000, last_active: day + 4_000, other: 1 },
    });
    expect(shownTo(2019, stored)).toMatchObject({
      active: 1,
      other: 1,
      // 500 seconds of which only the length is known, the intervals, and the running start.
      start: [ms(1_500), ms(2_000), ms(3_000), ms(5_000)],
      stop: [ms(2_000), ms(2_500), ms(3_500)],
    });
  });

  test('[R6] of 2019 that stops a task makes its lists from what it was shown', () => {
    const seen = shownTo(2019, stored);
    const after = storedFrom(2019, stored, { ...seen, active: 0, stop: [...(seen.stop ?? []), ms(6_000)] });
    expect(after).not.toHaveProperty('intervals');
    expect(plainOf('k', after)).toMatchObject({
      worktime: 2_500,
      intervals: `${[1_500, 2_000, 3_000].map((at) => `${day + at}+500`).join(' ')} ${day + 5_000}+1000`,
    });
  });

  test('a task of 2019 keeps its lists in order when we edit its intervals, and the running start is the last', () => {
    const lists: Task = {
      ...{ id: 1, desc: 'x', tags: [], active: 1, due: 0, done: 0 },
      start: [ms(2_000) + 500, ms(9_000)],
      stop: [ms(2_500) + 250],
    };
    const before = plainOf('k', lists);
    expect(before.intervals).toBe(`${day + 2_000}+500`);
    const tracked = wireOf(lists, before, withInterval(before, { from: day + 1_000, to: day + 1_100 }));
    expect(tracked).toMatchObject({
      start: [ms(1_000), ms(2_000) + 500, ms(9_000)],
      stop: [ms(1_100), ms(2_500) + 250],
    });
    const again = plainOf('k', tracked);
    const removed = editIntervals(again, {
      removed: [{ from: day + 2_000, to: day + 2_500 }],
      added: [{ from: day + 2_100, to: day + 2_200 }],
    });
    expect(wireOf(tracked, again, removed)).toMatchObject({
      start: [ms(1_000), ms(2_100), ms(9_000)],
      stop: [ms(1_100), ms(2_200)],
    });
  });
});

describe('two devices that worked on one task', () => {
  const life = (...[base, ...values]: Task[]): Life => ({
    key: 'k',
    base,
    steps: values.map((task, at) => ({ task, version: 10 + at, own: false })),
  });
  const merged = (base: Task, theirs: Task, ours: Task): unknown => {
    const [outcome] = mergeList([life(base, theirs)], [ours], 5).outcomes;
    return outcome?.kind === 'write' ? outcome.task : outcome;
  };
  const common: Task = { id: 1, index: 'i', desc: 'milk', tags: [], due: 0, done: 0 };
  const listed = (active: number, start: number[], stop: number[]): Task => ({ ...common, active, start, stop });

  test('[M14.1] every interval of either is there once, also of a task with lists', () => {
    const base = listed(0, [9], [10]);
    expect(merged(base, listed(0, [9, 11], [10, 12]), listed(0, [9, 13], [10, 14]))).toMatchObject(
      listed(0, [9, 11, 13], [10, 12, 14]),
    );
    // They overlap: a list of starts and stops shows one.
    expect(merged(base, listed(0, [9, 11], [10, 13]), listed(0, [9, 12], [10, 14]))).toMatchObject(
      listed(0, [9, 11], [10, 14]),
    );
    // A device took one away.
    expect(merged(base, listed(0, [9, 11], [10, 12]), listed(0, [13], [14]))).toMatchObject(
      listed(0, [11, 13], [12, 14]),
    );
    const sum = (worktime: number, intervals: string): Task => ({ ...common, active: 0, worktime, intervals });
    expect(merged(sum(5, '10+5'), sum(8, '10+5 20+3'), sum(9, '10+5 30+4'))).toMatchObject(sum(12, '10+5 20+3 30+4'));
    expect(mergeUpdate([sum(5, '10+5'), sum(8, '10+5 20+3')], sum(8, '10+5 20+3'), sum(9, '10+5 30+4')).task).toEqual({
      ...sum(12, '10+5 20+3 30+4'),
      last_active: 0,
    });
  });

  test('[M14.2] one start that both stopped is one interval, up to the later stop', () => {
    const base = listed(1, [9], []);
    expect(merged(base, listed(0, [9], [10]), listed(0, [9, 12], [11, 13]))).toMatchObject(
      listed(0, [9, 12], [11, 13]),
    );
    // Completed elsewhere before the later stop: that is the nearer value, but nobody shortens a list.
    const completed = { ...listed(0, [9], [10]), id: -110, done: 10 };
    expect(merged(base, listed(0, [9], [11]), completed)).toMatchObject({ ...completed, stop: [11] });
    const running = work('', { active: 9 * 3_600 });
    const stopped = (at: number) => work(`9-${at}`, { last_active: at * 3_600 });
    expect(mergeWork(running, stopped(10), stopped(11))).toEqual(stopped(11));
    expect(mergeWork(running, stopped(11), stopped(10))).toEqual(stopped(11));
    // The same if one of them knows only the sum.
    const plainStop = work('', { worktime: 2 * 3_600, last_active: 11 * 3_600 });
    expect(mergeWork(running, stopped(10), plainStop)).toEqual(stopped(11));
  });

  test('[M14.3] worktime without intervals adds up', () => {
    const sum = (worktime: number, lastActive: number): Task => ({
      ...common,
      ...{ active: 0, worktime, last_active: lastActive },
    });
    expect(merged(sum(10, 100), sum(30, 200), sum(15, 300))).toMatchObject({ worktime: 35, last_active: 300 });
    // Both stopped one start: it counts once, up to the later stop.
    const running = { ...sum(10, 50), active: 100 };
    expect(merged(running, sum(40, 130), sum(30, 120))).toMatchObject({ worktime: 40, active: 0, last_active: 130 });
  });

  test('[M14.4] a start goes on unless an interval of the other covers it', () => {
    const base = listed(1, [9], []);
    // A stopped and started again; B only stopped the first start.
    expect(merged(base, listed(1, [9, 12], [10]), listed(0, [9], [11]))).toMatchObject(listed(1, [9, 12], [11]));
    // B stopped later than that.
    expect(merged(base, listed(1, [9, 12], [10]), listed(0, [9], [13]))).toMatchObject(listed(0, [9], [13]));
    const running = work('', { active: 9 * 3_600 });
    const again = work('9-10', { active: 12 * 3_600, last_active: 10 * 3_600 });
    expect(mergeWork(running, again, work('9-11', { last_active: 11 * 3_600 })).active).toBe(12 * 3_600);
  });
});
