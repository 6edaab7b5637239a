// Reads buckets from the database files of both ActivityWatch servers. The server may be running, because the file is opened read-only and
// read in pages.

import { type Database, everyDriver, loadDriver } from '../../storage/sqlite/driver.ts';
import type { ImportSource, SourceBucket } from './activitywatch-source.ts';
import { ImportError } from './hub.ts';
import { fieldsOf } from './json.ts';

const pageSize = 5_000;

interface Layout {
  /** A table that only this server's file has. */
  readonly table: string;
  readonly buckets: string;
  /** Parameters: the bucket's row, the row to start after, the number of rows. */
  readonly events: string;
  readonly settings: string | undefined;
}

/** The Python server (peewee): times as text, durations in seconds. */
const python: Layout = {
  table: 'eventmodel',
  buckets: 'SELECT key AS row, id, type, client, hostname, created, datastr AS data FROM bucketmodel ORDER BY key',
  events: `
    SELECT id AS row, replace(timestamp, ' ', 'T') AS timestamp, duration, datastr AS data FROM eventmodel
    WHERE bucket_id = ? AND id > ? ORDER BY id LIMIT ?`,
  settings: undefined,
};

/** The Rust server: nanoseconds, which a JavaScript number cannot hold. */
const rust: Layout = {
  table: 'events',
  buckets: 'SELECT id AS row, name AS id, type, client, hostname, created, data FROM buckets ORDER BY id',
  events: `
    SELECT id AS row, starttime / 1000 AS micros, (endtime - starttime) / 1e9 AS duration, data FROM events
    WHERE bucketrow = ? AND id > ? ORDER BY id LIMIT ?`,
  settings: `SELECT substr(key, 10) AS key, value FROM key_value WHERE key LIKE 'settings.%'`,
};

interface BucketRow {
  readonly row: number;
  readonly id: string;
  readonly type: string;
  readonly client: string;
  readonly hostname: string;
  readonly created: string;
  readonly data: string | null;
}

interface EventRow {
  readonly row: number;
  readonly timestamp?: string;
  readonly micros?: number;
  readonly duration: number;
  readonly data: string;
}

export async function openDatabaseFile(file: string): Promise<ImportSource> {
  const driver = await loadDriver(everyDriver);
  if (!driver.ok) throw new ImportError(driver.error);
  const database = driver.open(file, true);
  const has = (table: string) =>
    database.prepare(`SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table) !== undefined;
  const layout = [python, rust].find(({ table }) => has(table));
  if (layout === undefined) {
    database.close();
    throw new ImportError(`${file} is a database, but not one of an ActivityWatch server.`);
  }
  return {
    async buckets() {
      return database
        .prepare(layout.buckets)
        .all<BucketRow>()
        .map(({ row, id, data, ...fields }): SourceBucket => {
          const description = { ...fields, id, data: fieldsOf(parseText(data)) };
          return { id, description, events: () => eventsOf(database, layout, row) };
        });
    },
    async settings() {
      if (layout.settings === undefined || !has('key_value')) return new Map();
      const rows = database.prepare(layout.settings).all<{ readonly key: string; readonly value: string }>();
      return new Map(rows.map(({ key, value }) => [key, parseText(value)]));
    },
    close: () => database.close(),
  };
}

async function* eventsOf(database: Database, layout: Layout, bucket: number): AsyncGenerator<unknown> {
  const page = database.prepare(layout.events);
  for (let after = -1; ; ) {
    const rows = page.all<EventRow>(bucket, after, pageSize);
    for (const { micros, timestamp, duration, data } of rows) {
      const at = micros === undefined ? timestamp : new Date(micros / 1_000).toISOString();
      yield { timestamp: at, duration: Number(duration), data: parseText(data) };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.row;
  }
}

/** undefined if the text is not JSON. */
function parseText(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
