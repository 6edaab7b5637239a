// `horai migrate --from … --to …`: copies everything from one engine into another and verifies the content of every channel. A run that was
// interrupted continues where it stopped. The source does not change. `horai migrate` alone brings the tables of the database to this version,
// for hubs whose role may not create any.

import type { Command } from 'commander';
import { errorMessage } from '../../protocol/error-message.ts';
import { type Config, isPostgres } from '../config.ts';
import type { Outline } from '../core/store.ts';
import type { World } from '../core/world.ts';
import { contentHashes, copyArchive, differing, type OnProgress } from '../storage/archive/archive.ts';
import type { PostgresStore } from '../storage/postgres/store.ts';
import { openSqlite, type SqliteStore } from '../storage/sqlite/store.ts';
import { describeProgress } from './backup.ts';
import type { CommandContext } from './command-context.ts';

const shownChannels = 5;
const noDatabase = 'HORAI_STORE does not name a database such as postgres://user@host/database.';

type Opened =
  | { readonly ok: true; readonly store: PostgresStore | SqliteStore }
  | { readonly ok: false; readonly error: string };

export function addMigrate(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .description(
      'copy everything from one store to another, while no hub runs on either; without --from and --to: create or update the tables of the database HORAI_STORE',
    )
    .option('--from <store>', 'sqlite (the folder HORAI_DATA), postgres (the database HORAI_STORE) or postgres://…')
    .option('--to <store>', 'the same')
    .option('--role <name>', 'without --from and --to: give this role the rights that a running hub needs')
    .action(async ({ from, to, role }: { from?: string; to?: string; role?: string }) => {
      const configured = context.readConfig();
      if (configured === undefined) return;
      const { config, world } = configured;
      const onProgress = context.progress(world, describeProgress);
      try {
        if (from === undefined && to === undefined) {
          const error = await migrateTables(role, { config, world, context });
          if (error !== undefined) context.fail(error);
          return;
        }
        if (from === undefined || to === undefined) {
          context.fail('--from and --to go together: name both stores.');
          return;
        }
        if (role !== undefined) {
          context.fail('--role goes without --from and --to: run `horai migrate --role …` apart.');
          return;
        }
        const error = await migrate(from, to, { config, world, onProgress, context });
        if (error !== undefined) context.fail(error);
      } catch (error) {
        context.fail(`The migration stopped (${errorMessage(error)}): run it again to continue.`);
      }
    });
}

interface MigrationContext {
  readonly config: Config;
  readonly world: World;
  readonly onProgress: OnProgress;
  readonly context: CommandContext;
}

/** @returns why it failed; undefined if it did not */
async function migrateTables(
  role: string | undefined,
  { config, world, context }: Omit<MigrationContext, 'onProgress'>,
): Promise<string | undefined> {
  if (!isPostgres(config.store)) return noDatabase;
  const { migratePostgres } = await import('../storage/postgres/store.ts');
  const error = await migratePostgres(config.store, world, role);
  if (error !== undefined) return error;
  const granted = role === undefined ? '' : `; the role ${role} has the rights that a hub needs`;
  context.print(`The tables of the database are those of this version${granted}.`);
  return undefined;
}

/** @returns why it failed; undefined if it did not */
async function migrate(
  from: string,
  to: string,
  { config, world, onProgress, context }: MigrationContext,
): Promise<string | undefined> {
  if (from === to) return '--from and --to must name different stores.';
  const source = await open(from, config, world);
  if (!source.ok) return source.error;
  try {
    const target = await open(to, config, world);
    if (!target.ok) return target.error;
    try {
      const there = await outlinesOf(target.store);
      const [foreign] = differingOutlines(there, await outlinesOf(source.store));
      if (foreign !== undefined) {
        return `The target has a channel ${foreign} that is missing or different in the source: migrate into an empty store.`;
      }
      if (there.size > 0) context.printError(`${there.size} channels exist already, from an earlier run.`);
      const moved = await copyArchive(source.store, target.store, onProgress, (channel) => there.has(channel));
      context.printError('Everything is copied; comparing both stores.');
      const hashes = await contentHashes(source.store, onProgress);
      const differ = differing(hashes, await contentHashes(target.store, onProgress));
      if (differ.length > 0) {
        return `${differ.length} channels differ (${differ.slice(0, shownChannels).join(', ')}): the source is unchanged. Empty the target and run it again.`;
      }
      context.print(
        `Copied ${moved.channels} channels with ${moved.steps} steps; all ${hashes.size} channels are equal in both stores.`,
      );
      return undefined;
    } finally {
      await target.store.close();
    }
  } finally {
    await source.store.close();
  }
}

async function open(name: string, config: Config, world: World): Promise<Opened> {
  if (name === 'sqlite') return openSqlite({ folder: config.data, world });
  const url = name === 'postgres' ? config.store : name;
  if (!isPostgres(url)) {
    const error = name === 'postgres' ? noDatabase : 'A store is sqlite, postgres or postgres://user@host/database.';
    return { ok: false, error };
  }
  const { hubsOn, openPostgres } = await import('../storage/postgres/store.ts');
  const opened = await openPostgres({ url, world });
  if (!opened.ok) return opened;
  // This process has no connection yet: the store connects with its first query.
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

/** Channels of one store that are missing or different in the other. */
function differingOutlines(one: ReadonlyMap<string, Outline>, other: ReadonlyMap<string, Outline>): string[] {
  return [...one].flatMap(([channel, { seq, version, floor }]) => {
    const counterpart = other.get(channel);
    return counterpart?.seq === seq && counterpart.version === version && counterpart.floor === floor ? [] : [channel];
  });
}
