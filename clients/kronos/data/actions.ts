// The actions of the protocol as pure functions: how they change tasks and options, and what they answer or refuse, with the
// protocol's exact error texts. The command line, the terminal GUI and the page of tasks call them. Storing, showing and sending the
// result is up to the caller.

import type { PlainTask } from '../../../protocol/plain.ts';
import { type TaskTextContext, type TaskTexts, taskTexts } from '../../../protocol/stringify.ts';
import { doneId, freeId, isDoneIdOf } from '../../../protocol/task.ts';
import { isTag, parseTaskLine, splitWords } from '../../../protocol/words.ts';
import { totalWorktime } from '../../../protocol/worktime.ts';
import type { Zone } from '../../../protocol/zone.ts';
import { describeTaskwarrior } from './taskwarrior-fields.ts';

/** The part of a database that actions read and change. */
export interface TaskState {
  readonly tasks: readonly PlainTask[];
  readonly hide_done: boolean;
  readonly context: readonly string[];
}

/** When and where an action happens. One action reads the clock once. */
export interface ActionContext extends TaskTextContext {
  readonly zone: Zone;
  /** A new random id: the `index` of a new task. */
  readonly createId: () => string;
}

export type ActionOutput =
  | { readonly kind: 'list'; readonly tasks: readonly PlainTask[]; readonly rows: readonly TaskTexts[] }
  | {
      readonly kind: 'info';
      readonly task: PlainTask;
      readonly row: TaskTexts;
      /** Titles and texts of the fields that came from Taskwarrior. */
      readonly more: ReturnType<typeof describeTaskwarrior>;
    }
  /** `id` is the id to show: a done task is shown under the id that it had. */
  | { readonly kind: 'task'; readonly task: PlainTask; readonly id: number; readonly verb: ActionVerb }
  | { readonly kind: 'worktime'; readonly tags: readonly string[]; readonly seconds: number }
  | { readonly kind: 'context'; readonly context: readonly string[] }
  | { readonly kind: 'hide done'; readonly hidden: boolean };

export type ActionVerb = 'added' | 'updated' | 'deleted' | 'started' | 'stopped' | 'done' | 'undone' | 'tracked';

export type ActionRefusal = {
  readonly ok: false;
  readonly error: string;
  readonly why: 'failure' | 'usage' | 'not found';
};
/** `changes` has only what the action changed. */
export type ActionOutcome =
  | { readonly ok: true; readonly changes: Partial<TaskState>; readonly output: ActionOutput }
  | ActionRefusal;

/** @param args the words after the action's name, as one line */
export type TaskAction = (state: TaskState, args: string, context: ActionContext) => ActionOutcome;

function refuse(error: string, why: ActionRefusal['why'] = 'failure'): ActionRefusal {
  return { ok: false, error, why };
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

function replaceTask(state: TaskState, before: PlainTask, after: PlainTask, verb: ActionVerb): ActionOutcome {
  const tasks = state.tasks.map((task) => (task === before ? after : task));
  return {
    ok: true,
    changes: { tasks },
    output: { kind: 'task', task: after, id: verb === 'done' ? before.id : after.id, verb },
  };
}

function startTask(task: PlainTask, now: number): PlainTask {
  return { ...task, active: now };
}

function stopTask(task: PlainTask, now: number): PlainTask {
  return { ...task, active: 0, last_active: now, worktime: task.worktime + Math.max(0, now - task.active) };
}

export const add: TaskAction = (state, args, context) => {
  const read = parseTaskLine(args, 'add', context.now, context.zone);
  if (!read.ok) return refuse(read.error, 'usage');
  const { desc, tags, due } = read.line;
  if (desc === '') return refuse('invalid desc', 'usage');
  const task: PlainTask = {
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
  const more = describeTaskwarrior(task.taskwarrior, { date: scene.date, find });
  return { kind: 'info', task, row: taskTexts('info', task, scene), more };
}

export const list: TaskAction = (state, args, context) => {
  if (args.trim() !== '') return refuse('invalid args', 'usage');
  const tasks = visibleTasks(state);
  return {
    ok: true,
    changes: {},
    output: { kind: 'list', tasks, rows: tasks.map((task) => taskTexts('list', task, context)) },
  };
};

/** The tasks of the context: open ones by id, then done ones, the latest first, unless they are hidden. */
export function visibleTasks({ tasks, hide_done: hidden, context }: TaskState): readonly PlainTask[] {
  return tasks
    .filter((task) => task.done === 0 || !hidden)
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
  const after: PlainTask = {
    ...task,
    desc: desc === '' ? task.desc : desc,
    tags: [...new Set([...task.tags.filter((tag) => !untags.includes(tag)), ...tags])],
    due: due ?? task.due,
  };
  return replaceTask(state, task, after, 'updated');
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

export const start: TaskAction = (state, args, { now }) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.active !== 0) return refuse('task already started');
  if (task.done !== 0) return refuse('task already done');
  return replaceTask(state, task, startTask(task, now), 'started');
};

export const stop: TaskAction = (state, args, { now }) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  const { task } = result;
  return task.active === 0 ? refuse('task already stopped') : replaceTask(state, task, stopTask(task, now), 'stopped');
};

export const toggle: TaskAction = (state, args, context) => {
  const result = findTask(state.tasks, args.trim(), 'current ids');
  if (!result.ok) return result;
  return result.task.active === 0 ? start(state, args, context) : stop(state, args, context);
};

export const done: TaskAction = (state, args, { now }) => {
  const result = findTask(state.tasks, args.trim(), 'current and former ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.done !== 0) return refuse('task already done');
  const stopped = task.active === 0 ? task : stopTask(task, now);
  return replaceTask(state, task, { ...stopped, done: now, id: doneId(task.id, now) }, 'done');
};

export const undone: TaskAction = (state, args) => {
  const result = findTask(state.tasks, args.trim(), 'current and former ids');
  if (!result.ok) return result;
  const { task } = result;
  if (task.done === 0) return refuse('task not done');
  const id = freeId(new Set(state.tasks.map((other) => other.id)));
  return replaceTask(state, task, { ...task, done: 0, id }, 'undone');
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
