// Resolves the context of a heartbeat: fields that were sent as "as before" are inherited from earlier heartbeats, then the account's
// custom rules apply. durations-algorithm.ts decides which time counts.

import type { HeartbeatColumns, HeartbeatContext } from '../index/columns.ts';
import type { RuleSet } from './custom-rule-set.ts';

/** How the fields of a heartbeat are resolved. */
export interface InheritanceRule {
  /** How far back a field is inherited, in microseconds: the account's own timeout, also if a request has another timeout. */
  readonly reach: number;
  /** The account's custom rules. */
  readonly rules?: RuleSet | undefined;
}

/**
 * The moment at which reading must start so that inherited fields are known from `from` on. It moves back as long as heartbeats
 * inherit from those before them.
 */
export function inheritanceStart(beats: HeartbeatColumns, reach: number, from: number): number {
  let start = from;
  for (;;) {
    const before = beats.before(start, start - reach);
    if (before === undefined || start - before.time >= reach) return start;
    start = before.time;
    if (!beats.contexts.isInheriting(before.context)) return start;
  }
}

/** The fields that may be inherited. */
export type InheritableFields = Pick<HeartbeatContext, 'project' | 'branch' | 'language'>;

/**
 * Fills inherited fields: the project of the heartbeat before, and its branch and language if the project is the same.
 * @param before undefined if the heartbeat before is too long ago
 */
export function inheritFields(
  input: InheritableFields & Pick<HeartbeatContext, 'last'>,
  before: InheritableFields | undefined,
): InheritableFields {
  const from = (name: keyof InheritableFields, other: InheritableFields | undefined): string =>
    input.last.includes(name) ? (other?.[name] ?? '') : input[name];
  const project = from('project', before);
  const same = before?.project === project ? before : undefined;
  return { project, branch: from('branch', same), language: from('language', same) };
}

/**
 * Makes a function that returns the number of the resolved context. Call it with each heartbeat in order of time: the next heartbeat
 * inherits the fields as the custom rules have changed them.
 */
export function makeResolver(
  beats: HeartbeatColumns,
  { reach, rules }: InheritanceRule,
): (time: number, context: number, entity: number) => number {
  const { contexts } = beats;
  const ruled = rules === undefined ? undefined : cacheRuleResults(beats, rules);
  let [before, known] = [Number.NEGATIVE_INFINITY, 0];
  return (time, code, entity) => {
    let its = code;
    if (contexts.isInheriting(code)) {
      const context = contexts.get(code);
      const last = time - before < reach ? contexts.get(known) : undefined;
      its = contexts.code({ ...context, ...inheritFields(context, last), last: [] });
    }
    if (ruled !== undefined) its = ruled(its, entity);
    [before, known] = [time, its];
    return its;
  };
}

type Ruling = (context: number, entity: number) => number;
const remembered = new WeakMap<RuleSet, WeakMap<HeartbeatColumns, Ruling>>();

/** Applies the rules, once for each context (and entity, if a rule reads it). */
function cacheRuleResults(beats: HeartbeatColumns, rules: RuleSet): Ruling {
  const ofRules = remembered.get(rules) ?? new WeakMap<HeartbeatColumns, Ruling>();
  remembered.set(rules, ofRules);
  const known = ofRules.get(beats);
  if (known !== undefined) return known;
  const made = new Map<number, number>();
  let [lastName, last] = [-1, 0];
  const ruling: Ruling = (context, entity) => {
    // Both numbers are far below 2^26.
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
