// The rule by which a heartbeat extends the last event of its bucket or begins a new one: a function of two events. bucket.ts knows
// which event is the last one, and stores the outcome.

import { type Event, endOf } from './event.ts';
import { same } from './python-compat.ts';

/**
 * How far before the last event a heartbeat may start and still extend it, in microseconds. The AFK watcher computes the start of an
 * absence again for every heartbeat, as now minus the idle time, so the start varies by milliseconds.
 */
export const creep = 500_000;

/**
 * @param pulse microseconds: the longest gap between two heartbeats of one event; may be negative
 * @returns `last` as the heartbeat extends it, or null if the heartbeat is an event of its own
 */
export function extendEvent(last: Event, heartbeat: Omit<Event, 'id'>, pulse: number): Event | null {
  if (last.duration < 0 || !startsInTime(last, heartbeat)) return null;
  if (heartbeat.time > endOf(last) + pulse) return null;
  if (last.data !== heartbeat.data && !same(JSON.parse(last.data), JSON.parse(heartbeat.data))) return null;
  const time = Math.min(last.time, heartbeat.time);
  const duration = Math.max(endOf(last), endOf(heartbeat)) - time;
  return time === last.time && duration === last.duration ? last : { ...last, time, duration };
}

/** A heartbeat that starts earlier must reach the last event: an older one that does not is an event of its own. */
function startsInTime(last: Event, heartbeat: Omit<Event, 'id'>): boolean {
  if (heartbeat.time >= last.time) return true;
  return heartbeat.time >= last.time - creep && heartbeat.duration > 0 && endOf(heartbeat) >= last.time;
}
