// The history of changes, and taking one of them back. Taking back is a change like any other: it is in the history, it goes to the
// hub, and what others changed meanwhile stays.

import { columns, escapeControls } from '../../../../protocol/columns.ts';
import type { DatabaseStore, KronosDatabase, LogStep } from '../../data/database.ts';
import { applyEdits, invertEdit, recordStep } from '../../data/edits.ts';
import { exitCode } from '../cli-context.ts';
import type { RunCommand } from '../command.ts';

const shownUnlessSaid = 20;

export const log: RunCommand = ({ words, json }, cli) => {
  const [count = String(shownUnlessSaid), ...more] = words;
  if (!/^\d{1,6}$/.test(count) || more.length > 0) {
    cli.printError('Usage: kronos log [count]');
    return exitCode.usage;
  }
  const database = cli.database.read();
  const steps = Number(count) === 0 ? [] : database.log.slice(-Number(count)).reverse();
  if (json) {
    cli.print(JSON.stringify(steps, null, 2));
    return exitCode.ok;
  }
  const reverted = new Set(database.log.flatMap((step) => step.reverts ?? []));
  const rows = steps.map((step) => [
    `${step.n}`,
    cli.formatDate(step.at),
    step.reverts === undefined ? step.action : `revert of ${step.reverts}`,
    `${about(step, database)}${reverted.has(step.n) ? ' (reverted)' : ''}`,
  ]);
  const layout = { width: cli.width, flexible: 3 };
  for (const line of columns(['N', 'WHEN', 'ACTION', 'TASKS'], rows, layout)) cli.print(line);
  return exitCode.ok;
};

/** The tasks of a step, by what they are called now, or were when it was made. */
function about({ edits }: LogStep, { tasks }: KronosDatabase): string {
  return edits
    .map(({ index, before, after }) => {
      const desc = after?.desc ?? before?.desc ?? tasks.find((task) => task.index === index)?.desc;
      return desc === undefined ? 'a task that is gone' : escapeControls(desc);
    })
    .join(', ');
}

/** The last step that somebody here made and nobody took back. */
function lastOf(steps: readonly LogStep[]): LogStep | undefined {
  const reverted = new Set(steps.flatMap((step) => step.reverts ?? []));
  return steps.findLast((step) => step.action !== 'sync' && step.reverts === undefined && !reverted.has(step.n));
}

export const revert: RunCommand = ({ words, json }, cli) => {
  const [said, ...more] = words;
  if ((said !== undefined && !/^\d{1,9}$/.test(said)) || more.length > 0) {
    cli.printError('Usage: kronos revert [n]');
    return exitCode.usage;
  }
  const done = revertStep(cli.database, said === undefined ? undefined : Number(said), Math.floor(cli.now() / 1_000));
  if (!done.ok) {
    cli.printError(done.error);
    return said === undefined || done.found === true ? exitCode.failure : exitCode.notFound;
  }
  if (json) cli.print(JSON.stringify(done.step, null, 2));
  else cli.print(`change ${done.step.n} (${done.step.action}: ${about(done.step, done.database)}) reverted`);
  if (done.database.enable_sync && cli.env['KRONOS_NO_SYNC'] !== '1') cli.startBackgroundSync();
  return exitCode.ok;
};

type Reverted =
  | { readonly ok: true; readonly step: LogStep; readonly database: KronosDatabase }
  | { readonly ok: false; readonly error: string; readonly found?: true };

/**
 * @param n of the step; the last one that can be taken back where none is said
 * @param now seconds since 1970
 */
export function revertStep(keeper: DatabaseStore, n: number | undefined, now: number): Reverted {
  let outcome: Reverted = { ok: false, error: n === undefined ? 'nothing to revert' : 'change not found' };
  keeper.write((database) => {
    const step = n === undefined ? lastOf(database.log) : database.log.find((one) => one.n === n);
    if (step === undefined) return {};
    const tasks = applyEdits(database.tasks, [...step.edits].reverse().map(invertEdit));
    const changed = recordStep(database, tasks, { action: 'revert', at: now, reverts: step.n });
    outcome =
      changed.tasks === undefined
        ? { ok: false, error: 'nothing to revert: what it changed was changed again since', found: true }
        : { ok: true, step, database };
    return changed;
  });
  return outcome;
}
