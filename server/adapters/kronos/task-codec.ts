// How a task lies in a channel: as the JSON text of its item's value, checked by the codec on its way in. Nothing here checks it
// again, and nothing knows what a task means.

import type { Task } from '../../../protocol/messages.ts';
import type { Item } from '../../core/store.ts';

export function storedText(task: Task): string {
  return JSON.stringify(task);
}

export function storedTask(text: string): Task {
  return JSON.parse(text);
}

const parsed = new WeakMap<Item, Task>();

/** Items never change and are asked about again and again: each is parsed once. */
export function taskOf(item: Item): Task {
  const known = parsed.get(item);
  if (known !== undefined) return known;
  const task = storedTask(item.value);
  parsed.set(item, task);
  return task;
}
