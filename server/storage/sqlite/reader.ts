// The read side of the embedded store. It runs in a worker thread over its own read-only connection, so a long answer never delays a
// write. Each question is one transaction; if the reader holds a snapshot, all of them share it. Steps come from rows and from sealed
// blocks; this file merges them.

import type {
  Answer,
  Change,
  ChannelInfo,
  ChannelsPage,
  Head,
  Item,
  Outline,
  Past,
  Range,
  Since,
  SincePage,
  Step,
} from '../../core/store.ts';
import { decodeBlock, packKey, unpackKey } from './block.ts';
import {
  checkSum,
  damage,
  emptyChannel,
  type SummedBlock,
  type SummedChannel,
  sumAnswer,
  sumBlock,
  sumChannel,
  sumOrigin,
  sumStep,
} from './checksum.ts';
import type { Database, SqliteStatement, SqliteValue } from './driver.ts';
import { packChanges, packItems } from './worker-codec.ts';

interface ChannelRow extends SummedChannel {
  readonly name: string;
  readonly sum: number | null;
}

export type ReaderQuestion =
  | { readonly ask: 'head'; readonly channel: string }
  | {
      readonly ask: 'since';
      readonly channel: string;
      readonly seq: number;
      readonly limit: number;
      readonly page: SincePage;
    }
  | { readonly ask: 'read' | 'state'; readonly channel: string; readonly range: Range }
  | { readonly ask: 'history'; readonly channel: string; readonly past: Past }
  | { readonly ask: 'at'; readonly channel: string; readonly seq: number }
  | { readonly ask: 'channels'; readonly prefix: string; readonly page: ChannelsPage }
  | { readonly ask: 'bytes'; readonly channel: string }
  // Pages of a store that is exported: channels after a name, steps after a seq, answers after a write id.
  | { readonly ask: 'outlines'; readonly after: string | null }
  | { readonly ask: 'steps'; readonly channel: string; readonly after: number }
  | { readonly ask: 'answers'; readonly channel: string; readonly after: string | null };

const nothing: ChannelRow = { ...emptyChannel, name: '', sum: null };

/** A step without its `kind`, which depends on the question. */
type Kept = Omit<Step, 'kind'>;
type Row = Omit<Kept, 'key' | 'origin'> & SummedFields & { readonly key: string | Uint8Array };

/** The inputs of the checksum of a row of `steps` besides the step. */
interface SummedFields {
  readonly channel: number;
  readonly originId: number;
  readonly sum: number | null;
}

interface BlockRow {
  readonly id: number;
  /** Together with the id, this identifies one state of a block: a block only ever shrinks. */
  readonly count: number;
  readonly earliest: number;
  readonly latest: number;
}

interface CachedBlock {
  readonly steps: readonly Kept[];
  /** Characters of the values. */
  readonly text: number;
}

const columns = `s.key, s.value, s.time, s.until AS "end", s.seq, s.at, s.version,
  iif(s.value IS NULL, NULL, coalesce(s.born, s.seq)) AS born, s.channel, s.origin AS originId, s.sum`;
/** The key is compared too: a damaged `seq` of an item would find the value of another one. */
const itemsThenSteps = 'items i CROSS JOIN steps s ON s.channel = i.channel AND s.seq = i.seq AND s.key = i.key';
const stepsThenItems = 'steps s CROSS JOIN items i ON i.channel = s.channel AND i.key = s.key AND i.seq = s.seq';
const channelColumns = 'name, id, seq, version, floor, items, longest, past, sealed, widest, sum';

const [earliest, latest] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
const emptyBytes = new Uint8Array();
/** Unpacked blocks in the cache, and characters of their values: some megabytes. */
const cachedBlocks = { count: 48, text: 4_194_304 } as const;
/** Batch size for looking up sealed items in a read by key. Such items may be spread over the whole channel. */
const keysAtOnce = 1_024;
const pageRows = 2_000;
const pageText = 1 << 20;

export class SqliteReader {
  /** The epoch of the store, for the heads in answers. */
  epoch: string;
  readonly #database: Database;
  readonly #prepared = new Map<string, SqliteStatement>();
  /** Keyed by id and count; the most recently used last. */
  readonly #blocks = new Map<string, CachedBlock>();
  #cachedText = 0;
  readonly #origins = new Map<number, string>();
  #holdsSnapshot = false;

  constructor(database: Database, epoch: string) {
    this.#database = database;
    this.epoch = epoch;
  }

  /** Holds a snapshot: every answer from now on is as of this moment. */
  hold(): void {
    this.#holdsSnapshot = true;
    this.#prepare('BEGIN').run();
    this.#prepare('SELECT 1 FROM meta').get();
  }

  answer(question: ReaderQuestion): unknown {
    if (this.#holdsSnapshot) return this.#answer(question);
    this.#prepare('BEGIN').run();
    try {
      return this.#answer(question);
    } finally {
      this.#prepare('COMMIT').run();
    }
  }

  close(): void {
    this.#database.close();
  }

  #answer(question: ReaderQuestion): unknown {
    switch (question.ask) {
      case 'head':
        return this.#head(this.#channel(question.channel));
      case 'since': {
        const since = this.#since(question.channel, question.seq, question.limit, question.page);
        return since.ok ? { ...since, changes: packChanges(since.changes) } : since;
      }
      case 'read':
        return packItems(this.#read(question.channel, question.range));
      case 'state':
        return {
          head: this.#head(this.#channel(question.channel)),
          items: packItems(this.#read(question.channel, question.range)),
        };
      case 'history':
        return packChanges(this.#history(question.channel, question.past));
      case 'at':
        return packItems(this.#at(question.channel, question.seq));
      case 'channels':
        return this.#channels(question.prefix, question.page);
      case 'bytes':
        return this.#bytes(question.channel);
      case 'outlines':
        return this.#outlines(question.after);
      case 'steps':
        return this.#steps(question.channel, question.after);
      case 'answers':
        return this.#answers(question.channel, question.after);
    }
  }

  #since(
    channel: string,
    seq: number,
    limit: number,
    { size = Number.POSITIVE_INFINITY, basis = seq }: SincePage,
  ): Since {
    const found = this.#channel(channel);
    const head = this.#head(found);
    if (seq > 0 && (Math.max(seq, basis) < found.floor || seq > found.seq)) return { ok: false, reason: 'gone', head };
    const removed = seq === 0 ? 'AND s.value IS NOT NULL' : '';
    // Walking the steps is cheap unless most of them are past values. Then sorting the items is cheaper.
    const [from, first] = found.seq - seq > 4 * found.items ? [itemsThenSteps, 'i'] : [stepsThenItems, 's'];
    const rows = this.#rows(
      `SELECT ${columns} FROM ${from} WHERE ${first}.channel = ? AND ${first}.seq > ? ${removed} ORDER BY ${first}.seq`,
      found.id,
      seq,
    );
    const changes: Change[] = [];
    let left = size;
    for (const step of inSeq(rows, this.#sealedSteps(found, seq, latest, false), false)) {
      if (changes.length === limit || left <= 0) return { ok: true, head, changes, more: true };
      changes.push(changeOf(step, seq));
      left -= step.value?.length ?? 0;
    }
    return { ok: true, head, changes, more: false };
  }

  #read(channel: string, range: Range): Item[] {
    const { key, from, to, after, limit = Number.POSITIVE_INFINITY, size = Number.POSITIVE_INFINITY } = range;
    const found = this.#channel(channel);
    const spanned = from !== undefined || to !== undefined;
    const steps =
      key !== undefined
        ? this.#one(found, key, range.at)
        : spanned
          ? this.#inTime(found, range)
          : this.#byKey(found, range);
    const order = (step: Kept, place: NonNullable<typeof after>): number =>
      (range.newest === true ? -1 : 1) *
      ((spanned && (step.time ?? 0) - (place.time ?? 0)) || byCodePoint(step.key, place.key));
    const items: Item[] = [];
    let left = size;
    for (const step of steps) {
      if (items.length >= limit || left <= 0) break;
      if (step.value === null || (spanned && !overlaps(step, from, to))) continue;
      if (after !== undefined && order(step, after) <= 0) continue;
      items.push(itemOf(step, step.value));
      left -= step.value.length;
    }
    return items;
  }

  *#one({ id }: ChannelRow, key: string, at: number | undefined): Generator<Kept> {
    const item = this.#prepare('SELECT seq FROM items WHERE channel = ? AND key = ?').get<{ seq: number }>(
      id,
      packKey(key),
    );
    if (item === undefined) return;
    const step = at === undefined || item.seq <= at ? this.#stepAt(id, item.seq) : this.#stepBefore(id, item.seq, at);
    if (step !== undefined) yield ofKey(step, key, id);
  }

  /** The step that the item of a later step had at `at`. */
  #stepBefore(id: number, later: number, at: number): Kept | undefined {
    const sql = `
      WITH RECURSIVE chain (seq, prev) AS (
        SELECT seq, prev FROM steps WHERE channel = ? AND seq = ?
        UNION ALL
        SELECT s.seq, s.prev FROM chain c CROSS JOIN steps s ON s.seq = c.prev WHERE s.channel = ? AND c.seq > ?)
      SELECT seq FROM chain WHERE seq <= ?`;
    const found = this.#prepare(sql).get<{ seq: number }>(id, later, id, at, at);
    return found === undefined ? undefined : this.#rowAt(id, found.seq);
  }

  /** Items in order of time, then key, beginning where the range or the page begins. */
  *#inTime({ id, longest, widest }: ChannelRow, { from, to, after, newest = false }: Range): Generator<Kept> {
    const begun = after?.time ?? undefined;
    // The index orders spans by their beginning. Nothing that began more than the longest span earlier can reach into the range. The
    // same holds for blocks.
    const least = (length: number): number =>
      Math.max(from === undefined ? earliest : from - length, newest ? earliest : (begun ?? earliest));
    const most = Math.min(to === undefined ? latest : Math.ceil(to) - 1, newest ? (begun ?? latest) : latest);
    const direction = newest ? 'DESC' : 'ASC';
    const rows = this.#rows(
      `SELECT ${columns} FROM ${stepsThenItems}
       WHERE s.channel = ? AND s.time BETWEEN ? AND ? AND s.value IS NOT NULL ORDER BY s.time ${direction}`,
      id,
      least(longest),
      most,
    );
    const blocks = newest
      ? this.#iterate<BlockRow>(
          `SELECT id, count, earliest, latest FROM blocks
           WHERE channel = ? AND latest BETWEEN ? AND ? AND reach >= ? AND earliest <= ? ORDER BY latest DESC`,
          id,
          from === undefined ? earliest : from - longest,
          begun === undefined ? latest : begun + widest,
          from ?? earliest,
          most,
        )
      : this.#iterate<BlockRow>(
          `SELECT id, count, earliest, latest FROM blocks
           WHERE channel = ? AND earliest BETWEEN ? AND ? AND reach >= ? AND latest >= ? ORDER BY earliest`,
          id,
          Math.max(from === undefined ? earliest : from - widest, begun === undefined ? earliest : begun - widest),
          most,
          from ?? earliest,
          begun ?? earliest,
        );
    yield* inTime(rows, blocks, (block) => this.#block(block), newest);
  }

  /** Items in order of key, beginning after the previous page. */
  *#byKey(channel: ChannelRow, { after, limit = keysAtOnce, newest = false, at = latest }: Range): Generator<Kept> {
    const select = `
      SELECT i.key, i.seq AS item, ${columns.replace('s.key, ', '')} FROM items i
      LEFT JOIN steps s ON s.channel = i.channel AND s.seq = i.seq AND s.key = i.key
      WHERE i.channel = ?`;
    // Texts sort before bytes. Each side gets one bound only: with two, SQLite might choose the index of either.
    const keys = (condition: string, ...values: readonly SqliteValue[]): Iterable<ItemRow> =>
      this.#iterate<ItemRow>(
        `${select} AND ${condition} ORDER BY i.key ${newest ? 'DESC' : 'ASC'}`,
        channel.id,
        ...values,
      );
    const place = after === undefined ? undefined : uuidFrom(after.key, newest);
    const orEqual = place?.included === true ? '=' : '';
    const [texts, uuids] =
      after === undefined || place === undefined
        ? [keys('i.key < ?', emptyBytes), keys('i.key >= ?', emptyBytes)]
        : newest
          ? [keys('i.key < ?', after.key), keys(`i.key >= ? AND i.key <${orEqual} ?`, emptyBytes, place.bytes)]
          : [keys('i.key > ? AND i.key < ?', after.key, emptyBytes), keys(`i.key >${orEqual} ?`, place.bytes)];
    let waiting: ItemRow[] = [];
    for (const row of inKey(texts, uuids, newest)) {
      waiting.push(row);
      if (row.seq === null && waiting.length < Math.min(limit, keysAtOnce)) continue;
      yield* this.#asOf(channel.id, this.#fillRows(channel.id, waiting), at);
      waiting = [];
    }
    yield* this.#asOf(channel.id, this.#fillRows(channel.id, waiting), at);
  }

  /** The steps that the items of these steps had at `at`. */
  *#asOf(id: number, steps: Iterable<Kept>, at: number): Generator<Kept> {
    for (const step of steps) {
      const then = step.seq <= at ? step : this.#stepBefore(id, step.seq, at);
      if (then !== undefined) yield then;
    }
  }

  /** Steps of items, in their order. Steps in blocks are looked up block by block. */
  #fillRows(id: number, rows: readonly ItemRow[]): Kept[] {
    const steps = new Map<number, Kept>();
    let block: readonly Kept[] = [];
    for (const { item } of rows.filter(({ seq }) => seq === null).sort((a, b) => a.item - b.item)) {
      if (item > (block.at(-1)?.seq ?? 0)) block = this.#blockWith(id, item);
      steps.set(item, stepIn(block, item) ?? missing(id, item));
    }
    return rows.map((row): Kept => {
      const { item, seq } = row;
      const key = unpackKey(row.key);
      return seq === null
        ? ofKey(steps.get(item) ?? missing(id, item), key, id)
        : checkRow({ ...row, seq }, key, (origin) => this.#origin(origin));
    });
  }

  #history(
    channel: string,
    { key, after = 0, before, limit = Number.POSITIVE_INFINITY, size = Number.POSITIVE_INFINITY, newest = false }: Past,
  ): Change[] {
    const found = this.#channel(channel);
    const until = before ?? found.seq + 1;
    const steps =
      key === undefined
        ? this.#stepsBetween(found, after, until, newest)
        : this.#chain(found.id, key, { after, before: until, newest });
    const changes: Change[] = [];
    let left = size;
    for (const step of steps) {
      if (changes.length >= limit || left <= 0) break;
      changes.push(changeOf(step, step.seq - 1));
      left -= step.value?.length ?? 0;
    }
    return changes;
  }

  /** An item's history is a linked list through `prev`. Rows packed into blocks have no history. */
  *#chain(
    id: number,
    key: string,
    { after, before, newest }: { readonly after: number; readonly before: number; readonly newest: boolean },
  ): Generator<Kept> {
    const item = this.#prepare('SELECT seq FROM items WHERE channel = ? AND key = ?').get<{ seq: number }>(
      id,
      packKey(key),
    );
    if (item === undefined) return;
    const rows = this.#rows(
      `WITH RECURSIVE chain (seq, prev) AS (
         SELECT seq, prev FROM steps WHERE channel = ? AND seq = ?
         UNION ALL
         SELECT s.seq, s.prev FROM chain c CROSS JOIN steps s ON s.seq = c.prev WHERE s.channel = ? AND c.prev > ?)
       SELECT ${columns} FROM chain c CROSS JOIN steps s ON s.seq = c.seq
       WHERE s.channel = ? AND s.seq > ? AND s.seq < ? ORDER BY s.seq ${newest ? 'DESC' : 'ASC'}`,
      id,
      item.seq,
      id,
      after,
      id,
      after,
      before,
    );
    if (this.#rowAt(id, item.seq) !== undefined) for (const row of rows) yield ofKey(row, key, id);
    else if (item.seq > after && item.seq < before) yield ofKey(this.#stepAt(id, item.seq), key, id);
  }

  #at(channel: string, seq: number): Item[] {
    const found = this.#channel(channel);
    const rows = this.#rows(
      `WITH latest AS MATERIALIZED (SELECT max(seq) AS seq FROM steps WHERE channel = ? AND seq <= ? GROUP BY key)
       SELECT ${columns} FROM latest l CROSS JOIN steps s ON s.seq = l.seq
       WHERE s.channel = ? AND s.value IS NOT NULL ORDER BY s.seq`,
      found.id,
      seq,
      found.id,
    );
    // A sealed step is its item's only step.
    const items: Item[] = [];
    for (const step of inSeq(rows, this.#sealedSteps(found, 0, seq + 1, false), false)) {
      if (step.value !== null) items.push(itemOf(step, step.value));
    }
    return items;
  }

  #channels(prefix: string, { after, limit }: ChannelsPage): ChannelInfo[] {
    const rows = this.#prepare(`
      SELECT ${channelColumns} FROM channels
      WHERE name ${after === undefined ? '>=' : '>'} ? AND substr(name, 1, length(?)) = ? AND seq > 0 AND loading = 0
      ORDER BY name LIMIT ?`).all<ChannelRow>(after ?? prefix, prefix, prefix, limit ?? -1);
    return rows.map((row) => {
      const { name: channel, seq, items } = checkedChannel(row);
      return { channel, seq, items };
    });
  }

  /** The lengths of texts and blobs are in the headers of their rows, so their contents are not read. */
  #bytes(channel: string): number {
    const { id } = this.#channel(channel);
    const [steps, blocks] = [
      "SELECT coalesce(sum(octet_length(key) + octet_length(coalesce(value, ''))), 0) AS bytes FROM steps WHERE channel = ?",
      'SELECT coalesce(sum(octet_length(body)), 0) AS bytes FROM blocks WHERE channel = ?',
    ].map((sql) => this.#prepare(sql).get<{ bytes: number }>(id)?.bytes ?? 0);
    return (steps ?? 0) + (blocks ?? 0);
  }

  #outlines(after: string | null): Outline[] {
    const rows = this.#prepare(`
      SELECT ${channelColumns} FROM channels c
      WHERE ${after === null ? '' : 'name > ? AND'} loading = 0 AND (seq > 0 OR EXISTS (SELECT 1 FROM writes WHERE channel = c.id))
      ORDER BY name LIMIT ${pageRows}`).all<ChannelRow>(...(after === null ? [] : [after]));
    return rows.map((row) => {
      const { name: channel, seq, version, floor } = checkedChannel(row);
      return { channel, seq, version, floor };
    });
  }

  #steps(channel: string, after: number): Step[] {
    const found = this.#channel(channel);
    const steps: Step[] = [];
    let left = pageText;
    for (const step of this.#stepsBetween(found, after, found.seq + 1, false)) {
      steps.push({ ...changeOf(step, step.seq - 1), born: step.born });
      left -= step.value?.length ?? 0;
      if (left <= 0 || steps.length === pageRows) break;
    }
    return steps;
  }

  #answers(channel: string, after: string | null): Answer[] {
    const { id } = this.#channel(channel);
    const rows = this.#prepare(`
      SELECT id AS writeId, seq, steps, at, sum FROM writes
      WHERE channel = ? ${after === null ? '' : 'AND id > ?'} ORDER BY id LIMIT ${pageRows}`).all<
      Answer & { readonly sum: number | null }
    >(id, ...(after === null ? [] : [after]));
    return rows.map(({ sum, ...answer }) => {
      const { writeId, seq, steps, at } = answer;
      checkSum(sum, sumAnswer(id, writeId, seq, steps, at), () => `the answer to a write of ${channel}`);
      return answer;
    });
  }

  #stepsBetween(channel: ChannelRow, after: number, before: number, newest: boolean): Generator<Kept> {
    const rows = this.#rows(
      `SELECT ${columns} FROM steps s
       WHERE s.channel = ? AND s.seq > ? AND s.seq < ? ORDER BY s.seq ${newest ? 'DESC' : 'ASC'}`,
      channel.id,
      after,
      before,
    );
    return inSeq(rows, this.#sealedSteps(channel, after, before, newest), newest);
  }

  *#sealedSteps({ id, sealed }: ChannelRow, after: number, before: number, newest: boolean): Generator<Kept> {
    if (after >= sealed) return;
    const blocks = this.#iterate<BlockRow>(
      `SELECT id, count FROM blocks WHERE channel = ? AND last > ? AND first < ? ORDER BY last ${newest ? 'DESC' : 'ASC'}`,
      id,
      after,
      before,
    );
    for (const row of blocks) {
      const steps = this.#block(row);
      for (const step of newest ? [...steps].reverse() : steps) if (step.seq > after && step.seq < before) yield step;
    }
  }

  #stepAt(id: number, seq: number): Kept {
    return this.#rowAt(id, seq) ?? this.#sealedAt(id, seq);
  }

  #rowAt(id: number, seq: number): Kept | undefined {
    return [...this.#rows(`SELECT ${columns} FROM steps s WHERE s.channel = ? AND s.seq = ?`, id, seq)][0];
  }

  #sealedAt(id: number, seq: number): Kept {
    return stepIn(this.#blockWith(id, seq), seq) ?? missing(id, seq);
  }

  #blockWith(id: number, seq: number): readonly Kept[] {
    const sql = 'SELECT id, count FROM blocks WHERE channel = ? AND last >= ? ORDER BY last LIMIT 1';
    const row = this.#prepare(sql).get<BlockRow>(id, seq);
    return row === undefined ? [] : this.#block(row);
  }

  #block({ id, count }: BlockRow): readonly Kept[] {
    const name = `${id} ${count}`;
    let block = this.#blocks.get(name);
    if (block === undefined) {
      const row = this.#prepare(
        'SELECT channel, first, last, earliest, latest, reach, count, body, sum FROM blocks WHERE id = ?',
      ).get<SummedBlock & { readonly channel: number; readonly sum: number | null }>(id);
      if (row === undefined) throw damage(`block ${id} is missing from the file`);
      checkSum(row.sum, sumBlock(row.channel, row), () => `block ${id} of channel ${row.channel}`);
      const steps = decodeBlock(row.body, (origin) => this.#origin(origin));
      block = { steps, text: steps.reduce((sum, { value }) => sum + value.length, 0) };
      this.#cachedText += block.text;
    } else this.#blocks.delete(name);
    this.#blocks.set(name, block);
    for (const [oldest, { text }] of this.#blocks) {
      if (this.#blocks.size <= cachedBlocks.count && this.#cachedText <= cachedBlocks.text) break;
      this.#blocks.delete(oldest);
      this.#cachedText -= text;
    }
    return block.steps;
  }

  /** Characters of the values of all unpacked blocks in the cache. */
  get cachedText(): number {
    return this.#cachedText;
  }

  #origin(id: number): string {
    let name = this.#origins.get(id);
    if (name === undefined) {
      const sql = 'SELECT name, sum FROM origins WHERE id = ?';
      const row = this.#prepare(sql).get<{ name: string; sum: number | null }>(id);
      if (row === undefined) throw damage(`origin ${id} is missing from the file`);
      name = row.name;
      checkSum(row.sum, sumOrigin(name), () => `origin ${id}`);
      this.#origins.set(id, name);
    }
    return name;
  }

  *#rows(sql: string, ...values: readonly SqliteValue[]): Generator<Kept> {
    for (const row of this.#iterate<Row>(sql, ...values))
      yield checkRow(row, unpackKey(row.key), (id) => this.#origin(id));
  }

  #iterate<Found>(sql: string, ...values: readonly SqliteValue[]): Iterable<Found> {
    return this.#prepare(sql).iterate<Found>(...values);
  }

  #channel(name: string): ChannelRow {
    const sql = `SELECT ${channelColumns} FROM channels WHERE name = ? AND loading = 0`;
    return checkedChannel(this.#prepare(sql).get<ChannelRow>(name) ?? nothing);
  }

  #head({ seq, version, floor }: ChannelRow): Head {
    return { epoch: this.epoch, seq, version, floor };
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** An item joined with its step, or with the step's seq alone if the step is in a block. */
type ItemRow = Omit<Row, 'seq'> & { readonly item: number; readonly seq: number | null };

function stepIn(steps: readonly Kept[], seq: number): Kept | undefined {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return steps[low]?.seq === seq ? steps[low] : undefined;
}

function missing(id: number, seq: number): never {
  throw damage(`step ${seq} of channel ${id} is missing from the file`);
}

/** A row as a step, if it matches its checksum. */
function checkRow(row: Row, key: string, originOf: (id: number) => string): Kept {
  const { value, time, end, seq, at, version, born, channel, originId, sum } = row;
  if (sum !== null) {
    const computed = sumStep(channel, { seq, key, value, time, end, version, origin: originId, at, born });
    checkSum(sum, computed, () => `step ${seq} of channel ${channel}`);
  }
  return { key, value, time, end, seq, origin: originOf(originId), at, version, born };
}

function checkedChannel(row: ChannelRow): ChannelRow {
  checkSum(row.sum, sumChannel(row.name, row), () => `the channel ${row.name}`);
  return row;
}

/** @throws if the step that an item names is the step of another item */
function ofKey(step: Kept, key: string, channel: number): Kept {
  if (step.key !== key) throw damage(`an item of channel ${channel} names step ${step.seq}, which is another’s`);
  return step;
}

function changeOf({ key, value, time, end, seq, origin, at, version, born }: Kept, since: number): Change {
  const kind = born === null ? 'delete' : born > since ? 'create' : 'update';
  return { kind, key, value, time, end, seq, origin, at, version };
}

function itemOf({ key, time, end, seq, origin, at, version }: Kept, value: string): Item {
  return { key, value, time, end, seq, origin, at, version };
}

/** True if the item overlaps [from, to). Spans are half open; a span without length overlaps the point where it stands. */
function overlaps({ time, end }: Kept, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): boolean {
  return time !== null && time < to && (time >= from || (end !== null && end > from));
}

/** Merges two ascending sequences (descending ones if `newest`). */
function* inSeq(rows: Generator<Kept>, sealed: Generator<Kept>, newest: boolean): Generator<Kept> {
  try {
    let [row, step] = [rows.next(), sealed.next()];
    while (row.done !== true || step.done !== true) {
      const byRow =
        row.done !== true &&
        (step.done === true || (newest ? row.value.seq > step.value.seq : row.value.seq < step.value.seq));
      if (byRow && row.done !== true) {
        yield row.value;
        row = rows.next();
      } else if (step.done !== true) {
        yield step.value;
        step = sealed.next();
      }
    }
  } finally {
    // An unfinished iterator would keep the transaction open.
    rows.return(undefined);
    sealed.return(undefined);
  }
}

function* inKey(texts: Iterable<ItemRow>, uuids: Iterable<ItemRow>, newest: boolean): Generator<ItemRow> {
  const [left, right] = [each(texts), each(uuids)];
  try {
    let [text, uuid] = [left.next(), right.next()];
    while (text.done !== true || uuid.done !== true) {
      const order =
        text.done === true
          ? 1
          : uuid.done === true
            ? -1
            : byCodePoint(unpackKey(text.value.key), unpackKey(uuid.value.key));
      const byText = text.done === true ? false : uuid.done === true || (newest ? order > 0 : order < 0);
      if (byText && text.done !== true) {
        yield text.value;
        text = left.next();
      } else if (uuid.done !== true) {
        yield uuid.value;
        uuid = right.next();
      }
    }
  } finally {
    left.return(undefined);
    right.return(undefined);
  }
}

function* each<Row>(rows: Iterable<Row>): Generator<Row> {
  yield* rows;
}

/**
 * Merges rows, in order of time, with blocks, in order of their beginning (newest: of their end), into one sequence in order of time,
 * then key. A block is unpacked only when the sequence reaches it.
 */
function* inTime(
  rows: Generator<Kept>,
  blocks: Iterable<BlockRow>,
  unpack: (block: BlockRow) => readonly Kept[],
  newest: boolean,
): Generator<Kept> {
  const sign = newest ? -1 : 1;
  const timeOf = (step: Kept | undefined): number =>
    step === undefined ? Number.POSITIVE_INFINITY : sign * (step.time ?? 0);
  const coming = each(blocks);
  /** The remaining steps of each block that the sequence has entered; the next step is last. */
  let begun: Kept[][] = [];
  try {
    let [row, block] = [rows.next(), coming.next()];
    for (;;) {
      let next = row.done === true ? Number.POSITIVE_INFINITY : timeOf(row.value);
      for (const steps of begun) next = Math.min(next, timeOf(steps.at(-1)));
      while (block.done !== true && sign * (newest ? block.value.latest : block.value.earliest) <= next) {
        const steps = unpack(block.value).filter(({ time }) => time !== null);
        steps.sort((a, b) => timeOf(b) - timeOf(a));
        begun.push(steps);
        next = Math.min(next, timeOf(steps.at(-1)));
        block = coming.next();
      }
      if (next === Number.POSITIVE_INFINITY) return;
      const together: Kept[] = [];
      while (row.done !== true && timeOf(row.value) === next) {
        together.push(row.value);
        row = rows.next();
      }
      let emptied = false;
      for (const steps of begun) {
        while (timeOf(steps.at(-1)) === next) together.push(...steps.splice(-1));
        emptied ||= steps.length === 0;
      }
      if (emptied) begun = begun.filter(({ length }) => length > 0);
      if (together.length > 1) together.sort((a, b) => sign * byCodePoint(a.key, b.key));
      yield* together;
    }
  } finally {
    rows.return(undefined);
    coming.return(undefined);
  }
}

/** Compares as SQLite does, by UTF-8 bytes. `<` would sort U+FFFD after the surrogates of an emoji. */
function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Ranks surrogates above all other code units, because they stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

const digits = '0123456789abcdef';

/** Finds the place in the order of UUIDs (as bytes) from which their texts sort after a given text, or before it. */
function uuidFrom(text: string, before: boolean): { readonly bytes: Uint8Array; readonly included: boolean } {
  let hex = '';
  /** -1: all UUIDs that begin with `hex` sort before the text; 1: all sort after it; 0: the text begins with `hex` itself. */
  let side = 0;
  for (let index = 0; index < 36 && side === 0; index += 1) {
    const sign = text[index];
    const dash = index === 8 || index === 13 || index === 18 || index === 23;
    if (sign === undefined) side = 1;
    else if (dash) side = sign === '-' ? 0 : sign < '-' ? 1 : -1;
    else if (digits.includes(sign)) hex += sign;
    else {
      const above = [...digits].find((digit) => digit > sign);
      if (above === undefined) side = -1;
      else {
        hex += above;
        side = 1;
      }
    }
  }
  // Either from the first UUID that sorts after the text, or up to the last one that sorts before it.
  if (side === 1) return { bytes: Buffer.from(hex.padEnd(32, '0'), 'hex'), included: !before };
  if (side === -1) return { bytes: Buffer.from(hex.padEnd(32, 'f'), 'hex'), included: before };
  return { bytes: Buffer.from(hex, 'hex'), included: before && text.length > 36 };
}
