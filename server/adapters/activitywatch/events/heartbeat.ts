// The rule by which a heartbeat extends the last event of its bucket or begins a new one: a function of two events. Which
// event is the last one, and how the outcome is kept, is bucket.ts'.

import type { Event } from './event.ts';
import { same } from './python-compat.ts';

/**
 * @param pulse microseconds: the longest silence that two heartbeats of one event may have between them; may be negative
 * @returns `last` with the duration it has now, or null when the heartbeat is an event of its own
 */
export function merged(last: Event, heartbeat: Omit<Event, 'id'>, pulse: number): Event | null {
  if (last.duration < 0 || heartbeat.time < last.time) return null;
  if (heartbeat.time > last.time + last.duration + pulse) return null;
  if (last.data !== heartbeat.data && !same(JSON.parse(last.data), JSON.parse(heartbeat.data))) return null;
  const duration = heartbeat.time - last.time + heartbeat.duration;
  return duration > last.duration ? { ...last, duration } : last;
}
