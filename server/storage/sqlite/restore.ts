// Writes a whole new store into a data folder. It is built beside the existing one, which is set aside only after the new one is on disk.
// An interrupted restore leaves the old store unchanged, and a leftover folder.

import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { resolve as absolute, join } from 'node:path';
import type { World } from '../../core/world.ts';
import { syncPath } from '../fsync.ts';
import { databasePath, lockFolder } from './data-folder.ts';
import { type Database, everyDriver, loadDriver } from './driver.ts';
import { openSnapshot } from './snapshot-reader.ts';
import { openSqlite, type SqliteStore } from './store.ts';

export type ReplacedFile<Done> =
  | {
      readonly ok: true;
      readonly done: Done /** Where the store is now that was there before. */;
      readonly aside: string | undefined;
    }
  | { readonly ok: false; readonly error: string };

type Filled<Done> = { readonly ok: true; readonly contents: Done } | { readonly ok: false; readonly error: string };

/**
 * Restores a store into `folder`. No hub may run on the folder.
 * @param replace sets a store that has data aside; without it, such a store is a reason to refuse
 */
export async function replaceStore<Done>(
  { folder, world, replace }: { readonly folder: string; readonly world: World; readonly replace: boolean },
  fill: (store: SqliteStore) => Promise<Filled<Done>>,
): Promise<ReplacedFile<Done>> {
  const at = absolute(folder);
  const driver = await loadDriver(everyDriver);
  if (!driver.ok) return driver;
  const locked = lockFolder(driver.open, at);
  if (!locked.ok) return locked;
  const path = databasePath(at);
  const staging = join(at, 'restoring');
  try {
    const there = existsSync(path);
    if (there && !replace) {
      const found = await describeContents(at);
      if (found !== undefined) return { ok: false, error: found };
    }
    rmSync(staging, { recursive: true, force: true });
    const opened = await openSqlite({ folder: staging, world });
    if (!opened.ok) return opened;
    const filled = await fill(opened.store).finally(() => opened.store.close());
    if (!filled.ok) return filled;

    const aside = `${path}.replaced`;
    if (there) setAside(driver.open, path, aside);
    rmSync(join(at, 'mark'), { force: true });
    // No moment without a store: a power cut leaves the old one or the new one.
    syncPath(at);
    renameSync(databasePath(staging), path);
    syncPath(at);
    return { ok: true, done: filled.contents, aside: there ? aside : undefined };
  } finally {
    rmSync(staging, { recursive: true, force: true });
    locked.close();
  }
}

/** Returns why the existing store must not be replaced without being asked to; undefined if nothing would be lost. */
async function describeContents(folder: string): Promise<string | undefined> {
  const opened = await openSnapshot(folder);
  if (!opened.ok) return `${opened.error} Say --replace to set it aside.`;
  const { snapshot } = opened;
  try {
    for await (const { channel } of snapshot.outlines()) {
      return `${folder} already has a store (with the channel ${channel}): use --replace to set it aside.`;
    }
    return undefined;
  } finally {
    await snapshot.close();
  }
}

/** Gives the store a second name, under which it stays when its first one goes to the new store. */
function setAside(open: (file: string, readOnly: boolean) => Database, path: string, aside: string): void {
  try {
    // Checkpoint the log, so that there is one file.
    const database = open(path, false);
    try {
      database.exec('PRAGMA journal_mode = DELETE');
    } finally {
      database.close();
    }
  } catch {
    // The file may be damaged, which may be the reason for the restore.
  }
  for (const end of ['', '-wal', '-shm']) rmSync(`${aside}${end}`, { force: true });
  // A log that is left belongs to the old file: SQLite would take it for that of the new one.
  for (const end of ['-wal', '-shm']) if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${aside}${end}`);
  try {
    linkSync(path, aside);
  } catch {
    // A file system without second names.
    renameSync(path, aside);
  }
}
