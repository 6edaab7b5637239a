// The process: arguments, environment, streams, signals and exit code. All other files get these as parameters. commands/program.ts parses
// the command line; compose.ts builds the hub.

import { homedir } from 'node:os';
import { CommandContext } from './commands/command-context.ts';
import { startHub } from './commands/start.ts';
import { compose } from './compose.ts';
import type { Config } from './config.ts';
import type { EdgeConfig } from './edge/edge.ts';
import { greeting } from './greeting.ts';
import { version } from './version.ts';
import { realWorld } from './world.ts';

/** Milliseconds after which a stop is cut short: supervisors kill after 5 to 10 seconds. */
const stopMs = 4_500;

const print = (text: string) => void process.stdout.write(`${text}\n`);
const printError = (text: string) => void process.stderr.write(`${text}\n`);

/** Makes the process exit soon, even if something blocks the orderly stop. */
function endSoon(drainMs = 0): void {
  setTimeout(() => {
    printError('Stopping took too long: exiting now.');
    process.exit(1);
  }, stopMs + drainMs).unref();
}

/** @param drainMs milliseconds for which a hub that stops still serves */
function untilSignal(drainMs = 0): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      endSoon(drainMs);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

async function runEdge(config: EdgeConfig, log: Config['log']): Promise<number> {
  // Hides a token among the arguments from `ps`.
  process.title = 'horai edge';
  const stopped = untilSignal();
  const world = realWorld(log);
  const { openEdge } = await import('./edge/edge.ts');
  const { describeListener, edgeGreeting } = await import('./commands/edge.ts');
  const opened = await openEdge(config, world, printError);
  if (!opened.ok) {
    printError((await describeListener(config.port)) ?? `${opened.error} (HORAI_PORT, HORAI_KRONOS_PORT).`);
    return 1;
  }
  const { edge: running } = opened;
  const onUncaught = (error: unknown) => world.log.error({ error }, 'uncaught exception');
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  for (const warning of running.warnings) printError(`Warning: ${warning}.`);
  print(await edgeGreeting(running, config));
  await stopped;
  await running.stop();
  return 0;
}

async function runHub(config: Config): Promise<number> {
  const stopped = untilSignal(config.drainMs);
  const composed = await compose(config, realWorld(config.log));
  if (!composed.ok) {
    printError(composed.error);
    return 1;
  }
  const { hub } = composed;
  const broken = new Promise<'broken'>((resolve) => {
    const onUncaught = (error: unknown) => {
      hub.survivesFault(error).then(
        (survives) => {
          if (!survives) resolve('broken');
        },
        // Logging failed too: nothing is left to do.
        () => undefined,
      );
    };
    process.on('uncaughtException', onUncaught);
    process.on('unhandledRejection', onUncaught);
  });
  for (const warning of hub.warnings) printError(`Warning: ${warning}`);
  print(greeting(hub, config));

  const why = await Promise.race([stopped, broken]);
  if (why === 'broken') {
    printError('The store cannot write any more: the hub stops.');
    endSoon();
  }
  await hub.stop();
  return why === 'broken' ? 1 : 0;
}

// Files in the data folder are readable by their owner only.
process.umask(0o077);
// The timers of a World never keep the process alive. Without this one, a command that only waits for them would exit early.
setInterval(() => undefined, 2 ** 30);

const args = process.argv.slice(2);
const runtime = {
  sources: { env: process.env, platform: process.platform, home: homedir() },
  version,
  print,
  printError,
  world: realWorld,
  serve: runHub,
  edge: runEdge,
};
// A hub starts without the code of the other commands.
if (args.length === 0) {
  const context = new CommandContext(runtime);
  await startHub(context);
  process.exit(context.exitCode);
}
const { run } = await import('./commands/program.ts');
process.exit(await run(args, runtime));
