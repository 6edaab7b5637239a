// Finds the moments of a turn that the page announces by voice, notification and sound: each once, however rarely the page checks the clock.

import type { RoomTexts } from '../languages/room.ts';
import { remainingMs } from './room-state.ts';
import type { Entry } from './sse-protocol.ts';

export type TurnMoment = 'begun' | 'five minutes' | 'one minute' | 'ten seconds' | 'over' | 'stopped';

const thresholds: readonly (readonly [TurnMoment, number])[] = [
  ['ten seconds', 10_000],
  ['one minute', 60_000],
  ['five minutes', 300_000],
];

/** The state at the last check. */
export interface Look {
  readonly key: string | undefined;
  readonly left: number;
}

/**
 * Finds the moment to announce.
 * @param before the previous state. undefined at the first check, which announces nothing, so that a page opened after the end does not ring
 * @returns the new state, and the moment to announce; the last one if several have passed
 */
export function momentOf(
  before: Look | undefined,
  entry: Entry | undefined,
  now: number,
): [Look, TurnMoment | undefined] {
  const look = { key: entry?.key, left: remainingMs(entry, now) };
  if (before === undefined || entry === undefined) return [look, undefined];
  if (look.left === 0) {
    if (before.left === 0) return [look, undefined];
    return [look, entry.minutes === 0 ? 'stopped' : 'over'];
  }
  if (before.key !== look.key) return [look, 'begun'];
  const crossed = thresholds.find(([, at]) => look.left <= at && before.left > at);
  return [look, crossed?.[0]];
}

/** A sentence for a screen reader. */
export function sentence(moment: TurnMoment, entry: Entry, { text }: RoomTexts): string {
  const isTurn = entry.kind === 'turn';
  const name = entry.user.trim() || text('room.someone');
  const time = text(entry.minutes === 1 ? 'room.minutes-one' : 'room.minutes-other', { count: entry.minutes });
  const next = isTurn && entry.next !== '' ? ` ${text('room.is-next', { name: entry.next })}` : '';
  switch (moment) {
    case 'begun':
      return isTurn ? `${text('room.says-begun', { name, time })}${next}` : text('room.says-break', { time });
    case 'five minutes':
      return text('room.says-five-minutes');
    case 'one minute':
      return `${text('room.says-one-minute')}${next}`;
    case 'ten seconds':
      return text('room.says-ten-seconds');
    case 'over':
      return `${text(isTurn ? 'room.says-turn-over' : 'room.says-break-over')}${next}`;
    case 'stopped':
      return text('room.says-stopped', { name });
  }
}

/** Title and text of the desktop notification at the end. */
export function notice(
  moment: 'over' | 'stopped',
  entry: Entry,
  texts: RoomTexts,
): { readonly title: string; readonly body: string } {
  const { text } = texts;
  if (moment === 'stopped') return { title: text('room.notice-stopped'), body: sentence(moment, entry, texts) };
  const next = entry.next === '' ? '' : ` ${text('room.notice-next', { name: entry.next })}`;
  const isTurn = entry.kind === 'turn';
  const name = entry.user.trim() || text(isTurn ? 'room.turn-over' : 'room.break-over');
  return {
    title: `${name} $ mob ${isTurn ? 'next' : 'start'}`,
    body: `${text(isTurn ? 'room.notice-turn' : 'room.notice-break', { minutes: entry.minutes })}${next}`,
  };
}
