// Filters of tasks, as words of a line: `@home due.before:fri priority:high water` (rules K of protocol/README.md).

import { parsePastDateWord } from '../../../protocol/date-words.ts';
import { parseDue, parseDuration } from '../../../protocol/due.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { isProject, priorities } from '../../../protocol/planning.ts';
import { projectIn } from '../../../protocol/project-in.ts';
import { isTag, splitWords, textMark } from '../../../protocol/words.ts';
import { worktimeOf } from '../../../protocol/worktime.ts';
import type { Zone } from '../../../protocol/zone.ts';
import { isInProject } from './plan-task.ts';
import { byUrgency, compare, isBlocked, isReady, isWaiting, type TaskGraph, taskGraph } from './urgency.ts';

type Matches = (task: PlainTask) => boolean;

export interface TaskFilter {
  readonly matches: Matches;
  /** undefined: the order of the list. */
  readonly sort: { readonly key: SortKey; readonly reversed: boolean } | undefined;
  readonly limit: number | undefined;
  /** True if the filter asks for done tasks, even if they are hidden. */
  readonly wantsDone: boolean;
  /** True if the filter asks for tasks that lists leave out until their `wait` date. */
  readonly wantsWaiting: boolean;
  /** True if a word of the filter has a form of its own: it is not only text. */
  readonly isExplicit: boolean;
}

export type ParsedFilter =
  | { readonly ok: true; readonly filter: TaskFilter }
  | { readonly ok: false; readonly detail: string };

export interface FilterContext {
  readonly tasks: readonly PlainTask[];
  readonly now: number;
  readonly zone: Zone;
}

export const sortKeys = [
  'id',
  'urgency',
  'due',
  'priority',
  'project',
  'desc',
  'scheduled',
  'worktime',
  'done',
] as const;
type SortKey = (typeof sortKeys)[number];

export const taskStates = [
  'open',
  'done',
  'active',
  'overdue',
  'waiting',
  'blocked',
  'blocking',
  'ready',
  'recurring',
] as const;
type State = (typeof taskStates)[number];

export const dateFields = ['due', 'wait', 'scheduled', 'done'] as const;
type DateField = (typeof dateFields)[number];

interface Term {
  readonly matches: Matches;
  readonly isText?: true;
  readonly wants?: 'done' | 'waiting';
}

type ParsedTerm = Term | { readonly problem: string } | undefined;

const dateForm = /^(due|wait|scheduled|done)(\.before|\.after)?:(.+)$/;
const settingForm = /^(sort|limit):(.+)$/;

/** K1 to K6. */
export function parseFilter(line: string, context: FilterContext): ParsedFilter {
  const graph = taskGraph(context.tasks);
  const terms: Term[] = [];
  let [sort, limit, marked]: [TaskFilter['sort'], number | undefined, boolean] = [undefined, undefined, false];
  for (const word of splitWords(line)) {
    if (!marked && word === textMark) {
      marked = true;
      continue;
    }
    const [, name, value = ''] = marked ? [] : (settingForm.exec(word) ?? []);
    if (name === 'sort') {
      sort = parseSort(value);
      if (sort === undefined) return { ok: false, detail: `${word}: sort by ${sortKeys.join(', ')}` };
    } else if (name === 'limit') {
      if (!/^[1-9]\d{0,5}$/.test(value)) return { ok: false, detail: `${word}: a number of tasks` };
      limit = Number(value);
    } else {
      const term = marked ? textTerm(word) : parseTerm(word, context, graph);
      if ('problem' in term) return { ok: false, detail: `${word}: ${term.problem}` };
      terms.push(term);
    }
  }
  const wants = new Set(terms.map((term) => term.wants));
  return {
    ok: true,
    filter: {
      matches: (task) => terms.every(({ matches }) => matches(task)),
      sort,
      limit,
      wantsDone: wants.has('done'),
      wantsWaiting: wants.has('waiting'),
      isExplicit: terms.some(({ isText }) => isText !== true),
    },
  };
}

function parseSort(value: string): TaskFilter['sort'] {
  const key = sortKeys.find((one) => one === value.replace(/^-/, ''));
  return key === undefined ? undefined : { key, reversed: value.startsWith('-') };
}

function parseTerm(word: string, context: FilterContext, graph: TaskGraph): Term | { readonly problem: string } {
  const tag = /^([+-])([0-9a-zA-Z_-]+)$/.exec(word);
  if (tag?.[2] !== undefined && isTag(tag[2])) return tagTerm(tag[2], tag[1] === '+');
  const negated = /^-./.test(word);
  const term =
    parseProject(negated ? word.slice(1) : word) ??
    parseNamed(negated ? word.slice(1) : word, context, graph) ??
    parseDateTerm(negated ? word.slice(1) : word, context);
  if (term === undefined) return textTerm(word);
  if ('problem' in term || !negated) return term;
  const isNotReady = word === '-is:ready';
  return { matches: (task) => !term.matches(task), ...(isNotReady ? { wants: 'waiting' } : {}) };
}

/** K2: `+home_garden` finds the project `home.garden` too, as in clients that know no projects. */
function tagTerm(tag: string, wanted: boolean): Term {
  return { matches: ({ tags }) => tags.includes(tag) === wanted };
}

function parseProject(word: string): ParsedTerm {
  const project = word.startsWith('@') ? word.slice(1) : word.startsWith('project:') ? word.slice(8) : undefined;
  if (project === undefined || (project !== '-' && !isProject(project))) return undefined;
  if (project === '-') return { matches: (task) => task.project === undefined && projectIn(task.desc) === undefined };
  return { matches: (task) => isInProject(task, project, projectIn(task.desc)) };
}

function parseNamed(word: string, { now, tasks }: FilterContext, graph: TaskGraph): ParsedTerm {
  const [, name = '', value = ''] = /^(priority|is|needs):(.+)$/.exec(word) ?? [];
  if (name === 'priority') {
    const priority = priorities.find((one) => one === value || one.charAt(0) === value.toLowerCase());
    if (value !== '-' && priority === undefined) return { problem: 'a priority is high, medium or low, or - for none' };
    return { matches: (task) => task.priority === priority };
  }
  if (name === 'is') {
    const state = taskStates.find((one) => one === value);
    if (state === undefined) return { problem: `a task is ${taskStates.join(', ')}` };
    const wants = state === 'done' || state === 'waiting' ? { wants: state } : {};
    return { matches: (task) => isInState(task, state, graph, now), ...wants };
  }
  if (name === 'needs') {
    const needed = tasks.find(({ id }) => id === Number(value));
    if (needed === undefined) return { problem: 'no such task' };
    return { matches: ({ needs = [] }) => needs.includes(needed.index) };
  }
  return undefined;
}

function isInState(task: PlainTask, state: State, graph: TaskGraph, now: number): boolean {
  const open = task.done === 0;
  switch (state) {
    case 'open':
      return open;
    case 'done':
      return !open;
    case 'active':
      return open && task.active !== 0;
    case 'overdue':
      return open && task.due !== 0 && task.due < now;
    case 'waiting':
      return isWaiting(task, now);
    case 'blocked':
      return isBlocked(task, graph);
    case 'blocking':
      return open && graph.needing(task.index).length > 0;
    case 'ready':
      return isReady(task, graph, now);
    case 'recurring':
      return task.every !== undefined;
  }
}

/** K3: `due.before:fri`, `due.after:eom`, `due:tomorrow`, `due:-`. */
function parseDateTerm(word: string, { now, zone }: FilterContext): ParsedTerm {
  const [whole, name = '', bound = '', value = ''] = dateForm.exec(word) ?? [];
  const field = dateFields.find((one) => one === name);
  if (whole === undefined || field === undefined) return undefined;
  const wants =
    field === 'done' ? ({ wants: 'done' } as const) : field === 'wait' ? ({ wants: 'waiting' } as const) : {};
  const momentIn = (task: PlainTask) => task[field] ?? 0;
  if (value === '-' && bound === '') return { matches: (task) => momentIn(task) === 0 };
  const moment = parseFilterDate(value, field, now, zone);
  if (moment === undefined) return { problem: 'no such date' };
  if (bound === '.before') return { matches: (task) => momentIn(task) !== 0 && momentIn(task) < moment, ...wants };
  if (bound === '.after') return { matches: (task) => momentIn(task) >= moment, ...wants };
  const day = (at: number) => {
    const { year, month, day: date } = zone.civil(at);
    return `${year}-${month}-${date}`;
  };
  return { matches: (task) => momentIn(task) !== 0 && day(momentIn(task)) === day(moment), ...wants };
}

/** K4: dates of done tasks are in the past, the others in the future; `today` and `yesterday` are the beginning of the day. */
export function parseFilterDate(value: string, field: DateField, now: number, zone: Zone): number | undefined {
  const midnight = () => zone.moment({ ...zone.civil(now), hour: 0, minute: 0 });
  if (value === 'today') return midnight();
  if (field === 'done') {
    return (
      parseDuration(`:${value}`, now, zone, -1) ?? parsePastDateWord(value, now, zone) ?? lastDigits(value, now, zone)
    );
  }
  return parseDue(`:${value}`, now, zone) ?? parsePastDateWord(value, now, zone);
}

/** The last moment that has passed of a date in digits. */
function lastDigits(value: string, now: number, zone: Zone): number | undefined {
  if (/^\d{5,6}(?::|$)/.test(value)) return parseDue(`:${value}`, 0, zone);
  let last: number | undefined;
  let next = parseDue(`:${value}`, now - 367 * 86_400, zone);
  while (next !== undefined && next <= now) {
    last = next;
    next = parseDue(`:${value}`, next + 1, zone);
  }
  return last;
}

/** K5: the description, a note or the id. */
function textTerm(word: string): Term {
  const text = word.toLowerCase();
  return {
    isText: true,
    matches: ({ id, desc, notes = [] }) =>
      String(id) === word || [desc, ...notes.map((note) => note.text)].some((one) => one.toLowerCase().includes(text)),
  };
}

/** K6: the tasks that the filter finds, in its order. */
export function applyFilter(
  tasks: readonly PlainTask[],
  { matches, sort, limit }: TaskFilter,
  context: FilterContext,
): readonly PlainTask[] {
  const found = tasks.filter(matches);
  const sorted = sort === undefined ? found : sortTasks(found, sort.key, context);
  const ordered = sort?.reversed === true ? [...sorted].reverse() : sorted;
  return limit === undefined ? ordered : ordered.slice(0, limit);
}

function sortTasks(found: readonly PlainTask[], key: SortKey, { tasks, now }: FilterContext): readonly PlainTask[] {
  const graph = taskGraph(tasks);
  if (key === 'urgency') return byUrgency(found, graph, now);
  const late = Number.POSITIVE_INFINITY;
  const rank = (task: PlainTask): number | string => {
    switch (key) {
      case 'id':
        return task.id;
      case 'due':
      case 'done':
        return task[key] || late;
      case 'scheduled':
        return task.scheduled ?? late;
      case 'priority':
        return task.priority === undefined ? late : -priorities.indexOf(task.priority);
      case 'project':
        return task.project ?? projectIn(task.desc) ?? '\uffff';
      case 'desc':
        return task.desc.toLowerCase();
      case 'worktime':
        return -worktimeOf(task, now);
    }
  };
  return [...found].sort((one, other) => compare(rank(one), rank(other)));
}
