// The contract of stores on PostgreSQL. store.postgres.test.ts tests the guarantees of a shared database.

import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { nanoid } from 'nanoid';
import { openPostgres } from '../../../server/storage/postgres/store.ts';
import { archiveContract } from '../../contract/archive.ts';
import { type Place, storeContract } from '../../contract/store.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { TestWorld } from '../../harness/world.ts';

/** A world whose ids are unique over processes, like those of the real one. */
const newWorld = () => Object.assign(new TestWorld(), { id: () => nanoid() });

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('on PostgreSQL', () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await Postgres.start();
    }, 60_000);
    afterAll(() => postgres.remove());

    const newPlace = () => {
      let url: string | undefined;
      return {
        async open() {
          url ??= await postgres.database();
          const opened = await openPostgres({ url, world: newWorld() });
          if (!opened.ok) throw new Error(opened.error);
          return opened.store;
        },
        remove: async () => undefined,
      } satisfies Place;
    };
    storeContract('PostgresStore', newPlace);
    archiveContract('PostgresStore', newPlace);
  });
}
