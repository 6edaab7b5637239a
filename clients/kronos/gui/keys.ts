// The key bindings of the terminal GUI and of the page of tasks: the protocol's keys, and further keys that people expect. Each GUI handles
// the commands itself.

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
  readonly does: string;
  readonly command: KeyCommand;
}

export const keyBindings: readonly KeyBinding[] = [
  { keys: ['a'], label: 'a', does: 'add a task', command: 'add' },
  { keys: ['i'], label: 'i', does: 'show all fields of the task', command: 'info' },
  { keys: ['u'], label: 'u', does: 'change the task', command: 'update' },
  { keys: ['Enter'], label: '↵', does: 'start or stop the task', command: 'toggle' },
  { keys: ['s'], label: 's', does: 'start the task', command: 'start' },
  { keys: ['S'], label: 'S', does: 'stop the task', command: 'stop' },
  { keys: ['d'], label: 'd', does: 'mark the task as done', command: 'done' },
  { keys: ['U'], label: 'U', does: 'mark the task as not done', command: 'undone' },
  { keys: ['Backspace', 'Delete'], label: '⌫', does: 'delete the task', command: 'delete' },
  { keys: ['z'], label: 'z', does: 'undo the last change', command: 'undo' },
  { keys: ['H'], label: 'H', does: 'hide or show done tasks', command: 'hide done' },
  { keys: ['C'], label: 'C', does: 'context: show only tasks with some tags', command: 'context' },
  { keys: ['W'], label: 'W', does: 'show the time worked, by tags', command: 'worktime' },
  { keys: ['j', 'ArrowDown'], label: 'j ↓', does: 'select the next task', command: 'down' },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', does: 'select the previous task', command: 'up' },
  { keys: ['R'], label: 'R', does: 'refresh, and contact the hub', command: 'refresh' },
  { keys: ['?'], label: '?', does: 'show these keys', command: 'keys' },
  { keys: ['q', 'Escape'], label: 'q Esc', does: 'quit', command: 'quit' },
];

export function findCommand(key: string): KeyCommand | undefined {
  return keyBindings.find(({ keys }) => keys.includes(key))?.command;
}
