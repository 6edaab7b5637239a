// A list of tasks that looks up and changes tasks by index, and gives every task a unique id. A change takes constant time, however long
// the list is.

import type { PlainTask } from '../../../protocol/plain.ts';

export class TaskTable {
  #tasks: Map<string, PlainTask>;
  /** How many tasks have each id: a list of another client may contain an id twice. */
  #ids = new Map<number, number>();
  /** Every id from 1 to below this one is taken. */
  #firstFree = 1;

  constructor(tasks: readonly PlainTask[]) {
    this.#tasks = new Map(tasks.map((task) => [task.index, task]));
    for (const { id } of this.#tasks.values()) this.#take(id);
  }

  tasks(): readonly PlainTask[] {
    return [...this.#tasks.values()];
  }

  get(index: string): PlainTask | undefined {
    return this.#tasks.get(index);
  }

  /** Adds or replaces a task. If another task has its id, or its id is 0, the task gets the smallest free id. */
  set(task: PlainTask): void {
    const previous = this.#tasks.get(task.index);
    if (previous !== undefined) this.#release(previous.id);
    const id = task.id !== 0 && !this.#ids.has(task.id) ? task.id : this.freeId();
    this.#take(id);
    this.#tasks.set(task.index, id === task.id ? task : { ...task, id });
  }

  delete(index: string): void {
    const previous = this.#tasks.get(index);
    if (previous === undefined) return;
    this.#release(previous.id);
    this.#tasks.delete(index);
  }

  /** @returns the smallest id above 0 that no task has */
  freeId(): number {
    while (this.#ids.has(this.#firstFree)) this.#firstFree += 1;
    return this.#firstFree;
  }

  #take(id: number): void {
    this.#ids.set(id, (this.#ids.get(id) ?? 0) + 1);
  }

  #release(id: number): void {
    const count = (this.#ids.get(id) ?? 0) - 1;
    if (count > 0) {
      this.#ids.set(id, count);
      return;
    }
    this.#ids.delete(id);
    if (id > 0) this.#firstFree = Math.min(this.#firstFree, id);
  }
}
