// Checks a database of the embedded store piece by piece: every checksum, that items and steps name each other, and SQLite's own structure.
// It runs in a thread of its own, beside a hub that writes, and rests between the pieces, so that it takes the disk from nobody for long.
// Each piece is one short transaction: what is written between two pieces is never taken for damage.

import { errorMessage } from '../../../protocol/error-message.ts';
import type { VerifyOutcome } from '../../core/upkeep.ts';
import { decodeBlock, packKey, unpackKey } from './block.ts';
import {
  checkSum,
  damage,
  type SummedBlock,
  type SummedChannel,
  type SummedStep,
  sumAnswer,
  sumBlock,
  sumChannel,
  sumOrigin,
  sumStep,
} from './checksum.ts';
import type { Database, SqliteStatement, SqliteValue } from './driver.ts';
import { checkFurther } from './row-order.ts';

/** Damaged places that are named; a broken disk may have millions. */
const mostFound = 200;
const pageRows = 500;
/** Blocks are large: each has some hundred steps. */
const pageBlocks = 4;
/** The check works a quarter of the time. */
const restFactor = 3;

type Summed<Row> = Row & { readonly channel: number; readonly sum: number | null };
type StepRow = Summed<Omit<SummedStep, 'key'> & { readonly key: string | Uint8Array }>;
type BlockRow = Summed<SummedBlock & { readonly id: number }>;

export class StoreCheck {
  readonly #database: Database;
  readonly #prepared = new Map<string, SqliteStatement>();
  readonly #found = new Set<string>();
  #channels = 0;
  #steps = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * @param rest waits so many milliseconds
   * @param onProgress hears after each piece how many steps are checked
   */
  run(
    now: () => number,
    rest: (ms: number) => void,
    onProgress: (steps: number) => void = () => undefined,
  ): VerifyOutcome {
    for (const piece of this.#pieces()) {
      const began = now();
      this.#transact(piece);
      if (this.#found.size >= mostFound) break;
      onProgress(this.#steps);
      rest(restFactor * Math.max(0, now() - began));
    }
    return { channels: this.#channels, steps: this.#steps, found: [...this.#found] };
  }

  *#pieces(): Generator<() => void> {
    yield () => this.#checkSmallTables();
    yield* this.#walk<StepRow>(
      `SELECT channel, seq, iif(value IS NULL, NULL, coalesce(born, seq)) AS born, time, until AS "end", version, origin, at, key, value,
         sum FROM steps WHERE (channel, seq) > (?, ?) ORDER BY channel, seq LIMIT ${pageRows}`,
      [0, 0],
      ({ channel, seq }) => [channel, seq],
      (row) => this.#checkStep(row),
    );
    yield* this.#walk<BlockRow>(
      `SELECT id, channel, first, last, earliest, latest, reach, count, body, sum FROM blocks
       WHERE id > ? ORDER BY id LIMIT ${pageBlocks}`,
      [0],
      ({ id }) => [id],
      (row) => this.#checkBlock(row),
    );
    yield* this.#walk<{ channel: number; key: string | Uint8Array; seq: number; step: string | Uint8Array | null }>(
      `SELECT i.channel, i.key, i.seq, s.key AS step FROM items i LEFT JOIN steps s ON s.channel = i.channel AND s.seq = i.seq
       WHERE (i.channel, i.key) > (?, ?) ORDER BY i.channel, i.key LIMIT ${pageRows}`,
      [0, ''],
      ({ channel, key }) => [channel, key],
      ({ channel, key, seq, step }) => this.#checkItem(channel, unpackKey(key), seq, step),
    );
    yield* this.#walk<Summed<{ id: string; seq: number; steps: number; at: number }>>(
      `SELECT channel, id, seq, steps, at, sum FROM writes WHERE (channel, id) > (?, ?) ORDER BY channel, id LIMIT ${pageRows}`,
      [0, ''],
      ({ channel, id }) => [channel, id],
      ({ channel, id, seq, steps, at, sum }) =>
        checkSum(sum, sumAnswer(channel, id, seq, steps, at), () => `the answer to write ${id} of channel ${channel}`),
    );
    for (const table of ['meta', 'origins', 'channels', 'items', 'steps', 'blocks', 'writes']) {
      yield () => this.#checkStructure(table);
    }
  }

  /** Yields pieces until a page is empty or cannot be read. */
  *#walk<Row>(
    sql: string,
    begin: readonly SqliteValue[],
    placeOf: (row: Row) => readonly SqliteValue[],
    check: (row: Row) => void,
  ): Generator<() => void> {
    let place: readonly SqliteValue[] | undefined = begin;
    while (place !== undefined) {
      const from: readonly SqliteValue[] = place;
      place = undefined;
      yield () => {
        const page = this.#prepare(sql).all<Row>(...from);
        for (const row of page) this.#attempt(() => check(row));
        const last = page.at(-1);
        if (last === undefined) return;
        const next = placeOf(last);
        checkFurther(next, from, `the rows of ${/ FROM (\w+)/.exec(sql)?.[1]}`);
        place = next;
      };
    }
  }

  /** A piece sees one state of the database. */
  #transact(piece: () => void): void {
    this.#attempt(() => {
      this.#database.exec('BEGIN');
      try {
        piece();
      } finally {
        this.#database.exec('COMMIT');
      }
    });
  }

  /** A finding ends only the check of its row or piece. */
  #attempt(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (this.#found.size < mostFound) this.#found.add(errorMessage(error));
    }
  }

  #checkSmallTables(): void {
    const channels = this.#prepare(
      'SELECT name, id, seq, version, floor, items, longest, past, sealed, widest, sum FROM channels',
    ).all<SummedChannel & { name: string; sum: number | null }>();
    for (const row of channels) {
      this.#attempt(() => checkSum(row.sum, sumChannel(row.name, row), () => `the channel ${row.name}`));
    }
    this.#channels = channels.filter(({ seq }) => seq > 0).length;
    const origins = this.#prepare('SELECT id, name, sum FROM origins');
    for (const { id, name, sum } of origins.all<{ id: number; name: string; sum: number | null }>()) {
      this.#attempt(() => checkSum(sum, sumOrigin(name), () => `origin ${id}`));
    }
  }

  #checkStep(row: StepRow): void {
    this.#steps += 1;
    const { channel, seq, time, sum } = row;
    const key = unpackKey(row.key);
    checkSum(sum, sumStep(channel, { ...row, key }), () => `step ${seq} of channel ${channel}`);
    if ((this.#itemSeq(channel, row.key) ?? 0) < seq)
      throw damage(`the item of step ${seq} of channel ${channel} is missing`);
    if (time === null) return;
    const indexed = this.#prepare(
      'SELECT 1 FROM steps INDEXED BY steps_by_time WHERE channel = ? AND time = ? AND seq = ?',
    ).get(channel, time, seq);
    if (indexed === undefined) throw damage(`step ${seq} of channel ${channel} is missing in the index by time`);
  }

  #checkBlock(row: BlockRow): void {
    const { id, channel, count, sum } = row;
    checkSum(sum, sumBlock(channel, row), () => `block ${id} of channel ${channel}`);
    const steps = decodeBlock(row.body, (origin) => origin);
    this.#steps += steps.length;
    if (steps.length !== count) throw damage(`block ${id} of channel ${channel} has ${steps.length} of ${count} steps`);
    for (const { seq, key } of steps) {
      if (this.#itemSeq(channel, packKey(key)) !== seq) {
        throw damage(`the item of step ${seq} of channel ${channel}, in block ${id}, is missing`);
      }
    }
  }

  #checkItem(channel: number, key: string, seq: number, step: string | Uint8Array | null): void {
    if (step !== null) {
      if (unpackKey(step) !== key) throw damage(`an item of channel ${channel} names step ${seq}, which is another’s`);
      return;
    }
    const sql = 'SELECT first FROM blocks WHERE channel = ? AND last >= ? ORDER BY last LIMIT 1';
    const first = this.#prepare(sql).get<{ first: number }>(channel, seq)?.first;
    if (first === undefined || first > seq) throw damage(`step ${seq} of channel ${channel} is missing from the file`);
  }

  #checkStructure(table: string): void {
    const rows = this.#database.prepare(`PRAGMA integrity_check(${table})`).all<{ integrity_check: string }>();
    for (const { integrity_check: result } of rows) {
      if (result !== 'ok') this.#found.add(damage(`SQLite says of the table ${table}: ${result}`).message);
    }
  }

  #itemSeq(channel: number, key: string | Uint8Array): number | undefined {
    return this.#prepare('SELECT seq FROM items WHERE channel = ? AND key = ?').get<{ seq: number }>(channel, key)?.seq;
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
  }
}
