// What a form of file has to offer: the tasks in it, and a file of tasks. And what all forms share: a door for foreign values, and
// names that a task gets each time it is read.

import { createHash } from 'node:crypto';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { KronosDatabase } from '../data/database.ts';

export type ParsedTasks =
  | { readonly ok: true; readonly tasks: readonly PlainTask[] }
  | { readonly ok: false; readonly error: string };

export interface TaskFormat {
  read(text: string): ParsedTasks;
  write(database: KronosDatabase): string;
  /** By what a task is known in that form, where not by its `index`: one that came from here is known again. */
  nameOf?(task: PlainTask): string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** The same for the same text, and for no other. */
export function hashName(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 20);
}

/** Tags of others may have signs in them that ours do not. */
export function toTag(text: string): string {
  return text.replace(/[^0-9a-zA-Z\-_]+/g, '-').replace(/^-+|-+$/g, '');
}

/** One value, or one a line. Throws where `parse` does. */
export function valuesIn<T>(text: string, parse: (text: string) => T): readonly T[] {
  try {
    return [parse(text)];
  } catch (error) {
    const lines = text.split(/\r?\n/).flatMap((line) => line.trim().replace(/,$/, '') || []);
    if (lines.length < 2) throw error;
    return lines.map(parse);
  }
}
