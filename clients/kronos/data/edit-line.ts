// A task as the line it is edited as: its description and its tags, and what was typed over that as what `update` takes.

import type { PlainTask } from '../../../protocol/plain.ts';
import { splitWords } from '../../../protocol/words.ts';

export function formatEditLine({ desc, tags }: PlainTask): string {
  return [desc, ...tags.map((tag) => `+${tag}`)].join(' ');
}

/** Tags that were taken out of the line go, and so do those that were taken away in it; the due date stays unless another was typed. */
export function parseEditLine(task: PlainTask, typed: string): string {
  const words = splitWords(typed);
  const kept = words.filter((word) => !(word.startsWith('+') && words.includes(`-${word.slice(1)}`)));
  const removed = task.tags.filter((tag) => !words.includes(`+${tag}`) && !words.includes(`-${tag}`));
  return [task.id, ...kept, ...removed.map((tag) => `-${tag}`)].join(' ');
}
