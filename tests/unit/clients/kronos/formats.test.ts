// Files of other programs, as those programs write them: import, that no content is executed, and that an exported file can be imported
// again without loss.

import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyDatabase } from '../../../../clients/kronos/data/database.ts';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import { taskwarrior } from '../../../../clients/kronos/formats/taskwarrior.ts';
import { vim2018, vim2019 } from '../../../../clients/kronos/formats/vim.ts';
import {
  formatVimValue,
  parseVimValue,
  VimSyntaxError,
  type VimValue,
} from '../../../../clients/kronos/formats/vim-values.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { Leftovers } from '../../../harness/process.ts';

describe('values of Vim', () => {
  test.each<[string, VimValue]>([
    ["'it''s'", "it's"],
    ['"a\\n\\"b\\"\\u00e9\\x41\\\\"', 'a\n"b"éA\\'],
    ["{'a': [1, -2, 3.5, 1.0e3, 0x1f,], 'b': {}}", { a: [1, -2, 3.5, 1_000, 31], b: {} }],
    ['[v:true, v:false, v:null, v:none]', [true, false, null, null]],
    ['{"a": [true, null], "b": "c"}', { a: [true, null], b: 'c' }],
    ["#{a: 1, b-c: 'x'}", { a: 1, 'b-c': 'x' }],
    ["{'__proto__': 1}", Object.fromEntries([['__proto__', 1]])],
    ['  [ ]  ', []],
  ])('%s', (text, value) => expect(parseVimValue(text)).toEqual(value));

  test.each([
    "system('rm -rf /')",
    "{'a': system('x')}",
    "function('tr')",
    'g:secret',
    '{-> 1}',
    "'a' . 'b'",
    '1 + 1',
    "'open",
    '[1',
    "{'a' 1}",
    '{[1]: 2}',
    '',
    '[1] [2]',
    '`ls`',
    `${'['.repeat(100)}${']'.repeat(100)}`,
  ])('%s is not a Vim value, and is not executed', (text) => expect(() => parseVimValue(text)).toThrow(VimSyntaxError));

  test('that are written are read back', () => {
    const value = fc.letrec<{ value: VimValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (one) => {
        expect(parseVimValue(formatVimValue(one))).toEqual(one);
        expect(parseVimValue(JSON.stringify(one))).toEqual(one);
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const of2018 = `1
1
localhost:5000
0a3c6cf4-4c86-4c3b-9d3a-1e6a50c3a8e7
dev
1530716924000
{'id': 1, 'desc': 'it''s a task', 'tags': ['home'], 'active': 0, 'last_active': 1530716924, 'due': 1530800000, 'done': 0, 'worktime': 65}
{'id': 51530716924, 'desc': 'done', 'tags': [], 'active': 0, 'last_active': 0, 'due': 0, 'done': 1530716924, 'worktime': 0}`;

const of2019 = `['home']
1
{'index': '0a3c6cf4-4c86-4c3b-9d3a-1e6a50c3a8e7#1#1560000000000', 'id': 1, 'desc': 'new', 'tags': ['home'], 'active': 1, 'start': [1560000000000, 1560000100000], 'stop': [1560000060000], 'due': 1560003600000, 'done': 0}
{'index': '0a3c6cf4-4c86-4c3b-9d3a-1e6a50c3a8e7#2#1560000000001', 'id': -21560000000, 'desc': 'old', 'tags': [], 'active': 0, 'start': [], 'stop': [], 'due': 0, 'done': 1560000000000}`;

describe('kronos.vim', () => {
  test('of 2018, its options left alone', async () => {
    const keeper = new MemoryDatabase();
    const cli = new TestCli(keeper);
    cli.stdin = of2018;
    expect(await cli.run('import vim -')).toEqual({ code: 0, out: '2 tasks added; 0 were here already\n', err: '' });
    expect(keeper.database).toMatchObject({
      hide_done: true,
      enable_sync: false,
      sync_host: 'localhost:5600',
      sync_user_id: '',
    });
    expect(keeper.database.tasks).toMatchObject([
      { id: 1, desc: "it's a task", tags: ['home'], last_active: 1_530_716_924, due: 1_530_800_000, worktime: 65 },
      { id: 51_530_716_924, desc: 'done', done: 1_530_716_924 },
    ]);
    expect(await cli.run('import vim -')).toEqual({ code: 0, out: '0 tasks added; 2 were here already\n', err: '' });
  });

  test('of 2019, without the secret in its names', async () => {
    const keeper = new MemoryDatabase();
    const cli = new TestCli(keeper);
    cli.stdin = of2019;
    await cli.run('a here before');
    expect(await cli.run('import vim -')).toEqual({ code: 0, out: '2 tasks added; 0 were here already\n', err: '' });
    expect(keeper.database.tasks).toMatchObject([
      { id: 1, desc: 'here before' },
      {
        id: 2,
        desc: 'new',
        tags: ['home'],
        active: 1_560_000_100,
        last_active: 1_560_000_060,
        due: 1_560_003_600,
        worktime: 60,
      },
      { id: -21_560_000_000, desc: 'old', done: 1_560_000_000 },
    ]);
    expect(JSON.stringify(keeper.database)).not.toContain('0a3c6cf4');
    expect(await cli.run('import vim -')).toEqual({ code: 0, out: '0 tasks added; 2 were here already\n', err: '' });
    expect(await cli.run('undo -21560000000')).toEqual({ code: 0, out: 'task 3 undone: old\n', err: '' });
  });

  test('as JSON, and the oldest files, of tasks alone', () => {
    const [, , ...lines] = of2019.split('\n');
    expect(vim2018.read(lines.join('\n'))).toMatchObject({
      ok: true,
      value: { tasks: [{ desc: 'new' }, { desc: 'old' }] },
    });
    expect(vim2018.read('{"tasks":[{"id":1,"desc":"x"}],"hide_done":true}')).toMatchObject({
      ok: true,
      value: { tasks: [{ id: 1, desc: 'x' }] },
    });
  });

  test('reads ids that 2018 wrote as texts as numbers', () => {
    const lines = "{'id': '11795891600', 'desc': 'done', 'done': 1795891600}";
    expect(vim2018.read(lines)).toMatchObject({ ok: true, value: { tasks: [{ id: 11_795_891_600, desc: 'done' }] } });
  });

  test.each([
    ["{'id': 1, 'desc': system('touch /tmp/evil')}", 'a value was expected at character 25'],
    ["{'id': 'one', 'desc': 'x'}", 'it has no "desc", or a field has the wrong type'],
    ["{'id': 1}", 'it has no "desc", or a field has the wrong type'],
  ])('an entry such as %s is named with its line and left out; the others are imported', async (text, reason) => {
    const keeper = new MemoryDatabase();
    const cli = new TestCli(keeper);
    cli.stdin = `['home']\n1\n${text}\n{'id': 7, 'desc': 'good'}`;
    expect(await cli.run('import vim -')).toEqual({
      code: 1,
      out: '1 tasks added; 0 were here already\n',
      err: `-:3: unreadable: not a task of kronos.vim: ${reason}\n`,
    });
    expect(keeper.database.tasks).toMatchObject([{ id: 7, desc: 'good' }]);
  });

  test('a text without any entry is refused, and nothing changes', async () => {
    const keeper = new MemoryDatabase();
    const cli = new TestCli(keeper);
    cli.stdin = 'no database';
    expect(await cli.run('import vim -')).toMatchObject({ code: 1, out: '' });
    expect(keeper.database).toBe(emptyDatabase);
  });
});

const exported = `[
{"id":1,"description":"buy milk","due":"20180302T230000Z","entry":"20180301T100000Z","modified":"20180301T100000Z","project":"cli.kitchen","start":"20180301T110000Z","status":"pending","tags":["shop","été"],"uuid":"b4bff4c4-8e27-4b1e-8ac5-2d2f1d9f4d6a","urgency":3.8},
{"id":0,"description":"paid","end":"20180228T120000Z","entry":"20180201T100000Z","status":"completed","uuid":"7b0f6d4e-2a52-43a1-9d0d-1f0f8a4d5c11"},
{"id":0,"description":"gone","end":"20180228T120000Z","status":"deleted","uuid":"7b0f6d4e-2a52-43a1-9d0d-1f0f8a4d5c12"},
{"id":3,"description":"rent","recur":"monthly","status":"recurring","uuid":"7b0f6d4e-2a52-43a1-9d0d-1f0f8a4d5c13"},
{"id":4,"description":"later","status":"waiting","wait":"20190101T000000Z","uuid":"7b0f6d4e-2a52-43a1-9d0d-1f0f8a4d5c14"}
]`;

describe('Taskwarrior', () => {
  test('is read with everything that a task can hold, and each entry that is left out is named with its line', async () => {
    const keeper = new MemoryDatabase();
    const cli = new TestCli(keeper);
    cli.stdin = exported;
    expect(await cli.run('import taskwarrior -')).toEqual({
      code: 0,
      out: '4 tasks added; 0 were here already\n',
      err: '-:4: skipped: "gone": deleted in Taskwarrior\n',
    });
    expect(keeper.database.tasks).toMatchObject([
      {
        id: 1,
        desc: 'buy milk',
        tags: ['shop', 'ete', 'cli_kitchen'],
        project: 'cli.kitchen',
        active: 1_519_902_000,
        due: 1_520_031_600,
        done: 0,
        taskwarrior: { tags: ['shop', 'été'], entry: '20180301T100000Z' },
      },
      { id: 3, desc: 'rent', every: 'monthly' },
      { id: 4, desc: 'later', wait: 1_546_300_800 },
      { desc: 'paid', done: 1_519_819_200 },
    ]);
    expect(await cli.run('import taskwarrior -')).toMatchObject({ out: '0 tasks added; 4 were here already\n' });
    expect(await cli.run('revert')).toMatchObject({ code: 0 });
    expect(keeper.database.tasks).toEqual([]);
  });

  const uuid = (n: number) => `b4bff4c4-8e27-4b1e-8ac5-2d2f1d9f4d6${n}`;
  const rich = {
    uuid: uuid(1),
    description: 'paint',
    status: 'pending',
    priority: 'H',
    wait: '20300101T000000Z',
    depends: [uuid(2)],
    recur: 'weekly',
    estimate: 3,
    annotations: [{ entry: '20180301T100000Z', description: 'blue, not green' }],
  };

  test('keeps annotations, priority, wait, depends, recurrence and user attributes; info shows them, export gives them back', async () => {
    const cli = new TestCli(new DatabaseFile(join(leftovers.folder(), 'kronos.json')));
    cli.stdin = JSON.stringify([rich, { uuid: uuid(2), description: 'buy paint', status: 'pending' }]);
    expect(await cli.run('import taskwarrior -')).toMatchObject({ code: 0, err: '' });
    const { out } = await cli.run('info 1');
    for (const line of [
      'Priority     high',
      'Wait         2030-01-01T00:00:00',
      'Every        weekly',
      'Needs        2 buy paint',
      'Note         1. blue, not green (2018-03-01T10:00:00)',
      'Recur        weekly',
      'Estimate     3',
    ]) {
      expect(out.split('\n')).toContain(line);
    }
    await cli.run('u 1 paint the door');
    const [task] = JSON.parse((await cli.run('export taskwarrior')).out);
    expect(task).toEqual({ ...rich, description: 'paint the door' });
  });

  test.each([
    ['one line', (lines: readonly string[]) => `[${lines.join(',')}]`, [1, 1]],
    ['a line each', (lines: readonly string[]) => `[\n${lines.join(',\n')}\n]`, [3, 4]],
    ['a line each, without a list', (lines: readonly string[]) => lines.join('\n'), [2, 3]],
    [
      'many lines',
      (lines: readonly string[]) =>
        JSON.stringify(
          lines.map((line): unknown => JSON.parse(line)),
          null,
          2,
        ),
      [7, 11],
    ],
  ])('the line of an entry is right in a file with %s', (_, format, lines) => {
    const entries = [
      { uuid: uuid(1), description: 'a "tricky" [name], {really}', status: 'pending' },
      { uuid: uuid(2), note: 'no description' },
      { description: 'no uuid' },
    ];
    expect(taskwarrior.read(format(entries.map((entry) => JSON.stringify(entry))))).toMatchObject({
      ok: true,
      value: {
        tasks: [{ desc: 'a "tricky" [name], {really}' }],
        notices: [
          { line: lines[0], kind: 'unreadable', text: 'not a task of Taskwarrior: it has no "description"' },
          { line: lines[1], kind: 'unreadable', text: 'not a task of Taskwarrior: it has no "uuid"' },
        ],
      },
    });
  });

  test('a line that is not JSON loses only that entry', () => {
    const text = `[\n{"uuid":"${uuid(1)}","description":"one","status":"pending"},\n{"uuid":"${uuid(2)}","descr\n]`;
    expect(taskwarrior.read(text)).toMatchObject({
      ok: true,
      value: { tasks: [{ desc: 'one' }], notices: [{ line: 3, kind: 'unreadable' }] },
    });
  });

  test('a part that cannot be used is named, and the task is imported without it', () => {
    const entry = { ...rich, due: 'tomorrow', tags: ['日本'] };
    expect(taskwarrior.read(JSON.stringify([entry]))).toMatchObject({
      ok: true,
      value: {
        tasks: [{ desc: 'paint', due: 0, tags: [], taskwarrior: { tags: ['日本'] } }],
        notices: [
          { line: 1, kind: 'incomplete', text: expect.stringContaining('"日本" has no character that a tag may have') },
          { line: 1, kind: 'incomplete', text: '"paint": due "tomorrow" is not a date: it was left out' },
        ],
      },
    });
  });

  test.each(['', '{'])('%s is refused', (text) => expect(taskwarrior.read(text)).toMatchObject({ ok: false }));
});

test.each([
  'taskwarrior',
  'vim',
  'vim-2018',
  'json',
])('a list exported as %s is imported unchanged, and recognised', async (form) => {
  const cli = new TestCli();
  for (const line of ["a it's one +home :1d", 'a two', 'a three', 's 1', 's 2']) await cli.run(line);
  cli.now += 60_000;
  for (const line of ['s 2', 'do 3']) await cli.run(line);
  const { out } = await cli.run(`export ${form}`);
  cli.stdin = out;
  expect(await cli.run(`import ${form} -`)).toMatchObject({ code: 0, out: '0 tasks added; 3 were here already\n' });

  const other = new TestCli();
  other.stdin = out;
  expect(await other.run(`import ${form} -`)).toMatchObject({ code: 0, out: '3 tasks added; 0 were here already\n' });
  const visible = async (one: TestCli) => {
    const tasks: { index: string; last_active: number; id: number }[] = JSON.parse((await one.run('list --json')).out);
    // Taskwarrior has neither an index nor the time of the last stop, and assigns ids itself.
    return tasks.map(({ index, last_active, id, ...task }) =>
      form === 'taskwarrior' ? task : { ...task, id, last_active },
    );
  };
  await cli.run('h');
  await other.run('h');
  const sorted = (tasks: object[]) => tasks.map((task) => JSON.stringify(task)).sort();
  expect(sorted(await visible(other)).map((text) => text.replace(/"id":-/, '"id":'))).toEqual(
    sorted(await visible(cli)),
  );
});

test('there is help for forms that do not exist', async () => {
  const cli = new TestCli();
  expect(await cli.run('export yaml')).toEqual({
    code: 2,
    out: '',
    err: 'Usage: kronos export taskwarrior|timewarrior|todo.txt|toggl|ics|csv|vim|vim-2018|json\n',
  });
  expect(await cli.run('import vim')).toMatchObject({ code: 2 });
  expect(await cli.run('import vim /does/not/exist')).toMatchObject({
    code: 1,
    err: expect.stringContaining('ENOENT'),
  });
});

test('both generations of kronos.vim can read their export', () => {
  const task = {
    index: 'k',
    id: 1,
    desc: 'x',
    tags: ['t'],
    active: 0,
    last_active: 1_600_000_060,
    due: 0,
    done: 0,
    worktime: 60,
  };
  const database = { ...emptyDatabase, tasks: [task], context: ['t'] };
  expect(vim2018.write(database).split('\n').slice(0, 6)).toEqual(['1', '0', 'localhost:5000', '', '', '0']);
  expect(parseVimValue(vim2018.write(database).split('\n')[6] ?? '')).toEqual({ ...task, index: 'kronos#k' });
  expect(vim2019.write(database).split('\n').slice(0, 2)).toEqual(["['t']", '1']);
  expect(parseVimValue(vim2019.write(database).split('\n')[2] ?? '')).toEqual({
    index: 'kronos#k',
    id: 1,
    desc: 'x',
    tags: ['t'],
    active: 0,
    start: [1_600_000_000_000],
    stop: [1_600_000_060_000],
    due: 0,
    done: 0,
  });
});
