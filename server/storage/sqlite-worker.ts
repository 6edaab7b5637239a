// What runs in the two worker threads of the embedded store: `writer` owns the file and applies batches, `reader` answers
// questions. Only messages here; the SQL is in sqlite-writer.ts and sqlite-reader.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { loadDriver } from './driver.ts';
import { databasePath, openFile } from './sqlite-file.ts';
import { packOutcomes, unpackJobs } from './sqlite-jobs.ts';
import { SqliteReader } from './sqlite-reader.ts';
import type { FromReader, FromWriter, Role, ToReader, ToWriter } from './sqlite-threads.ts';
import { SqliteWriter } from './sqlite-writer.ts';

const role: Role = workerData;
const port = parentPort;
if (port === null) throw new Error('sqlite-worker.ts runs in a worker thread only');
const driver = await loadDriver(role.drivers);

if (role.role === 'writer') {
  const say = (message: FromWriter): void => port.postMessage(message);
  const opened = driver.ok ? openFile(driver.open, role.folder, role.freshEpoch) : driver;
  if (!opened.ok) say({ refused: opened.error });
  else {
    const { file } = opened;
    const writer = new SqliteWriter(file.database, file.commits, file.mark);
    port.on('message', (message: ToWriter) => {
      if (message !== 'close') {
        try {
          say({ outcomes: packOutcomes(writer.apply(unpackJobs(message))) });
        } catch (error) {
          say({ failed: error instanceof Error ? error.message : String(error) });
        }
        return;
      }
      file.close();
      port.close();
    });
    say({ epoch: file.epoch });
  }
} else if (driver.ok) {
  const say = (message: FromReader): void => port.postMessage(message);
  let reader: SqliteReader | undefined;
  port.on('message', (message: ToReader) => {
    if (message === 'close') {
      reader?.close();
      port.close();
      return;
    }
    // Only now: the writer makes the file.
    reader ??= new SqliteReader(driver.open(databasePath(role.folder), true), message.epoch);
    try {
      say({ answer: reader.answer(message.question) });
    } catch (error) {
      say({ failed: error instanceof Error ? error.message : String(error) });
    }
  });
}
