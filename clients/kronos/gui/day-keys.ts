// The keys of the day view of the terminal GUI, and what each does.

export type DayCommand =
  | 'down'
  | 'up'
  | 'next lane'
  | 'previous lane'
  | 'day before'
  | 'day after'
  | 'today'
  | 'shorten'
  | 'lengthen'
  | 'earlier'
  | 'later'
  | 'move'
  | 'split'
  | 'join'
  | 'edit'
  | 'add'
  | 'delete'
  | 'undo'
  | 'keys'
  | 'close';

export interface DayKeyBinding {
  /** Names of keys as in a browser's `KeyboardEvent.key`; `BackTab` for Shift and Tab. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly command: DayCommand;
  /** For people. */
  readonly does: string;
}

/** By how much one key moves an end, in seconds. */
export const stepSeconds = 300;

export const dayKeyBindings: readonly DayKeyBinding[] = [
  { keys: ['j', 'ArrowDown'], label: 'j ↓', command: 'down', does: 'next interval' },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', command: 'up', does: 'previous interval' },
  { keys: ['Tab'], label: 'Tab', command: 'next lane', does: 'next lane' },
  { keys: ['BackTab'], label: '', command: 'previous lane', does: '' },
  { keys: ['h', 'ArrowLeft'], label: 'h ←', command: 'day before', does: 'the day before' },
  { keys: ['l', 'ArrowRight'], label: 'l →', command: 'day after', does: 'the day after' },
  { keys: ['t'], label: 't', command: 'today', does: 'today' },
  { keys: ['a'], label: 'a', command: 'add', does: 'add 9-10:15 task:3' },
  { keys: ['e', 'Enter'], label: 'e ↵', command: 'edit', does: 'edit times, task, text' },
  { keys: ['m'], label: 'm', command: 'move', does: 'move to a time' },
  { keys: ['-'], label: '-', command: 'shorten', does: '5 minutes shorter' },
  { keys: ['+', '='], label: '+', command: 'lengthen', does: '5 minutes longer' },
  { keys: ['<', ','], label: '<', command: 'earlier', does: '5 minutes earlier' },
  { keys: ['>', '.'], label: '>', command: 'later', does: '5 minutes later' },
  { keys: ['s'], label: 's', command: 'split', does: 'split in two' },
  { keys: ['J'], label: 'J', command: 'join', does: 'join with the next' },
  { keys: ['Backspace', 'Delete'], label: '⌫', command: 'delete', does: 'delete' },
  { keys: ['z'], label: 'z', command: 'undo', does: 'undo the last change' },
  { keys: ['?'], label: '?', command: 'keys', does: 'these keys' },
  { keys: ['q', 'Escape', 'D'], label: 'q Esc', command: 'close', does: 'back to the list' },
];

export function findDayCommand(key: string): DayCommand | undefined {
  return dayKeyBindings.find(({ keys }) => keys.includes(key))?.command;
}
