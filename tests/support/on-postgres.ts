// Suites that keep things in memory, run on PostgreSQL: a server of the test file's own, and a database for every house.

import { afterAll } from '@jest/globals';
import { openPostgres, type PostgresStore } from '../../server/storage/postgres.ts';
import { realWorld } from '../../server/world.ts';
import { Postgres } from './postgres.ts';
import { keepIn } from './store.ts';

/** To be awaited before the suites are imported. */
export async function keepInPostgres(): Promise<void> {
  const postgres = await Postgres.start(['fsync=off', 'max_connections=600']);
  const stores: PostgresStore[] = [];
  const world = { ...realWorld('silent'), id: () => 'e1' };
  const open = async (url: string) => {
    const opened = await openPostgres({ url, world, lanes: 2, askers: 2 });
    if (!opened.ok) throw new Error(opened.error);
    return opened.store;
  };
  const template = await postgres.database();
  await (await open(template)).close();
  keepIn(async () => {
    const store = await open(await postgres.database(template));
    stores.push(store);
    return store;
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await postgres.remove();
  }, 60_000);
}
