// Recurrence, dependencies, projects and dates as words, as tables: month ends, leap days, and changes of clocks in four zones (rules D7 to
// D9, N1 to N4 and G4 of protocol/README.md).

import { describe, expect, test } from '@jest/globals';
import { createsCycle, unmetNeeds } from '../../../protocol/dependencies.ts';
import { parseDue } from '../../../protocol/due.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';
import { isProject, projectOf, tagsWithoutProject } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import { anchorEvery, nextDue, nextIndex, nextTask, parseEvery } from '../../../protocol/recurrence.ts';
import { settleSeries } from '../../../protocol/series.ts';
import { kindOf, parseTaskLine } from '../../../protocol/words.ts';
import { blankTask } from '../../harness/task.ts';
import { at, shown, zoneOf } from '../../harness/zones.ts';

const berlin = 'Europe/Berlin';
const zones = [berlin, 'America/New_York', 'Australia/Lord_Howe', 'UTC'] as const;

/** A moment as its wall shows it, without the offset. */
function wall(moment: number | undefined, zone: string): string {
  return shown(moment, zone).slice(0, 16);
}

describe('[D7] [D8] [D9] a date as a word', () => {
  // 2024-02-28 is a Wednesday; the next day is a leap day.
  test.each([
    ['2024-02-28T10:00', ':tomorrow', '2024-02-29T00:00'],
    ['2024-02-28T10:00', ':tomorrow:0730', '2024-02-29T07:30'],
    ['2024-02-28T10:00', ':tomorrow:9', '2024-02-29T09:00'],
    ['2024-02-28T10:00', ':today', '2024-02-28T23:59'],
    ['2024-02-28T10:00', ':today:18', '2024-02-28T18:00'],
    ['2024-02-28T10:00', ':today:9', 'invalid'],
    ['2024-02-28T10:00', ':eod', '2024-02-28T23:59'],
    ['2024-02-28T10:00', ':eow', '2024-03-03T23:59'],
    ['2024-02-28T10:00', ':eom', '2024-02-29T23:59'],
    ['2023-02-10T10:00', ':eom', '2023-02-28T23:59'],
    ['2024-02-28T10:00', ':eoy', '2024-12-31T23:59'],
    ['2024-12-31T10:00', ':tomorrow', '2025-01-01T00:00'],
    ['2024-02-28T10:00', ':wed', '2024-03-06T00:00'],
    ['2024-02-28T10:00', ':wed:18', '2024-02-28T18:00'],
    ['2024-02-28T10:00', ':Fri', '2024-03-01T00:00'],
    ['2024-02-28T10:00', ':friday:17:30', '2024-03-01T17:30'],
    ['2024-02-28T10:00', ':sun', '2024-03-03T00:00'],
    ['2024-02-28T10:00', ':2024-02-29', '2024-02-29T00:00'],
    ['2024-02-28T10:00', ':2024-02-29:8', '2024-02-29T08:00'],
    ['2024-02-28T10:00', ':2023-02-29', 'invalid'],
    ['2024-02-28T10:00', ':2024-02-27', 'invalid'],
    ['2024-02-28T10:00', ':2024-13-01', 'invalid'],
    ['2024-02-28T10:00', ':yesterday', 'invalid'],
    ['2024-02-28T10:00', ':now', '2024-02-28T10:00'],
    ['2024-02-28T10:00', ':fri:24', 'invalid'],
    ['2024-02-28T10:00', ':fri:9:60', 'invalid'],
    ['2024-02-28T10:00', ':someday', 'invalid'],
  ])('at %s %s is %s, in every zone', (now, word, expected) => {
    for (const zone of zones) {
      const due = parseDue(word, at(now, zone), zoneOf(zone));
      expect([zone, due === undefined ? 'invalid' : wall(due, zone)]).toEqual([zone, expected]);
    }
  });

  test.each([
    [berlin, '2026-03-28T12:00', ':sun:0230', '2026-03-29T03:30:00+02:00'],
    [berlin, '2026-10-24T12:00', ':sun:0230', '2026-10-25T02:30:00+02:00'],
    ['America/New_York', '2026-03-07T12:00', ':tomorrow:0230', '2026-03-08T03:30:00-04:00'],
    ['Australia/Lord_Howe', '2026-10-03T12:00', ':tomorrow:0215', '2026-10-04T02:45:00+11:00'],
  ])('[D6] in %s at %s, %s is %s although clocks change', (zone, now, word, expected) => {
    expect(shown(parseDue(word, at(now, zone), zoneOf(zone)), zone)).toBe(expected);
  });
});

describe('[N3.1] [N3.2] [N3.4] when a task is due again', () => {
  test.each([
    ['day', '2024-02-28T18:00', '2024-02-28T12:00', '2024-02-29T18:00'],
    ['daily', '2023-02-28T18:00', '2023-02-28T19:00', '2023-03-01T18:00'],
    ['week', '2024-02-28T18:00', '2024-02-27T18:00', '2024-03-06T18:00'],
    // Three weeks late: the occurrences that have passed are not made up for.
    ['week', '2024-02-01T18:00', '2024-02-23T09:00', '2024-02-29T18:00'],
    ['2w', '2024-02-01T18:00', '2024-02-01T18:00', '2024-02-15T18:00'],
    ['10d', '2024-02-25T18:00', '2024-02-25T18:00', '2024-03-06T18:00'],
    ['month', '2024-01-15T08:00', '2024-01-15T08:00', '2024-02-15T08:00'],
    ['month', '2024-12-15T08:00', '2024-12-15T08:00', '2025-01-15T08:00'],
    ['month/31', '2024-01-31T08:00', '2024-01-31T08:00', '2024-02-29T08:00'],
    ['month/31', '2024-02-29T08:00', '2024-02-29T08:00', '2024-03-31T08:00'],
    ['month/31', '2023-01-31T08:00', '2023-01-31T08:00', '2023-02-28T08:00'],
    ['month/30', '2024-01-30T08:00', '2024-02-20T08:00', '2024-02-29T08:00'],
    ['2mo/31', '2023-12-31T08:00', '2023-12-31T08:00', '2024-02-29T08:00'],
    ['year', '2024-02-28T08:00', '2024-02-28T08:00', '2025-02-28T08:00'],
    ['year/29', '2024-02-29T08:00', '2024-02-29T08:00', '2025-02-28T08:00'],
    ['year/29', '2027-02-28T08:00', '2027-02-28T08:00', '2028-02-29T08:00'],
    ['mon', '2024-02-26T08:00', '2024-02-26T09:00', '2024-03-04T08:00'],
    ['mon,thu', '2024-02-26T08:00', '2024-02-26T09:00', '2024-02-29T08:00'],
    ['mon,thu', '2024-02-29T08:00', '2024-03-01T09:00', '2024-03-04T08:00'],
    ['weekday', '2024-03-01T08:00', '2024-03-01T09:00', '2024-03-04T08:00'],
    // Done before it was due: the day that it was for is not asked for twice.
    ['mon', '2024-03-04T08:00', '2024-03-01T09:00', '2024-03-11T08:00'],
    ['3d-after-done', '2024-02-20T18:00', '2024-02-27T09:00', '2024-03-01T18:00'],
    ['month-after-done', '2024-01-01T18:00', '2024-01-31T09:00', '2024-02-29T18:00'],
    ['week', '', '2024-02-23T09:15', '2024-03-01T09:15'],
    ['3d-after-done', '', '2024-02-27T09:15', '2024-03-01T09:15'],
  ])('every:%s, due %s, done %s: %s, in every zone', (every, due, done, expected) => {
    const recurrence = parseEvery(every);
    if (recurrence === undefined) throw new Error(`${every} is no recurrence`);
    for (const zone of zones) {
      const from = due === '' ? 0 : at(due, zone);
      const next = nextDue(recurrence, from, at(done, zone), zoneOf(zone));
      expect([zone, wall(next, zone)]).toEqual([zone, expected]);
    }
  });

  test.each([
    [berlin, 'day', '2026-03-28T18:00', '2026-03-29T18:00:00+02:00'],
    [berlin, 'day', '2026-10-24T18:00', '2026-10-25T18:00:00+01:00'],
    [berlin, 'day', '2026-03-28T02:30', '2026-03-29T03:30:00+02:00'],
    ['America/New_York', 'week', '2026-10-28T08:00', '2026-11-04T08:00:00-05:00'],
    ['Australia/Lord_Howe', 'mon', '2026-09-28T08:00', '2026-10-05T08:00:00+11:00'],
  ])('in %s every:%s keeps the time of day when clocks change: %s, then %s', (zone, every, due, expected) => {
    const recurrence = parseEvery(every);
    if (recurrence === undefined) throw new Error(`${every} is no recurrence`);
    expect(shown(nextDue(recurrence, at(due, zone), at(due, zone), zoneOf(zone)), zone)).toBe(expected);
  });

  test.each([
    '',
    'never',
    '0d',
    'day/3',
    'mon/2',
    'month/32',
    'week/3',
    'mon-after-done',
    '3d-after',
    '3',
    'mon,',
    '-',
  ])('"%s" is no recurrence', (text) => expect(parseEvery(text)).toBeUndefined());

  test('[N3.4] the day of a month that short months lack is stored with the recurrence, once', () => {
    const zone = zoneOf(berlin);
    expect(anchorEvery('month', at('2024-01-31T08:00', berlin), zone)).toBe('month/31');
    expect(anchorEvery('month/31', at('2024-02-29T08:00', berlin), zone)).toBe('month/31');
    expect(anchorEvery('month', at('2024-01-28T08:00', berlin), zone)).toBe('month');
    expect(anchorEvery('week', at('2024-01-31T08:00', berlin), zone)).toBe('week');
    expect(anchorEvery('month-after-done', at('2024-01-31T08:00', berlin), zone)).toBe('month-after-done');
    expect(anchorEvery('month', 0, zone)).toBe('month');
  });

  test('a task that is done twenty years late is due again the next day', () => {
    const recurrence = parseEvery('day');
    if (recurrence === undefined) throw new Error('no recurrence');
    const next = nextDue(recurrence, at('2004-01-01T08:00', berlin), at('2024-02-28T09:00', berlin), zoneOf(berlin));
    expect(wall(next, berlin)).toBe('2024-02-29T08:00');
  });
});

describe('[N3.5] [N3.6] [N3.7] a series', () => {
  const zone = zoneOf(berlin);
  const due = at('2024-02-26T18:00', berlin);
  const recurring: PlainTask = { ...blankTask, due, every: 'week', zone: berlin, project: 'home', tags: ['home'] };
  const done: PlainTask = { ...recurring, done: due, id: 51_708_966_800, worktime: 60, notes: [{ at: 1, text: 'x' }] };
  const all = (...tasks: PlainTask[]) => new Map(tasks.map((task) => [task.index, task]));
  const settled = (before: PlainTask | undefined, after: PlainTask, ...others: PlainTask[]) =>
    settleSeries([{ before, after }], all(after, ...others), () => zone);

  test('[N3.5] the next task has the plan of the done one, and none of its work', () => {
    const { puts, removes } = settled(recurring, done);
    expect(removes).toEqual([]);
    expect(puts).toEqual([{ ...recurring, index: 'k~2', id: 1, due: at('2024-03-04T18:00', berlin) }]);
  });

  test('[N3.5] keys count on, and contain no #', () => {
    expect([nextIndex('k'), nextIndex('k~2'), nextIndex('me#1#2')]).toEqual(['k~2', 'k~3', 'me.1.2~2']);
  });

  test('[N3.5] wait and scheduled move by as many days, also when clocks change', () => {
    const task: PlainTask = {
      ...blankTask,
      every: 'week',
      due: at('2026-03-27T18:00', berlin),
      wait: at('2026-03-26T07:00', berlin),
      scheduled: at('2026-03-27T08:00', berlin),
      done: at('2026-03-27T17:00', berlin),
    };
    const next = nextTask(task, 9, zone);
    expect([next?.due, next?.wait, next?.scheduled].map((moment) => wall(moment, berlin))).toEqual([
      '2026-04-03T18:00',
      '2026-04-02T07:00',
      '2026-04-03T08:00',
    ]);
  });

  test('[N3.5] none is made twice, whether the next one is open or done by now', () => {
    const second = { ...recurring, index: 'k~2', id: 1 };
    expect(settled(recurring, done, second)).toEqual({ puts: [], removes: [] });
    const { puts } = settled(recurring, done, { ...second, done: 5, id: 15 });
    expect(puts.map(({ index }) => index)).toEqual(['k~3']);
  });

  test('[N3.6] where a done task is undone, an untouched next one goes', () => {
    const [second] = settled(recurring, done).puts;
    if (second === undefined) throw new Error('no next task');
    expect(settled(done, { ...done, done: 0, id: 5 }, second)).toEqual({ puts: [], removes: ['k~2'] });
  });

  test('[N3.6] [N3.7] one that somebody has worked on stays, and recurs in place of the first', () => {
    const [second] = settled(recurring, done).puts;
    if (second === undefined) throw new Error('no next task');
    const { puts, removes } = settled(done, { ...done, done: 0, id: 5 }, { ...second, worktime: 60 });
    expect(removes).toEqual([]);
    expect(puts).toMatchObject([{ index: 'k', desc: 'a task', project: 'home', worktime: 60 }]);
    expect(puts[0]).not.toHaveProperty('every');
  });
});

describe('[N4.1] [N4.3] what a task needs', () => {
  const tasks = new Map<string, PlainTask>([
    ['a', { ...blankTask, index: 'a', needs: ['b'] }],
    ['b', { ...blankTask, index: 'b', needs: ['c', 'gone'] }],
    ['c', { ...blankTask, index: 'c' }],
    ['d', { ...blankTask, index: 'd', done: 1 }],
  ]);
  const find = (index: string) => tasks.get(index);

  test('[N4.1] tasks that are done or gone are no longer needed', () => {
    expect(unmetNeeds({ needs: ['c', 'd', 'gone'] }, find).map(({ index }) => index)).toEqual(['c']);
  });

  test.each([
    ['c', 'a', true],
    ['a', 'c', false],
    ['a', 'a', true],
    ['c', 'gone', false],
  ])('%s needing %s closes a cycle: %s', (index, needed, closes) =>
    expect(createsCycle(index, needed, find)).toBe(closes));

  test('[N4.3] the dependency that comes last is left out of a cycle, and nothing else', () => {
    const after: PlainTask = { ...blankTask, index: 'c', needs: ['a', 'd'], priority: 'high' };
    const { puts } = settleSeries([{ before: tasks.get('c'), after }], new Map([...tasks, ['c', after]]), () =>
      zoneOf('UTC'),
    );
    expect(puts).toEqual([{ ...after, needs: ['d'] }]);
  });
});

describe('[N1.1] [N1.2] [N1.3] a project', () => {
  test.each([
    ['home', true, 'home'],
    ['home.garden', true, 'home_garden'],
    ['Büro.Küche', true, 'Buro_Kuche'],
    ['a/b-c_d', true, 'a_b-c_d'],
    ['日本', true, ''],
    ['home.', false, ''],
    ['.home', false, ''],
    ['a b', false, ''],
    ['a,b', false, ''],
  ])('%s: %s, with the tag %s', (name, valid, tag) => {
    expect(isProject(name)).toBe(valid);
    if (valid) expect(projectTag(name)).toBe(tag);
  });

  test('[N1.3] is gone when its tag is', () => {
    const task = { project: 'home.garden', tags: ['home_garden', 'x'] };
    expect([projectOf(task), tagsWithoutProject(task)]).toEqual(['home.garden', ['x']]);
    expect([projectOf({ ...task, tags: ['x'] }), tagsWithoutProject({ ...task, tags: ['x'] })]).toEqual([
      undefined,
      ['x'],
    ]);
  });
});

test('[N2] fields are set or absent; what is taken away is written as empty, and foreign values are no fields', () => {
  const task: PlainTask = {
    ...blankTask,
    priority: 'high',
    wait: 7,
    needs: ['a'],
    notes: [{ at: 1, text: 'x' }],
    every: 'day',
  };
  const wire = wireOf(undefined, undefined, task);
  expect(plainOf('k', wire)).toEqual(task);
  expect(wireOf(wire, task, blankTask)).toMatchObject({ priority: '', wait: 0, needs: [], notes: [], every: '' });
  expect(plainOf('k', wireOf(wire, task, blankTask))).toEqual(blankTask);
  const odd = { ...wire, priority: 7, wait: 'x', needs: 'a', notes: [{ text: 1 }], every: null, project: 'a b' };
  expect(plainOf('k', odd)).toEqual(blankTask);
  expect(wireOf({ ...wire, start: [], stop: [] }, task, { ...task, priority: 'low' })).toMatchObject({
    priority: 'low',
  });
});

describe('[G1.5] [G1.6] [G4.1] [G4.2] [G4.3] [G4.4] words that plan a task', () => {
  const now = at('2024-02-28T10:00', berlin);
  const read = (text: string, verb: 'add' | 'update' = 'add') => parseTaskLine(text, verb, now, zoneOf(berlin));

  test.each([
    ['@home.garden', 'project'],
    ['@-', 'project'],
    ['@', 'text'],
    ['@bob,', 'text'],
    ['bob@example.org', 'text'],
    [':-', 'due'],
    [':-)', 'text'],
    ['priority:high', 'attribute'],
    ['wait:', 'text'],
    ['wait', 'text'],
    ['http://x.y', 'text'],
    ['needs:12', 'attribute'],
  ])('%s is %s', (word, kind) => expect(kindOf(word, 'add')).toBe(kind));

  test.each([
    ['@home.garden', { project: 'home.garden' }],
    ['project:home', { project: 'home' }],
    ['@-', { project: null }],
    ['priority:high', { priority: 'high' }],
    ['priority:M', { priority: 'medium' }],
    ['priority:-', { priority: null }],
    ['wait:tomorrow', { wait: at('2024-02-29T00:00', berlin) }],
    ['wait:-', { wait: null }],
    ['scheduled:fri:8', { scheduled: at('2024-03-01T08:00', berlin) }],
    ['every:3d-after-done', { every: '3d-after-done' }],
    ['every:Mon,Thu', { every: 'mon,thu' }],
    ['every:-', { every: null }],
    ['needs:12', { needs: { add: [12], remove: [] } }],
    ['needs:12,14 needs:-3', { needs: { add: [12, 14], remove: [3] } }],
    ['needs:-', { needs: null }],
  ])('%s', (text, planning) => expect(read(`x ${text}`)).toMatchObject({ ok: true, line: { desc: 'x', planning } }));

  test('a due date may be named, and taken away', () => {
    expect(read('x due:fri')).toMatchObject({ ok: true, line: { desc: 'x', due: at('2024-03-01T00:00', berlin) } });
    expect(read('x :-')).toMatchObject({ ok: true, line: { desc: 'x', due: null } });
    expect(read('x due:-')).toMatchObject({ ok: true, line: { due: null } });
  });

  test.each([
    ['x priority:urgent', 'invalid priority'],
    ['x priority:high priority:low', 'invalid priority'],
    ['x @a @b', 'invalid project'],
    ['x project:a,b', 'invalid project'],
    ['x wait:never', 'invalid wait'],
    ['x wait:yesterday', 'invalid wait'],
    ['x scheduled:32', 'invalid scheduled'],
    ['x every:now', 'invalid every'],
    ['x needs:me', 'invalid needs'],
    ['x needs:0', 'invalid needs'],
    ['x needs:1 needs:-', 'invalid needs'],
    ['x due:never', 'invalid due'],
    ['x :1d due:fri', 'invalid due'],
  ])('[G2.3] %s is refused with %s', (text, error) => expect(read(text)).toEqual({ ok: false, error }));

  test.each([
    ['-- @home priority:high', '@home priority:high', {}],
    ['@home -- call @bob :-', 'call @bob :-', { project: 'home' }],
    ['call Bob -- about it', 'call Bob -- about it', {}],
    ['-- a -- b', 'a -- b', {}],
  ])('[G1.7] %s', (text, desc, planning) => expect(read(text)).toMatchObject({ ok: true, line: { desc, planning } }));

  test('[G1.7] tags and due dates are read behind the mark, as before there were projects', () => {
    expect(read('-- x +tag :1d')).toMatchObject({ ok: true, line: { desc: 'x', tags: ['tag'], due: now + 86_400 } });
  });
});
