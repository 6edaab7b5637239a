// Bytes of the live store that change behind the hub's back: found at the read, at the start or by the check, never returned as a value.

import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Store } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { type Database, everyDriver, loadDriver, type OpenDatabase } from '../../../server/storage/sqlite/driver.ts';
import { type ReaderQuestion, SqliteReader } from '../../../server/storage/sqlite/reader.ts';
import { openSqlite, type SqliteStore } from '../../../server/storage/sqlite/store.ts';
import { StoreCheck } from '../../../server/storage/sqlite/store-check.ts';
import { verifyFolder } from '../../../server/storage/sqlite/verify-folder.ts';
import { put, remove, write } from '../../contract/store.ts';
import { DirectStore, driverHere } from '../../harness/disk/direct-store.ts';
import { eager, lifeAt } from '../../harness/store-lifetimes.ts';
import { seeded, TestWorld } from '../../harness/world.ts';

const folders: string[] = [];
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'horai-damage-'));
  folders.push(folder);
  return folder;
}

async function openIn(folder: string): Promise<SqliteStore> {
  const opened = await openSqlite({ folder, world: new TestWorld(), sealing: eager });
  if (!opened.ok) throw new Error(opened.error);
  closing.push(() => opened.store.close());
  return opened.store;
}

/** Opens the database file directly, without the store. */
async function fileIn(folder: string): Promise<Database> {
  const driver = await loadDriver(everyDriver);
  if (!driver.ok) throw new Error(driver.error);
  return driver.open(join(folder, 'horai.db'), false);
}

/** The same writes in each store: history, sealed blocks, deletes, spans and write ids. */
async function fill(stores: readonly Store[]): Promise<void> {
  for (const store of stores) {
    for (let number = 0; number < 60; number += 1) {
      await store.append('ann/wakatime', { ops: lifeAt(number), origin: `o${number % 3}`, at: 1_000 + number }, 'last');
      const ops = [put(`task ${number % 9}`, JSON.stringify({ desc: `number ${number}` }), { time: number })];
      await store.append(
        'ann/tasks',
        write(number % 7 === 6 ? [remove('task 3')] : ops, { writeId: `w${number}` }),
        'all',
      );
    }
  }
}

/** Every answer of a store, or `refused` where it gives none. Pages and orders of all kinds. */
async function answersOf(store: Store): Promise<readonly unknown[]> {
  const asked: readonly (() => Promise<unknown>)[] = [
    () => store.channels(''),
    ...['ann/wakatime', 'ann/tasks'].flatMap((channel) => [
      () => store.head(channel).then(({ epoch: _, ...head }) => head),
      () => store.read(channel, {}),
      () => store.read(channel, { from: 10, to: 30 }),
      () => store.read(channel, { from: 0, newest: true, limit: 20 }),
      () => store.read(channel, { key: '33' }),
      () => store.read(channel, { key: 'task 4' }),
      () => store.since(channel, 0, 1_000).then((since) => (since.ok ? since.changes : since.reason)),
      () => store.since(channel, 40, 1_000).then((since) => (since.ok ? since.changes : since.reason)),
      () => store.history(channel, { limit: 50 }),
      () => store.history(channel, { key: 'task 4', newest: true }),
      () => store.at(channel, 50),
    ]),
  ];
  return Promise.all(asked.map((ask) => ask().catch(() => 'refused')));
}

describe('a flipped byte in a row', () => {
  test.each([
    [
      'the value of a step',
      `UPDATE steps SET value = replace(value, 'number 59', 'number 58') WHERE value LIKE '%number 59%'`,
    ],
    ['the key of a step', `UPDATE steps SET key = 'task x' WHERE key = 'task 4' AND seq > 50`],
    ['the time of a step', `UPDATE steps SET time = time + 1 WHERE key = 'task 4'`],
    ['the device of a step', `UPDATE steps SET origin = 1 + origin % 3 WHERE key = 'task 4'`],
    ['the moment of a step', `UPDATE steps SET at = at + 1 WHERE key = 'task 4'`],
    ['the end of a block', `UPDATE blocks SET body = substr(body, 1, length(body) - 3) || x'00' || substr(body, -2)`],
    ['the extent of a block', 'UPDATE blocks SET latest = latest + 5'],
    ['the position of a channel', `UPDATE channels SET seq = seq + 1 WHERE name = 'ann/tasks'`],
    ['what an item names', `UPDATE items SET seq = seq - 1 WHERE key = 'task 4'`],
    ['the name of a device', `UPDATE origins SET name = name || 'x'`],
    ['the answer to a write', 'UPDATE writes SET seq = seq + 1'],
  ])('%s is never returned as a value, and the check names it', async (_, sql) => {
    const folder = newFolder();
    const model = new MemoryStore({ epoch: 'model' });
    const first = await openIn(folder);
    await fill([model, first]);
    expect(await answersOf(first)).toEqual(await answersOf(model));
    await first.close();
    const file = await fileIn(folder);
    file.exec(sql);
    file.close();
    const store = await openIn(folder);
    const damages: string[] = [];
    store.onDamage((found) => damages.push(found));
    const [expected, answers] = [await answersOf(model), await answersOf(store)];
    for (const [index, answer] of answers.entries()) expectNothingWrong(answer, expected[index]);
    const again = await store
      .append('ann/tasks', write([put('task 8', '1')], { writeId: 'w5' }), 'all')
      .then((appended) => ({ ...appended, position: appended.position.seq }))
      .catch(() => 'refused');
    if (again !== 'refused') {
      const known = await model.append('ann/tasks', write([put('task 8', '1')], { writeId: 'w5' }), 'all');
      expect(again).toEqual({ ...known, position: known.position.seq });
    }
    if (answers.includes('refused')) expect(damages.length).toBeGreaterThan(0);
    const { found } = await store.verify();
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(/^the store is damaged: /);
  });
});

test('a database that can only be read is refused at the start, with a sentence', async () => {
  const folder = newFolder();
  await (await openIn(folder)).close();
  const open = await driverHere();
  const readOnly: OpenDatabase = (path, isReader) => open(path, isReader || path.endsWith('horai.db'));
  expect(DirectStore.open(readOnly, folder)).toEqual({
    ok: false,
    error: `The data folder ${folder} cannot be used (attempt to write a readonly database): choose another with HORAI_DATA.`,
  });
  const opened = DirectStore.open(open, folder);
  expect(opened.ok).toBe(true);
  if (opened.ok) opened.store.close();
});

test('the check of a file whose rows come round again ends, and names the table', async () => {
  const folder = newFolder();
  const first = await openIn(folder);
  await fill([first]);
  await first.close();
  const file = await fileIn(folder);
  // As a page of the file that points back to an earlier one.
  const again: Database = {
    exec: (sql) => file.exec(sql),
    close: () => file.close(),
    prepare: (sql) =>
      file.prepare(sql.replace('WHERE (channel, seq) > (?, ?)', 'WHERE (channel, seq) > (? * 0, ? * 0)')),
  };
  const { found } = new StoreCheck(again).run(
    () => 0,
    () => undefined,
  );
  expect(found).toEqual(['the store is damaged: the rows of steps are not in order']);
  file.close();
});

test('any byte of the file that is flipped makes no value wrong, and the check finds what an answer lacks', async () => {
  const folder = newFolder();
  const first = await openIn(folder);
  await fill([first]);
  await first.close();
  const driver = await loadDriver(everyDriver);
  if (!driver.ok) throw new Error(driver.error);
  const [path, whole] = [join(folder, 'horai.db'), join(folder, 'whole')];
  // Without the log: the file alone is the store.
  const file = driver.open(path, false);
  file.exec('PRAGMA journal_mode = DELETE');
  file.close();
  copyFileSync(path, whole);
  /** The answers of the file as it is now; undefined if it cannot be opened. */
  const look = () => {
    try {
      const database = driver.open(path, false);
      try {
        const reader = new SqliteReader(database, 'e');
        const answers = questions.map((question) => attempt(() => JSON.stringify(reader.answer(question))));
        return {
          answers,
          found: new StoreCheck(database).run(
            () => 0,
            () => undefined,
          ).found,
        };
      } finally {
        database.close();
      }
    } catch {
      return undefined;
    }
  };
  const intact = look();
  expect(intact?.found).toEqual([]);
  const random = seeded(16);
  const { size } = statSync(path);
  let noticed = 0;
  for (let round = 0; round < 400; round += 1) {
    copyFileSync(whole, path);
    const at = Math.floor(random() * size);
    flip(path, at, 1 << Math.floor(random() * 8));
    const seen = look();
    const isNoticed = seen === undefined || seen.found.length > 0;
    if (isNoticed) noticed += 1;
    // Bytes that nothing uses, such as the free space of a page, change nothing.
    if (!isNoticed) expect({ at, answers: seen.answers }).toEqual({ at, answers: intact?.answers });
  }
  expect(noticed).toBeGreaterThan(50);
});

const questions: readonly ReaderQuestion[] = ['ann/wakatime', 'ann/tasks'].flatMap((channel): ReaderQuestion[] => [
  { ask: 'head', channel },
  { ask: 'read', channel, range: {} },
  { ask: 'read', channel, range: { from: 0, to: 50 } },
  { ask: 'since', channel, seq: 0, limit: 1_000, page: {} },
  { ask: 'since', channel, seq: 30, limit: 1_000, page: {} },
  { ask: 'history', channel, past: {} },
  { ask: 'at', channel, seq: 40 },
  { ask: 'answers', channel, after: null },
]);

function attempt(act: () => string): string {
  try {
    return act();
  } catch {
    return 'refused';
  }
}

/** An answer may lack what cannot be read, or be refused. What it has is as it was written. */
function expectNothingWrong(answer: unknown, expected: unknown): void {
  if (answer === 'refused') return;
  if (!Array.isArray(answer) || !Array.isArray(expected)) {
    expect(answer).toEqual(expected);
    return;
  }
  const right = new Set(expected.map((one) => JSON.stringify(one)));
  expect(answer.filter((one) => !right.has(JSON.stringify(one)))).toEqual([]);
}

test('the check finds an intact store intact while it is written, and counts its steps', async () => {
  const store = await openIn(newFolder());
  await fill([store]);
  let number = 60;
  let isChecking = true;
  const writing = (async () => {
    for (; isChecking; number += 1) {
      await store.append('ann/wakatime', { ops: lifeAt(number), origin: 'o', at: number }, 'last');
    }
  })();
  const { found, steps, channels } = await store.verify();
  isChecking = false;
  await writing;
  expect([found, channels]).toEqual([[], 2]);
  expect(steps).toBeGreaterThan(100);
});

test('a folder without a running hub is checked too, and one without a store is refused', async () => {
  const folder = newFolder();
  expect(await verifyFolder(folder)).toMatchObject({ ok: false, error: expect.stringContaining('has no store') });
  const store = await openIn(folder);
  await fill([store]);
  await store.close();
  expect(await verifyFolder(folder)).toMatchObject({ ok: true, outcome: { channels: 2, found: [] } });
});

function flip(path: string, at: number, mask: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ mask;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}
