// The data folder of the embedded store: locks it, creates what is missing, and checks that the database file is the one that this
// folder used last. Every refusal is a sentence for a person. Nothing here applies writes or answers questions.

import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../../protocol/error-message.ts';
import { makeFolder } from '../fsync.ts';
import { copyBeforeUpgrade, keepCopy } from './before-upgrade.ts';
import { isDamage } from './checksum.ts';
import type { Database, OpenDatabase } from './driver.ts';
import { convert } from './migrate-format-1.ts';
import { addChecksums } from './migrate-format-2.ts';
import { createTables, format, readFormat } from './tables.ts';

export interface SqliteFile {
  readonly database: Database;
  readonly epoch: string;
  readonly commits: number;
  /** Notes on the folder for the person who runs the hub; a sentence each. */
  readonly warnings: readonly string[];
  /** Call this after each commit. It never throws: the commit is on disk already. */
  mark(commits: number): void;
  close(): void;
}

type Opened = { readonly ok: true; readonly file: SqliteFile } | { readonly ok: false; readonly error: string };

export function databasePath(folder: string): string {
  return join(folder, 'horai.db');
}

/**
 * Opens the folder and its database. A database that has fewer commits than the folder knows of is refused, unless `acceptLoss` is set.
 * `freshEpoch` becomes the epoch if the store is new or is not the one that this folder used last. A file of an older format is migrated
 * first, which may take minutes; `converting` receives the number of migrated steps.
 */
export function openFile(
  open: OpenDatabase,
  folder: string,
  { freshEpoch, acceptLoss }: { readonly freshEpoch: string; readonly acceptLoss: boolean },
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
    const isNew = database.prepare('SELECT name FROM sqlite_schema').get() === undefined;
    const before = isNew ? undefined : readFormat(database, folder);
    if (before !== undefined && before.found > format) return refuse(before.refusal ?? '');
    const history = mark.compare(before?.commits ?? 0);
    if (history === 'lost' && !acceptLoss) return refuse(describeLoss(folder, mark.commits, before?.commits ?? 0));
    const isOlder = before !== undefined && (before.found === 1 || before.found === 2);
    const noSpace = isOlder ? keepCopy(database, path, folder, before.found) : undefined;
    if (noSpace !== undefined) return refuse(noSpace);
    if (before === undefined) {
      // Before the first page is written: later it takes a VACUUM.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL');
      useLog(database);
      createTables(database, freshEpoch, 0);
    } else if (before.found === 1) {
      opened.pop();
      convert(open, database, path, converting);
      database = open(path, false);
      opened.push(database);
      useLog(database);
    } else {
      useLog(database);
      if (before.found === 2) addChecksums(database, converting);
      else if (before.refusal !== undefined) return refuse(before.refusal);
      giveSpaceBack(database);
    }

    // SQLite opens a file for reading alone if it may not, or just then cannot, be opened for writing: then every write would fail.
    database.exec(`BEGIN IMMEDIATE; UPDATE meta SET value = value WHERE name = 'epoch'; ROLLBACK`);
    const { commits } = readFormat(database, folder);
    if (!isNew && history !== 'same')
      database.prepare(`UPDATE meta SET value = ? WHERE name = 'epoch'`).run(freshEpoch);
    mark.write(commits);
    const { epoch } = readFormat(database, folder);
    const warnings: string[] =
      history === 'lost' && (mark.commits ?? 0) > 0
        ? [
            `the store lost ${(mark.commits ?? 0) - (before?.commits ?? 0)} commits, and the hub was started with --accept-loss`,
          ]
        : history === 'copied' && !isNew
          ? ['the data folder was copied or moved, so clients load everything again']
          : [];
    if (isOlder) {
      const copy = copyBeforeUpgrade(folder, before.found);
      warnings.push(`the database was migrated; as it was before, it is in ${copy}, until you remove that file`);
    }
    return { ok: true, file: { database, epoch, commits, warnings, mark: (now) => mark.tryWrite(now), close } };
  } catch (error) {
    const reason = errorMessage(error);
    if (isDamage(reason)) {
      return refuse(
        `The database in ${folder} is damaged (${reason}): restore a backup with "horai backup restore FILE --replace".`,
      );
    }
    return refuse(`The data folder ${folder} cannot be used (${reason}): choose another with HORAI_DATA.`);
  }
}

/** Bytes of a file of an earlier version that is compacted when it is opened, because that takes less than a second. */
const smallFile = 67_108_864;

/** Makes a file of an earlier version shrink when data is removed. A large one is left to `horai compact`. */
function giveSpaceBack(database: Database): void {
  const isIncremental = database.prepare('PRAGMA auto_vacuum').get<{ auto_vacuum: number }>()?.auto_vacuum === 2;
  const pages = database.prepare('PRAGMA page_count').get<{ page_count: number }>()?.page_count ?? 0;
  const size = database.prepare('PRAGMA page_size').get<{ page_size: number }>()?.page_size ?? 0;
  if (!isIncremental && pages * size <= smallFile) compactFile(database);
}

/** Writes the whole file anew without its free pages. Takes as much free space as the file, and some seconds for each gigabyte. */
export function compactFile(database: Database): void {
  database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
}

function describeLoss(folder: string, known: number | undefined, found: number): string {
  return (
    `The database in ${folder} has ${found} of at least ${known} commits: it is an older copy, or its file horai.db-wal is missing. ` +
    'Put back the missing file or restore a backup, or start with "horai start --accept-loss" to go on without what is missing.'
  );
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
  makeFolder(folder);
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
 * The folder's record of its database, outside of the database: the number of commits and the file's inode. It is written
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

  /** The commits that the folder knows of; undefined if it knows none. */
  get commits(): number | undefined {
    const known = Number(this.#found.trim().split(' ')[1]);
    return Number.isSafeInteger(known) ? known : undefined;
  }

  /**
   * How a database with so many commits relates to what the folder remembers: `same` file; `lost` commits; `copied` or moved; `restored`,
   * if the folder remembers nothing.
   */
  compare(commits: number): 'same' | 'lost' | 'copied' | 'restored' {
    if (this.commits === undefined) return 'restored';
    if (this.commits > commits) return 'lost';
    return this.#found.trim().split(' ')[0] === String(this.#inodeNow()) ? 'same' : 'copied';
  }

  write(commits: number): void {
    if (this.#inode === 0n) this.#inode = this.#inodeNow();
    writeSync(this.#file, `${this.#inode} ${commits}`.padEnd(40), 0);
  }

  /** A mark that cannot be written lags behind, as one does whose write a power cut undid. */
  tryWrite(commits: number): void {
    try {
      this.write(commits);
    } catch {
      // The disk is full or broken. SQLite's next commit tells, and its answer is the one that counts.
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #inodeNow(): bigint {
    return statSync(this.#path, { bigint: true }).ino;
  }
}
