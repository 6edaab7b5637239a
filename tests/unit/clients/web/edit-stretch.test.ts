// A change of a stretch of the day as one edit of entries.

import { describe, expect, test } from '@jest/globals';
import {
  assignStretch,
  clockOf,
  type EditedStretch,
  emptyAround,
  emptyStretch,
  joinStretches,
  momentOfClock,
  moveEdge,
  removeStretch,
  stretchOf,
} from '../../../../clients/web/day/edit-stretch.ts';
import { momentAt, positionOf } from '../../../../clients/web/day/timeline.ts';
import type { MergedDayView } from '../../../../protocol/day-answer.ts';

type Segment = MergedDayView['segments'][number];

const minute = 60_000_000;
const segment = (from: number, to: number, more: Partial<Segment> = {}): Segment => ({
  from: from * minute,
  to: to * minute,
  project: 'garden',
  task: null,
  category: null,
  work: true,
  lane: 'editor',
  source: 'laptop/editor',
  rule: null,
  fact: 'project',
  bridged: false,
  evidence: [],
  ...more,
});
const noEntry = () => undefined;
const stretch = (from: number, to: number, more: Partial<EditedStretch> = {}): EditedStretch => ({
  ...emptyStretch(from * minute, to * minute),
  project: 'garden',
  ...more,
});
const entry = (key: string, from: number, to: number) => ({
  entry: { key, item: { project: 'garden', tags: ['x'] }, from: from * minute, to: to * minute },
});

describe('a stretch', () => {
  test('has the parts in which somebody was there, and not the gaps between them', () => {
    const segments = [segment(0, 10), segment(10, 20), segment(25, 30)];
    expect(stretchOf({ from: 0, to: 30 * minute, project: 'garden', segments }, noEntry).spans).toEqual([
      [0, 20 * minute],
      [25 * minute, 30 * minute],
    ]);
  });

  test('is an entry if all of it comes from one', () => {
    const stated = (key: string): Partial<Segment> => ({
      lane: 'manual',
      evidence: [{ lane: 'manual', source: 'entries', channel: 'entries', keys: [key] }],
    });
    const its = entry('e', 0, 20).entry;
    const of = (...segments: Segment[]) =>
      stretchOf({ from: 0, to: 20 * minute, project: 'garden', segments }, () => its).entry;
    expect(of(segment(0, 10, stated('e')), segment(10, 20, stated('e')))).toBe(its);
    expect(of(segment(0, 10, stated('e')), segment(10, 20, stated('f')))).toBeUndefined();
    expect(of(segment(0, 10, stated('e')), segment(10, 20))).toBeUndefined();
  });
});

describe('an assignment', () => {
  const item = { project: 'ledger' };
  test('of all of a stretch leaves its gaps alone, of a part means the part, and of more means the whole span', () => {
    const gappy = stretch(0, 30, {
      spans: [
        [0, 10 * minute],
        [20 * minute, 30 * minute],
      ],
    });
    const spans = (from: number, to: number) => {
      const request = assignStretch(gappy, { from: from * minute, to: to * minute, item });
      return request.do === 'assign' ? request.spans.map((span) => span.map((at) => at / minute)) : request;
    };
    expect(spans(0, 30)).toEqual([
      [0, 10],
      [20, 30],
    ]);
    expect(spans(5, 25)).toEqual([
      [5, 10],
      [20, 25],
    ]);
    expect(spans(0, 40)).toEqual([[0, 40]]);
    expect(spans(12, 15)).toEqual([[12, 15]]);
  });

  test('of an entry changes the entry, keeps its tags, and moves only the end that was moved', () => {
    const stated = stretch(0, 30, entry('e', -5, 30));
    expect(assignStretch(stated, { from: 0, to: 30 * minute, item })).toEqual({
      do: 'change',
      key: 'e',
      item: { project: 'ledger', tags: ['x'] },
    });
    expect(assignStretch(stated, { from: 0, to: 20 * minute, item })).toMatchObject({
      from: -5 * minute,
      to: 20 * minute,
    });
  });
});

describe('an edge', () => {
  const neighbour = stretch(30, 60, { project: 'ledger' });
  const move = (side: 'from' | 'to', at: number, more: { own?: EditedStretch; neighbour?: EditedStretch } = {}) =>
    moveEdge(more.own ?? stretch(0, 30), { side, at: at * minute, neighbour: more.neighbour });

  test('that moves outwards makes what it gains the stretch’s project', () => {
    expect(move('to', 40, { neighbour })).toEqual({
      do: 'assign',
      spans: [[30 * minute, 40 * minute]],
      item: { project: 'garden' },
    });
    expect(move('from', -10)).toMatchObject({ spans: [[-10 * minute, 0]], item: { project: 'garden' } });
  });

  test('that moves inwards leaves the rest to the neighbour that it touches, and to nobody otherwise', () => {
    expect(move('to', 20, { neighbour })).toMatchObject({
      spans: [[20 * minute, 30 * minute]],
      item: { project: 'ledger' },
    });
    expect(move('to', 20, { neighbour: stretch(31, 60) })).toMatchObject({ item: { removes: true } });
    expect(move('from', 10)).toMatchObject({ spans: [[0, 10 * minute]], item: { removes: true } });
  });

  test('of an entry moves the entry', () => {
    expect(move('to', 40, { own: stretch(0, 30, entry('e', 0, 30)) })).toEqual({
      do: 'move',
      key: 'e',
      from: 0,
      to: 40 * minute,
    });
  });

  test('does not pass the other one, and where nothing changes nothing is written', () => {
    expect([move('to', 30), move('to', 0), move('from', 30), move('from', 0)]).toEqual(Array(4).fill(undefined));
  });
});

describe('joining and removing', () => {
  test('two entries become one; anything else becomes what the stretch is, with the gap between', () => {
    expect(joinStretches(stretch(0, 10, entry('a', 0, 10)), stretch(10, 20, entry('b', 10, 20)))).toEqual({
      do: 'join',
      keys: ['a', 'b'],
    });
    expect(joinStretches(stretch(0, 10), stretch(12, 20, { project: 'ledger' }))).toEqual({
      do: 'assign',
      spans: [
        [10 * minute, 12 * minute],
        [12 * minute, 20 * minute],
      ],
      item: { project: 'garden' },
    });
  });

  test('"not work" deletes an entry, and removes the time of anything else', () => {
    expect(removeStretch(stretch(0, 10, entry('a', 0, 10)))).toEqual({ do: 'delete', keys: ['a'] });
    expect(removeStretch(stretch(0, 10))).toMatchObject({ do: 'assign', item: { removes: true } });
  });
});

describe('an empty stretch', () => {
  const day = { from: 0, to: 1_440 * minute, segments: [segment(60, 90), segment(120, 150)] };
  const around = (moment: number, now = 1_440) => {
    const found = emptyAround(day, moment * minute, now * minute);
    return found === undefined ? undefined : [found.from / minute, found.to / minute];
  };
  test('reaches from what was before to what comes after, never into the future', () => {
    expect([around(100), around(10), around(200, 300)]).toEqual([
      [90, 120],
      [0, 60],
      [150, 300],
    ]);
  });
  test('is nowhere where something is recorded', () => {
    expect(around(70)).toBeUndefined();
  });
});

describe('a time of day', () => {
  const berlin = (date: string, hours: number) => ({
    from: Date.parse(date) * 1_000,
    to: Date.parse(date) * 1_000 + hours * 60 * minute,
    zone: 'Europe/Berlin',
  });
  const read = (day: ReturnType<typeof berlin>, clock: string, near = day.from) => {
    const moment = momentOfClock(day, clock, near);
    return moment === undefined ? undefined : new Date(moment / 1_000).toISOString();
  };
  test('is a moment of the day, also on days of 23 and 25 hours', () => {
    expect(read(berlin('2026-11-26T23:00Z', 24), '09:05')).toBe('2026-11-27T08:05:00.000Z');
    expect(read(berlin('2026-03-28T23:00Z', 23), '09:05')).toBe('2026-03-29T07:05:00.000Z');
    expect(read(berlin('2026-03-28T23:00Z', 23), '02:30')).toBeUndefined();
    const long = berlin('2026-10-24T22:00Z', 25);
    expect(read(long, '02:30')).toBe('2026-10-25T00:30:00.000Z');
    expect(read(long, '02:30', long.from + 4 * 60 * minute)).toBe('2026-10-25T01:30:00.000Z');
  });
  test('belongs to the next calendar day before the day begins at four', () => {
    expect(read(berlin('2026-11-27T03:00Z', 24), '01:00')).toBe('2026-11-28T00:00:00.000Z');
  });
  test('is written as a time field has it, and nothing else is one', () => {
    expect(clockOf(Date.parse('2026-11-27T08:05Z') * 1_000, 'Europe/Berlin')).toBe('09:05');
    expect(read(berlin('2026-11-26T23:00Z', 24), 'nine')).toBeUndefined();
  });
});

test('a position of the axis is a moment, and back', () => {
  const axis = {
    width: 130,
    parts: [
      { from: 0, to: 100, x: 0, width: 50, isGap: false },
      { from: 100, to: 1_000, x: 50, width: 30, isGap: true },
      { from: 1_000, to: 1_100, x: 80, width: 50, isGap: false },
    ],
  };
  for (const moment of [0, 50, 100, 550, 1_000, 1_050, 1_100]) {
    expect(momentAt(axis, positionOf(axis, moment))).toBe(moment);
  }
  expect([momentAt(axis, -5), momentAt(axis, 500)]).toEqual([0, 1_100]);
});
