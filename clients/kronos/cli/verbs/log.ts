// The commands `log` (list the changes) and `revert` (undo one of them). A revert is a change like any other: it is in the log, it is
// synced, and later changes by others stay.

import { columns, escapeControls } from '../../../../protocol/columns.ts';
import type { DatabaseStore, KronosDatabase, LogStep } from '../../data/database.ts';
import { applyEdits, invertEdit, recordStep, revertEntries } from '../../data/edits.ts';
import { entryTitle } from '../../data/time-slots.ts';
import { exitCode } from '../cli-context.ts';
import type { RunCommand } from '../command.ts';

const defaultCount = 20;

export const log: RunCommand = ({ words, json }, cli) => {
  const [count = String(defaultCount), ...more] = words;
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
    `${formatTasks(step, database)}${reverted.has(step.n) ? ' (reverted)' : ''}`,
  ]);
  const layout = { width: cli.width, flexible: 3 };
  for (const line of columns(['N', 'WHEN', 'ACTION', 'TASKS'], rows, layout)) cli.print(line);
  return exitCode.ok;
};

/** Lists the descriptions of the tasks, and the texts of the entries, that a step changed. */
function formatTasks({ edits, entries = [] }: LogStep, { tasks }: KronosDatabase): string {
  const descs = edits.map(({ index, before, after }) => {
    const desc = after?.desc ?? before?.desc ?? tasks.find((task) => task.index === index)?.desc;
    return desc === undefined ? 'a task that is gone' : escapeControls(desc);
  });
  const texts = entries.map(({ before, after }) => escapeControls(entryTitle(after ?? before ?? {})));
  return [...descs, ...texts].join(', ');
}

/** Finds the last step that was made on this machine and not reverted. */
function findLastRevertible(steps: readonly LogStep[]): LogStep | undefined {
  const reverted = new Set(steps.flatMap((step) => step.reverts ?? []));
  return steps.findLast((step) => step.action !== 'sync' && step.reverts === undefined && !reverted.has(step.n));
}

export const revert: RunCommand = ({ words, json }, cli) => {
  const [number, ...more] = words;
  if ((number !== undefined && !/^\d{1,9}$/.test(number)) || more.length > 0) {
    cli.printError('Usage: kronos revert [n]');
    return exitCode.usage;
  }
  const now = Math.floor(cli.now() / 1_000);
  const result = revertStep(cli.database, number === undefined ? undefined : Number(number), now);
  if (!result.ok) {
    cli.printError(result.error);
    return number === undefined || result.found === true ? exitCode.failure : exitCode.notFound;
  }
  const { step, database } = result;
  if (json) cli.print(JSON.stringify(step, null, 2));
  else cli.print(`change ${step.n} (${step.action}: ${formatTasks(step, database)}) reverted`);
  if (database.enable_sync && cli.env['KRONOS_NO_SYNC'] !== '1') cli.startBackgroundSync();
  return exitCode.ok;
};

type RevertResult =
  | { readonly ok: true; readonly step: LogStep; readonly database: KronosDatabase }
  /** `found`: the step exists, but reverting it changes nothing. */
  | { readonly ok: false; readonly error: string; readonly found?: true };

/**
 * Reverts a step of the log by a new step.
 * @param n the number of the step; undefined for the last one that was made here and not reverted
 * @param now seconds since 1970
 */
export function revertStep(store: DatabaseStore, n: number | undefined, now: number): RevertResult {
  let outcome: RevertResult = { ok: false, error: n === undefined ? 'nothing to revert' : 'change not found' };
  store.write((database) => {
    const step = n === undefined ? findLastRevertible(database.log) : database.log.find((one) => one.n === n);
    if (step === undefined) return {};
    const tasks = applyEdits(database.tasks, [...step.edits].reverse().map(invertEdit));
    const entries = revertEntries(database.entries, step.entries);
    const changed = recordStep(database, tasks, { action: 'revert', at: now, reverts: step.n }, entries);
    outcome =
      changed.log === undefined
        ? { ok: false, error: 'nothing to revert: later changes have replaced this change', found: true }
        : { ok: true, step, database };
    return changed;
  });
  return outcome;
}
