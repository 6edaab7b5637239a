// Converts a task to a line that a person edits, with its description and tags, and the edited line to the arguments of `update`.

import type { PlainTask } from '../../../protocol/plain.ts';
import { projectOf, tagsWithoutProject } from '../../../protocol/planning.ts';
import { kindOf, splitWords, textMark } from '../../../protocol/words.ts';

export function formatEditLine(task: PlainTask): string {
  const project = projectOf(task);
  const named = [
    ...(project === undefined ? [] : [`@${project}`]),
    ...tagsWithoutProject(task).map((tag) => `+${tag}`),
  ];
  const words = splitWords(task.desc);
  // A description of before there were projects may contain what would be read as one now.
  const isMistakable = words[0] === textMark || words.some(isMistakableWord);
  return (isMistakable ? [...named, textMark, task.desc] : [task.desc, ...named]).join(' ');
}

/**
 * A tag is removed if it is missing in the line, or if the line has it with `-`; the project is removed if the line has none. The other
 * fields stay unless the line has other values.
 * @param typed the edited line
 * @returns the arguments of `update`
 */
export function parseEditLine(task: PlainTask, typed: string): string {
  const words = splitWords(typed);
  const project = projectOf(task);
  const named = words.slice(0, words.includes(textMark) ? words.indexOf(textMark) : undefined);
  const remaining = words.filter((word) => !(word.startsWith('+') && words.includes(`-${word.slice(1)}`)));
  const removed = tagsWithoutProject(task).filter((tag) => !words.includes(`+${tag}`) && !words.includes(`-${tag}`));
  const hasProject = named.some((word) => kindOf(word, 'update') === 'project' || word.startsWith('project:'));
  const unproject = project !== undefined && !hasProject ? ['@-'] : [];
  return [task.id, ...unproject, ...remaining, ...removed.map((tag) => `-${tag}`)].join(' ');
}

function isMistakableWord(word: string): boolean {
  const kind = kindOf(word, 'update');
  return kind === 'project' || kind === 'attribute' || word === ':-';
}
