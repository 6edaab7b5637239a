// The entry point of the worker threads: `writer` owns the file and applies batches; `reader` answers questions; `holder` answers them as of
// one moment. Messages only; the SQL is in writer.ts and reader.ts.

import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../../protocol/error-message.ts';
import { databasePath, openFile } from './data-folder.ts';
import { loadDriver, type OpenDatabase } from './driver.ts';
import { SqliteReader } from './reader.ts';
import { readFormat } from './tables.ts';
import type { FromReader, FromWriter, Role, ToReader, ToWriter } from './threads.ts';
import { packOutcomes, unpackJobs } from './worker-codec.ts';
import { type Sealing, SqliteWriter } from './writer.ts';

const role: Role = workerData;
const port = parentPort;
if (port === null) throw new Error('worker.ts runs in a worker thread only');
const driver = await loadDriver(role.drivers);

if (role.role === 'writer') {
  const say = (message: FromWriter): void => port.postMessage(message);
  if (driver.ok) write(driver.open, role, say);
  else say({ refused: driver.error });
} else {
  const say = (message: FromReader): void => port.postMessage(message);
  if (driver.ok) read(driver.open, role.role === 'holder', say);
  else say({ refused: driver.error });
}

function write(
  open: OpenDatabase,
  { folder, freshEpoch, sealing }: { readonly folder: string; readonly freshEpoch: string; readonly sealing: Sealing },
  say: (message: FromWriter) => void,
): void {
  const opened = openFile(open, folder, freshEpoch, (steps) => say({ converting: steps }));
  if (!opened.ok) {
    say({ refused: opened.error });
    return;
  }
  const { file } = opened;
  const writer = new SqliteWriter(file.database, file.commits, file.mark, sealing);
  writer.sweep();
  port?.on('message', (message: ToWriter) => {
    if (message === 'close') {
      file.close();
      port?.close();
      return;
    }
    try {
      say({ outcomes: packOutcomes(writer.apply(unpackJobs(message))) });
    } catch (error) {
      say({ failed: reason(error) });
    }
  });
  say({ epoch: file.epoch });
}

function read(open: OpenDatabase, hold: boolean, say: (message: FromReader) => void): void {
  let reader: SqliteReader | undefined;
  const opened = (epoch: string): SqliteReader => {
    // Opened with the first question, because the writer creates the file.
    reader ??= new SqliteReader(open(databasePath(role.folder), true), epoch);
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
      say({ answer: opened(message.epoch).answer(message.question) });
    } catch (error) {
      say({ failed: reason(error) });
    }
  });
}

function reason(error: unknown): string {
  return errorMessage(error);
}
