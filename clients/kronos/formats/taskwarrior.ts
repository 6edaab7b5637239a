// Taskwarrior's `task export`, and what its `task import` takes. What it has and we have not (priorities, waiting, recurrence,
// annotations) is not taken over; what we have and it has not goes along as a user-defined attribute.

import { createHash } from 'node:crypto';
import type { PlainTask } from '../../../protocol/plain.ts';
import { errorMessage } from '../cli/error-message.ts';
import type { KronosDatabase } from '../data/database.ts';
import { isJsonObject, isStringArray, type JsonObject, type TaskFormat, toTag, valuesIn } from './format.ts';

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const momentForm = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const left = new Set(['deleted', 'recurring']);

function secondsOf(moment: unknown): number {
  const parts = typeof moment === 'string' ? momentForm.exec(moment)?.slice(1).map(Number) : undefined;
  if (parts === undefined) return 0;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000;
}

function momentOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Its names are UUIDs; one of ours that is none becomes one, the same each time. */
function uuidOf({ index }: PlainTask): string {
  if (uuidForm.test(index)) return index.toLowerCase();
  const hex = createHash('sha256').update(index).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function taskOf(fields: JsonObject): PlainTask {
  const { uuid, description, tags, project, status, start, due, end, modified, worktime, id } = fields;
  const named = [...(isStringArray(tags) ? tags : []), ...(typeof project === 'string' ? [project] : [])];
  return {
    index: typeof uuid === 'string' ? uuid.toLowerCase() : '',
    id: typeof id === 'number' ? id : 0,
    desc: typeof description === 'string' ? description : '',
    tags: [...new Set(named.map(toTag))].filter((tag) => tag !== ''),
    active: status === 'completed' ? 0 : secondsOf(start),
    last_active: 0,
    due: secondsOf(due),
    done: status === 'completed' ? secondsOf(end ?? modified) : 0,
    worktime: typeof worktime === 'number' ? Math.trunc(worktime) : 0,
  };
}

function fieldsOf(task: PlainTask): JsonObject {
  return {
    uuid: uuidOf(task),
    description: task.desc,
    status: task.done === 0 ? 'pending' : 'completed',
    ...(task.tags.length === 0 ? {} : { tags: task.tags }),
    ...(task.active === 0 ? {} : { start: momentOf(task.active) }),
    ...(task.due === 0 ? {} : { due: momentOf(task.due) }),
    ...(task.done === 0 ? {} : { end: momentOf(task.done) }),
    ...(task.worktime === 0 ? {} : { worktime: task.worktime }),
  };
}

export const taskwarrior: TaskFormat = {
  nameOf: uuidOf,
  read(text) {
    let values: readonly unknown[];
    try {
      values = valuesIn(text, (one): unknown => JSON.parse(one)).flat();
    } catch (error) {
      return { ok: false, error: `it is no JSON: ${errorMessage(error)}` };
    }
    const kept = values.filter((value) => !isJsonObject(value) || !left.has(String(value['status'])));
    const tasks = kept.map((value) => (isJsonObject(value) ? taskOf(value) : undefined));
    const at = tasks.findIndex((task) => task === undefined || task.desc === '' || !uuidForm.test(task.index));
    if (at !== -1) return { ok: false, error: `entry ${at + 1} is no task of Taskwarrior` };
    return { ok: true, tasks: tasks.flatMap((task) => task ?? []) };
  },
  write: ({ tasks }: KronosDatabase) => `[\n${tasks.map((task) => JSON.stringify(fieldsOf(task))).join(',\n')}\n]`,
};
