// Once more, on PostgreSQL.

import { onPostgres } from '../../support/on-postgres.ts';

await onPostgres(
  () => import('../ingest.test.ts'),
  () => import('../rules.test.ts'),
);
