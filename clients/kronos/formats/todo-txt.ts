// todo.txt (github.com/todotxt/todo.txt): one task a line. What the format has no word for is a `name:value` pair, which its programs keep. A word of
// a description that would be read as something else is written with a backslash before it.

import type { PlainTask } from '../../../protocol/plain.ts';
import { isProject, type Priority, planningOf, projectOf, tagsWithoutProject } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import { parseEvery } from '../../../protocol/recurrence.ts';
import { localZone } from '../../../protocol/zone.ts';
import type { KronosDatabase } from '../data/database.ts';
import { dateAt } from '../day/dates.ts';
import { hashName, type ImportNotice, isJsonObject, type TaskFormat, toTag } from './format.ts';

const letters = new Map<Priority, string>([
  ['high', 'A'],
  ['medium', 'B'],
  ['low', 'C'],
]);

/** The names of pairs. `t` is what others call the date before which a task is hidden, `rec` how it recurs. */
const pairNames = [
  'due',
  't',
  'scheduled',
  'rec',
  'zone',
  'needs',
  'uid',
  'id',
  'done',
  'active',
  'last',
  'worked',
  'worktime',
  'pri',
  'note',
  'taskwarrior',
];
const pairForm = new RegExp(`^(${pairNames.join('|')}):(\\S+)$`);
const special = new RegExp(
  `^(?:[+@\\\\]\\S|\\\\|x$|\\([A-Z]\\)$|\\d{4}-\\d\\d-\\d\\d$|(?:${pairNames.join('|')}):\\S)`,
);

/** A day of this machine's clock; with the time if that is not midnight. */
function formatMoment(seconds: number): string {
  const at = new Date(seconds * 1_000);
  const isMidnight = at.getHours() + at.getMinutes() + at.getSeconds() === 0;
  return isMidnight ? dateAt(localZone, seconds) : at.toISOString().replace('.000', '');
}

/** @returns seconds since 1970; undefined if the text is no date */
function parseMoment(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:T\S+)?$/.test(text)) return undefined;
  const at = text.length === 10 ? new Date(`${text}T00:00:00`).getTime() : Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.floor(at / 1_000);
}

function formatTask(task: PlainTask): string {
  const { index, id, desc, due, done, active, last_active: last, worktime, intervals, priority, taskwarrior } = task;
  const { wait = 0, scheduled = 0, every, zone, needs = [], notes = [] } = task;
  const project = projectOf(task);
  const letter = priority === undefined ? undefined : letters.get(priority);
  const pair = (name: string, value: string | number | undefined) =>
    value === undefined || value === '' || value === 0 ? [] : [`${name}:${value}`];
  const moment = (seconds: number) => (seconds === 0 ? '' : formatMoment(seconds));
  return [
    ...(done === 0 ? [] : ['x', dateAt(localZone, done)]),
    ...(letter === undefined || done !== 0 ? [] : [`(${letter})`]),
    ...desc
      .replace(/[\r\n]+/g, ' ')
      .split(' ')
      .map((word) => (special.test(word) ? `\\${word}` : word)),
    ...(project === undefined ? [] : [`+${project}`]),
    ...tagsWithoutProject(task).map((tag) => `@${tag}`),
    ...pair('due', moment(due)),
    ...pair('t', moment(wait)),
    ...pair('scheduled', moment(scheduled)),
    ...pair('rec', every),
    ...pair('zone', zone),
    ...pair('needs', needs.map(encodeURIComponent).join(',')),
    ...(done === 0 ? [] : pair('pri', letter)),
    ...(done === 0 ? [] : pair('done', new Date(done * 1_000).toISOString().replace('.000', ''))),
    ...pair('active', moment(active)),
    ...pair('last', moment(last)),
    ...pair('worked', intervals?.replaceAll(' ', ',')),
    ...pair('worktime', worktime),
    ...notes.map(({ at, text }) => `note:${at},${encodeURIComponent(text)}`),
    ...(taskwarrior === undefined ? [] : [`taskwarrior:${encodeURIComponent(JSON.stringify(taskwarrior))}`]),
    ...pair('id', id),
    `uid:${encodeURIComponent(index)}`,
  ].join(' ');
}

interface LineParts {
  readonly isDone: boolean;
  readonly completed: string;
  readonly letter: string;
  readonly words: readonly string[];
}

/** The marks at the beginning of a line: `x`, dates of completion and creation, `(A)`. */
function partsOf(line: string): LineParts {
  const [, done, completed = '', priority = '', rest = ''] =
    /^(x )?(?:(?<=x )(\d{4}-\d\d-\d\d) (?:\d{4}-\d\d-\d\d )?)?(?:\(([A-Z])\) )?(?:\d{4}-\d\d-\d\d )?(.*)$/.exec(line) ??
    [];
  return { isDone: done !== undefined, completed, letter: priority, words: rest.split(' ') };
}

function parseLine(
  line: string,
  number: number,
): { readonly task?: PlainTask; readonly notices: readonly ImportNotice[] } {
  const { isDone, completed, letter: marked, words } = partsOf(line);
  const [texts, tags, projects, pairs]: [string[], string[], string[], (readonly [string, string])[]] = [
    [],
    [],
    [],
    [],
  ];
  for (const word of words) {
    const [, name, value] = pairForm.exec(word) ?? [];
    if (name !== undefined && value !== undefined) pairs.push([name, value]);
    else if (/^\+\S/.test(word)) projects.push(word.slice(1));
    else if (/^@\S/.test(word)) tags.push(word.slice(1));
    else texts.push(word.startsWith('\\') && special.test(word.slice(1)) ? word.slice(1) : word);
  }
  const desc = texts.join(' ');
  if (desc.trim() === '')
    return { notices: [{ line: number, kind: 'unreadable', text: 'not a task: it has no description' }] };
  const losses: string[] = [];
  const last = (name: string) => pairs.findLast(([one]) => one === name)?.[1] ?? '';
  const moment = (name: string): number => {
    const at = last(name) === '' ? 0 : parseMoment(last(name));
    if (at === undefined) losses.push(`${name}:${last(name)} is not a date: it was left out`);
    return at ?? 0;
  };
  const letter = marked || last('pri');
  const priority = [...letters].find(([, one]) => one === letter)?.[0];
  if (letter !== '' && priority === undefined)
    losses.push(`the priority (${letter}) has no counterpart: it was left out`);
  const every = last('rec');
  if (every !== '' && parseEvery(every) === undefined) losses.push(`rec:${every} has no counterpart: it was left out`);
  const project = projects.find(isProject);
  const names = [...tags, ...projects.filter((one) => one !== project)];
  for (const name of names) {
    const own = toTag(name);
    if (own !== name) losses.push(`"${name}" ${own === '' ? 'was left out' : `is the tag ${own} here`}`);
  }
  const done = isDone ? moment('done') || (parseMoment(completed) ?? 0) : 0;
  if (isDone && done === 0) losses.push('it is done, but has no date of completion: it was imported as not done');
  const taskwarrior = decodeJson(last('taskwarrior'));
  if (last('taskwarrior') !== '' && !isJsonObject(taskwarrior))
    losses.push('taskwarrior: is not JSON: it was left out');
  const ofProject = project === undefined ? '' : projectTag(project);
  const intervals = last('worked').replaceAll(',', ' ');
  const task: PlainTask = {
    index: decode(last('uid')) || `todo-${hashName(line)}`,
    id: Math.trunc(Number(last('id'))) || 0,
    desc,
    tags: [...new Set([...names.map(toTag), ofProject].filter((tag) => tag !== ''))],
    active: moment('active'),
    last_active: moment('last'),
    due: moment('due'),
    done,
    worktime: Math.trunc(Number(last('worktime'))) || 0,
    ...(intervals === '' ? {} : { intervals }),
    ...planningOf({
      priority,
      project,
      wait: moment('t'),
      scheduled: moment('scheduled'),
      every: parseEvery(every) === undefined ? undefined : every,
      zone: last('zone'),
      needs: last('needs').split(',').map(decode),
      notes: pairs.filter(([name]) => name === 'note').map(([, value]) => noteOf(value)),
    }),
    ...(isJsonObject(taskwarrior) ? { taskwarrior } : {}),
  };
  return { task, notices: losses.map((loss) => ({ line: number, kind: 'incomplete', text: `"${desc}": ${loss}` })) };
}

function noteOf(value: string): { readonly at: number; readonly text: string } {
  const [, at = '0', text = ''] = /^(\d+),(.*)$/.exec(value) ?? [];
  return { at: Number(at), text: text === '' ? decode(value) : decode(text) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function decodeJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(decode(text));
  } catch {
    return undefined;
  }
}

export const todoTxt: TaskFormat = {
  read(text) {
    const parsed = text
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .flatMap((line, at) => (line.trim() === '' ? [] : [parseLine(line.trimEnd(), at + 1)]));
    return {
      ok: true,
      value: { tasks: parsed.flatMap(({ task }) => task ?? []), notices: parsed.flatMap(({ notices }) => notices) },
    };
  },
  write: ({ tasks }: KronosDatabase) => tasks.map(formatTask).join('\n'),
};
