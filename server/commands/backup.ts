// `horai backup create|verify|restore`: a store in one file that any engine reads. `create` reads the disk as of one moment, whether a hub
// runs or not. storage/archive/archive-file.ts has the file format.

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Config, isPostgres } from '../config.ts';
import type { Archive } from '../core/store.ts';
import type { World } from '../core/world.ts';
import type { OnProgress, Progress, Totals } from '../storage/archive/archive.ts';
import { type ReadFile, restoreArchive, verifyArchive, writeArchive } from '../storage/archive/archive-file.ts';
import { replaceStore } from '../storage/sqlite/restore.ts';
import { openSnapshot } from '../storage/sqlite/snapshot-reader.ts';
import type { CommandContext } from './command-context.ts';
import { formatMoment } from './format-moment.ts';

type CommandOutcome =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly error: string };

export function addBackup(program: Command, context: CommandContext): void {
  /** Runs `act` with progress, and prints its outcome. */
  const run = async (
    act: (onProgress: OnProgress, config: Config, world: World) => Promise<CommandOutcome>,
  ): Promise<void> => {
    const configured = context.readConfig();
    if (configured === undefined) return;
    const { config, world } = configured;
    try {
      const done = await act(context.progress(world, describeProgress), config, world);
      if (done.ok) for (const line of done.lines) context.print(line);
      else context.fail(done.error);
    } catch (error) {
      context.fail(error);
    }
  };

  const backup = program
    .command('backup')
    .description('back up the whole store to one file that every engine can restore');

  backup
    .command('create <file>')
    .description('create a backup of this moment; the hub may be running')
    .action((file: string) =>
      run(async (onProgress, config, world) => {
        if (existsSync(file)) return { ok: false, error: `${file} exists already: choose another name.` };
        const opened = await openSource(config, world);
        if (!opened.ok) return opened;
        try {
          const about = { epoch: opened.epoch, made: world.now(), by: context.runtime.version };
          const totals = await writeArchive(opened.archive, about, file, onProgress);
          return { ok: true, lines: [`${file} has ${countTotals(totals)}.`] };
        } finally {
          await opened.close();
        }
      }),
    );

  backup
    .command('verify <file>')
    .description('read a whole backup and check that no byte has changed')
    .action((file: string) =>
      run(async (onProgress) => {
        const read = await verifyArchive(file, onProgress);
        return read.ok ? { ok: true, lines: [describeArchive(file, read.contents)] } : read;
      }),
    );

  backup
    .command('restore <file>')
    .description('verify a backup and restore it into an empty store; no hub may be running. Clients reload everything')
    .option('--replace', 'move a store that is not empty aside (SQLite)')
    .action((file: string, { replace = false }: { replace?: boolean }) =>
      run(async (onProgress, config, world) => {
        const verified = await verifyArchive(file, onProgress);
        if (!verified.ok) return verified;
        context.printError(describeArchive(file, verified.contents));
        const restored = await restore({ file, config, world, replace, onProgress });
        if (!restored.ok) return restored;
        const lines = [`Restored ${countTotals(verified.contents)}.`];
        return {
          ok: true,
          lines: restored.aside === undefined ? lines : [...lines, `The previous store is now ${restored.aside}.`],
        };
      }),
    );
}

type Source =
  | {
      readonly ok: true;
      readonly archive: Omit<Archive, 'load'>;
      readonly epoch: string;
      readonly close: () => Promise<void>;
    }
  | { readonly ok: false; readonly error: string };

const memoryHasNoBackup = 'HORAI_STORE=memory has nothing to back up.';

async function openSource({ store, data }: Config, world: World): Promise<Source> {
  if (store === 'memory') return { ok: false, error: memoryHasNoBackup };
  if (isPostgres(store)) {
    const { openPostgres } = await import('../storage/postgres/store.ts');
    const opened = await openPostgres({ url: store, world });
    if (!opened.ok) return opened;
    return { ok: true, archive: opened.store, epoch: opened.store.epoch, close: () => opened.store.close() };
  }
  const opened = await openSnapshot(data);
  if (!opened.ok) return opened;
  return { ok: true, archive: opened.snapshot, epoch: opened.snapshot.epoch, close: () => opened.snapshot.close() };
}

interface RestoreRequest {
  readonly file: string;
  readonly config: Config;
  readonly world: World;
  readonly replace: boolean;
  readonly onProgress: (progress: Progress) => void;
}

type Restored =
  | { readonly ok: true; readonly aside?: string | undefined }
  | { readonly ok: false; readonly error: string };

async function restore({ file, config, world, replace, onProgress }: RestoreRequest): Promise<Restored> {
  const { store, data } = config;
  if (store === 'memory') return { ok: false, error: memoryHasNoBackup };
  const fill = (archive: Archive): Promise<ReadFile> => restoreArchive(file, archive, onProgress);
  if (!isPostgres(store)) return replaceStore({ folder: data, world, replace }, fill);
  const { openPostgres } = await import('../storage/postgres/store.ts');
  const opened = await openPostgres({ url: store, world });
  if (!opened.ok) return opened;
  try {
    const [first] = await opened.store.channels('');
    if (first !== undefined) {
      const error = `The database is not empty (it has the channel ${first.channel}): restore into an empty one.`;
      return { ok: false, error };
    }
    return await fill(opened.store);
  } finally {
    await opened.store.close();
  }
}

function describeArchive(
  file: string,
  contents: Totals & { readonly about: { readonly made: number; readonly by: string } },
): string {
  const { made, by } = contents.about;
  return `${file} is intact: ${countTotals(contents)}, created ${formatMoment(made)} by Horai ${by}.`;
}

function countTotals({ channels, steps }: Totals): string {
  return `${channels} channel${channels === 1 ? '' : 's'} with ${steps} step${steps === 1 ? '' : 's'}`;
}

/** A line of progress for a terminal. */
export function describeProgress({ channel, channels, steps }: Progress): string {
  return `${steps} steps, ${channels} channels done; current channel: ${channel}`;
}
