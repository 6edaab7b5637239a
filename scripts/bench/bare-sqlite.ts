// The control of our store: one better-sqlite3 worker that inserts the same rows with prepared statements, one transaction a batch, and
// reads nothing. It has no contract, no refusals and no second reader.

import { Worker } from 'node:worker_threads';
import type { Keep } from '../../server/core/store.ts';

export interface Appender {
  append(channel: number, key: string, value: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Remembers all keys in memory and never reads the file. The hub cannot do that. */
const bareWorker = `
  import { createRequire } from 'node:module';
  import { parentPort, workerData } from 'node:worker_threads';
  const Database = createRequire(workerData.from)('better-sqlite3');
  const db = new Database(workerData.file);
  db.exec(\`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;
    CREATE TABLE items (channel INTEGER NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (channel, key)) WITHOUT ROWID;
    CREATE TABLE steps (channel INTEGER NOT NULL, seq INTEGER NOT NULL, prev INTEGER, born INTEGER, time INTEGER, until INTEGER,
      version INTEGER, origin INTEGER NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL, value TEXT,
      PRIMARY KEY (channel, seq)) WITHOUT ROWID;
    CREATE INDEX steps_by_time ON steps (channel, time) WHERE time IS NOT NULL;\`);
  const insertItem = db.prepare('INSERT INTO items VALUES (?, ?, ?)');
  const moveItem = db.prepare('UPDATE items SET seq = ? WHERE channel = ? AND key = ?');
  const insertStep = db.prepare('INSERT INTO steps VALUES (?, ?, NULL, ?, NULL, NULL, NULL, 1, ?, ?, ?)');
  const deleteStep = db.prepare('DELETE FROM steps WHERE channel = ? AND seq = ?');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const seqs = [];
  const last = new Map();
  parentPort.on('message', (batch) => {
    begin.run();
    const answer = [];
    for (let i = 0; i < batch.length; i += 4) {
      const channel = batch[i], key = batch[i + 1], value = batch[i + 2], at = batch[i + 3];
      const seq = (seqs[channel] ?? 0) + 1;
      seqs[channel] = seq;
      if (workerData.keep === 'last') {
        const name = channel + ' ' + key;
        const old = last.get(name);
        last.set(name, seq);
        if (old === undefined) insertItem.run(channel, key, seq);
        else { moveItem.run(seq, channel, key); deleteStep.run(channel, old); }
      } else insertItem.run(channel, key, seq);
      insertStep.run(channel, seq, seq, at, key, value);
      answer.push(seq);
    }
    commit.run();
    parentPort.postMessage(answer);
  });`;

export async function openBare(file: string, keep: Keep): Promise<Appender> {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(bareWorker)}`), {
    workerData: { file, keep, from: import.meta.url },
    execArgv: [],
  });
  let growing: { batch: (string | number)[]; waiting: ((seq: number) => void)[] } = { batch: [], waiting: [] };
  let sent: ((seq: number) => void)[] = [];
  const send = (): void => {
    if (sent.length > 0 || growing.waiting.length === 0) return;
    worker.postMessage(growing.batch);
    sent = growing.waiting;
    growing = { batch: [], waiting: [] };
  };
  worker.on('message', (seqs: number[]) => {
    const answered = sent;
    sent = [];
    send();
    answered.forEach((answer, index) => {
      answer(seqs[index] ?? 0);
    });
  });
  return {
    append: (channel, key, value) =>
      new Promise<number>((answer) => {
        if (growing.waiting.length === 0) setImmediate(send);
        growing.batch.push(channel, key, value, Date.now());
        growing.waiting.push(answer);
      }),
    close: () => worker.terminate(),
  };
}
