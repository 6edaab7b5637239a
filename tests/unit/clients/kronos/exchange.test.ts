// Time and tasks from and for other programs: what an import reads, makes, has already and cannot use; and that an export comes back equal.

import { describe, expect, test } from '@jest/globals';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';

const formats = ['timewarrior', 'todo.txt', 'toggl', 'ics', 'csv'] as const;
const s = (text: string) => Date.parse(text) / 1_000;

async function imported(format: string, text: string, database = new MemoryDatabase()) {
  const cli = new TestCli(database);
  cli.stdin = text;
  const result = await cli.run(`import ${format} -`);
  return { ...result, tasks: database.database.tasks, database };
}

async function exported(format: string, tasks: readonly PlainTask[]): Promise<string> {
  const database = new MemoryDatabase();
  database.database = { ...database.database, tasks };
  return (await new TestCli(database).run(`export ${format}`)).out;
}

const timew = JSON.stringify(
  [
    {
      id: 3,
      start: '20261101T090000Z',
      end: '20261101T100000Z',
      tags: ['garden', 'two words'],
      annotation: 'mend the gate',
    },
    {
      id: 2,
      start: '20261102T090000Z',
      end: '20261102T093000Z',
      tags: ['garden', 'two words'],
      annotation: 'mend the gate',
    },
    { id: 5, start: '20261103T090000Z', end: '20261103T093000Z', tags: ['project:home.garden', 'dig'] },
    { id: 1, start: '20261104T090000Z', tags: ['open'] },
    { id: 6, start: 'never', end: '20261103T093000Z' },
    'nothing',
  ],
  null,
  1,
);

describe('Timewarrior', () => {
  test('entries of one text become the intervals of one task, and what is not one is named with its line', async () => {
    const { code, out, err, tasks } = await imported('timewarrior', timew);
    expect([code, out]).toEqual([1, '2 tasks added; 0 were here already\n3 intervals added; 0 were here already\n']);
    expect(err.split('\n')).toEqual([
      '-:38: unreadable: not an interval of Timewarrior: it has no "start"',
      '-:43: unreadable: not an interval of Timewarrior: not an object',
      '-:31: skipped: the interval is still open: stop it first',
      '-:2: incomplete: the tag "two words" is two-words here',
      '',
    ]);
    expect(tasks).toMatchObject([
      {
        desc: 'mend the gate',
        tags: ['garden', 'two-words'],
        worktime: 5_400,
        intervals: `${s('2026-11-01T09:00:00Z')}+3600 ${s('2026-11-02T09:00:00Z')}+1800`,
        done: s('2026-11-02T09:30:00Z'),
      },
      { desc: 'dig', project: 'home.garden', tags: ['dig', 'home_garden'], worktime: 1_800 },
    ]);
  });

  test('a later export adds the intervals that are new, and a second import changes nothing', async () => {
    const { database } = await imported('timewarrior', timew);
    const again = await imported('timewarrior', timew, database);
    expect(again.out).toBe('0 tasks added; 2 were here already\n0 intervals added; 3 were here already\n');
    const later = 'inc 20261105T090000Z - 20261105T100000Z # garden "two words" # "mend the gate"\nno line\n';
    const more = await imported('timewarrior', later, database);
    expect([more.out, more.err]).toEqual([
      '0 tasks added; 1 were here already\n1 intervals added; 0 were here already\n',
      '-:2: unreadable: not an interval of Timewarrior: it does not begin with "inc" and a date\n' +
        '-:1: incomplete: the tag "two words" is two-words here\n',
    ]);
    expect(more.tasks.find(({ desc }) => desc === 'mend the gate')).toMatchObject({ worktime: 9_000 });
  });

  test('the time of an open task here goes to it', async () => {
    const database = new MemoryDatabase();
    await new TestCli(database).run('add mend the gate +home');
    const { out, tasks } = await imported('timewarrior', timew, database);
    expect(out).toContain('1 tasks added; 1 were here already');
    expect(tasks[0]).toMatchObject({ desc: 'mend the gate', tags: ['home'], done: 0, worktime: 5_400 });
    expect((await new TestCli(database).run('revert')).code).toBe(0);
    expect(database.database.tasks).toMatchObject([{ worktime: 0 }]);
  });
});

describe('todo.txt', () => {
  const file = [
    '(A) 2026-11-01 call Bob +family @phone due:2026-12-24 t:2026-12-01',
    'x 2026-11-30 2026-11-01 water the plants @home +garden.roses pri:B',
    '(D) read +two +projects http://example.org/a:b',
    'x no date',
    '@home',
    'pay the rent rec:1mo due:tomorrow',
  ].join('\n');

  test('priority, contexts, projects, dates and pairs are read, and what is lost is named with its line', async () => {
    const { code, out, err, tasks } = await imported('todo.txt', file);
    expect([code, out]).toEqual([1, '5 tasks added; 0 were here already\n']);
    expect(err.split('\n').filter((line) => line !== '')).toEqual([
      '-:5: unreadable: not a task: it has no description',
      '-:3: incomplete: "read http://example.org/a:b": the priority (D) has no counterpart: it was left out',
      '-:4: incomplete: "no date": it is done, but has no date of completion: it was imported as not done',
      '-:6: incomplete: "pay the rent": due:tomorrow is not a date: it was left out',
    ]);
    const day = (text: string) => new Date(`${text}T00:00:00`).getTime() / 1_000;
    const by = (desc: string) => tasks.find((task) => task.desc === desc);
    expect(by('call Bob')).toMatchObject({
      priority: 'high',
      project: 'family',
      tags: ['phone', 'family'],
      due: day('2026-12-24'),
      wait: day('2026-12-01'),
    });
    expect(by('water the plants')).toMatchObject({
      done: day('2026-11-30'),
      project: 'garden.roses',
      priority: 'medium',
    });
    expect(by('read http://example.org/a:b')).toMatchObject({ project: 'two', tags: ['projects', 'two'] });
    expect(by('pay the rent')).toMatchObject({ every: '1mo', due: 0 });
    expect((await imported('todo.txt', file)).tasks.map(({ index }) => index)).toEqual(tasks.map(({ index }) => index));
  });
});

describe('Toggl', () => {
  const file = [
    'User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount ()',
    'ann,a@example.org,,garden,,"dig, and ""plant""",No,2026-11-01,09:00:00,2026-11-01,10:30:00,01:30:00,"outside, hard",0.00',
    'ann,a@example.org,Bob,garden,,"dig, and ""plant""",Yes,2026-11-02,09:00:00,2026-11-02,10:00:00,01:00:00,"outside, hard",40.00',
    'ann,a@example.org,,,,,No,2026-11-03,23:30:00,2026-11-04,00:30:00,01:00:00,,0.00',
    'ann,a@example.org,,,,bad,No,2026-13-03,23:30:00,2026-11-04,00:30:00,01:00:00,,0.00',
  ].join('\r\n');

  test('entries become intervals, and columns that have no counterpart are named', async () => {
    const { code, out, err, tasks } = await imported('toggl', file);
    expect([code, out]).toEqual([1, '2 tasks added; 0 were here already\n3 intervals added; 0 were here already\n']);
    expect(err.split('\n').filter((line) => line !== '')).toEqual([
      '-:5: unreadable: "bad": its start is not a date and a time',
      ...['user', 'email'].map((name) => `-:2: incomplete: the column "${name}" was left out of all entries`),
      ...['client', 'billable', 'amount ()'].map(
        (name) => `-:3: incomplete: the column "${name}" was left out of all entries`,
      ),
    ]);
    expect(tasks).toMatchObject([
      { desc: 'dig, and "plant"', project: 'garden', tags: ['garden', 'hard', 'outside'], worktime: 9_000 },
      { desc: '(no description)', tags: [], worktime: 3_600 },
    ]);
    expect((await imported('toggl', 'a,b\n1,2')).err).toBe(
      '-: not a detailed report of Toggl: it has no column "start date"\n',
    );
  });
});

describe('CSV', () => {
  test('of another program is read by its names, and what is lost is named with its line', async () => {
    const text = 'Description;Tags;Due;Colour\n"call\nBob";home, a b;2026-12-24;red\nx;;never;\n;;;\n';
    const { code, out, err, tasks } = await imported('csv', text);
    expect([code, out]).toEqual([1, '2 tasks added; 0 were here already\n']);
    expect(err.split('\n').filter((line) => line !== '')).toEqual([
      '-:5: unreadable: not a task: it has no description',
      '-:1: incomplete: the column "colour" was left out',
      '-:4: incomplete: "x": due "never" is not a date: it was left out',
    ]);
    expect(tasks[0]).toMatchObject({ desc: 'call\nBob', tags: ['home', 'a', 'b'] });
    expect((await imported('csv', 'a,b\n1,2')).err).toContain('names no column "desc"');
  });
});

describe('iCalendar', () => {
  test('to-dos are read, with what they lack; events are named', async () => {
    const text = [
      'BEGIN:VCALENDAR',
      'BEGIN:VTODO',
      'UID:1@example.org',
      'SUMMARY:Rent\\, and more',
      'DUE:20261224T170000Z',
      'PRIORITY:2',
      'CATEGORIES:home,a b',
      'RRULE:FREQ=MONTHLY;INTERVAL=2',
      'DESCRIPTION:by bank',
      'END:VTODO',
      'BEGIN:VTODO',
      'UID:2',
      'SUMMARY:Odd',
      'RRULE:FREQ=MONTHLY;BYDAY=2MO',
      'END:VTODO',
      'BEGIN:VEVENT',
      'UID:3',
      'END:VEVENT',
      'BEGIN:VTODO',
      'UID:4',
      'END:VTODO',
      'END:VCALENDAR',
    ].join('\r\n');
    const { code, out, err, tasks } = await imported('ics', text);
    expect([code, out]).toEqual([1, '2 tasks added; 0 were here already\n']);
    expect(err.split('\n').filter((line) => line !== '')).toEqual([
      '-:19: unreadable: not a task: it has no SUMMARY',
      '-:16: skipped: a VEVENT is no task: "horai import ics" makes meetings of events',
      '-:2: incomplete: "Rent, and more": the category "a b" is a-b here',
      expect.stringMatching(/^-:11: incomplete: "Odd": it recurs "FREQ=MONTHLY;BYDAY=2MO", which has no counterpart/),
    ]);
    expect(tasks[0]).toMatchObject({
      index: '1@example.org',
      desc: 'Rent, and more',
      due: s('2026-12-24T17:00:00Z'),
      priority: 'high',
      tags: ['home', 'a-b'],
      every: '2mo',
      notes: [{ text: 'by bank' }],
    });
  });
});

const base = { id: 0, tags: [], active: 0, last_active: 0, due: 0, done: 0, worktime: 0 };
const at = s('2026-11-01T09:00:00Z');
const whole: readonly PlainTask[] = [
  { ...base, index: 'a', id: 1, desc: 'plain' },
  {
    ...base,
    index: 'b#1:2',
    id: 2,
    desc: 'x (A) +plus @at due:2026-01-01 \\ "quoted", ; é 🌱  two blanks 2026-01-01',
    tags: ['home', 'home_garden'],
    project: 'home.garden',
    priority: 'medium',
    due: at + 86_400,
    wait: at + 5,
    scheduled: at + 3_600,
    every: '2w',
    zone: 'Europe/Berlin',
    needs: ['a'],
    notes: [
      { at, text: 'one, "two" ü\nthree' },
      { at: at + 1, text: 'four' },
    ],
    last_active: at + 3_600,
    worktime: 5_400,
    intervals: `${at}+3600`,
    taskwarrior: { estimate: 3, ticket: 'AB-1' },
  },
  { ...base, index: 'c', id: 3, desc: 'running', active: at, last_active: at - 100, worktime: 7 },
  {
    ...base,
    index: 'd',
    id: -4,
    desc: 'done',
    done: at + 77,
    priority: 'low',
    last_active: at + 10,
    worktime: 10,
    intervals: `${at}+10`,
  },
];
const sorted = (tasks: readonly PlainTask[]) => tasks.toSorted((a, b) => (a.index < b.index ? -1 : 1));

describe('an export imported into an empty list', () => {
  test.each(['todo.txt', 'ics', 'csv'] as const)('is equal in every field: %s', async (format) => {
    const { code, err, tasks } = await imported(format, await exported(format, whole));
    expect([code, err]).toEqual([0, '']);
    expect(sorted(tasks)).toEqual(sorted(whole));
  });

  test.each([
    'timewarrior',
    'toggl',
  ] as const)('has the same intervals, texts, tags and projects: %s', async (format) => {
    const { code, err, tasks } = await imported(format, await exported(format, whole));
    expect([code, err]).toEqual([0, '']);
    const seen = (all: readonly PlainTask[]) =>
      all
        .filter(({ intervals }) => intervals !== undefined)
        .map(({ desc, tags, project, intervals }) => ({ desc: desc.replace(/\s+/g, ' '), tags, project, intervals }))
        .sort((a, b) => (a.desc < b.desc ? -1 : 1));
    expect(seen(tasks)).toEqual(seen(whole));
  });

  test.each(formats)('and into the same list, changes nothing: %s', async (format) => {
    const database = new MemoryDatabase();
    const single = whole.map((task) => ({ ...task, desc: task.desc.replace('  ', ' ') }));
    database.database = { ...database.database, tasks: single };
    const { out, tasks } = await imported(format, await exported(format, single), database);
    expect(out).toMatch(/^0 tasks added; \d were here already\n(?:0 intervals added; 2 were here already\n)?$/);
    expect(tasks).toEqual(single);
  });
});
