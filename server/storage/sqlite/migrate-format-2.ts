// Migrates a database of format 2 (0.2.0) to format 3: the same tables with a checksum in each row. One transaction, so an interrupted
// migration leaves the file as it was.

import { unpackKey } from './block.ts';
import {
  type SummedBlock,
  type SummedChannel,
  sumAnswer,
  sumBlock,
  sumChannel,
  sumOrigin,
  sumStep,
} from './checksum.ts';
import type { Database } from './driver.ts';
import { checkFurther } from './row-order.ts';

const pageRows = 1_000;

interface StepRow {
  readonly channel: number;
  readonly seq: number;
  readonly born: number | null;
  readonly time: number | null;
  readonly end: number | null;
  readonly version: number | null;
  readonly origin: number;
  readonly at: number;
  readonly key: string | Uint8Array;
  readonly value: string | null;
}

/** @param onProgress receives the number of rows that have a checksum */
export function addChecksums(database: Database, onProgress: (rows: number) => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const table of ['origins', 'channels', 'steps', 'blocks', 'writes']) {
      database.exec(`ALTER TABLE ${table} ADD COLUMN sum INTEGER`);
    }
    let done = 0;
    const count = (rows: number): void => {
      done += rows;
      onProgress(done);
    };
    sumSmallTables(database);
    sumSteps(database, count);
    sumBlocks(database, count);
    database.prepare(`UPDATE meta SET value = 3 WHERE name = 'format'`).run();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function sumSmallTables(database: Database): void {
  const origin = database.prepare('UPDATE origins SET sum = ? WHERE id = ?');
  for (const { id, name } of database.prepare('SELECT id, name FROM origins').all<{ id: number; name: string }>()) {
    origin.run(sumOrigin(name), id);
  }
  const channel = database.prepare('UPDATE channels SET sum = ? WHERE id = ?');
  const channels = database.prepare(
    'SELECT name, id, seq, version, floor, items, longest, past, sealed, widest FROM channels',
  );
  for (const row of channels.all<SummedChannel & { name: string }>()) channel.run(sumChannel(row.name, row), row.id);
  const answer = database.prepare('UPDATE writes SET sum = ? WHERE channel = ? AND id = ?');
  const answers = database.prepare(
    `SELECT channel, id, seq, steps, at FROM writes WHERE (channel, id) > (?, ?) ORDER BY channel, id LIMIT ${pageRows}`,
  );
  for (let [ofChannel, after] = [0, '']; ; ) {
    const page = answers.all<{ channel: number; id: string; seq: number; steps: number; at: number }>(ofChannel, after);
    for (const row of page) {
      answer.run(sumAnswer(row.channel, row.id, row.seq, row.steps, row.at), row.channel, row.id);
    }
    const last = page.at(-1);
    if (last === undefined) return;
    checkFurther([last.channel, last.id], [ofChannel, after], 'the rows of writes');
    [ofChannel, after] = [last.channel, last.id];
  }
}

function sumSteps(database: Database, count: (rows: number) => void): void {
  const update = database.prepare('UPDATE steps SET sum = ? WHERE channel = ? AND seq = ?');
  const steps = database.prepare(`
    SELECT channel, seq, iif(value IS NULL, NULL, coalesce(born, seq)) AS born, time, until AS "end", version, origin, at, key, value
    FROM steps WHERE (channel, seq) > (?, ?) ORDER BY channel, seq LIMIT ${pageRows}`);
  for (let [channel, after] = [0, 0]; ; ) {
    const page = steps.all<StepRow>(channel, after);
    for (const row of page) {
      update.run(sumStep(row.channel, { ...row, key: unpackKey(row.key) }), row.channel, row.seq);
    }
    count(page.length);
    const last = page.at(-1);
    if (last === undefined) return;
    checkFurther([last.channel, last.seq], [channel, after], 'the rows of steps');
    [channel, after] = [last.channel, last.seq];
  }
}

function sumBlocks(database: Database, count: (rows: number) => void): void {
  const update = database.prepare('UPDATE blocks SET sum = ? WHERE id = ?');
  const blocks = database.prepare(
    'SELECT id, channel, first, last, earliest, latest, reach, count, body FROM blocks WHERE id > ? ORDER BY id LIMIT 16',
  );
  for (let after = 0; ; ) {
    const page = blocks.all<SummedBlock & { id: number; channel: number }>(after);
    for (const row of page) update.run(sumBlock(row.channel, row), row.id);
    count(page.length);
    const last = page.at(-1);
    if (last === undefined) return;
    checkFurther([last.id], [after], 'the rows of blocks');
    after = last.id;
  }
}
