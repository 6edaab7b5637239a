// Suites that keep things in memory, run on PostgreSQL: a server of the test file's own, and a database for each hub.

import { afterAll, test } from '@jest/globals';
import { openPostgres, type PostgresStore } from '../../server/storage/postgres/store.ts';
import { realWorld } from '../../server/world.ts';
import { Postgres, postgresBin } from './postgres.ts';
import { keepIn } from './store.ts';

/**
 * Runs suites whose houses are of `newStore`. Of those with hooks at their top level only one may be in a test file, because they
 * would meet each other's tests.
 */
export async function onPostgres(...suites: readonly (() => Promise<unknown>)[]): Promise<void> {
  if (postgresBin === undefined) {
    test.skip('PostgreSQL is not installed', () => undefined);
    return;
  }
  await keepInPostgres();
  for (const suite of suites) await suite();
}

async function keepInPostgres(): Promise<void> {
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
