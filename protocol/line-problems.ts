// The reasons why a line is refused, as texts for a person.

import type { TaskLineError } from './words.ts';

export const lineProblems: Readonly<Record<TaskLineError, string>> = {
  'invalid tags': 'a tag has letters, digits, - and _',
  'invalid due': 'no such date, or it has passed; or the line has two',
  'invalid project': 'a project is like @home or @home.garden, and a task has one',
  'invalid priority': 'priority:high, priority:medium or priority:low; priority:- for none; after -- it is text',
  'invalid wait': 'no such date, or it has passed; wait:- for none; after -- it is text',
  'invalid scheduled': 'no such date, or it has passed; scheduled:- for none; after -- it is text',
  'invalid every': 'every:day, every:2w, every:mon,thu or every:3d-after-done; every:- for none; after -- it is text',
  'invalid needs': 'needs:12 or needs:12,14, by the ids of tasks; needs:- for none; after -- it is text',
};

/** @param error why an action was refused. @returns '' if that was not its line */
export function lineProblemOf(error: string): string {
  return Object.entries(lineProblems).find(([name]) => name === error)?.[1] ?? '';
}
