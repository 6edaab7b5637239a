// The terminal GUI's screen as values: the effect of keys on open panels and on the selected task.

import { describe, expect, test } from '@jest/globals';
import {
  type GuiState,
  handleCommand,
  initialState,
  selectedIndex,
  visibleRange,
} from '../../../../clients/kronos/gui/screen.ts';
import { type PlainTask, plainOf } from '../../../../protocol/plain.ts';

const tasks: readonly PlainTask[] = [1, 2, 3].map((id) => plainOf(`t${id}`, { id, desc: `task ${id}` }));
const at = (selected: string, more: Partial<GuiState> = {}): GuiState => ({ ...initialState, selected, ...more });

describe('keys on the list', () => {
  test('move among the tasks, and not beyond them', () => {
    expect(selectedIndex(at(''), tasks)).toBe(0);
    expect(handleCommand(at(''), 'down', tasks).screen.selected).toBe('t2');
    expect(handleCommand(at('t3'), 'down', tasks).screen.selected).toBe('t3');
    expect(handleCommand(at('t1'), 'up', tasks).screen.selected).toBe('t1');
    expect(handleCommand(at('gone'), 'down', tasks).screen.selected).toBe('t2');
  });

  test.each([
    'start',
    'stop',
    'toggle',
    'undone',
  ] as const)('%s is about the chosen task, which stays chosen', (key) => {
    expect(handleCommand(at('t2'), key, tasks)).toEqual({ screen: at('t2'), effect: { do: key, task: tasks[1] } });
  });

  test.each(['delete', 'done'] as const)('%s leaves the next task chosen', (key) => {
    expect(handleCommand(at('t2'), key, tasks)).toEqual({ screen: at('t3'), effect: { do: key, task: tasks[1] } });
    expect(handleCommand(at('t3'), key, tasks).screen.selected).toBe('t2');
    expect(handleCommand(at('t1'), key, tasks.slice(0, 1)).screen.selected).toBe('');
  });

  test.each(['add', 'worktime', 'context', 'keys', 'info', 'update'] as const)('%s opens', (key) => {
    expect(handleCommand(at('t2', { message: 'x' }), key, tasks)).toEqual({ screen: at('t2', { view: key }) });
  });

  test('without a task give advice', () => {
    expect(handleCommand(at(''), 'start', [])).toEqual({
      screen: at('', { message: 'there is no task: press a to add one' }),
    });
    expect(handleCommand(at(''), 'add', []).screen.view).toBe('add');
  });
});

test('a view is closed by its own key and by the quit keys; other keys act on the list', () => {
  for (const view of ['info', 'keys'] as const) {
    expect(handleCommand(at('t2', { view }), view, tasks)).toEqual({ screen: at('t2') });
    expect(handleCommand(at('t2', { view }), 'quit', tasks)).toEqual({ screen: at('t2') });
    expect(handleCommand(at('t2', { view }), 'down', tasks)).toEqual({ screen: at('t3') });
  }
  expect(handleCommand(at('t2'), 'quit', tasks).effect).toEqual({ do: 'quit' });
});

test('the rows that fit have the chosen one among them', () => {
  expect(visibleRange(3, 2, 10)).toEqual({ from: 0, to: 3 });
  for (let place = 0; place < 50; place += 1) {
    const { from, to } = visibleRange(50, place, 10);
    expect(to - from).toBe(10);
    expect(from <= place && place < to && from >= 0 && to <= 50).toBe(true);
  }
});
