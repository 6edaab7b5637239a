// Checks that the database gives a hub the connections that it uses, each with a session of its own. It runs once, before the hub starts, so that
// what is missing is said in a sentence instead of showing later as late answers.

import pg from 'pg';
import type { World } from '../../core/world.ts';
import { reasonOf } from './connection.ts';
import { StartRefusal } from './migrate-tables.ts';

/** Connections of the hub that writes, of its readers, and in all. */
export interface ConnectionPlan {
  readonly lanes: number;
  readonly readers: number;
  readonly total: number;
}

const mostLanes = 4;
const minReaders = 2;
const askMs = 2_000;
/** Connections of a node that was killed may take so long to end. */
const patienceMs = 4_000;
const againMs = 200;

/** The fewest connections of a hub: one writes, two read, and over NOTIFY one hears of changes. */
export function leastConnections(isNotify: boolean): number {
  return 1 + minReaders + (isNotify ? 1 : 0);
}

/** @param total connections of one node @param isNotify whether one of them hears of changes @throws a StartRefusal if they are too few */
export function planConnections(total: number, isNotify: boolean): ConnectionPlan {
  const least = leastConnections(isNotify);
  if (total < least)
    throw new StartRefusal(`HORAI_PG_CONNECTIONS is ${total}, and a hub needs ${least}: set it to ${least} or more.`);
  const rest = total - (isNotify ? 1 : 0);
  const lanes = Math.min(mostLanes, Math.floor(rest / 2), rest - minReaders);
  return { lanes, readers: rest - lanes, total };
}

/**
 * Opens as many connections as the hub will have, and closes them again.
 * @param least the fewest that a hub can do with
 * @throws a StartRefusal if the database gives fewer, or if connections share sessions; another error if it cannot be reached
 */
export async function checkConnections(
  url: string,
  { total }: ConnectionPlan,
  least: number,
  world: World,
): Promise<void> {
  const clients: pg.Client[] = [];
  const sessions = new Set<number>();
  const until = world.now() + patienceMs;
  try {
    while (clients.length < total) {
      try {
        const { client, session } = await open(url);
        clients.push(client);
        sessions.add(session);
      } catch (error) {
        if (clients.length === 0) throw error;
        if (world.now() < until) {
          await new Promise<void>((resolve) => world.after(againMs, resolve));
          continue;
        }
        const given = clients.length;
        const advice = given < least ? `allow at least ${least}` : `allow more, or set HORAI_PG_CONNECTIONS=${given}`;
        throw new StartRefusal(
          `The database gives this hub ${given} of the ${total} connections that it uses (${reasonOf(error)}): ${advice}.`,
        );
      }
      // They are all open at once, so each must have a session of its own.
      if (sessions.size < clients.length)
        throw new StartRefusal(
          'HORAI_STORE leads to a connection pooler in transaction mode, where LISTEN, prepared statements and settings do not last: set pool_mode = session for this database, or connect to PostgreSQL itself.',
        );
    }
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

async function open(url: string): Promise<{ readonly client: pg.Client; readonly session: number }> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'horai start',
    connectionTimeoutMillis: askMs,
    query_timeout: askMs,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ session: number }>('SELECT pg_backend_pid() AS session');
    return { client, session: rows[0]?.session ?? 0 };
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}
