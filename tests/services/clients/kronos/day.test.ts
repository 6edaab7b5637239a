// `kronos day`, `kronos week` and `kronos track`: arguments, the day of a device without a hub, and days and entries of a real hub.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import { parseTrack } from '../../../../clients/kronos/day/track-line.ts';
import { compile } from '../../../../protocol/check.ts';
import { DayTotalsView, MergedDayView } from '../../../../protocol/day-answer.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { DayHub } from '../../../harness/day-hub.ts';
import { bin, run as runIn } from '../../../harness/installed-kronos.ts';
import { Leftovers } from '../../../harness/process.ts';
import { at, zoneOf } from '../../../harness/zones.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const zone = 'Europe/Paris';
const context = { zone: zoneOf(zone), now: at('2018-03-01T21:21', zone) };
const moment = (wall: string) => at(wall, zone);

describe('arguments of track', () => {
  test.each([
    ['9:00-10:15 review', '2018-03-01T09:00', '2018-03-01T10:15', { text: 'review' }],
    [
      '9-10:15 @paper review it +draft',
      '2018-03-01T09:00',
      '2018-03-01T10:15',
      { project: 'paper', text: 'review it', tags: ['draft'] },
    ],
    ['yesterday 22:30-0:15 on call', '2018-02-28T22:30', '2018-03-01T00:15', { text: 'on call' }],
    ['2018-02-27 9:00-24:00 @shop', '2018-02-27T09:00', '2018-02-28T00:00', { project: 'shop' }],
    ['20:00-now tidy', '2018-03-01T20:00', '2018-03-01T21:21', { text: 'tidy' }],
  ])('%s is an entry', (line, from, to, entry) => {
    expect(parseTrack(line.split(' '), context)).toEqual({
      verb: 'add',
      span: { from: moment(from), to: moment(to) },
      entry,
    });
  });

  test.each([
    ['', ''],
    ['review', ''],
    ['9:00-10:15', ''],
    ['9:00-10:75 x', ''],
    ['9:00-25:00 x', ''],
    ['9:00-10:15 task:1 more', ''],
    ['9:00-10:15 x +b!', 'invalid tags'],
    ['9:00-10:15 @a @b', 'an entry has one project'],
    ['21:00-22:00 x', '21:00-22:00 is not over yet'],
    ['2018-03-01 22:00-now x', '22:00-now ends before it begins'],
    ['join a', ''],
    ['move a', ''],
    ['split a noon', ''],
    ['undo all', ''],
  ])('%s is refused: %s', (line, error) => {
    expect(
      parseTrack(
        line.split(' ').filter((word) => word !== ''),
        context,
      ),
    ).toBe(error);
  });
});

describe('without a hub', () => {
  let keeper: MemoryDatabase;
  let cli: TestCli;
  beforeEach(async () => {
    keeper = new MemoryDatabase();
    cli = new TestCli(keeper);
    await cli.run('a write @paper +draft');
    await cli.run('a tidy');
    cli.now = moment('2018-03-01T09:00') * 1_000;
    await cli.run('start 1');
    cli.now = moment('2018-03-01T10:30') * 1_000;
    await cli.run('stop 1');
    cli.now = moment('2018-03-01T21:21') * 1_000;
    expect(await cli.run('track 11:00-12:00 task:2')).toEqual({ code: 0, out: 'task 2 tracked: tidy, 1h\n', err: '' });
  });
  const note = 'note: no hub: this is only the work on the tasks of this device\n';

  test('without a hub, a day shows the work on the tasks of this device, with a note', async () => {
    cli.width = 60;
    expect(await cli.run('day')).toEqual({
      code: 0,
      out: [
        'Thu 1 Mar 2018, Europe/Paris',
        '2h 30min',
        '09:00 to 12:00, a break of 30min',
        '',
        '       09:00         10:00          11:00',
        'you    █████████████████████▒      ░██████████████  2h 30min',
        'tasks  █████████████████████▒      ░██████████████  2h 30min',
        '',
        'PROJECT       TIME      SHARE',
        'paper         1h 30min  60%',
        '(unassigned)  1h        40%',
        '',
        'TASK     TIME',
        '1 write  1h 30min',
        '2 tidy   1h',
        '',
        'without: aw/*, entries, external_durations, meetings,',
        '  mob_turns, wakatime',
        '',
      ].join('\n'),
      err: note,
    });
  });

  test('a narrow terminal has shorter bars and no times beside them, a wide one longer bars', async () => {
    cli.width = 30;
    const narrow = (await cli.run('day')).out.split('\n');
    expect(narrow.slice(5, 8)).toEqual([
      '       09:00   10:00  11:00',
      'you    ███████████▒   ▓███████',
      'tasks  ███████████▒   ▓███████',
    ]);
    cli.width = 200;
    const wide = (await cli.run('day')).out.split('\n');
    expect(Math.max(...wide.map((line) => line.length))).toBe(120);
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(30);
  });

  test('has the shape of the hub’s answer, and a week that of its sums', async () => {
    const { out, err } = await cli.run('day --json');
    const day = JSON.parse(out);
    expect(compile(MergedDayView)(day)).toBe(true);
    expect(day).toMatchObject({
      date: '2018-03-01',
      zone,
      total: 9_000_000_000,
      tasks: [{ time: 5_400_000_000 }, { time: 3_600_000_000 }],
    });
    expect(err).toBe(note);
    const week = JSON.parse((await cli.run('week --json')).out);
    expect(compile(DayTotalsView)(week)).toBe(true);
    expect(week.days.map(({ date, total }: { date: string; total: number }) => [date, total / 60_000_000])).toEqual([
      ['2018-02-26', 0],
      ['2018-02-27', 0],
      ['2018-02-28', 0],
      ['2018-03-01', 150],
      ['2018-03-02', 0],
      ['2018-03-03', 0],
      ['2018-03-04', 0],
    ]);
  });

  test('a week has a bar for each day and for each lane', async () => {
    cli.width = 60;
    const { code, out } = await cli.run('week');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 13)).toEqual([
      'Mon 26 Feb 2018 to Sun 4 Mar 2018, Europe/Paris',
      '2h 30min',
      '',
      '            00:00     06:00    12:00     18:00',
      'Mon 26 Feb                                              0min',
      'Tue 27 Feb                                              0min',
      'Wed 28 Feb                                              0min',
      'Thu 1 Mar                 ▓█▒▒█                     2h 30min',
      'Fri 2 Mar                                               0min',
      'Sat 3 Mar                                               0min',
      'Sun 4 Mar                                               0min',
      '',
      'tasks  ███████████████████████████████████████████  2h 30min',
    ]);
  });

  test('work is added to a task once, counts in its worktime, and is taken back like any change', async () => {
    expect(keeper.database.tasks[1]).toMatchObject({ worktime: 3_600, last_active: moment('2018-03-01T12:00') });
    expect(await cli.run('track 11:30-12:30 task:2')).toMatchObject({
      code: 1,
      err: expect.stringContaining('overlaps 11:00-12:00 task 2: tidy\n'),
    });
    // The same time of one task counts once, whatever the answer.
    expect(await cli.run('track 11:30-12:30 task:2 --keep')).toMatchObject({ code: 0 });
    expect(keeper.database.tasks[1]).toMatchObject({ worktime: 5_400 });
    expect(await cli.run('revert')).toMatchObject({ code: 0 });
    expect(await cli.run('track 11:30-12:30 task:9')).toMatchObject({ code: 3, err: 'task not found\n' });
    expect(await cli.run('track 11:30-12:30 task:x')).toMatchObject({ code: 2, err: 'invalid id\n' });
    expect(await cli.run('revert')).toMatchObject({ code: 0 });
    expect(keeper.database.tasks[1]).toMatchObject({ worktime: 0 });
    expect(JSON.parse((await cli.run('day --json')).out).total).toBe(5_400_000_000);
    await cli.run('revert 6');
    expect(JSON.parse((await cli.run('day --json')).out).total).toBe(9_000_000_000);
  });

  test('a task that runs reaches to now, and one that was deleted keeps its work', async () => {
    await cli.run('s 2');
    await cli.run('del 1');
    cli.now += 600_000;
    const { out } = await cli.run('day --json');
    expect(JSON.parse(out)).toMatchObject({
      total: 160 * 60_000_000,
      projects: [{ project: 'paper', time: 5_400_000_000 }, { project: null }],
    });
  });

  test('editing entries at the hub needs a hub; an invalid date or time span is refused', async () => {
    expect(await cli.run('track list')).toEqual({
      code: 1,
      out: '',
      err: 'this needs a hub: run "kronos login". "kronos time" edits the entries of this device\n',
    });
    expect(await cli.run('day tomorrow')).toMatchObject({ code: 2, err: expect.stringContaining('Usage: kronos day') });
    expect(await cli.run('week 2018-02-29')).toMatchObject({ code: 2 });
    expect(await cli.run('track review')).toMatchObject({ code: 2, err: expect.stringContaining('track split <key>') });
    expect((await cli.run('day 2018-02-27')).out).toBe(
      [
        'Tue 27 Feb 2018, Europe/Paris',
        '0min',
        '',
        'without: aw/*, entries, external_durations, meetings, mob_turns, wakatime',
        '',
      ].join('\n'),
    );
  });

  test('completion offers dates, the verbs of track, and tasks after a span', async () => {
    const offered = async (line: string) =>
      (await cli.run(`completion words -- ${line}`)).out.split('\n').map((one) => one.split('\t')[0]);
    expect(await offered('day')).toEqual(expect.arrayContaining(['today', 'yesterday', 'lastweek', 'by:tag', '']));
    expect(await offered('track')).toEqual(['away', 'list', 'change', 'move', 'split', 'join', 'delete', 'undo', '']);
    expect(await offered('track 9:00-10:00')).toEqual(['task:1', 'task:2', '']);
    expect(await offered('track list')).toEqual(['']);
  });
});

describe('with a hub', () => {
  let hub: DayHub;
  let cli: TestCli;
  beforeEach(async () => {
    hub = await DayHub.start();
    hub.moveTo('18:00');
    const folder = leftovers.folder();
    cli = new TestCli(new DatabaseFile(join(folder, 'kronos.json')));
    cli.folder = folder;
    cli.env = { KRONOS_TOKEN: hub.node.hub.ownerSecret ?? '' };
    cli.now = hub.ms('18:00');
    await cli.run(`login ${new URL(hub.node.hub.url).host}`);
    await hub.write({ type: 'create', channel: 'settings', key: 'day', item: { zone } });
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['07:00', '08:00', { app: 'code' }]]);
    await hub.heartbeats('07:20', '07:40', 2, { project: 'horai' });
    await hub.heartbeats(
      '08:00',
      '09:00',
      5,
      { project: 'horai', category: 'ai coding' },
      'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 claude-code/1.0 claude-code-wakatime/1.0.0',
    );
  });
  afterEach(() => hub.close());

  test('a day is the hub’s answer, word by word as JSON', async () => {
    expect(JSON.parse((await cli.run('day 2026-11-28 --json')).out)).toEqual(await hub.day());
    cli.width = 72;
    expect(await cli.run('day')).toEqual({
      code: 0,
      out: [
        'Sat 28 Nov 2026, Europe/Paris',
        '1h',
        '08:00 to 09:00',
        '',
        '                    08:00                  09:00',
        'you                 ██████████████████████▒                           1h',
        'laptop/editor              ▒███████                                20min',
        'laptop/window       ██████████████████████▒                           1h',
        'laptop/agent/clau…                        ▒██████████████████████     1h',
        '',
        'PROJECT       TIME   SHARE  AGENTS',
        '(unassigned)  40min  67%',
        'horai         20min  33%    1h',
        '',
        'agents: 1h; while they worked, you were present for 0min',
        '',
      ].join('\n'),
      err: '',
    });
    const week = JSON.parse((await cli.run('week --json')).out);
    expect(week).toEqual(await hub.get('/-/days?from=2026-11-23&to=2026-11-29'));
  });

  test('entries are added, listed, changed, moved, split, joined and deleted; each answer names the command that undoes it', async () => {
    expect(await cli.run('track 13:00-14:15 review @paper +draft')).toEqual({
      code: 0,
      out: '1h 15min added; "kronos track undo 0" undoes it\n',
      err: '',
    });
    const total = async () => (await hub.day()).total / 60_000_000;
    expect(await total()).toBe(135);
    const [entry] = JSON.parse((await cli.run('track list --json')).out);
    const key = entry.key.slice(0, 6);
    expect((await cli.run('track list')).out).toBe(
      [
        `${'KEY'.padEnd(key.length)}  WHEN         TIME      ENTRY`,
        `${key.padEnd(3)}  13:00-14:15  1h 15min  review @paper +draft`,
        '',
      ].join('\n'),
    );
    await cli.run(`track move ${key} 13:00-13:30`);
    expect(await total()).toBe(90);
    await cli.run(`track change ${key} read @shop`);
    expect((await hub.day()).projects.map(({ project }) => project)).toContain('shop');
    expect((await cli.run(`track split ${key} 13:10`)).out).toContain('split; ');
    const two = JSON.parse((await cli.run('track list --json')).out).map((one: { key: string }) => one.key);
    expect(two).toHaveLength(2);
    const joined = JSON.parse((await cli.run(`track join ${two.join(' ')} --json`)).out);
    expect(JSON.parse((await cli.run('track list --json')).out)).toHaveLength(1);
    expect(await cli.run(`track undo ${joined.undo}`)).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse((await cli.run('track list --json')).out)).toHaveLength(2);
    await cli.run('track away 08:00-08:30 at the door');
    expect(await total()).toBe(60);
    expect((await cli.run('track list')).out).toContain('(away) at the door');
    await cli.run(`track delete ${two.join(' ')}`);
    expect(await total()).toBe(30);
    expect(await cli.run('track delete nothing')).toMatchObject({ code: 3 });
    expect((await cli.run('track list 2026-11-27')).out).toBe('no entries on 2026-11-27\n');
  });

  test('work that is added to a task reaches the hub’s day by the next sync, and so does its revert', async () => {
    await cli.run('a mend @shop');
    await cli.run('sync');
    expect(await cli.run('track 13:00-14:00 task:1')).toMatchObject({ code: 0 });
    await cli.run('sync');
    expect((await hub.day()).segments.at(-1)).toMatchObject({
      lane: 'task',
      project: 'shop',
      from: hub.us('12:00'),
      to: hub.us('13:00'),
    });
    await cli.run('revert');
    await cli.run('sync');
    expect((await hub.day()).total / 60_000_000).toBe(60);
  });

  test('work is added to a task that keeps its starts and stops, while it runs too', async () => {
    const item = {
      id: 1,
      desc: 'mend @shop',
      tags: [],
      start: [hub.ms('15:00')],
      stop: [],
      active: true,
      due: 0,
      done: 0,
    };
    await hub.write({ type: 'create', channel: 'tasks', key: 't1', item });
    await cli.run('sync');
    expect(await cli.run('track 13:00-14:00 task:1')).toMatchObject({ code: 0 });
    await cli.run('sync');
    const work = async () =>
      (await hub.day()).segments.filter(({ lane }) => lane === 'task').map(({ from, to }) => [from, to]);
    expect(await work()).toEqual([
      [hub.us('12:00'), hub.us('13:00')],
      [hub.us('15:00'), hub.us('18:00')],
    ]);
    await cli.run('revert');
    await cli.run('sync');
    expect(await work()).toEqual([[hub.us('15:00'), hub.us('18:00')]]);
  });

  test('a hub that refuses the token, or is away, is named; without it the day is this device’s', async () => {
    cli.database.write(() => ({ sync_user_id: '11111111-1111-4111-8111-111111111111' }));
    expect(await cli.run('day')).toMatchObject({ code: 4, err: expect.stringContaining('the hub refuses the token') });
    expect(await cli.run('track 9:00-10:00 x')).toMatchObject({ code: 4 });
    expect(await cli.run('track list')).toMatchObject({ code: 4 });
    cli.database.write(() => ({ sync_host: '127.0.0.1:9' }));
    const { code, err } = await cli.run('day 2026-11-28');
    expect(code).toBe(0);
    expect(err).toMatch(/^note: the hub was not reached \(.*\): this is only the work on the tasks of this device\n$/);
    // It waits here (time.test.ts and sync.test.ts).
    expect(await cli.run('track 9:00-10:00 x')).toMatchObject({
      code: 0,
      err: expect.stringContaining('was not reached'),
    });
    expect(cli.database.read().entries).toMatchObject([{ text: 'x' }]);
  });

  test('the installed command prints the hub’s day and ends', async () => {
    const { folder } = cli;
    const kronos = (...words: readonly string[]) => runIn(leftovers, folder, process.execPath, bin, ...words);
    const { code, out, err } = await kronos('day', '2026-11-28', '--json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual(await hub.day());
    const drawn = await kronos('day', '2026-11-28');
    expect([drawn.code, drawn.out.split('\n').slice(0, 2)]).toEqual([0, ['Sat 28 Nov 2026, Europe/Paris', '1h']]);
    expect((await kronos('week', '2026-11-28')).out).toContain('Sat 28 Nov');
    expect(await kronos('track', '2026-11-27', '9:00-10:15', 'review')).toMatchObject({ code: 0, err: '' });
    expect((await hub.get('/-/day/2026-11-27')).total / 60_000_000).toBe(75);
  });
});
