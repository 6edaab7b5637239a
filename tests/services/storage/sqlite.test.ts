// The contract of stores on the embedded store, and its further guarantees: disk, lock and two threads.

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { nanoid } from 'nanoid';
import { contentHashes, differing } from '../../../server/storage/archive/archive.ts';
import { restoreArchive } from '../../../server/storage/archive/archive-file.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { type Database, type DriverName, everyDriver, loadDriver } from '../../../server/storage/sqlite/driver.ts';
import { type OpenedSqlite, openSqlite, SqliteStore } from '../../../server/storage/sqlite/store.ts';
import { startWorker } from '../../../server/storage/sqlite/threads.ts';
import { usualSealing } from '../../../server/storage/sqlite/writer.ts';
import { answersOf, archiveContract, writeRandomly } from '../../contract/archive.ts';
import { put, remove, storeContract, write } from '../../contract/store.ts';
import { expectEqual } from '../../harness/expect-equal.ts';
import { eager, lifeAt } from '../../harness/store-lifetimes.ts';
import { seeded, TestWorld } from '../../harness/world.ts';

/** A world whose ids are unique over processes, like those of the real one. */
const newWorld = () => Object.assign(new TestWorld(), { id: () => nanoid() });
function reopened(opened: OpenedSqlite) {
  if (!opened.ok) throw new Error(opened.error);
  return opened.store.close().then(() => opened);
}
/**
 * A file system in memory where there is one with a gibibyte free, since each commit waits for the disk otherwise: minutes, all in all.
 * Files survive the kill of a process there too. disk-faults.cc.test.ts tests the bytes that reach a disk.
 */
const inMemory = '/dev/shm';
const { bsize, bavail } = existsSync(inMemory) ? statfsSync(inMemory) : { bsize: 0, bavail: 0 };
const parent = bsize * bavail >= 2 ** 30 ? inMemory : tmpdir();
const newFolder = () => mkdtempSync(join(parent, 'horai-store-'));

async function openIn(folder: string, drivers = everyDriver, sealing = usualSealing): Promise<SqliteStore> {
  const opened = await openSqlite({ folder, world: newWorld(), drivers, sealing });
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

function placeWith(drivers: readonly DriverName[], sealing = usualSealing) {
  const folder = newFolder();
  return { open: () => openIn(folder, drivers, sealing), remove: async () => rmSync(folder, { recursive: true }) };
}

storeContract('SqliteStore', () => placeWith(everyDriver));
storeContract('SqliteStore that seals almost everything', () => placeWith(everyDriver, eager));
archiveContract('SqliteStore', () => placeWith(everyDriver));
archiveContract('SqliteStore that seals almost everything', () => placeWith(everyDriver, eager));

if (isBuiltin('node:sqlite')) {
  storeContract('SqliteStore over node:sqlite', () => placeWith(['node:sqlite']));
} else {
  test('without any SQLite driver the error names what to install', async () => {
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

  /** Opens the database file directly, without the store. */
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

  test('[ST1] acknowledged writes survive kill -9, and no write is stored in part', async () => {
    const folder = folderHere();
    const random = seeded(9);
    let written = 0;
    const acknowledged = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const script = fileURLToPath(new URL('../../harness/writing-child.ts', import.meta.url));
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

  test('[ST1] blocks that are sealed and unsealed all the time survive kill -9', async () => {
    const folder = folderHere();
    const random = seeded(23);
    let written = 0;
    for (let round = 0; round < 5; round += 1) {
      const script = fileURLToPath(new URL('../../harness/writing-child.ts', import.meta.url));
      const tsx = import.meta.resolve('tsx');
      const child = spawn(process.execPath, ['--import', tsx, script, folder, String(written), 'life'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: tmpdir(),
      });
      const exited = once(child, 'exit');
      let left = 30 + Math.floor(random() * 600);
      for await (const line of createInterface({ input: child.stdout })) {
        written = Math.max(written, Number(line) + 1);
        left -= 1;
        if (left === 0) child.kill('SIGKILL');
      }
      await exited;

      const store = await openIn(folder, everyDriver, eager);
      closing.push(() => store.close());
      // Writes that were committed but not acknowledged count, too.
      const { seq } = await store.head('alice/wakatime');
      const model = new MemoryStore({ epoch: store.epoch });
      let number = 0;
      for (; (await model.head('alice/wakatime')).seq < seq; number += 1) {
        await model.append('alice/wakatime', { ops: lifeAt(number), origin: 'child', at: number }, 'last');
      }
      expect(number).toBeGreaterThanOrEqual(written);
      written = number;
      expect(differing(await contentHashes(model), await contentHashes(store))).toEqual([]);
      for (const range of [{}, { from: 0 }, { from: 40, to: 60, newest: true }]) {
        expect(await store.read('alice/wakatime', range)).toEqual(await model.read('alice/wakatime', range));
      }
      for (const after of [0, 1, Math.floor(seq / 2), seq - 3]) {
        expect(await store.since('alice/wakatime', after, 10_000)).toEqual(
          await model.since('alice/wakatime', after, 10_000),
        );
      }
      await store.close();
    }
    expect(written).toBeGreaterThan(150);
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
    // More than fits into one batch and the queue behind it.
    await Promise.all(
      Array.from({ length: 4_500 }, (_, index) => store.append('many', write([put(`${index}`, '1')]), 'all')),
    );
    expect(commitsIn(database) - before).toBe(4);
  });

  test('[ST5] a write that SQLite refuses fails alone', async () => {
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

  test('check rejects with the reason while writes fail, and resolves when they work again', async () => {
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
  ] as const)('when the %s dies, waiting calls fail and new ones are refused', async (role) => {
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
    await expect(waiting).rejects.toThrow('The store stopped');
    await ended;
    await expect(store.head('tasks')).rejects.toThrow('The store stopped');
    await expect(store.check()).rejects.toThrow('The store stopped');
    expect(world.lines.map(({ level }) => level)).toEqual(['error']);
    await store.close();
    const next = await storeIn(folder);
    expect((await next.read('tasks', {})).map(({ key }) => key)).toEqual(['a']);
  });

  test('its size is the size of its files, including the log', async () => {
    const store = await storeIn(folderHere());
    const before = await store.size();
    expect(before).toBeGreaterThan(0);
    await store.append('tasks', write([put('a', JSON.stringify('x'.repeat(100_000)))]), 'all');
    expect(await store.size()).toBeGreaterThan(before + 100_000);
    await store.close();
  });

  test('close stores the writes given before it and refuses later ones', async () => {
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

  /** A data folder of an early Horai (format 1: 0.1.0; format 2: 0.2.0), and a model with its content. */
  async function oldFolder(format: 1 | 2 = 1): Promise<{ folder: string; epoch: string; model: MemoryStore }> {
    const folder = folderHere();
    const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/storage/${name}`, import.meta.url));
    writeFileSync(join(folder, 'horai.db'), gunzipSync(readFileSync(fixture(`format-${format}.db.gz`))));
    const database = await fileIn(folder);
    const epoch = database.prepare(`SELECT value FROM meta WHERE name = 'epoch'`).get<{ value: string }>()?.value ?? '';
    writeFileSync(join(folder, 'mark'), `${statSync(join(folder, 'horai.db')).ino} ${commitsIn(database)}`.padEnd(40));
    database.close();
    const model = new MemoryStore({ epoch: 'model' });
    const restored = await restoreArchive(fixture('format-1.backup'), model, () => undefined);
    if (!restored.ok) throw new Error(restored.error);
    return { folder, epoch, model };
  }

  test.each([
    1, 2,
  ] as const)('a folder of format %d is migrated when it is opened, and loses nothing', async (format) => {
    const { folder, epoch, model } = await oldFolder(format);
    writeFileSync(join(folder, 'horai.db.new'), 'what a conversion left that was cut off');
    const store = await storeIn(folder);
    expect(store.epoch).toBe(epoch);
    expect(differing(await contentHashes(model), await contentHashes(store))).toEqual([]);
    expectEqual(await answersOf(store), await answersOf(model));
    await writeRandomly([model, store], 42, 60);
    expect(differing(await contentHashes(model), await contentHashes(store))).toEqual([]);
    expect(await store.verify()).toMatchObject({ found: [] });
    await store.close();
    if (format === 2) rmSync(join(folder, 'horai.db.new'));
    expect(readdirSync(folder).sort()).toEqual(['before-upgrade', 'horai.db', 'lock.db', 'mark']);
    expect(readdirSync(join(folder, 'before-upgrade'))).toEqual([`horai-format-${format}.db`]);
    expect((await storeIn(folder)).epoch).toBe(epoch);
  }, 60_000);

  test.each([
    [1, 'before-upgrade', 'horai-format-1.db.part'],
    [1, 'before-upgrade', 'horai-format-1.db'],
    [1, '.', 'horai.db.new'],
    [2, 'before-upgrade', 'horai-format-2.db.part'],
    [2, 'before-upgrade', 'horai-format-2.db'],
  ] as const)(
    'a migration of format %d that is killed when %s has %s loses nothing, and the next start completes it',
    async (format, below, file) => {
      const { folder, model } = await oldFolder(format);
      mkdirSync(join(folder, 'before-upgrade'));
      const script = fileURLToPath(new URL('../../harness/writing-child.ts', import.meta.url));
      const watcher = watch(join(folder, below));
      const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, folder, '0', 'life'], {
        stdio: 'ignore',
        cwd: tmpdir(),
      });
      const exited = once(child, 'exit');
      for (let changed = ''; changed !== file; ) [, changed] = await once(watcher, 'change');
      child.kill('SIGKILL');
      watcher.close();
      await exited;
      const store = await storeIn(folder);
      // The child may already have written.
      const ignoring = (hashes: Map<string, string>) =>
        new Map([...hashes].filter(([name]) => name !== 'alice/wakatime'));
      expect(differing(ignoring(await contentHashes(model)), ignoring(await contentHashes(store)))).toEqual([]);
    },
    60_000,
  );

  test('old steps of a last-value channel are sealed, and a write unseals only what it changes', async () => {
    const folder = folderHere();
    const store = await storeIn(folder);
    const ops = Array.from({ length: 5_000 }, (_, index) => put(`k${index}`, `"${index}"`, { time: index }));
    for (let at = 0; at < ops.length; at += 500) await store.append('c', write(ops.slice(at, at + 500)), 'last');
    const database = await fileIn(folder);
    const count = (sql: string): number => database.prepare(sql).get<{ n: number }>()?.n ?? 0;
    const loose = () => count('SELECT count(*) AS n FROM steps');
    const blocks = () => count('SELECT count(*) AS n FROM blocks');
    expect([loose(), blocks(), count('SELECT sum(count) AS n FROM blocks')]).toEqual([1_416, 7, 3_584]);
    // None of these ops changes anything.
    await store.append('c', write([put('k7', '"7"', { time: 7 }), { op: 'add', key: 'k8', value: '1' }]), 'last');
    expect([loose(), blocks()]).toEqual([1_416, 7]);
    await store.append('c', write([put('k7', '"other"', { time: 7 }), remove('k8'), remove('k9')]), 'last');
    expect([loose(), blocks(), count('SELECT sum(count) AS n FROM blocks')]).toEqual([1_419, 7, 3_581]);
    await store.append('c', write(ops.slice(0, 512).map(({ key }) => remove(key))), 'last');
    expect(blocks()).toBe(7);
    expect((await store.read('c', { from: 500, to: 520 })).map(({ key }) => key)).toEqual([
      'k512',
      'k513',
      'k514',
      'k515',
      'k516',
      'k517',
      'k518',
      'k519',
    ]);
    await store.append('kept', write(ops), 'all');
    expect(blocks()).toBe(7);
  });

  test('[ST10] pages from any position, with keys of any form, equal those of the memory store', async () => {
    const store = await openIn(folderHere(), everyDriver, eager);
    closing.push(() => store.close());
    const model = new MemoryStore({ epoch: 'model' });
    const random = seeded(31);
    const below = (limit: number): number => Math.floor(random() * limit);
    const digit = (): string => '0123456789abcdef'[below(4) * 5] ?? '0';
    const digits = (count: number): string => Array.from({ length: count }, digit).join('');
    const uuid = (): string => [8, 4, 4, 4, 12].map(digits).join('-');
    const texts = ['', '0', 'f', 'g', 'A', '~', '-', '\u{1f600}', '\uffee', '00000000', '0-', 'zz'];
    const keys = Array.from({ length: 150 }, () =>
      random() < 0.6 ? uuid() : `${texts[below(texts.length)]}${below(9)}`,
    );
    for (let index = 0; index < 300; index += 1) {
      const key = keys[below(keys.length)] ?? '';
      const time = random() < 0.8 ? { time: below(40), ...(random() < 0.5 ? { end: 40 + below(6) } : {}) } : {};
      const ops = [random() < 0.2 ? remove(key) : put(key, `"${index}"`, time)];
      for (const one of [store, model]) await one.append('c', write(ops), 'last');
    }
    for (let index = 0; index < 600; index += 1) {
      const whole = keys[below(keys.length)] ?? '';
      const cut = [...whole].slice(0, below(whole.length + 2)).join('');
      const key = random() < 0.4 ? whole : `${cut}${random() < 0.5 ? '' : texts[below(texts.length)]}`;
      const spanned = random() < 0.5;
      const from = below(50);
      const range = {
        ...(spanned ? { from, ...(random() < 0.5 ? { to: from + below(20) } : {}) } : {}),
        ...(random() < 0.7 ? { after: { key, time: spanned ? below(45) : null } } : {}),
        newest: random() < 0.5,
        limit: 1 + below(9),
        size: 1 + below(40),
      };
      expect({ range, items: await store.read('c', range) }).toEqual({ range, items: await model.read('c', range) });
    }
  });

  test('a load that the end of the process interrupted is rolled back when the store is opened again', async () => {
    const folder = folderHere();
    const store = await storeIn(folder);
    await store.append('there', write([put('a', '1')]), 'last');
    const steps = [
      { kind: 'create', key: 'a', value: '1', time: 1, end: null, seq: 1, origin: 'o', at: 1, version: null, born: 1 },
    ] as const;
    const never = new Promise<never>(() => undefined);
    const half = new EventEmitter();
    const loaded = once(half, 'loaded');
    async function* hanging() {
      yield steps;
      half.emit('loaded');
      yield await never;
    }
    void store
      .load({ channel: 'c', seq: 2, version: -1, floor: 0 }, hanging(), (async function* () {})())
      .catch(() => undefined);
    await loaded;
    expect([await store.channels(''), await store.head('c')]).toMatchObject([[{ channel: 'there' }], { seq: 0 }]);
    await store.close();
    const again = await storeIn(folder);
    const database = await fileIn(folder);
    expect(database.prepare('SELECT name FROM channels').all()).toEqual([{ name: 'there' }]);
    expect(database.prepare('SELECT count(*) AS n FROM steps').get()).toEqual({ n: 1 });
    expect(await again.head('c')).toMatchObject({ seq: 0 });
  });

  test('a folder of a newer format is refused and not changed', async () => {
    const folder = folderHere();
    await (await storeIn(folder)).close();
    const database = await fileIn(folder);
    database.exec(`UPDATE meta SET value = 4 WHERE name = 'format'`);
    expect(await refusalIn(folder)).toBe(
      `The data folder ${folder} was written by a newer Horai (format 4; this one reads 3): ` +
        'install the newer Horai, or choose another folder with HORAI_DATA.',
    );
    expect(await refusalIn(folder)).toContain('newer Horai');
  });

  test('a folder that cannot be created, or holds another file, is refused with a sentence', async () => {
    const folder = folderHere();
    writeFileSync(join(folder, 'file'), 'in the way');
    expect(await refusalIn(join(folder, 'file', 'data'))).toMatch(
      /^The data folder .* cannot be used \(.*\): choose another with HORAI_DATA\.$/,
    );
    writeFileSync(
      join(folder, 'horai.db'),
      'not a database at all, but some text of a hundred bytes or more '.repeat(20),
    );
    expect(await refusalIn(folder)).toMatch(/^The database in .* is damaged \(.*not a database.*\): restore a backup/);
  });

  test('[ST13] a copied folder gets a new epoch and a warning; one that lost commits is refused until that is accepted', async () => {
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
    const copied = await openSqlite({ folder: copy, world: newWorld() });
    if (!copied.ok) throw new Error(copied.error);
    expect(copied.warnings).toEqual([expect.stringContaining('was copied or moved')]);
    expect(copied.store.epoch).not.toBe(first.epoch);
    await copied.store.close();
    expect(await openSqlite({ folder: copy, world: newWorld() }).then(reopened)).toMatchObject({ warnings: [] });

    copyFileSync(join(folder, 'backup'), join(folder, 'horai.db'));
    expect(await refusalIn(folder)).toMatch(/has 1 of at least 2 commits: .*older copy.*--accept-loss/);
    const accepted = await openSqlite({ folder, world: newWorld(), acceptLoss: true });
    if (!accepted.ok) throw new Error(accepted.error);
    const { store: restored, warnings } = accepted;
    expect(warnings).toEqual([expect.stringContaining('lost 1 commits')]);
    expect(restored.epoch).not.toBe(first.epoch);
    expect((await restored.read('tasks', {})).map(({ key }) => key)).toEqual(['a']);
    await restored.close();
    expect((await storeIn(folder)).epoch).toBe(restored.epoch);
  });

  test('a folder without its horai.db-wal, or without its database, is refused until the loss is accepted', async () => {
    for (const missing of ['horai.db-wal', 'horai.db']) {
      const folder = folderHere();
      const store = await storeIn(folder);
      for (let index = 0; index < 5; index += 1) await store.append('tasks', write([put(`${index}`, '1')]), 'all');
      const cut = folderHere();
      // The copy of a folder whose process was killed.
      for (const name of readdirSync(folder)) {
        if (name !== missing) copyFileSync(join(folder, name), join(cut, name));
      }
      expect(await refusalIn(cut)).toMatch(/has 0 of at least 5 commits/);
      const accepted = await openSqlite({ folder: cut, world: newWorld(), acceptLoss: true });
      if (!accepted.ok) throw new Error(accepted.error);
      expect(accepted.warnings).toEqual([expect.stringContaining('lost 5 commits')]);
      await accepted.store.close();
      expect(await refusalIn(cut)).toBe('opened');
    }
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

  test('[ST6] since(0) gives the same for a channel with a long past as for one without', async () => {
    const store = await storeIn(folderHere());
    const ops = Array.from({ length: 200 }, (_, index) => put(`k${index % 3}`, String(index)));
    await store.append('all', write(ops), 'all');
    await store.append('last', write(ops), 'last');
    for (const limit of [2, 10])
      expect(await store.since('all', 0, limit)).toEqual(await store.since('last', 0, limit));
  });
});
