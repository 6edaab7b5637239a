// `horai verify`: checks every checksum of a store. A running hub does it itself, beside its other work; without one the command reads the
// data folder, which may be too damaged for a hub to start on.

import type { Command } from 'commander';
import { type Config, isPostgres } from '../config.ts';
import type { VerifyOutcome } from '../core/upkeep.ts';
import type { World } from '../core/world.ts';
import { verifyFolder } from '../storage/sqlite/verify-folder.ts';
import type { CommandContext } from './command-context.ts';
import { connectToRunningHub } from './connect-to-hub.ts';

interface VerifyOptions {
  readonly data?: string;
  readonly json?: boolean;
}

type Verified = { readonly ok: true; readonly outcome: VerifyOutcome } | { readonly ok: false; readonly error: string };

/** How often the command says that the hub still checks, in milliseconds. */
const tickMs = 2_000;

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('check every checksum of the store; the hub may be running. Exits with 1 if something is damaged')
    .option('--data <folder>', 'the data folder (HORAI_DATA)')
    .option('--json', 'print JSON')
    .action(async ({ data, json }: VerifyOptions) => {
      const configured = context.readConfig();
      if (configured === undefined) return;
      const { world } = configured;
      const config: Config = data === undefined ? configured.config : { ...configured.config, data, store: 'sqlite' };
      const verified = await verify(context, config, world);
      if (!verified.ok) return context.fail(verified.error);
      show(context, verified.outcome, json === true);
    });
}

async function verify(context: CommandContext, config: Config, world: World): Promise<Verified> {
  const hub = await connectToRunningHub(config, world);
  if (hub !== undefined) {
    context.printError(`The hub at ${hub.url} checks its store, beside its other work.`);
    const stop = tick(context, world);
    const result = await hub.client.request('verify', {});
    stop();
    await hub.close();
    return result.ok ? { ok: true, outcome: result.answer } : result;
  }
  if (config.store === 'memory') {
    return { ok: false, error: 'No hub runs on this data folder, and HORAI_STORE=memory stores nothing to check.' };
  }
  if (isPostgres(config.store)) {
    return {
      ok: false,
      error: 'PostgreSQL has checksums of its own: switch them on with "initdb --data-checksums" or "pg_checksums".',
    };
  }
  context.printError(`No hub runs on ${config.data}: checking its files.`);
  const report = context.progress(world, (steps: number) => `${steps} steps are checked …`);
  return verifyFolder(config.data, { rests: false, onProgress: report });
}

/** Says every two seconds how long it has taken. @returns a function that ends it */
function tick(context: CommandContext, world: World): () => void {
  const began = world.now();
  let cancel: () => void = () => undefined;
  const later = (): void => {
    cancel = world.after(tickMs, () => {
      context.printError(`${Math.round((world.now() - began) / 1_000)} s …`);
      later();
    });
  };
  later();
  return () => cancel();
}

function show(context: CommandContext, { channels, steps, found }: VerifyOutcome, isJson: boolean): void {
  const intact = found.length === 0;
  if (isJson) context.printJson({ intact, channels, steps, found });
  else {
    for (const place of found) context.print(`${place.charAt(0).toUpperCase()}${place.slice(1)}.`);
    if (intact) context.print(`The store is intact: ${count(channels, 'channel')} with ${count(steps, 'step')}.`);
  }
  if (!intact) {
    const places = `${count(found.length, 'damaged place')} found`;
    context.fail(`${places}: check the disk, and restore a backup with "horai backup restore FILE --replace".`);
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
