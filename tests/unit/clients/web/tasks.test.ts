// The logic of the page of tasks without a browser: writes of actions, input lines, keys, texts.

import { describe, expect, test } from '@jest/globals';
import { type ActionContext, add, done, remove, update } from '../../../../clients/kronos/data/actions.ts';
import { formatEditLine, parseEditLine } from '../../../../clients/kronos/data/edit-line.ts';
import { inverseOf, tasksOf, writesTo } from '../../../../clients/web/tasks/board.ts';
import { words } from '../../../../clients/web/tasks/connection-text.ts';
import { bindings, commandAt } from '../../../../clients/web/tasks/keys.ts';
import type { Task } from '../../../../protocol/messages.ts';
import { localZone } from '../../../../protocol/zone.ts';

const now = 1_795_000_000;
const scene: ActionContext = { now, zone: localZone, date: String, createId: () => 'fresh' };
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
  expect(words({ name: 'offline', attempt: 1, reason: 'x', until: 0 }, 0).detail).toContain('stored here');
  expect(words({ name: 'offline', attempt: 1, reason: 'x', until: 0 }, 2)).toEqual({
    state: 'Offline',
    detail: '2 changes wait',
  });
  expect(words({ name: 'idle' }, 1)).toEqual({ state: 'Connecting', detail: '1 change waits' });
});
