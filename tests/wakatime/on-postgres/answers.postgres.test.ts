// Once more, on PostgreSQL.

import { onPostgres } from '../../support/on-postgres.ts';

await onPostgres(() => import('../answers.test.ts'));
