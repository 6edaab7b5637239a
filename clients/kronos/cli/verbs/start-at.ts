// `start` and `stop` with `at:`, in the past. Without `at:` they are actions of the protocol (data/actions.ts).

import { type ActionRefusal, findTask } from '../../data/actions.ts';
import type { SlotChange } from '../../data/change-slots.ts';
import type { KronosDatabase } from '../../data/database.ts';
import type { TimeSlot } from '../../data/time-slots.ts';
import { parsePastMoment } from '../../day/dates.ts';
import { clockOf } from '../../day/draw-day.ts';
import { actionContext, type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { type CommandArguments, printUsage } from '../command.ts';
import { formatTitle } from '../format-output.ts';
import { applySlotChange } from './slot-change.ts';

const prefix = 'at:';
const micros = 1_000_000;

function refuse(error: string): ActionRefusal {
  return { ok: false, error, why: 'failure' };
}

export async function startAt(
  verb: 'start' | 'stop' | 'toggle',
  args: CommandArguments,
  cli: CliContext,
): Promise<ExitCode> {
  const { now, zone } = actionContext(cli, Math.floor(cli.now() / 1_000));
  const times = args.words.filter((word) => word.startsWith(prefix));
  const [id = '', ...more] = args.words.filter((word) => !word.startsWith(prefix));
  const at = parsePastMoment((times[0] ?? '').slice(prefix.length), { now, zone });
  if (times.length !== 1 || more.length > 0 || at === undefined) {
    cli.printError(
      `invalid at: a time that is over, such as ${prefix}-10min, ${prefix}12:04 or ${prefix}yesterdayT22:30`,
    );
    return printUsage(cli, `${verb} <id> at:<time>`);
  }
  let done: 'started' | 'stopped' = 'started';
  let desc = '';
  const change = ({ tasks }: KronosDatabase): SlotChange => {
    const found = findTask(tasks, id, 'current ids');
    if (!found.ok) return found;
    const { task } = found;
    const { index, active } = task;
    const isStart = verb === 'start' || (verb === 'toggle' && active === 0);
    done = isStart ? 'started' : 'stopped';
    desc = formatTitle(task);
    const owner = { kind: 'task', index } as const;
    if (isStart) {
      if (active !== 0) return refuse('task already started');
      if (task.done !== 0) return refuse('task already done');
      const running: TimeSlot = { owner, from: at, to: Math.max(now, at + 1), running: true };
      return { ok: true, edit: { removed: [], added: [running] } };
    }
    if (active === 0) return refuse('task already stopped');
    if (at <= active)
      return refuse(`the task was started at ${clockOf(cli.zoneName())(active * micros)}, which is not before that`);
    const removed: TimeSlot = { owner, from: active, to: now, running: true };
    return { ok: true, edit: { removed: [removed], added: [{ owner, from: active, to: at, running: false }] } };
  };
  const result = await applySlotChange({ action: verb, now, change, options: args }, cli);
  if (!result.ok) return result.code;
  const task = result.database.tasks.find((one) =>
    result.edit.added.some(({ owner }) => owner.kind === 'task' && owner.index === one.index),
  );
  if (args.json) cli.print(JSON.stringify(task, null, 2));
  else cli.print(`task ${id} ${done}: ${desc}, at ${clockOf(cli.zoneName())(at * micros)}`);
  return exitCode.ok;
}
