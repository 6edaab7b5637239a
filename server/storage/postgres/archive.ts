// Exports and imports a whole PostgreSQL store, for backup and migration. The export reads as of one moment, over a connection of its own whose
// transaction stays open meanwhile. The import loads each channel in one transaction.

import type pg from 'pg';
import type { Answer, Outline, Step } from '../../core/store.ts';
import { connectClient, noLimits, setUpSession } from './connection.ts';

const pageRows = 1_000;
/** Characters of values in one page of steps. */
const pageText = 4_000_000;

export interface PostgresSnapshot {
  outlines(): AsyncIterable<Outline>;
  steps(channel: string): AsyncIterable<readonly Step[]>;
  answers(channel: string): AsyncIterable<readonly Answer[]>;
  close(): Promise<void>;
}

/** Takes a connection of the pool until it is closed. */
export async function openSnapshot(pool: pg.Pool): Promise<PostgresSnapshot> {
  const client = await pool.connect();
  try {
    // No limit of time: an export may pause for long between questions.
    await setUpSession(client, noLimits);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  } catch (error) {
    client.release(true);
    throw error;
  }
  const channelOf = async (channel: string) => {
    const { rows } = await client.query<{ account: string; id: number }>(
      `SELECT account, id FROM channels WHERE account = split_part($1, '/', 1) AND name = $1`,
      [channel],
    );
    return rows[0];
  };
  return {
    async *outlines() {
      for (let last: string | null = null; ; ) {
        const { rows }: { rows: Outline[] } = await client.query<Outline>(
          `SELECT name AS channel, seq, version, floor FROM channels c
           WHERE ($1::text IS NULL OR name > $1 COLLATE "C")
             AND (seq > 0 OR EXISTS (SELECT FROM answers a WHERE a.account = c.account AND a.channel = c.id))
           ORDER BY name LIMIT $2`,
          [last, pageRows],
        );
        yield* rows;
        if (rows.length < pageRows) return;
        last = rows.at(-1)?.channel ?? null;
      }
    },
    async *steps(channel) {
      const found = await channelOf(channel);
      if (found === undefined) return;
      for (let after = 0; ; ) {
        const { rows } = await client.query<Step>(
          `SELECT CASE WHEN value IS NULL THEN 'delete' WHEN born = seq THEN 'create' ELSE 'update' END AS kind,
             key, value, time, until AS "end", seq, origin, at, version, born
           FROM (
             SELECT *, sum(length(value)) OVER (ORDER BY seq) - length(value) AS before FROM (
               SELECT * FROM steps WHERE account = $1 AND channel = $2 AND seq > $3 ORDER BY seq LIMIT $4
             ) page
           ) s WHERE coalesce(before, 0) < $5 ORDER BY seq`,
          [found.account, found.id, after, pageRows, pageText],
        );
        if (rows.length === 0) return;
        yield rows;
        after = rows.at(-1)?.seq ?? after;
      }
    },
    async *answers(channel) {
      const found = await channelOf(channel);
      if (found === undefined) return;
      for (let after: string | null = null; ; ) {
        const { rows }: { rows: Answer[] } = await client.query<Answer>(
          `SELECT id AS "writeId", seq, steps, at FROM answers
           WHERE account = $1 AND channel = $2 AND ($3::text IS NULL OR id > $3 COLLATE "C") ORDER BY id LIMIT $4`,
          [found.account, found.id, after, pageRows],
        );
        if (rows.length === 0) return;
        yield rows;
        after = rows.at(-1)?.writeId ?? null;
      }
    },
    close: async () => client.release(true),
  };
}

export async function loadChannel(
  url: string,
  { channel, seq, version, floor }: Outline,
  steps: AsyncIterable<readonly Step[]>,
  answers: AsyncIterable<readonly Answer[]>,
): Promise<void> {
  const client = await connectClient(url, noLimits);
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ account: string; id: number; empty: boolean }>(
      `SELECT account, id,
         seq = 0 AND NOT EXISTS (SELECT FROM answers a WHERE a.account = c.account AND a.channel = c.id) AS empty
       FROM lock_channel($1) c`,
      [channel],
    );
    const made = rows[0];
    if (made?.empty !== true) throw new Error(`The channel ${channel} exists already.`);
    const { account, id } = made;
    for await (const page of steps) {
      if (page.length === 0) continue;
      const of = <T>(pick: (step: Step) => T) => page.map(pick);
      await client.query({
        name: 'load steps',
        text: 'SELECT load_steps($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
        values: [
          account,
          id,
          of((step) => step.seq),
          of((step) => step.time),
          of((step) => step.end),
          of((step) => step.version),
          of((step) => step.at),
          of((step) => step.born),
          of((step) => step.key),
          of((step) => step.origin),
          of((step) => step.value),
        ],
      });
    }
    for await (const page of answers) {
      await client.query(
        `INSERT INTO answers (account, channel, seq, steps, at, id)
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[])`,
        [
          account,
          id,
          page.map((one) => one.seq),
          page.map((one) => one.steps),
          page.map((one) => one.at),
          page.map((one) => one.writeId),
        ],
      );
    }
    await client.query('SELECT load_end($1, $2)', [account, id]);
    await client.query('UPDATE channels SET seq = $3, version = $4, floor = $5 WHERE account = $1 AND id = $2', [
      account,
      id,
      seq,
      version,
      floor,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    await client.end();
  }
}
