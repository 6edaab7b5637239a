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
        `-:${lineOf('"recurring"')}: skipped: "water plants": the template of a recurring task: its tasks are imported, the template is not`,
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
});
