// Our own tasks as JSON, as `kronos export json` and `kronos list --json` print them.

import { type PlainTask, plainFields } from '../../../protocol/plain.ts';
import { planningOf } from '../../../protocol/planning.ts';
import type { KronosDatabase } from '../data/database.ts';
import { isJsonObject, isStringArray, readJsonEntries, type TaskFormat } from './format.ts';

/** @returns why the value is not a task; '' if it is one */
function findProblem(value: unknown): string {
  if (!isJsonObject(value)) return 'not an object';
  if (typeof value['index'] !== 'string' || !/^[!-~]{1,128}$/.test(value['index']))
    return '"index" is not 1 to 128 printable ASCII characters';
  const wrong = plainFields.find((field) => {
    if (field === 'tags') return !isStringArray(value['tags']);
    return typeof value[field] !== (field === 'desc' ? 'string' : 'number');
  });
  if (wrong !== undefined) return `"${wrong}" is missing or has the wrong type`;
  if ('intervals' in value && typeof value['intervals'] !== 'string') return '"intervals" has the wrong type';
  return 'taskwarrior' in value && !isJsonObject(value['taskwarrior']) ? '"taskwarrior" is not an object' : '';
}

function isTask(value: unknown): value is PlainTask {
  return findProblem(value) === '';
}

/** Leaves out fields that a task does not have. */
function onlyFields(whole: PlainTask): PlainTask {
  const { index, id, desc, tags, active, last_active, due, done, worktime, intervals, taskwarrior } = whole;
  const worked = intervals === undefined ? {} : { intervals };
  const task = { index, id, desc, tags, active, last_active, due, done, worktime, ...worked, ...planningOf(whole) };
  return taskwarrior === undefined ? task : { ...task, taskwarrior };
}

export const json: TaskFormat = {
  read(text) {
    const entries = readJsonEntries(text);
    if (!entries.ok) return entries;
    const parsed = entries.value.map(({ line, value }) => {
      const task = value.ok && isTask(value.value) ? onlyFields(value.value) : undefined;
      const reason = value.ok ? findProblem(value.value) : value.error;
      return {
        task,
        notice: { line, kind: 'unreadable', text: `not a task of "kronos export json": ${reason}` },
      } as const;
    });
    return {
      ok: true,
      value: {
        tasks: parsed.flatMap(({ task }) => task ?? []),
        notices: parsed.flatMap(({ task, notice }) => (task === undefined ? [notice] : [])),
      },
    };
  },
  write: ({ tasks }: KronosDatabase) => JSON.stringify(tasks, null, 2),
};
