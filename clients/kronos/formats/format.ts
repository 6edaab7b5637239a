// The interface of a file format: reading tasks from a text, and writing all tasks of a database. Also the tools that formats share.

import { createHash } from 'node:crypto';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { Result } from '../../../protocol/result.ts';
import type { KronosDatabase } from '../data/database.ts';

/** A part of a file that was not imported, or not as it is. */
export interface ImportNotice {
  /** The line of the file on which the entry begins; the first is 1. */
  readonly line: number;
  /**
   * - `unreadable`: the entry is not a task, and was not imported.
   * - `skipped`: the entry is a task that has no counterpart here, such as a deleted one.
   * - `incomplete`: the task was imported without a part of it.
   */
  readonly kind: 'unreadable' | 'skipped' | 'incomplete';
  /** A text for people: the entry and the reason. */
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
  /** The identity of a task in this format, if that is not its `index`. It recognizes a task that was exported from here. */
  identify?(task: PlainTask): string;
  /** In a format of intervals: the task here that a task of the file is. It gets the intervals that it lacks. */
  findTask?(task: PlainTask, tasks: readonly PlainTask[]): PlainTask | undefined;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** @returns a hash of the text, 20 characters long */
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

/** Reads the entries of a JSON array, or one JSON value per line. A line that is not JSON makes only its own entry unreadable. */
export function readJsonEntries(text: string): Result<readonly FileEntry<unknown>[]> {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    const entries = readEntryPerLine(text, (line): unknown => JSON.parse(line));
    const isReadable = entries.some(({ value }) => value.ok);
    return isReadable ? { ok: true, value: entries } : { ok: false, error: `not JSON: ${errorMessage(error)}` };
  }
  const values: readonly unknown[] = Array.isArray(whole) ? whole : [whole];
  const lines = Array.isArray(whole) ? elementLines(text) : [1];
  return { ok: true, value: values.map((value, at) => ({ line: lines[at] ?? 1, value: { ok: true, value } })) };
}

/**
 * Reads one entry per line. Removes the brackets and commas of an array around the entries.
 * @param parse throws if the line cannot be parsed
 */
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
