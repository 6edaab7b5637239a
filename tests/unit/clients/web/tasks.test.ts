// The logic of the page of tasks without a browser: writes of actions, input lines, keys, texts.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ActionContext, add, done, remove, update } from '../../../../clients/kronos/data/actions.ts';
import { formatEditLine, parseEditLine } from '../../../../clients/kronos/data/edit-line.ts';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { type TasksPageTexts, taskLanguages } from '../../../../clients/web/languages/tasks.ts';
import {
  arrangeTasks,
  fromNow,
  inUnits,
  inverseOf,
  nameOfTask,
  tasksOf,
  writesTo,
} from '../../../../clients/web/tasks/board.ts';
import { words } from '../../../../clients/web/tasks/connection-text.ts';
import { bindings, commandAt } from '../../../../clients/web/tasks/keys.ts';
import type { Task } from '../../../../protocol/messages.ts';
import { localZone } from '../../../../protocol/zone.ts';

let texts: TasksPageTexts;
let german: TasksPageTexts;
beforeAll(async () => {
  texts = await textsFor(['en'], taskLanguages);
  german = await textsFor(['de'], taskLanguages);
});

const now = 1_795_000_000;
const scene: ActionContext = { now, zone: localZone, zoneName: () => 'UTC', date: String, createId: () => 'fresh' };
const options = { hide_done: false, context: [] };
const tasks: readonly [string, { item: Task & { unknown?: string } }][] = [
  ['one', { item: { id: 1, desc: 'water the plants', tags: ['home'], unknown: 'kept' } }],
  ['two', { item: { id: 2, desc: 'call Bob', start: [1_000], stop: [], active: 1 } }],
];
const items = new Map(tasks);

function act(action: typeof add, args: string) {
  const outcome = action({ tasks: tasksOf(items), ...options }, args, scene);
  if (!outcome.ok) throw new Error(outcome.error);
  return writesTo(items, outcome.changes.tasks ?? []);
}

describe('the order of tasks', () => {
  const [water, call] = tasksOf(items);
  if (water === undefined || call === undefined) throw new Error('there are two tasks');
  const all = [water, { ...call, due: now + 60 }, { ...water, index: 'three', due: now, tags: ['art'] }];
  const order = (sort: 'added' | 'due' | 'tag', search = '') =>
    arrangeTasks(all, { search, sort }).map(({ index }) => index);

  test('is that in which they were added, that of due dates, or that of tags; those without come last', () => {
    expect([order('added'), order('due'), order('tag')]).toEqual([
      ['one', 'two', 'three'],
      ['three', 'two', 'one'],
      ['three', 'one', 'two'],
    ]);
  });

  test('a search finds all its words in descriptions and tags', () => {
    expect([order('added', 'WATER home'), order('added', 'bob'), order('added', 'nothing')]).toEqual([
      ['one'],
      ['two'],
      [],
    ]);
  });

  test('a task without a description has a name for who does not see the row', () => {
    expect([nameOfTask(water, texts), nameOfTask({ ...water, desc: ' ' }, texts)]).toEqual([
      'water the plants',
      'task 1, without a description',
    ]);
  });

  test('the due dates of the chips are dates', () => {
    for (const due of ['::2359', ':1d', ':1w']) expect(act(update, `1 ${due}`)).toHaveLength(1);
  });
});

describe('the write of an action', () => {
  test('a new task with a new key', () => {
    expect(act(add, 'read +book')).toEqual([
      { type: 'create', key: 'fresh', task: expect.objectContaining({ id: 3, desc: 'read', tags: ['book'] }) },
    ]);
  });

  test('only the task that changed, with the fields that other clients gave it', () => {
    expect(act(update, '1 +garden')).toEqual([
      {
        type: 'update',
        key: 'one',
        task: { id: 1, desc: 'water the plants', tags: ['home', 'garden'], unknown: 'kept' },
      },
    ]);
    expect(act(update, '1 +home')).toEqual([]);
    expect(act(done, '2')).toEqual([
      { type: 'update', key: 'two', task: expect.objectContaining({ id: -Number(`2${now}`), stop: [now * 1_000] }) },
    ]);
  });

  test('can be taken back, whatever it was', () => {
    expect(inverseOf(items, act(add, 'read'))).toEqual([{ type: 'delete', key: 'fresh' }]);
    expect(inverseOf(items, act(update, '1 other'))).toEqual([
      {
        type: 'update',
        key: 'one',
        task: { active: 0, done: 0, due: 0, last_active: 0, worktime: 0, ...items.get('one')?.item },
      },
    ]);
    expect(inverseOf(items, act(remove, '1'))).toEqual([{ type: 'create', key: 'one', task: items.get('one')?.item }]);
  });
});

test('a task is edited as the line it was typed as: tags taken out of it go', () => {
  const [task] = tasksOf(items);
  if (task === undefined) throw new Error('no task');
  expect(formatEditLine(task)).toBe('water the plants +home');
  expect(parseEditLine(task, 'water the plants +home')).toBe('1 water the plants +home');
  expect(parseEditLine(task, ' water all  +garden :10 ')).toBe('1 water all +garden :10 -home');
  expect(parseEditLine(task, 'water -home')).toBe('1 water -home');
  expect(parseEditLine(task, 'water +home +x -home')).toBe('1 water +x -home');
});

describe('keys', () => {
  const press = (key: string, more = {}) => commandAt({ key, modified: false, repeated: false, taken: false, ...more });

  test('are the keys of the protocol', () => {
    const map = { a: 'add', i: 'info', u: 'update', Backspace: 'delete', Delete: 'delete', s: 'start', S: 'stop' };
    const more = { Enter: 'toggle', d: 'done', U: 'undone', H: 'hide done', W: 'worktime', C: 'context', '?': 'keys' };
    for (const [key, action] of Object.entries({ ...map, ...more })) expect([key, press(key)]).toEqual([key, action]);
  });

  test('are not taken from fields, buttons and the browser, and none is assigned twice', () => {
    expect(press('d', { taken: true })).toBeUndefined();
    expect(press('d', { modified: true })).toBeUndefined();
    expect(press('d', { repeated: true })).toBeUndefined();
    expect(press('j', { repeated: true })).toBe('down');
    const all = bindings.flatMap((one) => one.keys);
    expect(new Set(all).size).toBe(all.length);
  });
});

test('the connection’s state is shown in words', () => {
  expect(words({ name: 'offline', attempt: 1, reason: 'x', until: 0 }, 0, texts).detail).toContain('stored here');
  expect(words({ name: 'offline', attempt: 1, reason: 'x', until: 0 }, 2, texts)).toEqual({
    state: 'Offline',
    detail: '2 changes wait',
  });
  expect(words({ name: 'idle' }, 1, texts)).toEqual({ state: 'Connecting', detail: '1 change waits' });
});

test('durations have the units of the language', () => {
  expect([fromNow(4 * 3_600, texts), fromNow(-3 * 86_400, texts)]).toEqual(['in 4h', '3d ago']);
  expect([fromNow(4 * 3_600, german), fromNow(-3 * 86_400, german)]).toEqual(['in 4Std', 'vor 3T']);
  expect(inUnits('1y 2mo 3w 4d 5h 6min 7s', texts)).toBe('1y 2mo 3w 4d 5h 6min 7s');
  expect(inUnits('1y 2mo 3w 4d 5h 6min 7s', german)).toBe('1J 2Mon 3W 4T 5Std 6Min 7s');
});
