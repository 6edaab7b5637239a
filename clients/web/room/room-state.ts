// What this page knows of its room, and how news changes it. Every connection begins with the whole history, which
// replaces what was known: so a reconnect can double nothing, and a reset leaves the same room on pages old and new.

import type { Entry, Goal, News } from './sse-protocol.ts';

export interface Room {
  /** The newest entry; undefined before the first and after a reset. */
  readonly current: Entry | undefined;
  /** Oldest first, the current one included. */
  readonly history: readonly Entry[];
  readonly goal: Goal | undefined;
}

export const emptyRoom: Room = { current: undefined, history: [], goal: undefined };

function added(history: readonly Entry[], entry: Entry | 'reset'): readonly Entry[] {
  if (entry === 'reset') return [];
  return history.some((known) => known.key === entry.key) ? history : [...history, entry];
}

export function hear(room: Room, news: News): Room {
  switch (news.type) {
    case 'history':
      // The newest entry follows at once as news of its own; until then the old one stays, so that nothing flickers.
      return { ...room, history: news.entries.reduce<readonly Entry[]>(added, []) };
    case 'timer':
      return {
        ...room,
        current: news.entry === 'reset' ? undefined : news.entry,
        history: added(room.history, news.entry),
      };
    case 'goal':
      return { ...room, goal: news.goal };
    case 'alive':
      return room;
  }
}

/** Hub time at which the entry ends. */
export function deadline(entry: Entry): number {
  return entry.start + entry.minutes * 60_000;
}

/** Milliseconds left, 0 when over or when there is nothing. */
export function left(entry: Entry | undefined, now: number): number {
  return entry === undefined ? 0 : Math.max(0, deadline(entry) - now);
}

/** `MM:SS`, whole seconds rounded down as every client of the protocol shows them; minutes may take more digits. */
export function clockFace(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
