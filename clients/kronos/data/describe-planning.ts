// Formats the fields that plan a task, for `info`.

import type { PlainTask } from '../../../protocol/plain.ts';
import { projectOf } from '../../../protocol/planning.ts';

interface FieldsContext {
  /** A moment in full, in the person's locale. */
  readonly date: (seconds: number) => string;
  readonly find: (index: string) => PlainTask | undefined;
}

/** @returns pairs of a title and a text */
export function describePlanning(
  task: PlainTask,
  { date, find }: FieldsContext,
): readonly (readonly [title: string, text: string])[] {
  const { priority, wait, scheduled, every, needs = [], notes = [] } = task;
  const project = projectOf(task);
  const fields: (readonly [string, string | undefined])[] = [
    ['Project', project],
    ['Priority', priority],
    ['Wait', wait === undefined ? undefined : date(wait)],
    ['Scheduled', scheduled === undefined ? undefined : date(scheduled)],
    ['Every', every],
    ...needs.map((index) => ['Needs', describeNeed(find(index))] as const),
    ...notes.map(({ at, text }, place) => ['Note', `${place + 1}. ${text} (${date(at)})`] as const),
  ];
  return fields.flatMap(([title, text]) => (text === undefined ? [] : [[title, text] as const]));
}

function describeNeed(task: PlainTask | undefined): string {
  if (task === undefined) return 'a task that is gone';
  return `${task.id} ${task.desc}${task.done === 0 ? '' : ' (done)'}`;
}
