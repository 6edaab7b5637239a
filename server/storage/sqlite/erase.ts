// Erasing channels so that nothing of them is left in the file: the names of devices that only they had, free pages and the log, too.

import { decodeBlock } from './block.ts';
import type { Database } from './driver.ts';

/** The origins of a channel, by their ids. */
export function originsOf(database: Database, channel: number): Set<number> {
  const origins = new Set<number>();
  const loose = database.prepare('SELECT DISTINCT origin FROM steps WHERE channel = ?');
  for (const { origin } of loose.all<{ origin: number }>(channel)) origins.add(origin);
  const blocks = database.prepare('SELECT body FROM blocks WHERE channel = ?');
  for (const { body } of blocks.iterate<{ body: Uint8Array }>(channel)) {
    for (const { origin } of decodeBlock(body, (id) => id)) origins.add(origin);
  }
  return origins;
}

/** Deletes those of the origins that no channel has. */
export function deleteUnused(database: Database, candidates: ReadonlySet<number>): void {
  const left = new Set(candidates);
  const loose = database.prepare('SELECT 1 FROM steps WHERE origin = ? LIMIT 1');
  for (const origin of candidates) if (loose.get(origin) !== undefined) left.delete(origin);
  if (left.size > 0) {
    for (const { body } of database.prepare('SELECT body FROM blocks').iterate<{ body: Uint8Array }>()) {
      for (const { origin } of decodeBlock(body, (id) => id)) left.delete(origin);
      if (left.size === 0) break;
    }
  }
  const drop = database.prepare('DELETE FROM origins WHERE id = ?');
  for (const origin of left) drop.run(origin);
}

/**
 * Rebuilds the file without its free pages, and empties the log. Other writes wait for it.
 * @throws if something reads the file as it was before, such as a backup
 */
export function compact(database: Database): void {
  database.exec('PRAGMA busy_timeout = 10000');
  database.exec('VACUUM');
  const result = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get<{ busy: number }>();
  if (result?.busy === 1) throw new Error('the log is still read, by a backup say: erase again after it');
}
