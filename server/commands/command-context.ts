// The context that every command shares: the process as values and a few calls, the configuration, progress for a terminal, and the exit code.

import { errorMessage } from '../../protocol/error-message.ts';
import { type Config, type ConfigSources, commandLog, configure } from '../config.ts';
import type { World } from '../core/world.ts';
import type { EdgeConfig } from '../edge/edge.ts';

/** The process that runs the command; main.ts makes it, tests make their own. */
export interface CommandRuntime {
  readonly sources: ConfigSources;
  /** Version of Horai. */
  readonly version: string;
  /** Writes a line to the standard output. */
  print(text: string): void;
  /** Writes a line to the standard error. */
  printError(text: string): void;
  world(log: Config['log']): World;
  /** Runs a hub until a signal stops it. @returns the exit code */
  serve(config: Config): Promise<number>;
  /** Runs an edge until a signal stops it. @returns the exit code */
  edge(config: EdgeConfig, log: Config['log']): Promise<number>;
}

/** Exit codes: 0 done, 1 failed, 2 the command line is wrong. */
export const exitCodes = { failure: 1, usage: 2 } as const;

/** The shortest time between two lines of progress, in milliseconds. */
const progressMs = 2_000;

export class CommandContext {
  readonly runtime: CommandRuntime;
  exitCode = 0;

  constructor(runtime: CommandRuntime) {
    this.runtime = runtime;
  }

  print(text: string): void {
    this.runtime.print(text);
  }

  printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  printError(text: string): void {
    this.runtime.printError(text);
  }

  /** Prints why the command failed, and makes the exit code 1. */
  fail(error?: unknown): void {
    if (error !== undefined) this.printError(typeof error === 'string' ? error : errorMessage(error));
    this.exitCode = exitCodes.failure;
  }

  /** Reads the configuration. If it is invalid, prints every wrong variable and fails the command. @returns undefined then */
  readConfig(): { readonly config: Config; readonly world: World } | undefined {
    const read = configure(this.runtime.sources);
    if (read.ok)
      return { config: read.config, world: this.runtime.world(commandLog(this.runtime.sources, read.config)) };
    for (const error of read.errors) this.fail(error);
    return undefined;
  }

  /** @returns a function that prints progress, at most every two seconds */
  progress<Progress>(world: World, describe: (progress: Progress) => string): (progress: Progress) => void {
    let last = world.now();
    return (progress) => {
      if (world.now() - last < progressMs) return;
      last = world.now();
      this.printError(describe(progress));
    };
  }
}
