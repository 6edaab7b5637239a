// What a room may be called, and names for those who have no idea. The names that can never be rooms, because pages and
// protocols of this hub live there, are listed here and nowhere else.

import { adjectives, animals } from './words.ts';

const form = /^[A-Za-z0-9_-]+$/;

/** First segments of this hub's own paths: the hub itself, the timer's pages, WakaTime's prefixes, ActivityWatch's files, dashboards. */
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
 * `<adjective>-<animal>-<10 to 99>`, such as `brave-otter-42`.
 * @param random 0 ≤ x < 1
 * @param inUse asked again until it says no; names are many, rooms are few
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
