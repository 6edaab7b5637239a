// Converts tasks between the stored form and the form of each generation of Kronos clients. The two generations use different units and
// fields, and each fails if one of its own fields is missing. Pure functions; the adapter determines the generation of a device from what
// the device sends.

import { formatIntervals, parseIntervals, sumOf, withoutOverlaps } from './intervals.ts';
import type { Task } from './messages.ts';
import { isOf2019, milliseconds, plainOf, seconds, wireOf, workOf } from './plain.ts';
import { same } from './same.ts';
import { placeWork } from './work.ts';

/**
 * `unknown` is a client that has not yet sent a task that reveals its generation: it is sent the fields of both. `raw` is a client that is
 * sent tasks as they are stored: it speaks the hub's own protocol, or has not logged in.
 */
export type Generation = 2018 | 2019 | 'unknown' | 'raw';

/**
 * The generation of the client that created this task: 2019 has a list of starts and stops, 2018 the sum of the time worked.
 * @returns undefined if the task has the fields of both generations, or of neither
 */
export function generationOf({ start, stop, worktime, last_active: lastActive }: Task): 2018 | 2019 | undefined {
  const of2019 = start !== undefined && stop !== undefined;
  const of2018 = worktime !== undefined && lastActive !== undefined;
  if (of2019 === of2018) return undefined;
  return of2019 ? 2019 : 2018;
}

/** True if the task has the fields of both generations, like a task that was sent to a client of an unknown generation. */
export function hasBothForms({ start, stop, worktime, last_active: lastActive }: Task): boolean {
  return [start, stop, worktime, lastActive].every((field) => field !== undefined);
}

/**
 * Converts a stored task to the form of a generation. Fields that no generation knows stay, except for the intervals (R6): a client that
 * only stores them would send back old ones.
 */
export function shownTo(generation: Generation, stored: Task): Task {
  if (generation === 'raw') return stored;
  const plain = plainOf('', stored);
  const always: Task = { desc: plain.desc, tags: [...plain.tags], due: 0, done: 0 };
  const { intervals: _intervals, ...known } = stored;
  if (generation === 2018) {
    const { start: _start, stop: _stop, ...rest } = known;
    const { active, last_active, worktime, due, done } = plain;
    return { ...always, ...rest, active, last_active, worktime, due, done };
  }
  const spans = spansOf(stored);
  if (generation === 2019) {
    const { worktime: _worktime, last_active: _lastActive, ...rest } = known;
    const { due, done } = stored;
    const active = plain.active === 0 ? 0 : 1;
    return { ...always, ...rest, ...spans, active, due: milliseconds(due), done: milliseconds(done) };
  }
  const { active, last_active, worktime } = plain;
  return { ...always, last_active, worktime, ...known, ...spans, active };
}

/**
 * Every start and stop of a task in milliseconds. Work of which only the length is known counts as one span before the others, or up to
 * `last_active`.
 */
function spansOf(stored: Task): { start: number[]; stop: number[] } {
  const start = [...(stored.start ?? [])];
  const stop = [...(stored.stop ?? [])];
  const { active, last_active: lastActive, worktime, intervals } = workOf(plainOf('', stored));
  if (!isOf2019(stored)) {
    const length = worktime - sumOf(intervals);
    const end = intervals[0]?.from ?? lastActive;
    for (const { from, to } of withoutOverlaps([
      ...(length > 0 ? [{ from: end - length, to: end }] : []),
      ...intervals,
    ])) {
      start.push(from * 1_000);
      stop.push(to * 1_000);
    }
  }
  if (active !== 0 && start.length <= stop.length) start.push(active * 1_000);
  return { start, stop };
}

/**
 * Removes the fields of the other generation from a task that a client sent: a client that was sent the fields of both repeats them.
 */
export function parseSent(generation: Generation, sent: Task): Task {
  if (generation === 2018) {
    const { start: _start, stop: _stop, intervals: _intervals, ...rest } = sent;
    return withTimes(rest, seconds);
  }
  if (generation === 2019) {
    const { worktime: _worktime, last_active: _lastActive, intervals: _intervals, ...rest } = sent;
    const { active } = rest;
    return withTimes(typeof active === 'number' && active > 1 ? { ...rest, active: 1 } : rest, milliseconds);
  }
  return sent;
}

function withTimes(task: Task, time: (value: unknown) => number): Task {
  const { due, done } = task;
  return {
    ...task,
    ...(typeof due === 'number' ? { due: time(due) } : {}),
    ...(typeof done === 'number' ? { done: time(done) } : {}),
  };
}

/** Fields with a different meaning in each generation, and those derived from them. */
const workFields = ['active', 'last_active', 'worktime', 'start', 'stop', 'intervals'] as const;
const timeFields = new Set<string>([...workFields, 'due', 'done']);

/**
 * The task to store when a client of this generation changes a task to `after`: its changes, in the form of the stored task. A field that the
 * client only repeats stays as stored, or absent. A task of 2018 on which a client of 2019 tracks time becomes a task of 2019, which is more
 * precise.
 */
export function storedFrom(generation: Generation, stored: Task, after: Task): Task {
  const before = shownTo(generation, stored);
  const shown = new Map(Object.entries(before));
  const changed = new Map(Object.entries(after).filter(([field, value]) => !same(shown.get(field), value)));
  if (changed.size === 0) return stored;
  const whole: Task = { ...stored, ...Object.fromEntries(changed) };
  if (generation === 'raw' || ![...changed.keys()].some((field) => timeFields.has(field))) return whole;
  const by2019 = generation === 2019 || changed.has('start') || changed.has('stop');
  if (isOf2019(stored)) return by2019 ? whole : over2019(stored, before, after, whole);
  if (!by2019) return withPlacedWork(stored, whole);
  if (!workFields.some((field) => changed.has(field))) return withTimes(whole, seconds);
  const { last_active: _lastActive, worktime: _worktime, intervals: _intervals, ...rest } = whole;
  const { start, stop, active } = { ...shownTo(2019, stored), ...after };
  return withTimes(
    { ...rest, ...(start && { start }), ...(stop && { stop }), ...(active === undefined ? {} : { active }) },
    milliseconds,
  );
}

/** T2: adds the interval of worktime that a client of 2018 added, or removes the one that it took back. */
function withPlacedWork(stored: Task, whole: Task): Task {
  if (same(stored.worktime, whole.worktime) || !same(stored.intervals, whole.intervals)) return whole;
  const before = workOf(plainOf('', stored));
  const intervals = formatIntervals(placeWork(before, { ...workOf(plainOf('', whole)), intervals: before.intervals }));
  return intervals === formatIntervals(parseIntervals(stored.intervals)) ? whole : { ...whole, intervals };
}

/** Applies the times that a client of 2018 changed to a task of 2019. */
function over2019(stored: Task, before: Task, after: Task, whole: Task): Task {
  const { id = 0, desc = '', tags = [] } = whole;
  const from = { ...plainOf('', before), id, desc, tags };
  const to = { ...plainOf('', { ...before, ...after }), id, desc, tags };
  const { worktime: _worktime, last_active: _lastActive, ...rest } = whole;
  const { start, stop, active, due, done } = wireOf(stored, from, to);
  const times = Object.fromEntries(
    Object.entries({ start, stop, active, due, done }).filter(([, value]) => value !== undefined),
  );
  return { ...rest, ...times };
}
