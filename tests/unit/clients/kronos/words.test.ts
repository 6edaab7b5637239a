// The meaning of a line of words and the names of fields, as tables (rules G, F and I of protocol/README.md).

import { describe, expect, test } from '@jest/globals';
import { fullDuration, shortDuration } from '../../../../protocol/duration.ts';
import { type PlainTask, plainOf, wireOf } from '../../../../protocol/plain.ts';
import { taskTexts } from '../../../../protocol/stringify.ts';
import { doneId, freeId, isDoneIdOf } from '../../../../protocol/task.ts';
import { kindOf, parseTaskLine } from '../../../../protocol/words.ts';
import { totalWorktime, worktimeOf } from '../../../../protocol/worktime.ts';
import { blankTask } from '../../../harness/task.ts';
import { at, shown, zoneOf } from '../../../harness/zones.ts';

const paris = 'Europe/Paris';
const now = at('2018-03-01T21:21', paris);
const line = (text: string, verb: 'add' | 'update' = 'add') => parseTaskLine(text, verb, now, zoneOf(paris));

describe('a line', () => {
  test.each([
    'my awesome task +firstTask :3:18 +awesome',
    'my +awesome awesome :3:18 +firstTask task',
  ])('[G1.1] [G1.3] [G1.4] tags and due date may stand anywhere: %s', (text) => {
    const read = line(text);
    expect(read).toMatchObject({ ok: true, line: { desc: 'my awesome task', untags: [] } });
    if (!read.ok) return;
    expect([...read.line.tags].sort()).toEqual(['awesome', 'firstTask']);
    expect(shown(read.line.due ?? undefined, paris)).toBe('2018-03-03T18:00:00+01:00');
  });

  test('[G1.1] every word that begins with + is a tag', () => {
    expect(line('+tag +tag-2 +tag_3')).toMatchObject({ ok: true, line: { desc: '', tags: ['tag', 'tag-2', 'tag_3'] } });
  });

  test('[G1.2] a word that begins with - is a tag to take away in an update', () => {
    const read = line('-oldtag +newtag', 'update');
    expect(read).toEqual({
      ok: true,
      line: { desc: '', tags: ['newtag'], untags: ['oldtag'], due: undefined, planning: {} },
    });
  });

  test.each([
    ['', { desc: '' }],
    ['  two   spaces  ', { desc: 'two spaces' }],
    ['milk + bread - butter', { desc: 'milk + bread - butter' }],
    ['C++ and -5 degrees', { desc: 'C++ and -5 degrees' }],
    ['be happy :) :-D', { desc: 'be happy :) :-D' }],
    ['at 10:30', { desc: 'at 10:30' }],
    ['+a +b +a', { tags: ['a', 'b'] }],
    ['+1', { tags: ['1'] }],
    ['été +x', { desc: 'été', tags: ['x'] }],
  ])('[G1.4] words that are neither tag nor due date are the description: %s', (text, expected) =>
    expect(line(text)).toMatchObject({ ok: true, line: expected }));

  test.each([
    ['+a!', 'invalid tags'],
    ['+été', 'invalid tags'],
    ['++a', 'invalid tags'],
    ['x :32', 'invalid due'],
    ['x :someday', 'invalid due'],
    ['x :3 :4', 'invalid due'],
    ['x :1:2:3', 'invalid due'],
  ])('[G2.1] [G2.2] %s is refused with %s', (text, error) => expect(line(text)).toEqual({ ok: false, error }));

  test('[G2.1] a tag to take away has the form of a tag', () => {
    expect(line('-a!', 'update')).toEqual({ ok: false, error: 'invalid tags' });
  });

  test('[G1.2] [G3] the kind of a word depends on the word and the verb', () => {
    const kinds = (verb: 'add' | 'update') =>
      ['a', '+a', '-a', ':', ':1', '::8', '+', '-', ':)'].map((w) => kindOf(w, verb));
    expect(kinds('add')).toEqual(['text', 'tag', 'text', 'due', 'due', 'due', 'text', 'text', 'text']);
    expect(kinds('update')).toEqual(['text', 'tag', 'untag', 'due', 'due', 'due', 'text', 'text', 'text']);
  });
});

const [min, h, d] = [60, 3_600, 86_400];

describe('[F1] a duration in a list', () => {
  test.each([
    [3 * h + 45 * min + 10, '4h'],
    [-(3 * d + 14 * h + 11 * min + 10), '3d'],
    [0, '0s'],
    [1, '1s'],
    [-1, '1s'],
    [59, '59s'],
    [60, '1min'],
    [61, '2min'],
    [-61, '1min'],
    [59 * min + 1, '60min'],
    [h, '1h'],
    [d - 1, '24h'],
    [d, '1d'],
    [6 * d + 1, '7d'],
    [7 * d, '1w'],
    [29 * d, '5w'],
    [30 * d, '1mo'],
    [364 * d, '13mo'],
    [365 * d, '1y'],
    [365 * d + 1, '2y'],
    [-366 * d, '1y'],
  ])('%d s is %s', (seconds, text) => expect(shortDuration(seconds)).toBe(text));
});

describe('[F2] a duration in full', () => {
  test.each([
    [3 * h + 45 * min + 10, '3h 45min 10s'],
    [-(3 * d + 14 * h + 11 * min + 10), '3d 14h 11min 10s'],
    [0, '0s'],
    [h, '1h'],
    [h + 1, '1h 1s'],
    [365 * d + 30 * d + 7 * d + d + h + min + 1, '1y 1mo 1w 1d 1h 1min 1s'],
    [400 * d, '1y 1mo 5d'],
  ])('%d s is %s', (seconds, text) => expect(fullDuration(seconds)).toBe(text));
});

describe('[F3] the fields of a task', () => {
  const scene = { now, date: (moment: number) => `<${moment}>` };
  const task: PlainTask = {
    ...blankTask,
    tags: ['a', 'b'],
    active: now - 61,
    last_active: now - 3 * d - 14 * h,
    due: now + 3 * h + 45 * min + 10,
    worktime: 3 * h + 45 * min + 10,
  };

  test('in the list', () => {
    expect(taskTexts('list', task, scene)).toEqual({
      id: '5',
      desc: 'a task',
      priority: '',
      tags: 'a b',
      active: '1min ago',
      last_active: '3d ago',
      due: 'in 4h',
      done: '',
      worktime: '4h',
    });
  });

  test('in the info', () => {
    expect(taskTexts('info', task, scene)).toEqual({
      id: '5',
      desc: 'a task',
      priority: '',
      tags: 'a b',
      active: `<${now - 61}>`,
      last_active: `<${now - 3 * d - 14 * h}>`,
      due: `<${now + 3 * h + 45 * min + 10}>`,
      done: '',
      worktime: '3h 45min 10s',
    });
  });

  test('a task that is done shows no id in the list, and its id in the info', () => {
    const done = { ...task, id: 51_530_716_924, done: now };
    expect(taskTexts('list', done, scene)).toMatchObject({ id: '-', done: '0s ago' });
    expect(taskTexts('info', done, scene)).toMatchObject({ id: '51530716924', done: `<${now}>` });
  });
});

describe('worktime', () => {
  const tasks: readonly PlainTask[] = [
    { ...blankTask, tags: ['a', 'b'], worktime: 100 },
    { ...blankTask, tags: ['a'], worktime: 10, active: now - 5 },
    { ...blankTask, tags: ['b'], worktime: 1_000, done: now },
    { ...blankTask, worktime: 10_000 },
  ];

  test.each([
    [[], 11_115],
    [['a'], 115],
    [['b'], 1_100],
    [['a', 'b'], 100],
    [['c'], 0],
  ])('[I3] of tasks that have all of %j is %d s, with running tasks up to now', (tags, seconds) =>
    expect(totalWorktime(tasks, tags, now)).toBe(seconds));

  test('[I3] does not run backwards when a clock was set', () =>
    expect(worktimeOf({ ...blankTask, active: now + 60 }, now)).toBe(0));
});

describe('ids', () => {
  test.each([
    [[], 1],
    [[1], 2],
    [[2, 3], 1],
    [[1, 2, 4], 3],
    [[51_530_716_924], 1],
  ])('[I1] the free one beside %j is %d', (ids, free) => expect(freeId(new Set(ids))).toBe(free));

  test('[I2] a task that is done is the id followed by the time', () => {
    expect(doneId(5, 1_530_716_924)).toBe(51_530_716_924);
    expect(isDoneIdOf(51_530_716_924, 5)).toBe(true);
    expect(isDoneIdOf(-51_530_716_924_000, 5)).toBe(true);
    expect(isDoneIdOf(5, 5)).toBe(false);
  });
});

describe('[I4] a task of either generation', () => {
  const known = {
    id: 1,
    desc: 'x',
    tags: ['t'],
    active: 100,
    last_active: 50,
    due: 7,
    done: 0,
    worktime: 3,
  };
  const of2018 = { ...known, color: 'red' };
  const of2019 = {
    id: 1,
    index: 'u#1#2',
    desc: 'x',
    tags: ['t'],
    active: 1,
    due: 7_000_000_000_000,
    done: 0,
    start: [1_600_000_000_000],
    stop: [],
    foreign: [1],
  };

  test('of 2018 is not changed, and unknown fields stay', () => {
    const plain = plainOf('k', of2018);
    expect(plain).toEqual({ index: 'k', ...known });
    expect(wireOf(of2018, plain, { ...plain, desc: 'y', due: 8 })).toEqual({ ...of2018, desc: 'y', due: 8 });
  });

  test('of 2019 is read in seconds', () => {
    expect(plainOf('k', of2019)).toEqual({
      ...blankTask,
      id: 1,
      desc: 'x',
      tags: ['t'],
      active: 1_600_000_000,
      due: 7_000_000_000,
    });
    const stopped = {
      ...of2019,
      active: false,
      start: [1_600_000_000_000, 1_600_000_100_000],
      stop: [1_600_000_010_000, 1_600_000_105_000],
    };
    expect(plainOf('k', stopped)).toMatchObject({ active: 0, last_active: 1_600_000_105, worktime: 15 });
  });

  test('of 2019 is started, stopped and done in its own way', () => {
    const before = plainOf('k', of2019);
    const stopped = { ...before, active: 0, last_active: 1_600_000_060, worktime: 60 };
    expect(wireOf(of2019, before, stopped)).toEqual({ ...of2019, active: 0, stop: [1_600_000_060_000] });
    const done = { ...stopped, done: 1_600_000_060, id: 11_600_000_060 };
    expect(wireOf(of2019, before, done)).toEqual({
      ...of2019,
      id: -11_600_000_060,
      active: 0,
      stop: [1_600_000_060_000],
      done: 1_600_000_060_000,
    });
    const idle = { ...of2019, active: false, start: [], stop: [] };
    const worked = { ...plainOf('k', idle), last_active: 1_600_000_090, worktime: 30 };
    expect(wireOf(idle, plainOf('k', idle), worked)).toEqual({
      ...idle,
      start: [1_600_000_060_000],
      stop: [1_600_000_090_000],
    });
    const started = { ...plainOf('k', idle), active: 1_600_000_200 };
    expect(wireOf(idle, plainOf('k', idle), started)).toEqual({ ...idle, active: true, start: [1_600_000_200_000] });
  });

  test('that is new is written as of 2018', () => {
    const { index, ...rest } = blankTask;
    expect(wireOf(undefined, undefined, blankTask)).toEqual(rest);
  });
});
