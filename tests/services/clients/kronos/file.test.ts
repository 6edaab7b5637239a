// The database file: its content for a person, invalid files, and that neither concurrent commands nor a killed one lose data. The files and
// processes are real.

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { emptyDatabase } from '../../../../clients/kronos/data/database.ts';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import { tryLock } from '../../../../clients/typescript/lock-file.ts';
import { TestCli } from '../../../harness/cli-context.ts';
import { bin, run } from '../../../harness/installed-kronos.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const kronos = (folder: string, ...words: readonly string[]) => run(leftovers, folder, process.execPath, bin, ...words);

describe('the file', () => {
  test('has options and tasks a line each, and is its owner’s alone', async () => {
    const path = join(leftovers.folder(), 'deep', 'kronos.json');
    const cli = new TestCli(new DatabaseFile(path));
    await cli.run('a buy milk +home');
    await cli.run('c home');
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n').slice(0, 12)).toEqual([
      '{',
      '  "hide_done": true,',
      '  "enable_sync": false,',
      '  "sync_host": "localhost:5600",',
      '  "sync_user_id": "",',
      '  "sync_device_id": "",',
      '  "sync_version": 1519935660000,',
      '  "sync_epoch": "",',
      '  "context": ["home"],',
      '  "tasks": [',
      '    {"index":"task-1","id":1,"desc":"buy milk","tags":["home"],"active":0,"last_active":0,"due":0,"done":0,"worktime":0}',
      '  ],',
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    expect(new DatabaseFile(path).read().tasks).toHaveLength(1);
  });

  test('that does not exist is an empty database; an action without changes does not create it', async () => {
    const path = join(leftovers.folder(), 'kronos.json');
    const cli = new TestCli(new DatabaseFile(path));
    expect(new DatabaseFile(path).read()).toEqual(emptyDatabase);
    await cli.run('l');
    await cli.run('do 1');
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    ['{', 'in JSON'],
    ['[]', 'not a JSON object'],
    ['{"tasks":[{"id":1}]}', '"tasks" has the wrong type'],
    [
      '{"tasks":[{"index":"k","id":"1","desc":"","tags":[],"active":0,"last_active":0,"due":0,"done":0,"worktime":0}]}',
      '"tasks"',
    ],
    // An edit of the task would go to the log, which is refused with such a field: nothing could be read any more.
    [
      '{"tasks":[{"index":"k","id":1,"desc":"","tags":[],"active":0,"last_active":0,"due":0,"done":0,"worktime":0,"color":"red"}]}',
      '"tasks"',
    ],
    ['{"hide_done":1}', '"hide_done"'],
    ['{"context":[1]}', '"context"'],
    ['{"queue":[{"index":"k","before":{"tags":1},"after":null}]}', '"queue"'],
    ['{"log":[{}]}', '"log"'],
  ])('that contains %s is refused and not changed', async (text, reason) => {
    const path = join(leftovers.folder(), 'kronos.json');
    writeFileSync(path, text);
    const cli = new TestCli(new DatabaseFile(path));
    for (const line of ['l', 'a x']) {
      const { code, err } = await cli.run(line);
      expect(code).toBe(1);
      expect(err).toContain('read database failed');
      expect(err).toContain(reason);
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('that cannot be written leads to an error', async () => {
    const folder = leftovers.folder();
    writeFileSync(join(folder, 'no-folder'), '');
    const cli = new TestCli(new DatabaseFile(join(folder, 'no-folder', 'kronos.json')));
    const { code, err } = await cli.run('a x');
    expect(code).toBe(1);
    expect(err).toMatch(/^task add failed\nwrite database failed\n {2}E/);
  });

  test('may be a link, and stays one', async () => {
    const folder = leftovers.folder();
    mkdirSync(join(folder, 'dotfiles'));
    const [link, real] = [join(folder, 'kronos.json'), join(folder, 'dotfiles', 'mine.json')];
    writeFileSync(real, '{}');
    symlinkSync(real, link);
    await new TestCli(new DatabaseFile(link)).run('a x');
    expect(new DatabaseFile(real).read().tasks).toHaveLength(1);
    expect(new DatabaseFile(link).read().tasks).toHaveLength(1);
  });
});

describe('the lock', () => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  /** A folder with a lock file that a dead process left. */
  function leftLock(content: string, written = new Date()): { path: string; cli: TestCli } {
    const path = join(leftovers.folder(), 'kronos.json');
    writeFileSync(`${path}.lock`, content);
    utimesSync(`${path}.lock`, written, written);
    const cli = new TestCli(new DatabaseFile(path, { patienceMs: 0 }));
    cli.folder = dirname(path);
    return { path, cli };
  }
  async function deadProcess(): Promise<number | undefined> {
    const dead = spawn(process.execPath, ['-e', '0']);
    await new Promise((resolve) => dead.once('exit', resolve));
    return dead.pid;
  }

  test.each<[string, () => Promise<string>, number]>([
    ['is empty', async () => '', 1],
    ['has unreadable content', async () => '\u0000\u0000', 1],
    ['names a process that ended', async () => `${await deadProcess()}@${hostname()} 1 1`, 0],
    ['an earlier version left, whose process ended', async () => `${await deadProcess()}@${hostname()}`, 0],
    ['names a living process that started later than the lock', async () => `${process.ppid}@${hostname()} 1 1`, 0],
    ['another machine left more than a minute ago', async () => '1@another-machine 1 1', 2],
  ])('that %s blocks no command, and doctor reports it', async (_, content, minutes) => {
    const { path, cli } = leftLock(await content(), minutesAgo(minutes));
    expect((await cli.run('doctor')).out).toContain(`WRONG lock: ${path}.lock `);
    expect(await cli.run('a x')).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(dirname(path))).toEqual(['kronos.json']);
  });

  test.each([
    ['another machine holds', '1@another-machine 1 1'],
    ['an earlier version holds', `${process.ppid}@${hostname()}`],
  ])('that %s is not taken', async (_, content) => {
    const { path, cli } = leftLock(content);
    const { code, err } = await cli.run('a y');
    expect(code).toBe(1);
    const holder = content.split(' ')[0];
    expect(err).toContain(
      `kronos.json.lock is locked by process ${holder}; if that process does not exist, delete the file`,
    );
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe(content);
  });

  test.each([
    ['no problem while the lock is young', 0, false],
    ['a problem when the lock is old', 1, true],
  ])('that a running process holds is %s', async (_, minutes, isProblem) => {
    const { cli } = leftLock(`${process.ppid}@${hostname()}`, minutesAgo(minutes));
    expect((await cli.run('doctor')).out.includes('WRONG lock: process')).toBe(isProblem);
  });

  test('is held by one at a time, and released only by its holder', () => {
    const path = join(leftovers.folder(), 'a.lock');
    const lock = tryLock(path);
    expect(tryLock(path)).toBeUndefined();
    expect(lock?.isHeld()).toBe(true);
    writeFileSync(path, '1@another-machine 1 1');
    expect(lock?.isHeld()).toBe(false);
    lock?.release();
    expect(existsSync(path)).toBe(true);
  });

  test('lets twenty commands at once lose nothing', async () => {
    const folder = leftovers.folder();
    await kronos(folder, 'add', 'first');
    const ran = await Promise.all(Array.from({ length: 20 }, (_, at) => kronos(folder, 'add', `task ${at}`)));
    expect(ran.map(({ code, err }) => [code, err])).toEqual(ran.map(() => [0, '']));
    const { tasks, log } = new DatabaseFile(join(folder, 'kronos.json')).read();
    expect(tasks.map(({ id }) => id)).toEqual(Array.from({ length: 21 }, (_, at) => at + 1));
    expect(new Set(tasks.map(({ desc }) => desc)).size).toBe(21);
    expect(log.map(({ n }) => n)).toEqual(tasks.map(({ id }) => id));
  });
});
