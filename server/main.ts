// The process: its arguments, environment, streams, signals and exit. Everything else is handed what it needs of them; what
// the words on the command line mean is commands/program.ts', what a hub is made of is compose.ts'.

import { homedir } from 'node:os';
import { edgeGreeting, whoListens } from './commands/edge.ts';
import { run } from './commands/program.ts';
import { compose } from './compose.ts';
import type { Config } from './config.ts';
import { type EdgeConfig, openEdge } from './edge/edge.ts';
import { greeting } from './greeting.ts';
import { version } from './version.ts';
import { realWorld } from './world.ts';

/** A stop that takes longer is cut short: supervisors kill after 5 to 10 seconds. */
const stopMs = 4_500;

const print = (text: string) => void process.stdout.write(`${text}\n`);
const complain = (text: string) => void process.stderr.write(`${text}\n`);

/** From now on the process ends, whatever holds it up. */
function endSoon(): void {
  setTimeout(() => {
    complain('Stopping took too long: the rest is cut.');
    process.exit(1);
  }, stopMs).unref();
}

function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const hear = () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      endSoon();
      resolve();
    };
    process.on('SIGTERM', hear);
    process.on('SIGINT', hear);
  });
}

async function edge(config: EdgeConfig, log: Config['log']): Promise<number> {
  // A token among the arguments is no longer seen from here on.
  process.title = 'horai edge';
  const told = untilTold();
  const world = realWorld(log);
  const opened = await openEdge(config, world, complain);
  if (!opened.ok) {
    complain((await whoListens(config.port)) ?? `${opened.error} (HORAI_PORT, HORAI_KRONOS_PORT).`);
    return 1;
  }
  const { edge: running } = opened;
  const uncaught = (error: unknown) => world.log.error({ error }, 'an exception nobody caught');
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  for (const warning of running.warnings) complain(`Warning: ${warning}.`);
  print(await edgeGreeting(running, config));
  await told;
  await running.stop();
  return 0;
}

async function serve(config: Config): Promise<number> {
  const told = untilTold();
  const composed = await compose(config, realWorld(config.log));
  if (!composed.ok) {
    complain(composed.error);
    return 1;
  }
  const { hub } = composed;
  const broken = new Promise<'broken'>((resolve) => {
    const uncaught = (error: unknown) => {
      hub.survives(error).then(
        (survives) => {
          if (!survives) resolve('broken');
        },
        // Not even the log takes it: there is nobody left to tell.
        () => undefined,
      );
    };
    process.on('uncaughtException', uncaught);
    process.on('unhandledRejection', uncaught);
  });
  for (const warning of hub.warnings) complain(`Warning: ${warning}`);
  print(greeting(hub, config));

  const why = await Promise.race([told, broken]);
  if (why === 'broken') {
    complain('The store takes no more writes: the hub stops.');
    endSoon();
  }
  await hub.stop();
  return why === 'broken' ? 1 : 0;
}

// Whatever the mode of the data folder, what is made in it is its owner's alone.
process.umask(0o077);
// The timers of a World never keep the process alive. Without this one, a command that waits for nothing else would end in the middle.
setInterval(() => undefined, 2 ** 30);
process.exit(
  await run(process.argv.slice(2), {
    surroundings: { env: process.env, platform: process.platform, home: homedir() },
    version,
    print,
    complain,
    world: realWorld,
    serve,
    edge,
  }),
);
