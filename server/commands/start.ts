// `horai start`, and `horai` without a command: runs the hub. It needs nothing of the other commands.

import type { CommandContext } from './command-context.ts';

/** Runs the hub until a signal stops it. @param options `acceptLoss` starts it although the database has lost commits */
export async function startHub(context: CommandContext, { acceptLoss = false } = {}): Promise<void> {
  const configured = context.readConfig();
  if (configured === undefined) return;
  context.exitCode = await context.runtime.serve({ ...configured.config, acceptLoss });
}
