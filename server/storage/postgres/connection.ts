// How the hub connects to PostgreSQL: settings of a session, which errors mean a lost connection, and the identity of the database at the
// start. Queries are elsewhere.

import pg from 'pg';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { World } from '../../core/world.ts';
import { type Adopted, adopt, type DatabaseIdentity, identityOf, identityText } from './database-identity.ts';
import { migrateTables } from './migrate-tables.ts';

/** How long writes and questions wait for a database that went away before they are refused, in milliseconds. */
export const patienceMs = 10_000;
const connectMs = 3_000;
const lockMs = 3_000;
const idleInTransactionMs = 10_000;
/** The server's own limit ends a slow statement first. So a missing answer means that the connection is dead. */
const graceMs = 2_000;
/** How long a node that starts waits for others to say whether a database that took over has everything. */
const othersMs = 8_000;
const lookMs = 250;

/**
 * Every query uses an index in the order of its answer, also on tables that were never analysed. So the planner may not choose another
 * plan.
 */
const planning = [
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

export interface SessionLimits {
  /** Milliseconds; 0 for a session without any limit of time, whose transaction may pause, too. */
  readonly statementMs: number;
  /** False if a commit may be lost in a power cut. Default: durable, whatever the server's default. */
  readonly isDurable?: boolean;
}

/** For sessions that migrate, export or import. */
export const noLimits: SessionLimits = { statementMs: 0 };

export function settings(url: string, { statementMs }: SessionLimits): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'horai',
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs === 0 ? 0 : statementMs + graceMs,
    keepAlive: true,
    types,
  };
}

/** Sets up the session of a new connection. By statements, because pgbouncer refuses most settings of a startup packet. */
export async function setUpSession(
  client: pg.ClientBase,
  { statementMs, isDurable = true }: SessionLimits,
): Promise<void> {
  const isLimited = statementMs > 0;
  const all = [
    'search_path=horai',
    `synchronous_commit=${isDurable ? 'on' : 'off'}`,
    `statement_timeout=${statementMs}`,
    `lock_timeout=${isLimited ? lockMs : 0}`,
    `idle_in_transaction_session_timeout=${isLimited ? idleInTransactionMs : 0}`,
    ...planning,
  ];
  await client.query(all.map((setting) => `SET ${setting}`).join('; '));
}

/** @throws if the database cannot be reached */
export async function connectClient(url: string, limits: SessionLimits): Promise<pg.Client> {
  const client = new pg.Client(settings(url, limits));
  // A waiting question gets the error; without one, the next question does.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await setUpSession(client, limits);
    return client;
  } catch (error) {
    // Do not wait for the farewell: the server may be out of reach.
    void client.end().catch(() => undefined);
    throw error;
  }
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

/** True if a newer hub has migrated the database (take_lane in migrations/). */
export function isOutdated(error: unknown): boolean {
  return codeOf(error) === 'HOR02';
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

export interface Prepared {
  readonly epoch: string;
  readonly identity: DatabaseIdentity;
}

/**
 * Migrates the tables and reads the identity of the database. Nodes that start together wait for one another.
 * @throws if the database cannot be reached or used, or is newer than this hub
 */
export async function prepare(url: string, world: World): Promise<Prepared> {
  const client = await connectClient(url, noLimits);
  try {
    await migrateTables(client, world);
    const { epoch, ...identity } = await adoptAtStart(client, world);
    const { rows: fsync } = await client.query<{ fsync: string }>('SHOW fsync');
    if (fsync[0]?.fsync === 'off')
      world.log.warn({}, 'postgres: fsync is off: a power cut may lose acknowledged writes');
    return { epoch, identity };
  } finally {
    await client.end();
  }
}

/**
 * Where another server has taken over, nodes that ran meanwhile know whether it has everything, and say so in `meta`. A node that starts
 * waits for one of them. Without any, the epoch is a new one.
 */
async function adoptAtStart(client: pg.Client, world: World): Promise<Adopted> {
  for (let waitedMs = 0; waitedMs < othersMs; waitedMs += lookMs) {
    const { rows } = await client.query<{ known: string; others: number }>(
      `SELECT (SELECT value FROM meta WHERE name = 'identity') AS known,
         (SELECT count(*) FROM nodes WHERE seen > clock_timestamp() - interval '30 seconds') AS others`,
    );
    const isSettled = rows[0]?.known === null || rows[0]?.known === identityText(await identityOf(client));
    if (isSettled || rows[0]?.others === 0) break;
    await new Promise<void>((resolve) => world.after(lookMs, resolve));
  }
  return adopt(client, undefined, () => world.id());
}
