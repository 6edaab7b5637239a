// This adapter’s suites once more, on PostgreSQL; those that bring a store or a folder of their own are not among them.

import { test } from '@jest/globals';
import { keepInPostgres } from '../support/on-postgres.ts';
import { postgresBin } from '../support/postgres.ts';

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  await keepInPostgres();
  await import('./answers.test.ts');
  await import('./circles.test.ts');
  await import('./commits.test.ts');
  await import('./doors.test.ts');
  await import('./externals.test.ts');
  await import('./ingest.test.ts');
  await import('./oauth.test.ts');
  await import('./rules.test.ts');
  await import('./shares.test.ts');
  await import('./today.test.ts');
  await import('./tools.test.ts');
}
