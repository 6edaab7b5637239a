// Parses the arguments of `kronos track`.

import { isTag } from '../../../protocol/words.ts';
import { type DateContext, momentOf, parseDate, parsePastSpan, parseSpan, parseTime, type TypedSpan } from './dates.ts';

/** The content of an entry, as the channel `entries` stores it. */
export interface TypedEntry {
  readonly project?: string;
  readonly text?: string;
  readonly tags?: readonly string[];
}

export type TrackCommand =
  | { readonly verb: 'task'; readonly id: string; readonly span: TypedSpan }
  | { readonly verb: 'add'; readonly span: TypedSpan; readonly entry: TypedEntry }
  | { readonly verb: 'away'; readonly span: TypedSpan; readonly text: string }
  | { readonly verb: 'list'; readonly date: string }
  | { readonly verb: 'change'; readonly key: string; readonly entry: TypedEntry }
  /** Without a typed date, the date of the entry counts. */
  | {
      readonly verb: 'move';
      readonly key: string;
      readonly spanOn: (date: string) => TypedSpan | undefined;
      readonly date?: string;
    }
  | {
      readonly verb: 'split';
      readonly key: string;
      readonly momentOn: (date: string) => number;
      readonly date?: string;
    }
  | { readonly verb: 'join'; readonly keys: readonly string[] }
  | { readonly verb: 'delete'; readonly keys: readonly string[] }
  | { readonly verb: 'undo'; readonly step: number };

export const trackVerbs = ['away', 'list', 'change', 'move', 'split', 'join', 'delete', 'undo'] as const;

export const trackUsage = `track [date] <from>-<to> <text> [@project] [+tag…]   or   task:<id>
       kronos track [date] <from> <duration> …   or   <duration> …, which ends now
       kronos track away [date] <from>-<to> [text]
       kronos track list [date]
       kronos track change <key> <text> [@project] [+tag…]
       kronos track move <key> [date] <from>-<to>
       kronos track split <key> [date] <time>
       kronos track join <key> <key>…
       kronos track delete <key>…
       kronos track undo <step>`;

/** @returns the command; a text that says what is wrong; or '' if the usage explains it */
export function parseTrack(words: readonly string[], context: DateContext): TrackCommand | string {
  const [verb = '', ...rest] = words;
  if (verb === 'list') return parseList(rest, context);
  if (verb === 'change' || verb === 'move' || verb === 'split') return parseOne(verb, rest, context);
  if (verb === 'join' || verb === 'delete') {
    const isEnough = rest.length >= (verb === 'join' ? 2 : 1);
    return isEnough ? { verb, keys: rest } : '';
  }
  if (verb === 'undo') {
    const [step = '', ...more] = rest;
    return /^\d{1,15}$/.test(step) && more.length === 0 ? { verb, step: Number(step) } : '';
  }
  const spanned = parsePastSpan(verb === 'away' ? rest : words, context);
  if (typeof spanned === 'string') return spanned;
  const { span, left } = spanned;
  if (verb === 'away') return { verb, span, text: left.join(' ') };
  const [first = '', ...more] = left;
  if (first.startsWith('task:')) return more.length === 0 ? { verb: 'task', id: first.slice(5), span } : '';
  const entry = parseEntry(left);
  return typeof entry === 'string' ? entry : { verb: 'add', span, entry };
}

function parseList([date = 'today', ...more]: readonly string[], context: DateContext): TrackCommand | string {
  const parsed = parseDate(date, context);
  return parsed === undefined || more.length > 0 ? '' : { verb: 'list', date: parsed };
}

function parseOne(
  verb: 'change' | 'move' | 'split',
  [key = '', ...rest]: readonly string[],
  context: DateContext,
): TrackCommand | string {
  if (key === '') return '';
  if (verb === 'change') {
    const entry = parseEntry(rest);
    return typeof entry === 'string' ? entry : { verb, key, entry };
  }
  const date = parseDate(rest[0] ?? '', context);
  const [word = '', ...more] = date === undefined ? rest : rest.slice(1);
  if (more.length > 0) return '';
  const dated = date === undefined ? {} : { date };
  if (verb === 'split') {
    const time = parseTime(word);
    return time === undefined ? '' : { verb, key, momentOn: (day) => momentOf(day, time, context), ...dated };
  }
  const isSpan = parseSpan(word, '2000-01-01', context) !== undefined;
  return isSpan ? { verb, key, spanOn: (day) => parseSpan(word, day, context), ...dated } : '';
}

/** `@project` names the project, at most once, and `+tag` a tag; the other words are the text. */
export function parseEntry(words: readonly string[]): TypedEntry | string {
  if (words.length === 0) return '';
  const tags = words.filter((word) => /^\+./.test(word)).map((word) => word.slice(1));
  if (!tags.every(isTag)) return 'invalid tags';
  const projects = words.filter((word) => /^@./.test(word)).map((word) => word.slice(1));
  if (projects.length > 1) return 'an entry has one project';
  const text = words.filter((word) => !/^[+@]./.test(word)).join(' ');
  const [project] = projects;
  return {
    ...(project === undefined ? {} : { project }),
    ...(text === '' ? {} : { text }),
    ...(tags.length === 0 ? {} : { tags: [...new Set(tags)] }),
  };
}
