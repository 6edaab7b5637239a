// Collects the ops of one write to a tasks channel, and computes their effect on the tasks. tasks.ts and protocol/merge.ts decide what
// to write.

import { mapInSteps, Pace } from '../../../protocol/in-steps.ts';
import type { Task } from '../../../protocol/messages.ts';
import { nextVersion, noticesOfNewId } from '../../../protocol/version.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Op } from '../../core/store.ts';
import { storedTask, storedText, taskOf } from './task-codec.ts';

/** A task that had an id before the write, or was sent with it, and does not have it after the write. */
export interface Moved {
  readonly id: number;
  readonly key: string;
  /** Its value with that id. */
  readonly task: Task;
}

export interface TaskPut {
  readonly key: string;
  /** The value before the write; undefined for a new task. */
  readonly before: Task | undefined;
  readonly after: Task;
  /** True if `after` is the value that the device sent, false if it is the result of a merge. */
  readonly isSent: boolean;
}

/** Each change that clients are sent gets a version greater than all before it (W5). */
export class Ops {
  readonly list: Op[] = [];
  readonly #parsed = new Map<Op, Task>();
  #state: ChannelState;
  #version: number;
  #stated: number | undefined;
  #now: number;

  /** @param stated the version in the writer's request, in milliseconds of its clock */
  constructor(state: ChannelState, stated: number | undefined, now: number) {
    this.#state = state;
    this.#version = state.version;
    this.#stated = stated;
    this.#now = now;
  }

  put(key: string, task: Task): void {
    const before = this.#before(key);
    // W10.5: a new task is told in two messages, with versions of their own.
    if (before === undefined) this.#version += 1;
    const version = this.#next(before?.id === undefined || before.id === task.id ? 1 : noticesOfNewId);
    const value = storedText(task);
    const last = this.list.at(-1);
    // A store writes no step for an unchanged value. The change would then have no version, and clients would not be notified.
    if (last?.op === 'put' && last.key === key && last.version === undefined && last.value === value) this.list.pop();
    this.list.push({ op: 'put', key, value, version });
  }

  /** Writes a value for history only, and so without a version. The next op, of the same key, has the result. */
  putHistoryOnly(key: string, task: Task): void {
    this.list.push({ op: 'put', key, value: storedText(task) });
  }

  /** Writes a value that is not a task for history only: the next op removes it. */
  putNote(key: string, value: object): void {
    this.list.push({ op: 'put', key, value: JSON.stringify(value) }, { op: 'remove', key });
  }

  remove(key: string): void {
    this.list.push({ op: 'remove', key, version: this.#next() });
  }

  /** This and what follows pause where others may have their turn. */
  *puts(): Generator<void, TaskPut[]> {
    const historyOnly = new Set(
      this.list.flatMap((op) => (op.op !== 'remove' && op.version === undefined ? [op.key] : [])),
    );
    const puts = yield* mapInSteps(this.list, (op): TaskPut | undefined => {
      if (op.op === 'remove') return undefined;
      const isSent = op.version === undefined || !historyOnly.has(op.key);
      return { key: op.key, before: this.#before(op.key), after: this.#after(op), isSent };
    });
    return puts.filter((put) => put !== undefined);
  }

  /** Tasks that were sent with one id and were given another. */
  *tasksWithNewId(): Generator<void, Moved[]> {
    const found: Moved[] = [];
    const pace = new Pace();
    for (const [at, op] of this.list.entries()) {
      if (pace.isDue()) yield;
      const next = this.list[at + 1];
      if (op.op === 'remove' || op.version !== undefined || next === undefined || next.op === 'remove') continue;
      const task = this.#after(op);
      if (task.id !== undefined && task.id !== this.#after(next).id) found.push({ id: task.id, key: op.key, task });
    }
    return found;
  }

  /** Tasks that lose the id that they had before the write. */
  *tasksThatLoseTheirId(): Generator<void, Moved[]> {
    const found: Moved[] = [];
    const pace = new Pace();
    for (const op of this.list) {
      if (pace.isDue()) yield;
      const task = op.version === undefined ? undefined : this.#before(op.key);
      if (task?.id === undefined) continue;
      if (op.op === 'remove' || this.#after(op).id !== task.id) found.push({ id: task.id, key: op.key, task });
    }
    return found;
  }

  /** All tasks after the write, by key. */
  *result(): Generator<void, Map<string, Task>> {
    const tasks = new Map(yield* mapInSteps(this.#state.items.values(), (item) => [item.key, taskOf(item)] as const));
    const pace = new Pace();
    for (const op of this.list) {
      if (pace.isDue()) yield;
      if (op.op === 'remove') tasks.delete(op.key);
      else tasks.set(op.key, this.#after(op));
    }
    return tasks;
  }

  /** Parsed once. */
  #after(op: Extract<Op, { readonly value: string }>): Task {
    const known = this.#parsed.get(op);
    if (known !== undefined) return known;
    const task = storedTask(op.value);
    this.#parsed.set(op, task);
    return task;
  }

  #before(key: string): Task | undefined {
    const item = this.#state.items.get(key);
    return item === undefined ? undefined : taskOf(item);
  }

  /** @param notices the number of messages in which clients are notified of the change */
  #next(notices = 1): number {
    this.#version = nextVersion(this.#version, this.#stated, this.#now, notices);
    return this.#version;
  }
}
