// The fields of a task that say what comes next: project, priority, dates, recurrence, dependencies and notes (rules N of README.md).
// They are fields of their own on the wire, which older clients keep without knowing them (docs/decisions/0014). plain.ts has the other
// fields.

import { projectTag } from './project-tag.ts';

/** From the least to the most important. */
export const priorities = ['low', 'medium', 'high'] as const;
export type Priority = (typeof priorities)[number];

export interface TaskNote {
  /** Seconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Every field is absent if it is not set. */
export interface PlanningFields {
  readonly priority?: Priority;
  /** Names from the widest to the narrowest, with dots between them: `home.garden`. The task also has the tag `projectTag(project)`. */
  readonly project?: string;
  /** Seconds since 1970: until then lists leave the task out. */
  readonly wait?: number;
  /** Seconds since 1970: work on the task can begin then. */
  readonly scheduled?: number;
  /** How the task recurs, as the person typed it; recurrence.ts parses it. */
  readonly every?: string;
  /** The time zone in which the task recurs: `Europe/Berlin`. */
  readonly zone?: string;
  /** The indexes of the tasks that have to be done first. */
  readonly needs?: readonly string[];
  /** Oldest first. */
  readonly notes?: readonly TaskNote[];
}

/** The value on the wire of a field that is not set. A field that a client leaves out stays as it is, so it has to be sent. */
const emptyValues = {
  priority: '',
  project: '',
  wait: 0,
  scheduled: 0,
  every: '',
  zone: '',
  needs: [],
  notes: [],
} as const satisfies Record<keyof PlanningFields, unknown>;

export type PlanningField = keyof PlanningFields;
export const planningFields: readonly PlanningField[] = Object.keys(emptyValues).filter(isPlanningField);

export function emptyValueOf(field: PlanningField): unknown {
  return emptyValues[field];
}

export function isPlanningField(field: string): field is PlanningField {
  return Object.hasOwn(emptyValues, field);
}

export function isPriority(value: unknown): value is Priority {
  return priorities.some((one) => one === value);
}

const projectForm = /^[\p{L}\p{N}][\p{L}\p{N}_/-]*(?:\.[\p{L}\p{N}_/-]+)*$/u;

export function isProject(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 200 && projectForm.test(value);
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isNote(value: unknown): value is TaskNote {
  if (typeof value !== 'object' || value === null || !('at' in value) || !('text' in value)) return false;
  return typeof value.at === 'number' && typeof value.text === 'string';
}

/** Takes the planning fields that are set and readable from any object; other clients may have written anything into them. */
export function planningOf(fields: object): PlanningFields {
  const value: Partial<Record<string, unknown>> = { ...fields };
  const { priority, project, wait, scheduled, every, zone, needs, notes } = value;
  const needed = Array.isArray(needs) ? needs.filter(isText) : [];
  const noted = Array.isArray(notes) ? notes.filter(isNote) : [];
  return {
    ...(isPriority(priority) ? { priority } : {}),
    ...(isProject(project) ? { project } : {}),
    ...(isMoment(wait) ? { wait } : {}),
    ...(isMoment(scheduled) ? { scheduled } : {}),
    ...(isText(every) ? { every } : {}),
    ...(isText(zone) ? { zone } : {}),
    ...(needed.length > 0 ? { needs: needed } : {}),
    ...(noted.length > 0 ? { notes: noted } : {}),
  };
}

/**
 * The project of a task. A client that knows no projects may have taken its tag away, and with it the project (N1.3).
 * @returns undefined if it has none
 */
export function projectOf({
  project,
  tags,
}: {
  readonly project?: string;
  readonly tags: readonly string[];
}): string | undefined {
  if (project === undefined) return undefined;
  const tag = projectTag(project);
  return tag === '' || tags.includes(tag) ? project : undefined;
}

/** The tags of a task without the one that stands for its project. */
export function tagsWithoutProject(task: {
  readonly project?: string;
  readonly tags: readonly string[];
}): readonly string[] {
  const project = projectOf(task);
  return project === undefined ? task.tags : task.tags.filter((tag) => tag !== projectTag(project));
}
