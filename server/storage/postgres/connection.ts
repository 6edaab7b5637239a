// How the hub connects to PostgreSQL: connection settings, which errors mean a lost connection, migrations, and the identity of the
// database. Queries are elsewhere.

import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { World } from '../../core/world.ts';

/** How long writes and questions wait for a database that went away before they are refused, in milliseconds. */
export const patienceMs = 10_000;
const connectMs = 3_000;
const lockMs = 3_000;
const idleInTransactionMs = 10_000;
/** The server's own limit ends a slow statement first. So a missing answer means that the connection is dead. */
const graceMs = 2_000;

const migrations = fileURLToPath(new URL('./migrations/', import.meta.url));

/**
 * Durable whatever the server's default. Every query uses an index in the order of its answer, also on tables that were never
 * analysed. So the planner may not choose another plan.
 */
const options = [
  'search_path=horai',
  'synchronous_commit=on',
  'jit=off',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_sort=off',
];

const int8 = 20;
const types: pg.CustomTypesConfig = {
  // Our integers stay below 2^53.
  getTypeParser: (id, format) => (id === int8 ? Number : pg.types.getTypeParser(id, format)),
};

export interface Limits {
  readonly statementMs: number;
}

export function settings(url: string, { statementMs }: Limits): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'horai',
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + graceMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    keepAlive: true,
    options: options.map((option) => `-c ${option}`).join(' '),
    types,
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** True if the statement may have run although no answer arrived, or if the server cannot be reached: try again. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error);
  // No SQLSTATE means that the connection broke. 08: connection; 53300: too many connections; 57P: shutdown, crash, start.
  return code === undefined || code.startsWith('08') || code === '53300' || code.startsWith('57P');
}

/** True if other transactions caused the rollback: the same statement may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40P01' || code === '40001' || code === '55P03';
}

/** An error as text without a full stop. Never contains the URL, which has a password. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return errorMessage(error).replace(/\.$/, '');
}

/** The database is not the same any more: it was restored from a backup, or another server has taken over. */
export class Replaced extends Error {}

// A restored dump has other tables. A cluster recovered to a point in time, or a promoted standby, has another timeline. Each may lack
// what the old one acknowledged.
const identityQuery = `
  SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' ||
    'horai.channels'::regclass::oid AS identity`;

export async function identityOf(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ identity: string }>(identityQuery);
  return rows[0]?.identity ?? '';
}

export interface Prepared {
  readonly epoch: string;
  readonly identity: string;
}

/**
 * Migrates the tables and reads the identity of the database. Nodes that start together wait for one another.
 * @throws if the database cannot be reached or used, or is newer than this hub
 */
export async function prepare(url: string, world: World): Promise<Prepared> {
  const client = new pg.Client({ ...settings(url, { statementMs: 0 }), query_timeout: 0, lock_timeout: 0 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await migrate(client, world);
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('horai.epoch'))`);
    const identity = await identityOf(client);
    const { rows } = await client.query<{ name: string; value: string }>('SELECT name, value FROM meta');
    const meta = new Map(rows.map(({ name, value }) => [name, value]));
    const known = meta.get('epoch');
    const epoch = known !== undefined && meta.get('identity') === identity ? known : world.id();
    const put =
      'INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    await client.query(put, ['epoch', epoch]);
    await client.query(put, ['identity', identity]);
    await client.query('COMMIT');
    const { rows: fsync } = await client.query<{ fsync: string }>('SHOW fsync');
    if (fsync[0]?.fsync === 'off')
      world.log.warn({}, 'postgres: fsync is off: a power cut may lose acknowledged writes');
    return { epoch, identity };
  } finally {
    await client.end();
  }
}

async function migrate(client: pg.Client, world: World): Promise<void> {
  await runner({
    dbClient: client,
    dir: migrations,
    direction: 'up',
    schema: 'horai',
    createSchema: true,
    migrationsTable: 'migrations',
    advisoryLockMode: 'wait',
    log: (text) => world.log.debug({}, `postgres: ${text}`),
  });
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM migrations WHERE name <> ALL ($1)`, [known]);
  if (rows[0] !== undefined) {
    throw new Error(`the database was written by a newer Horai (it has ${rows[0].name}): install the newer one`);
  }
}

/** Names of all our migrations, to recognise those of a newer hub. */
const known: readonly string[] = ['1_tables'];
