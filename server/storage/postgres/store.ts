// The store that many nodes share: implements the `Store` port on one PostgreSQL. Questions go over a pool, here; writes go through the
// lanes (batch-writer.ts). What must be decided inside a transaction is in migrations/1_tables.sql.

import pg from 'pg';
import type {
  Answer,
  Appended,
  Archive,
  Change,
  ChannelInfo,
  Head,
  Item,
  Keep,
  Outline,
  Past,
  Range,
  Since,
  Step,
  Store,
  Write,
} from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { loadChannel, openSnapshot, type PostgresSnapshot } from './archive.ts';
import { BatchLane } from './batch-writer.ts';
import { isBusy, isLost, type Prepared, patienceMs, prepare, reasonOf, settings } from './connection.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly world: World;
  /** Number of connections that write, and of those that read. */
  readonly lanes?: number;
  readonly askers?: number;
}

export type OpenedPostgres =
  | { readonly ok: true; readonly store: PostgresStore }
  | { readonly ok: false; readonly error: string };

/** Opens the store and migrates its tables. A refusal is one sentence for the person who started the hub. */
export async function openPostgres(options: PostgresOptions): Promise<OpenedPostgres> {
  try {
    return { ok: true, store: new PostgresStore(options, await prepare(options.url, options.world)) };
  } catch (error) {
    return {
      ok: false,
      error: `The database cannot be used (${reasonOf(error)}): check HORAI_STORE.`,
    };
  }
}

/** Counts the connections that hubs have to the database. Call it before this process opens its own. */
export async function hubsOn(url: string): Promise<number> {
  const client = new pg.Client({ ...settings(url, { statementMs }), application_name: 'horai migrate' });
  await client.connect();
  try {
    const { rows } = await client.query<{ hubs: number }>(
      `SELECT count(*) AS hubs FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'horai'`,
    );
    return rows[0]?.hubs ?? 0;
  } finally {
    await client.end();
  }
}

const statementMs = 30_000;
const pauseMs = 100;
/** Rows fetched at once if the page ends by its size in characters. */
const askedAtOnce = 256;
const remembered = 30 * 24 * 60 * 60 * 1_000;
const prunedAtOnce = 2_000;
const pruneEvery = 60 * 60 * 1_000;
const checkMs = 3_000;

const columns = 's.key, s.value, s.time, s.until AS "end", s.seq, s.origin, s.at, s.version';
const kindSince = (seq: string) =>
  `CASE WHEN s.value IS NULL THEN 'delete' WHEN s.born > ${seq} THEN 'create' ELSE 'update' END AS kind`;
// The two join orders, each written so that the planner can use it in that direction only.
const isLatest = `(SELECT i.seq FROM items i WHERE i.account = s.account AND i.channel = s.channel AND i.key = s.key) = s.seq`;
const itsStep = `CROSS JOIN LATERAL (
  SELECT * FROM steps s WHERE s.account = i.account AND s.channel = i.channel AND s.seq = i.seq AND s.moment = i.moment OFFSET 0
) s`;
const channelHere = `SELECT * FROM channels WHERE account = split_part($1, '/', 1) AND name = $1`;

interface HeadRow {
  readonly seq: number;
  readonly version: number;
  readonly floor: number;
}

export class PostgresStore implements Store, Archive {
  readonly epoch: string;
  readonly #url: string;
  readonly #world: World;
  readonly #lanes: readonly BatchLane[];
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();
  #pruneFrom = 0;
  /** The snapshot that questions about the whole store read while it is exported. */
  #snapshot: PostgresSnapshot | undefined;
  #closing: Promise<void> | undefined;
  /** Why the store takes no more writes and questions. */
  #stopped: Error | undefined;

  constructor({ url, world, lanes = 4, askers = 8 }: PostgresOptions, { epoch, identity }: Prepared) {
    this.epoch = epoch;
    this.#url = url;
    this.#world = world;
    const node = world.id();
    const replaced = (error: Error) => this.#stop(error);
    this.#lanes = Array.from(
      { length: lanes },
      (_, index) => new BatchLane({ url, world, name: `${node}/${epoch}/${index}`, epoch, identity, replaced }),
    );
    this.#pool = new pg.Pool({ ...settings(url, { statementMs }), max: askers, idleTimeoutMillis: 60_000 });
    this.#pool.on('error', () => undefined);
  }

  append(channel: string, write: Write, keep: Keep): Promise<Appended> {
    if (write.writeId !== undefined) this.#prune(write.at);
    return this.#laneOf(channel).append(channel, write, keep);
  }

  async head(channel: string): Promise<Head> {
    const rows = await this.#ask<HeadRow>(`SELECT seq, version, floor FROM (${channelHere}) c`, [channel]);
    return this.#head(rows[0]);
  }

  async since(channel: string, seq: number, limit: number): Promise<Since> {
    const removed = seq === 0 ? 'AND s.value IS NOT NULL' : '';
    const last = '$3::bigint';
    const bounds = (of: string) =>
      `WHERE ${of}.account = c.account AND ${of}.channel = c.id AND ${of}.seq > $2::bigint`;
    // Walking the steps is cheap unless most of them are past values. Then sorting the items is cheaper.
    const walk = `
      SELECT ${kindSince('$2::bigint')}, ${columns} FROM steps s
      ${bounds('s')} ${removed} AND ${isLatest} AND c.seq - $2::bigint <= 4 * c.items ORDER BY s.seq LIMIT ${last}`;
    const sort = `
      SELECT ${kindSince('$2::bigint')}, ${columns} FROM items i ${itsStep}
      ${bounds('i')} ${removed} AND c.seq - $2::bigint > 4 * c.items ORDER BY i.seq LIMIT ${last}`;
    const rows = await this.#ask<Change & { head: number; newest: number; floor: number }>(
      `SELECT x.*, c.seq AS head, c.version AS newest, c.floor FROM (${channelHere}) c
       LEFT JOIN LATERAL ((${walk}) UNION ALL (${sort})) x ON true ORDER BY x.seq`,
      [channel, seq, limitOf(limit + 1)],
    );
    const first = rows[0];
    const head = this.#head(first && { seq: first.head, version: first.newest, floor: first.floor });
    if (seq > 0 && (seq < head.floor || seq > head.seq)) return { ok: false, reason: 'gone', head };
    const changes: Change[] = [];
    for (const { head: _, newest: __, floor: ___, ...change } of rows) if (change.kind !== null) changes.push(change);
    const more = changes.length > limit;
    if (more) changes.pop();
    return { ok: true, head, changes, more };
  }

  async read(channel: string, { size, ...range }: Range): Promise<readonly Item[]> {
    if (size === undefined) return this.#read(channel, range);
    const items: Item[] = [];
    let left = size;
    for (let after = range.after; ; ) {
      const wanted = Math.min(askedAtOnce, (range.limit ?? Number.POSITIVE_INFINITY) - items.length);
      const some = await this.#read(channel, { ...range, ...(after && { after }), limit: wanted });
      for (const item of some) {
        if (left <= 0) return items;
        items.push(item);
        left -= item.value.length;
      }
      if (some.length < wanted || wanted === 0) return items;
      after = some.at(-1);
    }
  }

  history(channel: string, { key, after = 0, before, limit, newest }: Past): Promise<readonly Change[]> {
    const bounds = 's.account = c.account AND s.channel = c.id AND s.seq > $2 AND s.seq < $3';
    const order = `ORDER BY s.seq ${newest === true ? 'DESC' : 'ASC'} LIMIT $4`;
    const values = [channel, after, before ?? Number.MAX_SAFE_INTEGER, limitOf(limit)];
    const kind = `CASE WHEN s.value IS NULL THEN 'delete' WHEN s.born = s.seq THEN 'create' ELSE 'update' END AS kind`;
    if (key === undefined) {
      return this.#ask(
        `SELECT x.* FROM (${channelHere}) c CROSS JOIN LATERAL (
           SELECT ${kind}, ${columns} FROM steps s WHERE ${bounds} ${order}
         ) x`,
        values,
      );
    }
    // An item's history is a linked list through `prev`.
    return this.#ask(
      `WITH RECURSIVE c AS MATERIALIZED (${channelHere}), chain (account, channel, seq, prev) AS (
         SELECT s.account, s.channel, s.seq, s.prev FROM c
         JOIN items i ON i.account = c.account AND i.channel = c.id AND i.key = $5 ${itsStep}
         UNION ALL
         SELECT s.account, s.channel, s.seq, s.prev FROM chain p
         JOIN steps s ON s.account = p.account AND s.channel = p.channel AND s.seq = p.prev WHERE p.prev > $2)
       SELECT ${kind}, ${columns} FROM chain p JOIN c ON true
       JOIN steps s ON s.account = p.account AND s.channel = p.channel AND s.seq = p.seq AND ${bounds} ${order}`,
      [...values, key],
    );
  }

  at(channel: string, seq: number): Promise<readonly Item[]> {
    return this.#ask(
      `SELECT ${columns} FROM (
         SELECT DISTINCT ON (s.key) s.* FROM (${channelHere}) c
         JOIN steps s ON s.account = c.account AND s.channel = c.id AND s.seq <= $2 ORDER BY s.key, s.seq DESC
       ) s WHERE s.value IS NOT NULL ORDER BY s.seq`,
      [channel, seq],
    );
  }

  channels(prefix: string): Promise<readonly ChannelInfo[]> {
    const account = prefix.includes('/') ? `account = split_part($1, '/', 1) AND` : 'account >= $1 AND';
    return this.#ask(
      `SELECT name AS channel, seq, items FROM channels
       WHERE ${account} name >= $1 AND starts_with(name, $1) AND seq > 0 ORDER BY name`,
      [prefix],
    );
  }

  heads(channels: readonly string[], prefixes: readonly string[]): Promise<readonly ChannelInfo[]> {
    return this.#ask(
      `SELECT c.name AS channel, c.seq, c.items FROM unnest($1::text[]) AS t (name)
       JOIN channels c ON c.account = split_part(t.name, '/', 1) AND c.name = t.name WHERE c.seq > 0
       UNION SELECT c.name, c.seq, c.items FROM unnest($2::text[]) AS t (prefix)
       JOIN channels c ON c.account = split_part(t.prefix, '/', 1) AND starts_with(c.name, t.prefix)
       WHERE strpos(t.prefix, '/') > 0 AND c.seq > 0
       UNION SELECT c.name, c.seq, c.items FROM unnest($2::text[]) AS t (prefix)
       JOIN channels c ON starts_with(c.name, t.prefix) WHERE strpos(t.prefix, '/') = 0 AND c.seq > 0`,
      [channels, prefixes],
    );
  }

  async forget(channel: string, through: number): Promise<void> {
    await this.#ask('SELECT forget($1, $2)', [channel, through]);
  }

  async check(): Promise<void> {
    for (const { trouble } of this.#lanes) if (trouble !== undefined) throw new Error(trouble);
    let late: () => void = () => undefined;
    const tooLate = new Promise<never>((_, fail) => {
      late = this.#world.after(checkMs, () => fail(new Error(`The database gave no answer for ${checkMs / 1_000} s.`)));
    });
    const [lane] = this.#lanes;
    await Promise.race([lane?.prove(), tooLate]).finally(late);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async *outlines(): AsyncGenerator<Outline> {
    const before = this.#snapshot;
    const snapshot = await openSnapshot(this.#url);
    this.#snapshot = snapshot;
    try {
      yield* snapshot.outlines();
    } finally {
      this.#snapshot = before;
      await snapshot.close();
    }
  }

  async *steps(channel: string): AsyncGenerator<readonly Step[]> {
    if (this.#snapshot !== undefined) yield* this.#snapshot.steps(channel);
    else yield* alone(await openSnapshot(this.#url), (snapshot) => snapshot.steps(channel));
  }

  async *answers(channel: string): AsyncGenerator<readonly Answer[]> {
    if (this.#snapshot !== undefined) yield* this.#snapshot.answers(channel);
    else yield* alone(await openSnapshot(this.#url), (snapshot) => snapshot.answers(channel));
  }

  load(
    outline: Outline,
    steps: AsyncIterable<readonly Step[]>,
    answers: AsyncIterable<readonly Answer[]>,
  ): Promise<void> {
    return loadChannel(this.#url, outline, steps, answers);
  }

  async #close(): Promise<void> {
    this.#stopped ??= new Error('The store is closed.');
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.#pool.end();
  }

  #stop(error: Error): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = error;
    this.#world.log.error({ error: error.message }, 'the store stopped');
    for (const lane of this.#lanes) lane.stop(error);
  }

  /** An account always uses the same lane, so its writes are applied in the order in which they were given. */
  #laneOf(channel: string): BatchLane {
    const account = channel.split('/', 1)[0] ?? channel;
    let hash = 0;
    for (let index = 0; index < account.length; index += 1) hash = (hash * 31 + account.charCodeAt(index)) | 0;
    const lane = this.#lanes[Math.abs(hash) % this.#lanes.length];
    if (lane === undefined) throw new Error('the store has no lanes');
    return lane;
  }

  #head(row: HeadRow | undefined): Head {
    const { seq, version, floor } = row ?? { seq: 0, version: -1, floor: 0 };
    return { epoch: this.epoch, seq, version, floor };
  }

  #read(channel: string, { key, from, to, after, limit, newest }: Omit<Range, 'size'>): Promise<readonly Item[]> {
    const spanned = from !== undefined || to !== undefined;
    const where = ['s.value IS NOT NULL'];
    const values: unknown[] = [channel];
    const given = (value: unknown): string => `$${values.push(value)}`;
    const [beyond, direction] = newest === true ? ['<', 'DESC'] : ['>', 'ASC'];
    if (key !== undefined) where.push(`i.key = ${given(key)}`);
    let order = `i.key ${direction}`;
    if (spanned) {
      // `moment` is the item's own time where it has one; the steps are partitioned by it. Nothing that began more than the longest span
      // earlier can reach into the range.
      if (from !== undefined) {
        const bound = given(from);
        where.push(
          `s.time >= ${bound}::bigint - c.longest AND s.moment >= ${bound}::bigint - c.longest`,
          `(s.time >= ${bound} OR s.until > ${bound})`,
        );
      }
      if (to !== undefined) {
        const bound = given(to);
        where.push(`s.time < ${bound}::bigint AND s.moment < ${bound}::bigint`);
      }
      if (after !== undefined)
        where.push(`(s.time, s.key) ${beyond} (${given(after.time ?? 0)}::bigint, ${given(after.key)})`);
      order = `s.time ${direction}, s.key ${direction}`;
    } else if (after !== undefined) where.push(`i.key ${beyond} ${given(after.key)}`);
    const rows =
      spanned && key === undefined
        ? `steps s WHERE s.account = c.account AND s.channel = c.id AND s.time IS NOT NULL AND ${isLatest}`
        : `items i ${itsStep} WHERE i.account = c.account AND i.channel = c.id`;
    return this.#ask(
      `SELECT x.* FROM (${channelHere}) c CROSS JOIN LATERAL (
         SELECT ${columns} FROM ${rows} AND ${where.join(' AND ')} ORDER BY ${order} LIMIT ${given(limitOf(limit))}
       ) x`,
      values,
    );
  }

  /** Runs a read. Reads change nothing, so they are repeated while the database is away. */
  async #ask<Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `ask ${this.#names.size}`;
      this.#names.set(text, name);
    }
    const began = this.#world.now();
    for (;;) {
      if (this.#stopped !== undefined) throw this.#stopped;
      try {
        const { rows } = await this.#pool.query({ name, text, values: [...values] });
        return rows;
      } catch (error) {
        const waits = isLost(error) || isBusy(error);
        if (!waits || this.#world.now() - began >= patienceMs) {
          throw new Error(`The store could not read: ${reasonOf(error)}.`, { cause: error });
        }
        await new Promise<void>((resolve) => this.#world.after(pauseMs, resolve));
      }
    }
  }

  /** Every node drops expired write ids, a few rows at a time, by the clock of its writes. */
  #prune(now: number): void {
    if (now < this.#pruneFrom) return;
    this.#pruneFrom = now + pruneEvery;
    const pruned = this.#ask<{ id: string }>(
      `WITH old AS (DELETE FROM lanes WHERE used < now() - interval '30 days')
       DELETE FROM answers WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM answers WHERE at < $1 ORDER BY at LIMIT ${prunedAtOnce} FOR UPDATE SKIP LOCKED)) RETURNING id`,
      [now - remembered],
    );
    pruned.then(
      ({ length }) => {
        if (length === prunedAtOnce) this.#pruneFrom = now;
      },
      (error: unknown) =>
        this.#world.log.warn({ error: reasonOf(error) }, 'postgres: expired write ids could not be dropped'),
    );
  }
}

async function* alone<T>(
  snapshot: PostgresSnapshot,
  ask: (snapshot: PostgresSnapshot) => AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    yield* ask(snapshot);
  } finally {
    await snapshot.close();
  }
}

/** PostgreSQL writes "no limit" as null. */
function limitOf(limit = Number.POSITIVE_INFINITY): number | null {
  return Number.isFinite(limit) ? limit : null;
}
