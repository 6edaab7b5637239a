// The actions of the protocol as functions of values: what they do to tasks and options, and what they answer or refuse, in the
// protocol's exact words. The command line, the terminal GUI and the page of tasks all call these; who keeps the outcome, shows it or
// sends it to a hub is theirs.

import type { PlainTask } from '../../../protocol/plain.ts';
import { type Scene as Shown, type Strings, stringify } from '../../../protocol/stringify.ts';
import { doneId, freeId, isDoneIdOf } from '../../../protocol/task.ts';
import { isTag, readLine, wordsOf } from '../../../protocol/words.ts';
import { workedOn } from '../../../protocol/worktime.ts';
import type { Zone } from '../../../protocol/zone.ts';

/** Of a database, what actions read and change. */
export interface TaskState {
  readonly tasks: readonly PlainTask[];
  readonly hide_done: boolean;
  readonly context: readonly string[];
}

/** When and where an action is done. One action has one `now`. */
export interface ActionContext extends Shown {
  readonly zone: Zone;
  /** A fresh name that nobody else gives: the `index` of a new task. */
  readonly name: () => string;
}

export type ActionOutput =
  | { readonly kind: 'list'; readonly tasks: readonly PlainTask[]; readonly rows: readonly Strings[] }
  | { readonly kind: 'info'; readonly task: PlainTask; readonly row: Strings }
  | { readonly kind: 'task'; readonly task: PlainTask; readonly verb: ActionVerb }
  | { readonly kind: 'worktime'; readonly tags: readonly string[]; readonly seconds: number }
  | { readonly kind: 'context'; readonly context: readonly string[] }
  | { readonly kind: 'hide done'; readonly hidden: boolean };

export type ActionVerb = 'added' | 'updated' | 'deleted' | 'started' | 'stopped' | 'done' | 'undone';

export type ActionRefusal = {
  readonly ok: false;
  readonly error: string;
  readonly why: 'failure' | 'usage' | 'not found';
};
/** `kept` has what changed. */
export type ActionOutcome =
  | { readonly ok: true; readonly kept: Partial<TaskState>; readonly output: ActionOutput }
  | ActionRefusal;

/** @param args what was typed after the action, as one line */
export type TaskAction = (kept: TaskState, args: string, scene: ActionContext) => ActionOutcome;

function refuse(error: string, why: ActionRefusal['why'] = 'failure'): ActionRefusal {
  return { ok: false, error, why };
}

type Found = { readonly ok: true; readonly task: PlainTask } | ActionRefusal;

/** @param done whether a task that is done may be named by the id it had before: only where nothing else can be meant */
function find(tasks: readonly PlainTask[], said: string, done: 'by former id too' | 'by its own id'): Found {
  if (!/^-?\d{1,16}$/.test(said)) return refuse('invalid id', 'usage');
  const id = Number(said);
  const former = () =>
    tasks.filter((task) => task.done !== 0 && isDoneIdOf(task.id, id)).sort((one, other) => other.done - one.done)[0];
  const task = tasks.find((one) => one.id === id) ?? (done === 'by former id too' ? former() : undefined);
  return task === undefined ? refuse('task not found', 'not found') : { ok: true, task };
}

function change(kept: TaskState, before: PlainTask, after: PlainTask, verb: ActionVerb): ActionOutcome {
  const tasks = kept.tasks.map((task) => (task === before ? after : task));
  return { ok: true, kept: { tasks }, output: { kind: 'task', task: after, verb } };
}

function started(task: PlainTask, now: number): PlainTask {
  return { ...task, active: now };
}

function stopped(task: PlainTask, now: number): PlainTask {
  return { ...task, active: 0, last_active: now, worktime: task.worktime + Math.max(0, now - task.active) };
}

export const add: TaskAction = (kept, args, scene) => {
  const read = readLine(args, 'add', scene.now, scene.zone);
  if (!read.ok) return refuse(read.error, 'usage');
  const { desc, tags, due } = read.line;
  if (desc === '') return refuse('invalid desc', 'usage');
  const task: PlainTask = {
    index: scene.name(),
    id: freeId(new Set(kept.tasks.map(({ id }) => id))),
    desc,
    tags: [...new Set([...tags, ...kept.context])],
    active: 0,
    last_active: 0,
    due: due ?? 0,
    done: 0,
    worktime: 0,
  };
  return { ok: true, kept: { tasks: [...kept.tasks, task] }, output: { kind: 'task', task, verb: 'added' } };
};

export const info: TaskAction = (kept, args, scene) => {
  const found = find(kept.tasks, args.trim(), 'by former id too');
  if (!found.ok) return found;
  return { ok: true, kept: {}, output: { kind: 'info', task: found.task, row: stringify('info', found.task, scene) } };
};

export const list: TaskAction = (kept, args, scene) => {
  if (args.trim() !== '') return refuse('invalid args', 'usage');
  const tasks = visible(kept);
  return {
    ok: true,
    kept: {},
    output: { kind: 'list', tasks, rows: tasks.map((task) => stringify('list', task, scene)) },
  };
};

/** The tasks of the context, by id; those that are done, unless hidden, after them, the latest first. */
export function visible({ tasks, hide_done: hidden, context }: TaskState): readonly PlainTask[] {
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

export const update: TaskAction = (kept, args, scene) => {
  const [id = '', ...words] = wordsOf(args);
  const found = find(kept.tasks, id, 'by its own id');
  if (!found.ok) return found;
  if (words.length === 0) return refuse('nothing to update', 'usage');
  const read = readLine(words.join(' '), 'update', scene.now, scene.zone);
  if (!read.ok) return refuse(read.error, 'usage');
  const { task } = found;
  const { desc, tags, untags, due } = read.line;
  const after: PlainTask = {
    ...task,
    desc: desc === '' ? task.desc : desc,
    tags: [...new Set([...task.tags.filter((tag) => !untags.includes(tag)), ...tags])],
    due: due ?? task.due,
  };
  return change(kept, task, after, 'updated');
};

/** `delete` is a word of the language. */
export const remove: TaskAction = (kept, args) => {
  const found = find(kept.tasks, args.trim(), 'by its own id');
  if (!found.ok) return found;
  const tasks = kept.tasks.filter((task) => task !== found.task);
  return { ok: true, kept: { tasks }, output: { kind: 'task', task: found.task, verb: 'deleted' } };
};

export const start: TaskAction = (kept, args, { now }) => {
  const found = find(kept.tasks, args.trim(), 'by its own id');
  if (!found.ok) return found;
  const { task } = found;
  if (task.active !== 0) return refuse('task already started');
  if (task.done !== 0) return refuse('task already done');
  return change(kept, task, started(task, now), 'started');
};

export const stop: TaskAction = (kept, args, { now }) => {
  const found = find(kept.tasks, args.trim(), 'by its own id');
  if (!found.ok) return found;
  const { task } = found;
  return task.active === 0 ? refuse('task already stopped') : change(kept, task, stopped(task, now), 'stopped');
};

export const toggle: TaskAction = (kept, args, scene) => {
  const found = find(kept.tasks, args.trim(), 'by its own id');
  if (!found.ok) return found;
  return found.task.active === 0 ? start(kept, args, scene) : stop(kept, args, scene);
};

export const done: TaskAction = (kept, args, { now }) => {
  const found = find(kept.tasks, args.trim(), 'by former id too');
  if (!found.ok) return found;
  const { task } = found;
  if (task.done !== 0) return refuse('task already done');
  const rested = task.active === 0 ? task : stopped(task, now);
  return change(kept, task, { ...rested, done: now, id: doneId(task.id, now) }, 'done');
};

export const undone: TaskAction = (kept, args) => {
  const found = find(kept.tasks, args.trim(), 'by former id too');
  if (!found.ok) return found;
  const { task } = found;
  if (task.done === 0) return refuse('task not done');
  const id = freeId(new Set(kept.tasks.map((other) => other.id)));
  return change(kept, task, { ...task, done: 0, id }, 'undone');
};

export const toggleHideDone: TaskAction = (kept, args) => {
  if (args.trim() !== '') return refuse('invalid args', 'usage');
  const hidden = !kept.hide_done;
  return { ok: true, kept: { hide_done: hidden }, output: { kind: 'hide done', hidden } };
};

type Tags = { readonly ok: true; readonly tags: readonly string[] } | ActionRefusal;

/** Tags as they are, or with the sign that `add` wants. */
function tagsIn(args: string): Tags {
  const tags = [...new Set(wordsOf(args).map((word) => word.replace(/^\+/, '')))];
  return tags.every(isTag) ? { ok: true, tags } : refuse('invalid tags', 'usage');
}

export const worktime: TaskAction = (kept, args, { now }) => {
  const read = tagsIn(args);
  if (!read.ok) return read;
  const seconds = workedOn(kept.tasks, read.tags, now);
  return { ok: true, kept: {}, output: { kind: 'worktime', tags: read.tags, seconds } };
};

export const context: TaskAction = (_, args) => {
  const read = tagsIn(args);
  if (!read.ok) return read;
  return { ok: true, kept: { context: read.tags }, output: { kind: 'context', context: read.tags } };
};

/** Those that need no more than the id of a task: what a key or a button of a GUI does to the one that is chosen. */
export const ofOneTask = { delete: remove, start, stop, toggle, done, undone } as const satisfies Record<
  string,
  TaskAction
>;
