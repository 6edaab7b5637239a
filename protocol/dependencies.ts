// Which tasks have to be done before which (rules N4 of README.md). A dependency on a task that is done, or gone, is met.

interface Needing {
  readonly needs?: readonly string[];
  readonly done?: unknown;
}

/**
 * True if `index` may not need `needed`, because `needed` needs it already, over however many tasks.
 * @param find the task with this index
 */
export function createsCycle(index: string, needed: string, find: (index: string) => Needing | undefined): boolean {
  const seen = new Set<string>();
  const open = [needed];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === index) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(find(next)?.needs ?? []));
  }
  return false;
}

/** The tasks that a task still needs: those that exist and are not done. */
export function unmetNeeds<T extends Needing>(task: Needing, find: (index: string) => T | undefined): readonly T[] {
  return (task.needs ?? []).flatMap((index) => {
    const needed = find(index);
    return needed === undefined || Boolean(needed.done) ? [] : [needed];
  });
}
