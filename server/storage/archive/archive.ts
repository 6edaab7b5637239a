// What can be done with any two stores that can be moved whole: copying one into the other, and telling by content whether they
// hold the same. Nothing here knows an engine; how a store is kept in a file is in archive-file.ts.

import { createHash } from 'node:crypto';
import type { Answer, Archive, Outline, Step } from '../../core/store.ts';

/** How far one got: told often enough to be shown on a terminal. */
export interface Progress {
  /** The one at work. */
  readonly channel: string;
  /** Those that are done. */
  readonly channels: number;
  readonly steps: number;
}

export interface Totals {
  readonly channels: number;
  readonly steps: number;
  readonly answers: number;
}

export type Told = (progress: Progress) => void;

/** A step as one line of JSON. What kind of change it was follows from `value` and `born`. */
export function stepLine({ seq, key, value, time, end, origin, at, version, born }: Step): string {
  return `${JSON.stringify([seq, key, value, time, end, origin, at, version, born])}\n`;
}

export function answerLine({ writeId, seq, steps, at }: Answer): string {
  return `${JSON.stringify([writeId, seq, steps, at])}\n`;
}

export function outlineLine({ channel, seq, version, floor }: Outline): string {
  return `${JSON.stringify([channel, seq, version, floor])}\n`;
}

/** The content hash of each channel, by its name: SHA-256, in hex, over its lines. */
export async function contentHashes(archive: Archive, told: Told = quiet): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  let steps = 0;
  for await (const outline of archive.outlines()) {
    const { channel } = outline;
    const hash = createHash('sha256').update(outlineLine(outline));
    for await (const some of archive.steps(channel)) {
      hash.update(some.map(stepLine).join(''));
      steps += some.length;
      told({ channel, channels: hashes.size, steps });
    }
    for await (const some of archive.answers(channel)) hash.update(some.map(answerLine).join(''));
    hashes.set(channel, hash.digest('hex'));
  }
  return hashes;
}

/** @returns the channels that are not the same in both, by name; none when the stores hold the same */
export function differing(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...one.keys(), ...other.keys()])];
  return names.filter((name) => one.get(name) !== other.get(name)).sort();
}

/** Every channel of one store into another that has none of them, but for those that are there already. */
export async function copyArchive(
  from: Archive,
  to: Archive,
  told: Told = quiet,
  isThere: (channel: string) => boolean = () => false,
): Promise<Totals> {
  let [channels, steps, answers] = [0, 0, 0];
  for await (const outline of from.outlines()) {
    const { channel } = outline;
    if (isThere(channel)) continue;
    const counted = counting(from.steps(channel), (count) => {
      steps += count;
      told({ channel, channels, steps });
    });
    const remembered = counting(from.answers(channel), (count) => {
      answers += count;
    });
    await to.load(outline, counted, remembered);
    channels += 1;
  }
  return { channels, steps, answers };
}

async function* counting<Row>(
  lists: AsyncIterable<readonly Row[]>,
  count: (rows: number) => void,
): AsyncGenerator<readonly Row[]> {
  for await (const list of lists) {
    yield list;
    count(list.length);
  }
}

const quiet = () => undefined;
