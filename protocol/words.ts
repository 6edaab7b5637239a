// The line that `add` and `update` take: tags, a due date, and a description (rules G of README.md).

import { parseDue } from './due.ts';
import { isProject, type Priority, priorities } from './planning.ts';
import { parseEvery } from './recurrence.ts';
import type { Zone } from './zone.ts';

export type WordKind = 'text' | 'tag' | 'untag' | 'due' | 'project' | 'attribute';

/** A date as a line states it; null takes the date away. */
type StatedDate = number | null;

export interface TaskLine {
  readonly desc: string;
  readonly tags: readonly string[];
  /** Tags to take away; none in `add`. */
  readonly untags: readonly string[];
  /** Seconds since 1970; undefined if the line has none, null if it takes the due date away. */
  readonly due: StatedDate | undefined;
  readonly planning: PlanningWords;
}

/** The named fields of a line (G4). A field is undefined if the line does not name it, null if it takes the value away. */
export interface PlanningWords {
  readonly project?: string | null;
  readonly priority?: Priority | null;
  readonly wait?: StatedDate;
  readonly scheduled?: StatedDate;
  readonly every?: string | null;
  /** Ids of tasks to need, and of tasks to need no longer; null: none any more. */
  readonly needs?: { readonly add: readonly number[]; readonly remove: readonly number[] } | null;
}

export type TaskLineError =
  | 'invalid tags'
  | 'invalid due'
  | 'invalid project'
  | 'invalid priority'
  | 'invalid wait'
  | 'invalid scheduled'
  | 'invalid every'
  | 'invalid needs';
export type TaskLineResult =
  | { readonly ok: true; readonly line: TaskLine }
  | { readonly ok: false; readonly error: TaskLineError };

const tagForm = /^[0-9a-zA-Z\-_]+$/;
/** A word that ends what is read as more than text, tags and a due date in digits (G1.7). */
export const textMark = '--';

export function isTag(text: string): boolean {
  return tagForm.test(text);
}

export function splitWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

export const attributeNames = ['priority', 'project', 'due', 'wait', 'scheduled', 'every', 'needs'] as const;
type AttributeName = (typeof attributeNames)[number];

/** Splits `priority:high`. @returns undefined for a word that is no attribute, such as one without a value */
function attributeOf(word: string): { readonly name: AttributeName; readonly value: string } | undefined {
  const colon = word.indexOf(':');
  const name = attributeNames.find((one) => one === word.slice(0, Math.max(0, colon)));
  const value = word.slice(colon + 1);
  return name === undefined || value === '' ? undefined : { name, value };
}

/** G1, G3. A sign alone is text, and so is a colon before a sign: `:)`. */
export function kindOf(word: string, verb: 'add' | 'update'): WordKind {
  const plain = plainKindOf(word, verb);
  if (plain !== 'text') return plain;
  if (word === ':-') return 'due';
  if (word.startsWith('@')) return word === '@-' || isProject(word.slice(1)) ? 'project' : 'text';
  return attributeOf(word) === undefined ? 'text' : 'attribute';
}

/** The kind of a word behind `--` (G1.7). */
function plainKindOf(word: string, verb: 'add' | 'update'): 'text' | 'tag' | 'untag' | 'due' {
  if (/^\+./.test(word)) return 'tag';
  if (verb === 'update' && /^-./.test(word)) return 'untag';
  return /^:(?:$|[:\p{L}\p{N}])/u.test(word) ? 'due' : 'text';
}

interface Word {
  readonly word: string;
  readonly kind: WordKind;
}

/** G1.7: `--` is a mark if no word of the description is before it; otherwise it is a dash like any other. */
function classify(text: string, verb: 'add' | 'update'): readonly Word[] {
  const words: Word[] = [];
  let marked = false;
  for (const word of splitWords(text)) {
    const mayMark = !marked && word === textMark && words.every(({ kind }) => kind !== 'text');
    if (mayMark) marked = true;
    else if (word === textMark) words.push({ word, kind: 'text' });
    else words.push({ word, kind: marked ? plainKindOf(word, verb) : kindOf(word, verb) });
  }
  return words;
}

/**
 * Puts the mark of G1.7 where it counts: the words of the description that come before it on a command line go behind it.
 * @param before the words before `--`
 * @param after the words behind it
 */
export function markText(before: readonly string[], after: readonly string[], verb: 'add' | 'update'): string {
  const [id, rest] = verb === 'update' ? [before.slice(0, 1), before.slice(1)] : [[], before];
  const words = rest.flatMap((argument) => splitWords(argument));
  const isText = (word: string) => kindOf(word, verb) === 'text';
  return [...id, ...words.filter((word) => !isText(word)), textMark, ...words.filter(isText), ...after].join(' ');
}

/**
 * Parses the line of a verb (G1, G2, G4).
 * @param now seconds since 1970
 */
export function parseTaskLine(text: string, verb: 'add' | 'update', now: number, zone: Zone): TaskLineResult {
  const words = classify(text, verb);
  const textsOf = (kind: WordKind) => words.flatMap((one) => (one.kind === kind ? [one.word.slice(1)] : []));
  const tags = [...new Set(textsOf('tag'))];
  const untags = [...new Set(textsOf('untag'))];
  if (![...tags, ...untags].every(isTag)) return { ok: false, error: 'invalid tags' };
  const attributes = [
    ...textsOf('due').map((value) => ({ name: 'due', value }) as const),
    ...textsOf('project').map((value) => ({ name: 'project', value }) as const),
    ...words.flatMap(({ word, kind }) => (kind === 'attribute' ? (attributeOf(word) ?? []) : [])),
  ];
  let due: StatedDate | undefined;
  let planning: PlanningWords = {};
  for (const { name, value } of attributes) {
    const error = `invalid ${name}` as const;
    if (name === 'due') {
      if (due !== undefined) return { ok: false, error };
      due = parseStatedDate(value, now, zone);
      if (due === undefined) return { ok: false, error };
      continue;
    }
    const stated = parseAttribute(name, value, planning, now, zone);
    if (stated === undefined) return { ok: false, error };
    planning = { ...planning, ...stated };
  }
  const desc = words.flatMap((one) => (one.kind === 'text' ? [one.word] : [])).join(' ');
  return { ok: true, line: { desc, tags, untags, due, planning } };
}

function parseStatedDate(value: string, now: number, zone: Zone): StatedDate | undefined {
  return value === '-' ? null : parseDue(`:${value}`, now, zone);
}

/** G4. @returns undefined if the value is none, or the second one */
function parseAttribute(
  name: Exclude<AttributeName, 'due'>,
  value: string,
  known: PlanningWords,
  now: number,
  zone: Zone,
): PlanningWords | undefined {
  if (name === 'needs') return parseNeeds(value, known.needs);
  if (known[name] !== undefined) return undefined;
  switch (name) {
    case 'project':
      return value === '-' ? { project: null } : isProject(value) ? { project: value } : undefined;
    case 'priority': {
      const text = value.toLowerCase();
      const priority = priorities.find((one) => one === text || one.charAt(0) === text);
      return value === '-' ? { priority: null } : priority === undefined ? undefined : { priority };
    }
    case 'wait':
    case 'scheduled': {
      const date = parseStatedDate(value, now, zone);
      return date === undefined ? undefined : { [name]: date };
    }
    case 'every':
      return value === '-'
        ? { every: null }
        : parseEvery(value) === undefined
          ? undefined
          : { every: value.toLowerCase() };
  }
}

/** `needs:12`, `needs:12,14`, `needs:-12`, `needs:-`; several such words add up. */
function parseNeeds(value: string, known: PlanningWords['needs']): PlanningWords | undefined {
  if (known === null) return undefined;
  if (value === '-') return known === undefined ? { needs: null } : undefined;
  const ids = value.split(',');
  if (!ids.every((id) => /^-?[1-9]\d{0,15}$/.test(id))) return undefined;
  const { add = [], remove = [] } = known ?? {};
  const removed = ids.filter((id) => id.startsWith('-')).map((id) => -Number(id));
  const added = ids.filter((id) => !id.startsWith('-')).map(Number);
  return { needs: { add: [...add, ...added], remove: [...remove, ...removed] } };
}
