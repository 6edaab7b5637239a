// The copy of a database of an older format, made before it is migrated: the older Horai can go on with it, if the newer one disappoints.

import { constants, copyFileSync, mkdirSync, renameSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../fsync.ts';
import type { Database } from './driver.ts';

/** Bytes that stay free beside the copy: the migration writes, too. */
const spareBytes = 67_108_864;

/** @returns the file with the copy of a database of this format */
export function copyBeforeUpgrade(folder: string, format: number): string {
  return join(folder, 'before-upgrade', `horai-format-${format}.db`);
}

/**
 * Copies the database as it is, and flushes the copy. On file systems that share blocks the copy takes no space. A copy appears complete.
 * @param path of the database, which nobody else has open
 * @returns a sentence for a person if there is no space for it; else undefined
 */
export function keepCopy(database: Database, path: string, folder: string, format: number): string | undefined {
  // Everything is in the one file then.
  database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  const { size } = statSync(path);
  const { bavail, bsize } = statfsSync(folder);
  // The migration writes as much again.
  const needed = 2 * size + spareBytes;
  if (bavail * bsize < needed) {
    return (
      `Migrating the database in ${folder} needs ${Math.ceil(needed / 2 ** 20)} MiB of free space, with the copy of it that is kept before, ` +
      `and there are ${Math.floor((bavail * bsize) / 2 ** 20)}: make space. Nothing is changed.`
    );
  }
  const copy = copyBeforeUpgrade(folder, format);
  mkdirSync(join(folder, 'before-upgrade'), { recursive: true, mode: 0o700 });
  copyFileSync(path, `${copy}.part`, constants.COPYFILE_FICLONE);
  syncPath(`${copy}.part`);
  renameSync(`${copy}.part`, copy);
  syncPath(join(folder, 'before-upgrade'));
  syncPath(folder);
  return undefined;
}
