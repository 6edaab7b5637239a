// `horai backup` of a hub on PostgreSQL while it runs, restored into another database and into a data folder.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { contentHashes } from '../../../server/storage/archive/archive.ts';
import { openPostgres } from '../../../server/storage/postgres/store.ts';
import { realWorld } from '../../../server/world.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { type Ended, HubProcess, Leftovers } from '../../harness/process.ts';

jest.setTimeout(120_000);

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('horai backup on PostgreSQL', () => {
    let postgres: Postgres;
    const leftovers = new Leftovers();
    beforeAll(async () => {
      postgres = await Postgres.start();
    }, 120_000);
    afterEach(() => leftovers.clear());
    afterAll(() => postgres.remove());

    const owner = randomUUID();
    const placed = (store: string, data = leftovers.folder()) => ({
      HORAI_STORE: store,
      HORAI_DATA: data,
      HORAI_OWNER_TOKEN: owner,
    });
    const backup = (env: Record<string, string>, ...args: string[]): Promise<Ended> =>
      new HubProcess(leftovers, env, ['backup', ...args]).ended;
    const beat = (url: string, second: number) =>
      fetch(`${url}api/0/buckets/b/heartbeat?pulsetime=0`, {
        method: 'POST',
        body: JSON.stringify({
          timestamp: new Date(1_750_000_000_000 + second * 1_000).toISOString(),
          duration: 0,
          data: { n: second },
        }),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${owner}` },
      });
    const events = async (url: string) => {
      const answer = await fetch(`${url}api/0/buckets/b/events?limit=-1`, {
        headers: { authorization: `Bearer ${owner}` },
      });
      return answer.json();
    };
    const stateOf = async (url: string) => {
      const opened = await openPostgres({
        url: `postgres://${url.slice('postgres://'.length)}`,
        world: realWorld('silent'),
      });
      if (!opened.ok) throw new Error(opened.error);
      const state = { epoch: opened.store.epoch, hashes: await contentHashes(opened.store) };
      await opened.store.close();
      return state;
    };

    test('is as of one moment of a running hub, and complete in another database and in a data folder, each with a new epoch', async () => {
      const store = await postgres.database();
      const file = join(leftovers.folder(), 'all.backup');
      const hub = new HubProcess(leftovers, placed(store));
      const url = await hub.up();
      for (let second = 0; second < 20; second += 1) expect((await beat(url, second)).status).toBe(200);
      const before = await events(url);
      expect(await backup(placed(store), 'create', file)).toMatchObject({ code: 0 });
      await beat(url, 99);
      await hub.stop();
      expect(await backup(placed(store), 'verify', file)).toMatchObject({
        code: 0,
        out: expect.stringContaining('is intact'),
      });
      expect(await backup(placed(store), 'restore', file)).toMatchObject({
        code: 1,
        err: expect.stringContaining('not empty'),
      });

      const other = await postgres.database();
      expect(await backup(placed(other), 'restore', file)).toMatchObject({ code: 0 });
      const [old, restored] = [await stateOf(store), await stateOf(other)];
      expect(restored.epoch).not.toBe(old.epoch);
      expect([...restored.hashes.keys()].every((channel) => old.hashes.has(channel))).toBe(true);
      const folder = leftovers.folder();
      expect(await backup(placed('sqlite', join(folder, 'data')), 'restore', file)).toMatchObject({ code: 0 });
      for (const env of [placed(other), placed('sqlite', join(folder, 'data'))]) {
        const again = new HubProcess(leftovers, env);
        expect(await events(await again.up())).toEqual(before);
        await again.stop();
      }
    });
  });
}
