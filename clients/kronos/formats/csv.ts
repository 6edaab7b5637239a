// Our own tasks as CSV, one a row, for a spreadsheet and back. A file of another program is read too, if it has a column `desc` or `description`.

import type { PlainTask } from '../../../protocol/plain.ts';
import { planningOf, projectOf } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import type { KronosDatabase } from '../data/database.ts';
import { type NamedRow, readCsv, writeCsv } from './csv-rows.ts';
import { hashName, type ImportNotice, isJsonObject, type TaskFormat, toTag } from './format.ts';

/** Moments are written as `2026-11-28T09:00:00Z`; lists with blanks between their words, notes and fields of Taskwarrior as JSON. */
const moments = ['due', 'done', 'wait', 'scheduled', 'active', 'last_active'] as const;
const texts = ['priority', 'project', 'every', 'zone', 'intervals'] as const;
const columns = [
  'index',
  'id',
  'desc',
  'tags',
  ...texts,
  ...moments,
  'worktime',
  'needs',
  'notes',
  'taskwarrior',
] as const;
const known: ReadonlySet<string> = new Set([...columns, 'description']);

function formatMoment(seconds: number): string {
  return seconds === 0 ? '' : new Date(seconds * 1_000).toISOString().replace('.000', '');
}

function formatRow(task: PlainTask): readonly (string | number)[] {
  const { index, id, desc, tags, worktime, needs = [], notes = [], taskwarrior } = task;
  const asJson = (value: unknown, isThere: boolean) => (isThere ? JSON.stringify(value) : '');
  return [
    ...[index, id, desc, tags.join(' ')],
    ...texts.map((name) => (name === 'project' ? projectOf(task) : task[name]) ?? ''),
    ...moments.map((name) => formatMoment(task[name] ?? 0)),
    ...[worktime, needs.join(' '), asJson(notes, notes.length > 0), asJson(taskwarrior, taskwarrior !== undefined)],
  ];
}

interface ParsedRow {
  readonly task?: PlainTask;
  readonly notices: readonly ImportNotice[];
}

function parseRow({ line, fields }: NamedRow): ParsedRow {
  const field = (name: string) => fields[name] ?? '';
  const desc = field('desc') || field('description');
  if (desc === '') return { notices: [{ line, kind: 'unreadable', text: 'not a task: it has no description' }] };
  const losses: string[] = [];
  const moment = (name: string): number => {
    const text = field(name).trim();
    // A date alone is a day of this machine's clock.
    const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00`).getTime() : Date.parse(text);
    if (text !== '' && Number.isNaN(at)) losses.push(`${name} "${text}" is not a date: it was left out`);
    return Number.isNaN(at) ? 0 : Math.floor(at / 1_000);
  };
  const json = (name: string): unknown => {
    try {
      return field(name) === '' ? undefined : JSON.parse(field(name));
    } catch {
      losses.push(`${name} is not JSON: it was left out`);
      return undefined;
    }
  };
  const planning = {
    ...Object.fromEntries(['priority', 'project', 'every', 'zone'].map((name) => [name, field(name) || undefined])),
    wait: moment('wait'),
    scheduled: moment('scheduled'),
    needs: field('needs')
      .split(' ')
      .filter((word) => word !== ''),
    notes: json('notes'),
  };
  const kept = planningOf(planning);
  for (const name of ['priority', 'project', 'every'] as const) {
    if (field(name) !== '' && kept[name] === undefined)
      losses.push(`${name} "${field(name)}" is none here: it was left out`);
  }
  const tags = field('tags')
    .split(/[\s,]+/)
    .map((tag) => [tag, toTag(tag)] as const)
    .filter(([tag]) => tag !== '');
  for (const [tag, own] of tags)
    if (tag !== own) losses.push(`the tag "${tag}" ${own === '' ? 'was left out' : `is ${own} here`}`);
  const taskwarrior = json('taskwarrior');
  const task: PlainTask = {
    index: /^[!-~]{1,128}$/.test(field('index')) ? field('index') : `csv-${hashName(JSON.stringify(fields))}`,
    id: Math.trunc(Number(field('id'))) || 0,
    desc,
    tags: [...new Set([...tags.map(([, own]) => own), projectTag(kept.project ?? '')].filter((tag) => tag !== ''))],
    active: moment('active'),
    last_active: moment('last_active'),
    due: moment('due'),
    done: moment('done'),
    worktime: Math.trunc(Number(field('worktime'))) || 0,
    ...(field('intervals') === '' ? {} : { intervals: field('intervals') }),
    ...kept,
    ...(isJsonObject(taskwarrior) ? { taskwarrior } : {}),
  };
  return { task, notices: losses.map((loss) => ({ line, kind: 'incomplete', text: `"${desc}": ${loss}` })) };
}

export const csv: TaskFormat = {
  read(text) {
    const read = readCsv(text);
    if (!read.ok) return read;
    const { columns: names, rows } = read.value;
    if (!names.includes('desc') && !names.includes('description'))
      return { ok: false, error: 'its first line names no column "desc" or "description"' };
    const unused = names.filter((name) => !known.has(name) && rows.some(({ fields }) => fields[name] !== ''));
    const parsed = rows.map(parseRow);
    return {
      ok: true,
      value: {
        tasks: parsed.flatMap(({ task }) => task ?? []),
        notices: [
          ...unused.map(
            (name) => ({ line: 1, kind: 'incomplete', text: `the column "${name}" was left out` }) as const,
          ),
          ...parsed.flatMap(({ notices }) => notices),
        ],
      },
    };
  },
  write: ({ tasks }: KronosDatabase) => writeCsv([columns, ...tasks.map(formatRow)]),
};
