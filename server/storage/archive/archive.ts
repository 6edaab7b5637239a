// Operations on any two exportable stores: copy one into the other, and compare their contents. Nothing here knows an engine; archive-file.ts
// has the file format.

import { createHash } from 'node:crypto';
import type { Answer, Archive, Outline, Step } from '../../core/store.ts';

/** Progress of a long operation, reported often enough for a terminal. */
export interface Progress {
  /** The channel in work. */
  readonly channel: string;
  /** Channels that are done. */
  readonly channels: number;
  readonly steps: number;
}

export interface Totals {
  readonly channels: number;
  readonly steps: number;
  readonly answers: number;
}

export type OnProgress = (progress: Progress) => void;

/** A step as one line of JSON. Its kind follows from `value` and `born`. */
export function stepLine({ seq, key, value, time, end, origin, at, version, born }: Step): string {
  return `${JSON.stringify([seq, key, value, time, end, origin, at, version, born])}\n`;
}

export function answerLine({ writeId, seq, steps, at }: Answer): string {
  return `${JSON.stringify([writeId, seq, steps, at])}\n`;
}

export function outlineLine({ channel, seq, version, floor }: Outline): string {
  return `${JSON.stringify([channel, seq, version, floor])}\n`;
}

/** Hashes the content of each channel: SHA-256 over its lines, in hexadecimal, by channel name. */
export async function contentHashes(
  archive: Omit<Archive, 'load'>,
  onProgress: OnProgress = quiet,
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  let steps = 0;
  for await (const outline of archive.outlines()) {
    const { channel } = outline;
    const hash = createHash('sha256').update(outlineLine(outline));
    for await (const some of archive.steps(channel)) {
      hash.update(some.map(stepLine).join(''));
      steps += some.length;
      onProgress({ channel, channels: hashes.size, steps });
    }
    for await (const some of archive.answers(channel)) hash.update(some.map(answerLine).join(''));
    hashes.set(channel, hash.digest('hex'));
  }
  return hashes;
}

/** @returns the names of the channels that differ, sorted; empty if both stores have the same content */
export function differing(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...one.keys(), ...other.keys()])];
  return names.filter((name) => one.get(name) !== other.get(name)).sort();
}

/** Copies every channel of `from` into `to`, except those for which `isThere` is true. */
export async function copyArchive(
  from: Archive,
  to: Archive,
  onProgress: OnProgress = quiet,
  isThere: (channel: string) => boolean = () => false,
): Promise<Totals> {
  let [channels, steps, answers] = [0, 0, 0];
  for await (const outline of from.outlines()) {
    const { channel } = outline;
    if (isThere(channel)) continue;
    const counted = counting(from.steps(channel), (count) => {
      steps += count;
      onProgress({ channel, channels, steps });
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
