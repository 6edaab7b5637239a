// This adapter's suites once more, on PostgreSQL.

import { test } from '@jest/globals';
import { keepInPostgres } from '../support/on-postgres.ts';
import { postgresBin } from '../support/postgres.ts';

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  await keepInPostgres();
  await import('./golden.test.ts');
  await import('./heartbeat.test.ts');
  await import('./privacy.test.ts');
  await import('./queries.test.ts');
  await import('./routes.test.ts');
}
