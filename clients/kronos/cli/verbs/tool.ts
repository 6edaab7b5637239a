// Loads the commands beyond the protocol's actions on demand, each from its file.

import type { CliContext, ExitCode } from '../cli-context.ts';
import type { CommandArguments, RunCommand } from '../command.ts';
import type { ToolRow } from '../table.ts';

export async function runTool(name: ToolRow['names'][0], args: CommandArguments, cli: CliContext): Promise<ExitCode> {
  const command = await loadCommand(name);
  return command(args, cli);
}

async function loadCommand(name: ToolRow['names'][0]): Promise<RunCommand> {
  switch (name) {
    case 'day':
      return (await import('./day.ts')).day;
    case 'week':
      return (await import('./day.ts')).week;
    case 'month':
      return (await import('./day.ts')).month;
    case 'track':
      return (await import('./track.ts')).track;
    case 'time':
      return (await import('./time.ts')).time;
    case 'suggest':
      return (await import('./suggest.ts')).suggest;
    case 'questions':
      return (await import('./questions.ts')).questions;
    case 'calendar':
      return (await import('./calendar.ts')).calendar;
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
    case 'now':
      return (await import('./now.ts')).now;
    case 'run':
      return (await import('./run.ts')).run;
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
