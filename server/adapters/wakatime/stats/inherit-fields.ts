// What a heartbeat counts as: "as before" is filled in from the heartbeats before it, then the account's own rules are asked. Which
// moments count, and for how long, is credit.ts'.

import type { Beats, Context } from '../index/columns.ts';
import type { RuleSet } from './custom-rule-set.ts';

/** The part of a rule that is about what heartbeats say. */
export interface Reading {
  /** How long "as before" reaches back, in microseconds: the account's own timeout, whatever a request asks for. */
  readonly reach: number;
  /** The account's own rules; heartbeats count as what these make of them. */
  readonly rules?: RuleSet | undefined;
}

/** Where to begin reading so that "as before" is known from `from` on: further back while heartbeats hang on those before them. */
export function begins(beats: Beats, reach: number, from: number): number {
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

/** To be asked of each heartbeat in order of time; the heartbeat before counts as the account's rules left it. */
export function resolver(
  beats: Beats,
  { reach, rules }: Reading,
): (time: number, context: number, entity: number) => number {
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
