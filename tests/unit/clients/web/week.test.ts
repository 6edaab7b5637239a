// The content of the page of a week, and the parts that all pages of the merged day share: dates, keys, colours, the words of the connection.

import { describe, expect, test } from '@jest/globals';
import { pageOfBookmark } from '../../../../clients/web/front/web-ui.ts';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { addressesOf } from '../../../../clients/web/set-up/addresses.ts';
import { arrivedTools } from '../../../../clients/web/set-up/arrivals.ts';
import { connectionWords } from '../../../../clients/web/shared/connection-words.ts';
import { dateInPath, firstDayOfWeek, isCalendarDate, shiftDate, weekOf } from '../../../../clients/web/shared/dates.ts';
import { PageKeyReader, pageKeys } from '../../../../clients/web/shared/page-keys.ts';
import { colorsOf, paletteSize } from '../../../../clients/web/shared/project-colors.ts';
import type { SummedDay } from '../../../../clients/web/shared/summed-day.ts';
import { TimeFormat } from '../../../../clients/web/shared/time-format.ts';
import {
  notedCells,
  noteKey,
  weekBars,
  weekGrid,
  weekSentence,
  weekTables,
} from '../../../../clients/web/week/week-view.ts';

const texts = await textsFor(['en-GB']);
const format = new TimeFormat(texts, 'UTC');
const second = 1_000_000;

function day(date: string, times: Readonly<Record<string, number>>, unassigned = 0): SummedDay {
  const agents = { agent: 0, agent_wall: 0, attended: 0 };
  const its = [...Object.entries(times), ...(unassigned > 0 ? [[null, unassigned] as const] : [])];
  return {
    date,
    total: its.reduce((sum, [, time]) => sum + time, 0),
    projects: its.map(([project, time]) => ({ project, time, ...agents, unattended: 0 })),
    human: 0,
    ...agents,
  };
}

describe('the grid of a week', () => {
  const grid = weekGrid([
    day('2026-11-23', { ledger: 89 * second, horai: 3_630 * second }, 61 * second),
    day('2026-11-24', {}),
    day('2026-11-25', { ledger: 7_200 * second }),
  ]);

  test('has the longest project first and unassigned last, with the numbers of the answer', () => {
    expect(grid.rows.map(({ project, times }) => [project, times])).toEqual([
      ['ledger', [89 * second, 0, 7_200 * second]],
      ['horai', [3_630 * second, 0, 0]],
      [null, [61 * second, 0, 0]],
    ]);
    expect(grid.total).toBe(10_980 * second);
    expect(grid.rows.reduce((sum, { total }) => sum + total, 0)).toBe(grid.total);
  });

  test('shows minutes that add up to the shown minutes of the day', () => {
    const [monday] = grid.days;
    const shown = grid.rows.reduce((sum, { minutes }) => sum + (minutes[0] ?? 0), 0);
    expect(shown).toBe(Math.floor((monday?.total ?? 0) / (60 * second)));
  });

  test('has a bar for each day, whose parts lie on each other', () => {
    const [first, empty, longest] = weekBars(grid);
    expect(empty?.parts).toEqual([]);
    expect(longest?.parts).toEqual([{ project: 'ledger', from: 0, to: 1 }]);
    for (const [at, part] of (first?.parts ?? []).entries()) expect(part.from).toBe(first?.parts[at - 1]?.to ?? 0);
  });

  test('is a sentence and a table, too', () => {
    const sentence = weekSentence(grid, texts, format).map(({ text }) => text);
    expect(sentence.join('')).toBe('3 h 3 min on 2 days, most on ledger.');
    expect(weekSentence(weekGrid([day('2026-11-23', {})]), texts, format)[0]?.text).toContain('Nothing was recorded');
    const [projects, days] = weekTables(grid, [], texts, format);
    expect(projects?.total?.at(-1)).toEqual({ duration: grid.total });
    expect(days?.rows[0]?.[0]).toEqual({ text: 'Monday 23 November', href: '/day/2026-11-23' });
  });

  test('has the notes of its cells, day by day, and a table of them', () => {
    const item = (text: string) => ({ item: { text } });
    const notes = notedCells(
      grid,
      new Map([
        [noteKey({ date: '2026-11-25', project: 'ledger' }), item('the workshop')],
        ['2026-11-23', item('calls')],
        ['2026-11-23 horai', item('review')],
        ['2026-11-24 gone', item('no time any more')],
        ['2026-12-01 ledger', item('another week')],
      ]),
    );
    expect(notes.map(({ date, project, text, time }) => [date, project, text, time / second])).toEqual([
      ['2026-11-23', 'horai', 'review', 3_630],
      ['2026-11-23', null, 'calls', 61],
      ['2026-11-24', 'gone', 'no time any more', 0],
      ['2026-11-25', 'ledger', 'the workshop', 7_200],
    ]);
    const table = weekTables(grid, notes, texts, format).at(-1);
    expect([table?.name, table?.rows[3]]).toEqual([
      'notes',
      [
        { text: '2026-11-25', href: '/day/2026-11-25' },
        { text: 'ledger' },
        { duration: 7_200 * second },
        { text: 'the workshop' },
      ],
    ]);
  });
});

describe('dates', () => {
  test('move over ends of months, and are dates or not', () => {
    expect([shiftDate('2026-11-30', 1), shiftDate('2028-03-01', -1), shiftDate('soon', 1)]).toEqual([
      '2026-12-01',
      '2028-02-29',
      '',
    ]);
    expect(['2026-02-29', '2026-11-28', 'now', '2026-1-1'].map(isCalendarDate)).toEqual([false, true, false, false]);
  });

  test('have a week that begins where the locale begins it', () => {
    expect(weekOf('2026-11-29', 1)[0]).toBe('2026-11-23');
    expect(weekOf('2026-11-29', 7)).toEqual(
      [29, 30, 1, 2, 3, 4, 5].map((at) => `2026-${at > 20 ? 11 : 12}-${String(at).padStart(2, '0')}`),
    );
    expect([firstDayOfWeek('de-DE'), firstDayOfWeek('en-GB')]).toEqual([1, 1]);
  });

  test('are read from addresses', () => {
    expect([dateInPath('/day'), dateInPath('/day/2026-11-28'), dateInPath('/week/%3Cb%3E')]).toEqual([
      '',
      '2026-11-28',
      '<b>',
    ]);
    expect(pageOfBookmark('#/activity/laptop/day/2026-11-28/view/')).toBe('/day/2026-11-28');
    expect(pageOfBookmark('#/timeline')).toBeUndefined();
  });
});

test('keys are letters, or two letters one soon after the other', () => {
  const reader = new PageKeyReader(pageKeys);
  const read = (keys: string, at = 0) => [...keys].map((key, index) => reader.read({ key, at: at + index * 100 }));
  expect(read('t')).toEqual(['now']);
  expect(read('gw')).toEqual([undefined, '/week']);
  expect(read('gt')).toEqual([undefined, '/day']);
  expect(read('gx')).toEqual([undefined, undefined]);
  expect(read('ggk')).toEqual([undefined, undefined, undefined]);
  reader.read({ key: 'g', at: 0 });
  expect(reader.read({ key: 't', at: 2_000 })).toBe('now');
});

test('a project has the colour of its name, and no two of a page have one while there are colours', () => {
  const names = Array.from({ length: paletteSize }, (_, at) => `project ${at}`);
  expect(new Set(colorsOf(names).values()).size).toBe(paletteSize);
  expect(colorsOf(['horai']).get('horai')).toBe(colorsOf(['horai']).get('horai'));
  expect(colorsOf([...names, 'one more']).size).toBe(paletteSize + 1);
});

describe('the words of the connection', () => {
  const facts = { isOnline: true, now: 1_000, asOf: Date.UTC(2026, 10, 28, 14, 2) };
  const say = (
    more: Partial<Parameters<typeof connectionWords>[0]> & Pick<Parameters<typeof connectionWords>[0], 'state'>,
  ) => connectionWords({ ...facts, ...more }, texts, format);

  test('are honest: live, when it tries again, as of when', () => {
    const live = { name: 'live', since: 0, attempt: 0, isPinging: false, until: 0 } as const;
    expect(say({ state: live })).toEqual({ tone: 'live', state: 'Live', detail: '' });
    expect(say({ state: live, isOnline: false })).toEqual({ tone: 'offline', state: 'Offline', detail: 'as of 14:02' });
    expect(say({ state: { name: 'offline', attempt: 1, reason: '', until: 4_100 } })).toEqual({
      tone: 'offline',
      state: 'Reconnecting in 4 s',
      detail: 'as of 14:02',
    });
    expect(say({ state: { name: 'connecting', step: 'login', attempt: 0, until: 0 }, asOf: undefined })).toEqual({
      tone: 'connecting',
      state: 'Connecting',
      detail: '',
    });
    expect(say({ state: { name: 'revoked', reason: 'x' } }).state).toBe('Not signed in');
  });
});

describe('connecting tools', () => {
  test('the addresses are those of the page, and ActivityWatch needs none where it looks anyway', () => {
    const here = { hostname: 'localhost', port: '5600', protocol: 'http:' };
    expect(addressesOf(here, 'http://localhost:5600', '5000')).toEqual({
      hub: 'http://localhost:5600/',
      wakatime: 'http://localhost:5600/api/v1',
      isAwDefault: true,
      awOptions: '',
      kronos: 'localhost:5000',
    });
    const far = { hostname: 'hub.example', port: '', protocol: 'https:' };
    expect(addressesOf(far, 'https://hub.example/horai', '')).toMatchObject({
      hub: 'https://hub.example/horai/',
      wakatime: 'https://hub.example/horai/api/v1',
      awOptions: ' --host hub.example --port 443',
      kronos: '',
    });
  });

  test('a tool has arrived when a channel of it has items', () => {
    const channels = [
      { channel: 'wakatime', items: 1 },
      { channel: 'tasks', items: 0 },
      { channel: 'aw/aw-watcher-window_x', items: 3 },
      { channel: 'mob/calm-otter-42', items: 2 },
      { channel: 'settings', items: 9 },
    ];
    expect([...arrivedTools(channels)]).toEqual(['wakatime', 'aw', 'mob']);
  });
});
