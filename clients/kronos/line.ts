// A task as the line it is edited as: its description and its tags, and what was typed over that as what `update` takes.

import type { PlainTask } from '../../protocol/plain.ts';
import { wordsOf } from '../../protocol/words.ts';

export function lineOf({ desc, tags }: PlainTask): string {
  return [desc, ...tags.map((tag) => `+${tag}`)].join(' ');
}

/** Tags that were taken out of the line go; the due date stays unless another was typed. */
export function updateOf(task: PlainTask, typed: string): string {
  const words = wordsOf(typed);
  const removed = task.tags.filter((tag) => !words.includes(`+${tag}`) && !words.includes(`-${tag}`));
  return [task.id, typed.trim(), ...removed.map((tag) => `-${tag}`)].join(' ');
}
