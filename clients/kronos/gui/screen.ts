// The terminal GUI as values: what is open, which task is meant, what a key does to that. Drawing and the keyboard itself are in
// gui.tsx, the tasks in live.ts.

import type { PlainTask } from '../../../protocol/plain.ts';
import type { Command } from './keys.ts';

export type Open = 'list' | 'add' | 'update' | 'info' | 'worktime' | 'context' | 'keys';

export interface Screen {
  readonly open: Open;
  /** The index of the task that keys are about; '' for the first. */
  readonly chosen: string;
  readonly said: string;
}

export const emptyScreen: Screen = { open: 'list', chosen: '', said: '' };

/** What is to be done beyond the screen itself. */
export type Effect =
  | { readonly do: 'delete' | 'start' | 'stop' | 'toggle' | 'done' | 'undone'; readonly task: PlainTask }
  | { readonly do: 'hide done' | 'undo' | 'refresh' | 'quit' };

export function placeOf({ chosen }: Screen, shown: readonly PlainTask[]): number {
  return Math.max(
    0,
    shown.findIndex(({ index }) => index === chosen),
  );
}

/** @param shown the tasks as they are listed */
export function press(
  screen: Screen,
  command: Command,
  shown: readonly PlainTask[],
): { readonly screen: Screen; readonly effect?: Effect } {
  const quiet = { ...screen, said: '' };
  const list: Screen = { ...quiet, open: 'list' };
  // Anything closes what was only to be looked at; the key that opened it, and those that quit, do nothing more.
  if (screen.open === 'info' || screen.open === 'keys') {
    const opener = screen.open === 'info' ? 'info' : 'keys';
    return command === 'quit' || command === opener ? { screen: list } : press(list, command, shown);
  }
  const at = placeOf(screen, shown);
  const task = shown[at];
  switch (command) {
    case 'up':
    case 'down': {
      const next = shown[Math.min(Math.max(0, at + (command === 'up' ? -1 : 1)), shown.length - 1)];
      return { screen: { ...quiet, chosen: next?.index ?? '' } };
    }
    case 'add':
    case 'worktime':
    case 'context':
    case 'keys':
      return { screen: { ...quiet, open: command } };
    case 'hide done':
    case 'undo':
    case 'refresh':
    case 'quit':
      return { screen: quiet, effect: { do: command } };
    default:
      if (task === undefined) return { screen: { ...quiet, said: 'there is no task: press a to add one' } };
      if (command === 'info' || command === 'update') {
        return { screen: { ...quiet, chosen: task.index, open: command } };
      }
      return { screen: { ...quiet, chosen: neighbour(command, task, at, shown) }, effect: { do: command, task } };
  }
}

/** Who is meant after a task has left its place. */
function neighbour(command: Command, task: PlainTask, at: number, shown: readonly PlainTask[]): string {
  const leaves = command === 'delete' || command === 'done';
  return leaves ? ((shown[at + 1] ?? shown[at - 1])?.index ?? '') : task.index;
}

/** The rows that fit, with the chosen one among them. */
export function windowOf(count: number, at: number, rows: number): { readonly from: number; readonly to: number } {
  const from = Math.min(Math.max(0, at - Math.floor(rows / 2)), Math.max(0, count - rows));
  return { from, to: Math.min(count, from + rows) };
}
