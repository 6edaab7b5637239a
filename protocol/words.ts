// The line that `add` and `update` take: tags, a due date, and a description (rules G of README.md).

import { parseDue } from './due.ts';
import type { Zone } from './zone.ts';

export type WordKind = 'text' | 'tag' | 'untag' | 'due';

export interface TaskLine {
  readonly desc: string;
  readonly tags: readonly string[];
  /** Tags to take away; none in `add`. */
  readonly untags: readonly string[];
  /** Seconds since 1970; undefined if the line has none. */
  readonly due: number | undefined;
}

export type TaskLineError = 'invalid tags' | 'invalid due';
export type TaskLineResult =
  | { readonly ok: true; readonly line: TaskLine }
  | { readonly ok: false; readonly error: TaskLineError };

const tagForm = /^[0-9a-zA-Z\-_]+$/;

export function isTag(text: string): boolean {
  return tagForm.test(text);
}

export function splitWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** G1, G3. A sign alone is text, and so is a colon before a sign: `:)`. */
export function kindOf(word: string, verb: 'add' | 'update'): WordKind {
  if (/^\+./.test(word)) return 'tag';
  if (verb === 'update' && /^-./.test(word)) return 'untag';
  return /^:(?:$|[:\p{L}\p{N}])/u.test(word) ? 'due' : 'text';
}

/**
 * Parses the line of a verb (G1, G2).
 * @param now seconds since 1970
 */
export function parseTaskLine(text: string, verb: 'add' | 'update', now: number, zone: Zone): TaskLineResult {
  const words = splitWords(text).map((word) => ({ word, kind: kindOf(word, verb) }));
  const named = (kind: WordKind) => words.flatMap((one) => (one.kind === kind ? [one.word.slice(1)] : []));
  const tags = [...new Set(named('tag'))];
  const untags = [...new Set(named('untag'))];
  if (![...tags, ...untags].every(isTag)) return { ok: false, error: 'invalid tags' };
  const [word, ...more] = named('due');
  const due = word === undefined ? undefined : parseDue(`:${word}`, now, zone);
  if (more.length > 0 || (word !== undefined && due === undefined)) return { ok: false, error: 'invalid due' };
  const desc = words.flatMap((one) => (one.kind === 'text' ? [one.word] : [])).join(' ');
  return { ok: true, line: { desc, tags, untags, due } };
}

/** The project that a description names: `@project` as a word of its own. */
export function projectIn(desc: string): string | undefined {
  return /(?:^|\s)@([\p{L}\p{N}][\p{L}\p{N}._/-]*)/u.exec(desc)?.[1];
}
