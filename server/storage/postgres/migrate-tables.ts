// The tables of the hub: migrations that are missing, and the rights of the role that hubs use. A database that has all migrations needs no
// right to create anything.

import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { World } from '../../core/world.ts';

const folder = fileURLToPath(new URL('./migrations/', import.meta.url));

/** Names of all our migrations, to recognise those of a newer hub. */
const known: readonly string[] = ['1_tables', '2_nodes', '3_presence'];
/** The number of the newest of them. */
export const newestMigration = known.length;

/** A refusal as a whole sentence, with what to do. */
export class StartRefusal extends Error {}

const notAllowed = '42501';

/**
 * Brings the tables to this version. Nodes that start together wait for one another.
 * @throws if the database is newer than this hub; a StartRefusal if its role may not create what is missing, or not use what is there
 */
export async function migrateTables(client: pg.ClientBase, world: World): Promise<void> {
  const { rows: roles } = await client.query<{ role: string }>('SELECT current_user AS role');
  const role = roles[0]?.role ?? '';
  try {
    if (await isComplete(client)) return;
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      schema: 'horai',
      createSchema: true,
      migrationsTable: 'migrations',
      advisoryLockMode: 'wait',
      log: (text) => world.log.debug({}, `postgres: ${text}`),
    });
    await isComplete(client);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== notAllowed) throw error;
    throw new StartRefusal(
      `The role ${role} may not create or use the hub's tables (${error.message}): run \`horai migrate --role ${role}\` with the HORAI_STORE of a role that may create a schema in this database.`,
    );
  }
}

/** True if all migrations have been made. @throws if there are others */
async function isComplete(client: pg.ClientBase): Promise<boolean> {
  const { rows: tables } = await client.query<{ isThere: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'horai' AND tablename = 'migrations') AS "isThere"`,
  );
  if (tables[0]?.isThere !== true) return false;
  const { rows } = await client.query<{ name: string }>('SELECT name FROM horai.migrations');
  const unknown = rows.find(({ name }) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`the database was written by a newer Horai (it has ${unknown.name}): install the newer one`);
  return rows.length === known.length;
}

/** Gives a role everything that a running hub needs, and nothing else. */
export async function grantHubRights(client: pg.ClientBase, role: string): Promise<void> {
  const to = pg.escapeIdentifier(role);
  await client.query(
    [
      `GRANT USAGE ON SCHEMA horai TO ${to}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA horai TO ${to}`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA horai TO ${to}`,
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA horai TO ${to}`,
    ].join('; '),
  );
}
