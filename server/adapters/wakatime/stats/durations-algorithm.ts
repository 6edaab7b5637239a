// What heartbeats are worth in time. The rule: between a heartbeat and the next one lie seconds of work, if they are fewer than the
// timeout, and they belong to the earlier one. Everything else (days, slices, filters, blocks) is cutting and adding up those
// spans, so the same heartbeats give the same answers in whatever order they came. Pure functions over Beats.

import { reportsUsage, usageWidth } from '../index/ai-usage.ts';
import { type Beats, type Block, type Context, firstFrom } from '../index/columns.ts';
import {
  addLines,
  type Counts,
  LineCounter,
  type LineSums,
  lineKinds,
  noLines,
  tellsLines,
} from '../index/line-counts.ts';
import { noUsage, type UsageRecords } from './ai-metrics.ts';
import { begins, type Reading, resolver } from './inherit-fields.ts';

export interface Rule extends Reading {
  /** Microseconds: a gap as long as this is no work. */
  readonly timeout: number;
  /** Counts only heartbeats that wrote their file. */
  readonly writesOnly: boolean;
  /**
   * Time that no editor told of, such as meetings (WakaTime's external durations), in order of `begin`. It counts wherever no
   * heartbeat does: editors win, of two that overlap the one that began first, and no second counts twice. It writes nothing,
   * so there is none of it where only what was written counts.
   */
  readonly besides?: readonly Besides[] | undefined;
}

/** Microseconds since 1970. */
export interface Besides {
  readonly begin: number;
  readonly end: number;
  readonly context: Context;
  readonly entity: string;
}

/**
 * Spans of work in order of time, as columns of which the first `length` count; they are filled anew for each call. `end` is
 * `begin` for a heartbeat that is worth nothing by itself.
 */
export interface Spans {
  readonly length: number;
  readonly begins: Float64Array;
  readonly ends: Float64Array;
  /** Numbers of contexts and of texts. */
  readonly contexts: Uint32Array;
  readonly entities: Uint32Array;
}

const atOnce = 1_024;

/** Used again, since it is larger than most of what is asked for. */
let spare: Chunk | undefined;

class Chunk implements Spans {
  length = 0;
  readonly begins = new Float64Array(atOnce);
  readonly ends = new Float64Array(atOnce);
  readonly contexts = new Uint32Array(atOnce);
  readonly entities = new Uint32Array(atOnce);
  /** What is done with it when it is full. */
  take: (spans: Spans) => void = forget;

  add(begin: number, end: number, context: number, entity: number): void {
    if (this.length === atOnce) this.flush();
    const at = this.length;
    this.begins[at] = begin;
    this.ends[at] = end;
    this.contexts[at] = context;
    this.entities[at] = entity;
    this.length = at + 1;
  }

  flush(): void {
    if (this.length > 0) this.take(this);
    this.length = 0;
  }
}

/** Which neighbours may be given as one span where they touch: none, those that say the same, also of different entities. */
export type Joined = 'none' | 'same' | 'contexts';

/** All spans of work that reach into [from, to), cut at its ends. */
export function credit(
  beats: Beats,
  rule: Rule,
  { from, to, joined = 'none' }: { readonly from: number; readonly to: number; readonly joined?: Joined },
  take: (spans: Spans) => void,
): void {
  const chunk = spare ?? new Chunk();
  spare = undefined;
  chunk.take = take;
  const besides = rule.writesOnly ? undefined : weave(beats, rule, from, chunk);
  creditBeats(beats, rule, { from, to, joined }, chunk, besides);
  besides?.(to, to);
  chunk.flush();
  chunk.take = forget;
  spare = chunk;
}

const forget = (): void => undefined;

/** @param before called before each span with its beginning and end, where there is anything besides heartbeats */
function creditBeats(
  beats: Beats,
  rule: Rule,
  { from, to, joined }: { readonly from: number; readonly to: number; readonly joined: Joined },
  chunk: Chunk,
  before: ((begin: number, end: number) => void) | undefined,
): void {
  const { timeout, writesOnly } = rule;
  const { inherits } = beats.contexts;
  const resolve = inherits || rule.rules !== undefined ? resolver(beats, rule) : undefined;
  const start = inherits ? begins(beats, rule.reach, from - timeout) : from - timeout;
  const [joins, anyEntity] = [joined !== 'none', joined === 'contexts'];
  /** Where the span begins that the heartbeat before is in. */
  let begin = Number.NEGATIVE_INFINITY;
  let time = Number.NEGATIVE_INFINITY;
  let context = 0;
  let entity = 0;
  const close = (end: number): void => {
    if (begin < from && end <= from) return;
    const [first, last] = [begin > from ? begin : from, end < to ? end : to];
    before?.(first, last);
    chunk.add(first, last, context, entity);
  };
  for (const block of beats.blocks(start, to + timeout)) {
    const { times, contexts, entities, writes, length } = block;
    for (let at = firstFrom(block, start); at < length; at += 1) {
      const next = times[at] ?? 0;
      const code = contexts[at] ?? 0;
      const path = entities[at] ?? 0;
      const its = resolve === undefined ? code : resolve(next, code, path);
      if (writesOnly && writes[at] === 0) continue;
      const works = next - time < timeout;
      if (!joins || !works || its !== context || (path !== entity && !anyEntity) || next >= to) {
        close(works ? next : time);
        if (next >= to) return;
        begin = next;
        context = its;
        entity = path;
      }
      time = next;
    }
  }
  close(time);
}

/** Adds what lies besides heartbeats up to a moment, before the span that begins there and ends at another. */
function weave(
  beats: Beats,
  { besides = [] }: Rule,
  from: number,
  chunk: Chunk,
): ((begin: number, end: number) => void) | undefined {
  if (besides.length === 0) return undefined;
  let covered = from;
  let index = 0;
  return (until, end) => {
    for (let one = besides[index]; one !== undefined && one.begin < until; one = besides[index]) {
      const [first, last] = [Math.max(one.begin, covered), Math.min(one.end, until)];
      if (last > first) {
        chunk.add(first, last, beats.contexts.code(one.context), beats.contexts.text(one.entity));
        covered = last;
      }
      if (one.end > until) break;
      index += 1;
    }
    covered = Math.max(covered, end);
  };
}

/** Microseconds by number: `codes[i]` has `amounts[i]`. No number is there twice, and none with nothing. */
export interface Sums {
  readonly codes: readonly number[];
  readonly amounts: readonly number[];
}

export interface Tally {
  readonly contexts: Sums;
  /** By text. Empty unless entities were asked for. */
  readonly entities: Sums;
  /** A context that an entity was met in, by text. */
  readonly contextOf: ReadonlyMap<number, number>;
  /** The same of lines; also of heartbeats that are worth no time. */
  readonly lines: { readonly contexts: LineSums; readonly entities: LineSums };
  /** What heartbeats report of AI tools, also those that are worth no time. */
  readonly usage: UsageRecords;
}

/** What counts; all, unless said. Time is credited first and filtered then. */
export interface Filter {
  readonly fits?: (context: Context) => boolean;
  readonly entity?: string;
}

export interface Wish extends Filter {
  /** Ascending; a tally for each span between two neighbours. */
  readonly bounds: readonly number[];
  readonly entities?: boolean;
}

export function tally(beats: Beats, rule: Rule, wish: Wish): readonly Tally[] {
  const { bounds, entity, entities = false } = wish;
  const tallies: Tally[] = [];
  const [from, to] = [bounds[0] ?? 0, bounds.at(-1) ?? 0];
  const contextSums = new Counter();
  const entitySums = new Counter();
  const counts = counting(beats, wish);
  const lines = sumLines(beats, rule, wish, counts);
  const usage = listUsage(beats, rule, wish, counts);
  const contextOf = new Map<number, number>();
  let index = 0;
  let bound = bounds[1] ?? to;
  const close = () => {
    const [byContext, byEntity] = [contextSums.take(), entitySums.take()];
    const reported = { lines: lines[index] ?? nothing, usage: usage[index] ?? noUsage };
    tallies.push({ contexts: byContext, entities: byEntity, contextOf, ...reported });
    index += 1;
    bound = bounds[index + 1] ?? to;
  };
  const joined = entities || entity !== undefined ? 'same' : 'contexts';
  credit(beats, rule, { from, to, joined }, (spans) => {
    const { begins: starts, ends, contexts, entities: paths, length } = spans;
    for (let at = 0; at < length; at += 1) {
      let begin = starts[at] ?? 0;
      const end = ends[at] ?? 0;
      const code = contexts[at] ?? 0;
      if (end === begin || (counts !== undefined && !counts(code, paths[at] ?? 0))) continue;
      if (entities) contextOf.set(paths[at] ?? 0, code);
      while (end > bound) {
        if (bound > begin) {
          contextSums.add(code, bound - begin);
          if (entities) entitySums.add(paths[at] ?? 0, bound - begin);
          begin = bound;
        }
        close();
      }
      contextSums.add(code, end - begin);
      if (entities) entitySums.add(paths[at] ?? 0, end - begin);
    }
  });
  while (tallies.length < bounds.length - 1) close();
  return tallies;
}

const nothing = { contexts: noLines, entities: noLines };

/** Asked of the numbers of a context and of an entity. */
type Counting = (context: number, entity: number) => boolean;

/** undefined where everything counts. */
function counting(beats: Beats, { fits, entity }: Filter): Counting | undefined {
  if (fits === undefined && entity === undefined) return undefined;
  const fitting: (boolean | undefined)[] = [];
  const isFitting = (code: number): boolean => {
    const fitted = fits?.(beats.context(code)) !== false;
    fitting[code] = fitted;
    return fitted;
  };
  return (code, path) => (entity === undefined || beats.entity(path) === entity) && (fitting[code] ?? isFitting(code));
}

/** For each span between two bounds in which any were told of. */
function sumLines(
  beats: Beats,
  rule: Rule,
  { bounds, entities = false }: Wish,
  counts: Counting | undefined,
): readonly (Tally['lines'] | undefined)[] {
  const sums: Tally['lines'][] = [];
  const [byContext, byEntity] = [new LineCounter(), new LineCounter()];
  let index = 0;
  let bound = bounds[1] ?? 0;
  const close = (): void => {
    sums[index] = { contexts: byContext.take(), entities: byEntity.take() };
  };
  creditLines(beats, rule, { from: bounds[0] ?? 0, to: bounds.at(-1) ?? 0 }, (time, context, entity, lines, from) => {
    if (counts?.(context, entity) === false) return;
    if (time >= bound) close();
    for (; time >= bound; bound = bounds[index + 1] ?? Number.POSITIVE_INFINITY) index += 1;
    byContext.add(context, lines, from);
    if (entities) byEntity.add(entity, lines, from);
  });
  close();
  return sums;
}

/** For each span between two bounds in which heartbeats report usage: their records. */
function listUsage(
  beats: Beats,
  rule: Rule,
  { bounds }: Wish,
  counts: Counting | undefined,
): readonly (UsageRecords | undefined)[] {
  const all: number[][] = [];
  let index = 0;
  visitUsage(beats, rule, { from: bounds[0] ?? 0, to: bounds.at(-1) ?? 0 }, (time, context, entity, record) => {
    if (counts?.(context, entity) === false) return;
    while (time >= (bounds[index + 1] ?? Number.POSITIVE_INFINITY)) index += 1;
    const records = all[index] ?? [];
    all[index] = records;
    records.push(...record);
  });
  return all;
}

/** Calls `take` with each heartbeat of [from, to) that reports usage, in order of time, and with its record (ai-metrics.ts). */
function visitUsage(
  beats: Beats,
  rule: Rule,
  span: { readonly from: number; readonly to: number },
  take: (time: number, context: number, entity: number, record: UsageRecords) => void,
): void {
  if (!beats.blocks(span.from, span.to).some(({ usage }) => usage !== undefined)) return;
  visitHeartbeats(beats, rule, span, (time, context, entity, { usage, lines }, at) => {
    if (usage === undefined || !reportsUsage(usage, at * usageWidth)) return;
    const row = usage.subarray(at * usageWidth, (at + 1) * usageWidth);
    const [additions = 0, deletions = 0] = lines?.subarray(at * lineKinds.length) ?? [];
    take(time, context, entity, [context, entity, ...row, additions + deletions]);
  });
}

/**
 * The heartbeats of [from, to) that tell of lines, in order of time.
 * @param take its numbers are those of `lines` that begin at the last argument
 */
function creditLines(
  beats: Beats,
  rule: Rule,
  span: { readonly from: number; readonly to: number },
  take: (time: number, context: number, entity: number, lines: Counts, from: number) => void,
): void {
  if (!beats.blocks(span.from, span.to).some(({ lines }) => lines !== undefined)) return;
  visitHeartbeats(beats, rule, span, (time, context, entity, { lines }, at) => {
    if (lines === undefined || !tellsLines(lines, at * lineKinds.length)) return;
    take(time, context, entity, lines, at * lineKinds.length);
  });
}

/** Calls `take` with each heartbeat of [from, to) that the rule counts: what it counts as, its block, and its index there. */
function visitHeartbeats(
  beats: Beats,
  rule: Rule,
  { from, to }: { readonly from: number; readonly to: number },
  take: (time: number, context: number, entity: number, block: Block, at: number) => void,
): void {
  const { inherits } = beats.contexts;
  const resolve = inherits || rule.rules !== undefined ? resolver(beats, rule) : undefined;
  const start = inherits ? begins(beats, rule.reach, from) : from;
  for (const block of beats.blocks(start, to)) {
    const { times, contexts, entities, writes, lines, usage, length } = block;
    if (lines === undefined && usage === undefined && resolve === undefined) continue;
    for (let at = firstFrom(block, start); at < length; at += 1) {
      const time = times[at] ?? 0;
      if (time >= to) return;
      const code = contexts[at] ?? 0;
      const entity = entities[at] ?? 0;
      const context = resolve === undefined ? code : resolve(time, code, entity);
      if (time < from || (rule.writesOnly && writes[at] === 0)) continue;
      take(time, context, entity, block, at);
    }
  }
}

/** Adds up by number without hashing; a person's day touches few of many. */
export class Counter {
  #sums = new Float64Array(256);
  #touched: number[] = [];

  /** @param amount greater than 0 */
  add(code: number, amount: number): void {
    if (code >= this.#sums.length) this.#grow(code);
    const sum = this.#sums[code] ?? 0;
    if (sum === 0) this.#touched.push(code);
    this.#sums[code] = sum + amount;
  }

  /** What was added since the last time. */
  take(): Sums {
    const codes = this.#touched;
    const amounts = codes.map((code) => this.#sums[code] ?? 0);
    for (const code of codes) this.#sums[code] = 0;
    this.#touched = [];
    return { codes, amounts };
  }

  #grow(code: number): void {
    const grown = new Float64Array(Math.max(code + 1, this.#sums.length * 2));
    grown.set(this.#sums);
    this.#sums = grown;
  }
}

/** A run of work on one thing: touching spans of the same value. */
export interface Stretch {
  readonly value: string;
  readonly context: Context;
  readonly begin: number;
  readonly end: number;
  /** Told of meanwhile. */
  readonly lines: Counts | undefined;
  readonly usage: UsageRecords;
}

/**
 * The stretches of [from, to) in order of their beginning; a lone heartbeat is one without length.
 * @param slice what a heartbeat counts for; one with several values counts for each of them
 */
export function stretches(
  beats: Beats,
  rule: Rule,
  {
    from,
    to,
    slice,
    ...filter
  }: Filter & {
    readonly from: number;
    readonly to: number;
    readonly slice: (context: Context, entity: string) => readonly string[];
  },
): readonly Stretch[] {
  const all: { value: string; context: Context; begin: number; end: number }[] = [];
  // Upper and lower case are one: editors do not agree on them.
  const byValue = new Map<string, typeof all>();
  const counts = counting(beats, filter);
  const each = (code: number, entity: number, take: (those: typeof all, value: string) => void): void => {
    if (counts?.(code, entity) === false) return;
    for (const value of slice(beats.context(code), beats.entity(entity))) {
      const folded = value.toLowerCase();
      const those = byValue.get(folded) ?? [];
      byValue.set(folded, those);
      take(those, value);
    }
  };
  credit(beats, rule, { from, to }, ({ begins: starts, ends, contexts, entities, length }) => {
    for (let at = 0; at < length; at += 1) {
      const [begin = 0, end = 0, code = 0, entity = 0] = [starts[at], ends[at], contexts[at], entities[at]];
      each(code, entity, (those, value) => {
        const before = those.at(-1);
        if (before !== undefined && before.end === begin) {
          before.end = end;
          return;
        }
        const stretch = { value, context: beats.context(code), begin, end };
        all.push(stretch);
        those.push(stretch);
      });
    }
  });
  const lines = new Map<(typeof all)[number], number[]>();
  creditLines(beats, rule, { from, to }, (time, code, entity, told, at) => {
    each(code, entity, (those) => {
      const during = those.findLast(({ begin }) => begin <= time);
      if (during !== undefined) addLines(lines, during, told, at);
    });
  });
  const usage = new Map<(typeof all)[number], number[]>();
  visitUsage(beats, rule, { from, to }, (time, code, entity, record) => {
    each(code, entity, (those) => {
      const during = those.findLast(({ begin }) => begin <= time);
      if (during === undefined) return;
      const records = usage.get(during) ?? [];
      usage.set(during, records);
      records.push(...record);
    });
  });
  return all.map((stretch) => ({ ...stretch, lines: lines.get(stretch), usage: usage.get(stretch) ?? noUsage }));
}
