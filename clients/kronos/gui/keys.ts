// The keyboard map of both GUIs, the terminal's and the browser's: the protocol's keys, and those that people expect besides. What is
// done at a press is theirs.

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
  /** By the names that browsers give them. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly does: string;
  readonly command: KeyCommand;
}

export const keyBindings: readonly KeyBinding[] = [
  { keys: ['a'], label: 'a', does: 'add a task', command: 'add' },
  { keys: ['i'], label: 'i', does: 'all about the task', command: 'info' },
  { keys: ['u'], label: 'u', does: 'change it', command: 'update' },
  { keys: ['Enter'], label: '↵', does: 'start it, or stop it', command: 'toggle' },
  { keys: ['s'], label: 's', does: 'start it', command: 'start' },
  { keys: ['S'], label: 'S', does: 'stop it', command: 'stop' },
  { keys: ['d'], label: 'd', does: 'it is done', command: 'done' },
  { keys: ['U'], label: 'U', does: 'it is not done after all', command: 'undone' },
  { keys: ['Backspace', 'Delete'], label: '⌫', does: 'delete it', command: 'delete' },
  { keys: ['z'], label: 'z', does: 'take back what was done last', command: 'undo' },
  { keys: ['H'], label: 'H', does: 'hide or show what is done', command: 'hide done' },
  { keys: ['C'], label: 'C', does: 'context: only tasks with these tags', command: 'context' },
  { keys: ['W'], label: 'W', does: 'time worked, by tags', command: 'worktime' },
  { keys: ['j', 'ArrowDown'], label: 'j ↓', does: 'the next task', command: 'down' },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', does: 'the one before', command: 'up' },
  { keys: ['R'], label: 'R', does: 'refresh, and ask the hub again', command: 'refresh' },
  { keys: ['?'], label: '?', does: 'these keys', command: 'keys' },
  { keys: ['q', 'Escape'], label: 'q Esc', does: 'quit', command: 'quit' },
];

export function findCommand(key: string): KeyCommand | undefined {
  return keyBindings.find(({ keys }) => keys.includes(key))?.command;
}
