// The writing end of the embedded store, inside its worker thread: applies batches of jobs, one transaction each. Nothing here
// knows of promises, of the main thread or of reading; where the file comes from is in sqlite-file.ts.

import type { Database, Statement } from './driver.ts';
import type { Append, Did, Forget, Job, JobOp, Outcome } from './sqlite-jobs.ts';

/** How long a write id is remembered, by the hub's clock. */
const remembered = 30 * 24 * 60 * 60 * 1000;
/** Write ids dropped in one batch, so that none of them waits long for it. */
const prunedAtOnce = 2_000;
const pruneEvery = 60 * 60 * 1000;
/** Channels and origins whose rows are kept at hand. */
const cached = 10_000;

interface ChannelRow {
  /** 0 until it has a row. */
  id: number;
  seq: number;
  version: number;
  floor: number;
  items: number;
  longest: number;
}

interface LatestRow {
  readonly seq: number;
  readonly prev: number | null;
  /** null when the last step is a delete. */
  readonly born: number | null;
  /** Value and span are those asked about. */
  readonly same: number;
}

export class SqliteWriter {
  readonly #database: Database;
  readonly #committed: (commits: number) => void;
  readonly #sql: ReturnType<typeof statements>;
  readonly #channels = new Map<string, ChannelRow>();
  readonly #changed = new Set<ChannelRow>();
  readonly #origins = new Map<string, number>();
  #commits: number;
  #pruneFrom = 0;

  /** `committed` hears the number of each commit once it is on disk. */
  constructor(database: Database, commits: number, committed: (commits: number) => void) {
    this.#database = database;
    this.#commits = commits;
    this.#committed = committed;
    this.#sql = statements(database);
  }

  /** One transaction for all; if that fails, one for each, so that a job that cannot be done takes no neighbour with it. */
  apply(jobs: readonly Job[]): Outcome[] {
    try {
      return this.#transact(jobs);
    } catch (error) {
      if (jobs.length > 1) return jobs.flatMap((job) => this.apply([job]));
      return [{ outcome: 'failed', reason: error instanceof Error ? error.message : String(error) }];
    }
  }

  #transact(jobs: readonly Job[]): Outcome[] {
    try {
      this.#sql.begin.run();
      const outcomes = jobs.map((job) => this.#do(job));
      for (const { id, seq, version, floor, items, longest } of this.#changed) {
        this.#sql.updateChannel.run(seq, version, floor, items, longest, id);
      }
      this.#changed.clear();
      this.#sql.count.run(this.#commits + 1);
      this.#sql.commit.run();
      this.#commits += 1;
      this.#committed(this.#commits);
      if (this.#channels.size > cached) this.#channels.clear();
      if (this.#origins.size > cached) this.#origins.clear();
      return outcomes;
    } catch (error) {
      // What is at hand may now say more than the file does.
      this.#channels.clear();
      this.#changed.clear();
      this.#origins.clear();
      try {
        this.#database.exec('ROLLBACK');
      } catch {
        // SQLite rolled back by itself.
      }
      throw error;
    }
  }

  #do(job: Job): Outcome {
    if (job.job === 'append') return this.#append(job);
    if (job.job === 'forget') this.#forget(job);
    return { outcome: 'done' };
  }

  #append({ channel: name, keep, origin, at, writeId, base, ops }: Append): Outcome {
    const channel = this.#channel(name);
    if (writeId !== null && channel.id !== 0) {
      const answer = this.#sql.answer.get<{ seq: number; steps: number }>(channel.id, writeId);
      if (answer !== undefined) return { outcome: 'replayed', seq: answer.seq, steps: answer.steps };
    }
    if (base !== null && base !== channel.seq) return { outcome: 'stale', seq: channel.seq };

    if (channel.id === 0) this.#create(name, channel);
    const before = channel.seq;
    const originId = this.#origin(origin);
    const did = ops.map((op) => this.#step(channel, op, keep === 'all', originId, at));
    if (channel.seq > before) this.#changed.add(channel);
    if (writeId !== null) {
      this.#sql.remember.run(channel.id, writeId, channel.seq, channel.seq - before, at);
      this.#prune(at);
    }
    return { outcome: 'made', seq: channel.seq, did };
  }

  #step(
    channel: ChannelRow,
    { op, key, value, time, end, version }: JobOp,
    keepAll: boolean,
    origin: number,
    at: number,
  ): Did {
    const sql = this.#sql;
    const latest = sql.latest.get<LatestRow>(value, time, end, channel.id, key);
    const born = latest?.born ?? null;
    if (born === null ? op === 'remove' : op === 'add' || latest?.same === 1) return 'nothing';

    channel.seq += 1;
    const { id, seq } = channel;
    if (version !== null && version > channel.version) channel.version = version;
    if (time !== null && end !== null && end - time > channel.longest) channel.longest = end - time;
    if (latest === undefined) sql.insertItem.run(id, key, seq);
    else sql.moveItem.run(seq, id, key);
    if (latest !== undefined && !keepAll) sql.deleteStep.run(id, latest.seq);
    const prev = (keepAll ? latest?.seq : latest?.prev) ?? null;
    sql.insertStep.run(
      id,
      seq,
      prev,
      value === null ? null : (born ?? seq),
      time,
      end,
      version,
      origin,
      at,
      key,
      value,
    );
    if (value === null) {
      channel.items -= 1;
      return 'delete';
    }
    if (born !== null) return 'update';
    channel.items += 1;
    return 'create';
  }

  #forget({ channel: name, through }: Forget): void {
    const channel = this.#channel(name);
    const floor = Math.min(through, channel.seq);
    if (floor <= channel.floor) return;
    for (const sql of [this.#sql.forgetItems, this.#sql.forgetPast, this.#sql.forgetRemoved]) {
      sql.run(channel.id, channel.id, channel.floor, floor);
    }
    channel.floor = floor;
    this.#changed.add(channel);
  }

  #channel(name: string): ChannelRow {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const found = this.#sql.findChannel.get<ChannelRow>(name);
    if (found === undefined) return { id: 0, seq: 0, version: -1, floor: 0, items: 0, longest: 0 };
    this.#channels.set(name, found);
    return found;
  }

  #create(name: string, channel: ChannelRow): void {
    channel.id = Number(this.#sql.insertChannel.run(name).lastInsertRowid);
    this.#channels.set(name, channel);
  }

  #origin(name: string): number {
    const known = this.#origins.get(name);
    if (known !== undefined) return known;
    const found = this.#sql.findOrigin.get<{ id: number }>(name);
    const id = found?.id ?? Number(this.#sql.insertOrigin.run(name).lastInsertRowid);
    this.#origins.set(name, id);
    return id;
  }

  #prune(now: number): void {
    if (now < this.#pruneFrom) return;
    const { changes } = this.#sql.prune.run(now - remembered, prunedAtOnce);
    this.#pruneFrom = Number(changes) === prunedAtOnce ? now : now + pruneEvery;
  }
}

function statements(database: Database) {
  const sql = (text: string): Statement => database.prepare(text);
  return {
    begin: sql('BEGIN IMMEDIATE'),
    commit: sql('COMMIT'),
    count: sql(`UPDATE meta SET value = ? WHERE name = 'commits'`),
    findChannel: sql('SELECT id, seq, version, floor, items, longest FROM channels WHERE name = ?'),
    insertChannel: sql('INSERT INTO channels (name) VALUES (?)'),
    updateChannel: sql('UPDATE channels SET seq = ?, version = ?, floor = ?, items = ?, longest = ? WHERE id = ?'),
    findOrigin: sql('SELECT id FROM origins WHERE name = ?'),
    insertOrigin: sql('INSERT INTO origins (name) VALUES (?)'),
    answer: sql('SELECT seq, steps FROM writes WHERE channel = ? AND id = ?'),
    remember: sql('INSERT INTO writes (channel, id, seq, steps, at) VALUES (?, ?, ?, ?, ?)'),
    prune: sql(
      'DELETE FROM writes WHERE (channel, id) IN (SELECT channel, id FROM writes WHERE at < ? ORDER BY at LIMIT ?)',
    ),
    latest: sql(`
      SELECT s.seq, s.prev, s.born, s.value IS ? AND s.time IS ? AND s.until IS ? AS same
      FROM items i JOIN steps s ON s.channel = i.channel AND s.seq = i.seq WHERE i.channel = ? AND i.key = ?`),
    insertItem: sql('INSERT INTO items (channel, key, seq) VALUES (?, ?, ?)'),
    moveItem: sql('UPDATE items SET seq = ? WHERE channel = ? AND key = ?'),
    insertStep: sql(`
      INSERT INTO steps (channel, seq, prev, born, time, until, version, origin, at, key, value)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    deleteStep: sql('DELETE FROM steps WHERE channel = ? AND seq = ?'),
    // The three of forgetting are run in this order with (channel, channel, old floor, new floor): what lies below the old
    // floor was seen to then, and `prev` names what a step superseded.
    forgetItems: sql(`
      DELETE FROM items WHERE channel = ? AND (key, seq) IN
        (SELECT key, seq FROM steps WHERE channel = ? AND seq > ? AND seq <= ? AND value IS NULL)`),
    forgetPast: sql(`
      DELETE FROM steps WHERE channel = ? AND seq IN (SELECT prev FROM steps WHERE channel = ? AND seq > ? AND seq <= ?)`),
    forgetRemoved: sql(
      'DELETE FROM steps WHERE channel = ? AND channel = ? AND seq > ? AND seq <= ? AND value IS NULL',
    ),
  };
}
