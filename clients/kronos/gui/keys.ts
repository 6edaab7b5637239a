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

export const keyBindings: readonly KeyBinding[] = [
  { keys: ['a'], label: 'a', command: 'add' },
  { keys: ['i'], label: 'i', command: 'info' },
  { keys: ['u'], label: 'u', command: 'update' },
  { keys: ['Enter'], label: '↵', command: 'toggle' },
  { keys: ['s'], label: 's', command: 'start' },
  { keys: ['S'], label: 'S', command: 'stop' },
  { keys: ['d'], label: 'd', command: 'done' },
  { keys: ['U'], label: 'U', command: 'undone' },
  { keys: ['Backspace', 'Delete'], label: '⌫', command: 'delete' },
  { keys: ['z'], label: 'z', command: 'undo' },
  { keys: ['H'], label: 'H', command: 'hide done' },
  { keys: ['C'], label: 'C', command: 'context' },
  { keys: ['W'], label: 'W', command: 'worktime' },
  { keys: ['j', 'ArrowDown'], label: 'j ↓', command: 'down' },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', command: 'up' },
  { keys: ['R'], label: 'R', command: 'refresh' },
  { keys: ['?'], label: '?', command: 'keys' },
  { keys: ['q', 'Escape'], label: 'q Esc', command: 'quit' },
];

export function findCommand(key: string): KeyCommand | undefined {
  return keyBindings.find(({ keys }) => keys.includes(key))?.command;
}
