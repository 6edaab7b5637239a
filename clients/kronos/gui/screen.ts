// The state of the terminal GUI, as pure functions: which view is open, which task is selected, and how a command changes that. gui.tsx draws,
// controller.ts handles the keys, live.ts has the tasks.

import type { PlainTask } from '../../../protocol/plain.ts';
import type { KeyCommand } from './keys.ts';

export type GuiView = 'list' | 'add' | 'update' | 'info' | 'worktime' | 'context' | 'keys';

export interface GuiState {
  readonly view: GuiView;
  /** The index of the selected task; '' for the first. */
  readonly selected: string;
  readonly message: string;
}

export const initialState: GuiState = { view: 'list', selected: '', message: '' };

/** An effect of a command beyond the screen: the caller runs it. */
export type GuiEffect =
  | { readonly do: 'delete' | 'start' | 'stop' | 'toggle' | 'done' | 'undone'; readonly task: PlainTask }
  | { readonly do: 'hide done' | 'undo' | 'refresh' | 'quit' };

export function selectedIndex({ selected }: GuiState, shown: readonly PlainTask[]): number {
  return Math.max(
    0,
    shown.findIndex(({ index }) => index === selected),
  );
}

/** @param shown the tasks in the order of the list */
export function handleCommand(
  screen: GuiState,
  command: KeyCommand,
  shown: readonly PlainTask[],
): { readonly screen: GuiState; readonly effect?: GuiEffect } {
  const quiet = { ...screen, message: '' };
  const list: GuiState = { ...quiet, view: 'list' };
  // Any command closes a view that only shows text. The command that opened it, and `quit`, do nothing else.
  if (screen.view === 'info' || screen.view === 'keys') {
    const opener = screen.view === 'info' ? 'info' : 'keys';
    return command === 'quit' || command === opener ? { screen: list } : handleCommand(list, command, shown);
  }
  const at = selectedIndex(screen, shown);
  const task = shown[at];
  switch (command) {
    case 'up':
    case 'down': {
      const next = shown[Math.min(Math.max(0, at + (command === 'up' ? -1 : 1)), shown.length - 1)];
      return { screen: { ...quiet, selected: next?.index ?? '' } };
    }
    case 'add':
    case 'worktime':
    case 'context':
    case 'keys':
      return { screen: { ...quiet, view: command } };
    case 'hide done':
    case 'undo':
    case 'refresh':
    case 'quit':
      return { screen: quiet, effect: { do: command } };
    default:
      if (task === undefined) return { screen: { ...quiet, message: 'there is no task: press a to add one' } };
      if (command === 'info' || command === 'update') {
        return { screen: { ...quiet, selected: task.index, view: command } };
      }
      return { screen: { ...quiet, selected: neighbour(command, task, at, shown) }, effect: { do: command, task } };
  }
}

/** @returns the index of the task to select next: a neighbour if the command removes the task from the list */
function neighbour(command: KeyCommand, task: PlainTask, at: number, shown: readonly PlainTask[]): string {
  const leaves = command === 'delete' || command === 'done';
  return leaves ? ((shown[at + 1] ?? shown[at - 1])?.index ?? '') : task.index;
}

/** @returns the range of rows to show, which contains the selected row */
export function visibleRange(count: number, at: number, rows: number): { readonly from: number; readonly to: number } {
  const from = Math.min(Math.max(0, at - Math.floor(rows / 2)), Math.max(0, count - rows));
  return { from, to: Math.min(count, from + rows) };
}
