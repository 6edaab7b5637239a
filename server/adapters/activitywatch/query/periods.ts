// Functions of lists of events that fill gaps, intersect and unite. They return new lists. The rules are the Python server's.

import { toMillisecond } from '../events/instant.ts';
import { same } from '../events/python-compat.ts';
import { Moment } from './values.ts';

type Moments = readonly Moment[];

/** The longest gap that is filled, in microseconds. */
const gapLimit = 5_000_000;
/** The longest overlap that is trimmed, in microseconds. */
const trimLimit = 100_000;

export function byTime(events: Moments): readonly Moment[] {
  return [...events].sort((a, b) => a.time - b.time);
}

/** Extends events over short gaps, the longer neighbour first, and merges events with equal data that touch or overlap. */
export function flood(events: Moments): Moments {
  const sorted = [...byTime(events)];
  for (let index = 0; index + 1 < sorted.length; index += 1) {
    const [a, b] = [sorted[index], sorted[index + 1]];
    if (a === undefined || b === undefined) break;
    const gap = b.time - a.end;
    if (gap === 0 || gap > gapLimit) continue;
    const equal = a.data === b.data || same(a.data, b.data);
    if (gap < 0 && equal) {
      const end = Math.max(a.end, b.end);
      sorted[index] = a.during(Math.min(a.time, b.time), end);
      sorted[index + 1] = roundStart(b, end, end);
    } else if (gap <= -trimLimit) {
    } else if (a.duration >= b.duration) {
      sorted[index] = a.during(a.time, equal ? b.end : b.time);
      if (equal) sorted[index + 1] = roundStart(b, b.end, b.end);
    } else {
      sorted[index + 1] = b.during(equal ? a.time : toMillisecond(a.end), b.end);
      if (equal) sorted[index] = a.during(a.time, a.time);
    }
  }
  return sorted.filter(({ duration }) => duration > 0);
}

/** Rounds the start to whole milliseconds; the end moves with it. */
function roundStart(event: Moment, time: number, end: number): Moment {
  return new Moment(event.id, toMillisecond(time), end - time, event.data);
}

/** The intersection of two periods; undefined if they have none. */
function common(a: Moment, b: Moment): readonly [from: number, to: number] | undefined {
  if (a.time <= b.time && b.end <= a.end) return [b.time, b.end];
  if (a.time <= b.time && b.time < a.end) return [b.time, a.end];
  if (a.time < b.end && b.end <= a.end) return [a.time, b.end];
  if (b.time <= a.time && a.end <= b.end) return [a.time, a.end];
  return undefined;
}

/** The parts of `events` that lie within an event of `filter`. */
export function intersect(events: Moments, filter: Moments): Moments {
  const [left, right] = [byTime(events), byTime(filter)];
  const parts: Moment[] = [];
  for (let i = 0, j = 0; ; ) {
    const [a, b] = [left[i], right[j]];
    if (a === undefined || b === undefined) return parts;
    const shared = common(a, b);
    if (shared !== undefined) {
      const [from, to] = shared;
      parts.push(from === a.time && to === a.end ? a : roundStart(a, from, to));
      if (a.end <= b.end) i += 1;
      else j += 1;
    } else if (a.end <= b.time) i += 1;
    else if (b.end <= a.time) j += 1;
    else {
      i += 1;
      j += 1;
    }
  }
}

const nothing = {};

/** The time that either list covers, as events without data. Periods that touch are one. */
export function union(one: Moments, other: Moments): Moments {
  const united: Moment[] = [];
  for (const next of byTime([...one, ...other])) {
    const current = united.at(-1);
    if (current === undefined || next.time > current.end) united.push(next.with(nothing));
    else if (next.end > current.end) united[united.length - 1] = current.during(current.time, next.end);
  }
  return united;
}

/** All of `first`, and the parts of `second` outside of it. Both lists must be sorted by time. */
export function unionNoOverlap(first: Moments, second: Moments): Moments {
  const united: Moment[] = [];
  const rests = [...second];
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [first[i], rests[j]];
    if (a === undefined || b === undefined) break;
    if (common(a, b) === undefined) {
      if (a.time <= b.time) {
        united.push(a);
        i += 1;
      } else {
        united.push(b);
        j += 1;
      }
      continue;
    }
    if (a.time > b.time) {
      united.push(roundStart(b, b.time, a.time));
      rests[j] = roundStart(b, a.time, b.end);
    } else if (b.end > a.end) {
      united.push(a);
      i += 1;
      rests[j] = roundStart(b, a.end, b.end);
    } else {
      j += 1;
    }
  }
  return [...united, ...first.slice(i), ...rests.slice(j)];
}
