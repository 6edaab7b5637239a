// The state of a room, and how events change it. Every connection begins with the whole history, which replaces the state. So a reconnect
// duplicates nothing, and after a reset all pages show the same room.

import type { RoomTexts } from '../languages/room.ts';
import type { Entry, HereInRoom, News, RoomGoal } from './sse-protocol.ts';

export interface Room {
  /** The newest entry; undefined before the first one and after a reset. */
  readonly current: Entry | undefined;
  /** Oldest first, including the current one. */
  readonly history: readonly Entry[];
  readonly goal: RoomGoal | undefined;
  /** undefined until the hub has told it. */
  readonly here: HereInRoom | undefined;
}

export const emptyRoom: Room = { current: undefined, history: [], goal: undefined, here: undefined };

function addEntry(history: readonly Entry[], entry: Entry | 'reset'): readonly Entry[] {
  if (entry === 'reset') return [];
  return history.some((known) => known.key === entry.key) ? history : [...history, entry];
}

export function applyNews(room: Room, news: News): Room {
  switch (news.type) {
    case 'history':
      // The newest entry follows at once as a separate event. The current one stays until then, so that nothing flickers.
      return { ...room, history: news.entries.reduce<readonly Entry[]>(addEntry, []) };
    case 'timer':
      return {
        ...room,
        current: news.entry === 'reset' ? undefined : news.entry,
        history: addEntry(room.history, news.entry),
      };
    case 'goal':
      return { ...room, goal: news.goal };
    case 'here':
      return { ...room, here: news.here };
    case 'alive':
      return room;
  }
}

/** Who has the room open, as a line: `5 here: ann, bob and 3 others`. '' while it is not known. */
export function hereLine(here: HereInRoom | undefined, { text }: RoomTexts): string {
  if (here === undefined) return '';
  const { people, names } = here;
  const count = people - names.length;
  if (names.length === 0) return text('room.here', { people });
  const list = names.join(', ');
  const others = text(count === 1 ? 'room.others-one' : 'room.others-other', { count });
  return text('room.here-names', { people, names: count === 0 ? list : text('room.and', { names: list, others }) });
}

/** Hub time at which the entry ends, milliseconds since 1970. */
export function deadline(entry: Entry): number {
  return entry.start + entry.minutes * 60_000;
}

/** Milliseconds left; 0 if the entry is over or undefined. */
export function remainingMs(entry: Entry | undefined, now: number): number {
  return entry === undefined ? 0 : Math.max(0, deadline(entry) - now);
}

/**
 * Finds the person for "Skip", which starts the turn after the next one.
 * @param name the person who is next
 * @returns the person who typed after `name` the last time, or else was announced to; '' if neither is known
 */
export function personAfter(room: Room, name: string): string {
  const turns = room.history.filter((entry) => entry.kind === 'turn' && entry.minutes > 0);
  const last = turns.findLastIndex((entry) => entry.user === name);
  const candidates = [turns[last + 1]?.user, turns[last]?.next];
  return last < 0 ? '' : (candidates.find((other) => other !== undefined && other !== '' && other !== name) ?? '');
}

/** Whole minutes of an entry that ends about one minute later than the current one. */
export function oneMinuteMore(entry: Entry | undefined, now: number): number {
  return Math.round(remainingMs(entry, now) / 60_000) + 1;
}

/** `MM:SS`, seconds rounded down as every client of the protocol shows them. Minutes may have more digits. */
export function clockFace(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
