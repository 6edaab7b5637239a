// Once more, on PostgreSQL.

import { onPostgres } from '../../support/on-postgres.ts';

await onPostgres(() => import('../today.test.ts'));
