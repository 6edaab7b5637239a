// Settings that this browser stores for all pages of the hub. Room settings have the names that timer.mob.sh uses. If the browser forbids
// storage, nothing is stored, and everything else works.

import { minutesOf } from '../room/sse-protocol.ts';

type Name = 'user' | 'timer' | 'breaktimer' | 'audio' | 'melody' | 'token' | 'tasks';

function read(name: Name): string {
  try {
    return localStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

export function remember(name: Name, value: string): void {
  try {
    if (value === '') localStorage.removeItem(name);
    else localStorage.setItem(name, value);
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
  readonly token: string;
  /** JSON of what the page of tasks shows. */
  readonly tasks: string;
}

export function remembered(): Settings {
  return {
    user: read('user'),
    timer: minutesOf(read('timer')) ?? 10,
    breaktimer: minutesOf(read('breaktimer')) ?? 15,
    sound: read('audio') === 'true',
    melody: read('melody'),
    token: read('token'),
    tasks: read('tasks'),
  };
}
