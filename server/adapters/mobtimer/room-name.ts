// Which names a room may have, and suggestions for new rooms. Names that can never be rooms, because the hub has pages and protocols there,
// are listed here only.

import { adjectives, animals } from './words.ts';

const form = /^[A-Za-z0-9_-]{1,512}$/;

/** The first segments of the hub's own paths: the hub, the timer's pages, WakaTime's prefixes, ActivityWatch's files, dashboards. */
const taken = new Set([
  '-',
  'actuator',
  'api',
  'assets',
  'compat',
  'css',
  'dashboard',
  'events',
  'fonts',
  'heartbeat',
  'heartbeats',
  'help',
  'img',
  'js',
  'login',
  'pages',
  'plugins',
  'settings',
  'static',
  'stats',
  'tasks',
  'users',
  'v1',
]);

export function isRoomName(name: string): boolean {
  return form.test(name) && !taken.has(name);
}

/**
 * Suggests a name: `<adjective>-<animal>-<10 to 99>`, such as `brave-otter-42`.
 * @param random returns a number from 0 (included) to 1 (excluded)
 * @param inUse true for a name that is taken; called until a name is free
 */
export function suggestRoom(random: () => number, inUse: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const number = 10 + Math.floor(random() * 90);
    const name = `${pick(adjectives, random)}-${pick(animals, random)}-${number}`;
    if (!inUse(name) || attempt === 100) return name;
  }
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] ?? '';
}
