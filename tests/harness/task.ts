// Creates a task with all fields that clients of 2018 send, for tests that set only one or two of them.

import type { Task } from '../../protocol/messages.ts';

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
