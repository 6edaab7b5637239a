// Lines of code that heartbeats tell of, by who wrote them. They belong to the moment of the heartbeat that tells them, whatever time
// it is worth. Which of them count for what is credit.ts'.

import type { Heartbeat } from './heartbeat.ts';

export const lineKinds = ['ai_additions', 'ai_deletions', 'human_additions', 'human_deletions'] as const;

/** As answers say it. */
export type Lines = Readonly<Record<(typeof lineKinds)[number], number>>;

/** A number for each of `lineKinds`. */
export type Counts = ArrayLike<number>;

/** What columns can hold; nobody writes as much between two heartbeats. */
const most = 0xffff_ffff;

/**
 * What a heartbeat tells; undefined when that is nothing. Editors say by how much a file has grown, less than nothing when it has
 * shrunk; those before 2025 knew additions and deletions, and nothing of AI.
 */
export function linesOf(heartbeat: Heartbeat): Counts | undefined {
  const { ai_line_changes: ai = 0, human_line_changes, line_additions = 0, line_deletions = 0 } = heartbeat;
  const human =
    human_line_changes === undefined
      ? [Math.max(line_additions, 0), Math.abs(line_deletions)]
      : [Math.max(human_line_changes, 0), Math.max(-human_line_changes, 0)];
  const counts = [Math.max(ai, 0), Math.max(-ai, 0), ...human].map((count) => Math.min(count, most));
  return counts.some((count) => count > 0) ? counts : undefined;
}

export function sayLines(counts: Counts = []): Lines {
  const [ai_additions = 0, ai_deletions = 0, human_additions = 0, human_deletions = 0] = Array.from(counts);
  return { ai_additions, ai_deletions, human_additions, human_deletions };
}

export function sameLines(one: Counts | undefined, other: Counts | undefined): boolean {
  return lineKinds.every((_, kind) => (one?.[kind] ?? 0) === (other?.[kind] ?? 0));
}

/** Adds up by whatever they count for. */
export function addLines<Key>(sums: Map<Key, number[]>, key: Key, counts: Counts): void {
  const before = sums.get(key);
  sums.set(
    key,
    lineKinds.map((_, kind) => (before?.[kind] ?? 0) + (counts[kind] ?? 0)),
  );
}

/** Of all together. */
export function allLines(all: Iterable<Counts>): Counts {
  const sums = new Map<'', number[]>();
  for (const counts of all) addLines(sums, '', counts);
  return sums.get('') ?? [];
}
