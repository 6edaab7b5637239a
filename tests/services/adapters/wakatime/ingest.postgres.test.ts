// The same tests on PostgreSQL.

import { onPostgres } from '../../../harness/on-postgres.ts';

await onPostgres(
  () => import('./ingest.test.ts'),
  () => import('../../../unit/adapters/wakatime/custom-rules.test.ts'),
);
