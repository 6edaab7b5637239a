// The keys of the page of a day, and what each does.

import type { TextKey } from '../languages/en.ts';
import { type Destination, destinations, type PageKey } from '../shared/page-keys.ts';

export type DayCommand = 'before' | 'after' | 'today' | 'table' | 'keys' | Destination;

export const dayKeys: readonly PageKey<DayCommand>[] = [
  { keys: '[', command: 'before' },
  { keys: ']', command: 'after' },
  { keys: 't', command: 'today' },
  ...destinations,
  { keys: 'n', command: 'table' },
  { keys: '?', command: 'keys' },
];

export const dayKeyTexts: Readonly<Record<DayCommand, TextKey>> = {
  before: 'keys.before',
  after: 'keys.after',
  today: 'keys.today',
  '/day': 'keys.go-today',
  '/week': 'keys.go-week',
  '/tasks': 'keys.go-tasks',
  '/rooms': 'keys.go-rooms',
  table: 'keys.table',
  keys: 'keys.help',
};
