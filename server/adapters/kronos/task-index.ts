// The tasks of an account by id, index and description. The index is kept in step with a cached channel, including uncommitted writes.
// match-task.ts decides which of several tasks a request means.

import type { Task } from '../../../protocol/messages.ts';
import type { ItemIndex } from '../../core/cached-channel.ts';
import type { Item } from '../../core/store.ts';
import { taskOf } from './task-codec.ts';

export class Lookup implements ItemIndex {
  #tasks = new Map<string, Task>();
  /** Several tasks may have the same id during a write, or the same description at any time. */
  #byId = new Map<number, Set<string>>();
  #byDesc = new Map<string, Set<string>>();
  #byIndex = new Map<string, string>();

  task(key: string): Task | undefined {
    return this.#tasks.get(key);
  }

  /** Keys of tasks, like `byDesc` and `byIndex`. */
  byId(id: number | undefined): readonly string[] {
    return id === undefined ? [] : [...(this.#byId.get(id) ?? [])];
  }

  byDesc(desc: string | undefined): readonly string[] {
    return desc === undefined ? [] : [...(this.#byDesc.get(desc) ?? [])];
  }

  byIndex(index: string | undefined): string | undefined {
    return index === undefined ? undefined : this.#byIndex.get(index);
  }

  /** The ids that are used by tasks other than `except`. */
  ids(except?: string): { has(id: number): boolean } {
    return { has: (id) => this.byId(id).some((key) => key !== except) };
  }

  clear(): void {
    this.#tasks.clear();
    this.#byId.clear();
    this.#byDesc.clear();
    this.#byIndex.clear();
  }

  set(item: Item): void {
    this.remove(item.key);
    const task = taskOf(item);
    this.#tasks.set(item.key, task);
    if (task.id !== undefined) addTo(this.#byId, task.id, item.key);
    if (task.desc !== undefined) addTo(this.#byDesc, task.desc, item.key);
    if (task.index !== undefined) this.#byIndex.set(task.index, item.key);
  }

  remove(key: string): void {
    const task = this.#tasks.get(key);
    if (task === undefined) return;
    this.#tasks.delete(key);
    if (task.id !== undefined) removeFrom(this.#byId, task.id, key);
    if (task.desc !== undefined) removeFrom(this.#byDesc, task.desc, key);
    if (task.index !== undefined && this.#byIndex.get(task.index) === key) this.#byIndex.delete(task.index);
  }
}

function addTo<K>(groups: Map<K, Set<string>>, name: K, key: string): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, new Set([key]));
  else group.add(key);
}

function removeFrom<K>(groups: Map<K, Set<string>>, name: K, key: string): void {
  const group = groups.get(name);
  group?.delete(key);
  if (group?.size === 0) groups.delete(name);
}
