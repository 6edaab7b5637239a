// Consequences of a write to a tasks channel: the next task of a series, and dependencies without cycles (protocol/series.ts). The hub
// writes it itself, because the device that wrote does not have it: a merge must not take it for something that the device has removed.

import { Temporal } from 'temporal-polyfill';
import { finish, mapInSteps } from '../../../protocol/in-steps.ts';
import { mergeLists } from '../../../protocol/merge-lists.ts';
import type { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf, withPlanning, withWork, workOf } from '../../../protocol/plain.ts';
import { planningOf } from '../../../protocol/planning.ts';
import { withoutTagOf } from '../../../protocol/project-tag.ts';
import { isRepetition, nextIndex, nextTask } from '../../../protocol/recurrence.ts';
import { same } from '../../../protocol/same.ts';
import { concernsSeries, settleSeries } from '../../../protocol/series.ts';
import { mergeWork } from '../../../protocol/work.ts';
import { localZone, type Zone } from '../../../protocol/zone.ts';
import type { Item } from '../../core/store.ts';
import type { Ops } from './ops.ts';
import { taskOf } from './task-codec.ts';

/** The zone in which a task recurs; the zone of the hub if the task names none. */
function zoneOf({ zone }: PlainTask): Zone {
  if (zone === undefined) return localZone;
  try {
    return namedZone(zone);
  } catch {
    return localZone;
  }
}

/** @throws RangeError if there is no such zone */
function namedZone(name: string): Zone {
  const at = (moment: number) => Temporal.Instant.fromEpochMilliseconds(moment * 1_000).toZonedDateTimeISO(name);
  at(0);
  return {
    civil(moment) {
      const { year, month, day, hour, minute } = at(moment);
      return { year, month, day, hour, minute };
    },
    moment({ year, month, day, hour, minute }) {
      const first = Temporal.PlainDateTime.from({ year, month: 1, day: 1, hour, minute });
      const wall = first.add({ months: month - 1 }).add({ days: day - 1 });
      return Math.floor(wall.toZonedDateTime(name).epochMilliseconds / 1_000);
    },
  };
}

/** A task that was written: its value before, and its key. */
export interface WrittenTask {
  readonly key: string;
  readonly before: PlainTask | undefined;
}

/** @returns the written tasks from which something may follow; most writes have none */
export function* concernedTasks(ops: Ops): Generator<void, readonly WrittenTask[]> {
  const puts = yield* ops.puts();
  const written = yield* mapInSteps(puts, ({ key, before, after }): readonly WrittenTask[] => {
    const planning = { before: before === undefined ? undefined : planningOf(before), after: planningOf(after) };
    if (!concernsSeries(planning)) return [];
    return [{ key, before: before === undefined ? undefined : plainOf(key, before) }];
  });
  return [...new Map(written.flat().map((one) => [one.key, one])).values()];
}

/**
 * Adds what follows from a write.
 * @param ops of a new write; empty
 */
export function settle(ops: Ops, written: readonly WrittenTask[]): void {
  const wire = finish(ops.result());
  const tasks = new Map([...wire].map(([key, task]) => [key, plainOf(key, task)]));
  const changes = written.flatMap(({ key, before }) => {
    const after = tasks.get(key);
    return after === undefined ? [] : [{ before, after }];
  });
  const { puts, removes } = settleSeries(changes, tasks, zoneOf);
  for (const key of removes) ops.remove(key);
  for (const task of puts) ops.put(task.index, wireOf(wire.get(task.index), tasks.get(task.index), task));
}

/** The done tasks of a state that recur and have no next task: either it was removed, or the hub ended before it wrote it. */
export function unfollowedTasks(items: Iterable<Item>): readonly WrittenTask[] {
  const tasks = new Map([...items].map((item) => [item.key, taskOf(item)]));
  return [...tasks].flatMap(([key, task]) => {
    if (!task.done || planningOf(task).every === undefined || tasks.has(nextIndex(key))) return [];
    return [{ key, before: { ...plainOf(key, task), done: 0 } }];
  });
}

/**
 * N3.5: a device made the next task of a series that another device, or the hub, has made already. What the device changed in it is merged.
 * @param keys of all tasks of the channel
 * @param find the task with this key
 * @param sent the task as the device has it
 * @returns the task with the changes; undefined if the key is not that of a task that follows another one
 */
export function mergeRepetition(
  keys: Iterable<string>,
  find: (key: string) => Task | undefined,
  key: string,
  current: Task,
  sent: Task,
): Task | undefined {
  if (!isRepetition(key)) return undefined;
  const now = plainOf(key, current);
  const previous = [...keys].find((other) => nextIndex(other) === key);
  const before = previous === undefined ? undefined : find(previous);
  const done = previous === undefined || before === undefined ? undefined : plainOf(previous, before);
  const made = done === undefined ? undefined : nextTask(done, now.id, zoneOf(done));
  const theirs = plainOf(key, sent);
  // Without the task before it, only the device's notes, dependencies and work are known to be its own.
  const base = made ?? { ...theirs, ...untouched };
  const { tags, needs, notes, ...changed } = changesBetween(base, theirs);
  const lists = {
    needs: mergeLists(base.needs, now.needs, needs),
    notes: mergeLists(base.notes, now.notes, notes),
  };
  const merged = { ...now, ...changed, id: now.id, tags: mergeLists(base.tags, now.tags, tags) };
  const work = mergeWork(workOf(base), workOf(now), workOf(theirs));
  const task = withPlanning(merged, planningOf({ ...merged, ...lists }));
  return wireOf(current, now, withWork(task, { ...work, active: task.done === 0 ? work.active : 0 }));
}

/** A task that nobody has worked on. */
const untouched = { needs: [], notes: [], done: 0, active: 0, last_active: 0, worktime: 0, intervals: '' };

/** A device's changes of a task that nobody has worked on yet. A task that is done stays done. */
function changesBetween(made: PlainTask, sent: PlainTask): Partial<PlainTask> {
  const known = new Map<string, unknown>(Object.entries(made));
  const fields = Object.entries(sent).filter(([field, value]) => !same(known.get(field), value));
  return Object.fromEntries(fields.filter(([field]) => field !== 'id' && field !== 'zone'));
}

/** N1.2: an edit that replaces a project takes its tag away, also if its sender did not know of that project. */
export function withoutFormerTag(before: Task, after: Task): Task {
  const { tags } = after;
  if (tags === undefined) return after;
  const rest = withoutTagOf(planningOf(before).project, planningOf(after).project, tags);
  return rest.length === tags.length ? after : { ...after, tags: [...rest] };
}
