// Decides whether the database is still the one that this node knows. A dump that was restored has other tables: another database. After a failover
// or a recovery to a point in time the timeline is another one; then what this node has seen and acknowledged is looked up. If all of it is
// there, the node goes on with all positions. If not, all nodes get a new epoch, and followers begin anew. No connections are opened here.

import type pg from 'pg';
import type { SeenChannel } from '../../core/store.ts';

export interface DatabaseIdentity {
  /** The cluster and the tables. */
  readonly database: string;
  readonly timeline: string;
}

const identityQuery = `
  SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || 'horai.channels'::regclass::oid AS database,
    left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline`;

/** @throws also where the database is a standby that has not been promoted */
export async function identityOf(client: pg.ClientBase): Promise<DatabaseIdentity> {
  const { rows } = await client.query<DatabaseIdentity>(identityQuery);
  return rows[0] ?? { database: '', timeline: '' };
}

/** As it is stored in `meta`: cluster/timeline/tables. */
export function identityText({ database, timeline }: DatabaseIdentity): string {
  const [cluster, tables] = database.split('/');
  return `${cluster}/${timeline}/${tables}`;
}

/** One node's knowledge about the past of the database. */
export interface Evidence {
  /** Its lanes with the last batch that was acknowledged. */
  readonly lanes: readonly { readonly name: string; readonly batch: number }[];
  readonly channels: readonly SeenChannel[];
}

/** @returns what this node has seen and the database lacks, for the log; undefined if it has everything */
export async function findMissing(client: pg.ClientBase, { lanes, channels }: Evidence): Promise<string | undefined> {
  const acknowledged = await client.query<{ name: string }>(
    `SELECT t.name FROM unnest($1::text[], $2::bigint[]) AS t (name, batch) LEFT JOIN lanes l ON l.lane = t.name
     WHERE t.batch > 0 AND coalesce(l.batch, 0) < t.batch LIMIT 1`,
    [lanes.map(({ name }) => name), lanes.map(({ batch }) => batch)],
  );
  if (acknowledged.rows[0] !== undefined) return 'writes that this node has acknowledged';
  // A later step of the same item replaces the last one of a channel that keeps last values; it must be later than the one that was seen.
  const seen = await client.query<{ name: string; seq: number }>(
    `SELECT t.name, t.seq FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::bigint[], $5::text[], $6::bigint[], $7::text[])
       AS t (name, seq, keeps_all, step, key, at, origin)
     LEFT JOIN channels c ON c.account = split_part(t.name, '/', 1) AND c.name = t.name
     WHERE t.seq > 0 AND (c.id IS NULL OR c.seq < t.seq OR (t.step IS NOT NULL AND c.floor < t.step AND NOT (
       EXISTS (SELECT FROM steps s WHERE s.account = c.account AND s.channel = c.id AND s.seq = t.step AND s.key = t.key
         AND s.at = t.at AND s.origin = t.origin)
       OR (NOT t.keeps_all AND EXISTS (SELECT FROM items i WHERE i.account = c.account AND i.channel = c.id AND i.key = t.key
         AND i.seq > t.step))
     ))) LIMIT 1`,
    [
      channels.map(({ channel }) => channel),
      channels.map(({ seq }) => seq),
      channels.map(({ keep }) => keep === 'all'),
      channels.map(({ last }) => last?.seq ?? null),
      channels.map(({ last }) => last?.key ?? null),
      channels.map(({ last }) => last?.at ?? null),
      channels.map(({ last }) => last?.origin ?? null),
    ],
  );
  const [missing] = seen.rows;
  return missing === undefined ? undefined : `step ${missing.seq} of ${missing.name}`;
}

export interface Adopted extends DatabaseIdentity {
  readonly epoch: string;
  /** The missing part; undefined if the epoch is the one before, or another node has renewed it. */
  readonly missing: string | undefined;
}

/**
 * Decides under which epoch the database is read from now on, for all nodes. The caller holds no transaction.
 * @param before what this node knew; undefined for a node that starts
 */
export async function adopt(
  client: pg.ClientBase,
  before: (DatabaseIdentity & { readonly epoch: string; readonly evidence: Evidence }) | undefined,
  newEpoch: () => string,
): Promise<Adopted> {
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('horai.epoch'))`);
    const identity = await identityOf(client);
    const { rows } = await client.query<{ name: string; value: string }>('SELECT name, value FROM meta');
    const meta = new Map(rows.map(({ name, value }) => [name, value]));
    const known = meta.get('epoch');
    const isKnown = known !== undefined && meta.get('identity') === identityText(identity);
    let epoch = known ?? newEpoch();
    let missing: string | undefined;
    if (before === undefined || before.database !== identity.database || before.epoch !== known) {
      // Nobody here knows the past of this database under its present epoch.
      if (!isKnown) epoch = newEpoch();
    } else {
      missing = await findMissing(client, before.evidence);
      if (missing !== undefined) epoch = newEpoch();
    }
    const put =
      'INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    await client.query(put, ['epoch', epoch]);
    await client.query(put, ['identity', identityText(identity)]);
    await client.query('COMMIT');
    return { ...identity, epoch, missing };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
