// Lines of code that heartbeats report, written by AI or by hand. They count at the moment of the heartbeat that reports them, even
// if no time is credited to it.

import type { Heartbeat } from '../model/heartbeat.ts';

export const lineKinds = ['ai_additions', 'ai_deletions', 'human_additions', 'human_deletions'] as const;

/** The counts as answers have them. */
export type LineChanges = Readonly<Record<(typeof lineKinds)[number], number>>;

/** A number for each of `lineKinds`. */
export type LineCounts = ArrayLike<number>;

/** The largest number that a column holds. */
const most = 0xffff_ffff;

/**
 * The lines that a heartbeat reports; undefined when it reports none. Editors send the change of a file's length, negative when it
 * has shrunk. Plugins before 2025 sent additions and deletions, without AI.
 */
export function countLines(heartbeat: Heartbeat): LineCounts | undefined {
  const { ai_line_changes: ai = 0, human_line_changes, line_additions = 0, line_deletions = 0 } = heartbeat;
  const human =
    human_line_changes === undefined
      ? [Math.max(line_additions, 0), Math.abs(line_deletions)]
      : [Math.max(human_line_changes, 0), Math.max(-human_line_changes, 0)];
  const counts = [Math.max(ai, 0), Math.max(-ai, 0), ...human].map((count) => Math.min(count, most));
  return counts.some((count) => count > 0) ? counts : undefined;
}

export function describeLines(counts: LineCounts = []): LineChanges {
  const [ai_additions = 0, ai_deletions = 0, human_additions = 0, human_deletions = 0] = Array.from(counts);
  return { ai_additions, ai_deletions, human_additions, human_deletions };
}

export function isSameLines(one: LineCounts | undefined, other: LineCounts | undefined): boolean {
  return lineKinds.every((_, kind) => (one?.[kind] ?? 0) === (other?.[kind] ?? 0));
}

/** True if any of the counts that begin at `from` is positive. */
export function hasLines(counts: LineCounts, from: number): boolean {
  return counts[from] !== 0 || counts[from + 1] !== 0 || counts[from + 2] !== 0 || counts[from + 3] !== 0;
}

/** Lines by dictionary number: `codes[i]` has the counts that begin at `i * lineKinds.length`. Each number occurs once. */
export interface LineSums {
  readonly codes: readonly number[];
  readonly counts: LineCounts;
}

export const noLines: LineSums = { codes: [], counts: [] };

/**
 * Adds counts to the sum of a key.
 * @param from index of the first count
 */
export function addLines<Key>(sums: Map<Key, number[]>, key: Key, counts: LineCounts, from: number): void {
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = lineKinds.map(() => 0);
    sums.set(key, sum);
  }
  for (let kind = 0; kind < lineKinds.length; kind += 1) sum[kind] = (sum[kind] ?? 0) + (counts[from + kind] ?? 0);
}

/** Sums lines by key. A number with several keys counts for each of them. */
export function sumLinesBy<Key>(
  all: readonly LineSums[],
  keysOf: (code: number) => readonly Key[],
): ReadonlyMap<Key, LineCounts> {
  const sums = new Map<Key, number[]>();
  for (const { codes, counts } of all) {
    for (const [index, code] of codes.entries())
      for (const key of keysOf(code)) addLines(sums, key, counts, index * lineKinds.length);
  }
  return sums;
}

/** Sums lines by number without hashing, because most heartbeats of a year may report lines. */
export class LineCounter {
  #sums = new Float64Array(lineKinds.length * 256);
  #touched: number[] = [];

  /** @param from index of the first count; at least one count is positive */
  add(code: number, counts: LineCounts, from: number): void {
    const at = code * lineKinds.length;
    if (at >= this.#sums.length) this.#grow(at);
    const sums = this.#sums;
    if (!hasLines(sums, at)) this.#touched.push(code);
    for (let kind = 0; kind < lineKinds.length; kind += 1)
      sums[at + kind] = (sums[at + kind] ?? 0) + (counts[from + kind] ?? 0);
  }

  /** The sums since the last call. */
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

const counter = new LineCounter();

/** Adds up sums of lines. */
export function addLineSums(all: readonly LineSums[]): LineSums {
  for (const { codes, counts } of all)
    for (const [index, code] of codes.entries()) counter.add(code, counts, index * lineKinds.length);
  return counter.take();
}
