// Converts the channel's items to tasks, and the result of an action to writes to the channel. The actions are those of the command line.

import type { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';

/** The part of the channel's items that this page needs. */
export type Items = ReadonlyMap<string, { readonly item: Task }>;

export type BoardWrite =
  | { readonly type: 'create' | 'update'; readonly key: string; readonly task: Task }
  | { readonly type: 'delete'; readonly key: string };

export function tasksOf(items: Items): readonly PlainTask[] {
  return [...items].map(([key, { item }]) => plainOf(key, item));
}

/** @returns the writes that change the channel's tasks to `after`, the result of an action */
export function writesTo(items: Items, after: readonly PlainTask[]): readonly BoardWrite[] {
  const remaining = new Set(after.map(({ index }) => index));
  const deletes = [...items.keys()]
    .filter((key) => !remaining.has(key))
    .map((key): BoardWrite => ({ type: 'delete', key }));
  const changes = after.flatMap((task): BoardWrite[] => {
    const key = task.index;
    const wire = items.get(key)?.item;
    if (wire === undefined) return [{ type: 'create', key, task: wireOf(undefined, undefined, task) }];
    const before = plainOf(key, wire);
    return isEqual(before, task) ? [] : [{ type: 'update', key, task: wireOf(wire, before, task) }];
  });
  return [...deletes, ...changes];
}

/** @param items the items before `writes`. @returns the writes that undo `writes` */
export function inverseOf(items: Items, writes: readonly BoardWrite[]): readonly BoardWrite[] {
  return writes.map((write): BoardWrite => {
    const task = items.get(write.key)?.item;
    if (task === undefined) return { type: 'delete', key: write.key };
    if (write.type === 'delete') return { type: 'create', key: write.key, task };
    // A write changes only the fields that it has. So it also contains the default of each field that the task did not have.
    return {
      type: 'update',
      key: write.key,
      task: { ...wireOf(undefined, undefined, plainOf(write.key, task)), ...task },
    };
  });
}

function isEqual(one: PlainTask, other: PlainTask): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
