// Migrates a database of format 1 (0.1.0: every step in a row, keys as text) to the current format. The new file is written beside the
// old one and replaces it after it is complete and flushed. An interrupted migration leaves the old file unchanged.

import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Answer, Outline, Step } from '../../core/store.ts';
import { syncPath } from '../fsync.ts';
import type { Database, OpenDatabase } from './driver.ts';
import { createTables } from './tables.ts';
import type { Load } from './worker-codec.ts';
import { SqliteWriter } from './writer.ts';

const pageRows = 2_000;

/** Closes `old`, whose file is at `path`. */
export function convert(open: OpenDatabase, old: Database, path: string, onProgress: (steps: number) => void): void {
  const fresh = `${path}.new`;
  for (const left of [fresh, `${fresh}-journal`]) rmSync(left, { force: true });
  let database: Database | undefined;
  try {
    // Checkpoint and end the log: SQLite would take a leftover log for that of the new file, which has the same name.
    old.exec('PRAGMA journal_mode = DELETE');
    database = open(fresh, false);
    // An incomplete file has no value, so it needs no durability.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536');
    const meta = (name: string): string | number =>
      old.prepare('SELECT value FROM meta WHERE name = ?').get<{ value: string | number }>(name)?.value ?? '';
    createTables(database, String(meta('epoch')), Number(meta('commits')));
    copy(old, database, Number(meta('commits')), onProgress);
    database.prepare(`UPDATE meta SET value = ? WHERE name = 'commits'`).run(Number(meta('commits')));
  } finally {
    database?.close();
    old.close();
  }
  syncPath(fresh);
  // The old log is gone before the new file has its name, on the disk too.
  syncPath(dirname(path));
  renameSync(fresh, path);
  syncPath(dirname(path));
}

function copy(old: Database, database: Database, commits: number, onProgress: (steps: number) => void): void {
  const writer = new SqliteWriter(database, commits, () => undefined);
  const load = (job: Load): void => {
    const [outcome] = writer.apply([job]);
    if (outcome?.outcome === 'failed') throw new Error(outcome.reason);
  };
  const steps = old.prepare(`
    SELECT iif(value IS NULL, 'delete', iif(born = seq, 'create', 'update')) AS kind, key, value, time, until AS "end", seq,
      o.name AS origin, at, version, born
    FROM steps s JOIN origins o ON o.id = s.origin WHERE channel = ? ORDER BY seq`);
  const answers = old.prepare('SELECT id AS writeId, seq, steps, at FROM writes WHERE channel = ? ORDER BY id');
  const outlines = old.prepare('SELECT id, name AS channel, seq, version, floor FROM channels ORDER BY id');
  let done = 0;
  for (const { id, ...outline } of outlines.all<Outline & { id: number }>()) {
    const { channel } = outline;
    load({ job: 'load-begin', channel });
    for (const page of pages(steps.iterate<Step>(id))) {
      load({ job: 'load-steps', channel, steps: page });
      done += page.length;
      onProgress(done);
    }
    for (const page of pages(answers.iterate<Answer>(id))) load({ job: 'load-answers', channel, answers: page });
    load({ job: 'load-end', outline });
  }
}

function* pages<Row>(rows: Iterable<Row>): Generator<readonly Row[]> {
  let page: Row[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < pageRows) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
