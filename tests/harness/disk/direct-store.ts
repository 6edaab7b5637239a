// The embedded store without its threads: the same data folder, writer, reader and check, called directly, so that a test can open thousands
// of folders. What the threads add is tested in services/storage/sqlite.test.ts.

import type { Answer, Archive, Keep, Outline, Step, Write } from '../../../server/core/store.ts';
import { compactFile, databasePath, openFile, type SqliteFile } from '../../../server/storage/sqlite/data-folder.ts';
import { everyDriver, loadDriver, type OpenDatabase } from '../../../server/storage/sqlite/driver.ts';
import { type ReaderQuestion, SqliteReader } from '../../../server/storage/sqlite/reader.ts';
import { StoreCheck } from '../../../server/storage/sqlite/store-check.ts';
import {
  type Flat,
  packAppend,
  packForget,
  packVacuum,
  unpackJobs,
  type WorkerOutcome,
} from '../../../server/storage/sqlite/worker-codec.ts';
import { SqliteWriter } from '../../../server/storage/sqlite/writer.ts';
import { eager } from '../store-lifetimes.ts';

/** Jobs of one transaction. */
export class Batch {
  readonly jobs: Flat = [];

  append(channel: string, write: Write, keep: Keep): this {
    packAppend(this.jobs, channel, write, keep);
    return this;
  }

  forget(channel: string, through: number): this {
    packForget(this.jobs, channel, through);
    return this;
  }

  vacuum(): this {
    packVacuum(this.jobs, 256);
    return this;
  }
}

export async function driverHere(): Promise<OpenDatabase> {
  const driver = await loadDriver(everyDriver);
  if (!driver.ok) throw new Error(driver.error);
  return driver.open;
}

export type OpenedDirect =
  | { readonly ok: true; readonly store: DirectStore }
  | { readonly ok: false; readonly error: string };

export class DirectStore {
  readonly warnings: readonly string[];
  readonly epoch: string;
  readonly #open: OpenDatabase;
  readonly #folder: string;
  readonly #file: SqliteFile;
  readonly #writer: SqliteWriter;

  private constructor(open: OpenDatabase, folder: string, file: SqliteFile, writer: SqliteWriter) {
    this.#open = open;
    this.#folder = folder;
    this.#file = file;
    this.#writer = writer;
    this.warnings = file.warnings;
    this.epoch = file.epoch;
  }

  /** Opens a folder as the thread of the writer does. */
  static open(open: OpenDatabase, folder: string, freshEpoch = 'fresh', acceptLoss = false): OpenedDirect {
    const opened = openFile(open, folder, { freshEpoch, acceptLoss }, () => undefined);
    if (!opened.ok) return opened;
    const { file } = opened;
    try {
      const writer = new SqliteWriter(file.database, file.commits, file.mark, eager);
      writer.sweep();
      return { ok: true, store: new DirectStore(open, folder, file, writer) };
    } catch (error) {
      file.close();
      return { ok: false, error: `The store in ${folder} cannot be opened (${error}): restore a backup.` };
    }
  }

  apply({ jobs }: Batch): readonly WorkerOutcome[] {
    return this.#writer.apply(unpackJobs(jobs));
  }

  /** Writes the file anew without its free pages. */
  compact(): void {
    compactFile(this.#file.database);
  }

  /** The content of the whole store, read by a connection of its own. */
  contents(): Omit<Archive, 'load'> & { close(): void } {
    const reader = new SqliteReader(this.#open(databasePath(this.#folder), true), this.epoch);
    const ask = <Row>(question: ReaderQuestion): readonly Row[] => {
      const answer = reader.answer(question);
      return Array.isArray(answer) ? answer : [];
    };
    return {
      async *outlines() {
        yield* ask<Outline>({ ask: 'outlines', after: null });
      },
      async *steps(channel) {
        for (let after = 0; ; ) {
          const page = ask<Step>({ ask: 'steps', channel, after });
          if (page.length === 0) return;
          yield page;
          after = page.at(-1)?.seq ?? after;
        }
      },
      async *answers(channel) {
        yield ask<Answer>({ ask: 'answers', channel, after: null });
      },
      close: () => reader.close(),
    };
  }

  /** The places that the check of all checksums finds damaged. */
  damages(): readonly string[] {
    const database = this.#open(databasePath(this.#folder), true);
    try {
      return new StoreCheck(database).run(
        () => 0,
        () => undefined,
      ).found;
    } finally {
      database.close();
    }
  }

  close(): void {
    this.#file.close();
  }
}
