// Applies the words of a line that plan a task (rules G4 and N of protocol/README.md): its project, priority, dates, recurrence and
// dependencies.

import { createsCycle } from '../../../protocol/dependencies.ts';
import { type PlainTask, withPlanning } from '../../../protocol/plain.ts';
import { type PlanningFields, planningOf, projectOf } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import { anchorEvery, nextDue, parseEvery } from '../../../protocol/recurrence.ts';
import type { Result } from '../../../protocol/result.ts';
import type { PlanningWords, TaskLine, TaskLineError } from '../../../protocol/words.ts';
import type { Zone } from '../../../protocol/zone.ts';

export interface PlanContext {
  /** Seconds since 1970. */
  readonly now: number;
  readonly zone: Zone;
  /** The name of `zone`. */
  readonly zoneName: () => string;
}

/** A refusal of a line: the protocol's text, and what is wrong for a person. */
export interface PlanProblem {
  readonly error: TaskLineError;
  readonly detail: string;
}

type Planned = { readonly ok: true; readonly task: PlainTask } | ({ readonly ok: false } & PlanProblem);

/**
 * @param task with the tags and the due date of the line
 * @param tasks all tasks, to find what the task needs
 */
export function planTask(
  task: PlainTask,
  { planning, untags }: Pick<TaskLine, 'planning' | 'untags'>,
  tasks: readonly PlainTask[],
  context: PlanContext,
): Planned {
  const needs = resolveNeeds(task, planning.needs, tasks);
  if (!needs.ok) return { ok: false, error: 'invalid needs', detail: needs.error };
  const known = planningOf(task);
  const { priority, wait, scheduled, every, project } = planning;
  const fields = {
    ...known,
    ...(priority === undefined ? {} : { priority }),
    ...(wait === undefined ? {} : { wait }),
    ...(scheduled === undefined ? {} : { scheduled }),
    ...recurrenceOf(task, known, every, context),
    ...(project === undefined ? {} : { project }),
    needs: needs.value,
  };
  const recurrence = every === undefined || every === null ? undefined : parseEvery(every);
  const isDay = recurrence?.kind === 'weekdays';
  const due = isDay && task.due === 0 ? firstDay(recurrence, context) : task.due;
  return { ok: true, task: withProject({ ...withPlanning(task, planningOf(fields)), due }, known, untags) };
}

/** N3.4: a recurrence begins with its zone, and with the day of the month that a short month would cut. */
function recurrenceOf(
  { due }: PlainTask,
  known: PlanningFields,
  every: PlanningWords['every'],
  { zone, zoneName }: PlanContext,
): { readonly every?: string | null; readonly zone?: string | null } {
  if (every === null) return { every, zone: null };
  if (every !== undefined) return { every: anchorEvery(every, due, zone), zone: zoneName() };
  return known.every === undefined ? {} : { every: anchorEvery(known.every, due, zone) };
}

/** N3.3: a task that recurs on days of the week is due on the next one at first. */
function firstDay(recurrence: NonNullable<ReturnType<typeof parseEvery>>, { now, zone }: PlanContext): number {
  const midnight = zone.moment({ ...zone.civil(now), hour: 0, minute: 0 });
  return nextDue(recurrence, midnight, now, zone);
}

/** N1.2, N1.3: the tag of a project comes and goes with it. */
function withProject(task: PlainTask, { project: former }: PlanningFields, untags: readonly string[]): PlainTask {
  const { project } = task;
  if (project === former) {
    if (project === undefined || !untags.includes(projectTag(project))) return task;
    const { project: _project, ...planning } = planningOf(task);
    return withPlanning(task, planning);
  }
  const formerTag = former === undefined ? '' : projectTag(former);
  const kept = task.tags.filter((tag) => tag !== formerTag);
  const tag = project === undefined ? '' : projectTag(project);
  return { ...task, tags: tag === '' || kept.includes(tag) ? kept : [...kept, tag] };
}

function resolveNeeds(
  task: PlainTask,
  words: PlanningWords['needs'],
  tasks: readonly PlainTask[],
): Result<readonly string[]> {
  const known = task.needs ?? [];
  if (words === undefined) return { ok: true, value: known };
  if (words === null) return { ok: true, value: [] };
  const needs = new Set(known);
  const find = (index: string) => tasks.find((other) => other.index === index);
  for (const id of [...words.remove, ...words.add]) {
    const other = tasks.find((one) => one.id === id);
    if (other === undefined) return { ok: false, error: `there is no task ${id}` };
    if (words.remove.includes(id)) needs.delete(other.index);
    else if (other.index === task.index) return { ok: false, error: 'a task cannot need itself' };
    else if (createsCycle(task.index, other.index, find)) {
      return { ok: false, error: `task ${id} needs task ${task.id} already, directly or through other tasks` };
    } else needs.add(other.index);
  }
  return { ok: true, value: [...needs] };
}

/** The project of a task, or of its description in tasks that older clients made. */
export function isInProject(task: PlainTask, wanted: string, inDesc: string | undefined): boolean {
  const project = projectOf(task) ?? inDesc;
  return project !== undefined && (project === wanted || project.startsWith(`${wanted}.`));
}
