// Finds the task that a request means (W2, W4, W6): functions over the current tasks (task-index.ts), recent changes
// (recent-changes.ts) and removed tasks (notices.ts). This file has no state.

import { distance, openIds } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { same } from '../../../protocol/same.ts';
import { isDoneIdOf } from '../../../protocol/task.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { Lookup } from './task-index.ts';

/** How a request names a task. The first field that is present counts, then the index and id of the task in the request (W2). */
export interface Which {
  readonly key?: string | undefined;
  readonly index?: string | undefined;
  readonly id?: number | undefined;
}

export interface Sought {
  readonly which: Which;
  /** The task as the sender has it; undefined if the request has none. */
  readonly ours: Task | undefined;
  readonly device: string;
  /** Converts a stored task to the form that the sender was sent. */
  readonly seen: (task: Task) => Task;
  /** W10: an unknown index, which the sender uses for a task that it was notified of. */
  readonly alias?: string;
  /** When the sender made that index, in milliseconds of the hub's clock. */
  readonly aliasMadeAt?: number;
}

export interface Found {
  readonly key: string;
  readonly task: Task;
  /** Present if the task was found by an id that it no longer has. */
  readonly renumbered?: true;
}

/** The last value of a removed task, and the device that removed it. */
export interface RemovedTask {
  readonly task: Task;
  readonly device: string;
}

/** Applies W2. If the request has only an id, which may belong to another task by now without the sender knowing, applies W6, too. */
export function find(
  lookup: Lookup,
  recent: RecentChanges,
  sought: Sought,
  now: number,
): Found | 'ambiguous' | undefined {
  const { which, ours, device } = sought;
  const found = findAsNamed(lookup, sought, {
    isNew: (key) => recent.isNew(key, device, now),
    values: (key, task) => recent.recentValues(key, task).map(sought.seen),
    earlierByDesc: (desc) => recent.earlierByDesc(desc, device, now),
  });
  if (which.key !== undefined || (ours?.index ?? which.index) !== undefined) return found;
  // The task that differs least from the sent value is meant.
  const distanceOf = ({ key, task }: Found) =>
    ours === undefined ? 0 : recent.distanceTo(key, task, ours, sought.seen);
  const formers = recent
    .formersOf(which.id ?? ours?.id, found?.key, device, now)
    .filter(({ key }) => key !== found?.key);
  // A client of 2019 makes an alias when it is notified of a task, so an alias of that moment means the new task.
  if (found !== undefined && recent.wasAnnouncedAt(found.key, sought.aliasMadeAt)) return found;
  const best = [...formers].sort((one, other) => distanceOf(one) - distanceOf(other))[0];
  if (best === undefined || (found !== undefined && distanceOf(best) > distanceOf(found))) return found;
  const current = lookup.task(best.key);
  if (ours === undefined) return found === undefined && current === undefined ? undefined : 'ambiguous';
  if (found !== undefined && distanceOf(best) === distanceOf(found)) return 'ambiguous';
  return current === undefined
    ? { key: best.key, task: best.task }
    : { key: best.key, task: current, renumbered: true };
}

/** Recent changes that the sender may not have seen. */
interface UnseenState {
  /** True if the sender may not know that this task exists. */
  isNew(key: string): boolean;
  /** The current and the recent values of a task. */
  values(key: string, task: Task): readonly Task[];
  /** The earlier values, with this description, of tasks that were changed recently. */
  earlierByDesc(desc: string | undefined): readonly Found[];
}

function findAsNamed(lookup: Lookup, { which, ours, seen, alias }: Sought, unseen: UnseenState): Found | undefined {
  const named = (key: string): Found[] => {
    const task = lookup.task(key);
    return task === undefined ? [] : [{ key, task }];
  };
  if (which.key !== undefined) return named(which.key)[0];
  const index = ours?.index ?? which.index;
  if (index !== undefined) {
    const key = lookup.byIndex(index);
    return key === undefined ? undefined : named(key)[0];
  }
  const byId = lookup
    .byId(which.id ?? ours?.id)
    .flatMap(named)
    .find(({ key, task }) => !isAnother(unseen.values(key, task), ours, unseen.isNew(key), alias !== undefined));
  if (byId === undefined && alias === undefined && ours !== undefined) {
    const undone = findUndone(lookup, ours, unseen).flatMap(named)[0];
    if (undone !== undefined) return undone;
  }
  if (ours === undefined || which.id !== undefined) return byId;
  // Without index and old id, the client may have done or undone the task (W2.3, W6.3). Its new id may be another task's by chance.
  const before = unseen.earlierByDesc(ours.desc).filter(({ key }) => lookup.task(key) !== undefined);
  const renamed = [...lookup.byDesc(ours.desc).flatMap(named), ...before].filter(({ task }) => isRenamed(task, ours));
  const distanceOf = ({ task }: Found) => distance(seen(task), ours);
  const best = [...(byId === undefined ? [] : [byId]), ...renamed].reduce<Found | undefined>(
    (best, one) => (best === undefined || distanceOf(one) < distanceOf(best) ? one : best),
    undefined,
  );
  return best === undefined ? undefined : named(best.key)[0];
}

/**
 * @param values the current and recent values of the task with the id of `ours`
 * @returns true if `ours` is a different task: two devices used the same id at the same time. That is so if `ours` is unlike all
 * values, and the stored task has an index or is new to the sender
 */
function isAnother(values: readonly Task[], ours: Task | undefined, isNew: boolean, byAlias: boolean): boolean {
  if (ours === undefined || ((byAlias || values[0]?.index === undefined) && !isNew)) return false;
  return values.every((task) => task.desc !== ours.desc && distance(task, ours) > 1);
}

/**
 * W2: a client of 2018 sends nothing when a task is done. The next update has the id of the done task, and may also have a new
 * description. Then nothing else may differ, and the sender must know the task.
 */
function findUndone(lookup: Lookup, ours: Task, unseen: UnseenState): readonly string[] {
  const open = openIds(ours).flatMap((id) => lookup.byId(id));
  const equal = open.filter((key) => lookup.task(key)?.desc === ours.desc);
  if (equal.length > 0) return equal;
  return open.filter((key) => {
    const task = lookup.task(key);
    if (task === undefined || task.index !== undefined || task.done || unseen.isNew(key)) return false;
    return unseen.values(key, task).some((value) => same(value.tags, ours.tags) && same(value.due, ours.due));
  });
}

/** True if `ours` may be the task after a client of 2018 has done or undone it: both change the id. */
function isRenamed(task: Task, ours: Task): boolean {
  if (task.index !== undefined || task.id === undefined || ours.id === undefined) return false;
  return ours.done ? !task.done && isDoneIdOf(ours.id, task.id) : Boolean(task.done);
}

/** W4: a task that another device removed, possibly without the sender of the update knowing. */
export function findRemoved(
  removed: ReadonlyMap<string, RemovedTask>,
  lookup: Lookup,
  { which, ours, device, alias }: Sought,
): Found | undefined {
  for (const [key, { task, device: remover }] of removed) {
    if (remover === device || lookup.task(key) !== undefined) continue;
    const fits =
      alias === undefined && (ours?.index !== undefined || task.index !== undefined)
        ? task.index === ours?.index
        : task.id === (which.id ?? ours?.id);
    if (which.key === undefined ? fits : which.key === key) return { key, task };
  }
  return undefined;
}
