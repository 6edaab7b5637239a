// The texts that say what each key of the terminal GUI does. The page of tasks has the same in every language that the pages speak.

import type { KeyCommand } from './keys.ts';

export const keyTexts: Readonly<Record<KeyCommand, string>> = {
  add: 'add a task',
  info: 'show all fields of the task',
  update: 'change the task',
  toggle: 'start or stop the task',
  start: 'start the task',
  stop: 'stop the task',
  done: 'mark the task as done',
  undone: 'mark the task as not done',
  delete: 'delete the task',
  undo: 'undo the last change',
  'hide done': 'hide or show done tasks',
  context: 'context: show only tasks with some tags',
  worktime: 'show the time worked, by tags',
  down: 'select the next task',
  up: 'select the previous task',
  refresh: 'refresh, and contact the hub',
  keys: 'show these keys',
  quit: 'quit',
};

/** Opens the day view. It is not among the keys of keys.ts, because the page of tasks has a page for each day instead. */
export const dayKey = { keys: ['D'], label: 'D', does: 'day: show and change when you worked' } as const;
