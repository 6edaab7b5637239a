// `horai migrate --from … --to …`: everything from one engine into another, verified by the content of every channel. What was
// already moved by a run that broke off stays and is not moved again; nothing of the source is changed.

import type { Command } from 'commander';
import { type Config, isPostgres } from '../config.ts';
import type { Outline } from '../core/store.ts';
import type { World } from '../core/world.ts';
import { contentHashes, copyArchive, differing, type OnProgress } from '../storage/archive/archive.ts';
import { hubsOn, openPostgres, type PostgresStore } from '../storage/postgres/store.ts';
import { openSqlite, type SqliteStore } from '../storage/sqlite/store.ts';
import type { BackingUp } from './backup.ts';

const toldEveryMs = 2_000;
const shownChannels = 5;

type Opened =
  | { readonly ok: true; readonly store: PostgresStore | SqliteStore }
  | { readonly ok: false; readonly error: string };

export function addMigrate(program: Command, house: Omit<BackingUp, 'version'>): void {
  program
    .command('migrate')
    .description('move everything from one store into another; no hub may run on either')
    .requiredOption(
      '--from <store>',
      'sqlite (the folder HORAI_DATA), postgres (the database HORAI_STORE) or postgres://…',
    )
    .requiredOption('--to <store>', 'the same')
    .action(async ({ from, to }: { from: string; to: string }) => {
      const config = house.configured();
      if (config === undefined) return;
      const world = house.world(config.log);
      let last = world.now();
      const told: OnProgress = ({ channel, channels, steps }) => {
        if (world.now() - last < toldEveryMs) return;
        last = world.now();
        house.complain(`${steps} steps; ${channels} channels are done; now at ${channel}`);
      };
      try {
        const error = await migrate(from, to, { config, world, told, house });
        if (error === undefined) return;
        house.complain(error);
      } catch (error) {
        house.complain(
          `It broke off (${error instanceof Error ? error.message : String(error)}): run it again to go on.`,
        );
      }
      house.fail();
    });
}

interface Moving {
  readonly config: Config;
  readonly world: World;
  readonly told: OnProgress;
  readonly house: Pick<BackingUp, 'print' | 'complain'>;
}

/** @returns why not */
async function migrate(from: string, to: string, { config, world, told, house }: Moving): Promise<string | undefined> {
  if (from === to) return 'Name two stores that are not the same.';
  const source = await open(from, config, world);
  if (!source.ok) return source.error;
  try {
    const target = await open(to, config, world);
    if (!target.ok) return target.error;
    try {
      const there = await outlinesOf(target.store);
      const [alien] = differingOutlines(there, await outlinesOf(source.store));
      if (alien !== undefined) {
        return `The target has a channel ${alien} that is not the source’s: move into a store that nothing was written to.`;
      }
      if (there.size > 0) house.complain(`${there.size} channels are there already, from a run before.`);
      const moved = await copyArchive(source.store, target.store, told, (channel) => there.has(channel));
      house.complain('All is moved; now both are read and compared.');
      const hashes = await contentHashes(source.store, told);
      const differ = differing(hashes, await contentHashes(target.store, told));
      if (differ.length > 0) {
        return `${differ.length} channels differ (${differ.slice(0, shownChannels).join(', ')}): the source is as it was, empty the target and run it again.`;
      }
      house.print(
        `${moved.channels} channels with ${moved.steps} steps are moved, and all ${hashes.size} are the same in both.`,
      );
      return undefined;
    } finally {
      await target.store.close();
    }
  } finally {
    await source.store.close();
  }
}

async function open(said: string, config: Config, world: World): Promise<Opened> {
  if (said === 'sqlite') return openSqlite({ folder: config.data, world });
  const url = said === 'postgres' ? config.store : said;
  if (!isPostgres(url)) {
    const error =
      said === 'postgres'
        ? 'HORAI_STORE does not say which database: postgres://user@host/database.'
        : 'A store is sqlite, postgres or postgres://user@host/database.';
    return { ok: false, error };
  }
  const opened = await openPostgres({ url, world });
  if (!opened.ok) return opened;
  // Ours has none yet: it connects when it is asked something.
  const hubs = await hubsOn(url);
  if (hubs === 0) return opened;
  await opened.store.close();
  return { ok: false, error: `Hubs are using the database (${hubs} connections): stop them first.` };
}

async function outlinesOf(store: PostgresStore | SqliteStore): Promise<Map<string, Outline>> {
  const outlines = new Map<string, Outline>();
  for await (const outline of store.outlines()) outlines.set(outline.channel, outline);
  return outlines;
}

/** Those of the one that are not in the other, or otherwise. */
function differingOutlines(one: ReadonlyMap<string, Outline>, other: ReadonlyMap<string, Outline>): string[] {
  return [...one].flatMap(([channel, { seq, version, floor }]) => {
    const its = other.get(channel);
    return its?.seq === seq && its.version === version && its.floor === floor ? [] : [channel];
  });
}
