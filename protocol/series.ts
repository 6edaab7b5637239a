// Keeps one open task in each series of recurring tasks, and dependencies without cycles, whatever has changed (rules N3 and N4 of
// README.md). Clients apply this to their own actions, and the hub to every write, so that both come to the same tasks.

import { createsCycle } from './dependencies.ts';
import { type PlainTask, withPlanning } from './plain.ts';
import { type PlanningFields, planningOf } from './planning.ts';
import { isUntouched, nextIndex, nextTask, placeInSeries, seriesOf } from './recurrence.ts';
import { freeId } from './task.ts';
import type { Zone } from './zone.ts';

export interface TaskChange {
  readonly before: PlainTask | undefined;
  readonly after: PlainTask;
}

/** The changes that must be made in addition. */
export interface Settlement {
  readonly puts: readonly PlainTask[];
  /** The indexes of tasks to remove. */
  readonly removes: readonly string[];
}

/** True if a change may need more changes; most do not, and are cheap to find: of a task only what plans it is read. */
export function concernsSeries({
  before,
  after,
}: {
  readonly before: PlanningFields | undefined;
  readonly after: PlanningFields;
}): boolean {
  return [before?.every, after.every, before?.needs, after.needs].some((field) => field !== undefined);
}

/**
 * @param changes what was written, in order; tasks that were removed are left out
 * @param tasks all tasks after the write, by index
 * @param zoneOf the zone in which a task recurs
 */
export function settleSeries(
  changes: readonly TaskChange[],
  tasks: ReadonlyMap<string, PlainTask>,
  zoneOf: (task: PlainTask) => Zone,
): Settlement {
  const concerned = changes.filter(concernsSeries);
  if (concerned.length === 0) return { puts: [], removes: [] };
  const settler = new Settler(tasks, zoneOf);
  for (const change of concerned) settler.settle(change);
  settler.leaveOneOpen(new Set(concerned.map(({ after }) => seriesOf(after.index))));
  return settler.result();
}

class Settler {
  #tasks: Map<string, PlainTask>;
  #zoneOf: (task: PlainTask) => Zone;
  #puts = new Map<string, PlainTask>();
  #removes = new Set<string>();

  constructor(tasks: ReadonlyMap<string, PlainTask>, zoneOf: (task: PlainTask) => Zone) {
    this.#tasks = new Map(tasks);
    this.#zoneOf = zoneOf;
  }

  result(): Settlement {
    return { puts: [...this.#puts.values()], removes: [...this.#removes] };
  }

  settle({ before, after }: TaskChange): void {
    this.#dropCycles(after);
    const task = this.#tasks.get(after.index);
    if (task === undefined || before === undefined || task.every === undefined) return;
    if (before.done === 0 && task.done !== 0) this.#follow(task, before.id);
    if (before.done !== 0 && task.done === 0) this.#takeBackNext(before);
  }

  /** N4.3: leaves out what would close a cycle. */
  #dropCycles(after: PlainTask): void {
    const { needs = [], ...planning } = planningOf(after);
    const acyclic = needs.filter((needed) => !createsCycle(after.index, needed, (index) => this.#tasks.get(index)));
    if (acyclic.length === needs.length) return;
    this.#put(withPlanning(after, acyclic.length === 0 ? planning : { ...planning, needs: acyclic }));
  }

  /** N3.5: makes the next task, unless there is one. @param formerId the id that the task had, which the next one does not get */
  #follow(task: PlainTask, formerId: number): void {
    let index = nextIndex(task.index);
    for (let next = this.#tasks.get(index); next !== undefined; next = this.#tasks.get(index)) {
      if (next.done === 0) return;
      index = nextIndex(index);
    }
    const ids = new Set([...this.#tasks.values()].map(({ id }) => id)).add(formerId);
    const next = nextTask(task, freeId(ids), this.#zoneOf(task), index);
    if (next !== undefined) this.#put(next);
  }

  /** N3.6: a task that is not done after all has no next one, unless somebody has worked with that already. */
  #takeBackNext(done: PlainTask): void {
    const next = this.#tasks.get(nextIndex(done.index));
    const made = nextTask(done, 0, this.#zoneOf(done));
    if (next === undefined || made === undefined || !isUntouched(next, made)) return;
    this.#tasks.delete(next.index);
    this.#puts.delete(next.index);
    this.#removes.add(next.index);
  }

  /** N3.7: of several open tasks of a series only the last recurs. */
  leaveOneOpen(series: ReadonlySet<string>): void {
    const open = new Map<string, PlainTask[]>();
    for (const task of this.#tasks.values()) {
      const name = seriesOf(task.index);
      if (task.done === 0 && task.every !== undefined && series.has(name))
        open.set(name, [...(open.get(name) ?? []), task]);
    }
    for (const several of open.values()) {
      const last = Math.max(...several.map(({ index }) => placeInSeries(index)));
      for (const task of several) {
        if (placeInSeries(task.index) === last) continue;
        const { every: _every, zone: _zone, ...planning } = planningOf(task);
        this.#put(withPlanning(task, planning));
      }
    }
  }

  #put(task: PlainTask): void {
    this.#tasks.set(task.index, task);
    this.#puts.set(task.index, task);
  }
}
