// `kronos track`, `start at:`, `stop at:` and `time`, on a device without a hub: what they print, change, refuse and ask; and `revert`.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { emptyDatabase } from '../../../../clients/kronos/data/database.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { at } from '../../../harness/zones.ts';

let keeper: MemoryDatabase;
let cli: TestCli;
const moment = (time: string) => at(`2026-11-27T${time.padStart(5, '0')}`, 'Europe/Paris') * 1_000;

beforeEach(async () => {
  keeper = new MemoryDatabase();
  keeper.database = emptyDatabase;
  cli = new TestCli(keeper);
  // A Friday.
  cli.now = moment('13:00');
  for (const line of ['a write', 'a call']) expect((await cli.run(line)).code).toBe(0);
});

const ok = (out: string) => ({ code: 0, out, err: '' });
async function all(...lines: readonly string[]): Promise<void> {
  for (const line of lines)
    expect([line, await cli.run(line)]).toEqual([line, expect.objectContaining({ code: 0, err: '' })]);
}
/** The list of today without its head: `1  09:00-10:00  1h  1  write`. */
async function times(date = ''): Promise<readonly string[]> {
  const { out } = await cli.run(`time ${date}`);
  return out
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/ {2,}/g, ' '));
}
const worktimes = () => keeper.database.tasks.map(({ worktime }) => worktime / 60);

describe('start and stop', () => {
  test('store an interval, and the worktime is the sum', async () => {
    cli.now = moment('9:00');
    await all('start 1');
    cli.now = moment('9:30');
    await all('stop 1', 'start 1');
    cli.now = moment('10:00');
    await all('done 1');
    expect(keeper.database.tasks[0]).toMatchObject({ worktime: 3_600, active: 0 });
    expect(await times()).toEqual([
      expect.stringMatching(/^1 09:00-09:30 30min \d+ write$/),
      expect.stringMatching(/^2 09:30-10:00 30min \d+ write$/),
    ]);
    await all('revert');
    expect(worktimes()).toEqual([30, 0]);
  });

  test('at: a time that is over', async () => {
    expect(await cli.run('start 1 at:-10min')).toEqual(ok('task 1 started: write, at 12:50\n'));
    expect(await times()).toEqual(['1 12:50-now 10min 1 write']);
    expect(await cli.run('stop 1 at:12:55')).toEqual(ok('task 1 stopped: write, at 12:55\n'));
    expect(keeper.database.tasks[0]).toMatchObject({ worktime: 300, active: 0, last_active: moment('12:55') / 1_000 });
    expect(await cli.run('s 1 at:yesterdayT22:30 --keep')).toEqual(ok('task 1 started: write, at 22:30\n'));
    // A time of day is the last such time.
    expect(await cli.run('s 1 at:23:00 --keep')).toEqual(ok('task 1 stopped: write, at 23:00\n'));
    expect(await times('yesterday')).toEqual(['1 22:30-23:00 30min 1 write']);
    expect(JSON.parse((await cli.run('start 2 at:-1h --json --keep')).out)).toMatchObject({
      id: 2,
      active: moment('12:00') / 1_000,
    });
  });

  test.each([
    ['start 1 at:', 2, /^invalid at/],
    ['start 1 at:14:00x', 2, /^invalid at/],
    ['start 1 at:2026-11-28T10:00', 2, /^invalid at/],
    ['start 1 at:9:00 at:10:00', 2, /^invalid at/],
    ['start 9 at:9:00', 3, /^task not found\n$/],
    ['stop 1 at:9:00', 1, /^task already stopped\n$/],
    ['start 2 at:9:00', 1, /^task already started\n$/],
    ['stop 2 at:11:00', 1, /^the task was started at 12:00, which is not before that\n$/],
  ])('refuse: %s', async (line, code, err) => {
    await all('start 2 at:12:00');
    const { log } = keeper.database;
    expect(await cli.run(line)).toEqual({ code, out: '', err: expect.stringMatching(err) });
    expect(keeper.database.log).toBe(log);
  });
});

describe('track', () => {
  test.each([
    ['track 9:00-10:15 task:1', '09:00-10:15 1h 15min 1 write', 'today'],
    ['track 9-10:15 task:1', '09:00-10:15 1h 15min 1 write', 'today'],
    ['track 14:00 30min task:1', '', ''],
    ['track yesterday 14:00 30min task:1', '14:00-14:30 30min 1 write', 'yesterday'],
    ['track mon 14:00 1h30 task:1', '14:00-15:30 1h 30min 1 write', 'mon'],
    ['track 30min task:1', '12:30-13:00 30min 1 write', 'today'],
    ['track 2026-11-20 23:30-0:15 task:1', '23:30-00:15 45min 1 write', '2026-11-20'],
    ['track 12:00-now review @paper +draft', '12:00-13:00 1h - review @paper +draft', 'today'],
  ])('%s', async (line, listed, date) => {
    if (listed === '') {
      expect(await cli.run(line)).toMatchObject({
        code: 2,
        err: expect.stringContaining('14:00 30min is not over yet'),
      });
      return;
    }
    expect(await cli.run(line)).toMatchObject({ code: 0, err: '' });
    expect(await times(date)).toEqual([`1 ${listed}`]);
    await all('revert');
    expect((await cli.run(`time ${date}`)).out).toContain('nothing on ');
  });

  test('an entry without a task is listed, in the day, in the log, and can be reverted', async () => {
    expect(await cli.run('track 9:00-10:15 review @paper')).toEqual(ok('1h 15min added: review @paper\n'));
    const day = JSON.parse((await cli.run('day --json')).out);
    expect(day).toMatchObject({ total: 4_500_000_000, projects: [{ project: 'paper', time: 4_500_000_000 }] });
    expect((await cli.run('log 1')).out).toContain('review @paper');
    expect(await cli.run('revert')).toMatchObject(ok('change 3 (track: review @paper) reverted\n'));
    await all('revert 4');
    expect(keeper.database.entries).toHaveLength(1);
  });
});

describe('overlaps', () => {
  beforeEach(async () => all('track 9:00-11:00 task:1', 'track 11:00-12:00 review'));

  test('are named, and nothing is changed where nobody can be asked', async () => {
    expect(await cli.run('track 10:30-11:30 task:2')).toEqual({
      code: 1,
      out: '',
      err: 'overlaps 09:00-11:00 task 1: write\noverlaps 11:00-12:00 review\n  Nothing was changed. Repeat the command with --cut, to cut what is there, or with --keep, to keep both.\n',
    });
    expect(worktimes()).toEqual([120, 0]);
  });

  test.each([
    ['c', ['1 09:00-10:30 1h 30min 1 write', '2 10:30-11:30 1h 2 call', '3 11:30-12:00 30min - review']],
    ['k', ['1 09:00-11:00 2h 1 write', '2 10:30-11:30 1h 2 call', '3 11:00-12:00 1h - review']],
    ['', ['1 09:00-11:00 2h 1 write', '2 11:00-12:00 1h - review']],
  ])('are asked about once: %j', async (answer, listed) => {
    cli.line = answer;
    const { code, err } = await cli.run('track 10:30-11:30 task:2');
    expect([code, cli.questions]).toEqual([answer === '' ? 1 : 0, ['Cut that, keep both, or cancel? [c/k/N] ']]);
    expect(err.includes('Nothing was changed.')).toBe(answer === '');
    expect(await times()).toEqual(listed);
    // One step of the history.
    if (answer !== '') await all('revert');
    expect(await times()).toEqual(['1 09:00-11:00 2h 1 write', '2 11:00-12:00 1h - review']);
  });

  test('--cut cuts in two, also a task that runs', async () => {
    await all('track 9:30-10:00 task:2 --cut');
    expect(await times()).toEqual([
      '1 09:00-09:30 30min 1 write',
      '2 09:30-10:00 30min 2 call',
      '3 10:00-11:00 1h 1 write',
      '4 11:00-12:00 1h - review',
    ]);
    await all('track 11:15-11:30 task:2 --cut', 'start 1 at:12:00');
    expect((await times()).slice(3)).toEqual([
      '4 11:00-11:15 15min - review',
      '5 11:15-11:30 15min 2 call',
      '6 11:30-12:00 30min - review',
      '7 12:00-now 1h 1 write',
    ]);
    await all('track 12:15-12:30 task:2 --cut');
    expect((await times()).slice(6)).toEqual([
      '7 12:00-12:15 15min 1 write',
      '8 12:15-12:30 15min 2 call',
      '9 12:30-now 30min 1 write',
    ]);
    expect(worktimes()).toEqual([105, 60]);
  });

  test('a start in the past', async () => {
    await all('start 2 at:11:30 --cut');
    expect(await times()).toEqual([
      '1 09:00-11:00 2h 1 write',
      '2 11:00-11:30 30min - review',
      '3 11:30-now 1h 30min 2 call',
    ]);
  });
});

describe('time', () => {
  beforeEach(async () => {
    await all('track 9:00-10:00 task:1', 'track 10:30-11:00 task:1', 'track 11:00-11:45 review @paper');
    expect(await times()).toHaveLength(3);
  });

  test('prints a table, or JSON', async () => {
    expect((await cli.run('time')).out).toBe(
      [
        'N  WHEN         TIME   ID  WHAT',
        '1  09:00-10:00  1h     1   write',
        '2  10:30-11:00  30min  1   write',
        '3  11:00-11:45  45min  -   review @paper',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await cli.run('time --json')).out)[2]).toEqual({
      ...{ number: 3, from: moment('11:00') / 1_000, to: moment('11:45') / 1_000, running: false },
      ...{ key: 'task-3', text: 'review', project: 'paper' },
    });
  });

  test.each([
    ['shorten 1 10min', 'shortened: 09:00-09:50 task 1: write', ['1 09:00-09:50 50min 1 write']],
    ['lengthen 1 20min', 'lengthened: 09:00-10:20 task 1: write', ['1 09:00-10:20 1h 20min 1 write']],
    ['lengthen 3 1h', 'lengthened: 11:00-12:45 review @paper', []],
    ['move 1 8:00-8:30', 'moved: 08:00-08:30 task 1: write', ['1 08:00-08:30 30min 1 write']],
    ['move 1 9:15', 'moved: 09:15-10:15 task 1: write', []],
    ['move 1 -1h', 'moved: 08:00-09:00 task 1: write', []],
    ['move 1 +5min', 'moved: 09:05-10:05 task 1: write', []],
    ['split 1 9:40', 'split: 09:00-09:40 task 1: write\nsplit: 09:40-10:00 task 1: write', []],
    ['split 3 11:15', 'split: 11:00-11:15 review @paper\nsplit: 11:15-11:45 review @paper', []],
    [
      'join 1 2',
      'joined: 09:00-11:00 task 1: write',
      ['1 09:00-11:00 2h 1 write', '2 11:00-11:45 45min - review @paper'],
    ],
    [
      'delete 1 3',
      'deleted: 09:00-10:00 task 1: write\ndeleted: 11:00-11:45 review @paper',
      ['1 10:30-11:00 30min 1 write'],
    ],
  ])('%s, and revert', async (words, out, listed) => {
    const before = await times();
    expect(await cli.run(`time ${words}`)).toEqual(ok(`${out}\n`));
    expect((await times()).slice(0, listed.length)).toEqual(listed);
    const { worktime = 0, intervals = '' } = keeper.database.tasks[0] ?? {};
    const lengths = intervals.split(' ').map((word) => Number(word.split('+')[1] ?? 0));
    expect(worktime).toBe(lengths.reduce((sum, length) => sum + length, 0));
    await all('revert');
    expect(await times()).toEqual(before);
  });

  test.each([
    ['time shorten', 2, /^Usage: kronos time/],
    ['time shorten 1 x', 2, /^x is not a duration such as 10min or 1h30\n/],
    ['time shorten 1 2h', 1, /^it is not longer than that: delete it instead\n$/],
    ['time shorten 9 1min', 3, /^there is no interval 9: "kronos time" lists them\n$/],
    ['time lengthen 3 2h', 1, /^it would not be over yet\n$/],
    ['time lengthen 1 31min', 1, /^overlaps 10:30-11:00 task 1: write\n/],
    ['time move 1 x', 2, /^Usage/],
    ['time split 1 10:00', 1, /^that time is not within it\n$/],
    ['time split 1', 2, /^Usage/],
    ['time join 1', 2, /^Usage/],
    ['time join 1 3', 1, /^only intervals of one task can be joined\n$/],
    ['time delete', 2, /^Usage/],
    ['time delete x', 2, /^Usage/],
    ['time someday', 2, /^Usage/],
  ])('refuses: %s', async (line, code, err) => {
    const { log } = keeper.database;
    expect(await cli.run(line)).toEqual({ code, out: '', err: expect.stringMatching(err) });
    expect(keeper.database.log).toBe(log);
  });

  test('a number means what was listed, also when the list has changed since', async () => {
    await all('track 8:00-8:30 task:2');
    expect(await cli.run('time shorten 1 10min')).toEqual(ok('shortened: 09:00-09:50 task 1: write\n'));
    await all('revert');
    await all('time delete 1');
    expect(await cli.run('time delete 1')).toMatchObject({ code: 3 });
    // Without a list, it is that of today.
    cli.listedTimes = undefined;
    expect(await cli.run('time delete 1')).toEqual(ok('deleted: 08:00-08:30 task 2: call\n'));
  });

  test('a task that runs can be moved to an earlier start and split, not shortened', async () => {
    await all('start 2 at:12:30');
    expect((await times())[3]).toBe('4 12:30-now 30min 2 call');
    expect(await cli.run('time shorten 4 5min')).toMatchObject({
      code: 1,
      err: expect.stringContaining('still running'),
    });
    await all('time move 4 12:15');
    expect((await times())[3]).toBe('4 12:15-now 45min 2 call');
    await all('time split 4 12:30');
    expect((await times()).slice(3)).toEqual(['4 12:15-12:30 15min 2 call', '5 12:30-now 30min 2 call']);
    await all('time join 4 5');
    expect((await times()).slice(3)).toEqual(['4 12:15-now 45min 2 call']);
    await all('time delete 4');
    expect(keeper.database.tasks[1]).toMatchObject({ active: 0, worktime: 0 });
  });
});

describe('time edit', () => {
  beforeEach(async () => {
    cli.now = moment('13:00') + 20_000;
    await all('track 9:00-10:00 task:1', 'track 11:00-11:45 review @paper', 'track 20min task:2');
  });
  const text = [
    '# 2026-11-27. Change times, tasks and texts; delete a line to delete its interval.',
    '# A line without a number adds one: 9:00-10:15 task:12, or 14:00 30min review @paper',
    '1  9:00-10:00  task:1 write',
    '2  11:00-11:45  review @paper',
    '3  12:40-13:00  task:2 call',
    '',
  ].join('\n');

  test('opens the day as text; unchanged text changes nothing, not even seconds', async () => {
    cli.editor = (opened) => {
      expect(opened).toBe(text);
      return opened;
    };
    const { log } = keeper.database;
    expect(await cli.run('time edit')).toEqual(ok('nothing was changed\n'));
    expect(keeper.database.log).toBe(log);
    cli.editor = (opened) => opened.replace('12:40-13:00', '12:30-13:00');
    await all('time edit');
    expect(keeper.database.tasks[1]).toMatchObject({ worktime: 1_820 });
  });

  test('changes, deletes and adds, as one step', async () => {
    cli.editor = () => '1 9:15-10:00 task:2\n 2 11:00-11:30 review the draft +x\n\n8:00 30min task:1 call\n';
    expect(await cli.run('time edit')).toEqual(
      ok(
        'edited: 09:15-10:00 task 2: call\nedited: 11:00-11:30 review the draft +x\nedited: 08:00-08:30 task 1: write\n',
      ),
    );
    expect(await times()).toEqual([
      '1 08:00-08:30 30min 1 write',
      '2 09:15-10:00 45min 2 call',
      '3 11:00-11:30 30min - review the draft +x',
    ]);
    await all('revert');
    expect(await times()).toHaveLength(3);
    cli.editor = () => '# nothing';
    expect(await cli.run('time edit')).toEqual(ok('3 deleted\n'));
  });

  test.each([
    ['1 9:00-8:00x task:1', /^line 1: 9:00-8:00x is not a span/],
    ['# x\n9:00 task:1', /^line 2: no span such as 9:00-10:15/],
    ['7 9:00-10:00 task:1', /^line 1: there is no interval 7/],
    ['1 9:00-10:00 task:1\n1 9:00-10:00 task:1', /^line 2: 1 is there twice/],
    ['1 9:00-10:00', /^line 1: what was the time spent on/],
    ['1 9:00-14:00 task:1', /^line 1: 9:00-14:00 is not over yet/],
    ['9:00-10:00 x +a/b', /^line 1: invalid tags/],
  ])('refuses %j, and says where the text is', async (edited, err) => {
    cli.editor = () => edited;
    const { log } = keeper.database;
    const result = await cli.run('time edit');
    expect(result).toEqual({ code: 2, out: '', err: expect.stringMatching(err) });
    expect(result.err).toContain('Your text is in /nowhere/time-edit.txt.');
    expect(keeper.database.log).toBe(log);
  });

  test('refuses a task that is not there, and overlaps', async () => {
    cli.editor = () => '1 9:00-10:00 task:9';
    expect(await cli.run('time edit')).toMatchObject({
      code: 3,
      err: expect.stringContaining('task not found: task:9'),
    });
    cli.editor = (opened) => `${opened}9:30-10:30 task:2\n`;
    expect(await cli.run('time edit')).toMatchObject({ code: 1, err: expect.stringContaining('overlaps 09:00-10:00') });
  });
});
