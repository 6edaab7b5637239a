// The terminal GUI's screen as values: what keys do to what is open and to which task is meant.

import { describe, expect, test } from '@jest/globals';
import { emptyScreen, placeOf, press, type Screen, windowOf } from '../../../../clients/kronos/gui/screen.ts';
import { type PlainTask, plainOf } from '../../../../protocol/plain.ts';

const tasks: readonly PlainTask[] = [1, 2, 3].map((id) => plainOf(`t${id}`, { id, desc: `task ${id}` }));
const at = (chosen: string, more: Partial<Screen> = {}): Screen => ({ ...emptyScreen, chosen, ...more });

describe('keys on the list', () => {
  test('move among the tasks, and not beyond them', () => {
    expect(placeOf(at(''), tasks)).toBe(0);
    expect(press(at(''), 'down', tasks).screen.chosen).toBe('t2');
    expect(press(at('t3'), 'down', tasks).screen.chosen).toBe('t3');
    expect(press(at('t1'), 'up', tasks).screen.chosen).toBe('t1');
    expect(press(at('gone'), 'down', tasks).screen.chosen).toBe('t2');
  });

  test.each([
    'start',
    'stop',
    'toggle',
    'undone',
  ] as const)('%s is about the chosen task, which stays chosen', (key) => {
    expect(press(at('t2'), key, tasks)).toEqual({ screen: at('t2'), effect: { do: key, task: tasks[1] } });
  });

  test.each(['delete', 'done'] as const)('%s leaves the next task chosen', (key) => {
    expect(press(at('t2'), key, tasks)).toEqual({ screen: at('t3'), effect: { do: key, task: tasks[1] } });
    expect(press(at('t3'), key, tasks).screen.chosen).toBe('t2');
    expect(press(at('t1'), key, tasks.slice(0, 1)).screen.chosen).toBe('');
  });

  test.each(['add', 'worktime', 'context', 'keys', 'info', 'update'] as const)('%s opens', (key) => {
    expect(press(at('t2', { said: 'x' }), key, tasks)).toEqual({ screen: at('t2', { open: key }) });
  });

  test('without a task say what to do', () => {
    expect(press(at(''), 'start', [])).toEqual({ screen: at('', { said: 'there is no task: press a to add one' }) });
    expect(press(at(''), 'add', []).screen.open).toBe('add');
  });
});

test('what was only looked at is closed by its own key and by those that quit; others go on from the list', () => {
  for (const open of ['info', 'keys'] as const) {
    expect(press(at('t2', { open }), open, tasks)).toEqual({ screen: at('t2') });
    expect(press(at('t2', { open }), 'quit', tasks)).toEqual({ screen: at('t2') });
    expect(press(at('t2', { open }), 'down', tasks)).toEqual({ screen: at('t3') });
  }
  expect(press(at('t2'), 'quit', tasks).effect).toEqual({ do: 'quit' });
});

test('the rows that fit have the chosen one among them', () => {
  expect(windowOf(3, 2, 10)).toEqual({ from: 0, to: 3 });
  for (let place = 0; place < 50; place += 1) {
    const { from, to } = windowOf(50, place, 10);
    expect(to - from).toBe(10);
    expect(from <= place && place < to && from >= 0 && to <= 50).toBe(true);
  }
});
