// Once more, on PostgreSQL.

import { onPostgres } from '../support/on-postgres.ts';

await onPostgres(
  () => import('./golden.test.ts'),
  () => import('./heartbeat.test.ts'),
  () => import('./privacy.test.ts'),
  () => import('./queries.test.ts'),
  () => import('./routes.test.ts'),
);
