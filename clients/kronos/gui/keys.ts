// The key bindings of the terminal GUI and of the page of tasks: the protocol's keys, and further keys that people expect. Each GUI handles
// the commands itself. key-texts.ts says what each does.

export type KeyCommand =
  | 'add'
  | 'info'
  | 'update'
  | 'delete'
  | 'start'
  | 'stop'
  | 'toggle'
  | 'done'
  | 'undone'
  | 'hide done'
  | 'worktime'
  | 'context'
  | 'undo'
  | 'down'
  | 'up'
  | 'refresh'
  | 'keys'
  | 'quit';

export interface KeyBinding {
  /** Names of keys as in a browser's `KeyboardEvent.key`. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly command: KeyCommand;
}

/** Each with its label, and its keys where the label is not the only one. Rows are short because the page of tasks loads them, too. */
const rows: readonly (readonly [command: KeyCommand, label: string, ...keys: string[]])[] = [
  ['add', 'a'],
  ['info', 'i'],
  ['update', 'u'],
  ['toggle', '↵', 'Enter'],
  ['start', 's'],
  ['stop', 'S'],
  ['done', 'd'],
  ['undone', 'U'],
  ['delete', '⌫', 'Backspace', 'Delete'],
  ['undo', 'z'],
  ['hide done', 'H'],
  ['context', 'C'],
  ['worktime', 'W'],
  ['down', 'j ↓', 'j', 'ArrowDown'],
  ['up', 'k ↑', 'k', 'ArrowUp'],
  ['refresh', 'R'],
  ['keys', '?'],
  ['quit', 'q Esc', 'q', 'Escape'],
];

export const keyBindings: readonly KeyBinding[] = rows.map(([command, label, ...keys]) => ({
  keys: keys.length === 0 ? [label] : keys,
  label,
  command,
}));

export function findCommand(key: string): KeyCommand | undefined {
  return keyBindings.find(({ keys }) => keys.includes(key))?.command;
}
