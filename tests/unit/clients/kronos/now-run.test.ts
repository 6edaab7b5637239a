// The commands `now` and `run`, and the program that `run` and `watch` start.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { runProcess } from '../../../../clients/kronos/cli/run-process.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';

let keeper: MemoryDatabase;
let cli: TestCli;
beforeEach(async () => {
  keeper = new MemoryDatabase();
  cli = new TestCli(keeper);
  await cli.run('add write the report @work.paper +draft');
  await cli.run('add call Bob :1d');
});

const pass = (seconds: number) => {
  cli.now += seconds * 1_000;
};

describe('now', () => {
  test('shows what runs, the latest first, and teaches where nothing does', async () => {
    expect(await cli.run('now')).toEqual({
      code: 0,
      out: '',
      err: 'no task is running: start one with "kronos start <id>"\n',
    });
    await cli.run('start 1');
    pass(3_900);
    await cli.run('start 2');
    pass(60);
    expect(await cli.run('now')).toEqual({
      code: 0,
      out: 'task 2: call Bob (1min)\ntask 1: write the report (1h 6min)\n',
      err: '',
    });
    expect(JSON.parse((await cli.run('now --json')).out)).toMatchObject([{ id: 2 }, { id: 1 }]);
  });

  test.each([
    ['{task}', 'call Bob · write the report'],
    ['{id} {elapsed}', '2 0:01 · 1 1:06'],
    ['{project} {tags}', ' · work.paper draft'],
    ['{worktime} {due}', '1min in 23h · 2h'],
    ['▶ {task}', '▶ call Bob · ▶ write the report'],
  ])('--format %s', async (format, line) => {
    await cli.run('start 1');
    pass(3_900);
    await cli.run('start 2');
    pass(60);
    expect(await cli.run(`now --format ${format}`)).toEqual({ code: 0, out: `${line}\n`, err: '' });
  });

  test('a status line is empty where nothing runs, and obeys no text', async () => {
    expect(await cli.run('now --format {task}')).toEqual({ code: 0, out: '\n', err: '' });
    await cli.words(['add', 'x\u001b[31m']);
    await cli.run('start 3');
    expect((await cli.run('now --format {task}')).out).not.toContain('\u001b');
  });

  test('refuses unknown names and words', async () => {
    expect(await cli.run('now --format {name}')).toEqual({
      code: 2,
      out: '',
      err: 'unknown {name}: use {task} {id} {project} {tags} {elapsed} {worktime} {due}\n',
    });
    expect(await cli.run('now 1')).toMatchObject({ code: 2, err: 'Usage: kronos now [--format <text>]\n' });
  });
});

describe('run', () => {
  test('works on the task while the program runs, and ends with its exit code', async () => {
    let running: boolean | undefined;
    cli.onRun = ({ words, env }) => {
      running = keeper.database.tasks[0]?.active !== 0;
      expect([words, env]).toEqual([['make', 'test', '--fast'], { KRONOS_TASK: '1' }]);
      pass(120);
      return 2;
    };
    expect(await cli.run('run 1 -- make test --fast')).toEqual({ code: 2, out: '', err: '' });
    expect(running).toBe(true);
    expect(keeper.database.tasks[0]).toMatchObject({ active: 0, worktime: 120 });
    expect(keeper.database.log.map(({ action }) => action)).toEqual(['add', 'add', 'start', 'stop']);
  });

  test('leaves a task running that ran before', async () => {
    await cli.run('start 1');
    await cli.run('run 1 -- true');
    expect(keeper.database.tasks[0]?.active).not.toBe(0);
  });

  test('stops the task under the id that it has by then', async () => {
    cli.onRun = async () => {
      pass(60);
      keeper.database = {
        ...keeper.database,
        tasks: keeper.database.tasks.map((task) => (task.id === 1 ? { ...task, id: 9 } : task)),
      };
      return 0;
    };
    await cli.run('run 1 -- true');
    expect(keeper.database.tasks[0]).toMatchObject({ id: 9, active: 0, worktime: 60 });
  });

  test('refuses', async () => {
    const usage = 'Usage: kronos run <id> -- <program> [argument…]\n';
    for (const line of ['run', 'run 1', 'run 1 --', 'run 1 2 -- true', 'run 1 make'])
      expect([line, await cli.run(line)]).toEqual([line, { code: 2, out: '', err: usage }]);
    expect(await cli.run('run 7 -- true')).toEqual({ code: 3, out: '', err: 'task not found\n' });
    expect(await cli.run('run x -- true')).toEqual({ code: 2, out: '', err: 'invalid id\n' });
    await cli.run('done 1');
    expect(await cli.run(`run ${keeper.database.tasks[0]?.id} -- true`)).toEqual({
      code: 1,
      out: '',
      err: 'task already done\n',
    });
    cli.onRun = () => 127;
    expect(await cli.run('run 2 -- nothing')).toEqual({ code: 127, out: '', err: 'nothing: command not found\n' });
    expect(keeper.database.tasks[1]).toMatchObject({ active: 0 });
  });
});

describe('a program in the foreground', () => {
  test.each([
    [['sh', '-c', 'exit 3'], 3],
    [['true'], 0],
    [['no-such-program-of-kronos'], 127],
    [['sh', '-c', 'kill -9 $$'], 137],
    [['sh', '-c', 'test "$(cat)" = text && test "$KRONOS_KEY" = k'], 0],
  ])('%j ends with %d', async (words, code) => {
    expect(await runProcess({ words, env: { KRONOS_KEY: 'k' }, input: 'text' })).toBe(code);
  });
});
