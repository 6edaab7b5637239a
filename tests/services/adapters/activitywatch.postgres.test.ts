// The same tests on PostgreSQL.

import { onPostgres } from '../../harness/on-postgres.ts';

await onPostgres(
  () => import('../../unit/adapters/activitywatch/golden.test.ts'),
  () => import('./activitywatch/heartbeat.test.ts'),
  () => import('../../unit/adapters/activitywatch/privacy.test.ts'),
  () => import('./activitywatch/queries.test.ts'),
  () => import('./activitywatch/routes.test.ts'),
);
