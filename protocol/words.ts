// The line that `add` and `update` take: tags, a due date, and the description that is left of it (rules G of README.md). What the
// line is done with is the client's business.

import { dueOf } from './due.ts';
import type { Zone } from './zone.ts';

export type WordKind = 'text' | 'tag' | 'untag' | 'due';

export interface Line {
  readonly desc: string;
  readonly tags: readonly string[];
  /** Tags to take away. */
  readonly untags: readonly string[];
  /** Seconds since 1970; undefined where none was said. */
  readonly due: number | undefined;
}

export type LineError = 'invalid tags' | 'invalid due';
export type ReadLine = { readonly ok: true; readonly line: Line } | { readonly ok: false; readonly error: LineError };

const tagForm = /^[0-9a-zA-Z\-_]+$/;

export function isTag(text: string): boolean {
  return tagForm.test(text);
}

export function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** A sign that stands alone is text, and so is a colon before anything but a date or a name of one: `:)`. */
export function kindOf(word: string, verb: 'add' | 'update'): WordKind {
  if (/^\+./.test(word)) return 'tag';
  if (verb === 'update' && /^-./.test(word)) return 'untag';
  return /^:(?:$|[:\p{L}\p{N}])/u.test(word) ? 'due' : 'text';
}

/**
 * @param now seconds since 1970
 */
export function readLine(text: string, verb: 'add' | 'update', now: number, zone: Zone): ReadLine {
  const words = wordsOf(text).map((word) => ({ word, kind: kindOf(word, verb) }));
  const named = (kind: WordKind) => words.flatMap((one) => (one.kind === kind ? [one.word.slice(1)] : []));
  const tags = [...new Set(named('tag'))];
  const untags = [...new Set(named('untag'))];
  if (![...tags, ...untags].every(isTag)) return { ok: false, error: 'invalid tags' };
  const [word, ...more] = named('due');
  const due = word === undefined ? undefined : dueOf(`:${word}`, now, zone);
  if (more.length > 0 || (word !== undefined && due === undefined)) return { ok: false, error: 'invalid due' };
  const desc = words.flatMap((one) => (one.kind === 'text' ? [one.word] : [])).join(' ');
  return { ok: true, line: { desc, tags, untags, due } };
}
