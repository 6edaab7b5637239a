// Evidence of one morning in a few words: `window('09:00', '11:00')`. Times are UTC clock times of 2026-11-28.

import { computeDay } from '../../server/day/engine/compute-day.ts';
import {
  type DayClassifier,
  type DayEvent,
  type DayFacts,
  type DayHeartbeat,
  type DayLane,
  type DayOptions,
  factsOnly,
} from '../../server/day/engine/evidence.ts';

export const minute = 60_000_000;
export const midnight = Date.UTC(2026, 10, 28) * 1_000;

let keys = 0;

/** `9:05` or `09:05:30`, in microseconds since 1970. */
export function clock(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return midnight + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000;
}

export function event(lane: DayLane, from: string, to: string, more: Partial<DayEvent> = {}): DayEvent {
  keys += 1;
  const device = ['window', 'web', 'other', 'afk', 'editor'].includes(lane) ? 'laptop' : '';
  const { kind = lane, facts = {} } = more;
  return {
    lane,
    device,
    kind,
    channel: kind,
    key: `k${100_000 + keys}`,
    from: clock(from),
    to: clock(to),
    facts,
    ...more,
  };
}

export const input = (from: string, to: string, device = 'laptop'): DayEvent =>
  event('afk', from, to, { device, input: true });
export const absence = (from: string, to: string, device = 'laptop'): DayEvent =>
  event('afk', from, to, { device, input: false });

/** One heartbeat every `step` minutes, both ends included. */
export function beats(from: string, to: string, step: number, more: Partial<DayHeartbeat> = {}): DayHeartbeat[] {
  const all: DayHeartbeat[] = [];
  for (let at = clock(from); at <= clock(to); at += step * minute) {
    keys += 1;
    const facts: DayFacts = { project: 'horai' };
    all.push({
      device: 'laptop',
      at,
      channel: 'wakatime',
      key: `b${100_000 + keys}`,
      facts,
      by: 'human',
      session: '',
      ...more,
    });
  }
  return all;
}

export function computed(
  events: readonly DayEvent[],
  heartbeats: readonly DayHeartbeat[] = [],
  more: Partial<DayOptions> = {},
) {
  const classifier: DayClassifier = factsOnly;
  const options = { from: midnight, to: midnight + 1_440 * minute, timeout: 15 * minute, idle: 5 * minute, bridge: 0 };
  return computeDay({ events, heartbeats }, { ...options, classifier, ...more });
}

/** Projects with their minutes, in the order of the answer. */
export function minutesOf({ projects }: ReturnType<typeof computed>): readonly (readonly [string | null, number])[] {
  return projects.map(({ project, time }) => [project, time / minute]);
}
