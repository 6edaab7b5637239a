// Timewarrior: the JSON of `timew export`, and the lines of its data files (`inc … - … # tags # "annotation"`), which an export writes because
// Timewarrior 1.4 has no import. The annotation is the description, and the tag `project:…` the project.

import type { KronosDatabase } from '../data/database.ts';
import { parseTaskwarriorDate } from '../data/taskwarrior-fields.ts';
import { isJsonObject, isStringArray, readEntryPerLine, readJsonEntries, type TaskFormat } from './format.ts';
import { entriesOf, findTimedTask, noText, type ReadEntry, type TimeEntry, tasksOfEntries } from './time-entries.ts';

interface RawInterval {
  readonly start: unknown;
  readonly end: unknown;
  readonly tags: readonly string[];
  readonly annotation: string;
}

const projectPrefix = 'project:';

function entryOf(line: number, { start, end, tags, annotation }: RawInterval): ReadEntry {
  const notice = (kind: 'unreadable' | 'skipped', text: string): ReadEntry => ({
    ok: false,
    notice: { line, kind, text },
  });
  const from = parseTaskwarriorDate(start);
  if (from === undefined) return notice('unreadable', 'not an interval of Timewarrior: it has no "start"');
  if (end === undefined) return notice('skipped', 'the interval is still open: stop it first');
  const to = parseTaskwarriorDate(end);
  if (to === undefined) return notice('unreadable', `its "end" ${JSON.stringify(end)} is not a date`);
  if (to <= from) return notice('skipped', 'the interval has no length');
  const project = tags.find((tag) => tag.startsWith(projectPrefix))?.slice(projectPrefix.length) ?? '';
  const others = tags.filter((tag) => !tag.startsWith(projectPrefix));
  const desc = annotation === '' ? others.join(' ') || noText : annotation;
  return { ok: true, entry: { line, from, to, desc, tags: others, project } };
}

function parseJsonEntry(line: number, value: unknown): ReadEntry {
  if (!isJsonObject(value))
    return { ok: false, notice: { line, kind: 'unreadable', text: 'not an interval of Timewarrior: not an object' } };
  const { start, end, tags, annotation } = value;
  return entryOf(line, {
    start,
    end,
    tags: isStringArray(tags) ? tags : [],
    annotation: typeof annotation === 'string' ? annotation : '',
  });
}

const word = /"(?:[^"\\]|\\.)*"|\S+/g;

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

/** @throws if the line is none of a data file */
function parseLine(line: string): RawInterval {
  const [, start, end, rest = ''] = /^inc(?: (\S+))?(?: - (\S+))?(?: # ?(.*))?$/.exec(line) ?? [];
  if (start === undefined) throw new Error('it does not begin with "inc" and a date');
  const words: readonly string[] = rest.match(word) ?? [];
  const hash = words.indexOf('#');
  const [tags, note] = hash < 0 ? [words, []] : [words.slice(0, hash), words.slice(hash + 1)];
  return { start, end, tags: tags.map(unquote), annotation: note.map(unquote).join(' ') };
}

/** Quotes as Timewarrior does: where a text has a blank, a quote, or nothing. */
function quote(text: string): string {
  return /^[^\s"#\\]+$/.test(text) ? text : `"${text.replace(/(["\\])/g, '\\$1')}"`;
}

function formatDate(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
}

function formatEntry({ from, to, desc, tags, project }: TimeEntry): string {
  const all = [...(project === '' ? [] : [projectPrefix + project]), ...tags].sort();
  const names = all.length === 0 ? '' : ` ${all.map(quote).join(' ')}`;
  return `inc ${formatDate(from)} - ${formatDate(to)} #${names} # "${desc.replace(/(["\\])/g, '\\$1').replace(/\s+/g, ' ')}"`;
}

export const timewarrior: TaskFormat = {
  findTask: findTimedTask,
  read(text) {
    if (/^\s*inc\b/.test(text)) {
      const lines = readEntryPerLine(text, parseLine);
      const read = lines.map(({ line, value }): ReadEntry => {
        if (value.ok) return entryOf(line, value.value);
        return {
          ok: false,
          notice: { line, kind: 'unreadable', text: `not an interval of Timewarrior: ${value.error}` },
        };
      });
      return { ok: true, value: tasksOfEntries(read) };
    }
    const entries = readJsonEntries(text);
    if (!entries.ok) return entries;
    const read = entries.value.map(({ line, value }): ReadEntry => {
      if (value.ok) return parseJsonEntry(line, value.value);
      return { ok: false, notice: { line, kind: 'unreadable', text: value.error } };
    });
    return { ok: true, value: tasksOfEntries(read) };
  },
  write: ({ tasks }: KronosDatabase) => entriesOf(tasks).map(formatEntry).join('\n'),
};
