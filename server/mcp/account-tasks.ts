// The tasks of an account as the tools show and change them, in the form of whichever client generation wrote them.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/json.ts';
import type { Task } from '../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../protocol/plain.ts';
import { projectIn } from '../../protocol/project-in.ts';
import { freeId } from '../../protocol/task.ts';
import { nextVersion, noticesOfNewId } from '../../protocol/version.ts';
import type { ChannelState } from '../core/cached-channel.ts';
import type { Hub } from '../core/hub.ts';
import { textIn } from '../day/readers/reading.ts';
import type { TaskAnswer } from './answers.ts';

export interface KeyedTask {
  readonly key: string;
  /** As it is stored. */
  readonly wire: Task;
  readonly plain: PlainTask;
}

export function tasksIn({ items }: Pick<ChannelState, 'items'>): readonly KeyedTask[] {
  return [...items.values()].flatMap(({ key, value }): KeyedTask[] => {
    const wire: unknown = JSON.parse(value);
    return isRecord(wire) ? [{ key, wire, plain: plainOf(key, wire) }] : [];
  });
}

/** @param seconds since 1970; 0 for none */
const moment = (seconds: number) => (seconds === 0 ? null : new Date(seconds * 1_000).toISOString());

/** @param now seconds since 1970 */
export function viewTask({ wire, plain }: KeyedTask, now: number): TaskAnswer {
  const { id, desc, tags, active, due, done, worktime } = plain;
  const stated = isRecord(wire) ? textIn(wire, 'project') : '';
  return {
    id,
    title: desc,
    tags: [...tags],
    project: projectIn(desc) ?? (stated === '' ? null : stated),
    state: done !== 0 ? 'done' : active !== 0 ? 'running' : 'open',
    running_since: moment(active),
    due: moment(due),
    done: moment(done),
    worked_seconds: Math.max(0, worktime + (active === 0 ? 0 : now - active)),
  };
}

type TaskChange = { readonly ok: true; readonly key: string; readonly wire: Task } | Refusal;

/** Writes one task. @param change computes it from the newest tasks, and again if another writer was faster */
export async function writeTask(
  hub: Hub,
  account: string,
  origin: string,
  change: (tasks: readonly KeyedTask[]) => TaskChange,
): Promise<{ readonly ok: true; readonly task: KeyedTask } | Refusal> {
  const document = await hub.cachedChannel(`${account}/tasks`);
  let written: KeyedTask | undefined;
  const done = await document.write((view) => {
    const changed = change(tasksIn(view));
    if (!changed.ok) return changed;
    const { key, wire } = changed;
    written = { key, wire, plain: plainOf(key, wire) };
    const at = hub.world.now();
    const version = nextVersion(view.version, undefined, at, noticesOfNewId);
    return { ok: true, write: { ops: [{ op: 'put', key, value: JSON.stringify(wire), version }], origin, at } };
  });
  if (!done.ok) return done;
  return written === undefined ? refuse('task_not_found') : { ok: true, task: written };
}

/** @param now seconds since 1970 */
export function startTask(tasks: readonly KeyedTask[], id: number, now: number): TaskChange {
  const task = tasks.find(({ plain }) => plain.id === id);
  if (task === undefined) return refuse('task_not_found', '', 'list them with the tool `tasks`');
  if (task.plain.done !== 0) return refuse('property', 'id', 'a task that is not done');
  if (task.plain.active !== 0) return refuse('property', 'id', 'a task that does not run already');
  return { ok: true, key: task.key, wire: wireOf(task.wire, task.plain, { ...task.plain, active: now }) };
}

/** @param key of the new task. @param now seconds since 1970 */
export function createTask(
  tasks: readonly KeyedTask[],
  { title, tags }: { readonly title: string; readonly tags: readonly string[] },
  key: string,
  now: number,
): TaskChange {
  const id = freeId(new Set(tasks.map(({ plain }) => plain.id)));
  const plain: PlainTask = {
    index: key,
    id,
    desc: title,
    tags: [...new Set(tags)],
    active: now,
    last_active: 0,
    due: 0,
    done: 0,
    worktime: 0,
  };
  return { ok: true, key, wire: wireOf(undefined, undefined, plain) };
}

/** @param id undefined: the task that runs, if it is the only one. @param now seconds since 1970 */
export function stopTask(tasks: readonly KeyedTask[], id: number | undefined, now: number): TaskChange {
  const running = tasks.filter(({ plain }) => plain.active !== 0 && (id === undefined || plain.id === id));
  const [task, ...others] = running;
  if (task === undefined) {
    const hint = id === undefined ? 'no task runs' : 'a task that runs; list them with the tool `tasks`';
    return refuse('property', 'id', hint);
  }
  if (others.length > 0)
    return refuse('missing', 'id', `several tasks run: ${running.map(({ plain }) => plain.id).join(', ')}`);
  const { plain, wire, key } = task;
  const worktime = plain.worktime + Math.max(0, now - plain.active);
  return { ok: true, key, wire: wireOf(wire, plain, { ...plain, active: 0, last_active: now, worktime }) };
}
