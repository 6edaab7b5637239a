// Every command beyond the protocol's actions: a function of the parsed command line and the context.

import { type CliContext, type ExitCode, exitCode } from './cli-context.ts';

export interface CommandArguments {
  readonly words: readonly string[];
  /** How many of the words come before `--`, after which everything is text; undefined without it. */
  readonly textFrom: number | undefined;
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** Print nothing: for the sync in the background. */
  readonly quiet: boolean;
  /** Answer yes to every question. */
  readonly yes: boolean;
  /** Overlapping intervals: cut those that are there, or keep both. */
  readonly cut: boolean;
  readonly keep: boolean;
  /** Comma-separated values, for a spreadsheet. */
  readonly csv: boolean;
  /** `login`: forget the stored token. */
  readonly noToken: boolean;
  readonly token: string | undefined;
  /** `now`: the text with `{task}` and others in it. */
  readonly format: string | undefined;
}

export type RunCommand = (args: CommandArguments, cli: CliContext) => ExitCode | Promise<ExitCode>;

/** Prints how a command is used. */
export function printUsage(cli: CliContext, usage: string): ExitCode {
  cli.printError(`Usage: kronos ${usage}`);
  return exitCode.usage;
}
