// The tasks of the page: converts the channel's items to tasks, and the effect of an action to writes of the channel. The actions themselves
// are those of the command line.

import type { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';

/** The channel's items, as far as this page needs them. */
export type Items = ReadonlyMap<string, { readonly item: Task }>;

export type BoardWrite =
  | { readonly type: 'create' | 'update'; readonly key: string; readonly task: Task }
  | { readonly type: 'delete'; readonly key: string };

export function tasksOf(items: Items): readonly PlainTask[] {
  return [...items].map(([key, { item }]) => plainOf(key, item));
}

/** The writes that turn the channel's tasks into those that an action made of them. */
export function writesTo(items: Items, after: readonly PlainTask[]): readonly BoardWrite[] {
  const kept = new Set(after.map(({ index }) => index));
  const gone = [...items.keys()].filter((key) => !kept.has(key)).map((key): BoardWrite => ({ type: 'delete', key }));
  const made = after.flatMap((task): BoardWrite[] => {
    const key = task.index;
    const wire = items.get(key)?.item;
    if (wire === undefined) return [{ type: 'create', key, task: wireOf(undefined, undefined, task) }];
    const before = plainOf(key, wire);
    return alike(before, task) ? [] : [{ type: 'update', key, task: wireOf(wire, before, task) }];
  });
  return [...gone, ...made];
}

/** The writes that undo `writes` on the items as they are now. */
export function inverseOf(items: Items, writes: readonly BoardWrite[]): readonly BoardWrite[] {
  return writes.map((write): BoardWrite => {
    const task = items.get(write.key)?.item;
    if (task === undefined) return { type: 'delete', key: write.key };
    if (write.type === 'delete') return { type: 'create', key: write.key, task };
    // A field that a task did not have is written too: a field that is left out stays as it is.
    return {
      type: 'update',
      key: write.key,
      task: { ...wireOf(undefined, undefined, plainOf(write.key, task)), ...task },
    };
  });
}

function alike(one: PlainTask, other: PlainTask): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
