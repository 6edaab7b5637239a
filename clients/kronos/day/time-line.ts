// Parses the arguments of `kronos time`, and the text that `kronos time edit` opens in an editor.

import type { TimeSlot } from '../data/time-slots.ts';
import {
  addDays,
  type DateContext,
  dateAt,
  momentOf,
  parseDate,
  parseDuration,
  parsePastSpan,
  parseSpan,
  parseTime,
  type TypedSpan,
} from './dates.ts';
import { parseEntry, type TypedEntry } from './track-line.ts';

/** Where a slot is moved to: a span or a beginning on the date of the slot, or seconds later or earlier. */
export type TypedMove =
  | { readonly to: 'span'; readonly on: (date: string) => TypedSpan | undefined }
  | { readonly to: 'time'; readonly minutes: number }
  | { readonly to: 'shift'; readonly by: number };

/** A command about slots by their numbers. */
export type NumberedTimeCommand =
  /** Seconds. */
  | { readonly verb: 'shorten' | 'lengthen'; readonly number: number; readonly by: number }
  | { readonly verb: 'move'; readonly number: number; readonly move: TypedMove }
  /** `minutes` after midnight. */
  | { readonly verb: 'split'; readonly number: number; readonly minutes: number }
  | { readonly verb: 'join' | 'delete'; readonly numbers: readonly number[] };

export interface DatedTimeCommand {
  readonly verb: 'list' | 'edit';
  readonly date: string;
}

export type TimeCommand = NumberedTimeCommand | DatedTimeCommand;

export const timeVerbs = ['edit', 'shorten', 'lengthen', 'move', 'split', 'join', 'delete'] as const;

export const timeUsage = `time [date]
       kronos time edit [date]
       kronos time shorten|lengthen <number> <duration>
       kronos time move <number> <from>-<to> | <from> | -<duration> | +<duration>
       kronos time split <number> <time>
       kronos time join <number> <number>…
       kronos time delete <number>…`;

/** @returns the command; or a text that says what is wrong, '' if the usage explains it */
export function parseTimeCommand(words: readonly string[], context: DateContext): TimeCommand | string {
  const [verb = '', ...rest] = words;
  switch (verb) {
    case 'edit':
      return parseDated('edit', rest, context);
    case 'shorten':
    case 'lengthen': {
      const [number, by] = [parseNumber(rest[0]), parseDuration(rest[1] ?? '')];
      if (number === undefined || rest.length !== 2) return '';
      return by === undefined ? `${rest[1]} is not a duration such as 10min or 1h30` : { verb, number, by };
    }
    case 'move': {
      const [number, move] = [parseNumber(rest[0]), parseMove(rest[1] ?? '', context)];
      return number === undefined || move === undefined || rest.length !== 2 ? '' : { verb, number, move };
    }
    case 'split': {
      const [number, minutes] = [parseNumber(rest[0]), parseTime(rest[1] ?? '')];
      return number === undefined || minutes === undefined || rest.length !== 2 ? '' : { verb, number, minutes };
    }
    case 'join':
    case 'delete': {
      const numbers = rest.flatMap((word) => parseNumber(word) ?? []);
      const isEnough = numbers.length >= (verb === 'join' ? 2 : 1) && numbers.length === rest.length;
      return isEnough ? { verb, numbers: [...new Set(numbers)] } : '';
    }
    default:
      return parseDated('list', words, context);
  }
}

function parseDated(
  verb: 'list' | 'edit',
  [word = 'today', ...more]: readonly string[],
  context: DateContext,
): TimeCommand | string {
  const date = parseDate(word, context);
  return date === undefined || more.length > 0 ? '' : { verb, date };
}

function parseNumber(word: string | undefined): number | undefined {
  return word !== undefined && /^[1-9]\d{0,4}$/.test(word) ? Number(word) : undefined;
}

function parseMove(word: string, context: DateContext): TypedMove | undefined {
  const sign = word[0] === '-' ? -1 : word[0] === '+' ? 1 : 0;
  if (sign !== 0) {
    const by = parseDuration(word.slice(1));
    return by === undefined ? undefined : { to: 'shift', by: sign * by };
  }
  const minutes = parseTime(word);
  if (minutes !== undefined) return { to: 'time', minutes };
  if (parseSpan(word, '2000-01-01', context) === undefined) return undefined;
  return { to: 'span', on: (date) => parseSpan(word, date, context) };
}

/** A slot as an editor shows it. */
export interface EditableSlot {
  readonly slot: TimeSlot;
  /** `task:12` with its description, or the text of an entry. */
  readonly title: string;
}

/** A line of the edited text. `number` is the place of the slot that it changes; undefined for a new one. */
export interface EditedSlot {
  readonly number: number | undefined;
  readonly from: number;
  readonly to: number;
  readonly what: { readonly task: string } | { readonly entry: TypedEntry } | 'unchanged';
}

/** `9:00`, without a zero before it, as people type it. */
function timeText(moment: number, { zone }: Pick<DateContext, 'zone'>): string {
  const { hour, minute } = zone.civil(moment);
  return `${hour}:${String(minute).padStart(2, '0')}`;
}

function spanTexts({ from, to, running }: TimeSlot, context: DateContext): readonly [string, string] {
  return [timeText(from, context), running ? 'now' : timeText(to, context)];
}

export function formatEditable(slots: readonly EditableSlot[], date: string, context: DateContext): string {
  const lines = slots.map(({ slot, title }, place) => `${place + 1}  ${spanTexts(slot, context).join('-')}  ${title}`);
  return `${[
    `# ${date}. Change times, tasks and texts; delete a line to delete its interval.`,
    '# A line without a number adds one: 9:00-10:15 task:12, or 14:00 30min review @paper',
    ...lines,
  ].join('\n')}\n`;
}

/** @returns the slots of the text, or what is wrong in which line */
export function parseEditable(
  text: string,
  slots: readonly EditableSlot[],
  date: string,
  context: DateContext,
): readonly EditedSlot[] | string {
  const edited: EditedSlot[] = [];
  for (const [place, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/).filter(Boolean);
    if (words.length === 0 || words[0]?.startsWith('#') === true) continue;
    const one = parseLine(words, slots, date, context);
    if (typeof one === 'string') return `line ${place + 1}: ${one}`;
    if (one.number !== undefined && edited.some(({ number }) => number === one.number)) {
      return `line ${place + 1}: ${one.number} is there twice`;
    }
    edited.push(one);
  }
  return edited;
}

function parseLine(
  words: readonly string[],
  slots: readonly EditableSlot[],
  date: string,
  context: DateContext,
): EditedSlot | string {
  const hasNumber = /^\d+$/.test(words[0] ?? '') && /-/.test(words[1] ?? '');
  if (!hasNumber) {
    const dated = parseDate(words[0] ?? '', context) === undefined ? [date, ...words] : words;
    const typed = parsePastSpan(dated, context);
    if (typeof typed === 'string') return typed === '' ? 'no span such as 9:00-10:15' : typed;
    const what = parseWhat(typed.left);
    return typeof what === 'string' ? what : { number: undefined, ...typed.span, what };
  }
  const number = Number(words[0]);
  const known = slots[number - 1];
  if (known === undefined) return `there is no interval ${number}`;
  const span = parseEditedSpan(words[1] ?? '', known.slot, context);
  if (typeof span === 'string') return span;
  const title = words.slice(2);
  if (title.join(' ') === known.title.split(/\s+/).join(' ')) return { number, ...span, what: 'unchanged' };
  const what = parseWhat(title);
  return typeof what === 'string' ? what : { number, ...span, what };
}

/** The end that was not changed stays to the second. */
function parseEditedSpan(word: string, slot: TimeSlot, context: DateContext): TypedSpan | string {
  const [begin, end] = spanTexts(slot, context);
  const [typedBegin, typedEnd] = word.split('-');
  const typed = parseSpan(word, dateAt(context.zone, slot.from), context);
  if (typed === undefined) return `${word} is not a span such as 9:00-10:15`;
  const from = typedBegin === begin ? slot.from : typed.from;
  const to = typedEnd === end ? slot.to : typed.to;
  if (to <= from) return `${word} ends before it begins`;
  return to > context.now ? `${word} is not over yet` : { from, to };
}

function parseWhat(words: readonly string[]): { readonly task: string } | { readonly entry: TypedEntry } | string {
  const [first = ''] = words;
  if (first.startsWith('task:')) return { task: first.slice(5) };
  const entry = parseEntry(words);
  if (typeof entry !== 'string') return { entry };
  return entry === '' ? 'what was the time spent on? task:12, or a text' : entry;
}

/** The first such time after the beginning of the slot. @param minutes after midnight */
export function momentAfter(minutes: number, { from }: Pick<TimeSlot, 'from'>, context: DateContext): number {
  const date = dateAt(context.zone, from);
  const moment = momentOf(date, minutes, context);
  return moment > from ? moment : momentOf(addDays(date, 1), minutes, context);
}
