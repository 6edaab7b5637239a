// `horai backup create|verify|restore`: a store in one file that any engine reads. `create` reads the disk as of one moment, whether a hub
// runs or not. storage/archive/archive-file.ts has the file format.

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Config, isPostgres } from '../config.ts';
import type { Archive } from '../core/store.ts';
import type { World } from '../core/world.ts';
import type { OnProgress, Progress, Totals } from '../storage/archive/archive.ts';
import { type ReadFile, restoreArchive, verifyArchive, writeArchive } from '../storage/archive/archive-file.ts';
import { openPostgres } from '../storage/postgres/store.ts';
import { replaceStore } from '../storage/sqlite/restore.ts';
import { openSnapshot } from '../storage/sqlite/snapshot-reader.ts';
import type { CommandContext } from './command-context.ts';
import { when } from './format-moment.ts';

type Done = { readonly ok: true; readonly lines: readonly string[] } | { readonly ok: false; readonly error: string };

export function addBackup(program: Command, context: CommandContext): void {
  /** Runs `act` with progress, and prints its outcome. */
  const run = async (act: (onProgress: OnProgress, config: Config, world: World) => Promise<Done>): Promise<void> => {
    const configured = context.configured();
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

  const backup = program.command('backup').description('everything the hub keeps, in one file that any engine reads');

  backup
    .command('create <file>')
    .description('write one, of this moment; the hub may run meanwhile')
    .action((file: string) =>
      run(async (onProgress, config, world) => {
        if (existsSync(file)) return { ok: false, error: `${file} exists already: choose another name.` };
        const opened = await openSource(config, world);
        if (!opened.ok) return opened;
        try {
          const about = { epoch: opened.epoch, made: world.now(), by: context.runtime.version };
          const totals = await writeArchive(opened.archive, about, file, onProgress);
          return { ok: true, lines: [`${counted(totals)} are in ${file}.`] };
        } finally {
          await opened.close();
        }
      }),
    );

  backup
    .command('verify <file>')
    .description('read all of one, and say whether every byte is what was written')
    .action((file: string) =>
      run(async (onProgress) => {
        const read = await verifyArchive(file, onProgress);
        return read.ok ? { ok: true, lines: [described(file, read.contents)] } : read;
      }),
    );

  backup
    .command('restore <file>')
    .description('fill an empty store with one, after verifying it; no hub may run. Clients start afresh')
    .option('--replace', 'set a store that is not empty aside (SQLite)')
    .action((file: string, { replace = false }: { replace?: boolean }) =>
      run(async (onProgress, config, world) => {
        const verified = await verifyArchive(file, onProgress);
        if (!verified.ok) return verified;
        context.complain(described(file, verified.contents));
        const restored = await restore({ file, config, world, replace, onProgress });
        if (!restored.ok) return restored;
        const lines = [`${counted(verified.contents)} are restored.`];
        return {
          ok: true,
          lines: restored.aside === undefined ? lines : [...lines, `What was there is ${restored.aside}.`],
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

const keepsNothing = 'HORAI_STORE=memory keeps nothing to back up.';

async function openSource({ store, data }: Config, world: World): Promise<Source> {
  if (store === 'memory') return { ok: false, error: keepsNothing };
  if (isPostgres(store)) {
    const opened = await openPostgres({ url: store, world });
    if (!opened.ok) return opened;
    return { ok: true, archive: opened.store, epoch: opened.store.epoch, close: () => opened.store.close() };
  }
  const opened = await openSnapshot(data);
  if (!opened.ok) return opened;
  return { ok: true, archive: opened.snapshot, epoch: opened.snapshot.epoch, close: () => opened.snapshot.close() };
}

interface Restoring {
  readonly file: string;
  readonly config: Config;
  readonly world: World;
  readonly replace: boolean;
  readonly onProgress: (progress: Progress) => void;
}

type Restored =
  | { readonly ok: true; readonly aside?: string | undefined }
  | { readonly ok: false; readonly error: string };

async function restore({ file, config, world, replace, onProgress }: Restoring): Promise<Restored> {
  const { store, data } = config;
  if (store === 'memory') return { ok: false, error: keepsNothing };
  const fill = (archive: Archive): Promise<ReadFile> => restoreArchive(file, archive, onProgress);
  if (!isPostgres(store)) return replaceStore({ folder: data, world, replace }, fill);
  const opened = await openPostgres({ url: store, world });
  if (!opened.ok) return opened;
  try {
    const [first] = await opened.store.channels('');
    if (first !== undefined) {
      const error = `The database is not empty (it has the channel ${first.channel}): restore into one that is.`;
      return { ok: false, error };
    }
    return await fill(opened.store);
  } finally {
    await opened.store.close();
  }
}

function described(
  file: string,
  contents: Totals & { readonly about: { readonly made: number; readonly by: string } },
): string {
  const { made, by } = contents.about;
  return `${file} is whole: ${counted(contents)}, of ${when(made)}, made by Horai ${by}.`;
}

function counted({ channels, steps }: Totals): string {
  return `${channels} channel${channels === 1 ? '' : 's'} with ${steps} step${steps === 1 ? '' : 's'}`;
}

/** A line of progress for a terminal. */
export function describeProgress({ channel, channels, steps }: Progress): string {
  return `${steps} steps; ${channels} channels are done; now at ${channel}`;
}
