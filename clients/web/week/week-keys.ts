// The keys of the page of a week, and what each does.

import type { TextKey } from '../languages/en.ts';
import { type Destination, destinations, type PageKey } from '../shared/page-keys.ts';

export type WeekCommand = 'before' | 'after' | 'now' | 'table' | 'keys' | Destination;

export const weekKeys: readonly PageKey<WeekCommand>[] = [
  { keys: '[', command: 'before' },
  { keys: ']', command: 'after' },
  { keys: 't', command: 'now' },
  ...destinations,
  { keys: 'n', command: 'table' },
  { keys: '?', command: 'keys' },
];

export const weekKeyTexts: Readonly<Record<WeekCommand, TextKey>> = {
  before: 'keys.week-before',
  after: 'keys.week-after',
  now: 'keys.this-week',
  '/day': 'keys.go-today',
  '/week': 'keys.go-week',
  '/tasks': 'keys.go-tasks',
  '/rooms': 'keys.go-rooms',
  table: 'keys.table',
  keys: 'keys.help',
};
