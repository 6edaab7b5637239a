// The keyboard map of the tasks, which is the protocol's for every GUI; `j`, `k` and the arrows move along the list.

import type { Press } from '../room/keys.ts';

export type Action =
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
  | 'keys';

export const keys: readonly {
  readonly keys: readonly string[];
  readonly label: string;
  readonly does: string;
  readonly action: Action;
}[] = [
  { keys: ['a'], label: 'a', does: 'add a task', action: 'add' },
  { keys: ['i'], label: 'i', does: 'all about the task', action: 'info' },
  { keys: ['u'], label: 'u', does: 'change it', action: 'update' },
  { keys: ['Enter'], label: '↵', does: 'start it, or stop it', action: 'toggle' },
  { keys: ['s'], label: 's', does: 'start it', action: 'start' },
  { keys: ['S'], label: 'S', does: 'stop it', action: 'stop' },
  { keys: ['d'], label: 'd', does: 'it is done', action: 'done' },
  { keys: ['U'], label: 'U', does: 'it is not done after all', action: 'undone' },
  { keys: ['Backspace', 'Delete'], label: '⌫', does: 'delete it', action: 'delete' },
  { keys: ['z'], label: 'z', does: 'take back what you did last', action: 'undo' },
  { keys: ['H'], label: 'H', does: 'hide or show what is done', action: 'hide done' },
  { keys: ['C'], label: 'C', does: 'context: only tasks with these tags', action: 'context' },
  { keys: ['W'], label: 'W', does: 'time worked, by tags', action: 'worktime' },
  { keys: ['j', 'ArrowDown'], label: 'j ↓', does: 'the next task', action: 'down' },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', does: 'the one before', action: 'up' },
  { keys: ['?'], label: '?', does: 'these keys', action: 'keys' },
];

export function actionOf(press: Press): Action | undefined {
  const found = press.modified || press.taken ? undefined : keys.find((one) => one.keys.includes(press.key))?.action;
  // A key that is held down moves on, and does nothing else twice.
  return press.repeated && found !== 'down' && found !== 'up' ? undefined : found;
}
