// Settings that this browser stores for all pages of the hub. Room settings have the names that timer.mob.sh uses. If the browser forbids
// storage, nothing is stored, and everything else works. Below a path of its origin (address.ts), a hub has names of its own there.

import { minutesOf } from '../room/minutes.ts';
import { pathTo } from './address.ts';

const names = ['user', 'timer', 'breaktimer', 'audio', 'melody', 'account', 'language', 'tasks', 'keys'] as const;
type Name = (typeof names)[number];

function read(name: Name): string {
  try {
    return localStorage.getItem(pathTo(name)) ?? '';
  } catch {
    return '';
  }
}

export function remember(name: Name, value: string): void {
  try {
    if (value === '') localStorage.removeItem(pathTo(name));
    else localStorage.setItem(pathTo(name), value);
  } catch {
    // Storage is forbidden or full: the page continues with its state in memory.
  }
}

export interface Settings {
  readonly user: string;
  readonly timer: number;
  readonly breaktimer: number;
  readonly sound: boolean;
  /** Name of the chosen melody; '' if none was chosen. */
  readonly melody: string;
  /** Whose data this browser stores; '' if nobody's. */
  readonly account: string;
  /** That of the pages in this browser; '' for the browser's own. */
  readonly language: string;
  /** JSON of what the page of tasks shows. */
  readonly tasks: string;
}

/** Removes all of them. Other tabs notice it (`isForgotten`). */
export function forgetSettings(): void {
  for (const name of names) remember(name, '');
}

/** True if a `storage` event says that another tab removed what this browser stores of a person. */
export function isForgotten({ key, newValue }: StorageEvent): boolean {
  return key === null || (key === pathTo('account') && newValue === null);
}

export function readStoredSettings(): Settings {
  return {
    user: read('user'),
    timer: minutesOf(read('timer')) ?? 10,
    breaktimer: minutesOf(read('breaktimer')) ?? 15,
    sound: read('audio') === 'true',
    melody: read('melody'),
    account: read('account'),
    language: read('language'),
    tasks: read('tasks'),
  };
}

/** True if single letters are no keys in this browser: some people's tools type them. */
export function areLettersOff(): boolean {
  return read('keys') === 'off';
}

export function setLettersOff(areOff: boolean): void {
  remember('keys', areOff ? 'off' : '');
}
