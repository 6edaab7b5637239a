// A task in a channel is the JSON text of an item's value. protocol/codec.ts has checked it before it was written, so this file does not
// check it again.

import type { Task } from '../../../protocol/messages.ts';
import type { Item } from '../../core/store.ts';

export function storedText(task: Task): string {
  return JSON.stringify(task);
}

export function storedTask(text: string): Task {
  return JSON.parse(text);
}

const parsed = new WeakMap<Item, Task>();

/** Parses an item's value, once: items are immutable and are read often. */
export function taskOf(item: Item): Task {
  const known = parsed.get(item);
  if (known !== undefined) return known;
  const task = storedTask(item.value);
  parsed.set(item, task);
  return task;
}
