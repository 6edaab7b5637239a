// The data folder of the embedded store: who may open it, what is made in an empty one, and whether the file is the one this
// folder has known. Every refusal is a sentence for a person; nothing here applies writes or answers questions.

import { closeSync, constants, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, OpenDatabase } from './driver.ts';

const format = 1;

export interface SqliteFile {
  readonly database: Database;
  readonly epoch: string;
  readonly commits: number;
  /** To be called after each commit. */
  mark(commits: number): void;
  close(): void;
}

type Opened = { readonly ok: true; readonly file: SqliteFile } | { readonly ok: false; readonly error: string };

export function databasePath(folder: string): string {
  return join(folder, 'horai.db');
}

/** `freshEpoch` is used when the store is new, or is not the one that this folder knew. */
export function openFile(open: OpenDatabase, folder: string, freshEpoch: string): Opened {
  const opened: { close(): void }[] = [];
  const close = (): void => {
    for (const one of opened.splice(0).reverse()) one.close();
  };
  const refuse = (error: string): Opened => {
    close();
    return { ok: false, error };
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = open(join(folder, 'lock.db'), false);
    opened.push(lock);
    if (!take(lock)) {
      return refuse(
        `Another hub is using the data folder ${folder}: stop it first, or choose another folder with HORAI_DATA.`,
      );
    }

    const database = open(databasePath(folder), false);
    opened.push(database);
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;
      PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864;`);
    if (database.prepare('SELECT name FROM sqlite_schema').get() === undefined) create(database, freshEpoch);
    const meta = (name: 'format' | 'epoch' | 'commits'): string | number =>
      database.prepare('SELECT value FROM meta WHERE name = ?').get<{ value: string | number }>(name)?.value ?? '';
    const found = Number(meta('format'));
    if (found !== format) {
      return refuse(
        `The data folder ${folder} was written by a newer Horai (format ${found}; this one reads ${format}): ` +
          'install the newer Horai, or choose another folder with HORAI_DATA.',
      );
    }

    const commits = Number(meta('commits'));
    const mark = new Mark(folder);
    opened.push(mark);
    if (!mark.fits(commits)) {
      database.prepare(`UPDATE meta SET value = ? WHERE name = 'epoch'`).run(freshEpoch);
      mark.write(commits);
    }
    const epoch = String(meta('epoch'));
    return { ok: true, file: { database, epoch, commits, mark: (now) => mark.write(now), close } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(`The data folder ${folder} cannot be used (${reason}): choose another with HORAI_DATA.`);
  }
}

/** The lock lasts as long as the connection: the system frees it with the process, however that ends. */
function take(lock: Database): boolean {
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) return false;
    throw error;
  }
}

/**
 * What the folder remembers of its database, outside of it: how many commits it had, and which file it was. It is written
 * after each commit and never flushed, so it may be behind, but it cannot be ahead: a database with fewer commits, or another
 * file, was restored from a backup or copied, and positions told before no longer hold [ST13].
 */
class Mark {
  readonly #file: number;
  readonly #inode: bigint;
  readonly #found: string;

  constructor(folder: string) {
    this.#inode = statSync(databasePath(folder), { bigint: true }).ino;
    this.#file = openSync(join(folder, 'mark'), constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#found = readFileSync(this.#file, 'utf8');
  }

  fits(commits: number): boolean {
    const [inode, known] = this.#found.trim().split(' ');
    return inode === String(this.#inode) && Number(known) <= commits;
  }

  write(commits: number): void {
    writeSync(this.#file, `${this.#inode} ${commits}`.padEnd(40), 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function create(database: Database, epoch: string): void {
  // Why these tables: see README.md. `until` is the port's `end`, which is a word of SQL.
  database.exec(`
    BEGIN;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
    CREATE TABLE origins (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE channels (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      seq INTEGER NOT NULL DEFAULT 0,
      version INTEGER NOT NULL DEFAULT -1,
      floor INTEGER NOT NULL DEFAULT 0,
      items INTEGER NOT NULL DEFAULT 0,
      longest INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE items (
      channel INTEGER NOT NULL REFERENCES channels,
      key TEXT NOT NULL,
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
      key TEXT NOT NULL,
      value TEXT,
      PRIMARY KEY (channel, seq)
    ) WITHOUT ROWID;
    CREATE INDEX steps_by_time ON steps (channel, time) WHERE time IS NOT NULL;
    CREATE TABLE writes (
      channel INTEGER NOT NULL REFERENCES channels,
      id TEXT NOT NULL,
      seq INTEGER NOT NULL,
      steps INTEGER NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (channel, id)
    ) WITHOUT ROWID;
    CREATE INDEX writes_by_age ON writes (at);`);
  const insert = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
  insert.run('format', format);
  insert.run('epoch', epoch);
  insert.run('commits', 0);
  database.exec('COMMIT');
}
