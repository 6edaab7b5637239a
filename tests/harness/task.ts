// Tasks for tests that set only one or two of their fields.

import type { Task } from '../../protocol/messages.ts';
import type { PlainTask } from '../../protocol/plain.ts';

/** With all fields that clients of 2018 send. */
export const task = (id: number, desc: string, more: Task = {}): Task => ({
  id,
  desc,
  tags: [],
  active: 0,
  last_active: 0,
  due: 0,
  done: 0,
  worktime: 0,
  ...more,
});

/** As a device has it, with nothing but a description. */
export const blankTask: PlainTask = {
  index: 'k',
  id: 5,
  desc: 'a task',
  tags: [],
  active: 0,
  last_active: 0,
  due: 0,
  done: 0,
  worktime: 0,
};
