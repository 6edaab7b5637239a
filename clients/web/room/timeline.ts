// Computes the positions of the timeline's bars as fractions of its width. The timeline shows the last four hours and the next half hour. An
// entry ends when the next one starts.

import { deadline } from './room-state.ts';
import type { Entry } from './sse-protocol.ts';

const hour = 3_600_000;
const back = 4 * hour;
const ahead = hour / 2;

export interface Bar {
  readonly entry: Entry;
  /** 0 to 1 */
  readonly from: number;
  readonly to: number;
}

/** 0 at the left edge, 1 at the right. */
export function placeOf(time: number, now: number): number {
  return (time - (now - back)) / (back + ahead);
}

export function bars(history: readonly Entry[], now: number): Bar[] {
  return history.flatMap((entry, index) => {
    const end = Math.min(deadline(entry), history[index + 1]?.start ?? Number.POSITIVE_INFINITY);
    const from = Math.max(0, placeOf(entry.start, now));
    const to = Math.min(1, placeOf(end, now));
    return to > from ? [{ entry, from, to }] : [];
  });
}

/** The full hours in view, in hub time. @param zone minutes that local time is behind UTC, as Date gives it */
export function hours(now: number, zone: number): number[] {
  const shift = zone * 60_000;
  const first = Math.ceil((now - back - shift) / hour) * hour + shift;
  const found: number[] = [];
  for (let at = first; at <= now + ahead; at += hour) found.push(at);
  return found;
}
