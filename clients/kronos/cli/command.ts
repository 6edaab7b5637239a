// What every command beyond the protocol's actions is: a function of the parsed command line and the context.

import { type CliContext, type ExitCode, exitCode } from './cli-context.ts';

export interface CommandArguments {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** Print nothing: for the sync in the background. */
  readonly quiet: boolean;
  /** Answer yes to every question. */
  readonly yes: boolean;
  /** `login`: forget the stored token. */
  readonly noToken: boolean;
  readonly token: string | undefined;
}

export type RunCommand = (args: CommandArguments, cli: CliContext) => ExitCode | Promise<ExitCode>;

/** Prints how a command is used. */
export function printUsage(cli: CliContext, usage: string): ExitCode {
  cli.printError(`Usage: kronos ${usage}`);
  return exitCode.usage;
}
