// This adapter's suites once more, on PostgreSQL.

import { test } from '@jest/globals';
import { keepInPostgres } from '../support/on-postgres.ts';
import { postgresBin } from '../support/postgres.ts';

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  await keepInPostgres();
  await import('./rooms.test.ts');
  await import('./routes.test.ts');
}
