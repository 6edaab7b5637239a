// The three-way merge of lists in which the order does not count: the tags, needs and notes of a task.

import { projectTag } from './project-tag.ts';
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

/**
 * A project that another one replaces takes its tag with it (N1.2).
 * @param former the project that is replaced, @param project the one that replaces it
 */
export function withoutTagOf(
  former: string | undefined,
  project: string | undefined,
  tags: readonly string[],
): readonly string[] {
  if (former === undefined || former === project) return tags;
  const tag = projectTag(former);
  return tags.filter((one) => one !== tag || (project !== undefined && projectTag(project) === tag));
}
