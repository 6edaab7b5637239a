// What a file format implements: reading tasks from a text, and writing all tasks of a database. Also the tools that formats share.

import { createHash } from 'node:crypto';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { Result } from '../../../protocol/result.ts';
import type { KronosDatabase } from '../data/database.ts';

/** Something in a file that was not imported as it is. */
export interface ImportNotice {
  /** Of the file, from 1: where the entry begins. */
  readonly line: number;
  /**
   * - `unreadable`: the entry is no task, and was left out.
   * - `skipped`: the entry is a task that has no counterpart here, such as a deleted one.
   * - `incomplete`: the task was imported without a part of it.
   */
  readonly kind: 'unreadable' | 'skipped' | 'incomplete';
  /** For people: what it is about, and why. */
  readonly text: string;
}

export interface ParsedTasks {
  readonly tasks: readonly PlainTask[];
  readonly notices: readonly ImportNotice[];
}

export interface TaskFormat {
  /** Fails if no entry can be found in the text; entries that cannot be read become notices. */
  read(text: string): Result<ParsedTasks>;
  write(database: KronosDatabase): string;
  /** What identifies a task in this format, if that is not its `index`: a task that came from here is recognized by it. */
  identify?(task: PlainTask): string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** @returns 20 characters that are the same for the same text only */
export function hashName(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 20);
}

/** @returns the text as a tag of the protocol: letters lose their accents, other characters become `-`; '' if nothing is left */
export function toTag(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^0-9a-zA-Z\-_]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** One entry of a file: its value, or why it could not be parsed. */
export interface FileEntry<T> {
  readonly line: number;
  readonly value: Result<T>;
}

/** Entries of a JSON array, or one JSON value in each line. A line that is no JSON costs only that entry. */
export function readJsonEntries(text: string): Result<readonly FileEntry<unknown>[]> {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    const entries = readEntryPerLine(text, (line): unknown => JSON.parse(line));
    const isReadable = entries.some(({ value }) => value.ok);
    return isReadable ? { ok: true, value: entries } : { ok: false, error: `it is no JSON: ${errorMessage(error)}` };
  }
  const values: readonly unknown[] = Array.isArray(whole) ? whole : [whole];
  const lines = Array.isArray(whole) ? elementLines(text) : [1];
  return { ok: true, value: values.map((value, at) => ({ line: lines[at] ?? 1, value: { ok: true, value } })) };
}

/** @param parse throws if the line is no value; the brackets and commas of an array around the lines are left out */
export function readEntryPerLine<T>(text: string, parse: (line: string) => T): FileEntry<T>[] {
  return text.split(/\r?\n/).flatMap((content, at) => {
    const line = content
      .trim()
      .replace(/^\[(?=$|\s*\{)/, '')
      .replace(/(?<=^|\}\s*),?\s*\]$|,$/, '')
      .trim();
    return line === '' ? [] : [{ line: at + 1, value: tryParse(line, parse) }];
  });
}

function tryParse<T>(line: string, parse: (line: string) => T): Result<T> {
  try {
    return { ok: true, value: parse(line) };
  } catch (error) {
    return { ok: false, error: errorMessage(error) };
  }
}

/** @param text of a JSON array. @returns the line on which each element begins */
function elementLines(text: string): readonly number[] {
  const lines: number[] = [];
  let [line, depth, expectsElement] = [1, 0, false];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},\n]|[^\s[\]{},"]+/g)) {
    if (token === '\n') {
      line += 1;
      continue;
    }
    if (expectsElement && token !== ']') lines.push(line);
    expectsElement = (depth === 0 && token === '[') || (depth === 1 && token === ',');
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
  }
  return lines;
}
