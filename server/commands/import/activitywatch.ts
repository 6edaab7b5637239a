// `horai import activitywatch FILE|URL`: buckets, their events and the web UI's settings into a running hub, through the import that
// its ActivityWatch side has. An event that a bucket has already is passed over, a setting that is there is left alone.

import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { databaseFile } from './activitywatch-database.ts';
import { type Bucket, exportFile, runningServer, type Source, settingsFile } from './activitywatch-source.ts';
import type { HubDeps } from './hub.ts';
import { fieldsOf } from './json.ts';

const batchSize = 2_000;

export interface Imported {
  readonly buckets: number;
  readonly events: number;
  readonly settings: number;
}

/**
 * @param said a file, or the address of a running server
 * @param key of that server
 */
export async function sourceOf(said: string, key?: string): Promise<Source> {
  if (/^https?:\/\//.test(said)) return runningServer(said, key);
  if (/^settings(?:-testing)?\.json$/.test(basename(said))) return settingsFile(said);
  const handle = await open(said);
  try {
    const { buffer } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.toString('latin1') === 'SQLite format 3\0' ? await databaseFile(said) : exportFile(said);
  } finally {
    await handle.close();
  }
}

/** @param told how far it is, after each batch */
export async function importBuckets(source: Source, hub: HubDeps, told: (progress: string) => void): Promise<Imported> {
  const buckets = await source.buckets();
  let events = 0;
  for (const bucket of buckets) {
    for await (const batch of batchesOf(bucket)) {
      const said = { type: '', client: '', hostname: '', ...bucket.description, id: bucket.id, events: batch };
      await hub.post('api/0/import', JSON.stringify({ buckets: { [bucket.id]: said } }));
      events += batch.length;
      told(`${events} events … ${bucket.id}`);
    }
  }
  return { buckets: buckets.length, events, settings: await importSettings(source, hub) };
}

/** At least one batch, so that an empty bucket is made too. */
async function* batchesOf(bucket: Bucket): AsyncGenerator<readonly unknown[]> {
  let batch: unknown[] = [];
  let isEmpty = true;
  for await (const event of bucket.events()) {
    batch.push(event);
    if (batch.length < batchSize) continue;
    yield batch;
    isEmpty = false;
    batch = [];
  }
  if (batch.length > 0 || isEmpty) yield batch;
}

async function importSettings(source: Source, hub: HubDeps): Promise<number> {
  const settings = await source.settings();
  if (settings.size === 0) return 0;
  const there = fieldsOf(JSON.parse(await hub.get('api/0/settings')));
  let imported = 0;
  for (const [key, value] of settings) {
    if (key in there || value === undefined) continue;
    await hub.post(`api/0/settings/${encodeURIComponent(key)}`, JSON.stringify(value));
    imported += 1;
  }
  return imported;
}
