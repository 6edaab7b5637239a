// The command `run`: works on a task for as long as a program runs.

import { findTask, singleTaskActions } from '../../data/actions.ts';
import { commitAction } from '../../data/edits.ts';
import { actionContext, type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const usage = 'run <id> -- <program> [argument…]';

export const run: RunCommand = async ({ words, textFrom }, cli) => {
  const [id = '', ...more] = words.slice(0, textFrom);
  const program = textFrom === undefined ? [] : words.slice(textFrom);
  if (program.length === 0 || more.length > 0) return printUsage(cli, usage);
  const found = findTask(cli.database.read().tasks, id, 'current ids');
  if (!found.ok) {
    cli.printError(found.error);
    return found.why === 'not found' ? exitCode.notFound : exitCode.usage;
  }
  const { index, active, done } = found.task;
  if (done !== 0) {
    cli.printError('task already done');
    return exitCode.failure;
  }
  // A task that runs already goes on running.
  if (active === 0) change(index, 'start', cli);
  const code = await cli.runProcess({ words: program, env: { KRONOS_TASK: id } });
  if (code === 127) cli.printError(`${program[0]}: command not found`);
  if (active === 0) change(index, 'stop', cli);
  return code;
};

/** The task may have another id by now, or be gone: then there is nothing to stop. */
function change(index: string, verb: 'start' | 'stop', cli: CliContext): void {
  const at = Math.floor(cli.now() / 1_000);
  const { enable_sync: enabled } = cli.database.write((database) => {
    const task = database.tasks.find((one) => one.index === index);
    const outcome =
      task === undefined ? undefined : singleTaskActions[verb](database, String(task.id), actionContext(cli, at));
    return outcome?.ok === true ? commitAction(database, { ...outcome.changes }, { action: verb, at }) : {};
  });
  if (enabled && cli.env['KRONOS_NO_SYNC'] !== '1') cli.startBackgroundSync();
}
