// The fields of a task as the list and the info show them (rules F of README.md). Where on a screen they go is the client's business.

import { full, short } from './duration.ts';
import type { PlainField, PlainTask } from './plain.ts';

export interface Scene {
  /** Seconds since 1970. */
  readonly now: number;
  /** A moment in full, as the person's locale writes it (`%c`). */
  readonly date: (seconds: number) => string;
}

export type Strings = Readonly<Record<PlainField, string>>;

export function stringify(context: 'list' | 'info', task: PlainTask, scene: Scene): Strings {
  const listed = context === 'list';
  const moment = (at: number) => {
    if (at === 0) return '';
    return listed ? apart(at - scene.now) : scene.date(at);
  };
  return {
    id: listed && task.done !== 0 ? '-' : `${task.id}`,
    desc: task.desc,
    tags: task.tags.join(' '),
    active: moment(task.active),
    last_active: moment(task.last_active),
    due: moment(task.due),
    done: moment(task.done),
    worktime: listed ? short(task.worktime) : full(task.worktime),
  };
}

/** `in 4h`, `3d ago`. */
export function apart(seconds: number): string {
  return seconds > 0 ? `in ${short(seconds)}` : `${short(seconds)} ago`;
}
