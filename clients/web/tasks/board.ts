// Converts the channel's items to tasks, and the result of an action to writes to the channel. The actions are those of the command line.

import { shortDuration, units } from '../../../protocol/duration.ts';
import type { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';
import type { TasksPageTexts } from '../languages/tasks.ts';

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
      task: { ...wireOf(undefined, undefined, plainOf(write.key, task)), ...withoutIntervals(write.task), ...task },
    };
  });
}

/** A stop adds intervals to a task that had none: undoing it empties the field. */
function withoutIntervals({ intervals }: Task): Pick<Task, 'intervals'> {
  return intervals === undefined ? {} : { intervals: '' };
}

export interface Arrangement {
  /** The search: words of the description or tags. */
  readonly search: string;
  readonly sort: 'added' | 'due' | 'tag';
}

/** The tasks in the order in which they are shown. Of equals the order stays; tasks without a due date or a tag come last. */
export function arrangeTasks(tasks: readonly PlainTask[], { search, sort }: Arrangement): readonly PlainTask[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = tasks.filter(({ desc, tags }) => {
    const text = [desc, ...tags].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (sort === 'added') return found;
  const rank = ({ due, tags }: PlainTask): number | string =>
    sort === 'due' ? due || Number.POSITIVE_INFINITY : (tags[0] ?? '\uffff');
  return [...found].sort((a, c) => {
    const [one, other] = [rank(a), rank(c)];
    return one === other ? 0 : one < other ? -1 : 1;
  });
}

/** The name of a task: its description, or its number if it has none. */
export function nameOfTask({ desc, id }: Pick<PlainTask, 'desc' | 'id'>, { text }: TasksPageTexts): string {
  return desc.trim() === '' ? text('tasks.nameless', { id }) : desc;
}

/** A duration as protocol/duration.ts writes it (`3d 14h`), with the language's units. */
export function inUnits(duration: string, { text }: TasksPageTexts): string {
  const names = text('tasks.units').split(' ');
  return duration.replace(/([a-z]+)/g, (unit) => names[units.findIndex(([name]) => name === unit)] ?? unit);
}

/** `in 4h`, `3d ago`. @param seconds from now; negative in the past */
export function fromNow(seconds: number, texts: TasksPageTexts): string {
  return texts.text(seconds > 0 ? 'tasks.in' : 'tasks.ago', { time: inUnits(shortDuration(seconds), texts) });
}

function isEqual(one: PlainTask, other: PlainTask): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
