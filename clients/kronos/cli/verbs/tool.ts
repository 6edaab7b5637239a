// The verbs beyond the protocol's, each in a file of its own that is read when it is asked for.

import type { CliContext, ExitCode } from '../cli-context.ts';
import type { CommandArguments } from '../program.ts';
import type { ToolRow } from '../table.ts';

export type RunTool = (words: CommandArguments, house: CliContext) => ExitCode | Promise<ExitCode>;

export async function runTool(
  name: ToolRow['names'][0],
  words: CommandArguments,
  house: CliContext,
): Promise<ExitCode> {
  const tool = await toolOf(name);
  return tool(words, house);
}

async function toolOf(name: ToolRow['names'][0]): Promise<RunTool> {
  switch (name) {
    case 'log':
      return (await import('./log.ts')).log;
    case 'revert':
      return (await import('./log.ts')).revert;
    case 'login':
      return (await import('./sync.ts')).login;
    case 'logout':
      return (await import('./sync.ts')).logout;
    case 'sync':
      return (await import('./sync.ts')).sync;
    case 'watch':
      return (await import('./watch.ts')).watch;
    case 'room':
      return (await import('./room.ts')).room;
    case 'import':
      return (await import('./transfer.ts')).importTasks;
    case 'export':
      return (await import('./transfer.ts')).exportTasks;
    case 'setup':
      return (await import('./setup.ts')).setup;
    case 'doctor':
      return (await import('./doctor.ts')).doctor;
    case 'completion':
      return (await import('./completion.ts')).completion;
  }
}
