// What heartbeats are worth in time. The rule: between a heartbeat and the next one lie seconds of work, if they are fewer than the
// timeout, and they belong to the earlier one. Everything else (days, slices, filters, blocks) is cutting and adding up those
// spans, so the same heartbeats give the same answers in whatever order they came. Pure functions over Beats.

import { type Beats, type Context, firstFrom } from './beats.ts';
import type { RuleSet } from './custom-rules.ts';

export interface Rule {
  /** Microseconds: a gap as long as this is no work. */
  readonly timeout: number;
  /** Counts only heartbeats that wrote their file. */
  readonly writesOnly: boolean;
  /** How long "as before" reaches back: the account's own timeout, whatever a request asks for. */
  readonly reach: number;
  /** The account's own rules; heartbeats count as what these make of them. */
  readonly rules?: RuleSet | undefined;
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

/** Where to begin reading so that "as before" is known from `from` on: further back while heartbeats hang on those before them. */
function begins(beats: Beats, reach: number, from: number): number {
  let start = from;
  for (;;) {
    const before = beats.before(start, start - reach);
    if (before === undefined || start - before.time >= reach) return start;
    start = before.time;
    if (!beats.contexts.hangs(before.context)) return start;
  }
}

/** Where a heartbeat says that work was done. */
export type Place = Pick<Context, 'project' | 'branch' | 'language'>;

/**
 * Fills in "as before": the project of the heartbeat before, and its branch and language if the project is the same.
 * @param before undefined when it is too long ago
 */
export function inherited(said: Place & Pick<Context, 'last'>, before: Place | undefined): Place {
  const from = (name: keyof Place, other: Place | undefined): string =>
    said.last.includes(name) ? (other?.[name] ?? '') : said[name];
  const project = from('project', before);
  const same = before?.project === project ? before : undefined;
  return { project, branch: from('branch', same), language: from('language', same) };
}

/**
 * What a heartbeat counts as. "As before" is filled in first, from the heartbeat before as the account's rules left it; then the
 * rules are asked.
 */
function resolver(beats: Beats, { reach, rules }: Rule): (time: number, context: number, entity: number) => number {
  const { contexts } = beats;
  const ruled = rules === undefined ? undefined : rulings(beats, rules);
  let [before, known] = [Number.NEGATIVE_INFINITY, 0];
  return (time, code, entity) => {
    let its = code;
    if (contexts.hangs(code)) {
      const context = contexts.get(code);
      const last = time - before < reach ? contexts.get(known) : undefined;
      its = contexts.code({ ...context, ...inherited(context, last), last: [] });
    }
    if (ruled !== undefined) its = ruled(its, entity);
    [before, known] = [time, its];
    return its;
  };
}

type Ruling = (context: number, entity: number) => number;
const remembered = new WeakMap<RuleSet, WeakMap<Beats, Ruling>>();

/** What the rules make of a context, asked once for each. */
function rulings(beats: Beats, rules: RuleSet): Ruling {
  const ofRules = remembered.get(rules) ?? new WeakMap<Beats, Ruling>();
  remembered.set(rules, ofRules);
  const known = ofRules.get(beats);
  if (known !== undefined) return known;
  const made = new Map<number, number>();
  let [lastName, last] = [-1, 0];
  const ruling: Ruling = (context, entity) => {
    // Both are far below 2^26.
    const name = rules.readsEntity ? context * 67_108_864 + entity : context;
    if (name === lastName) return last;
    const before = made.get(name);
    const its = before ?? beats.contexts.code(rules.apply(beats.context(context), beats.entity(entity)));
    if (before === undefined) made.set(name, its);
    [lastName, last] = [name, its];
    return its;
  };
  ofRules.set(beats, ruling);
  return ruling;
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
}

export interface Wish {
  /** Ascending; a tally for each span between two neighbours. */
  readonly bounds: readonly number[];
  /** Which contexts count; all, unless said. Time is credited first and filtered then. */
  readonly fits?: (context: Context) => boolean;
  readonly entities?: boolean;
}

export function tally(beats: Beats, rule: Rule, { bounds, fits, entities = false }: Wish): readonly Tally[] {
  const tallies: Tally[] = [];
  const [from, to] = [bounds[0] ?? 0, bounds.at(-1) ?? 0];
  const contextSums = new Counter();
  const entitySums = new Counter();
  const fitting: (boolean | undefined)[] = [];
  const isFitting = (code: number): boolean => {
    const fitted = fits?.(beats.context(code)) === true;
    fitting[code] = fitted;
    return fitted;
  };
  let index = 0;
  let bound = bounds[1] ?? to;
  const close = () => {
    tallies.push({ contexts: contextSums.take(), entities: entitySums.take() });
    index += 1;
    bound = bounds[index + 1] ?? to;
  };
  credit(beats, rule, { from, to, joined: entities ? 'same' : 'contexts' }, (spans) => {
    const { begins: starts, ends, contexts, entities: paths, length } = spans;
    for (let at = 0; at < length; at += 1) {
      let begin = starts[at] ?? 0;
      const end = ends[at] ?? 0;
      const code = contexts[at] ?? 0;
      if (end === begin || (fits !== undefined && !(fitting[code] ?? isFitting(code)))) continue;
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
    fits,
  }: {
    readonly from: number;
    readonly to: number;
    readonly slice: (context: Context, entity: string) => readonly string[];
    readonly fits: (context: Context) => boolean;
  },
): readonly Stretch[] {
  const all: { value: string; context: Context; begin: number; end: number }[] = [];
  // Upper and lower case are one: editors do not agree on them.
  const open = new Map<string, (typeof all)[number]>();
  credit(beats, rule, { from, to }, ({ begins: starts, ends, contexts, entities, length }) => {
    for (let at = 0; at < length; at += 1) {
      const [begin = 0, end = 0] = [starts[at], ends[at]];
      const context = beats.context(contexts[at] ?? 0);
      if (!fits(context)) continue;
      for (const value of slice(context, beats.entity(entities[at] ?? 0))) {
        const folded = value.toLowerCase();
        const before = open.get(folded);
        if (before !== undefined && before.end === begin) before.end = end;
        else {
          const stretch = { value, context, begin, end };
          all.push(stretch);
          open.set(folded, stretch);
        }
      }
    }
  });
  return all;
}
