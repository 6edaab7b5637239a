// Space that the store gives back to the disk, and the watch over the disk's free space.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { OperatorEvents } from '../../../server/core/operator-events.ts';
import { FreeSpace } from '../../../server/storage/free-space.ts';
import { databasePath } from '../../../server/storage/sqlite/data-folder.ts';
import { loadDriver } from '../../../server/storage/sqlite/driver.ts';
import { openSqlite, type SqliteStore } from '../../../server/storage/sqlite/store.ts';
import { put, remove, write } from '../../contract/store.ts';
import { settle } from '../../harness/kronos.ts';
import { TestWorld } from '../../harness/world.ts';

let folder: string;
let world: TestWorld;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'horai-space-'));
  world = new TestWorld();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(): Promise<SqliteStore> {
  const opened = await openSqlite({ folder, world });
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

const large = JSON.stringify('x'.repeat(500_000));
const keys = Array.from({ length: 12 }, (_, at) => `${at}`);

async function fillAndEmpty(store: SqliteStore): Promise<void> {
  for (const key of keys) await store.append('ann/aw/b', write([put(key, large)]), 'last');
  await store.append('ann/aw/b', write(keys.map(remove)), 'last');
  await store.append('ann/notes', write([put('kept', '"value"')]), 'all');
}

test('the file shrinks by itself after data is removed, in steps between which others write', async () => {
  const store = await open();
  await fillAndEmpty(store);
  const before = await store.size();
  world.pass(60_000);
  for (let step = 0; step < 40; step += 1) {
    // The step is a job of the writer: what is written after it is committed after it.
    await store.append('ann/notes', write([put('kept', `"${step}"`)]), 'last');
    await settle();
    world.pass(200);
  }
  await store.close();
  const again = await open();
  expect(before).toBeGreaterThan(6_000_000);
  expect(await again.size()).toBeLessThan(1_000_000);
  expect(await again.read('ann/notes', {})).toMatchObject([{ key: 'kept', value: '"39"' }]);
  await again.close();
});

test('compact writes the file anew; what was acknowledged is there, and the epoch stays', async () => {
  const store = await open();
  await fillAndEmpty(store);
  const during = store.append('ann/notes', write([put('during', '1')]), 'all');
  const { before, after } = await store.compact();
  await during;
  expect(before).toBeGreaterThan(6_000_000);
  expect(after).toBeLessThan(1_000_000);
  const { epoch } = store;
  await store.close();
  const again = await open();
  expect(again.epoch).toBe(epoch);
  expect((await again.read('ann/notes', {})).map(({ key }) => key)).toEqual(['during', 'kept']);
  await again.close();
});

test('a small file of an earlier version is prepared for that when it is opened', async () => {
  const store = await open();
  await store.append('ann/notes', write([put('kept', '1')]), 'all');
  await store.close();
  const driver = await loadDriver(['better-sqlite3', 'node:sqlite']);
  if (!driver.ok) throw new Error(driver.error);
  const mode = () => database.prepare('PRAGMA auto_vacuum').get<{ auto_vacuum: number }>()?.auto_vacuum;
  let database = driver.open(databasePath(folder), false);
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM');
  expect(mode()).toBe(0);
  database.close();
  const again = await open();
  expect(await again.read('ann/notes', {})).toHaveLength(1);
  await again.close();
  database = driver.open(databasePath(folder), false);
  expect(mode()).toBe(2);
  database.close();
});

test('[Q4.2] the disk is looked at every second: below the floor it is full, and above it is not', async () => {
  let free = 100;
  const space = await FreeSpace.watch({ folder, floor: 200, world, read: async () => free });
  const events = new OperatorEvents(world);
  const heard: unknown[] = [];
  events.listen((event) => heard.push(event));
  space.reportTo(events);
  expect(space.refusal()).toMatchObject({ code: 'disk', limit: { name: 'disk_floor', size: 200 } });
  free = 200;
  world.pass(1_000);
  await settle();
  expect(space.refusal()).toBeUndefined();
  for (free = 199; free > 196; free -= 1) {
    world.pass(1_000);
    await settle();
    expect(space.refusal()).toBeDefined();
  }
  // Each change is reported once.
  expect(heard).toEqual([
    { event: 'disk_low', folder, freeBytes: 100, floorBytes: 200 },
    { event: 'disk_has_space', folder, freeBytes: 200, floorBytes: 200 },
    { event: 'disk_low', folder, freeBytes: 199, floorBytes: 200 },
  ]);
  expect(world.lines.map(({ level }) => level)).toEqual(['error', 'warn', 'error']);
  space.close();
});
