// A task as clients of 2018 send it whole, for tests that care for one or two of its fields.

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
