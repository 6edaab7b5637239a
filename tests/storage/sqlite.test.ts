// The contract, kept by the embedded store, and what only a store with a disk, a lock and two threads can promise.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { nanoid } from 'nanoid';
import { type Database, type DriverName, everyDriver, loadDriver } from '../../server/storage/driver.ts';
import { openSqlite, SqliteStore } from '../../server/storage/sqlite.ts';
import { startWorker } from '../../server/storage/sqlite-threads.ts';
import { type Sealing, usualSealing } from '../../server/storage/sqlite-writer.ts';
import { archiveContract } from '../contract/archive.ts';
import { put, storeContract, write } from '../contract/store.ts';
import { seeded, TestWorld } from '../support/world.ts';

/** A world whose names are new in every process, as real ones are. */
const newWorld = () => Object.assign(new TestWorld(), { id: () => nanoid() });
const newFolder = () => mkdtempSync(join(tmpdir(), 'horai-store-'));

async function openIn(folder: string, drivers = everyDriver, sealing = usualSealing): Promise<SqliteStore> {
  const opened = await openSqlite({ folder, world: newWorld(), drivers, sealing });
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

function placeWith(drivers: readonly DriverName[], sealing = usualSealing) {
  const folder = newFolder();
  return { open: () => openIn(folder, drivers, sealing), remove: async () => rmSync(folder, { recursive: true }) };
}

/** So small that everything that is not quite new is in blocks. */
const eager: Sealing = { hot: 1, steps: 3, text: 60 };

storeContract('SqliteStore', () => placeWith(everyDriver));
storeContract('SqliteStore that seals almost everything', () => placeWith(everyDriver, eager));
archiveContract('SqliteStore', () => placeWith(everyDriver));
archiveContract('SqliteStore that seals almost everything', () => placeWith(everyDriver, eager));

if (isBuiltin('node:sqlite')) {
  storeContract('SqliteStore over node:sqlite', () => placeWith(['node:sqlite']));
} else {
  test('where Node has no SQLite and none is installed, the refusal says what to install', async () => {
    const opened = await openSqlite({ folder: newFolder(), world: newWorld(), drivers: ['node:sqlite'] });
    expect(opened).toMatchObject({ ok: false, error: expect.stringContaining('npm install better-sqlite3') });
  });
}

describe('the embedded store', () => {
  const folders: string[] = [];
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function folderHere(): string {
    const folder = newFolder();
    folders.push(folder);
    return folder;
  }

  async function storeIn(folder: string): Promise<SqliteStore> {
    const store = await openIn(folder);
    closing.push(() => store.close());
    return store;
  }

  /** The file itself, behind the store's back. */
  async function fileIn(folder: string): Promise<Database> {
    const driver = await loadDriver(everyDriver);
    if (!driver.ok) throw new Error(driver.error);
    const database = driver.open(join(folder, 'horai.db'), false);
    closing.push(() => database.close());
    return database;
  }

  const refusalIn = async (folder: string): Promise<string> => {
    const opened = await openSqlite({ folder, world: newWorld() });
    if (!opened.ok) return opened.error;
    await opened.store.close();
    return 'opened';
  };

  const commitsIn = (database: Database): number =>
    Number(database.prepare(`SELECT value FROM meta WHERE name = 'commits'`).get<{ value: number }>()?.value);

  test('[ST1] what was acknowledged outlives kill -9, and no write is there by half', async () => {
    const folder = folderHere();
    const random = seeded(9);
    let written = 0;
    const acknowledged = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const script = fileURLToPath(new URL('./writing-child.ts', import.meta.url));
      const tsx = import.meta.resolve('tsx');
      const child = spawn(process.execPath, ['--import', tsx, script, folder, String(written)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: tmpdir(),
      });
      const exited = once(child, 'exit');
      let left = 50 + Math.floor(random() * 2_000);
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.add(line);
        left -= 1;
        if (left === 0 && round === 0)
          expect(await refusalIn(folder)).toContain('Another hub is using the data folder');
        if (left === 0) child.kill('SIGKILL');
      }
      await exited;

      const store = await storeIn(folder);
      const parts = new Map<string, number>();
      for (const { value } of await store.read('alice/tasks', {})) parts.set(value, (parts.get(value) ?? 0) + 1);
      expect([...acknowledged].filter((number) => parts.get(number) !== 3)).toEqual([]);
      expect([...parts.values()].filter((count) => count !== 3)).toEqual([]);
      expect((await store.head('alice/tasks')).seq).toBe(3 * parts.size);
      written = 1 + Math.max(...[...parts.keys()].map(Number));
      await store.close();
    }
    expect(acknowledged.size).toBeGreaterThan(200);
  }, 60_000);

  test('[ST5] writes of one turn share one commit', async () => {
    const folder = folderHere();
    const store = await storeIn(folder);
    const database = await fileIn(folder);
    const before = commitsIn(database);
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => store.append(`c${index % 7}`, write([put(`${index}`, '1')]), 'all')),
    );
    expect(commitsIn(database) - before).toBe(1);
    // More than one batch may hold, and the queue behind it.
    await Promise.all(
      Array.from({ length: 4_500 }, (_, index) => store.append('many', write([put(`${index}`, '1')]), 'all')),
    );
    expect(commitsIn(database) - before).toBe(4);
  });

  test('[ST5] a write that the engine cannot make fails alone', async () => {
    const folder = folderHere();
    const store = await storeIn(folder);
    const database = await fileIn(folder);
    database.exec(
      `CREATE TRIGGER poison BEFORE INSERT ON items WHEN NEW.key = 'poison' BEGIN SELECT RAISE(ABORT, 'poisoned'); END`,
    );
    const keys = ['a', 'poison', 'b'];
    const settled = await Promise.allSettled(
      keys.map((key) => store.append('tasks', write([put(`${key}-too`, '1'), put(key, '1')], { writeId: key }), 'all')),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { message: 'The store could not write: poisoned.' } });
    expect((await store.history('tasks', {})).map(({ key, seq }) => [key, seq])).toEqual([
      ['a-too', 1],
      ['a', 2],
      ['b-too', 3],
      ['b', 4],
    ]);
    database.exec('DROP TRIGGER poison');
    const again = await store.append('tasks', write([put('poison', '1')], { writeId: 'poison' }), 'all');
    expect(again).toMatchObject({ replayed: false, position: { seq: 5 } });
  });

  test('check rejects with the reason while writing does not work, and resolves when it does again', async () => {
    const folder = folderHere();
    const store = await storeIn(folder);
    const database = await fileIn(folder);
    database.exec(`CREATE TRIGGER full BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'disk is full'); END`);
    await expect(store.check()).rejects.toThrow('disk is full');
    await expect(store.append('tasks', write([put('a', '1')]), 'all')).rejects.toThrow('disk is full');
    database.exec('DROP TRIGGER full');
    await store.check();
    expect(await store.head('tasks')).toMatchObject({ seq: 0 });
    expect(await store.append('tasks', write([put('a', '1')]), 'all')).toMatchObject({ position: { seq: 1 } });
  });

  test.each([
    'writer',
    'reader',
  ] as const)('when the %s dies, who waits is told and nothing more is taken', async (role) => {
    const folder = folderHere();
    const threads = {
      writer: startWorker({ role: 'writer', folder, freshEpoch: 'e', drivers: everyDriver, sealing: usualSealing }),
      reader: startWorker({ role: 'reader', folder, drivers: everyDriver }),
    };
    await once(threads.writer, 'message');
    const world = newWorld();
    const store = new SqliteStore(threads.writer, threads.reader, 'e', { folder, world, drivers: everyDriver });
    await store.append('tasks', write([put('a', '1')]), 'all');
    const ended = once(threads[role], 'exit');
    await threads[role].terminate();
    const waiting = store.append('tasks', write([put('b', '1')]), 'all');
    await expect(waiting).rejects.toThrow('has stopped');
    await ended;
    await expect(store.head('tasks')).rejects.toThrow('has stopped');
    await expect(store.check()).rejects.toThrow('has stopped');
    expect(world.lines.map(({ level }) => level)).toEqual(['error']);
    await store.close();
    const next = await storeIn(folder);
    expect((await next.read('tasks', {})).map(({ key }) => key)).toEqual(['a']);
  });

  test('close keeps what was given before it and refuses what comes after', async () => {
    const folder = folderHere();
    const store = await storeIn(folder);
    const given = Array.from({ length: 3_000 }, (_, index) =>
      store.append('tasks', write([put(`${index}`, '1')]), 'all'),
    );
    const asked = store.read('tasks', { limit: 1 });
    const closed = store.close();
    await expect(store.append('tasks', write([put('late', '1')]), 'all')).rejects.toThrow('closed');
    await expect(store.head('tasks')).rejects.toThrow('closed');
    await Promise.all([...given, asked, closed, store.close()]);
    expect(await (await storeIn(folder)).head('tasks')).toMatchObject({ seq: 3_000 });
  });

  test('a second hub on the folder is refused until the first has closed', async () => {
    const folder = folderHere();
    const first = await storeIn(folder);
    expect(await refusalIn(folder)).toBe(
      `Another hub is using the data folder ${folder}: stop it first, or choose another folder with HORAI_DATA.`,
    );
    await first.append('tasks', write([put('a', '1')]), 'all');
    await first.close();
    expect(await refusalIn(folder)).toBe('opened');
  });

  test('a folder of a newer format is refused and left as it is', async () => {
    const folder = folderHere();
    await (await storeIn(folder)).close();
    const database = await fileIn(folder);
    database.exec(`UPDATE meta SET value = 3 WHERE name = 'format'`);
    expect(await refusalIn(folder)).toBe(
      `The data folder ${folder} was written by a newer Horai (format 3; this one reads 2): ` +
        'install the newer Horai, or choose another folder with HORAI_DATA.',
    );
    expect(await refusalIn(folder)).toContain('newer Horai');
  });

  test('a folder that cannot be made, or holds something else, is refused in a sentence', async () => {
    const folder = folderHere();
    writeFileSync(join(folder, 'file'), 'in the way');
    expect(await refusalIn(join(folder, 'file', 'data'))).toMatch(
      /^The data folder .* cannot be used \(.*\): choose another with HORAI_DATA\.$/,
    );
    writeFileSync(
      join(folder, 'horai.db'),
      'not a database at all, but some text of a hundred bytes or more '.repeat(20),
    );
    expect(await refusalIn(folder)).toMatch(/^The data folder .* cannot be used \(.*not a database.*\)/);
  });

  test('[ST13] a folder that was copied, or given an older database, is another epoch', async () => {
    const folder = folderHere();
    const first = await storeIn(folder);
    await first.append('tasks', write([put('a', '1')]), 'all');
    await first.close();
    copyFileSync(join(folder, 'horai.db'), join(folder, 'backup'));
    const second = await storeIn(folder);
    expect(second.epoch).toBe(first.epoch);
    await second.append('tasks', write([put('b', '1')]), 'all');
    await second.close();

    const copy = folderHere();
    cpSync(folder, copy, { recursive: true });
    const copied = await storeIn(copy);
    expect(copied.epoch).not.toBe(first.epoch);

    copyFileSync(join(folder, 'backup'), join(folder, 'horai.db'));
    const restored = await storeIn(folder);
    expect(restored.epoch).not.toBe(first.epoch);
    expect((await restored.read('tasks', {})).map(({ key }) => key)).toEqual(['a']);
    await restored.close();
    expect((await storeIn(folder)).epoch).toBe(restored.epoch);
  });

  test('[ST4] a write id is remembered for thirty days of the hub’s clock', async () => {
    const store = await storeIn(folderHere());
    const day = 24 * 60 * 60 * 1000;
    const begin = 1_767_600_000_000;
    const at = (days: number, writeId: string) =>
      store.append('tasks', write([put(writeId, String(days))], { writeId, at: begin + days * day }), 'all');
    await at(0, 'old');
    await at(29, 'other');
    expect(await at(29, 'old')).toMatchObject({ replayed: true });
    await at(31, 'third');
    expect(await at(31, 'old')).toMatchObject({ replayed: false });
    expect(await at(31, 'other')).toMatchObject({ replayed: true });
  });

  test('[ST6] a newcomer to a channel with a long past gets the same as one without', async () => {
    const store = await storeIn(folderHere());
    const ops = Array.from({ length: 200 }, (_, index) => put(`k${index % 3}`, String(index)));
    await store.append('all', write(ops), 'all');
    await store.append('last', write(ops), 'last');
    for (const limit of [2, 10])
      expect(await store.since('all', 0, limit)).toEqual(await store.since('last', 0, limit));
  });
});
