// The same tests on PostgreSQL.

import { onPostgres } from '../../../harness/on-postgres.ts';

await onPostgres(() => import('./tools.test.ts'));
