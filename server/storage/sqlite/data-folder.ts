// The data folder of the embedded store: locks it, creates what is missing, and checks that the database file is the one that this
// folder used last. Every refusal is a sentence for a person. Nothing here applies writes or answers questions.

import { closeSync, constants, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { Database, OpenDatabase } from './driver.ts';
import { convert } from './migrate-format-1.ts';
import { createTables, format, readFormat } from './tables.ts';

export interface SqliteFile {
  readonly database: Database;
  readonly epoch: string;
  readonly commits: number;
  /** Call this after each commit. */
  mark(commits: number): void;
  close(): void;
}

type Opened = { readonly ok: true; readonly file: SqliteFile } | { readonly ok: false; readonly error: string };

export function databasePath(folder: string): string {
  return join(folder, 'horai.db');
}

/**
 * Opens the folder and its database.
 * `freshEpoch` becomes the epoch if the store is new or is not the one that this folder used last. A file of an older format is migrated
 * first, which may take minutes; `converting` receives the number of migrated steps.
 */
export function openFile(
  open: OpenDatabase,
  folder: string,
  freshEpoch: string,
  converting: (steps: number) => void,
): Opened {
  const opened: { close(): void }[] = [];
  const close = (): void => {
    for (const one of opened.splice(0).reverse()) one.close();
  };
  const refuse = (error: string): Opened => {
    close();
    return { ok: false, error };
  };
  try {
    const locked = lockFolder(open, folder);
    if (!locked.ok) return locked;
    opened.push(locked);
    const mark = new Mark(folder);
    opened.push(mark);
    const path = databasePath(folder);
    let database = open(path, false);
    opened.push(database);
    database.exec('PRAGMA busy_timeout = 5000');
    let known = true;
    if (database.prepare('SELECT name FROM sqlite_schema').get() === undefined) {
      useLog(database);
      createTables(database, freshEpoch, 0);
    } else {
      const { found, commits, refusal } = readFormat(database, folder);
      known = mark.fits(commits);
      if (found < format) {
        opened.pop();
        convert(open, database, path, converting);
        database = open(path, false);
        opened.push(database);
      } else if (refusal !== undefined) return refuse(refusal);
      useLog(database);
    }

    const { commits } = readFormat(database, folder);
    if (!known) database.prepare(`UPDATE meta SET value = ? WHERE name = 'epoch'`).run(freshEpoch);
    mark.write(commits);
    const { epoch } = readFormat(database, folder);
    return { ok: true, file: { database, epoch, commits, mark: (now) => mark.write(now), close } };
  } catch (error) {
    const reason = errorMessage(error);
    return refuse(`The data folder ${folder} cannot be used (${reason}): choose another with HORAI_DATA.`);
  }
}

function useLog(database: Database): void {
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864;`);
}

/** Creates the folder if it is missing, and locks it. Only one process at a time can hold the lock. */
export function lockFolder(
  open: OpenDatabase,
  folder: string,
): { readonly ok: true; close(): void } | { readonly ok: false; readonly error: string } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = open(join(folder, 'lock.db'), false);
  if (take(lock)) return { ok: true, close: () => lock.close() };
  lock.close();
  return {
    ok: false,
    error: `Another hub is using the data folder ${folder}: stop it first, or choose another folder with HORAI_DATA.`,
  };
}

/** The lock lasts as long as the connection. The operating system releases it with the process, however the process ends. */
function take(lock: Database): boolean {
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (String(error).includes('locked')) return false;
    throw error;
  }
}

/**
 * What the folder remembers of its database, outside of the database: the number of commits and the file's inode. It is written
 * after each commit and never flushed. So it may lag behind the database, but it is never ahead. A database with fewer commits, or with
 * another inode, was restored or copied: positions that clients hold are not valid any more [ST13].
 */
class Mark {
  readonly #path: string;
  readonly #file: number;
  readonly #found: string;
  #inode = 0n;

  constructor(folder: string) {
    this.#path = databasePath(folder);
    this.#file = openSync(join(folder, 'mark'), constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#found = readFileSync(this.#file, 'utf8');
  }

  fits(commits: number): boolean {
    const [inode, known] = this.#found.trim().split(' ');
    return inode === String(this.#inodeNow()) && Number(known) <= commits;
  }

  write(commits: number): void {
    if (this.#inode === 0n) this.#inode = this.#inodeNow();
    writeSync(this.#file, `${this.#inode} ${commits}`.padEnd(40), 0);
  }

  close(): void {
    closeSync(this.#file);
  }

  #inodeNow(): bigint {
    return statSync(this.#path, { bigint: true }).ino;
  }
}
