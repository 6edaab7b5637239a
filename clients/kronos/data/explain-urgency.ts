// Why a task is where it is in `kronos next`, in words.

import { escapeControls } from '../../../protocol/columns.ts';
import { unmetNeeds } from '../../../protocol/dependencies.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { relativeMoment, type TaskTextContext } from '../../../protocol/stringify.ts';
import { byUrgency, isReady, isWaiting, type TaskGraph, taskGraph, type UrgencyPart, urgencyParts } from './urgency.ts';

export interface UrgencyExplanation {
  readonly lines: readonly string[];
  readonly value: {
    readonly id: number;
    readonly points: number;
    readonly parts: readonly UrgencyPart[];
    /** Its place in `kronos next`; null if that does not show it. */
    readonly place: number | null;
    readonly of: number;
    readonly hidden: readonly string[];
  };
}

/** @param shown the open tasks of the context */
export function explainUrgency(
  task: PlainTask,
  shown: readonly PlainTask[],
  tasks: readonly PlainTask[],
  { now, date }: TaskTextContext,
): UrgencyExplanation {
  const graph = taskGraph(tasks);
  const parts = urgencyParts(task, graph, now);
  const points = parts.reduce((sum, part) => sum + part.points, 0);
  const ready = byUrgency(
    shown.filter((one) => isReady(one, graph, now)),
    graph,
    now,
  );
  const place = ready.indexOf(task);
  const hidden = hiddenReasons(task, graph, { now, date });
  if (hidden.length === 0 && place === -1) hidden.push('it is outside of the context');
  const sum = (count: number) => `${count > 0 ? '+' : ''}${count}`;
  const standing =
    place === -1
      ? hidden.map((reason) => `not in "kronos next": ${reason}`)
      : [`place ${place + 1} of ${ready.length} in "kronos next"${neighbour(ready[place - 1])}`];
  const lines = [
    escapeControls(`task ${task.id}: ${task.desc}`),
    ...parts.map((part) => `  ${sum(part.points).padStart(3)}  ${part.reason}`),
    ...(parts.length === 0 ? ['       no due date, no priority, and no task needs it'] : []),
    `  ${String(points).padStart(3)}  points`,
    ...standing,
  ];
  return {
    lines,
    value: { id: task.id, points, parts, place: place === -1 ? null : place + 1, of: ready.length, hidden },
  };
}

function neighbour(before: PlainTask | undefined): string {
  return before === undefined ? '' : escapeControls(`, after task ${before.id} (${before.desc})`);
}

function hiddenReasons(task: PlainTask, graph: TaskGraph, { now, date }: TaskTextContext): string[] {
  const { done, wait = 0, scheduled = 0 } = task;
  if (done !== 0) return [`it was done ${relativeMoment(done - now)}`];
  return [
    ...(isWaiting(task, now) ? [`it waits until ${date(wait)}`] : []),
    ...(scheduled > now ? [`it is scheduled for ${date(scheduled)}`] : []),
    ...unmetNeeds(task, graph.find).map(({ id, desc }) => `it needs task ${id} first (${escapeControls(desc)})`),
  ];
}
