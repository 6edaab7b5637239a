// The detailed report of Toggl Track as CSV. Its dates are in the time zone of the person; they are taken as those of this machine.

import { localZone } from '../../../protocol/zone.ts';
import type { KronosDatabase } from '../data/database.ts';
import { dateAt } from '../day/dates.ts';
import { type NamedRow, readCsv, writeCsv } from './csv-rows.ts';
import type { ImportNotice, TaskFormat } from './format.ts';
import { entriesOf, findTimedTask, noText, type ReadEntry, type TimeEntry, tasksOfEntries } from './time-entries.ts';

const needed = ['start date', 'start time', 'end date', 'end time'] as const;
const used: ReadonlySet<string> = new Set([...needed, 'description', 'project', 'tags', 'duration']);

/** @returns seconds since 1970; undefined if this is no date and time */
function momentOf(date: string, time: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? [];
  const [, hour, minute, second = '0'] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(time) ?? [];
  if (year === undefined || hour === undefined) return undefined;
  const at = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return at.getMonth() === Number(month) - 1 && at.getDate() === Number(day)
    ? Math.floor(at.getTime() / 1_000)
    : undefined;
}

function parseRow({ line, fields }: NamedRow): ReadEntry {
  const field = (name: string) => (fields[name] ?? '').trim();
  const notice = (kind: 'unreadable' | 'skipped', text: string): ReadEntry => ({
    ok: false,
    notice: { line, kind, text: `"${field('description')}": ${text}` },
  });
  const from = momentOf(field('start date'), field('start time'));
  const to = momentOf(field('end date'), field('end time'));
  if (from === undefined) return notice('unreadable', 'its start is not a date and a time');
  if (to === undefined) return notice('unreadable', 'its end is not a date and a time');
  if (to <= from) return notice('skipped', 'the entry has no length');
  const tags = field('tags')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  const desc = field('description') || noText;
  return { ok: true, entry: { line, from, to, desc, tags, project: field('project') } };
}

/** One notice for each column that is not imported although it says something. */
function unusedColumns(columns: readonly string[], rows: readonly NamedRow[]): readonly ImportNotice[] {
  return columns.flatMap((name): ImportNotice[] => {
    const first = rows.find(({ fields }) => !used.has(name) && !/^(?:|no|0(?:\.0+)?)$/i.test(fields[name] ?? ''));
    if (first === undefined) return [];
    return [{ line: first.line, kind: 'incomplete', text: `the column "${name}" was left out of all entries` }];
  });
}

function formatRow({ from, to, desc, tags, project }: TimeEntry): readonly string[] {
  const pad = (number: number) => String(number).padStart(2, '0');
  const [start, end] = [from, to].map((moment) => {
    const at = new Date(moment * 1_000);
    return [dateAt(localZone, moment), `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`];
  });
  const length = to - from;
  const duration = `${pad(Math.floor(length / 3_600))}:${pad(Math.floor(length / 60) % 60)}:${pad(length % 60)}`;
  return [project, desc === noText ? '' : desc, ...(start ?? []), ...(end ?? []), duration, tags.join(', ')];
}

const head = ['Project', 'Description', 'Start date', 'Start time', 'End date', 'End time', 'Duration', 'Tags'];

export const toggl: TaskFormat = {
  findTask: findTimedTask,
  read(text) {
    const csv = readCsv(text);
    if (!csv.ok) return csv;
    const { columns, rows } = csv.value;
    const missing = needed.find((name) => !columns.includes(name));
    if (missing !== undefined)
      return { ok: false, error: `not a detailed report of Toggl: it has no column "${missing}"` };
    return { ok: true, value: tasksOfEntries(rows.map(parseRow), unusedColumns(columns, rows)) };
  },
  write: ({ tasks }: KronosDatabase) => writeCsv([head, ...entriesOf(tasks).map(formatRow)]),
};
