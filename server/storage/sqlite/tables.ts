// The tables of the embedded store and the metadata of its file. README.md has the reasons for these tables.

import type { Database } from './driver.ts';

export const format = 3;

/** The metadata of a file, and the reason why this version cannot read it, if there is one. */
export function readFormat(
  database: Database,
  folder: string,
): {
  readonly found: number;
  readonly epoch: string;
  readonly commits: number;
  readonly refusal: string | undefined;
} {
  const meta = (name: 'format' | 'epoch' | 'commits'): string | number =>
    database.prepare('SELECT value FROM meta WHERE name = ?').get<{ value: string | number }>(name)?.value ?? '';
  const found = Number(meta('format'));
  const refusal =
    found > format
      ? `The data folder ${folder} was written by a newer Horai (format ${found}; this one reads ${format}): ` +
        'install the newer Horai, or choose another folder with HORAI_DATA.'
      : found < format
        ? `The data folder ${folder} was written by an older Horai: start the hub on it once to migrate it.`
        : undefined;
  return { found, epoch: String(meta('epoch')), commits: Number(meta('commits')), refusal };
}

/** Creates the tables of a new store. README.md has the reasons for them. */
export function createTables(database: Database, epoch: string, commits: number): void {
  // `until` is the port's `end`, which is a keyword of SQL. Keys have no column type: a UUID is bytes, any other key text.
  database.exec(`
    BEGIN;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
    CREATE TABLE origins (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sum INTEGER);
    CREATE TABLE channels (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      loading INTEGER NOT NULL DEFAULT 0,
      seq INTEGER NOT NULL DEFAULT 0,
      version INTEGER NOT NULL DEFAULT -1,
      floor INTEGER NOT NULL DEFAULT 0,
      items INTEGER NOT NULL DEFAULT 0,
      longest INTEGER NOT NULL DEFAULT 0,
      past INTEGER NOT NULL DEFAULT 0,
      sealed INTEGER NOT NULL DEFAULT 0,
      widest INTEGER NOT NULL DEFAULT 0,
      sum INTEGER,
      UNIQUE (name, loading)
    );
    CREATE TABLE items (
      channel INTEGER NOT NULL REFERENCES channels,
      key NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (channel, key)
    ) WITHOUT ROWID;
    CREATE TABLE steps (
      channel INTEGER NOT NULL REFERENCES channels,
      seq INTEGER NOT NULL,
      prev INTEGER,
      born INTEGER,
      time INTEGER,
      until INTEGER,
      version INTEGER,
      origin INTEGER NOT NULL REFERENCES origins,
      at INTEGER NOT NULL,
      key NOT NULL,
      value TEXT,
      sum INTEGER,
      PRIMARY KEY (channel, seq)
    ) WITHOUT ROWID;
    CREATE INDEX steps_by_time ON steps (channel, time) WHERE time IS NOT NULL;
    CREATE TABLE blocks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      channel INTEGER NOT NULL REFERENCES channels,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,
      earliest INTEGER,
      latest INTEGER,
      reach INTEGER,
      count INTEGER NOT NULL,
      body BLOB NOT NULL,
      sum INTEGER
    );
    CREATE UNIQUE INDEX blocks_by_seq ON blocks (channel, last, first, count);
    CREATE INDEX blocks_by_earliest ON blocks (channel, earliest, latest, reach, count) WHERE earliest IS NOT NULL;
    CREATE INDEX blocks_by_latest ON blocks (channel, latest, earliest, reach, count) WHERE earliest IS NOT NULL;
    CREATE TABLE writes (
      channel INTEGER NOT NULL REFERENCES channels,
      id TEXT NOT NULL,
      seq INTEGER NOT NULL,
      steps INTEGER NOT NULL,
      at INTEGER NOT NULL,
      sum INTEGER,
      PRIMARY KEY (channel, id)
    ) WITHOUT ROWID;
    CREATE INDEX writes_by_age ON writes (at);`);
  const insert = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
  insert.run('format', format);
  insert.run('epoch', epoch);
  insert.run('commits', commits);
  database.exec('COMMIT');
}
