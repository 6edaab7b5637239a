// The same tests on PostgreSQL.

import { onPostgres } from '../../harness/on-postgres.ts';

await onPostgres(
  () => import('./mobtimer/rooms.test.ts'),
  () => import('../../unit/adapters/mobtimer/routes.test.ts'),
);
