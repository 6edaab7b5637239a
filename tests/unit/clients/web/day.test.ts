// The content of the page of a day, as functions of the hub's answer.

import { describe, expect, test } from '@jest/globals';
import { dayTables } from '../../../../clients/web/day/day-tables.ts';
import { barsOf, notesOf, sentenceOf, unassignedOf } from '../../../../clients/web/day/day-view.ts';
import { momentAt, positionOf, timelineOf, viewAfter } from '../../../../clients/web/day/timeline.ts';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { tableCsv } from '../../../../clients/web/shared/data-table.ts';
import { apportionMinutes, exactTime, TimeFormat } from '../../../../clients/web/shared/time-format.ts';
import { toCsv } from '../../../../protocol/csv.ts';
import type { MergedDayView } from '../../../../protocol/day-answer.ts';
import { dayMoment, dayOf, daySegment } from '../../../harness/day-view.ts';

const texts = await textsFor(['en-GB']);
const format = new TimeFormat(texts, 'UTC');
const say = (day: MergedDayView, now: string) =>
  sentenceOf(day, { texts, format, now: dayMoment(now) })
    .map(({ text }) => text)
    .join('')
    .replaceAll('\u2060', '');
const unassigned = { project: null, fact: null, lane: 'window', source: 'laptop/window' } as const;

describe('the sentence of a day', () => {
  const worked = [daySegment('8:58', '11:40'), daySegment('12:05', '13:35', { project: 'ledger' })];

  test('says how long, for what, since when and with which breaks, and of a past day from when to when', () => {
    const breaks = [{ from: dayMoment('11:40'), to: dayMoment('12:05') }];
    const day = dayOf(worked, { breaks });
    expect(say(day, '13:40')).toBe('4 h 12 min by now, most on horai; you started at 8:58. One break: 11:40–12:05.');
    expect(say(day, '30:00')).toBe('4 h 12 min, most on horai, from 8:58 to 13:35. One break: 11:40–12:05.');
  });

  test('names the longest break where there are many, and agents beside the person', () => {
    const breaks = ['9:00', '10:00', '11:00', '12:00'].map((from, at) => ({
      from: dayMoment(from),
      to: dayMoment(from) + (10 + at) * 60_000_000,
    }));
    expect(say(dayOf(worked, { breaks, agent: 90 * 60_000_000 }), '13:40')).toBe(
      '4 h 12 min by now, most on horai; you started at 8:58. 4 breaks, the longest 12:00–12:13. Agents worked 1 h 30 min beside you.',
    );
  });

  test('of a day without anything says so, and of agents alone says their time', () => {
    expect(say(dayOf([]), '13:40')).toBe('Nothing yet today.');
    expect(say(dayOf([]), '30:00')).toBe('Nothing was recorded on this day.');
    expect(say(dayOf([], { agent: 60_000_000 }), '30:00')).toBe('Agents worked 1 min.');
  });

  test('names no project where none is known', () => {
    expect(say(dayOf([daySegment('9:00', '9:30', unassigned)]), '10:00')).toContain(
      '30 min by now; you started at 9:00.',
    );
  });
});

describe('shown minutes', () => {
  test('of parts add up to the shown total, and each is at most a minute off', () => {
    const second = 1_000_000;
    const parts = [59 * second, 119 * second, 3_659 * second, 30 * second];
    const total = parts.reduce((sum, part) => sum + part, 0);
    const minutes = apportionMinutes(parts, total);
    expect(minutes.reduce((sum, one) => sum + one, 0)).toBe(Math.floor(total / (60 * second)));
    for (const [at, one] of minutes.entries()) {
      expect(Math.abs(one - (parts[at] ?? 0) / (60 * second))).toBeLessThan(1);
    }
    expect(apportionMinutes([], 0)).toEqual([]);
  });

  test('a table says the seconds', () => {
    expect([exactTime(0), exactTime(15_129_999_999)]).toEqual(['0:00:00', '4:12:09']);
    expect([format.duration(0), format.duration(40_500_000), format.duration(7_200_000_000)]).toEqual([
      '0 min',
      '40 s',
      '2 h',
    ]);
  });
});

describe('the bars', () => {
  test('are the projects of the answer, with those of agents alone and without those of nothing', () => {
    const day = dayOf([daySegment('9:00', '10:00'), daySegment('10:00', '10:30', unassigned)]);
    const agent = { agent: 60_000_000, agent_wall: 60_000_000, attended: 0, unattended: 60_000_000 };
    const projects = [...day.projects, { project: 'bots', time: 0, ...agent }];
    expect(barsOf({ ...day, projects })).toMatchObject([
      { project: 'horai', minutes: 60, share: 1 },
      { project: null, minutes: 30, share: 0.5 },
      { project: 'bots', time: 0, minutes: 0, agent: 60_000_000 },
    ]);
  });
});

describe('unassigned stretches', () => {
  test('that touch are one, named by the longest of what was in front; short ones are counted', () => {
    const view = unassignedOf(
      dayOf([
        daySegment('9:00', '9:02', unassigned),
        daySegment('9:02', '9:06', { ...unassigned, lane: 'web', source: 'laptop/web' }),
        daySegment('9:06', '9:30'),
        daySegment('9:30', '9:31', unassigned),
        daySegment('10:00', '10:20', { ...unassigned, work: false }),
      ]),
    );
    expect(view).toEqual({
      stretches: [{ from: dayMoment('9:00'), to: dayMoment('9:06'), lane: 'web', source: 'laptop/web' }],
      more: 0,
      shorter: 1,
    });
  });

  test('beyond six the longest have a row, in the order of the day', () => {
    const many = Array.from({ length: 8 }, (_, at) => daySegment(`${8 + at}:00`, `${8 + at}:${10 + at}`, unassigned));
    const { stretches, more } = unassignedOf(dayOf(many));
    expect(stretches.map(({ from }) => from)).toEqual(many.slice(2).map(({ from }) => from));
    expect(more).toBe(2);
  });
});

describe('the timeline', () => {
  const lanes = [
    { lane: 'window' as const, source: 'laptop/window', time: 1, intervals: [[dayMoment('9:00'), dayMoment('9:30')]] },
  ] satisfies Partial<MergedDayView>['lanes'];

  test('collapses an empty stretch of more than an hour, and keeps a shorter one', () => {
    const day = dayOf([daySegment('9:00', '10:00'), daySegment('10:50', '11:50'), daySegment('18:00', '19:00')]);
    const { axis, gaps, now } = timelineOf(day, 1_000, dayMoment('30:00'));
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ from: dayMoment('11:54'), to: dayMoment('17:56') });
    expect(now).toBeUndefined();
    expect(positionOf(axis, dayMoment('9:00'))).toBeGreaterThan(0);
    expect(positionOf(axis, dayMoment('23:00'))).toBe(1_000);
    const all = axis.parts.reduce((sum, { width }) => sum + width, 0);
    expect(all).toBeCloseTo(1_000, 6);
  });

  test('has the time of its segments in its blocks, to the microsecond, however small they are drawn', () => {
    const segments = Array.from({ length: 2_000 }, (_, at) => ({
      ...daySegment('8:00', '8:00', { project: ['a', 'b', null][at % 3] ?? null }),
      from: dayMoment('8:00') + at * 10_000_000,
      to: dayMoment('8:00') + (at + 1) * 10_000_000,
    }));
    const { blocks } = timelineOf(dayOf(segments), 600, dayMoment('30:00'));
    expect(blocks.reduce((sum, { time }) => sum + time, 0)).toBe(20_000_000_000);
    expect(blocks.length).toBeLessThan(600);
    expect(blocks.flatMap((block) => block.segments)).toEqual(segments);
  });

  test('is one block where neighbours have one project, and two where they do not', () => {
    const day = dayOf(
      [
        daySegment('9:00', '9:30'),
        daySegment('9:30', '10:00', { source: 'desk/editor' }),
        daySegment('10:00', '11:00', { project: 'x' }),
      ],
      { lanes },
    );
    const model = timelineOf(day, 800, dayMoment('10:30'));
    expect(model.blocks.map(({ project }) => project)).toEqual(['horai', 'x']);
    expect(model.lanes).toMatchObject([{ lane: 'window', sources: [{ source: 'laptop/window' }] }]);
    expect(model.now).toBeGreaterThan(400);
  });

  test('labels full hours, each with room', () => {
    const { ticks } = timelineOf(dayOf([daySegment('8:00', '18:00')]), 300, dayMoment('30:00'));
    for (const [at, tick] of ticks.entries()) {
      expect(tick.at % 3_600_000_000).toBe(0);
      const before = ticks[at - 1];
      if (before !== undefined) expect(tick.x - before.x).toBeGreaterThanOrEqual(56);
    }
    expect(ticks.length).toBeGreaterThan(1);
  });

  describe('in detail', () => {
    const day = dayOf(
      [daySegment('8:00', '10:00'), daySegment('10:00', '12:00', { project: 'x' }), daySegment('18:00', '20:00')],
      {
        lanes,
      },
    );
    const late = dayMoment('30:00');
    const whole = timelineOf(day, 1_000, late);

    test('a part of the day has only what is in it, at its scale, and labels of minutes', () => {
      const view = { from: dayMoment('9:50'), to: dayMoment('10:10') };
      const { blocks, ticks, gaps, lanes: shown, axis } = timelineOf(day, 1_000, late, view);
      expect(blocks.map(({ project, x, width }) => [project, x, Math.round(x + width)])).toEqual([
        ['horai', 0, 500],
        ['x', 500, 1_000],
      ]);
      expect(blocks.flatMap(({ segments }) => segments)).toEqual(day.segments.slice(0, 2));
      expect([gaps, shown.flatMap(({ sources }) => sources.map(({ spans }) => spans.length))]).toEqual([[], [0]]);
      expect(ticks.map(({ at }) => at)).toEqual(['9:50', '9:55', '10:00', '10:05', '10:10'].map(dayMoment));
      expect(momentAt(axis, 500)).toBe(dayMoment('10:00'));
      expect(timelineOf(day, 1_000, dayMoment('10:05'), view).now).toBe(750);
      expect(timelineOf(day, 1_000, dayMoment('13:00'), view).now).toBeUndefined();
    });

    test('zooming keeps the moment under the pointer, moving keeps the scale, and both stay within the day', () => {
      const around = dayMoment('9:00');
      const near = viewAfter(day, whole.axis, { factor: 0.25, around });
      if (near === undefined) throw new Error('a part of the day');
      const { axis } = timelineOf(day, 1_000, late, near);
      const [from = 0, to = 0] = [whole.axis.parts[0]?.from, whole.axis.parts.at(-1)?.to];
      expect(near.to - near.from).toBeCloseTo((to - from) / 4, -1);
      expect((around - near.from) / (near.to - near.from)).toBeCloseTo((around - from) / (to - from), 6);
      const later = viewAfter(day, axis, { by: 0.5 });
      expect((later?.from ?? 0) - near.from).toBeCloseTo((near.to - near.from) / 2, -1);
      expect(viewAfter(day, axis, { by: 100 })?.to).toBe(day.to);
      expect(viewAfter(day, axis, { by: -100 })?.from).toBe(day.from);
      const [first = 0, last = 0] = Object.values(viewAfter(day, axis, { factor: 1e-9 }) ?? {});
      expect(last - first).toBe(5 * 60_000_000);
      expect(viewAfter(day, axis, { factor: 100 })).toBeUndefined();
    });
  });

  test('of an empty day has nothing to show', () => {
    expect(timelineOf(dayOf([]), 800, dayMoment('30:00'))).toMatchObject({ blocks: [], ticks: [], gaps: [] });
  });
});

describe('the table twin', () => {
  test('has the numbers of the answer, and its sums', () => {
    const day = dayOf([daySegment('9:00', '10:00'), daySegment('10:00', '10:30', unassigned)]);
    const [projects, stretches] = dayTables(day, texts, format);
    expect(projects?.rows.map(([, time]) => time)).toEqual([{ duration: 3_600_000_000 }, { duration: 1_800_000_000 }]);
    expect(projects?.total?.[1]).toEqual({ duration: day.total });
    expect(stretches?.rows).toHaveLength(2);
  });

  test('as CSV has each duration twice, and no formula of somebody else', () => {
    const day = dayOf([daySegment('9:00', '10:00', { project: '=HYPERLINK("x"),1' })]);
    const [projects] = dayTables(day, texts, format);
    if (projects === undefined) throw new Error('there is a table of projects');
    const [head, first, total] = toCsv(tableCsv(projects, texts)).split('\r\n');
    expect(head).toBe('Project,Time,Time (Seconds),Agents,Agents (Seconds),Attended,Attended (Seconds)');
    expect(first).toBe(`"'=HYPERLINK(""x""),1",1:00:00,3600,0:00:00,0,0:00:00,0`);
    expect(total).toBe('Total,1:00:00,3600,0:00:00,0,0:00:00,0');
  });
});

test('notes say what is missing, what is final and what was guessed', () => {
  const guesses = [{ channel: 'aw/web', device: 'laptop', overlap: 1 }];
  const day = dayOf([], { final: true, without: ['tasks', 'aw/*'], guesses });
  expect(notesOf(day, { texts, format, now: 0 })).toEqual([
    'Your token may not read tasks and aw/*: their time is missing here.',
    'This day was stored when its evidence expired. It does not change any more.',
    'aw/web names no device; it is taken for one of laptop.',
  ]);
});
