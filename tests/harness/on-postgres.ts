// Runs suites on PostgreSQL that otherwise use the store in memory. Each test file starts its own server; each hub has its own database.

import { afterAll, test } from '@jest/globals';
import { openPostgres, type PostgresStore } from '../../server/storage/postgres/store.ts';
import { realWorld } from '../../server/world.ts';
import { Postgres, postgresBin } from './postgres.ts';
import { setNewStore } from './store.ts';

/**
 * Runs suites whose hubs use `newStore` (store.ts).
 * @param suites at most one with hooks at its top level, because such hooks also run for the tests of the other suites
 */
export async function onPostgres(...suites: readonly (() => Promise<unknown>)[]): Promise<void> {
  if (postgresBin === undefined) {
    test.skip('PostgreSQL is not installed', () => undefined);
    return;
  }
  await useDatabases();
  for (const suite of suites) await suite();
}

async function useDatabases(): Promise<void> {
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
  setNewStore(async () => {
    const store = await open(await postgres.database(template));
    stores.push(store);
    return store;
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await postgres.remove();
  }, 60_000);
}
