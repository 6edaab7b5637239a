// Every action with its short form: output, exact error messages and exit codes, and the examples of the specification.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { DatabaseError, emptyDatabase } from '../../../../clients/kronos/data/database.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { shown } from '../../../harness/zones.ts';

let keeper: MemoryDatabase;
let cli: TestCli;
beforeEach(() => {
  keeper = new MemoryDatabase();
  cli = new TestCli(keeper);
});

const now = () => cli.now / 1_000;
const pass = (seconds: number) => {
  cli.now += seconds * 1_000;
};
const tasks = () => keeper.database.tasks;
const printed = (out: string) => ({ code: 0, out: `${out}\n`, err: '' });
const refused = (code: number, err: string) => ({ code, out: '', err: `${err}\n` });

describe.each(['add', 'a'])('%s', (add) => {
  test('creates a task with the given fields; all other fields are empty', async () => {
    expect(await cli.run(`${add} my awesome task +firstTask :3:18 +awesome`)).toEqual(
      printed('task 1 added: my awesome task'),
    );
    expect(tasks()).toEqual([
      {
        index: 'task-1',
        id: 1,
        desc: 'my awesome task',
        tags: ['firstTask', 'awesome'],
        active: 0,
        last_active: 0,
        due: tasks()[0]?.due,
        done: 0,
        worktime: 0,
      },
    ]);
    expect(shown(tasks()[0]?.due, 'Europe/Paris')).toBe('2018-03-03T18:00:00+01:00');
  });

  test('gives the smallest free id', async () => {
    for (const line of ['one', 'two', 'three']) await cli.run(`${add} ${line}`);
    await cli.run('del 2');
    expect(await cli.run(`${add} again`)).toEqual(printed('task 2 added: again'));
  });

  test('refuses, with the property', async () => {
    const usage = 'Usage: kronos add <desc> [+tag…] [:due] [@project] [name:value…]';
    expect(await cli.run(`${add}`)).toEqual(refused(2, `invalid desc\n${usage}`));
    expect(await cli.run(`${add} +tag :1d`)).toEqual(refused(2, `invalid desc\n${usage}`));
    expect(await cli.run(`${add} x +t!`)).toEqual(
      refused(2, `invalid tags\n  a tag has letters, digits, - and _\n${usage}`),
    );
    expect(await cli.run(`${add} x :010118`)).toEqual(
      refused(2, `invalid due\n  no such date, or it has passed; or the line has two\n${usage}`),
    );
    expect(tasks()).toEqual([]);
  });

  test('reads tasks from standard input, one a line, and adds all of them or none', async () => {
    cli.stdin = 'water the plants +home\n\r\ncall Bob :1d\r\n';
    expect(await cli.words([add, '-', '+inbox'])).toEqual(
      printed('task 1 added: water the plants\ntask 2 added: call Bob'),
    );
    expect(tasks().map(({ desc, tags }) => [desc, tags])).toEqual([
      ['water the plants', ['home', 'inbox']],
      ['call Bob', ['inbox']],
    ]);
    cli.stdin = 'good\nbad :99\n';
    expect(await cli.words([add, '-'])).toEqual(
      refused(
        2,
        'invalid due\n  bad :99\n  no such date, or it has passed; or the line has two\nUsage: kronos add <desc> [+tag…] [:due] [@project] [name:value…]',
      ),
    );
    expect(tasks()).toHaveLength(2);
  });

  test('parses words with two dashes as options, except after --', async () => {
    expect(await cli.run(`${add} x --json`)).toMatchObject({ code: 0, out: expect.stringContaining('"desc": "x"') });
    expect(await cli.run(`${add} x --what`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('unknown option --what'),
    });
    expect(await cli.run(`${add} -- x --what`)).toMatchObject({ code: 0 });
    expect(tasks().at(-1)?.desc).toBe('x --what');
  });
});

describe.each(['info', 'i'])('%s', (info) => {
  test('shows all fields in full', async () => {
    await cli.run('a my task +a +b :1d');
    await cli.run('start 1');
    pass(3 * 3_600 + 45 * 60 + 10);
    await cli.run('stop 1');
    expect(await cli.run(`${info} 1`)).toEqual(
      printed(
        [
          'Id           1',
          'Desc         my task',
          'Tags         a b',
          'Active',
          'Last active  2018-03-02T00:06:10',
          'Due          2018-03-02T20:21:00',
          'Done',
          'Worktime     3h 45min 10s',
        ].join('\n'),
      ),
    );
  });

  test('is JSON where that is asked for', async () => {
    await cli.run('a my task');
    const { out } = await cli.run(`${info} 1 --json`);
    expect(JSON.parse(out)).toEqual(tasks()[0]);
  });

  test('refuses', async () => {
    expect(await cli.run(`${info} 9`)).toEqual(refused(3, 'task not found'));
    expect(await cli.run(`${info} nine`)).toEqual(refused(2, 'invalid id\nUsage: kronos info <id>'));
    expect(await cli.run(`${info}`)).toEqual(refused(2, 'invalid id\nUsage: kronos info <id>'));
    expect(await cli.run(`${info} 1 2`)).toEqual(refused(2, 'invalid id\nUsage: kronos info <id>'));
  });
});

describe.each(['list', 'l'])('%s', (list) => {
  const head = 'ID  DESC  TAGS  ACTIVE  DUE  WORKTIME';

  test('shows nothing but the titles where there is nothing', async () => {
    expect(await cli.run(list)).toEqual(printed(head));
    expect(JSON.parse((await cli.run(`${list} --json`)).out)).toEqual([]);
  });

  test('shows tasks by id, in their short form, without done tasks', async () => {
    await cli.run('a buy milk +home +shop :1d');
    await cli.run('a call Bob');
    await cli.run('a done soon');
    await cli.run('s 2');
    pass(61);
    await cli.run('do 3');
    expect(await cli.run(list)).toEqual(
      printed(
        [
          'ID  DESC      TAGS       ACTIVE    DUE     WORKTIME',
          '1   buy milk  home shop            in 24h  0s',
          '2   call Bob             1min ago          0s',
        ].join('\n'),
      ),
    );
  });

  test('shows done tasks after the others, without an id, when they are not hidden', async () => {
    await cli.run('a one');
    await cli.run('a two');
    await cli.run('do 1');
    await cli.run('h');
    expect((await cli.run(list)).out.split('\n').slice(1, 3)).toEqual([
      '2   two                      0s',
      '-   one                      0s',
    ]);
  });

  test('is cut to a terminal, coloured in one that wants colours, and obeys no text', async () => {
    await cli.words(['a', `a rather long description of ${'\u001b'}[31mevil 日本語 and more`]);
    await cli.run('s 1');
    cli.width = 50;
    cli.colour = true;
    const { out } = await cli.run(list);
    expect(out).toContain('\u001b[32m1   ');
    expect(out).toContain('…');
    expect(out).not.toContain('\u001b[31m');
    cli.colour = false;
    expect((await cli.run(list)).out).not.toContain('\u001b');
  });

  test('refuses words that are no filter', async () => {
    const usage = 'Usage: kronos list [filter…] [sort:key] [limit:n]';
    expect(await cli.run(`${list} due.before:never`)).toEqual(
      refused(2, `invalid filter\n  due.before:never: no such date\n${usage}`),
    );
  });
});

describe.each(['update', 'u'])('%s', (update) => {
  beforeEach(async () => {
    await cli.run('a buy milk +oldtag +kept :1d');
  });

  test('of the text: -oldtag +newtag', async () => {
    expect(await cli.run(`${update} 1 -oldtag +newtag`)).toEqual(printed('task 1 updated: buy milk'));
    expect(tasks()[0]).toMatchObject({ desc: 'buy milk', tags: ['kept', 'newtag'], due: now() + 86_400 });
  });

  test('replaces the description and the due date if they are given', async () => {
    await cli.run(`${update} 1 buy bread`);
    expect(tasks()[0]).toMatchObject({ desc: 'buy bread', tags: ['oldtag', 'kept'], due: now() + 86_400 });
    await cli.run(`${update} 1 :2d`);
    expect(tasks()[0]).toMatchObject({ desc: 'buy bread', due: now() + 2 * 86_400 });
  });

  test('refuses', async () => {
    const usage = 'Usage: kronos update <id> [desc] [+tag…] [-tag…] [:due] [@project] [name:value…]';
    expect(await cli.run(`${update} 9 x`)).toEqual(refused(3, 'task not found'));
    expect(await cli.run(`${update}`)).toEqual(refused(2, `invalid id\n${usage}`));
    expect(await cli.run(`${update} 1`)).toEqual(refused(2, `nothing to update\n${usage}`));
    expect(await cli.run(`${update} 1 -t!`)).toEqual(
      refused(2, `invalid tags\n  a tag has letters, digits, - and _\n${usage}`),
    );
    expect(await cli.run(`${update} 1 :x`)).toEqual(
      refused(2, `invalid due\n  no such date, or it has passed; or the line has two\n${usage}`),
    );
  });
});

describe.each(['delete', 'del'])('%s', (remove) => {
  test('takes a task away', async () => {
    await cli.run('a one');
    expect(await cli.run(`${remove} 1`)).toEqual(printed('task 1 deleted: one'));
    expect(tasks()).toEqual([]);
    expect(await cli.run(`${remove} 1`)).toEqual(refused(3, 'task not found'));
  });

  test('takes no task that is done for the one that had its id', async () => {
    await cli.run('a one');
    await cli.run('do 1');
    const { id } = tasks()[0] ?? {};
    expect(await cli.run(`${remove} 1`)).toEqual(
      refused(3, `task not found\n  "one", which was listed as 1, is task ${id} now`),
    );
  });
});

describe('start and stop', () => {
  beforeEach(async () => {
    await cli.run('a one');
  });

  test('set active, and add up the time between', async () => {
    expect(await cli.run('start 1')).toEqual(printed('task 1 started: one'));
    const began = now();
    expect(tasks()[0]).toMatchObject({ active: began, last_active: 0, worktime: 0 });
    pass(10);
    expect(await cli.run('stop 1')).toEqual(printed('task 1 stopped: one'));
    expect(tasks()[0]).toMatchObject({ active: 0, last_active: began + 10, worktime: 10 });
    await cli.run('start 1');
    pass(5);
    await cli.run('stop 1');
    expect(tasks()[0]).toMatchObject({ active: 0, worktime: 15 });
  });

  test('refuse', async () => {
    expect(await cli.run('stop 1')).toEqual(refused(1, 'task already stopped'));
    await cli.run('start 1');
    expect(await cli.run('start 1')).toEqual(refused(1, 'task already started'));
    expect(await cli.run('start 2')).toEqual(refused(3, 'task not found'));
    expect(await cli.run('stop 2')).toEqual(refused(3, 'task not found'));
    await cli.run('do 1');
    expect(await cli.run(`start ${tasks()[0]?.id}`)).toEqual(refused(1, 'task already done'));
  });
});

describe.each(['toggle', 's', 'toggle start/stop'])('%s', (toggle) => {
  test('starts, then stops', async () => {
    await cli.run('a one');
    expect(await cli.run(`${toggle} 1`)).toEqual(printed('task 1 started: one'));
    expect(await cli.run(`${toggle} 1`)).toEqual(printed('task 1 stopped: one'));
    expect(await cli.run(`${toggle} 2`)).toEqual(refused(3, 'task not found'));
  });
});

describe.each([
  ['done', 'undone'],
  ['do', 'undo'],
])('%s and %s', (done, undone) => {
  test('of the text: id 5 becomes 51530716924', async () => {
    keeper.database = {
      ...emptyDatabase,
      tasks: [
        { index: 'k', id: 5, desc: 'x', tags: [], active: 1_530_716_900, last_active: 0, due: 0, done: 0, worktime: 6 },
      ],
    };
    cli.now = 1_530_716_924_000;
    expect(await cli.run(`${done} 5`)).toEqual(printed('task 5 done: x'));
    expect(tasks()).toEqual([
      {
        index: 'k',
        id: 51_530_716_924,
        desc: 'x',
        tags: [],
        active: 0,
        last_active: 1_530_716_924,
        due: 0,
        done: 1_530_716_924,
        worktime: 30,
        intervals: '1530716900+24',
      },
    ]);
  });

  test('undoing gives a free id, by the id it has or had', async () => {
    await cli.run('a one');
    await cli.run('a two');
    await cli.run(`${done} 1`);
    await cli.run('a three');
    expect(await cli.run(`${undone} ${tasks()[0]?.id}`)).toEqual(printed('task 3 undone: one'));
    expect(tasks()[0]).toMatchObject({ id: 3, done: 0, desc: 'one' });
    await cli.run(`${done} 3`);
    expect(await cli.run(`${undone} 3`)).toEqual(printed('task 3 undone: one'));
  });

  test('refuse', async () => {
    await cli.run('a one');
    expect(await cli.run(`${undone} 1`)).toEqual(refused(1, 'task not done'));
    expect(await cli.run(`${done} 2`)).toEqual(refused(3, 'task not found'));
    expect(await cli.run(`${undone} 2`)).toEqual(refused(3, 'task not found'));
    await cli.run(`${done} 1`);
    expect(await cli.run(`${done} 1`)).toEqual(refused(1, 'task already done'));
    expect(await cli.run(`${done} ${tasks()[0]?.id}`)).toEqual(refused(1, 'task already done'));
  });
});

describe('an id that names another task than it did when it was last listed', () => {
  /** Gives the task another id, as a sync does when another device's task has the same id. */
  const renumber = () =>
    keeper.write(({ tasks: [one, two] }) => ({
      tasks:
        one === undefined || two === undefined
          ? []
          : [
              { ...one, id: 2 },
              { ...two, id: 1 },
            ],
    }));
  beforeEach(async () => {
    for (const line of ['a buy milk', 'a pay rent', 'list']) await cli.run(line);
    renumber();
  });
  const text = 'task 1 is "pay rent" now; when tasks were last listed, it was "buy milk"\n';

  test.each(['done 1', 'delete 1', 'start 1', 'toggle 1', 'update 1 x'])('%s does nothing to it', async (line) => {
    const before = tasks();
    expect(await cli.run(line)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(text) });
    expect(tasks()).toEqual(before);
  });

  test('is refused without a terminal, with advice', async () => {
    expect(await cli.run('done 1')).toEqual(
      refused(
        1,
        `${text}  Nothing was changed. Run "kronos list" for the ids of today, or repeat the command with --yes.`,
      ),
    );
    expect(tasks().map(({ done }) => done)).toEqual([0, 0]);
  });

  test('is asked about at a terminal: yes does it, no changes nothing', async () => {
    cli.answer = 'no';
    expect(await cli.run('done 1')).toEqual(refused(1, `${text}Nothing was changed.`));
    cli.answer = 'yes';
    expect(await cli.run('done 1')).toEqual({ code: 0, out: 'task 1 done: pay rent\n', err: text });
  });

  test('is accepted with --yes, or after another list', async () => {
    expect(await cli.run('start 1 --yes')).toEqual(printed('task 1 started: pay rent'));
    await cli.run('list');
    expect(await cli.run('done 1')).toEqual(printed('task 1 done: pay rent'));
  });

  test('is known from the answer of an action, too', async () => {
    expect(await cli.run('info 1')).toMatchObject({ code: 0 });
    expect(await cli.run('start 1')).toEqual(printed('task 1 started: pay rent'));
  });

  test('that no longer names a task is reported as moved', async () => {
    keeper.write(({ tasks: all }) => ({ tasks: all.map((task) => ({ ...task, id: task.id + 10 })) }));
    expect(await cli.run('done 2')).toEqual(
      refused(3, 'task not found\n  "pay rent", which was listed as 2, is task 11 now'),
    );
  });
});

describe.each(['hide', 'h', 'toggle hide done'])('%s', (hide) => {
  test('toggles the option, which is on by default', async () => {
    expect(await cli.run(hide)).toEqual(printed('done tasks are shown'));
    expect(keeper.database.hide_done).toBe(false);
    expect(await cli.run(hide)).toEqual(printed('done tasks are hidden'));
    expect(keeper.database.hide_done).toBe(true);
  });
});

describe.each(['worktime', 'w'])('%s', (worktime) => {
  test('of the text: tag1 tag2', async () => {
    for (const tags of ['+tag1 +tag2', '+tag1', '+tag2 +tag1 +tag3', '']) await cli.run(`a x ${tags}`);
    for (const id of [1, 2, 3, 4]) await cli.run(`start ${id}`);
    pass(60);
    await cli.run('stop 1');
    pass(3_600);
    expect(await cli.run(`${worktime} tag1 tag2`)).toEqual(printed('1h 2min'));
    expect(await cli.run(`${worktime} +tag1`)).toEqual(printed('2h 3min'));
    expect(await cli.run(worktime)).toEqual(printed('3h 4min'));
    expect(await cli.run(`${worktime} none`)).toEqual(printed('0s'));
    expect(JSON.parse((await cli.run(`${worktime} tag3 --json`)).out)).toEqual({ tags: ['tag3'], worktime: 3_660 });
    expect(await cli.run(`${worktime} t!`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('invalid tags\n'),
    });
  });
});

describe.each(['context', 'c'])('%s', (context) => {
  test('of the text: project-A', async () => {
    await cli.run('a other');
    expect(await cli.run(`${context} project-A`)).toEqual(printed('context set to project-A'));
    await cli.run('a mine +x');
    expect(tasks()[1]?.tags).toEqual(['x', 'project-A']);
    expect((await cli.run('l')).out).toMatch(/^ID.*\n2 {3}mine .*\n$/);
    expect(await cli.run(context)).toEqual(printed('context cleared'));
    expect((await cli.run('l')).out.split('\n')).toHaveLength(4);
  });

  test('of two tags lists tasks with either, and gives new ones both', async () => {
    await cli.run('a one +a');
    await cli.run('a two +b');
    await cli.run('a three +c');
    await cli.run(`${context} a +b`);
    await cli.run('a four');
    const { out } = await cli.run('l --json');
    expect(JSON.parse(out).map(({ desc, tags }: { desc: string; tags: string[] }) => [desc, tags])).toEqual([
      ['one', ['a']],
      ['two', ['b']],
      ['four', ['a', 'b']],
    ]);
    expect(await cli.run(`${context} a!`)).toMatchObject({ code: 2, err: expect.stringContaining('invalid tags\n') });
  });
});

describe('a database that fails', () => {
  test.each([
    ['add x', 'task add failed'],
    ['info 1', 'task info failed'],
    ['list', 'task list failed'],
    ['update 1 x', 'task update failed'],
    ['delete 1', 'task delete failed'],
    ['start 1', 'task start failed'],
    ['stop 1', 'task stop failed'],
    ['toggle 1', 'task toggle failed'],
    ['done 1', 'task done failed'],
    ['undone 1', 'task undone failed'],
  ])('%s prints %s', async (line, words) => {
    const fail = () => {
      throw new DatabaseError('read database failed', 'no such luck');
    };
    const broken = new TestCli({ read: fail, write: fail, compact: fail });
    expect(await broken.run(line)).toEqual(refused(1, `${words}\nread database failed\n  no such luck`));
  });

  test.each(['hide', 'context x', 'worktime', 'log', 'revert'])('%s prints "read database failed"', async (line) => {
    const fail = () => {
      throw new DatabaseError('read database failed', 'no such luck');
    };
    const broken = new TestCli({ read: fail, write: fail, compact: fail });
    expect(await broken.run(line)).toEqual(refused(1, 'read database failed\n  no such luck'));
  });
});

describe('the command line', () => {
  test('has help with examples, for itself and for every verb', async () => {
    for (const line of ['', '--help', '-h', 'help']) {
      const { code, out } = await cli.run(line);
      expect(code).toBe(0);
      for (const verb of ['add, a ', 'undone, undo', 'completion', '365 days']) expect(out).toContain(verb);
    }
    expect(await cli.run('update --help')).toEqual(
      printed(
        [
          'Usage: kronos update <id> [desc] [+tag…] [-tag…] [:due] [@project] [name:value…]',
          'Short: kronos u',
          '',
          'Change a task; what you leave out stays as it is; `<filter> set` changes many.',
          '',
          'Examples:',
          '  kronos update 42 -oldtag +newtag',
          '  kronos update 3 call Bob back :1d',
          '  kronos update 3 :- priority:- @-          takes them away',
          '  kronos update 3 needs:1',
          '  kronos update @home is:overdue set :fri --yes',
        ].join('\n'),
      ),
    );
  });

  test('prints its version, and refuses unknown actions', async () => {
    expect(await cli.run('--version')).toEqual(printed('0.1.0'));
    expect(await cli.run('frobnicate')).toEqual(refused(2, 'unknown action frobnicate\nTry "kronos --help".'));
  });

  test('syncs after a change, and reports a failed last sync on stderr', async () => {
    await cli.run('a offline');
    expect(cli.syncs).toBe(0);
    keeper.database = { ...keeper.database, enable_sync: true };
    expect(await cli.run('a one')).toEqual(printed('task 2 added: one'));
    expect(cli.syncs).toBe(1);
    expect(keeper.database.queue).toHaveLength(1);
    cli.lastSync = { outcome: 'offline', reason: 'connect ECONNREFUSED', at: 0 };
    expect(await cli.run('a two')).toEqual({
      code: 0,
      out: 'task 3 added: two\n',
      err: 'note: the hub was not reached (connect ECONNREFUSED); 2 changes wait here and will be sent\n',
    });
    cli.lastSync = { outcome: 'refused', reason: 'token revoked', at: 0 };
    expect((await cli.run('do 1')).err).toBe(
      'note: the hub refuses the token; 3 changes wait here: run "kronos login"\n',
    );
    expect((await cli.run('l')).err).toBe('');
    expect(cli.syncs).toBe(4);
    cli.lastSync = { outcome: 'ok', reason: '', at: cli.now - 9_000 };
    await cli.run('l');
    expect(cli.syncs).toBe(4);
    await cli.run('h');
    expect(cli.syncs).toBe(5);
    cli.env = { KRONOS_NO_SYNC: '1' };
    const before = cli.syncs;
    expect((await cli.run('a three')).err).toBe('');
    expect(cli.syncs).toBe(before);
  });
});
