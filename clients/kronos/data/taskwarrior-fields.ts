// Formats the fields that a task has from Taskwarrior, for `info`.

import type { PlainTask } from '../../../protocol/plain.ts';

/** Internal fields of Taskwarrior, and fields that our own fields show. */
const hidden = new Set(['entry', 'mask', 'imask', 'parent', 'rtype', 'last', 'project', 'tags']);
const dateForm = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** @returns seconds since 1970; undefined if the text is not a date in Taskwarrior's format */
export function parseTaskwarriorDate(text: unknown): number | undefined {
  const parts = typeof text === 'string' ? dateForm.exec(text)?.slice(1).map(Number) : undefined;
  if (parts === undefined) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000;
}

interface FieldsContext {
  /** A moment in full, in the person's locale. */
  readonly date: (seconds: number) => string;
  /** The task with this index, which is its UUID in Taskwarrior. */
  readonly find: (index: string) => PlainTask | undefined;
}

/** @returns pairs of a title and a text */
export function describeTaskwarrior(
  fields: PlainTask['taskwarrior'],
  context: FieldsContext,
): readonly (readonly [title: string, text: string])[] {
  return Object.entries(fields ?? {}).flatMap(([name, value]): [string, string][] => {
    if (hidden.has(name)) return [];
    if (name === 'annotations') return describeAnnotations(value, context);
    if (name === 'depends') return [['Depends on', describeDependencies(value, context)]];
    return [[capitalize(name), describeValue(value, context)]];
  });
}

function describeAnnotations(value: unknown, context: FieldsContext): [string, string][] {
  if (!Array.isArray(value)) return [['Annotation', describeValue(value, context)]];
  return value.map((annotation: { readonly description?: unknown; readonly entry?: unknown }) => {
    const { description, entry } = Object(annotation);
    return ['Annotation', `${describeValue(description, context)} (${describeValue(entry, context)})`];
  });
}

/** Taskwarrior exports a list of UUIDs; versions before 2.6 a text with commas. */
function describeDependencies(value: unknown, { find }: FieldsContext): string {
  const uuids = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value.map(String) : [];
  return uuids
    .map((uuid) => {
      const task = find(uuid);
      return task === undefined ? uuid : `${task.id} ${task.desc}`;
    })
    .join(', ');
}

function describeValue(value: unknown, { date }: FieldsContext): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? '';
  const seconds = parseTaskwarriorDate(value);
  return seconds === undefined ? value : date(seconds);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
