// The three-way merge of lists in which the order does not count: the tags, needs and notes of a task.

import { same } from './same.ts';

/** Adds what one side added, and removes what it removed; the rest stays as the other side has it. */
export function mergeLists<T>(
  before: readonly T[] = [],
  current: readonly T[] = [],
  ours: readonly T[] = before,
): readonly T[] {
  const has = (list: readonly T[], one: T) => list.some((other) => same(one, other));
  const added = ours.filter((one) => !has(before, one) && !has(current, one));
  const removed = before.filter((one) => !has(ours, one));
  return [...current.filter((one) => !has(removed, one)), ...added];
}
