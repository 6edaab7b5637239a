// The terminal GUI as values: what is open, which task is meant, what a key does to that. Drawing and the keyboard itself are in
// gui.tsx, the tasks in live.ts.

import type { PlainTask } from '../../../protocol/plain.ts';
import type { KeyCommand } from './keys.ts';

export type GuiView = 'list' | 'add' | 'update' | 'info' | 'worktime' | 'context' | 'keys';

export interface GuiState {
  readonly view: GuiView;
  /** The index of the task that keys are about; '' for the first. */
  readonly selected: string;
  readonly message: string;
}

export const initialState: GuiState = { view: 'list', selected: '', message: '' };

/** What is to be done beyond the screen itself. */
export type GuiEffect =
  | { readonly do: 'delete' | 'start' | 'stop' | 'toggle' | 'done' | 'undone'; readonly task: PlainTask }
  | { readonly do: 'hide done' | 'undo' | 'refresh' | 'quit' };

export function selectedIndex({ selected }: GuiState, shown: readonly PlainTask[]): number {
  return Math.max(
    0,
    shown.findIndex(({ index }) => index === selected),
  );
}

/** @param shown the tasks as they are listed */
export function handleCommand(
  screen: GuiState,
  command: KeyCommand,
  shown: readonly PlainTask[],
): { readonly screen: GuiState; readonly effect?: GuiEffect } {
  const quiet = { ...screen, message: '' };
  const list: GuiState = { ...quiet, view: 'list' };
  // Anything closes what was only to be looked at; the key that opened it, and those that quit, do nothing more.
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

/** Who is meant after a task has left its place. */
function neighbour(command: KeyCommand, task: PlainTask, at: number, shown: readonly PlainTask[]): string {
  const leaves = command === 'delete' || command === 'done';
  return leaves ? ((shown[at + 1] ?? shown[at - 1])?.index ?? '') : task.index;
}

/** The rows that fit, with the chosen one among them. */
export function visibleRange(count: number, at: number, rows: number): { readonly from: number; readonly to: number } {
  const from = Math.min(Math.max(0, at - Math.floor(rows / 2)), Math.max(0, count - rows));
  return { from, to: Math.min(count, from + rows) };
}
