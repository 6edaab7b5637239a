// The connection to the hub as a state machine: an event and a time go in, the next state comes out. shared/stream.ts does the network.
// The words for each state are here, so that no state is without words.

import type { RoomTexts } from '../languages/room.ts';

export type RoomLink =
  | { readonly state: 'connecting'; readonly tries: number; readonly since: number }
  | { readonly state: 'live'; readonly heard: number }
  | { readonly state: 'waiting'; readonly tries: number; readonly until: number }
  | { readonly state: 'refused'; readonly status: number };

export type LinkEvent =
  | { readonly type: 'heard' }
  | { readonly type: 'lost' }
  | { readonly type: 'refused'; readonly status: number }
  /** Time passed. */
  | { readonly type: 'tick' }
  /** A reason to connect at once: back online, the page is visible again, a new token. */
  | { readonly type: 'wake' };

/** The hub writes every five seconds. Three times that in silence means a dead connection. */
const maxSilenceMs = 15_000;
/** A connection that does not open within this time is tried again. */
const connectTimeoutMs = 10_000;
const maxWaitMs = 10_000;

export function begin(now: number): RoomLink {
  return { state: 'connecting', tries: 0, since: now };
}

/** @param random 0 to 1; spreads the pages that a restart disconnected together */
function waitBeforeRetry(tries: number, now: number, random: number): RoomLink {
  const wait = Math.min(maxWaitMs, 500 * 2 ** tries);
  return { state: 'waiting', tries: tries + 1, until: now + wait * (0.75 + random / 2) };
}

/** @param now steady milliseconds */
export function step(link: RoomLink, event: LinkEvent, now: number, random: number): RoomLink {
  const tries = link.state === 'connecting' || link.state === 'waiting' ? link.tries : 0;
  switch (event.type) {
    case 'heard':
      return link.state === 'connecting' || link.state === 'live' ? { state: 'live', heard: now } : link;
    case 'lost':
      return link.state === 'connecting' || link.state === 'live' ? waitBeforeRetry(tries, now, random) : link;
    case 'refused':
      // A gateway between two hubs answers too (502, 503). So only statuses that the hub itself means end the attempts.
      if (link.state !== 'connecting') return link;
      return [401, 403, 404].includes(event.status)
        ? { state: 'refused', status: event.status }
        : waitBeforeRetry(tries, now, random);
    case 'wake':
      return link.state === 'waiting' || link.state === 'refused' ? { state: 'connecting', tries, since: now } : link;
    case 'tick':
      if (link.state === 'waiting' && now >= link.until) return { state: 'connecting', tries, since: now };
      if (link.state === 'live' && now - link.heard > maxSilenceMs) return waitBeforeRetry(0, now, random);
      if (link.state === 'connecting' && now - link.since > connectTimeoutMs)
        return waitBeforeRetry(tries, now, random);
      return link;
  }
}

/** The state for people, and a detail that changes while it lasts. @param online the browser's opinion of the network */
export function words(
  link: RoomLink,
  now: number,
  online: boolean,
  { text }: RoomTexts,
): { readonly state: string; readonly detail: string } {
  switch (link.state) {
    case 'live':
      return { state: text('room.connected'), detail: '' };
    case 'connecting':
      return link.tries === 0
        ? { state: text('room.connecting'), detail: '' }
        : { state: text('room.lost'), detail: text('room.trying') };
    case 'refused':
      return { state: text(link.status === 404 ? 'room.no-room' : 'room.members'), detail: '' };
    case 'waiting': {
      const seconds = Math.max(1, Math.ceil((link.until - now) / 1000));
      return online
        ? { state: text('room.lost'), detail: text('room.next-try', { seconds }) }
        : { state: text('room.offline'), detail: '' };
    }
  }
}
