// Finds the moments of a turn that the page announces by voice, notification and sound: each once, however rarely the page checks the clock.

import { left } from './room-state.ts';
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
  const look = { key: entry?.key, left: left(entry, now) };
  if (before === undefined || entry === undefined) return [look, undefined];
  if (look.left === 0) {
    if (before.left === 0) return [look, undefined];
    return [look, entry.minutes === 0 ? 'stopped' : 'over'];
  }
  if (before.key !== look.key) return [look, 'begun'];
  const crossed = thresholds.find(([, at]) => look.left <= at && before.left > at);
  return [look, crossed?.[0]];
}

function nameOr(name: string, otherwise: string): string {
  return name.trim() === '' ? otherwise : name;
}

/** A sentence for a screen reader. */
export function sentence(moment: TurnMoment, entry: Entry): string {
  const what = entry.kind === 'turn' ? 'turn' : 'break';
  const minutes = entry.minutes === 1 ? '1 minute' : `${entry.minutes} minutes`;
  const next = entry.kind === 'turn' && entry.next !== '' ? ` ${entry.next} is next.` : '';
  switch (moment) {
    case 'begun':
      return entry.kind === 'turn'
        ? `${nameOr(entry.user, 'Someone')} types for ${minutes}.${next}`
        : `Break of ${minutes}.`;
    case 'five minutes':
      return 'Five minutes left.';
    case 'one minute':
      return `One minute left.${next}`;
    case 'ten seconds':
      return 'Ten seconds left.';
    case 'over':
      return `The ${what} is over.${next}`;
    case 'stopped':
      return `${nameOr(entry.user, 'Someone')} stopped the timer.`;
  }
}

/** Title and text of the desktop notification at the end. */
export function notice(moment: 'over' | 'stopped', entry: Entry): { title: string; body: string } {
  if (moment === 'stopped') return { title: 'Timer stopped', body: sentence(moment, entry) };
  const next = entry.next === '' ? '' : ` Next: ${entry.next}.`;
  return entry.kind === 'turn'
    ? { title: `${nameOr(entry.user, 'Turn over')} $ mob next`, body: `${entry.minutes} min turn is up.${next}` }
    : { title: `${nameOr(entry.user, 'Break over')} $ mob start`, body: `${entry.minutes} min break is up.${next}` };
}
