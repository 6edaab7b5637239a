// Lines of code that heartbeats tell of, by who wrote them. They belong to the moment of the heartbeat that tells them, whatever time
// it is worth. Which of them count for what is credit.ts'.

import type { Heartbeat } from '../model/heartbeat.ts';

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

/** Whether any is more than nothing, of those that begin at `from`. */
export function tellsLines(counts: Counts, from: number): boolean {
  return counts[from] !== 0 || counts[from + 1] !== 0 || counts[from + 2] !== 0 || counts[from + 3] !== 0;
}

/** Lines by number: `codes[i]` has the counts that begin at `i * lineKinds.length`. No number is there twice. */
export interface LineSums {
  readonly codes: readonly number[];
  readonly counts: Counts;
}

export const noLines: LineSums = { codes: [], counts: [] };

/**
 * Adds up by whatever they count for.
 * @param from where the numbers begin, of many
 */
export function addLines<Key>(sums: Map<Key, number[]>, key: Key, counts: Counts, from: number): void {
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = lineKinds.map(() => 0);
    sums.set(key, sum);
  }
  for (let kind = 0; kind < lineKinds.length; kind += 1) sum[kind] = (sum[kind] ?? 0) + (counts[from + kind] ?? 0);
}

/** By whatever the numbers stand for; what stands for several counts for each of them. */
export function linesBy<Key>(
  all: readonly LineSums[],
  keysOf: (code: number) => readonly Key[],
): ReadonlyMap<Key, Counts> {
  const sums = new Map<Key, number[]>();
  for (const { codes, counts } of all) {
    for (const [index, code] of codes.entries())
      for (const key of keysOf(code)) addLines(sums, key, counts, index * lineKinds.length);
  }
  return sums;
}

/** Adds up by number without hashing, since most heartbeats of a year may tell of lines. */
export class LineCounter {
  #sums = new Float64Array(lineKinds.length * 256);
  #touched: number[] = [];

  /** @param from where the numbers begin, of many; one of them is more than nothing */
  add(code: number, counts: Counts, from: number): void {
    const at = code * lineKinds.length;
    if (at >= this.#sums.length) this.#grow(at);
    const sums = this.#sums;
    if (!tellsLines(sums, at)) this.#touched.push(code);
    for (let kind = 0; kind < lineKinds.length; kind += 1)
      sums[at + kind] = (sums[at + kind] ?? 0) + (counts[from + kind] ?? 0);
  }

  /** What was added since the last time. */
  take(): LineSums {
    const codes = this.#touched;
    const counts = new Float64Array(codes.length * lineKinds.length);
    for (const [index, code] of codes.entries()) {
      const [from, to] = [code * lineKinds.length, (code + 1) * lineKinds.length];
      counts.set(this.#sums.subarray(from, to), index * lineKinds.length);
      this.#sums.fill(0, from, to);
    }
    this.#touched = [];
    return { codes, counts };
  }

  #grow(at: number): void {
    const grown = new Float64Array(Math.max(at + lineKinds.length, this.#sums.length * 2));
    grown.set(this.#sums);
    this.#sums = grown;
  }
}
