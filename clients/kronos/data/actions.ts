// The actions of the protocol as pure functions: how they change tasks and options, and what they answer or refuse, with the
// protocol's exact error texts. The command line, the terminal GUI and the page of tasks call them. Storing, showing and sending the
// result is up to the caller.

import type { PlainTask } from '../../../protocol/plain.ts';
import { settleSeries } from '../../../protocol/series.ts';
import { type TaskTextContext, type TaskTexts, taskTexts } from '../../../protocol/stringify.ts';
import { doneId, freeId, isDoneIdOf } from '../../../protocol/task.ts';
import { withInterval } from '../../../protocol/task-intervals.ts';
import { isTag, parseTaskLine, splitWords } from '../../../protocol/words.ts';
import { totalWorktime } from '../../../protocol/worktime.ts';
import type { Zone } from '../../../protocol/zone.ts';
import { describePlanning } from './describe-planning.ts';
import { explainUrgency } from './explain-urgency.ts';
import { applyFilter, parseFilter } from './filter.ts';
import { type PlanContext, planTask } from './plan-task.ts';
import { describeTaskwarrior } from './taskwarrior-fields.ts';
import { byUrgency, isReady, isWaiting, taskGraph } from './urgency.ts';

/** The part of a database that actions read and change. */
export interface TaskState {
  readonly tasks: readonly PlainTask[];
  readonly hide_done: boolean;
  readonly context: readonly string[];
}

/** When and where an action happens. One action reads the clock once. */
export interface ActionContext extends TaskTextContext, PlanContext {
  readonly zone: Zone;
  /** A new random id: the `index` of a new task. */
  readonly createId: () => string;
}

export type ActionOutput =
  | {
      readonly kind: 'list';
      readonly tasks: readonly PlainTask[];
      readonly rows: readonly TaskTexts[];
      /** A note on tasks that the list leaves out, for a person; '' if it leaves none out. */
      readonly note: string;
    }
  | {
      readonly kind: 'info';
      readonly task: PlainTask;
      readonly row: TaskTexts;
      /** Titles and texts of the fields that plan the task, and of those that came from Taskwarrior. */
      readonly more: ReturnType<typeof describeTaskwarrior>;
    }
  /** `id` is the id to show: a done task is shown under the id that it had. */
  | {
      readonly kind: 'task';
      readonly task: PlainTask;
      readonly id: number;
      readonly verb: ActionVerb;
      /** The task that follows a done one that recurs. */
      readonly next?: PlainTask;
    }
  /** Lines for a person, and the same as JSON. */
  | { readonly kind: 'text'; readonly task: PlainTask; readonly lines: readonly string[]; readonly value: unknown }
  | { readonly kind: 'worktime'; readonly tags: readonly string[]; readonly seconds: number }
  | { readonly kind: 'context'; readonly context: readonly string[] }
  | { readonly kind: 'hide done'; readonly hidden: boolean };

export type ActionVerb =
  | 'added'
  | 'updated'
  | 'deleted'
  | 'started'
  | 'stopped'
  | 'done'
  | 'undone'
  | 'tracked'
  | 'noted';

export type ActionRefusal = {
  readonly ok: false;
  readonly error: string;
  readonly why: 'failure' | 'usage' | 'not found';
  /** The error, as a text for a person. */
  readonly detail?: string;
};
/** `changes` has only what the action changed. */
export type ActionOutcome =
  | { readonly ok: true; readonly changes: Partial<TaskState>; readonly output: ActionOutput }
  | ActionRefusal;

/** @param args the words after the action's name, as one line */
export type TaskAction = (state: TaskState, args: string, context: ActionContext) => ActionOutcome;

function refuse(error: string, why: ActionRefusal['why'] = 'failure', detail?: string): ActionRefusal {
  return { ok: false, error, why, ...(detail === undefined ? {} : { detail }) };
}

type FindResult = { readonly ok: true; readonly task: PlainTask } | ActionRefusal;

/**
 * @param word the id as the user typed it
 * @param ids whether a done task is found by the id that it had when it was open, too
 */
export function findTask(
  tasks: readonly PlainTask[],
  word: string,
  ids: 'current and former ids' | 'current ids',
): FindResult {
  if (!/^-?\d{1,16}$/.test(word)) return refuse('invalid id', 'usage');
  const id = Number(word);
  const lastDone = () =>
    tasks.filter((task) => task.done !== 0 && isDoneIdOf(task.id, id)).sort((one, other) => other.done - one.done)[0];
  const task = tasks.find((one) => one.id === id) ?? (ids === 'current ids' ? undefined : lastDone());
  return task === undefined ? refuse('task not found', 'not found') : { ok: true, task };
}

/** Replaces a task, and settles what follows from that: the next task of a series. */
function replaceTask(
  state: TaskState,
  before: PlainTask,
  after: PlainTask,
  verb: ActionVerb,
  zone: Zone,
): ActionOutcome {
  const replaced = state.tasks.map((task) => (task === before ? after : task));
  const byIndex = new Map(replaced.map((task) => [task.index, task]));
  const { puts, removes } = settleSeries([{ before, after }], byIndex, () => zone);
  const settled = new Map(puts.map((task) => [task.index, task]));
  const kept = replaced.flatMap((task) => (removes.includes(task.index) ? [] : [settled.get(task.index) ?? task]));
  const added = puts.filter(({ index }) => !byIndex.has(index));
  const [next] = added;
  const id = verb === 'done' ? before.id : after.id;
  return {
    ok: true,
    changes: { tasks: [...kept, ...added] },
    output: {
      kind: 'task',
      task: settled.get(after.index) ?? after,
      id,
      verb,
      ...(next === undefined ? {} : { next }),
    },
  };
}

function startTask(task: PlainTask, now: number): PlainTask {
  return { ...task, active: now };
}

function stopTask(task: PlainTask, now: number): PlainTask {
  const { active } = task;
  return { ...withInterval(task, { from: active, to: now }), active: 0, last_active: Math.max(now, task.last_active) };
}

export const add: TaskAction = (state, args, context) => {
  const read = parseTaskLine(args, 'add', context.now, context.zone);
  if (!read.ok) return refuse(read.error, 'usage');
  const { desc, tags, due } = read.line;
  if (desc === '') return refuse('invalid desc', 'usage');
  const blank: PlainTask = {
    index: context.createId(),
    id: freeId(new Set(state.tasks.map(({ id }) => id))),
    desc,
    tags: [...new Set([...tags, ...state.context])],
    active: 0,
    last_active: 0,
    due: due ?? 0,
    done: 0,
    worktime: 0,
  };
  const planned = planTask(blank, read.line, state.tasks, context);
  if (!planned.ok) return refuse(planned.error, 'usage', planned.detail);
  const { task } = planned;
  return {
    ok: true,
    changes: { tasks: [...state.tasks, task] },
    output: { kind: 'task', task, id: task.id, verb: 'added' },
  };
};

export const info: TaskAction = (state, args, context) => {
  const result = findTask(state.tasks, args.trim(), 'current and former ids');
  if (!result.ok) return result;
  return { ok: true, changes: {}, output: describeTask(result.task, state.tasks, context) };
};

/** @param tasks all tasks, to look up the tasks that this one depends on */
export function describeTask(task: PlainTask, tasks: readonly PlainTask[], scene: TaskTextContext): ActionOutput {
  const find = (index: string) => tasks.find((other) => other.index === index);
  const context = { date: scene.date, find };
  const more = [...describePlanning(task, context), ...describeTaskwarrior(task.taskwarrior, context)];
  return { kind: 'info', task, row: taskTexts('info', task, scene), more };
}

export const list: TaskAction = (state, args, context) => {
  const parsed = parseFilter(args, { ...context, tasks: state.tasks });
  if (!parsed.ok) return refuse('invalid filter', 'usage', parsed.detail);
  const { filter } = parsed;
  const shown = { ...state, hide_done: state.hide_done && !filter.wantsDone };
  const candidates = filter.wantsWaiting ? visibleTasks(shown) : visibleTasks(shown, context.now);
  const tasks = applyFilter(candidates, filter, { ...context, tasks: state.tasks });
  const isHidden = (task: PlainTask) => isWaiting(task, context.now) && filter.matches(task);
  const waiting = filter.wantsWaiting || !state.tasks.some(isHidden) ? 0 : visibleTasks(shown).filter(isHidden).length;
  const note =
    waiting === 0 ? '' : `${countTasks(waiting)} ${waiting === 1 ? 'waits' : 'wait'}: kronos list is:waiting`;
  return { ok: true, changes: {}, output: listOutput(tasks, context, note) };
};

function countTasks(count: number): string {
  return `${count} ${count === 1 ? 'task' : 'tasks'}`;
}

function listOutput(tasks: readonly PlainTask[], context: TaskTextContext, note: string): ActionOutput {
  return { kind: 'list', tasks, rows: tasks.map((task) => taskTexts('list', task, context)), note };
}

/** The next tasks to work on: those of the context that can be worked on now, the most urgent first. */
export const next: TaskAction = (state, args, context) => {
  const parsed = parseFilter(args, { ...context, tasks: state.tasks });
  if (!parsed.ok) return refuse('invalid filter', 'usage', parsed.detail);
  const { filter } = parsed;
  const graph = taskGraph(state.tasks);
  const open = visibleTasks({ ...state, hide_done: true }).filter(filter.matches);
  const ready = open.filter((task) => isReady(task, graph, context.now));
  const sorted = filter.sort === undefined ? byUrgency(ready, graph, context.now) : ready;
  const tasks = applyFilter(sorted, filter, { ...context, tasks: state.tasks });
  const later = open.length - ready.length;
  const note =
    later === 0
      ? ''
      : `${countTasks(later)} ${later === 1 ? 'is' : 'are'} not ready: kronos list -is:ready, or kronos why <id>`;
  return { ok: true, changes: {}, output: listOutput(tasks, context, note) };
};

/**
 * The tasks of the context: open ones by id, then done ones, the latest first, unless they are hidden.
 * @param now seconds since 1970, to leave out tasks that wait for a date; undefined shows them
 */
export function visibleTasks({ tasks, hide_done: hidden, context }: TaskState, now?: number): readonly PlainTask[] {
  return tasks
    .filter((task) => task.done === 0 || !hidden)
    .filter((task) => now === undefined || !isWaiting(task, now))
    .filter((task) => context.length === 0 || context.some((tag) => task.tags.includes(tag)))
    .sort((one, other) =>
      other.done === 0 && one.done === 0
        ? one.id - other.id
        : one.done === 0
          ? -1
          : other.done === 0
            ? 1
            : other.done - one.done,
    );
}

export const update: TaskAction = (state, args, context) => {
  const [id = '', ...words] = splitWords(args);
  const result = findTask(state.tasks, id, 'current ids');
  if (!result.ok) return result;
  if (words.length === 0) return refuse('nothing to update', 'usage');
  const read = parseTaskLine(words.join(' '), 'update', context.now, context.zone);
  if (!read.ok) return refuse(read.error, 'usage');
  const { task } = result;
  const { desc, tags, untags, due } = read.line;
  const worded: PlainTask = {
    ...task,
    desc: desc === '' ? task.desc : desc,
    tags: [...new Set([...task.tags.filter((tag) => !untags.includes(tag)), ...tags])],
    due: due === undefined ? task.due : (due ?? 0),
  };
  const planned = planTask(worded, read.line, state.tasks, context);
  if (!planned.ok) return refuse(planned.error, 'usage', planned.detail);
  return replaceTask(state, task, planned.task, 'updated', context.zone);
};

/** Adds a note to a task: `12 called, nobody there`. */
export const note: TaskAction = (state, args, context) => {
  const [id = '', ...words] = splitWords(args);
  const result = findTask(state.tasks, id, 'current and former ids');
  if (!result.ok) return result;
  if (words.length === 0) return refuse('invalid note', 'usage', 'a note has a text');
  const { task } = result;
  const before = task.notes ?? [];
  // Taskwarrior tells annotations apart by their second.
  const at = Math.max(context.now, (before.at(-1)?.at ?? 0) + 1);
  const notes = [...before, { at, text: words.join(' ') }];
  return replaceTask(state, task, { ...task, notes }, 'noted', context.zone);
};

/** Removes a note by its number, as `info` shows it: `12 1`. */
export const removeNote: TaskAction = (state, args, context) => {
  const [id = '', number = '', ...more] = splitWords(args);
  const result = findTask(state.tasks, id, 'current and former ids');
  if (!result.ok) return result;
  const { notes = [], ...rest } = result.task;
  if (more.length > 0 || !/^\d{1,6}$/.test(number))
    return refuse('invalid note', 'usage', 'give the number of the note');
  if (notes[Number(number) - 1] === undefined) return refuse('note not found', 'not found');
  const kept = notes.filter((_, at) => at !== Number(number) - 1);
  const after = kept.length === 0 ? rest : { ...rest, notes: kept };
  return replaceTask(state, result.task, after, 'updated', context.zone);
};

/** Explains where `next` shows a task, or why it does not. */
export const why: TaskAction = (state, args, context) => {
  const result = findTask(state.tasks, args.trim(), 'current and former ids');
  if (!result.ok) return result;
  const { task } = result;
  const { lines, value } = explainUrgency(task, visibleTasks({ ...state, hide_done: true }), state.tasks, context);
  return { ok: true, changes: {}, output: { kind: 'text', task, lines, value } };
};

/** The action `delete`, which is a reserved word. */
export const remove: TaskAction = (state, args) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  const tasks = state.tasks.filter((task) => task !== result.task);
  return {
    ok: true,
    changes: { tasks },
    output: { kind: 'task', task: result.task, id: result.task.id, verb: 'deleted' },
  };
};

export const start: TaskAction = (state, args, { now, zone }) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.active !== 0) return refuse('task already started');
  if (task.done !== 0) return refuse('task already done');
  return replaceTask(state, task, startTask(task, now), 'started', zone);
};

export const stop: TaskAction = (state, args, { now, zone }) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.active === 0) return refuse('task already stopped');
  return replaceTask(state, task, stopTask(task, now), 'stopped', zone);
};

export const toggle: TaskAction = (state, args, context) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  return result.task.active === 0 ? start(state, args, context) : stop(state, args, context);
};

export const done: TaskAction = (state, args, { now, zone }) => {
  const result = findTask(state.tasks, args.trim(), 'current and former ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.done !== 0) return refuse('task already done');
  const stopped = task.active === 0 ? task : stopTask(task, now);
  return replaceTask(state, task, { ...stopped, done: now, id: doneId(task.id, now) }, 'done', zone);
};

export const undone: TaskAction = (state, args, { zone }) => {
  const result = findTask(state.tasks, args.trim(), 'current and former ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.done === 0) return refuse('task not done');
  const id = freeId(new Set(state.tasks.map((other) => other.id)));
  return replaceTask(state, task, { ...task, done: 0, id }, 'undone', zone);
};

export const toggleHideDone: TaskAction = (state, args) => {
  if (args.trim() !== '') return refuse('invalid args', 'usage');
  const hidden = !state.hide_done;
  return { ok: true, changes: { hide_done: hidden }, output: { kind: 'hide done', hidden } };
};

type ParsedTags = { readonly ok: true; readonly tags: readonly string[] } | ActionRefusal;

/** Tags with or without the `+` that `add` expects. */
function parseTags(args: string): ParsedTags {
  const tags = [...new Set(splitWords(args).map((word) => word.replace(/^\+/, '')))];
  return tags.every(isTag) ? { ok: true, tags } : refuse('invalid tags', 'usage');
}

export const worktime: TaskAction = (state, args, { now }) => {
  const read = parseTags(args);
  if (!read.ok) return read;
  const seconds = totalWorktime(state.tasks, read.tags, now);
  return { ok: true, changes: {}, output: { kind: 'worktime', tags: read.tags, seconds } };
};

export const setContext: TaskAction = (_, args) => {
  const read = parseTags(args);
  if (!read.ok) return read;
  return { ok: true, changes: { context: read.tags }, output: { kind: 'context', context: read.tags } };
};

/** Actions that need only the id of a task: a GUI applies them to the selected task. */
export const singleTaskActions = { delete: remove, start, stop, toggle, done, undone } as const satisfies Record<
  string,
  TaskAction
>;
