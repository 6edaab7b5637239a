// The write side of the embedded store. It runs in a worker thread and applies batches of jobs, one transaction each. It knows nothing
// of promises, of the main thread, or of reading. data-folder.ts opens the file.

import { errorMessage } from '../../../protocol/error-message.ts';
import { dropOldest } from '../../core/bounded.ts';
import type { Answer, Outline, Step } from '../../core/store.ts';
import { decodeBlock, encodeBlock, extentOf, furthest, type Loose, packKey, type Sealed, unpackKey } from './block.ts';
import {
  checkSum,
  damage,
  emptyChannel,
  type SummedBlock,
  sumAnswer,
  sumBlock,
  sumChannel,
  sumOrigin,
  sumStep,
} from './checksum.ts';
import type { Database, SqliteStatement } from './driver.ts';
import { compact, deleteUnused, originsOf } from './erase.ts';
import type { Append, Did, Forget, Job, JobOp, Load, WorkerOutcome } from './worker-codec.ts';

/** How long a write id is remembered, in milliseconds of the hub's clock. */
const remembered = 30 * 24 * 60 * 60 * 1000;
/** Expired write ids dropped per batch: a small number, so that no batch takes long. */
const prunedAtOnce = 2_000;
const pruneEvery = 60 * 60 * 1000;
/** Cached rows of channels and origins. */
const cached = 10_000;
/** Cached unpacked blocks, for writes that take items out of the same block one after another. */
const openBlocks = 16;

/** When old steps are sealed into blocks. */
export interface Sealing {
  /** The newest steps of a channel stay in rows, because they are the ones that change. */
  readonly hot: number;
  /** Steps per block. */
  readonly steps: number;
  /** Characters of values at which a block is full, whatever its number of steps. */
  readonly text: number;
}

export const usualSealing: Sealing = { hot: 1_024, steps: 512, text: 1 << 19 };

interface ChannelRow {
  name: string;
  /** 0 until the channel has a row. */
  id: number;
  seq: number;
  version: number;
  floor: number;
  items: number;
  longest: number;
  /** 1 after past values were kept. Then nothing is sealed any more, because a block holds only the last step of each item. */
  past: number;
  /** Every step up to this one was sealed or stays in a row for good. */
  sealed: number;
  /** The longest span of time that any block covers, in microseconds. */
  widest: number;
  /** The step at which sealing is worth the next try; not stored in the file. */
  again?: number;
}

interface LatestRow {
  readonly seq: number;
  /** 1 if the step is in a block; then the rest of this row is meaningless. */
  readonly sealed: number;
  readonly prev: number | null;
  /** null if the last step is a delete. */
  readonly born: number | null;
  /** 1 if value and span equal those of the write. */
  readonly same: number;
}

interface OpenBlock {
  readonly id: number;
  /** The id of its channel. */
  readonly channel: number;
  readonly steps: Sealed[];
  changed: boolean;
}

export class SqliteWriter {
  readonly #database: Database;
  readonly #committed: (commits: number) => void;
  readonly #sql: ReturnType<typeof statements>;
  readonly #channels = new Map<string, ChannelRow>();
  readonly #changed = new Set<ChannelRow>();
  readonly #origins = new Map<string, number>();
  readonly #sealing: Sealing;
  /** Keyed by id; the most recently used last. */
  readonly #blocks = new Map<number, OpenBlock>();
  #commits: number;
  #pruneFrom = 0;

  /** `committed` receives the number of each commit after it is on disk. */
  constructor(database: Database, commits: number, committed: (commits: number) => void, sealing = usualSealing) {
    this.#database = database;
    this.#sealing = sealing;
    this.#commits = commits;
    this.#committed = committed;
    this.#sql = statements(database);
  }

  /** Applies all jobs in one transaction. If that fails, each job gets its own, so that a job that cannot be applied fails alone. */
  apply(jobs: readonly Job[]): WorkerOutcome[] {
    try {
      const outcomes = this.#transact(jobs);
      if (jobs.some(({ job }) => job === 'erase')) compact(this.#database);
      return outcomes;
    } catch (error) {
      if (jobs.length > 1) return jobs.flatMap((job) => this.apply([job]));
      return [{ outcome: 'failed', reason: errorMessage(error) }];
    }
  }

  #transact(jobs: readonly Job[]): WorkerOutcome[] {
    try {
      this.#sql.begin.run();
      const outcomes = jobs.map((job) => this.#do(job));
      this.#closeBlocks();
      for (const channel of this.#changed) {
        this.#seal(channel);
        const { id, seq, version, floor, items, longest, past, sealed, widest } = channel;
        const sum = sumChannel(channel.name, channel);
        this.#sql.updateChannel.run(seq, version, floor, items, longest, past, sealed, widest, sum, id);
      }
      this.#changed.clear();
      this.#sql.count.run(this.#commits + 1);
      this.#sql.commit.run();
      this.#commits += 1;
      this.#committed(this.#commits);
      dropOldest(this.#channels, cached);
      dropOldest(this.#origins, cached);
      return outcomes;
    } catch (error) {
      // Rolled back: the caches may be ahead of the database, so drop them.
      this.#channels.clear();
      this.#changed.clear();
      this.#origins.clear();
      this.#blocks.clear();
      try {
        this.#database.exec('ROLLBACK');
      } catch {
        // SQLite rolled back by itself.
      }
      throw error;
    }
  }

  #do(job: Job): WorkerOutcome {
    if (job.job === 'append') return this.#append(job);
    if (job.job === 'vacuum') return { outcome: 'made', seq: this.#vacuum(job.pages), did: [] };
    if (job.job === 'forget') this.#forget(job);
    else if (job.job !== 'prove') this.#load(job);
    return { outcome: 'done' };
  }

  #append({ channel: name, keep, origin, at, writeId, base, needs, ops }: Append): WorkerOutcome {
    const channel = this.#channel(name);
    if (writeId !== null && channel.id !== 0) {
      const answer = this.#sql.answer.get<{ seq: number; steps: number; at: number; sum: number | null }>(
        channel.id,
        writeId,
      );
      if (answer !== undefined) {
        const { seq, steps, at: then, sum } = answer;
        checkSum(sum, sumAnswer(channel.id, writeId, seq, steps, then), () => `the answer to a write of ${name}`);
      }
      if (answer !== undefined) return { outcome: 'replayed', seq: answer.seq, steps: answer.steps };
    }
    if (base !== null && base !== channel.seq) return { outcome: 'stale', seq: channel.seq };
    if (needs !== null && !this.#has(channel, needs)) return { outcome: 'absent', seq: channel.seq };

    if (channel.id === 0) this.#create(name, channel);
    const before = channel.seq;
    const originId = this.#origin(origin);
    const did = ops.map((op) => this.#step(channel, op, keep === 'all', originId, at));
    if (channel.seq > before) this.#changed.add(channel);
    if (writeId !== null) {
      this.#remember(channel.id, writeId, channel.seq, channel.seq - before, at);
      this.#prune(at);
    }
    return { outcome: 'made', seq: channel.seq, did };
  }

  #has(channel: ChannelRow, key: string): boolean {
    const found = this.#sql.latest.get<LatestRow>(null, null, null, channel.id, packKey(key));
    // A block holds no deletes.
    return found !== undefined && (found.sealed === 1 || found.born !== null);
  }

  #step(
    channel: ChannelRow,
    { op, key, value, time, end, version }: JobOp,
    keepAll: boolean,
    origin: number,
    at: number,
  ): Did {
    const sql = this.#sql;
    const named = packKey(key);
    const found = sql.latest.get<LatestRow>(value, time, end, channel.id, named);
    if (found?.sealed === 1 && op === 'add') return 'nothing';
    const sealed = found?.sealed === 1 ? this.#find(channel, found.seq) : undefined;
    const latest = sealed === undefined ? found : latestRowOf(sealed.step, { value, time, end });
    const born = latest?.born ?? null;
    if (born === null ? op === 'remove' : op === 'add' || latest?.same === 1) return 'nothing';

    channel.seq += 1;
    const { id, seq } = channel;
    if (version !== null && version > channel.version) channel.version = version;
    if (time !== null && end !== null && end - time > channel.longest) channel.longest = end - time;
    if (latest === undefined) sql.insertItem.run(id, named, seq);
    else sql.moveItem.run(seq, id, named);
    if (sealed !== undefined) this.#takeOut(channel, sealed, keepAll);
    else if (latest !== undefined && !keepAll) sql.deleteStep.run(id, latest.seq);
    if (keepAll) channel.past = 1;
    const prev = (keepAll ? latest?.seq : latest?.prev) ?? null;
    const sum = sumStep(id, {
      seq,
      key,
      value,
      time,
      end,
      version,
      origin,
      at,
      born: value === null ? null : (born ?? seq),
    });
    sql.insertStep.run(id, seq, prev, value === null ? null : born, time, end, version, origin, at, named, value, sum);
    if (value === null) {
      channel.items -= 1;
      return 'delete';
    }
    if (born !== null) return 'update';
    channel.items += 1;
    return 'create';
  }

  /** Packs old steps into blocks. Each transaction that makes steps seals about as many, so rows never pile up. */
  #seal(channel: ChannelRow): void {
    const { hot, steps: most, text } = this.#sealing;
    const { id } = channel;
    while (channel.past === 0 && channel.seq >= (channel.again ?? 0) && channel.seq - hot - channel.sealed >= most) {
      const through = channel.seq - hot;
      const steps: Loose[] = [];
      let [left, passed] = [text, 0];
      for (const row of this.#sql.loose.iterate<LooseRow>(id, channel.sealed, through)) {
        if (sealable(row)) {
          checkSum(
            row.sum,
            sumStep(id, { ...row, key: unpackKey(row.key) }),
            () => `step ${row.seq} of ${channel.name}`,
          );
          steps.push(row);
          left -= row.value.length;
          if (left <= 0 || steps.length === most) break;
        } else passed += 1;
      }
      if (left > 0 && steps.length < most) {
        // Steps that cannot be sealed are passed over again each time.
        channel.again = channel.seq + Math.max(most - steps.length, Math.ceil(passed / 4));
        return;
      }
      const { first, last, earliest, latest, reach, count } = extentOf(steps);
      const body = encodeBlock(steps);
      const sum = sumBlock(id, { first, last, earliest, latest, reach, count, body });
      this.#sql.insertBlock.run(id, first, last, earliest, latest, reach, count, body, sum);
      if (passed === 0) this.#sql.deleteSteps.run(id, first, last);
      else for (const { seq } of steps) this.#sql.deleteStep.run(id, seq);
      channel.sealed = last;
      if (earliest !== null && reach !== null) channel.widest = Math.max(channel.widest, reach - earliest);
    }
  }

  /** A step that is not in a row yet. */
  #find(channel: ChannelRow, seq: number): { readonly block: OpenBlock; readonly step: Sealed } {
    const id = this.#sql.findBlock.get<{ id: number }>(channel.id, seq)?.id ?? 0;
    const block = this.#blocks.get(id) ?? this.#open(id);
    this.#blocks.delete(id);
    this.#blocks.set(id, block);
    if (this.#blocks.size > openBlocks) this.#closeBlocks();
    const step = block.steps.find((one) => one.seq === seq);
    if (step === undefined) throw damage(`step ${seq} of ${channel.name} is missing from the file`);
    return { block, step };
  }

  #open(id: number): OpenBlock {
    const row = this.#sql.openBlock.get<SummedBlock & { channel: number; sum: number | null }>(id);
    if (row === undefined) return { id, channel: 0, steps: [], changed: false };
    checkSum(row.sum, sumBlock(row.channel, row), () => `block ${id} of channel ${row.channel}`);
    return { id, channel: row.channel, steps: decodeBlock(row.body, (origin) => origin), changed: false };
  }

  /** @param past keeps the superseded step as a past value */
  #takeOut(channel: ChannelRow, { block, step }: { block: OpenBlock; step: Sealed }, past: boolean): void {
    block.steps.splice(block.steps.indexOf(step), 1);
    block.changed = true;
    if (!past) return;
    const { seq, born, time, end, version, origin, at, key, value } = step;
    const sum = sumStep(channel.id, step);
    this.#sql.insertStep.run(channel.id, seq, null, born, time, end, version, origin, at, packKey(key), value, sum);
  }

  #closeBlocks(): void {
    for (const block of this.#blocks.values()) {
      if (!block.changed) continue;
      const { id, steps } = block;
      const { first, last, earliest, latest, reach, count } = extentOf(steps);
      if (count === 0) this.#sql.deleteBlock.run(id);
      else {
        const body = encodeBlock(steps);
        const sum = sumBlock(block.channel, { first, last, earliest, latest, reach, count, body });
        this.#sql.updateBlock.run(first, last, earliest, latest, reach, count, body, sum, id);
      }
      block.changed = false;
    }
    for (const id of this.#blocks.keys()) if (this.#blocks.size > openBlocks) this.#blocks.delete(id);
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

  /** @returns the number of pages that are still free; 0 for a file that cannot shrink step by step */
  #vacuum(pages: number): number {
    const mode = this.#database.prepare('PRAGMA auto_vacuum').get<{ auto_vacuum: number }>()?.auto_vacuum;
    if (mode !== 2) return 0;
    this.#database.exec(`PRAGMA incremental_vacuum(${Math.trunc(pages)})`);
    return this.#database.prepare('PRAGMA freelist_count').get<{ freelist_count: number }>()?.freelist_count ?? 0;
  }

  /** Drops channels whose load did not finish. */
  sweep(): void {
    const names = this.#sql.findLoading.all<{ name: string }>().map(({ name }) => name);
    if (names.length > 0) this.#transact(names.map((channel) => ({ job: 'load-drop', channel })));
  }

  #load(job: Load): void {
    if (job.job === 'load-begin') {
      const there = this.#channel(job.channel);
      if (there.seq > 0 || (there.id > 0 && this.#sql.anyAnswer.get(there.id) !== undefined)) {
        throw new Error(`The channel ${job.channel} exists already.`);
      }
      this.#drop(job.channel, true);
      this.#create(job.channel, { ...nothing, name: job.channel }, true);
    } else if (job.job === 'load-steps') this.#loadSteps(this.#channel(job.channel, true), job.steps);
    else if (job.job === 'load-answers') this.#loadAnswers(this.#channel(job.channel, true), job.answers);
    else if (job.job === 'load-end') this.#loadEnd(job.outline);
    else if (job.job === 'erase') this.#erase(job.channels);
    else if (job.job === 'renew') this.#sql.renew.run(job.epoch);
    else this.#drop(job.channel, true);
  }

  /** Like #step, but with given seqs, and all past values are kept. */
  #loadSteps(channel: ChannelRow, steps: readonly Step[]): void {
    const sql = this.#sql;
    const { id } = channel;
    for (const { seq, key, value, time, end, origin, at, version, born } of steps) {
      const named = packKey(key);
      const latest = sql.latest.get<LatestRow>(value, time, end, id, named);
      if (latest === undefined) sql.insertItem.run(id, named, seq);
      else {
        sql.moveItem.run(seq, id, named);
        if (latest.sealed === 1) this.#takeOut(channel, this.#find(channel, latest.seq), true);
        channel.past = 1;
      }
      if (time !== null && end !== null && end - time > channel.longest) channel.longest = end - time;
      const before = latest?.seq ?? null;
      const from = this.#origin(origin);
      sql.insertStep.run(
        id,
        seq,
        before,
        born === seq ? null : born,
        time,
        end,
        version,
        from,
        at,
        named,
        value,
        sumStep(id, {
          seq,
          key,
          value,
          time,
          end,
          version,
          origin: from,
          at,
          born: value === null ? null : (born ?? seq),
        }),
      );
      if (latest !== undefined && (latest.sealed === 1 || latest.born !== null)) channel.items -= 1;
      if (value !== null) channel.items += 1;
      channel.seq = seq;
    }
    this.#changed.add(channel);
  }

  #loadAnswers({ id }: ChannelRow, answers: readonly Answer[]): void {
    for (const { writeId, seq, steps, at } of answers) this.#remember(id, writeId, seq, steps, at);
  }

  #remember(channel: number, writeId: string, seq: number, steps: number, at: number): void {
    this.#sql.remember.run(channel, writeId, seq, steps, at, sumAnswer(channel, writeId, seq, steps, at));
  }

  #loadEnd({ channel: name, seq, version, floor }: Outline): void {
    const loaded = this.#channel(name, true);
    if (this.#channel(name).seq > 0) throw new Error(`The channel ${name} exists already.`);
    this.#drop(name, false);
    Object.assign(loaded, { seq, version, floor });
    this.#sql.loaded.run(loaded.id);
    this.#changed.add(loaded);
    this.#channels.delete(loadingName(name));
    this.#channels.set(name, loaded);
  }

  #erase(names: readonly string[]): void {
    const origins = new Set<number>();
    for (const name of names) {
      const channel = this.#channel(name);
      if (channel.id === 0) continue;
      for (const origin of originsOf(this.#database, channel.id)) origins.add(origin);
      this.#drop(name, false);
    }
    deleteUnused(this.#database, origins);
    this.#origins.clear();
    this.#blocks.clear();
  }

  #drop(name: string, loading: boolean): void {
    const channel = this.#channel(name, loading);
    if (channel.id === 0) return;
    for (const sql of this.#sql.drop) sql.run(channel.id);
    this.#changed.delete(channel);
    this.#channels.delete(loading ? loadingName(name) : name);
  }

  #channel(name: string, loading = false): ChannelRow {
    const cachedAs = loading ? loadingName(name) : name;
    const known = this.#channels.get(cachedAs);
    if (known !== undefined) return known;
    const found = this.#sql.findChannel.get<ChannelRow & { sum: number | null }>(name, loading ? 1 : 0);
    if (found === undefined) return { ...nothing, name };
    checkSum(found.sum, sumChannel(name, found), () => `the channel ${name}`);
    this.#channels.set(cachedAs, found);
    return found;
  }

  #create(name: string, channel: ChannelRow, loading = false): void {
    channel.id = Number(this.#sql.insertChannel.run(name, loading ? 1 : 0).lastInsertRowid);
    this.#channels.set(loading ? loadingName(name) : name, channel);
  }

  #origin(name: string): number {
    const known = this.#origins.get(name);
    if (known !== undefined) return known;
    const found = this.#sql.findOrigin.get<{ id: number }>(name);
    const id = found?.id ?? Number(this.#sql.insertOrigin.run(name, sumOrigin(name)).lastInsertRowid);
    this.#origins.set(name, id);
    return id;
  }

  #prune(now: number): void {
    // A clock that was set back prunes again, too.
    if (now < this.#pruneFrom && now >= this.#pruneFrom - pruneEvery) return;
    const { changes } = this.#sql.prune.run(now - remembered, prunedAtOnce);
    this.#pruneFrom = Number(changes) === prunedAtOnce ? now : now + pruneEvery;
  }
}

const nothing: ChannelRow = { ...emptyChannel, name: '' };

/** Deletes stay in their rows, and so does what does not fit into a block. */
function sealable({
  value,
  time,
  end,
  version,
  at,
}: Omit<Loose, 'value'> & { readonly value: string | null }): boolean {
  return value !== null && fits(time) && fits(end) && fits(version) && fits(at);
}

function fits(number: number | null): boolean {
  return number === null || (Number.isInteger(number) && Math.abs(number) < furthest);
}

/** A row of `steps` that may be sealed, with its checksum. */
type LooseRow = Loose & { readonly sum: number | null };

/** A name that no channel can have. */
function loadingName(name: string): string {
  return `\0${name}`;
}

function latestRowOf(
  { seq, born, ...step }: Sealed,
  { value, time, end }: Pick<JobOp, 'value' | 'time' | 'end'>,
): LatestRow {
  const same = step.value === value && step.time === time && step.end === end;
  return { seq, sealed: 1, prev: null, born, same: same ? 1 : 0 };
}

function statements(database: Database) {
  const sql = (text: string): SqliteStatement => database.prepare(text);
  return {
    begin: sql('BEGIN IMMEDIATE'),
    commit: sql('COMMIT'),
    renew: sql(`UPDATE meta SET value = ? WHERE name = 'epoch'`),
    count: sql(`UPDATE meta SET value = ? WHERE name = 'commits'`),
    findChannel: sql(`
      SELECT name, id, seq, version, floor, items, longest, past, sealed, widest, sum FROM channels
      WHERE name = ? AND loading = ?`),
    insertChannel: sql('INSERT INTO channels (name, loading) VALUES (?, ?)'),
    updateChannel: sql(`
      UPDATE channels SET seq = ?, version = ?, floor = ?, items = ?, longest = ?, past = ?, sealed = ?, widest = ?,
        sum = ?
      WHERE id = ?`),
    findLoading: sql('SELECT name FROM channels WHERE loading = 1'),
    loaded: sql('UPDATE channels SET loading = 0 WHERE id = ?'),
    drop: ['items', 'steps', 'blocks', 'writes']
      .map((table) => sql(`DELETE FROM ${table} WHERE channel = ?`))
      .concat(sql('DELETE FROM channels WHERE id = ?')),
    anyAnswer: sql('SELECT 1 FROM writes WHERE channel = ? LIMIT 1'),
    findOrigin: sql('SELECT id FROM origins WHERE name = ?'),
    insertOrigin: sql('INSERT INTO origins (name, sum) VALUES (?, ?)'),
    answer: sql('SELECT seq, steps, at, sum FROM writes WHERE channel = ? AND id = ?'),
    remember: sql('INSERT INTO writes (channel, id, seq, steps, at, sum) VALUES (?, ?, ?, ?, ?, ?)'),
    prune: sql(
      'DELETE FROM writes WHERE (channel, id) IN (SELECT channel, id FROM writes WHERE at < ? ORDER BY at LIMIT ?)',
    ),
    latest: sql(`
      SELECT i.seq, s.seq IS NULL AS sealed, s.prev, iif(s.value IS NULL, NULL, coalesce(s.born, s.seq)) AS born,
        s.value IS ? AND s.time IS ? AND s.until IS ? AS same
      FROM items i LEFT JOIN steps s ON s.channel = i.channel AND s.seq = i.seq WHERE i.channel = ? AND i.key = ?`),
    insertItem: sql('INSERT INTO items (channel, key, seq) VALUES (?, ?, ?)'),
    moveItem: sql('UPDATE items SET seq = ? WHERE channel = ? AND key = ?'),
    insertStep: sql(`
      INSERT INTO steps (channel, seq, prev, born, time, until, version, origin, at, key, value, sum)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    deleteStep: sql('DELETE FROM steps WHERE channel = ? AND seq = ?'),
    loose: sql(`
      SELECT seq, coalesce(born, seq) AS born, time, until AS "end", version, origin, at, key, value, sum FROM steps
      WHERE channel = ? AND seq > ? AND seq <= ? ORDER BY seq`),
    deleteSteps: sql('DELETE FROM steps WHERE channel = ? AND seq BETWEEN ? AND ?'),
    insertBlock: sql(`
      INSERT INTO blocks (channel, first, last, earliest, latest, reach, count, body, sum)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    updateBlock: sql(`
      UPDATE blocks SET first = ?, last = ?, earliest = ?, latest = ?, reach = ?, count = ?, body = ?, sum = ?
      WHERE id = ?`),
    deleteBlock: sql('DELETE FROM blocks WHERE id = ?'),
    findBlock: sql('SELECT id FROM blocks WHERE channel = ? AND last >= ? ORDER BY last LIMIT 1'),
    openBlock: sql('SELECT channel, first, last, earliest, latest, reach, count, body, sum FROM blocks WHERE id = ?'),
    // The three statements of forgetting run in this order with (channel, channel, old floor, new floor). What lies below the old floor
    // was handled then; `prev` names the step that a step superseded.
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
