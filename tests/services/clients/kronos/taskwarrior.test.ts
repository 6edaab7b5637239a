// Imports from and exports to the real Taskwarrior. Each test has its own task list.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import { TestCli } from '../../../harness/cli-context.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const isInstalled = spawnSync('task', ['--version']).status === 0;
if (!isInstalled) console.warn('SKIPPED: Taskwarrior is not tried, because the command task is not installed');

type Exported = Readonly<Record<string, unknown>>;

class TaskList {
  #rc: string;

  constructor() {
    const folder = leftovers.folder();
    mkdirSync(join(folder, 'data'));
    this.#rc = join(folder, 'taskrc');
    writeFileSync(
      this.#rc,
      [
        `data.location=${join(folder, 'data')}`,
        'confirmation=off',
        'verbose=nothing',
        'uda.estimate.type=numeric',
        'uda.ticket.type=string',
      ].join('\n'),
    );
  }

  run(args: string, input = ''): string {
    const env = { ...process.env, TASKRC: this.#rc, TZ: 'UTC' };
    return execFileSync('task', args.split(' '), { env, input, stdio: ['pipe', 'pipe', 'ignore'] }).toString();
  }

  /** The export without the fields that Taskwarrior computes. */
  exported(): readonly Exported[] {
    const tasks: readonly Exported[] = JSON.parse(this.run('export'));
    return tasks.map(({ id: _, urgency: _computed, modified: _stamp, ...task }) => task);
  }
}

(isInstalled ? describe : describe.skip)('with the real Taskwarrior', () => {
  function fill(list: TaskList): void {
    list.run('add buy paint +shop project:home.door');
    list.run('add paint the door priority:H depends:1 wait:2030-01-01 due:2030-02-01 estimate:3 ticket:AB-1');
    list.run('2 annotate blue, not "green"');
    list.run('add water plants recur:weekly due:2030-03-01');
    list.run('list');
    list.run('add throw away');
    list.run('add pay rent');
    list.run('/throw/ delete');
    list.run('/rent/ done');
  }

  test('a list imported into kronos and exported into another Taskwarrior is the same there', async () => {
    const [list, copy] = [new TaskList(), new TaskList()];
    fill(list);
    const kronos = new TestCli(new DatabaseFile(join(leftovers.folder(), 'kronos.json')));
    kronos.stdin = list.run('export');
    const { code, out, err } = await kronos.run('import taskwarrior -');
    expect({ code, out }).toEqual({ code: 0, out: '4 tasks added; 0 were here already\n' });
    const lines = kronos.stdin.split('\n');
    const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
    expect(err.split('\n').sort()).toEqual(
      [
        '',
        `-:${lineOf('throw away')}: skipped: "throw away": deleted in Taskwarrior`,
        `-:${lineOf('"recurring"')}: skipped: "water plants": the template of a recurring task: the last of its open tasks recurs instead`,
      ].sort(),
    );
    copy.run('import -', (await kronos.run('export taskwarrior')).out);
    const uuids = (tasks: readonly Exported[]) => tasks.map(({ uuid }) => String(uuid)).sort();
    const current = list.exported().filter(({ status }) => status !== 'deleted' && status !== 'recurring');
    expect(uuids(copy.exported())).toEqual(uuids(current));
    for (const task of current) {
      expect(copy.exported()).toContainEqual(task);
    }
  });

  test('an export changes in Taskwarrior exactly the fields that were changed in kronos', async () => {
    const list = new TaskList();
    fill(list);
    const kronos = new TestCli(new DatabaseFile(join(leftovers.folder(), 'kronos.json')));
    kronos.stdin = list.run('export');
    await kronos.run('import taskwarrior -');
    const before = list.exported().find(({ description }) => description === 'paint the door');
    expect(await kronos.run('update 2 paint the red door +red')).toMatchObject({ code: 0 });
    list.run('import -', (await kronos.run('export taskwarrior')).out);
    const after = list.exported().find(({ description }) => description === 'paint the red door');
    expect(after).toEqual({ ...before, description: 'paint the red door', tags: ['red'] });
  });

  test('what kronos plans comes back the same from Taskwarrior', async () => {
    const list = new TaskList();
    const kronos = new TestCli(new DatabaseFile(join(leftovers.folder(), 'kronos.json')), 'a');
    for (const line of [
      'add buy paint @home.door +shop',
      'add paint needs:1 priority:high wait:fri scheduled:sat :sun',
      'note 2 blue',
      'note 2 not green',
      'add water :1w every:3d-after-done priority:low',
      'add rent :31 every:month priority:medium',
      'done 1',
    ])
      expect(await kronos.run(line)).toMatchObject({ code: 0 });
    list.run('import -', (await kronos.run('export taskwarrior')).out);
    const other = new TestCli(new DatabaseFile(join(leftovers.folder(), 'kronos.json')), 'b');
    other.stdin = list.run('export');
    expect(await other.run('import taskwarrior -')).toMatchObject({ code: 0, err: '' });
    const plans = async (cli: TestCli) => {
      const tasks: Readonly<Record<string, unknown>>[] = JSON.parse((await cli.run('export taskwarrior')).out);
      return tasks.map(({ entry: _, ...task }) => JSON.stringify(Object.entries(task).sort())).sort();
    };
    expect(await plans(other)).toEqual(await plans(kronos));
    // A list that is here already is known again.
    kronos.stdin = list.run('export');
    expect(await kronos.run('import taskwarrior -')).toMatchObject({ out: '0 tasks added; 4 were here already\n' });
  });

  test('a recurring task of Taskwarrior recurs in kronos, once', async () => {
    const list = new TaskList();
    list.run('add water recur:weekly due:2030-03-01');
    list.run('list');
    const kronos = new TestCli(new DatabaseFile(join(leftovers.folder(), 'kronos.json')));
    kronos.stdin = list.run('export');
    await kronos.run('import taskwarrior -');
    const id = kronos.database.read().tasks[0]?.id;
    expect(await kronos.run(`done ${id}`)).toMatchObject({ code: 0, out: expect.stringContaining('is the next one') });
    expect(kronos.database.read().tasks.filter(({ done }) => done === 0)).toMatchObject([
      { desc: 'water', every: 'weekly' },
    ]);
  });
});
