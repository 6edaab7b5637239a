// Converts a task to a line that a person edits, with its description and tags, and the edited line to the arguments of `update`.

import type { PlainTask } from '../../../protocol/plain.ts';
import { splitWords } from '../../../protocol/words.ts';

export function formatEditLine({ desc, tags }: PlainTask): string {
  return [desc, ...tags.map((tag) => `+${tag}`)].join(' ');
}

/**
 * A tag is removed if it is missing in the line, or if the line has it with `-`. The due date stays unless the line has another.
 * @param typed the edited line
 * @returns the arguments of `update`
 */
export function parseEditLine(task: PlainTask, typed: string): string {
  const words = splitWords(typed);
  const remaining = words.filter((word) => !(word.startsWith('+') && words.includes(`-${word.slice(1)}`)));
  const removed = task.tags.filter((tag) => !words.includes(`+${tag}`) && !words.includes(`-${tag}`));
  return [task.id, ...remaining, ...removed.map((tag) => `-${tag}`)].join(' ');
}
