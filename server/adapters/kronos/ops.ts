// Collects the ops of one write to a tasks channel, and answers what they do to the tasks there. What to write is decided in
// tasks.ts and protocol/merge.ts.

import type { Task } from '../../../protocol/messages.ts';
import { nextVersion, noticesOfNewId } from '../../../protocol/version.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Op } from '../../core/store.ts';
import { storedTask, storedText, taskOf } from './task-codec.ts';

/** A task that had, or asked for, an id that is not its own after the write. */
export interface Moved {
  readonly id: number;
  readonly key: string;
  /** Its value under that id. */
  readonly task: Task;
}

export interface TaskPut {
  readonly key: string;
  /** The value before the write; undefined for a new task. */
  readonly before: Task | undefined;
  readonly after: Task;
  /** Whether it is what the sender said, rather than what was made of that. */
  readonly said: boolean;
}

/** Each shown change gets a version of its own, greater than all before it (W5). */
export class Ops {
  readonly list: Op[] = [];
  #state: ChannelState;
  #version: number;
  #stated: number | undefined;
  #now: number;

  /** @param stated the version that the writer named, in its own clock's milliseconds */
  constructor(state: ChannelState, stated: number | undefined, now: number) {
    this.#state = state;
    this.#version = state.version;
    this.#stated = stated;
    this.#now = now;
  }

  put(key: string, task: Task): void {
    const id = this.#before(key)?.id;
    const version = this.#next(id === undefined || id === task.id ? 1 : noticesOfNewId);
    const value = storedText(task);
    const kept = this.list.at(-1);
    // A store makes no step of a value that is there already: the change would be without a version, and nobody would be told.
    if (kept?.op === 'put' && kept.key === key && kept.version === undefined && kept.value === value) this.list.pop();
    this.list.push({ op: 'put', key, value, version });
  }

  /** For history only, and so without a version: the next op, of the same key, says what becomes of the task. */
  keep(key: string, task: Task): void {
    this.list.push({ op: 'put', key, value: storedText(task) });
  }

  /** Of what is no task, for history only: it is gone at once. */
  note(key: string, value: object): void {
    this.list.push({ op: 'put', key, value: JSON.stringify(value) }, { op: 'remove', key });
  }

  remove(key: string): void {
    this.list.push({ op: 'remove', key, version: this.#next() });
  }

  puts(): TaskPut[] {
    const kept = new Set(this.list.flatMap((op) => (op.op !== 'remove' && op.version === undefined ? [op.key] : [])));
    return this.list.flatMap((op) => {
      if (op.op === 'remove') return [];
      const said = op.version === undefined || !kept.has(op.key);
      return [{ key: op.key, before: this.#before(op.key), after: storedTask(op.value), said }];
    });
  }

  /** Tasks that came under one id and were given another. */
  renumbered(): Moved[] {
    return this.list.flatMap((op, at) => {
      const next = this.list[at + 1];
      if (op.op === 'remove' || op.version !== undefined || next === undefined || next.op === 'remove') return [];
      const task = storedTask(op.value);
      return task.id === undefined || task.id === storedTask(next.value).id ? [] : [{ id: task.id, key: op.key, task }];
    });
  }

  /** Tasks that lose the id that they had. */
  moved(): Moved[] {
    return this.list.flatMap((op) => {
      const task = op.version === undefined ? undefined : this.#before(op.key);
      if (task?.id === undefined) return [];
      return op.op === 'remove' || storedTask(op.value).id !== task.id ? [{ id: task.id, key: op.key, task }] : [];
    });
  }

  /** The tasks as they are after the write, by key. */
  result(): Map<string, Task> {
    const tasks = new Map([...this.#state.items.values()].map((item) => [item.key, taskOf(item)]));
    for (const op of this.list) {
      if (op.op === 'remove') tasks.delete(op.key);
      else tasks.set(op.key, storedTask(op.value));
    }
    return tasks;
  }

  #before(key: string): Task | undefined {
    const item = this.#state.items.get(key);
    return item === undefined ? undefined : taskOf(item);
  }

  /** @param notices as how many messages the change is told */
  #next(notices = 1): number {
    this.#version = nextVersion(this.#version, this.#stated, this.#now, notices);
    return this.#version;
  }
}
