// `horai migrate` from a data folder to a database and back, as a process.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { contentHashes } from '../../../server/storage/archive/archive.ts';
import { openPostgres } from '../../../server/storage/postgres/store.ts';
import { openSqlite } from '../../../server/storage/sqlite/store.ts';
import { realWorld } from '../../../server/world.ts';
import { put, remove, write } from '../../contract/store.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { type Ended, HubProcess, Leftovers } from '../../harness/process.ts';
import { seeded } from '../../harness/world.ts';

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('horai migrate', () => {
    let postgres: Postgres;
    const leftovers = new Leftovers();
    const folders: string[] = [];
    beforeAll(async () => {
      postgres = await Postgres.start();
    }, 120_000);
    afterEach(() => leftovers.clear());
    afterAll(async () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      await postgres.remove();
    });

    const newFolder = () => {
      const folder = mkdtempSync(join(tmpdir(), 'horai-migrate-'));
      folders.push(folder);
      return folder;
    };
    const migrate = (data: string, from: string, to: string): Promise<Ended> =>
      new HubProcess(leftovers, { HORAI_DATA: data }, ['migrate', '--from', from, '--to', to]).ended;
    const sqliteIn = async (folder: string) => {
      const opened = await openSqlite({ folder, world: realWorld('silent') });
      if (!opened.ok) throw new Error(opened.error);
      return opened.store;
    };
    const postgresAt = async (url: string) => {
      const opened = await openPostgres({ url, world: realWorld('silent') });
      if (!opened.ok) throw new Error(opened.error);
      return opened.store;
    };

    /** A folder in which much has happened. */
    async function createFolder(): Promise<{ folder: string; hashes: ReadonlyMap<string, string> }> {
      const folder = newFolder();
      const store = await sqliteIn(folder);
      const random = seeded(7);
      const below = (limit: number) => Math.floor(random() * limit);
      for (let turn = 0; turn < 120; turn += 1) {
        const channel = ['ann/tasks', 'ann/aw/window', 'bob/wakatime', '@hub/tokens', 'mob/ü😀'][below(5)] ?? '';
        const ops = Array.from({ length: 1 + below(8) }, () =>
          random() < 0.2 ? remove(`k${below(20)}`) : put(`k${below(20)}`, `"${turn}"`, { time: below(1e9), end: 2e9 }),
        );
        await store.append(channel, write(ops, { writeId: `w${turn}` }), channel === 'ann/tasks' ? 'all' : 'last');
        if (turn % 20 === 19) await store.forget(channel, below(20));
      }
      const hashes = await contentHashes(store);
      await store.close();
      return { folder, hashes };
    }

    test('moves a data folder into a database and back, and every channel is the same', async () => {
      const { folder, hashes } = await createFolder();
      const url = await postgres.database();
      const there = await migrate(folder, 'sqlite', url);
      expect(there).toMatchObject({ code: 0, out: expect.stringContaining('all 5 channels are equal in both stores') });
      const database = await postgresAt(url);
      expect(await contentHashes(database)).toEqual(hashes);
      await database.close();

      const other = newFolder();
      expect(await migrate(other, url, 'sqlite')).toMatchObject({ code: 0 });
      const back = await sqliteIn(other);
      expect(await contentHashes(back)).toEqual(hashes);
      await back.close();
    }, 120_000);

    test('continues where an interrupted run stopped', async () => {
      const { folder, hashes } = await createFolder();
      const url = await postgres.database();
      const [source, target] = [await sqliteIn(folder), await postgresAt(url)];
      for await (const outline of source.outlines()) {
        if (outline.channel !== 'ann/tasks') continue;
        await target.load(outline, source.steps(outline.channel), source.answers(outline.channel));
      }
      await Promise.all([source.close(), target.close()]);
      expect(await migrate(folder, 'sqlite', url)).toMatchObject({
        code: 0,
        out: expect.stringContaining('4 channels'),
        err: expect.stringContaining('1 channels exist already'),
      });
      const database = await postgresAt(url);
      expect(await contentHashes(database)).toEqual(hashes);
      await database.close();
    }, 120_000);

    test('refuses while a hub runs on either store, and refuses to mix different data', async () => {
      const { folder } = await createFolder();
      const url = await postgres.database();
      const source = await sqliteIn(folder);
      expect(await migrate(folder, 'sqlite', url)).toMatchObject({
        code: 1,
        err: expect.stringContaining('Another hub is using the data folder'),
      });
      await source.close();

      const target = await postgresAt(url);
      await target.append('carl/tasks', write([put('a', '1')]), 'all');
      expect(await migrate(folder, 'sqlite', url)).toMatchObject({
        code: 1,
        err: expect.stringContaining('Hubs are using the database'),
      });
      await target.close();
      expect(await migrate(folder, 'sqlite', url)).toMatchObject({
        code: 1,
        err: expect.stringContaining('a channel carl/tasks that is missing or different in the source'),
      });
      expect(await migrate(folder, 'sqlite', 'mysql://x')).toMatchObject({ code: 1 });
    }, 120_000);
  });
}
