// Credits time to heartbeats. The gap between a heartbeat and the next one counts as work if it is shorter than the timeout, and
// belongs to the earlier one. Days, slices, filters and blocks only cut and sum these spans, so the same heartbeats give the same
// answers in any order of arrival. Pure functions over the columns of an account.

import { reportsUsage, usageWidth } from '../index/ai-usage.ts';
import { firstFrom, type HeartbeatBlock, type HeartbeatColumns, type HeartbeatContext } from '../index/columns.ts';
import {
  addLines,
  hasLines,
  LineCounter,
  type LineCounts,
  type LineSums,
  lineKinds,
  noLines,
} from '../index/line-counts.ts';
import { noUsage, type UsageRecords } from './ai-metrics.ts';
import { type InheritanceRule, inheritanceStart, makeResolver } from './inherit-fields.ts';

export interface CreditRule extends InheritanceRule {
  /** Microseconds. A gap of this length or longer does not count as work. */
  readonly timeout: number;
  /** Only heartbeats that are writes count. */
  readonly writesOnly: boolean;
  /**
   * Time from other sources, such as meetings (WakaTime's external durations), in order of `begin`. It counts only where no heartbeat
   * does. Where two spans overlap, the one that began first counts, so no second counts twice. `writesOnly` leaves external spans out.
   */
  readonly externalSpans?: readonly ExternalSpan[] | undefined;
}

/** Microseconds since 1970. */
export interface ExternalSpan {
  readonly begin: number;
  readonly end: number;
  readonly context: HeartbeatContext;
  readonly entity: string;
}

/**
 * Spans of work in order of time, as columns. Only the first `length` entries are valid, and only during the call. `end` equals
 * `begin` for a heartbeat to which no time is credited.
 */
export interface CreditedSpans {
  readonly length: number;
  readonly begins: Float64Array;
  readonly ends: Float64Array;
  /** Dictionary numbers of contexts and of texts. */
  readonly contexts: Uint32Array;
  readonly entities: Uint32Array;
}

const atOnce = 1_024;

/** Reused between calls, because it is larger than most answers need. */
let spare: Chunk | undefined;

class Chunk implements CreditedSpans {
  length = 0;
  readonly begins = new Float64Array(atOnce);
  readonly ends = new Float64Array(atOnce);
  readonly contexts = new Uint32Array(atOnce);
  readonly entities = new Uint32Array(atOnce);
  /** Called with the spans when the chunk is full, and at the end. */
  take: (spans: CreditedSpans) => void = discardSpans;

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

/**
 * Which touching neighbours are joined into one span: none, those with the same context and entity, or those with the same context.
 */
export type JoinMode = 'none' | 'same' | 'contexts';

/** Calls `take` with all spans of work that overlap [from, to), cut at its ends. */
export function creditSpans(
  beats: HeartbeatColumns,
  rule: CreditRule,
  { from, to, joined = 'none' }: { readonly from: number; readonly to: number; readonly joined?: JoinMode },
  take: (spans: CreditedSpans) => void,
): void {
  const chunk = spare ?? new Chunk();
  spare = undefined;
  chunk.take = take;
  const externalSpans = rule.writesOnly ? undefined : mergeExternalSpans(beats, rule, from, chunk);
  creditBeats(beats, rule, { from, to, joined }, chunk, externalSpans);
  externalSpans?.(to, to);
  chunk.flush();
  chunk.take = discardSpans;
  spare = chunk;
}

const discardSpans = (): void => undefined;

/** @param before called before each span with its begin and end, where there are external spans */
function creditBeats(
  beats: HeartbeatColumns,
  rule: CreditRule,
  { from, to, joined }: { readonly from: number; readonly to: number; readonly joined: JoinMode },
  chunk: Chunk,
  before: ((begin: number, end: number) => void) | undefined,
): void {
  const { timeout, writesOnly } = rule;
  const { inherits } = beats.contexts;
  const resolve = inherits || rule.rules !== undefined ? makeResolver(beats, rule) : undefined;
  const start = inherits ? inheritanceStart(beats, rule.reach, from - timeout) : from - timeout;
  const [joins, anyEntity] = [joined !== 'none', joined === 'contexts'];
  /** Begin of the current span. */
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

/**
 * Adds the external spans that lie before a span of heartbeats.
 * @returns called with the begin and end of each such span
 */
function mergeExternalSpans(
  beats: HeartbeatColumns,
  { externalSpans = [] }: CreditRule,
  from: number,
  chunk: Chunk,
): ((begin: number, end: number) => void) | undefined {
  if (externalSpans.length === 0) return undefined;
  let covered = from;
  let index = 0;
  return (until, end) => {
    for (let one = externalSpans[index]; one !== undefined && one.begin < until; one = externalSpans[index]) {
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

/** Microseconds by dictionary number: `codes[i]` has `amounts[i]`. Each number occurs once, and no amount is 0. */
export interface Sums {
  readonly codes: readonly number[];
  readonly amounts: readonly number[];
}

export interface Tally {
  readonly contexts: Sums;
  /** By number of the text. Empty unless entities were requested. */
  readonly entities: Sums;
  /** A context that an entity occurred in, by number of the text. */
  readonly contextOf: ReadonlyMap<number, number>;
  /** Lines by context and by entity, also of heartbeats to which no time is credited. */
  readonly lines: { readonly contexts: LineSums; readonly entities: LineSums };
  /** AI usage that heartbeats report, also heartbeats to which no time is credited. */
  readonly usage: UsageRecords;
}

/** Which spans count; all, unless set. Time is credited first and filtered afterwards. */
export interface ContextFilter {
  readonly fits?: (context: HeartbeatContext) => boolean;
  readonly entity?: string;
}

export interface TallyRequest extends ContextFilter {
  /** Ascending. The result has a tally for each span between two neighbours. */
  readonly bounds: readonly number[];
  readonly entities?: boolean;
}

export function tally(beats: HeartbeatColumns, rule: CreditRule, wish: TallyRequest): readonly Tally[] {
  const { bounds, entity, entities = false } = wish;
  const tallies: Tally[] = [];
  const [from, to] = [bounds[0] ?? 0, bounds.at(-1) ?? 0];
  const contextSums = new Counter();
  const entitySums = new Counter();
  const counts = compileFilter(beats, wish);
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
  creditSpans(beats, rule, { from, to, joined }, (spans) => {
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

/** True if a context and an entity, by number, pass the filter. */
type CompiledFilter = (context: number, entity: number) => boolean;

/** undefined where everything passes. */
function compileFilter(beats: HeartbeatColumns, { fits, entity }: ContextFilter): CompiledFilter | undefined {
  if (fits === undefined && entity === undefined) return undefined;
  const fitting: (boolean | undefined)[] = [];
  const isFitting = (code: number): boolean => {
    const fitted = fits?.(beats.context(code)) !== false;
    fitting[code] = fitted;
    return fitted;
  };
  return (code, path) => (entity === undefined || beats.entity(path) === entity) && (fitting[code] ?? isFitting(code));
}

/** The lines of each span between two bounds; undefined where none were reported. */
function sumLines(
  beats: HeartbeatColumns,
  rule: CreditRule,
  { bounds, entities = false }: TallyRequest,
  counts: CompiledFilter | undefined,
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

/** The usage records of each span between two bounds; undefined where none were reported. */
function listUsage(
  beats: HeartbeatColumns,
  rule: CreditRule,
  { bounds }: TallyRequest,
  counts: CompiledFilter | undefined,
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

/** Calls `take` with the time and the record (ai-metrics.ts) of each heartbeat in [from, to) that reports usage, in order of time. */
function visitUsage(
  beats: HeartbeatColumns,
  rule: CreditRule,
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
 * Calls `take` with each heartbeat of [from, to) that reports lines, in order of time. Its counts begin in `lines` at the index that
 * is the last argument.
 */
function creditLines(
  beats: HeartbeatColumns,
  rule: CreditRule,
  span: { readonly from: number; readonly to: number },
  take: (time: number, context: number, entity: number, lines: LineCounts, from: number) => void,
): void {
  if (!beats.blocks(span.from, span.to).some(({ lines }) => lines !== undefined)) return;
  visitHeartbeats(beats, rule, span, (time, context, entity, { lines }, at) => {
    if (lines === undefined || !hasLines(lines, at * lineKinds.length)) return;
    take(time, context, entity, lines, at * lineKinds.length);
  });
}

/** Calls `take` with each heartbeat of [from, to) that the rule counts: its resolved context, its block, and its index there. */
function visitHeartbeats(
  beats: HeartbeatColumns,
  rule: CreditRule,
  { from, to }: { readonly from: number; readonly to: number },
  take: (time: number, context: number, entity: number, block: HeartbeatBlock, at: number) => void,
): void {
  const { inherits } = beats.contexts;
  const resolve = inherits || rule.rules !== undefined ? makeResolver(beats, rule) : undefined;
  const start = inherits ? inheritanceStart(beats, rule.reach, from) : from;
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

/** Sums amounts by number without hashing. A day touches few of many numbers. */
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

  /** The sums since the last call. */
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

/** A block of work on one value: touching spans with the same value. */
export interface DurationBlock {
  readonly value: string;
  readonly context: HeartbeatContext;
  readonly begin: number;
  readonly end: number;
  /** Lines reported during the block. */
  readonly lines: LineCounts | undefined;
  readonly usage: UsageRecords;
}

/**
 * Joins the spans of [from, to) into blocks, in order of their begin. A lone heartbeat is a block without length.
 * @param slice the values that a heartbeat counts for; one with several values counts for each of them
 */
export function joinBlocks(
  beats: HeartbeatColumns,
  rule: CreditRule,
  {
    from,
    to,
    slice,
    ...filter
  }: ContextFilter & {
    readonly from: number;
    readonly to: number;
    readonly slice: (context: HeartbeatContext, entity: string) => readonly string[];
  },
): readonly DurationBlock[] {
  const all: { value: string; context: HeartbeatContext; begin: number; end: number }[] = [];
  // Names that differ only in case are one name, because editors write them differently.
  const byValue = new Map<string, typeof all>();
  const counts = compileFilter(beats, filter);
  const each = (code: number, entity: number, take: (those: typeof all, value: string) => void): void => {
    if (counts?.(code, entity) === false) return;
    for (const value of slice(beats.context(code), beats.entity(entity))) {
      const folded = value.toLowerCase();
      const those = byValue.get(folded) ?? [];
      byValue.set(folded, those);
      take(those, value);
    }
  };
  creditSpans(beats, rule, { from, to }, ({ begins: starts, ends, contexts, entities, length }) => {
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
  creditLines(beats, rule, { from, to }, (time, code, entity, call, at) => {
    each(code, entity, (those) => {
      const during = those.findLast(({ begin }) => begin <= time);
      if (during !== undefined) addLines(lines, during, call, at);
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
