// An account that is erased from a hub on PostgreSQL: no row of any table has a word of it, nor have the planner's statistics.

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { realWorld } from '../../../server/world.ts';
import { type ErasureHub, expectErasedWholly, startErasureHub } from '../../contract/erasure.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';

jest.setTimeout(120_000);

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  let postgres: Postgres;
  let started: ErasureHub | undefined;
  beforeAll(async () => {
    postgres = await Postgres.start();
  }, 120_000);
  afterAll(async () => {
    await started?.stop();
    await postgres.remove();
  });

  test('[A6.3] no row of the database has one of fifty words of an account that was erased', async () => {
    const store = await postgres.database();
    const world = realWorld('silent');
    started = await startErasureHub({ store, data: postgres.folder() }, world);
    let isAnalyzed = false;
    const everyRow = async (): Promise<string> => {
      // The planner's statistics hold frequent values of the tables, as of the last time they were made.
      if (!isAnalyzed) await postgres.query('ANALYZE', store);
      isAnalyzed = true;
      const tables = await postgres.query(
        `SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS name FROM pg_stat_user_tables
          UNION ALL SELECT 'pg_stats'`,
        store,
      );
      expect(tables.length).toBeGreaterThan(7);
      const texts = tables.map(({ name }) =>
        postgres.query(`SELECT string_agg(t::text, chr(10)) AS text FROM ${name} t`, store),
      );
      return (await Promise.all(texts))
        .flat()
        .map(({ text }) => text)
        .join('\n');
    };
    await expectErasedWholly(started, world, everyRow);
  });
}
