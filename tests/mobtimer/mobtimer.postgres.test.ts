// Once more, on PostgreSQL.

import { onPostgres } from '../support/on-postgres.ts';

await onPostgres(
  () => import('./rooms.test.ts'),
  () => import('./routes.test.ts'),
);
