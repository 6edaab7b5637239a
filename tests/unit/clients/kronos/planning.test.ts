// Projects, priorities, waiting, recurrence, dependencies, notes and filters on the command line: output, exact error messages and exit
// codes (rules F4, K and N of protocol/README.md).

import { beforeEach, describe, expect, test } from '@jest/globals';
import { formatEditLine, parseEditLine } from '../../../../clients/kronos/data/edit-line.ts';
import { applyEdits, editsBetween } from '../../../../clients/kronos/data/edits.ts';
import { parseFilterDate } from '../../../../clients/kronos/data/filter.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { blankTask } from '../../../harness/task.ts';
import { at, shown, zoneOf } from '../../../harness/zones.ts';

const paris = 'Europe/Paris';
let keeper: MemoryDatabase;
let cli: TestCli;
beforeEach(() => {
  keeper = new MemoryDatabase();
  // Thursday, 2018-03-01 21:21.
  cli = new TestCli(keeper);
});

const tasks = () => keeper.database.tasks;
const task = (id: number): PlainTask => {
  const found = tasks().find((one) => one.id === id);
  if (found === undefined) throw new Error(`no task ${id}`);
  return found;
};
const refused = (code: number, err: string) => ({ code, out: '', err: `${err}\n` });
const run = async (...lines: readonly string[]) => {
  for (const line of lines) expect([line, await cli.run(line)]).toEqual([line, expect.objectContaining({ code: 0 })]);
};
/** The ids that a list shows, in its order. */
const listed = async (line: string): Promise<readonly number[]> => {
  const { out, err, code } = await cli.run(line.replace(/^\w+/, '$& --json'));
  if (code !== 0) throw new Error(err);
  return JSON.parse(out).map(({ id }: PlainTask) => id);
};
const pass = (seconds: number) => {
  cli.now += seconds * 1_000;
};
const day = 86_400;

describe('the plan of a task', () => {
  test('[F4] [N1.2] a project is also a tag for older clients; lists show it in place of that', async () => {
    await run('add water the plants @home.garden +weekly');
    expect(task(1)).toMatchObject({
      desc: 'water the plants',
      project: 'home.garden',
      tags: ['weekly', 'home_garden'],
    });
    expect((await cli.run('list')).out).toContain('water the plants  @home.garden weekly');
    const { out } = await cli.run('info 1');
    expect(out).toMatch(/^Tags +weekly$/m);
    expect(out).toMatch(/^Project +home\.garden$/m);
    await run('update 1 @work');
    expect(task(1)).toMatchObject({ project: 'work', tags: ['weekly', 'work'] });
    await run('update 1 @-');
    expect(task(1).tags).toEqual(['weekly']);
    expect(task(1)).not.toHaveProperty('project');
  });

  test('[N1.3] taking the tag of a project away takes the project away', async () => {
    await run('add x @home.garden', 'update 1 -home_garden');
    expect(task(1)).not.toHaveProperty('project');
  });

  test('each field is shown in full, and taken away with -', async () => {
    await run('add first', 'add x priority:high :fri:18 wait:fri:8 scheduled:fri:9 every:week needs:1');
    const lines = (await cli.run('info 2')).out.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
    for (const line of [
      'Due 2018-03-02T17:00:00',
      'Priority high',
      'Wait 2018-03-02T07:00:00',
      'Scheduled 2018-03-02T08:00:00',
      'Every week',
      'Needs 1 first',
    ])
      expect(lines).toContain(line);
    await run('update 2 :- priority:- wait:- scheduled:- every:- needs:-');
    expect(task(2)).toEqual({ ...task(1), index: 'task-2', id: 2, desc: 'x' });
  });

  test('a priority has a column in a list that has one', async () => {
    await run('add x', 'add y priority:low');
    expect((await cli.run('list')).out.split('\n')[0]).toBe('ID  DESC  PRIORITY  TAGS  ACTIVE  DUE  WORKTIME');
    expect((await cli.run('list x')).out.split('\n')[0]).toBe('ID  DESC  TAGS  ACTIVE  DUE  WORKTIME');
  });

  test.each([
    [
      'add x priority:urgent',
      'invalid priority',
      'priority:high, priority:medium or priority:low; priority:- for none; after -- it is text',
    ],
    ['add x @a @b', 'invalid project', 'a project is like @home or @home.garden, and a task has one'],
    ['add x wait:yesterday', 'invalid wait', 'no such date, or it has passed; wait:- for none; after -- it is text'],
    [
      'add x scheduled:never',
      'invalid scheduled',
      'no such date, or it has passed; scheduled:- for none; after -- it is text',
    ],
    [
      'add x every:blue',
      'invalid every',
      'every:day, every:2w, every:mon,thu or every:3d-after-done; every:- for none; after -- it is text',
    ],
    [
      'add x needs:me',
      'invalid needs',
      'needs:12 or needs:12,14, by the ids of tasks; needs:- for none; after -- it is text',
    ],
    ['add x needs:9', 'invalid needs', 'there is no task 9'],
    ['add x due:never', 'invalid due', 'no such date, or it has passed; or the line has two'],
  ])('[N4.2] %s is refused, and says what is right', async (line, error, detail) => {
    const usage = 'Usage: kronos add <desc> [+tag…] [:due] [@project] [name:value…]';
    expect(await cli.run(line)).toEqual(refused(2, `${error}\n  ${detail}\n${usage}`));
    expect(tasks()).toEqual([]);
  });

  test('[N4.2] a task cannot need itself, over however many tasks', async () => {
    await run('add a', 'add b needs:1', 'add c needs:2');
    const usage = 'Usage: kronos update <id> [desc] [+tag…] [-tag…] [:due] [@project] [name:value…]';
    expect(await cli.run('update 1 needs:1')).toEqual(
      refused(2, `invalid needs\n  a task cannot need itself\n${usage}`),
    );
    expect(await cli.run('update 1 needs:3')).toEqual(
      refused(2, `invalid needs\n  task 3 needs task 1 already, directly or through other tasks\n${usage}`),
    );
    await run('update 3 needs:-2,1');
    expect(task(3).needs).toEqual([task(1).index]);
  });

  test('after -- names are text, and words before it stay where they are', async () => {
    await run('add -- @home and priority:high', 'add call +x @work -- @bob :-', 'update 2 -- needs:1');
    expect(task(1)).toMatchObject({ desc: '@home and priority:high', tags: [] });
    expect(task(2)).toMatchObject({ desc: 'needs:1', project: 'work', tags: ['x', 'work'] });
  });

  test('the line for editing a task says the same again', async () => {
    await run('add x @home.garden +a', 'add -- @home and priority:high', 'add plain - text');
    for (const one of tasks()) {
      const before = structuredClone(one);
      await run(`update ${parseEditLine(one, formatEditLine(one))}`);
      expect(task(one.id)).toEqual(before);
    }
    await run(`update ${parseEditLine(task(1), 'y +a')}`);
    expect(task(1)).toMatchObject({ desc: 'y', tags: ['a'] });
    expect(task(1)).not.toHaveProperty('project');
  });
});

describe('[N3.3] [N3.5] [N3.6] a task that recurs', () => {
  test('[N3.5] is there again when it is done', async () => {
    await run('add water @home :fri:18 every:week priority:high', 'start 1');
    pass(60);
    expect(await cli.run('done 1')).toMatchObject({
      code: 0,
      out: 'task 1 done: water\ntask 2 is the next one, due in 2w\n',
    });
    expect(task(2)).toMatchObject({ index: 'task-1~2', project: 'home', priority: 'high', every: 'week', worktime: 0 });
    expect(shown(task(2).due, paris)).toBe('2018-03-09T18:00:00+01:00');
    expect(await listed('list')).toEqual([2]);
  });

  test('[N3.6] is not there twice when it is undone; a revert undoes both, too', async () => {
    await run('add water :fri every:week', 'done 1');
    await run('undone 1');
    expect(tasks().map(({ index, done }) => [index, done])).toEqual([['task-1', 0]]);
    await run('done 1', 'revert');
    expect(tasks().map(({ index, done }) => [index, done])).toEqual([['task-1', 0]]);
  });

  test('[N3.3] on days of the week is due on the next of them', async () => {
    await run('add a every:mon', 'add b every:thu', 'add c every:week', 'add d every:mon :sat');
    expect(tasks().map(({ due }) => (due === 0 ? '' : shown(due, paris).slice(0, 16)))).toEqual([
      '2018-03-05T00:00',
      '2018-03-08T00:00',
      '',
      '2018-03-03T00:00',
    ]);
  });

  test('[N3.4] from the end of a month stays at the end of months', async () => {
    await run('add rent :310318 every:month');
    const months: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const [open] = tasks().filter(({ done }) => done === 0);
      months.push(shown(open?.due, paris).slice(0, 10));
      await run(`done ${open?.id}`);
    }
    expect(months).toEqual(['2018-03-31', '2018-04-30', '2018-05-31', '2018-06-30']);
  });

  test('[N3.5] ends when its recurrence is taken away, or the task is deleted', async () => {
    await run('add a every:day', 'update 1 every:-', 'done 1', 'add b every:day', 'delete 1');
    expect(await listed('list')).toEqual([]);
  });
});

describe('notes', () => {
  test('are added, numbered and removed', async () => {
    await run('add x');
    expect(await cli.run('note 1 called, nobody there')).toMatchObject({ code: 0, out: 'task 1 noted: x\n' });
    await run('note 1 again');
    expect((await cli.run('info 1')).out).toContain('1. called, nobody there (2018-03-01T20:21:00)');
    await run('drop-note 1 1');
    expect(task(1).notes?.map(({ text }) => text)).toEqual(['again']);
    await run('drop-note 1 1');
    expect(task(1)).not.toHaveProperty('notes');
  });

  test('refuse', async () => {
    await run('add x');
    expect(await cli.run('note 1')).toEqual(
      refused(2, 'invalid note\n  a note has a text\nUsage: kronos note <id> <text>'),
    );
    expect(await cli.run('note 2 x')).toEqual(refused(3, 'task not found'));
    expect(await cli.run('note x y')).toEqual(refused(2, 'invalid id\nUsage: kronos note <id> <text>'));
    expect(await cli.run('drop-note 1 1')).toEqual(refused(3, 'note not found'));
    expect(await cli.run('drop-note 1 x')).toEqual(
      refused(2, 'invalid note\n  give the number of the note\nUsage: kronos drop-note <id> <number>'),
    );
  });
});

describe('next and why', () => {
  beforeEach(() =>
    run(
      'add later :1w',
      'add soon :tomorrow',
      'add important priority:high',
      'add waiting :tomorrow wait:sat',
      'add blocked needs:3',
      'add planned scheduled:sat',
      'add nothing',
    ),
  );

  test('next has what can be worked on now, the most urgent first, and counts the rest', async () => {
    expect(await listed('next')).toEqual([3, 2, 1, 7]);
    expect((await cli.run('next')).err).toBe(
      'note: 3 tasks are not ready: kronos list -is:ready, or kronos why <id>\n',
    );
    expect(await listed('list -is:ready')).toEqual([4, 5, 6]);
    expect(await listed('next limit:2')).toEqual([3, 2]);
    expect(await listed('n important')).toEqual([3]);
  });

  test('why names each part of the order', async () => {
    expect((await cli.run('why 3')).out).toBe(
      [
        'task 3: important',
        '   +8  task 5 needs it',
        '   +6  priority high',
        '   14  points',
        'place 1 of 4 in "kronos next"',
        '',
      ].join('\n'),
    );
    expect((await cli.run('why 2')).out).toBe(
      [
        'task 2: soon',
        '   +9  due in 3h',
        '    9  points',
        'place 2 of 4 in "kronos next", after task 3 (important)',
        '',
      ].join('\n'),
    );
    expect((await cli.run('why 7')).out).toContain('no due date, no priority, and no task needs it');
    expect(JSON.parse((await cli.run('why 3 --json')).out)).toMatchObject({
      id: 3,
      points: 14,
      place: 1,
      of: 4,
      hidden: [],
    });
  });

  test('why says what keeps a task away', async () => {
    expect((await cli.run('why 4')).out).toContain('not in "kronos next": it waits until 2018-03-02T23:00:00');
    expect((await cli.run('why 5')).out).toContain('not in "kronos next": it needs task 3 first (important)');
    expect((await cli.run('why 6')).out).toContain('not in "kronos next": it is scheduled for 2018-03-02T23:00:00');
    await run('done 7', 'context home');
    expect((await cli.run('why 7')).out).toContain('not in "kronos next": it was done 0s ago');
    expect((await cli.run('why 3')).out).toContain('not in "kronos next": it is outside of the context');
    expect(await cli.run('why 99')).toEqual(refused(3, 'task not found'));
  });

  test('a waiting task is hidden until its date, and the list says so', async () => {
    expect(await listed('list')).toEqual([1, 2, 3, 5, 6, 7]);
    expect((await cli.run('list')).err).toBe('note: 1 task waits: kronos list is:waiting\n');
    expect(await listed('list is:waiting')).toEqual([4]);
    pass(2 * day);
    expect(await listed('list')).toContain(4);
  });
});

describe('[K1] [K2] [K3] [K5] [K6] filters', () => {
  beforeEach(async () => {
    await run(
      'add water the plants @home.garden :fri priority:high',
      'add paint @home :sat +loud',
      'add report @work :2w needs:1 scheduled:mon',
      'add old style -- @home fence',
      'add watch every:day wait:sat',
      'add call Bob priority:low',
      'note 6 about the Water',
      'add finished',
      'start 6',
      'done 7',
    );
    keeper.database = {
      ...keeper.database,
      tasks: keeper.database.tasks.map((one) => (one.id === 2 ? { ...one, due: 1 } : one)),
    };
  });

  test.each([
    ['', [1, 2, 3, 4, 6]],
    ['@home', [1, 2, 4]],
    ['@home.garden', [1]],
    ['-@home', [3, 6]],
    ['project:-', [6]],
    ['+loud', [2]],
    ['-loud', [1, 3, 4, 6]],
    ['+home_garden', [1]],
    ['priority:high', [1]],
    ['priority:-', [2, 3, 4]],
    ['-priority:high', [2, 3, 4, 6]],
    ['due.before:sat', [1, 2]],
    ['due.before:today', [2]],
    ['due.before:2018-03-02', [2]],
    ['due.after:fri', [1, 3]],
    ['due.after:1w', [3]],
    ['due:fri', [1]],
    ['due:-', [4, 6]],
    ['-due:-', [1, 2, 3]],
    ['scheduled.before:tue', [3]],
    ['wait.after:today', [5]],
    ['is:open', [1, 2, 3, 4, 6]],
    ['is:active', [6]],
    ['is:overdue', [2]],
    ['is:blocked', [3]],
    ['is:blocking', [1]],
    ['is:waiting', [5]],
    ['is:waiting is:recurring', [5]],
    ['is:ready', [1, 2, 4, 6]],
    ['needs:1', [3]],
    ['water', [1, 6]],
    ['WATER plants', [1]],
    ['3', [3]],
    ['@home due.before:sat priority:high water', [1]],
    ['-- @home', [4]],
    ['sort:-id', [6, 4, 3, 2, 1]],
    ['sort:due', [2, 1, 3, 4, 6]],
    ['sort:priority', [1, 6, 2, 3, 4]],
    ['sort:desc limit:2', [6, 4]],
    ['sort:project', [2, 4, 1, 3, 6]],
    ['sort:urgency limit:1', [1]],
    ['limit:1', [1]],
  ])('list %s', async (filter, ids) => {
    expect(await listed(`list ${filter}`)).toEqual(ids);
  });

  test('done tasks are found although they are hidden', async () => {
    const { out } = await cli.run('list is:done');
    expect(out).toContain('finished');
    expect(JSON.parse((await cli.run('list done.after:1h --json')).out)).toHaveLength(1);
    expect(JSON.parse((await cli.run('list done.before:yesterday --json')).out)).toHaveLength(0);
  });

  test.each([
    ['list is:blue', 'is:blue: a task is open, done, active, overdue, waiting, blocked, blocking, ready, recurring'],
    ['list sort:blue', 'sort:blue: sort by id, urgency, due, priority, project, desc, scheduled, worktime, done'],
    ['list limit:0', 'limit:0: a number of tasks'],
    ['list needs:99', 'needs:99: no such task'],
    ['list priority:blue', 'priority:blue: a priority is high, medium or low, or - for none'],
    ['next due.after:blue', 'due.after:blue: no such date'],
  ])('%s is refused', async (line, detail) => {
    const [verb = ''] = line.split(' ');
    const usage = verb === 'list' ? 'list [filter…] [sort:key] [limit:n]' : 'next [filter…] [limit:n]';
    expect(await cli.run(line)).toEqual(refused(2, `invalid filter\n  ${detail}\nUsage: kronos ${usage}`));
  });
});

describe('[K4] a date of a filter', () => {
  test.each([
    ['due', 'today', '2024-02-28T00:00'],
    ['due', 'yesterday', '2024-02-27T00:00'],
    ['due', 'fri', '2024-03-01T00:00'],
    ['due', 'eom', '2024-02-29T23:59'],
    ['due', '1w', '2024-03-06T10:00'],
    ['due', '31', '2024-03-31T00:00'],
    ['due', '2023-02-28', '2023-02-28T00:00'],
    ['done', 'today', '2024-02-28T00:00'],
    ['done', 'wed', '2024-02-28T00:00'],
    ['done', 'fri', '2024-02-23T00:00'],
    ['done', '1w', '2024-02-21T10:00'],
    ['done', '1mo', '2024-01-28T10:00'],
    ['done', '1y', '2023-02-28T10:00'],
    ['done', '29', '2024-01-29T00:00'],
    ['done', '0311', '2023-11-03T00:00'],
    ['done', '010120', '2020-01-01T00:00'],
    ['done', '2020-02-29', '2020-02-29T00:00'],
  ] as const)('of %s, %s is %s, in every zone', (field, value, expected) => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC']) {
      const moment = parseFilterDate(value, field, at('2024-02-28T10:00', zone), zoneOf(zone));
      expect([zone, shown(moment, zone).slice(0, 16)]).toEqual([zone, expected]);
    }
  });
});

describe('several tasks at once', () => {
  beforeEach(() => run('add a @home', 'add b @home', 'add c', 'add d', 'add e'));

  test.each([
    ['done 1 3 5', [2, 4]],
    ['done 1,3', [2, 4, 5]],
    ['delete 2-4', [1, 5]],
    ['done 1 1', [2, 3, 4, 5]],
  ])('%s', async (line, left) => {
    await run(line);
    expect(await listed('list')).toEqual(left);
  });

  test('all or none: an id without a task is named', async () => {
    expect(await cli.run('done 1 9')).toEqual(refused(3, 'task not found\n  9'));
    expect(await listed('list')).toEqual([1, 2, 3, 4, 5]);
  });

  test('one revert undoes all of them', async () => {
    await run('done 1 3 5', 'revert');
    expect(await listed('list')).toEqual([1, 2, 3, 4, 5]);
  });

  test('a filter shows its tasks and changes them with --yes only', async () => {
    expect(await cli.run('done @home')).toEqual(
      refused(
        1,
        '2 tasks fit the filter; nothing was changed\n  1 a\n  2 b\n  Repeat the command with --yes to done all of them.',
      ),
    );
    expect(await listed('list')).toEqual([1, 2, 3, 4, 5]);
    expect(await cli.run('done @home --yes')).toMatchObject({ code: 0, out: 'task 1 done: a\ntask 2 done: b\n' });
    await run('undone @home --yes');
    expect(await listed('list')).toEqual([1, 2, 3, 4, 5]);
  });

  test('update changes the tasks of a filter with the words behind "set"', async () => {
    await run('update @home set priority:high +x --yes', 'update 3,4 +y');
    expect(tasks().map(({ priority, tags }) => [priority, tags.join(' ')])).toEqual([
      ['high', 'home x'],
      ['high', 'home x'],
      [undefined, 'y'],
      [undefined, 'y'],
      [undefined, ''],
    ]);
  });

  test('a filter without tasks, and a word that is neither id nor filter, change nothing', async () => {
    expect(await cli.run('done @garden --yes')).toEqual(refused(3, 'task not found\n  no task fits the filter'));
    expect(await cli.run('done water --yes')).toEqual(refused(2, 'invalid id\nUsage: kronos done <id…> | <filter…>'));
  });
});

describe('edits of two devices', () => {
  const blank: PlainTask = { ...blankTask, id: 1, desc: 'x' };
  const merged = (before: PlainTask, ours: PlainTask, theirs: PlainTask) =>
    applyEdits([theirs], JSON.parse(JSON.stringify(editsBetween([before], [ours]))));

  test('of different fields are both kept, and needs and notes add up', () => {
    const note = (text: string) => ({ at: 1, text });
    const before = { ...blank, needs: ['a', 'b'], notes: [note('first')] };
    const ours: PlainTask = { ...before, priority: 'high', needs: ['a', 'c'], notes: [note('first'), note('ours')] };
    const theirs = { ...before, wait: 9, needs: ['a', 'b', 'd'], notes: [note('first'), note('theirs')] };
    expect(merged(before, ours, theirs)).toEqual([
      {
        ...blank,
        priority: 'high',
        wait: 9,
        needs: ['a', 'd', 'c'],
        notes: [note('first'), note('theirs'), note('ours')],
      },
    ]);
  });

  test('that take a field away are merged although JSON has no undefined', () => {
    const before: PlainTask = { ...blank, priority: 'high', project: 'home', tags: ['home', 'x'], needs: ['a'] };
    expect(merged(before, { ...blank, tags: ['x'] }, { ...before, desc: 'y' })).toEqual([
      { ...blank, desc: 'y', tags: ['x'] },
    ]);
  });

  test('[N1.2] of two projects leave the tag of one', () => {
    const ours: PlainTask = { ...blank, project: 'work', tags: ['work'] };
    const theirs: PlainTask = { ...blank, project: 'home', tags: ['home', 'x'] };
    expect(merged(blank, ours, theirs)).toEqual([{ ...blank, project: 'work', tags: ['x', 'work'] }]);
  });

  test('a deletion does not win over a priority that was set meanwhile', () => {
    const theirs: PlainTask = { ...blank, priority: 'high' };
    expect(applyEdits([theirs], editsBetween([blank], []))).toEqual([theirs]);
  });

  test('[N3.5] the next task that both made is one, with the work of the other device', () => {
    const next: PlainTask = { ...blank, index: 'k~2', every: 'day' };
    const theirs = { ...next, done: 5, id: 15, worktime: 60 };
    expect(applyEdits([theirs], editsBetween([], [next]))).toEqual([theirs]);
  });

  test('[N4.3] a dependency that would close a cycle is left out', () => {
    const [a, b]: PlainTask[] = [
      { ...blank, index: 'a' },
      { ...blank, index: 'b', id: 2 },
    ];
    if (a === undefined || b === undefined) throw new Error('two tasks');
    const edits = editsBetween([a, b], [{ ...a, needs: ['b'] }, b]);
    expect(applyEdits([a, { ...b, needs: ['a'] }], edits)).toEqual([a, { ...b, needs: ['a'] }]);
  });
});
