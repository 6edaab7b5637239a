// The fields of a task as text, for the list and for the info (rules F of README.md). The client decides where on a screen they go.

import { fullDuration, shortDuration } from './duration.ts';
import type { PlainField, PlainTask } from './plain.ts';
import { projectOf, tagsWithoutProject } from './planning.ts';

export interface TaskTextContext {
  /** Seconds since 1970. */
  readonly now: number;
  /** Writes a moment in full, in the person's locale (`%c`). */
  readonly date: (seconds: number) => string;
}

export type TaskTexts = Readonly<Record<PlainField | 'priority', string>>;

export function taskTexts(context: 'list' | 'info', task: PlainTask, scene: TaskTextContext): TaskTexts {
  const listed = context === 'list';
  const moment = (at: number) => {
    if (at === 0) return '';
    return listed ? relativeMoment(at - scene.now) : scene.date(at);
  };
  return {
    id: listed && task.done !== 0 ? '-' : `${task.id}`,
    desc: task.desc,
    priority: task.priority ?? '',
    tags: listed ? tagsOf(task) : tagsWithoutProject(task).join(' '),
    active: moment(task.active),
    last_active: moment(task.last_active),
    due: moment(task.due),
    done: moment(task.done),
    worktime: listed ? shortDuration(task.worktime) : fullDuration(task.worktime),
  };
}

/** F4: the project stands before the tags, in place of its own. */
function tagsOf(task: PlainTask): string {
  if (task.project === undefined) return task.tags.join(' ');
  const project = projectOf(task);
  return [...(project === undefined ? [] : [`@${project}`]), ...tagsWithoutProject(task)].join(' ');
}

/**
 * F1: `in 4h`, `3d ago`.
 * @param seconds from now; negative in the past
 */
export function relativeMoment(seconds: number): string {
  return seconds > 0 ? `in ${shortDuration(seconds)}` : `${shortDuration(seconds)} ago`;
}
