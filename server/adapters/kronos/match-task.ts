// Which task a request means (rules W2, W4, W6), as functions over what is there now, what was there a moment ago and what was
// removed. Nothing is remembered here: see lookup.ts, unseen.ts and notices.ts.

import { distance, openIds } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { isDoneIdOf } from '../../../protocol/task.ts';
import type { Unseen } from './recent-changes.ts';
import type { Lookup } from './task-index.ts';

/** What a request names a task by; the first that is given counts, then the index and id of the task in it (W2). */
export interface Which {
  readonly key?: string | undefined;
  readonly index?: string | undefined;
  readonly id?: number | undefined;
}

export interface Sought {
  readonly which: Which;
  /** The task as the sender has it; undefined where it sent none. */
  readonly ours: Task | undefined;
  readonly device: string;
  /** A stored task as the sender has it. */
  readonly seen: (task: Task) => Task;
  /** W10: an index that nobody knows, by which the sender means a task that it was told of. */
  readonly alias?: string;
  /** When the sender made that index, in milliseconds of the hub's clock. */
  readonly aliasMadeAt?: number;
}

export interface Found {
  readonly key: string;
  readonly task: Task;
  /** Found under an id that it no longer has. */
  readonly renumbered?: true;
}

/** A task that is gone, as it last was, and who removed it. */
export interface Removed {
  readonly task: Task;
  readonly device: string;
}

/** W2; and W6 where only an id was given, which may have gone to another task without the sender knowing. */
export function find(lookup: Lookup, unseen: Unseen, sought: Sought, now: number): Found | 'ambiguous' | undefined {
  const { which, ours, device } = sought;
  const found = findAsNamed(lookup, sought, {
    isNew: (key) => unseen.isNew(key, device, now),
    values: (key, task) => unseen.late(key, task).map(sought.seen),
    before: (desc) => unseen.before(desc, device, now),
  });
  if (which.key !== undefined || (ours?.index ?? which.index) !== undefined) return found;
  // The task that its value is nearest to.
  const away = ({ key, task }: Found) => (ours === undefined ? 0 : unseen.away(key, task, ours, sought.seen));
  const formers = unseen
    .formersOf(which.id ?? ours?.id, found?.key, device, now)
    .filter(({ key }) => key !== found?.key);
  // 2019 names a task when it is told of it.
  if (found !== undefined && unseen.wasToldAt(found.key, sought.aliasMadeAt)) return found;
  const best = [...formers].sort((one, other) => away(one) - away(other))[0];
  if (best === undefined || (found !== undefined && away(best) > away(found))) return found;
  const current = lookup.task(best.key);
  if (ours === undefined) return found === undefined && current === undefined ? undefined : 'ambiguous';
  if (found !== undefined && away(best) === away(found)) return 'ambiguous';
  return current === undefined
    ? { key: best.key, task: best.task }
    : { key: best.key, task: current, renumbered: true };
}

/** What the sender may not know. */
interface Late {
  /** Whether there is this task. */
  isNew(key: string): boolean;
  /** The values that it had lately. */
  values(key: string, task: Task): readonly Task[];
  /** How tasks that have, or had, this description were until a moment ago. */
  before(desc: string | undefined): readonly Found[];
}

function findAsNamed(lookup: Lookup, { which, ours, seen, alias }: Sought, late: Late): Found | undefined {
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
    .find(({ key, task }) => !isAnother(late.values(key, task), ours, late.isNew(key), alias !== undefined));
  if (byId === undefined && alias === undefined && ours !== undefined) {
    const undone = findUndone(lookup, ours).flatMap(named)[0];
    if (undone !== undefined) return undone;
  }
  if (ours === undefined || which.id !== undefined) return byId;
  // Neither index nor old id: perhaps a client that did, or undid, `done`, and then by chance under the id of another task.
  const before = late.before(ours.desc).filter(({ key }) => lookup.task(key) !== undefined);
  const renamed = [...lookup.byDesc(ours.desc).flatMap(named), ...before].filter(({ task }) => isRenamed(task, ours));
  const away = ({ task }: Found) => distance(seen(task), ours);
  const best = [...(byId === undefined ? [] : [byId]), ...renamed].reduce<Found | undefined>(
    (best, one) => (best === undefined || away(one) < away(best) ? one : best),
    undefined,
  );
  return best === undefined ? undefined : named(best.key)[0];
}

/**
 * @param late the values that the task under its id has, and had lately
 * @returns whether `ours` is another: a task without an index, and unlike the one there, which has one, or which the sender may not
 * know of. Two devices gave that id at once.
 */
function isAnother(late: readonly Task[], ours: Task | undefined, isNew: boolean, byAlias: boolean): boolean {
  if (ours === undefined || ((byAlias || late[0]?.index === undefined) && !isNew)) return false;
  return late.every((task) => task.desc !== ours.desc && distance(task, ours) > 1);
}

/** W2: a client of 2018 sends nothing when it does a task; what it sends later has the id of the done one. */
function findUndone(lookup: Lookup, ours: Task): readonly string[] {
  const open = openIds(ours).flatMap((id) => lookup.byId(id));
  return open.filter((key) => lookup.task(key)?.desc === ours.desc);
}

/** Whether `ours` may be what a client of 2018 made of the task by doing it, or undoing that: both change the id. */
function isRenamed(task: Task, ours: Task): boolean {
  if (task.index !== undefined || task.id === undefined || ours.id === undefined) return false;
  return ours.done ? !task.done && isDoneIdOf(ours.id, task.id) : Boolean(task.done);
}

/** W4: a task that was removed by another device, which the sender of an update may not have known. */
export function findRemoved(
  removed: ReadonlyMap<string, Removed>,
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
