// The same tests on PostgreSQL.

import { onPostgres } from '../../../harness/on-postgres.ts';

await onPostgres(() => import('../../../unit/adapters/wakatime/answers.test.ts'));
