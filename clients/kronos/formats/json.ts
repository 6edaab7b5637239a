// Our own tasks as JSON, as `kronos export json` and `kronos list --json` print them.

import { type PlainTask, plainFields } from '../../../protocol/plain.ts';
import { errorMessage } from '../cli/error-message.ts';
import type { KronosDatabase } from '../data/database.ts';
import { isJsonObject, isStringArray, type TaskFormat } from './format.ts';

function isTask(value: unknown): value is PlainTask {
  if (!isJsonObject(value) || typeof value['index'] !== 'string' || !/^[!-~]{1,128}$/.test(value['index']))
    return false;
  return plainFields.every((field) => {
    if (field === 'tags') return isStringArray(value['tags']);
    return typeof value[field] === (field === 'desc' ? 'string' : 'number');
  });
}

/** Nothing else that the file may have said of it. */
function only({ index, id, desc, tags, active, last_active, due, done, worktime }: PlainTask): PlainTask {
  return { index, id, desc, tags, active, last_active, due, done, worktime };
}

export const json: TaskFormat = {
  read(text) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return { ok: false, error: `it is no JSON: ${errorMessage(error)}` };
    }
    return Array.isArray(value) && value.every(isTask)
      ? { ok: true, tasks: value.map(only) }
      : { ok: false, error: 'it is no list of tasks as "kronos export json" prints them' };
  },
  write: ({ tasks }: KronosDatabase) => JSON.stringify(tasks, null, 2),
};
