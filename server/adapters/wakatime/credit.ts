// What heartbeats are worth in time. The rule: between a heartbeat and the next one lie seconds of work, if they are fewer than the
// timeout, and they belong to the earlier one. Everything else (days, slices, filters, blocks) is cutting and adding up those
// spans, so the same heartbeats give the same answers in whatever order they came. Pure functions over Beats.

import { type Beats, type Context, firstFrom } from './beats.ts';

export interface Rule {
  /** Microseconds: a gap as long as this is no work. */
  readonly timeout: number;
  /** Counts only heartbeats that wrote their file. */
  readonly writesOnly: boolean;
  /** How long "as before" reaches back: the account's own timeout, whatever a request asks for. */
  readonly reach: number;
}

/** Called in order of time; `end` is `begin` for a heartbeat that is worth nothing by itself. */
export type Visit = (begin: number, end: number, context: number, entity: number) => void;

/** All spans of work that reach into [from, to), cut at its ends. */
export function credit(beats: Beats, rule: Rule, from: number, to: number, visit: Visit): void {
  const { timeout, writesOnly } = rule;
  const resolve = beats.inherits ? resolver(beats, rule.reach) : undefined;
  const start = resolve === undefined ? from - timeout : begins(beats, rule.reach, from - timeout);
  let time = Number.NEGATIVE_INFINITY;
  let context = 0;
  let entity = 0;
  const settle = (end: number) => {
    if (time >= from || end > from) visit(Math.max(time, from), Math.min(end, to), context, entity);
  };
  for (const block of beats.blocks(start, to + timeout)) {
    const { times, contexts, entities, writes, length } = block;
    for (let at = firstFrom(block, start); at < length; at += 1) {
      const next = times[at] ?? 0;
      const code = contexts[at] ?? 0;
      const its = resolve === undefined ? code : resolve(next, code);
      if (writesOnly && writes[at] === 0) continue;
      settle(next - time < timeout ? next : time);
      if (next >= to) return;
      time = next;
      context = its;
      entity = entities[at] ?? 0;
    }
  }
  settle(time);
}

/** Where to begin reading so that "as before" is known from `from` on: further back while heartbeats hang on those before them. */
function begins(beats: Beats, reach: number, from: number): number {
  let start = from;
  for (;;) {
    const before = beats.before(start);
    if (before === undefined || start - before.time >= reach) return start;
    start = before.time;
    if (beats.contexts[before.context]?.last.length === 0) return start;
  }
}

/** Fills in "as before": the project of the heartbeat before, and its branch and language if the project is the same. */
function resolver(beats: Beats, reach: number): (time: number, context: number) => number {
  let [before, known]: [number, Context | undefined] = [0, undefined];
  return (time, code) => {
    const context = beats.contexts[code];
    if (context === undefined) return code;
    if (context.last.length === 0) {
      [before, known] = [time, context];
      return code;
    }
    const last = time - before < reach ? known : undefined;
    const inherits = (name: 'project' | 'branch' | 'language', from: Context | undefined) =>
      context.last.includes(name) ? (from?.[name] ?? '') : context[name];
    const project = inherits('project', last);
    const same = last?.project === project ? last : undefined;
    const resolved = {
      ...context,
      project,
      branch: inherits('branch', same),
      language: inherits('language', same),
      last: [],
    };
    [before, known] = [time, resolved];
    return beats.code(resolved);
  };
}

/** Microseconds by code: `codes[i]` has `amounts[i]`. No code is there twice, and none with nothing. */
export interface Sums {
  readonly codes: readonly number[];
  readonly amounts: readonly number[];
}

export interface Tally {
  readonly contexts: Sums;
  /** Empty unless entities were asked for. */
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
    const context = beats.contexts[code];
    const fitted = context !== undefined && fits?.(context) === true;
    fitting[code] = fitted;
    return fitted;
  };
  let index = 0;
  const close = () => {
    tallies.push({ contexts: contextSums.take(), entities: entitySums.take() });
    index += 1;
  };
  credit(beats, rule, from, to, (begin, end, context, entity) => {
    if (end === begin || (fits !== undefined && !(fitting[context] ?? isFitting(context)))) return;
    let at = begin;
    for (;;) {
      const bound = bounds[index + 1] ?? to;
      const until = Math.min(end, bound);
      if (until > at) {
        contextSums.add(context, until - at);
        if (entities) entitySums.add(entity, until - at);
        at = until;
      }
      if (end <= bound) return;
      close();
    }
  });
  while (tallies.length < bounds.length - 1) close();
  return tallies;
}

/** Adds up by code without hashing; a person's day touches few codes of many. */
export class Counter {
  #sums = new Float64Array(256);
  #touched: number[] = [];

  /** @param amount greater than 0 */
  add(code: number, amount: number): void {
    if (code >= this.#sums.length) {
      const grown = new Float64Array(Math.max(code + 1, this.#sums.length * 2));
      grown.set(this.#sums);
      this.#sums = grown;
    }
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
  credit(beats, rule, from, to, (begin, end, code, entityCode) => {
    const context = beats.contexts[code];
    if (context === undefined || !fits(context)) return;
    for (const value of slice(context, beats.entities[entityCode] ?? '')) {
      const folded = value.toLowerCase();
      const before = open.get(folded);
      if (before !== undefined && before.end === begin) before.end = end;
      else {
        const stretch = { value, context, begin, end };
        all.push(stretch);
        open.set(folded, stretch);
      }
    }
  });
  return all;
}
