// The tools that write: tasks are started and stopped, time is stated, a suggestion is accepted. Each is one write of the account's own
// channel, and its origin is the token.

import type { Static } from '@sinclair/typebox';
import { refuse } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/json.ts';
import type { Identity } from '../core/access.ts';
import { editEntries } from '../day/registry/edit-entries.ts';
import { writeEdit } from '../day/registry-routes.ts';
import { dateIn } from '../day/routes.ts';
import { answerSuggestion } from '../day/suggestion-routes.ts';
import { createTask, startTask, stopTask, tasksIn, viewTask, writeTask } from './account-tasks.ts';
import type { AcceptInput, EntriesOutput, StartInput, StopInput, TaskOutput, TrackInput } from './answers.ts';
import type { ToolContext, ToolOutcome } from './reads.ts';

/** The writer of the account's channels. The scope `mcp:write` has been checked. */
function writerOf({ identity }: ToolContext): Identity {
  return { ...identity, device: identity.device || `mcp ${identity.token}`.trim(), scopes: ['read', 'write'] };
}

const secondsNow = ({ deps }: ToolContext) => Math.floor(deps.days.hub.world.now() / 1_000);

export async function start(
  context: ToolContext,
  { id, title, tags = [] }: Static<typeof StartInput>,
): Promise<ToolOutcome<Static<typeof TaskOutput>>> {
  if ((id === undefined) === (title === undefined)) return refuse('property', 'id', 'one of `id` and `title`');
  const now = secondsNow(context);
  const { hub } = context.deps.days;
  const key = hub.world.id();
  const written = await writeTask(hub, context.identity.account, writerOf(context).device, (tasks) =>
    id === undefined ? createTask(tasks, { title: title ?? '', tags }, key, now) : startTask(tasks, id, now),
  );
  return written.ok ? { ok: true, value: { task: viewTask(written.task, now) } } : written;
}

export async function stop(
  context: ToolContext,
  { id }: Static<typeof StopInput>,
): Promise<ToolOutcome<Static<typeof TaskOutput>>> {
  const now = secondsNow(context);
  const { account } = context.identity;
  const written = await writeTask(context.deps.days.hub, account, writerOf(context).device, (tasks) =>
    stopTask(tasks, id, now),
  );
  return written.ok ? { ok: true, value: { task: viewTask(written.task, now) } } : written;
}

/** Microseconds since 1970; undefined for a text that is no moment with an offset. */
function microsOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms * 1_000;
}

export async function track(
  context: ToolContext,
  { from: begin, to: end, project, task: id, text, tags }: Static<typeof TrackInput>,
): Promise<ToolOutcome<Static<typeof EntriesOutput>>> {
  const [from, to] = [microsOf(begin), microsOf(end)];
  const wanted = 'a moment with an offset, such as 2026-11-28T09:30:00+01:00';
  if (from === undefined) return refuse('property', 'from', wanted);
  if (to === undefined) return refuse('property', 'to', wanted);
  const { hub } = context.deps.days;
  const { account } = context.identity;
  const tasks = id === undefined ? [] : tasksIn(await (await hub.cachedChannel(`${account}/tasks`)).settled());
  const task = tasks.find(({ plain }) => plain.id === id);
  if (id !== undefined && task === undefined) return refuse('task_not_found', '', 'list them with the tool `tasks`');
  const item = {
    ...(project === undefined ? {} : { project }),
    ...(task === undefined ? {} : { task: task.key }),
    ...(text === undefined ? {} : { text }),
    ...(tags === undefined ? {} : { tags }),
  };
  const written = await writeEdit(context.deps, writerOf(context), 'entries', (view) =>
    editEntries(view, { do: 'add', from, to, item }, () => hub.world.id()),
  );
  return written.ok ? { ok: true, value: entriesWritten(written.value) } : written;
}

export async function accept(
  context: ToolContext,
  { date: dateText, key }: Static<typeof AcceptInput>,
): Promise<ToolOutcome<Static<typeof EntriesOutput>>> {
  const date = await dateIn(context.deps, context.identity, dateText, undefined);
  if (date === undefined) return refuse('property', 'date', 'YYYY-MM-DD, today or yesterday');
  const reader = { identity: writerOf(context), mayRead: context.rights.mayRead };
  const written = await answerSuggestion(context.deps, reader, { do: 'accept', date, key });
  return written.ok ? { ok: true, value: entriesWritten(written.value) } : written;
}

function entriesWritten(value: unknown): Static<typeof EntriesOutput> {
  const { undo, keys } = isRecord(value) ? value : {};
  return {
    channel: 'entries',
    entries: Array.isArray(keys) ? keys.length : 0,
    undo: typeof undo === 'number' ? undo : 0,
  };
}
