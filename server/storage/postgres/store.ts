// The store that many nodes share: implements the `Store` port on one PostgreSQL. Questions go over a pool, here; writes go through the
// lanes (batch-writer.ts). What must be decided inside a transaction is in migrations/1_tables.sql.

import pg from 'pg';
import type {
  Answer,
  Appended,
  Archive,
  Change,
  ChannelInfo,
  ChannelsPage,
  Head,
  Item,
  Keep,
  Outline,
  Past,
  Range,
  RangeState,
  Since,
  SincePage,
  Step,
  Store,
  StoreUser,
  Write,
} from '../../core/store.ts';
import type { DatabaseMeasures } from '../../core/upkeep.ts';
import type { World } from '../../core/world.ts';
import { loadChannel, openSnapshot, type PostgresSnapshot } from './archive.ts';
import { BatchLane } from './batch-writer.ts';
import {
  connectClient,
  isBusy,
  isLost,
  noLimits,
  type Prepared,
  patienceMs,
  prepare,
  reasonOf,
  settings,
  setUpSession,
} from './connection.ts';
import { checkConnections, leastConnections, planConnections } from './connection-check.ts';
import { adopt, type DatabaseIdentity, identityOf } from './database-identity.ts';
import { grantHubRights, migrateTables, StartRefusal } from './migrate-tables.ts';
import { NodeHeartbeat } from './node-heartbeat.ts';
import { PostgresPresence } from './presence-board.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly world: World;
  /** Number of connections that write, and of those that read. */
  readonly lanes?: number;
  readonly askers?: number;
}

/** How many connections a hub has, and whether it hears of changes over one of them. */
export interface ConnectionBudget {
  readonly total: number;
  readonly isNotify: boolean;
}

export type OpenedPostgres =
  | { readonly ok: true; readonly store: PostgresStore }
  | { readonly ok: false; readonly error: string };

/**
 * Opens the store and migrates its tables. A refusal is one sentence for the person who started the hub.
 * @param budget of a hub; it is checked first that the database gives so many connections
 */
export async function openPostgres(options: PostgresOptions, budget?: ConnectionBudget): Promise<OpenedPostgres> {
  const { url, world } = options;
  try {
    if (budget === undefined) return { ok: true, store: new PostgresStore(options, await prepare(url, world)) };
    const plan = planConnections(budget.total, budget.isNotify);
    await checkConnections(url, plan, leastConnections(budget.isNotify), world);
    const planned = { ...options, lanes: plan.lanes, askers: plan.readers };
    return { ok: true, store: new PostgresStore(planned, await prepare(url, world)) };
  } catch (error) {
    if (error instanceof StartRefusal) return { ok: false, error: error.message };
    return { ok: false, error: `The database cannot be used (${reasonOf(error)}): check HORAI_STORE.` };
  }
}

/**
 * Brings the tables of a database to this version, without starting a hub.
 * @param role gets the rights that a running hub needs; undefined for none
 * @returns why it failed; undefined if it did not
 */
export async function migratePostgres(
  url: string,
  world: World,
  role: string | undefined,
): Promise<string | undefined> {
  try {
    const client = await connectClient(url, noLimits);
    try {
      await migrateTables(client, world);
      if (role !== undefined) await grantHubRights(client, role);
      return undefined;
    } finally {
      await client.end();
    }
  } catch (error) {
    if (error instanceof StartRefusal) return error.message;
    return `The database cannot be migrated (${reasonOf(error)}): check HORAI_STORE.`;
  }
}

/** Counts the connections that hubs have to the database. Call it before this process opens its own. */
export async function hubsOn(url: string): Promise<number> {
  const client = await connectClient(url, { statementMs });
  try {
    const { rows } = await client.query<{ hubs: number }>(
      `SELECT count(*) AS hubs FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'horai' AND pid <> pg_backend_pid()`,
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
/** Rows of the first page of a state. */
const stateAtOnce = 2_048;
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
/** Joins an item with the step that it had at a step. */
const asOf = (at: string) => `CROSS JOIN LATERAL (
  WITH RECURSIVE chain AS (
    SELECT s.* FROM steps s
    WHERE s.account = i.account AND s.channel = i.channel AND s.seq = i.seq AND s.moment = i.moment
    UNION ALL
    SELECT s.* FROM chain p
    JOIN steps s ON s.account = p.account AND s.channel = p.channel AND s.seq = p.prev WHERE p.seq > ${at}::bigint)
  SELECT * FROM chain WHERE seq <= ${at}::bigint LIMIT 1
) s`;
const channelHere = `SELECT * FROM channels WHERE account = split_part($1, '/', 1) AND name = $1`;

interface HeadRow {
  readonly seq: number;
  readonly version: number;
  readonly floor: number;
}

export class PostgresStore implements Store, Archive {
  /** Unique among all nodes, for ever. */
  readonly node: string;
  #epoch: string;
  #identity: DatabaseIdentity;
  #adopting: Promise<void> | undefined;
  /** How many servers have been adopted, and which of them each reading connection leads to. */
  #servers = 0;
  readonly #serverOf = new WeakMap<pg.ClientBase, number>();
  #user: StoreUser | undefined;
  #heartbeat: NodeHeartbeat | undefined;
  readonly #url: string;
  readonly #world: World;
  readonly #lanes: readonly BatchLane[];
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();
  #pruneFrom = 0;
  #rowsFetched = 0;
  /** The snapshot that questions about the whole store read while it is exported. */
  #snapshot: PostgresSnapshot | undefined;
  #closing: Promise<void> | undefined;
  /** Why the store takes no more writes and questions. */
  #stopped: Error | undefined;

  constructor({ url, world, lanes = 4, askers = 8 }: PostgresOptions, { epoch, identity }: Prepared) {
    this.#epoch = epoch;
    this.#identity = identity;
    this.#url = url;
    this.#world = world;
    this.node = world.id();
    const verify = (client: pg.ClientBase) => this.verify(client);
    const onOutdated = (error: Error) => this.#refuseWrites(error);
    this.#lanes = Array.from(
      { length: lanes },
      (_, index) =>
        new BatchLane({
          url,
          world,
          name: `${this.node}/${epoch}/${index}`,
          epoch: () => this.#epoch,
          verify,
          outdated: onOutdated,
        }),
    );
    this.#pool = new pg.Pool({
      ...settings(url, { statementMs }),
      max: askers,
      idleTimeoutMillis: 60_000,
      verify: (client, done) => {
        // While it is lent, nobody else listens, and an error that nobody hears ends the process. A question under way gets it, too.
        client.on('error', () => undefined);
        const check = setUpSession(client, { statementMs }).then(() => verify(client));
        void check.then(() => {
          this.#serverOf.set(client, this.#servers);
          done();
        }, done);
      },
    });
    this.#pool.on('error', () => undefined);
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** The identity of this database: the cluster and its tables. It stays the same when another server takes over. */
  get database(): string {
    return this.#identity.database;
  }

  /** Milliseconds by which the database's clock is ahead of this machine's. */
  get clockMs(): number {
    return this.#heartbeat?.clockMs ?? 0;
  }

  /** Where the nodes tell each other who is in which channel. */
  get presence(): PostgresPresence {
    return new PostgresPresence(this.#pool, this.node);
  }

  get heartbeat(): NodeHeartbeat | undefined {
    return this.#heartbeat;
  }

  /** For the metrics of this node. */
  measure(): DatabaseMeasures {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    const broken = this.#lanes.filter(({ trouble }) => trouble !== undefined).length;
    return {
      lanes: this.#lanes.length,
      brokenLanes: broken,
      readers: totalCount,
      idleReaders: idleCount,
      waitingReads: waitingCount,
      rowsFetched: this.#rowsFetched,
      clockMs: this.clockMs,
    };
  }

  /** From now on `user` is asked what it has seen when another server takes over, and told of a new epoch. */
  attach(user: StoreUser): void {
    this.#user = user;
  }

  /** Gives the database another epoch, unless another node has just done so. All nodes take it over. */
  async renewEpoch(): Promise<void> {
    const values = [this.#world.id(), this.#epoch];
    await this.#pool.query(`UPDATE meta SET value = $1 WHERE name = 'epoch' AND value = $2`, values);
    await this.#adoptOther();
  }

  /**
   * Lets the other nodes know that this one runs.
   * @param relay how it hears of their changes. @param lastNotices when each was last heard
   */
  async startHeartbeat(relay: string, lastNotices: () => ReadonlyMap<string, number>): Promise<void> {
    this.#heartbeat = new NodeHeartbeat({
      pool: this.#pool,
      world: this.#world,
      node: this.node,
      relay,
      lastNotices,
      onEpoch: (epoch) => {
        if (epoch !== this.#epoch) void this.#adoptOther().catch(() => undefined);
      },
    });
    await this.#heartbeat.start();
  }

  /** Resolves when the database of a new connection is the one that this node reads. @throws while it is another one */
  async verify(client: pg.ClientBase): Promise<void> {
    for (let isLast = false; ; isLast = true) {
      let found: DatabaseIdentity;
      try {
        found = await identityOf(client);
      } catch (error) {
        // Without the code of the database: whoever asks tries again in a moment.
        throw new Error(reasonOf(error), { cause: error });
      }
      const { database, timeline } = this.#identity;
      if (found.database === database && found.timeline === timeline) return;
      if (found.database === database && found.timeline < timeline)
        throw new Error('a server answers that another one has taken over from: shut it down');
      if (isLast) throw new Error('another server answers than the one that took over');
      await this.#adoptOnce(client);
    }
  }

  append(channel: string, write: Write, keep: Keep): Promise<Appended> {
    const refusal = this.#heartbeat?.clockRefusal;
    if (refusal !== undefined) return Promise.reject(new Error(`${refusal}.`));
    if (write.writeId !== undefined) this.#prune(write.at);
    return this.#laneOf(channel).append(channel, write, keep);
  }

  async head(channel: string): Promise<Head> {
    const rows = await this.#ask<HeadRow>(`SELECT seq, version, floor FROM (${channelHere}) c`, [channel]);
    return this.#head(rows[0]);
  }

  async since(
    channel: string,
    seq: number,
    limit: number,
    { size = Number.MAX_SAFE_INTEGER, basis = seq }: SincePage = {},
  ): Promise<Since> {
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
       LEFT JOIN LATERAL (${boundBySize(`(${walk}) UNION ALL (${sort})`, 'seq', '$4')}) x ON true ORDER BY x.seq`,
      [channel, seq, limitOf(limit + 1), size],
    );
    const first = rows[0];
    const head = this.#head(first && { seq: first.head, version: first.newest, floor: first.floor });
    if (seq > 0 && (Math.max(seq, basis) < head.floor || seq > head.seq)) return { ok: false, reason: 'gone', head };
    const changes: Change[] = [];
    let read = 0;
    for (const { head: _, newest: __, floor: ___, ...change } of rows) {
      if (change.kind === null) continue;
      changes.push(change);
      read += Buffer.byteLength(change.value ?? '');
    }
    // The database ends with the change that makes the page large: then it cannot be known whether others follow.
    const more = changes.length > limit || read >= size;
    if (changes.length > limit) changes.pop();
    return { ok: true, head, changes, more };
  }

  async read(channel: string, { size, ...range }: Range): Promise<readonly Item[]> {
    if (size === undefined) return this.#read(channel, range);
    const items: Item[] = [];
    let left = size;
    for (let after = range.after; ; ) {
      const wanted = Math.min(askedAtOnce, (range.limit ?? Number.POSITIVE_INFINITY) - items.length);
      const some = await this.#read(channel, { ...range, ...(after && { after }), limit: wanted }, left);
      let bytes = 0;
      for (const item of some) {
        items.push(item);
        bytes += Buffer.byteLength(item.value);
      }
      // The database counts bytes, the contract characters.
      const isCut = bytes >= left;
      left -= some.reduce((sum, { value }) => sum + value.length, 0);
      if (left <= 0 || wanted === 0 || (some.length < wanted && !isCut)) return items;
      after = some.at(-1);
    }
  }

  async state(channel: string, range: Range): Promise<RangeState> {
    // One statement reads at one moment. A page has at most so many of its rows.
    const { size, ...rest } = range;
    const most = size === undefined ? undefined : Math.min(stateAtOnce, rest.limit ?? stateAtOnce);
    const rows = await this.#rangeRows<Item & HeadRow & { head: number; newest: number }>(
      channel,
      most === undefined ? rest : { ...rest, limit: most },
      { columns: ', c.seq AS head, c.version AS newest, c.floor', join: 'LEFT JOIN LATERAL', on: 'ON true' },
      size,
    );
    const first = rows[0];
    const head = this.#head(first && { seq: first.head, version: first.newest, floor: first.floor });
    const items: Item[] = [];
    let bytes = 0;
    for (const { head: _, newest: __, floor: ___, ...item } of rows) {
      if (item.key === null) continue;
      items.push(item);
      bytes += Buffer.byteLength(item.value);
    }
    // The database counts bytes: then it cannot be known whether others follow.
    const more = items.length === (most ?? rest.limit) || (size !== undefined && bytes >= size);
    return { head, items, more };
  }

  history(
    channel: string,
    { key, after = 0, before, limit, size = Number.MAX_SAFE_INTEGER, newest }: Past,
  ): Promise<readonly Change[]> {
    const bounds = 's.account = c.account AND s.channel = c.id AND s.seq > $2 AND s.seq < $3';
    const order = `ORDER BY s.seq ${newest === true ? 'DESC' : 'ASC'} LIMIT $4`;
    const values = [channel, after, before ?? Number.MAX_SAFE_INTEGER, limitOf(limit), size];
    const direction = newest === true ? 'seq DESC' : 'seq ASC';
    const kind = `CASE WHEN s.value IS NULL THEN 'delete' WHEN s.born = s.seq THEN 'create' ELSE 'update' END AS kind`;
    if (key === undefined) {
      return this.#ask(
        `SELECT x.* FROM (${channelHere}) c CROSS JOIN LATERAL (
           ${boundBySize(`SELECT ${kind}, ${columns} FROM steps s WHERE ${bounds} ${order}`, direction, '$5')}
         ) x ORDER BY x.${direction}`,
        values,
      );
    }
    // An item's history is a linked list through `prev`.
    return this.#ask(
      `WITH RECURSIVE c AS MATERIALIZED (${channelHere}), chain (account, channel, seq, prev) AS (
         SELECT s.account, s.channel, s.seq, s.prev FROM c
         JOIN items i ON i.account = c.account AND i.channel = c.id AND i.key = $6 ${itsStep}
         UNION ALL
         SELECT s.account, s.channel, s.seq, s.prev FROM chain p
         JOIN steps s ON s.account = p.account AND s.channel = p.channel AND s.seq = p.prev WHERE p.prev > $2)
       SELECT * FROM (${boundBySize(
         `SELECT ${kind}, ${columns} FROM chain p JOIN c ON true
          JOIN steps s ON s.account = p.account AND s.channel = p.channel AND s.seq = p.seq AND ${bounds} ${order}`,
         direction,
         '$5',
       )}) x ORDER BY x.${direction}`,
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

  channels(prefix: string, { after, limit }: ChannelsPage = {}): Promise<readonly ChannelInfo[]> {
    const account = prefix.includes('/') ? `account = split_part($1, '/', 1) AND` : 'account >= $1 AND';
    return this.#ask(
      `SELECT name AS channel, seq, items FROM channels
       WHERE ${account} name >= $1 AND starts_with(name, $1) AND seq > 0 AND ($2::text IS NULL OR name > $2)
       ORDER BY name LIMIT $3`,
      [prefix, after ?? null, limit ?? null],
    );
  }

  async bytes(channel: string): Promise<number> {
    const [found] = await this.#ask<{ bytes: number }>(
      `SELECT coalesce(sum(octet_length(s.key) + octet_length(coalesce(s.value, ''))), 0)::bigint AS bytes
       FROM channels c JOIN steps s ON s.account = c.account AND s.channel = c.id
       WHERE c.account = split_part($1, '/', 1) AND c.name = $1`,
      [channel],
    );
    return Number(found?.bytes ?? 0);
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

  /** PostgreSQL frees the room of the rows by VACUUM; its own log and files are the operator's (docs/backup-and-upgrade.md). */
  async erase(channels: readonly string[]): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      for (const name of channels) {
        const { rows } = await client.query<{ account: string; id: string }>(
          `DELETE FROM channels WHERE account = split_part($1, '/', 1) AND name = $1 RETURNING account, id`,
          [name],
        );
        for (const { account, id } of rows) {
          for (const table of ['items', 'steps', 'answers']) {
            await client.query(`DELETE FROM ${table} WHERE account = $1 AND channel = $2`, [account, id]);
          }
        }
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
    // The planner's statistics hold values, too.
    for (const table of ['channels', 'items', 'steps', 'answers']) await this.#pool.query(`VACUUM (ANALYZE) ${table}`);
  }

  async forget(channel: string, through: number): Promise<void> {
    await this.#ask('SELECT forget($1, $2)', [channel, through]);
  }

  async check(): Promise<void> {
    const refusal = this.#heartbeat?.clockRefusal;
    if (refusal !== undefined) throw new Error(refusal);
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
    const snapshot = await openSnapshot(this.#pool);
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
    else yield* askAndClose(await openSnapshot(this.#pool), (snapshot) => snapshot.steps(channel));
  }

  async *answers(channel: string): AsyncGenerator<readonly Answer[]> {
    if (this.#snapshot !== undefined) yield* this.#snapshot.answers(channel);
    else yield* askAndClose(await openSnapshot(this.#pool), (snapshot) => snapshot.answers(channel));
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
    await this.#heartbeat?.stop();
    await this.#pool.end();
  }

  #refuseWrites(error: Error): void {
    this.#world.log.error({ error: error.message }, 'postgres: writes are refused from now on');
    for (const lane of this.#lanes) lane.stop(error);
  }

  /** Another node has found that something is missing. */
  async #adoptOther(): Promise<void> {
    // The connection comes first: while it is verified, another one may adopt.
    const client = await this.#pool.connect();
    try {
      await this.#adoptOnce(client);
    } finally {
      client.release();
    }
  }

  #adoptOnce(client: pg.ClientBase): Promise<void> {
    this.#adopting ??= this.#adopt(client).finally(() => {
      this.#adopting = undefined;
    });
    return this.#adopting;
  }

  /** Another server has taken over, or another node has found that something is missing: goes on under the epoch that is right now. */
  async #adopt(client: pg.ClientBase): Promise<void> {
    const evidence = {
      lanes: this.#lanes.map(({ acknowledged }) => acknowledged),
      channels: this.#user?.seenChannels() ?? [],
    };
    const before = { ...this.#identity, epoch: this.#epoch, evidence };
    const { epoch, missing, database, timeline } = await adopt(client, before, () => this.#world.id());
    const isOtherServer = database !== this.#identity.database || timeline !== this.#identity.timeline;
    this.#identity = { database, timeline };
    // Late answers of the previous server are not of this epoch.
    if (isOtherServer) this.#servers += 1;
    for (const lane of this.#lanes) {
      if (isOtherServer) lane.reconnect();
      else lane.renew(epoch);
    }
    const isSame = epoch === this.#epoch;
    this.#world.log.warn(
      { epoch, missing },
      isSame
        ? 'postgres: another server has taken over, and has everything: all positions stay'
        : 'postgres: the database is not the continuation of the one before: followers begin anew',
    );
    if (isSame) return;
    this.#epoch = epoch;
    this.#user?.renew();
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

  #read(channel: string, range: Omit<Range, 'size'>, size?: number): Promise<readonly Item[]> {
    return this.#rangeRows(channel, range, { columns: '', join: 'CROSS JOIN LATERAL', on: '' }, size);
  }

  /** @param shape what of the channel's row each row has in addition, and how it is joined: a left join has a row without items, too */
  #rangeRows<Row>(
    channel: string,
    { key, from, to, after, limit, newest, at }: Omit<Range, 'size'>,
    { columns: ofChannel, join, on }: { readonly columns: string; readonly join: string; readonly on: string },
    size = Number.MAX_SAFE_INTEGER,
  ): Promise<readonly Row[]> {
    const spanned = from !== undefined || to !== undefined;
    const where = ['s.value IS NOT NULL'];
    const values: unknown[] = [channel];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    const [beyond, direction] = newest === true ? ['<', 'DESC'] : ['>', 'ASC'];
    if (key !== undefined) where.push(`i.key = ${parameter(key)}`);
    let order = `i.key ${direction}`;
    if (spanned) {
      // `moment` is the item's own time where it has one; the steps are partitioned by it. Nothing that began more than the longest span
      // earlier can reach into the range.
      if (from !== undefined) {
        const bound = parameter(from);
        where.push(
          `s.time >= ${bound}::bigint - c.longest AND s.moment >= ${bound}::bigint - c.longest`,
          `(s.time >= ${bound} OR s.until > ${bound})`,
        );
      }
      if (to !== undefined) {
        const bound = parameter(to);
        where.push(`s.time < ${bound}::bigint AND s.moment < ${bound}::bigint`);
      }
      if (after !== undefined)
        where.push(`(s.time, s.key) ${beyond} (${parameter(after.time ?? 0)}::bigint, ${parameter(after.key)})`);
      order = `s.time ${direction}, s.key ${direction}`;
    } else if (after !== undefined) where.push(`i.key ${beyond} ${parameter(after.key)}`);
    const rows =
      spanned && key === undefined
        ? `steps s WHERE s.account = c.account AND s.channel = c.id AND s.time IS NOT NULL AND ${isLatest}`
        : `items i ${at === undefined ? itsStep : asOf(parameter(at))} WHERE i.account = c.account AND i.channel = c.id`;
    return this.#ask(
      `SELECT x.*${ofChannel} FROM (${channelHere}) c ${join} (
         ${boundBySize(
           `SELECT ${columns} FROM ${rows} AND ${where.join(' AND ')} ORDER BY ${order} LIMIT ${parameter(limitOf(limit))}`,
           spanned ? `time ${direction}, key ${direction}` : `key ${direction}`,
           parameter(size),
           false,
         )}
       ) x ${on}`,
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
        const rows = await this.#askServer<Row>(name, text, values);
        if (rows === undefined) continue;
        this.#rowsFetched += rows.length;
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

  /** @returns undefined if the connection leads to a server that another one has taken over from: it is closed */
  async #askServer<Row>(name: string, text: string, values: readonly unknown[]): Promise<readonly Row[] | undefined> {
    const client = await this.#pool.connect();
    const isCurrent = () => this.#serverOf.get(client) === this.#servers;
    try {
      const rows = isCurrent() ? (await client.query({ name, text, values: [...values] })).rows : undefined;
      const isStale = !isCurrent();
      client.release(isStale);
      return isStale ? undefined : rows;
    } catch (error) {
      client.release(error instanceof Error ? error : true);
      throw error;
    }
  }

  /**
   * Every node drops expired write ids, a few rows at a time.
   * @param now when the write was made. A hub writes in the database's time (compose.ts)
   */
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

async function* askAndClose<T>(
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
/**
 * The rows of a query until their values reach a size, the row that reaches it included. The length of a value is known without reading it.
 * @param order by which the rows are counted; the rows come in this order
 * @param size a parameter: bytes
 */
function boundBySize(query: string, order: string, size: string, hasKind = true): string {
  return `SELECT ${hasKind ? 'kind, ' : ''}key, value, time, "end", seq, origin, at, version FROM (
    SELECT q.*, sum(octet_length(q.value)) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS read
    FROM (${query}) q) w WHERE coalesce(read, 0) < ${size}::bigint`;
}

function limitOf(limit = Number.POSITIVE_INFINITY): number | null {
  return Number.isFinite(limit) ? limit : null;
}
