// The asking end of the embedded store, inside its own worker thread and over its own read-only connection, so that a long
// answer never holds a write up. Each question is one transaction: head and changes are of the same moment.

import type { Change, ChannelInfo, Head, Item, Past, Range, Since } from '../core/store.ts';
import type { Database, Statement, Value } from './driver.ts';

interface ChannelRow {
  readonly id: number;
  readonly seq: number;
  readonly version: number;
  readonly floor: number;
  readonly items: number;
  readonly longest: number;
}

export type Question =
  | { readonly ask: 'head'; readonly channel: string }
  | { readonly ask: 'since'; readonly channel: string; readonly seq: number; readonly limit: number }
  | { readonly ask: 'read'; readonly channel: string; readonly range: Range }
  | { readonly ask: 'history'; readonly channel: string; readonly past: Past }
  | { readonly ask: 'at'; readonly channel: string; readonly seq: number }
  | { readonly ask: 'channels'; readonly prefix: string };

const [earliest, latest] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

const nothing: ChannelRow = { id: 0, seq: 0, version: -1, floor: 0, items: 0, longest: 0 };

const columns = 's.key, s.value, s.time, s.until AS "end", s.seq, o.name AS origin, s.at, s.version';
const itemsThenSteps = 'items i CROSS JOIN steps s ON s.channel = i.channel AND s.seq = i.seq';
const stepsThenItems = 'steps s CROSS JOIN items i ON i.channel = s.channel AND i.key = s.key AND i.seq = s.seq';
const origins = 'JOIN origins o ON o.id = s.origin';

export class SqliteReader {
  readonly #database: Database;
  readonly #epoch: string;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: Database, epoch: string) {
    this.#database = database;
    this.#epoch = epoch;
  }

  answer(question: Question): unknown {
    this.#prepare('BEGIN').run();
    try {
      switch (question.ask) {
        case 'head':
          return this.#head(this.#channel(question.channel));
        case 'since':
          return this.#since(question.channel, question.seq, question.limit);
        case 'read':
          return this.#read(question.channel, question.range);
        case 'history':
          return this.#history(question.channel, question.past);
        case 'at':
          return this.#at(question.channel, question.seq);
        case 'channels':
          return this.#channels(question.prefix);
      }
    } finally {
      this.#prepare('COMMIT').run();
    }
  }

  close(): void {
    this.#database.close();
  }

  #since(channel: string, seq: number, limit: number): Since {
    const found = this.#channel(channel);
    const head = this.#head(found);
    if (seq > 0 && (seq < found.floor || seq > found.seq)) return { ok: false, reason: 'gone', head };
    const kind = `CASE WHEN s.value IS NULL THEN 'delete' WHEN s.born > ? THEN 'create' ELSE 'update' END AS kind`;
    const removed = seq === 0 ? 'AND s.value IS NOT NULL' : '';
    // Walking the steps is cheap unless most of them are past values: then it is cheaper to sort the items.
    const [from, first] = found.seq - seq > 4 * found.items ? [itemsThenSteps, 'i'] : [stepsThenItems, 's'];
    const changes = this.#prepare(`
        SELECT ${kind}, ${columns} FROM ${from} ${origins}
        WHERE ${first}.channel = ? AND ${first}.seq > ? ${removed} ORDER BY ${first}.seq LIMIT ?`).all<Change>(
      seq,
      found.id,
      seq,
      limitOf(limit + 1),
    );
    const more = changes.length > limit;
    if (more) changes.pop();
    return { ok: true, head, changes, more };
  }

  #read(channel: string, { key, from, to, after, limit, size = Number.POSITIVE_INFINITY, newest }: Range): Item[] {
    const spanned = from !== undefined || to !== undefined;
    const found = this.#channel(channel);
    const where = ['s.value IS NOT NULL'];
    const values: Value[] = [];
    const narrow = (condition: string, ...more: Value[]): void => {
      where.push(condition);
      values.push(...more);
    };
    const byTime = spanned && key === undefined;
    narrow(byTime ? 's.channel = ?' : 'i.channel = ?', found.id);
    if (key !== undefined) narrow('i.key = ?', key);
    const [beyond, direction] = newest === true ? ['<', 'DESC'] : ['>', 'ASC'];
    if (spanned) {
      // One bound on either side: with two, the index would be entered by either. Spans are found by their beginning, and
      // nothing that began more than the longest span earlier can reach into the range.
      const begun = after?.time ?? 0;
      const least = Math.max(
        from === undefined ? earliest : from - found.longest,
        after && newest !== true ? begun : earliest,
      );
      narrow(
        's.time BETWEEN ? AND ?',
        least,
        Math.min(to === undefined ? latest : to - 1, after && newest === true ? begun : latest),
      );
      if (from !== undefined) narrow('(s.time >= ? OR s.until > ?)', from, from);
      if (after !== undefined) narrow(`(s.time <> ? OR s.key ${beyond} ?)`, begun, after.key);
    } else if (after !== undefined) narrow(`i.key ${beyond} ?`, after.key);
    const order = spanned ? `s.time ${direction}, s.key ${direction}` : `i.key ${direction}`;
    const rows = this.#prepare(`
      SELECT ${columns} FROM ${byTime ? stepsThenItems : itemsThenSteps} ${origins}
      WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ?`);
    const items: Item[] = [];
    let left = size;
    for (const item of rows.iterate<Item>(...values, limitOf(limit))) {
      if (left <= 0) break;
      items.push(item);
      left -= item.value.length;
    }
    return items;
  }

  #history(channel: string, { key, after = 0, before, limit, newest }: Past): Change[] {
    const { id, seq } = this.#channel(channel);
    const kind = `CASE WHEN s.value IS NULL THEN 'delete' WHEN s.born = s.seq THEN 'create' ELSE 'update' END AS kind`;
    // The past of one item hangs together by `prev`.
    const chain = `
      WITH RECURSIVE chain (seq, prev) AS (
        SELECT s.seq, s.prev FROM ${itemsThenSteps} WHERE i.channel = ? AND i.key = ?
        UNION ALL
        SELECT s.seq, s.prev FROM chain c CROSS JOIN steps s ON s.seq = c.prev WHERE s.channel = ? AND c.prev > ?)`;
    const [past, from] = key === undefined ? ['', 'steps s'] : [chain, 'chain c CROSS JOIN steps s ON s.seq = c.seq'];
    return this.#prepare(`
      ${past} SELECT ${kind}, ${columns} FROM ${from} ${origins}
      WHERE s.channel = ? AND s.seq > ? AND s.seq < ? ORDER BY s.seq ${newest === true ? 'DESC' : 'ASC'} LIMIT ?`).all<Change>(
      ...(key === undefined ? [] : [id, key, id, after]),
      id,
      after,
      before ?? seq + 1,
      limitOf(limit),
    );
  }

  #at(channel: string, seq: number): Item[] {
    const { id } = this.#channel(channel);
    return this.#prepare(`
      WITH latest AS MATERIALIZED (SELECT max(seq) AS seq FROM steps WHERE channel = ? AND seq <= ? GROUP BY key)
      SELECT ${columns} FROM latest l CROSS JOIN steps s ON s.seq = l.seq ${origins}
      WHERE s.channel = ? AND s.value IS NOT NULL ORDER BY s.seq`).all<Item>(id, seq, id);
  }

  #channels(prefix: string): ChannelInfo[] {
    return this.#prepare(`
      SELECT name AS channel, seq, items FROM channels
      WHERE name >= ? AND substr(name, 1, length(?)) = ? AND seq > 0 ORDER BY name`).all<ChannelInfo>(
      prefix,
      prefix,
      prefix,
    );
  }

  #channel(name: string): ChannelRow {
    const sql = 'SELECT id, seq, version, floor, items, longest FROM channels WHERE name = ?';
    return this.#prepare(sql).get<ChannelRow>(name) ?? nothing;
  }

  #head({ seq, version, floor }: ChannelRow): Head {
    return { epoch: this.#epoch, seq, version, floor };
  }

  #prepare(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** SQLite says "no limit" with -1. */
function limitOf(limit = Number.POSITIVE_INFINITY): number {
  return Number.isFinite(limit) ? limit : -1;
}
