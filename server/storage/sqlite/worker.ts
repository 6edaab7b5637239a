// The entry point of the worker threads: `writer` owns the file and applies batches; `reader` answers questions; `holder` answers them as of
// one moment. Messages only; the SQL is in writer.ts and reader.ts.

import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../../protocol/error-message.ts';
import { compactFile, databasePath, openFile } from './data-folder.ts';
import { type Database, loadDriver, type OpenDatabase } from './driver.ts';
import { SqliteReader } from './reader.ts';
import { StoreCheck } from './store-check.ts';
import { readFormat } from './tables.ts';
import type { FromReader, FromVerifier, FromWriter, Role, ToReader, ToWriter } from './threads.ts';
import { packOutcomes, unpackJobs } from './worker-codec.ts';
import { SqliteWriter } from './writer.ts';

/** A check says how far it is at most this often, in milliseconds. */
const progressMs = 1_000;

const role: Role = workerData;
const port = parentPort;
if (port === null) throw new Error('worker.ts runs in a worker thread only');
const driver = await loadDriver(role.drivers);

if (role.role === 'writer') {
  const say = (message: FromWriter): void => port.postMessage(message);
  if (driver.ok) write(driver.open, role, say);
  else say({ refused: driver.error });
} else if (role.role === 'verifier') {
  const say = (message: FromVerifier): void => port.postMessage(message);
  if (driver.ok) verify(driver.open, role, say);
  else say({ refused: driver.error });
} else {
  const say = (message: FromReader): void => port.postMessage(message);
  if (driver.ok) read(driver.open, role.role === 'holder', say);
  else say({ refused: driver.error });
}

function write(
  open: OpenDatabase,
  { folder, freshEpoch, sealing, acceptLoss = false }: Extract<Role, { readonly role: 'writer' }>,
  say: (message: FromWriter) => void,
): void {
  const openReader = openFile(open, folder, { freshEpoch, acceptLoss }, (steps) => say({ converting: steps }));
  if (!openReader.ok) {
    say({ refused: openReader.error });
    return;
  }
  const { file } = openReader;
  let writer: SqliteWriter;
  try {
    writer = new SqliteWriter(file.database, file.commits, file.mark, sealing);
    writer.sweep();
  } catch (error) {
    file.close();
    say({ refused: `The store in ${folder} cannot be opened (${reason(error)}): restore a backup.` });
    return;
  }
  port?.on('message', (message: ToWriter) => {
    if (message === 'close') {
      file.close();
      port?.close();
      return;
    }
    try {
      if (message === 'compact') {
        compactFile(file.database);
        say({ outcomes: packOutcomes([{ outcome: 'done' }]) });
        return;
      }
      say({ outcomes: packOutcomes(writer.apply(unpackJobs(message))) });
    } catch (error) {
      say({ failed: reason(error) });
    }
  });
  say({ epoch: file.epoch, warnings: file.warnings });
}

function read(open: OpenDatabase, hold: boolean, say: (message: FromReader) => void): void {
  let reader: SqliteReader | undefined;
  const openReader = (epoch: string): SqliteReader => {
    // Opened with the first question, because the writer creates the file.
    reader ??= new SqliteReader(withSmallCache(open(databasePath(role.folder), true)), epoch);
    reader.epoch = epoch;
    return reader;
  };
  if (hold) {
    try {
      if (!existsSync(databasePath(role.folder))) throw new Error('it has no store');
      // Not read-only: after a crash SQLite must recover the log first, which changes no data.
      const database = open(databasePath(role.folder), false);
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA query_only = ON');
      const { epoch, refusal } = readFormat(database, role.folder);
      if (refusal !== undefined) {
        database.close();
        say({ refused: refusal });
        return;
      }
      reader = new SqliteReader(database, epoch);
      reader.hold();
      say({ answer: epoch });
    } catch (error) {
      say({ refused: `The data folder ${role.folder} cannot be read (${reason(error)}).` });
      return;
    }
  }
  port?.on('message', (message: ToReader) => {
    if (message === 'close') {
      reader?.close();
      port?.close();
      return;
    }
    try {
      say({ answer: openReader(message.epoch).answer(message.question) });
    } catch (error) {
      say({ failed: reason(error) });
    }
  });
}

/** SQLite keeps 16 MB of pages unless told otherwise; the system has them, too. */
function withSmallCache(database: Database): Database {
  database.exec('PRAGMA cache_size = -4096');
  return database;
}

/** Checks the whole database, says how far it is, and at last the outcome. */
function verify(
  open: OpenDatabase,
  { folder, rests }: Extract<Role, { readonly role: 'verifier' }>,
  say: (message: FromVerifier) => void,
): void {
  try {
    if (!existsSync(databasePath(folder))) throw new Error('it has no store');
    const database = open(databasePath(folder), false);
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -8192');
    const { refusal } = readFormat(database, folder);
    const clock = () => performance.now();
    // Only this thread waits.
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    if (refusal === undefined) {
      const rest = (ms: number): void => {
        if (rests) Atomics.wait(sleeper, 0, 0, ms);
      };
      let reportedAt = clock();
      const onProgress = (checked: number): void => {
        if (clock() - reportedAt < progressMs) return;
        reportedAt = clock();
        say({ checked });
      };
      say({ answer: new StoreCheck(database).run(clock, rest, onProgress) });
    } else say({ refused: refusal });
    database.close();
  } catch (error) {
    say({ refused: `The data folder ${folder} cannot be read (${reason(error)}).` });
  }
  port?.close();
}

function reason(error: unknown): string {
  return errorMessage(error);
}
