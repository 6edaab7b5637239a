// The rules of an account, ready to decide: of those whose conditions all hold, the more specific one wins, then the smaller order, then
// the smaller id. Patterns are RE2 and are never compiled here: what they match is looked up in a PatternBook, which asks a worker.

import type { DayRuleConditions, DayRuleItem, DayTextCondition } from '../../../protocol/day.ts';
import { type DayRuleText, dayRuleTexts } from '../../../protocol/day-rule-texts.ts';
import { compareText } from '../engine/collections.ts';
import { attributionByFacts, type DayAttribution, type DayClassifier, type DaySubject } from '../engine/evidence.ts';

export interface NamedRule {
  readonly id: string;
  readonly rule: DayRuleItem;
}

/** Answers what patterns match. A question that it cannot answer yet is remembered, and the answer is false meanwhile. */
export interface PatternLookup {
  matches(pattern: string, text: string): boolean;
}

export interface RuleDeps {
  readonly patterns: PatternLookup;
  /** The name of the project that an alias means. */
  readonly projectOf: (name: string) => string;
}

/** An empty list decides by facts alone. */
export function rulesClassifier(rules: readonly NamedRule[], { patterns, projectOf }: RuleDeps): DayClassifier {
  const prepared = rules
    .filter(({ rule }) => rule.enabled !== false)
    .map((named) => prepare(named))
    .sort((a, b) => b.specificity - a.specificity || a.order - b.order || compareText(a.id, b.id));
  const index = new RuleIndex(prepared);
  return {
    readsClock: prepared.some(({ rule }) => rule.when.weekday !== undefined || rule.when.hour !== undefined),
    classify(subject) {
      const facts = attributionByFacts(subject.lane, subject.facts);
      const stated = facts.project === null ? null : projectOf(facts.project);
      const own = stated === facts.project ? facts : { ...facts, project: stated };
      // Time that a person states by hand needs no rule, and none overrules it.
      if (subject.lane === 'manual' && own.project !== null) return own;
      const found = index.first(subject, patterns);
      return found === undefined ? own : applyRule(own, found, projectOf);
    },
  };
}

function applyRule(
  own: DayAttribution,
  { id, rule, specificity }: PreparedRule,
  projectOf: (name: string) => string,
): DayAttribution {
  const isWork = rule.not_work !== true;
  return {
    project: isWork ? (rule.project === undefined ? own.project : projectOf(rule.project)) : null,
    task: rule.task ?? own.task,
    category: rule.category ?? own.category,
    work: isWork,
    rule: id,
    fact: null,
    specificity,
  };
}

/** The number of conditions decides first, then how exact they are, then how much text they name. */
export function specificityOf({ lane, weekday, hour, ...texts }: DayRuleConditions): number {
  const conditions = Object.values(texts).filter((condition) => condition !== undefined);
  const others = [lane, weekday, hour].filter((condition) => condition !== undefined).length;
  const exactness = conditions.reduce((sum, condition) => sum + weightOf(condition), 0);
  const letters = conditions.reduce((sum, condition) => sum + textOf(condition).length, 0);
  return (conditions.length + others) * 1_000_000_000 + exactness * 1_000_000 + Math.min(letters, 999_999);
}

function weightOf(condition: DayTextCondition): number {
  return 'is' in condition ? 4 : 'begins' in condition ? 3 : 'contains' in condition ? 2 : 1;
}

function textOf(condition: DayTextCondition): string {
  if ('is' in condition) return condition.is;
  if ('begins' in condition) return condition.begins;
  return 'contains' in condition ? condition.contains : condition.matches;
}

interface PreparedRule extends NamedRule {
  readonly specificity: number;
  readonly order: number;
  readonly texts: readonly {
    readonly name: DayRuleText;
    readonly condition: DayTextCondition;
    readonly text: string;
  }[];
}

function prepare({ id, rule }: NamedRule): PreparedRule {
  const texts = dayRuleTexts.flatMap((name) => {
    const condition = rule.when[name];
    if (condition === undefined) return [];
    const text = 'matches' in condition ? condition.matches : textOf(condition).toLowerCase();
    return [{ name, condition, text }];
  });
  return { id, rule, specificity: specificityOf(rule.when), order: rule.order ?? 0, texts };
}

interface RankedRule {
  /** The smaller decides. */
  readonly rank: number;
  readonly rule: PreparedRule;
}

/** The rules of one field that are found by a text they name. */
class FieldIndex {
  readonly exact = new Map<string, RankedRule[]>();
  /** By the length of the beginning. */
  readonly #beginnings = new Map<number, Map<string, RankedRule[]>>();
  readonly #contained: (RankedRule & { readonly text: string })[] = [];
  #anyContained: RegExp | undefined;

  add(condition: DayTextCondition, text: string, ranked: RankedRule): void {
    if ('is' in condition) append(this.exact, text, ranked);
    else if ('begins' in condition) {
      const ofLength = this.#beginnings.get(text.length) ?? new Map<string, RankedRule[]>();
      this.#beginnings.set(text.length, ofLength);
      append(ofLength, text, ranked);
    } else this.#contained.push({ ...ranked, text });
  }

  /** @param word in lower case */
  search(word: string, search: RuleSearch): void {
    const exact = this.exact.get(word);
    if (exact !== undefined) search.look(exact);
    for (const [length, beginnings] of this.#beginnings) {
      const found = length <= word.length ? beginnings.get(word.slice(0, length)) : undefined;
      if (found !== undefined) search.look(found);
    }
    if (this.#contained.length > 0) this.#searchContained(word, search);
  }

  #searchContained(word: string, search: RuleSearch): void {
    // One expression over all texts rules most words out.
    this.#anyContained ??= new RegExp(this.#contained.map(({ text }) => escapeLiteral(text)).join('|'));
    if (!this.#anyContained.test(word)) return;
    for (const contained of this.#contained) {
      if (contained.rank >= search.rank) return;
      if (word.includes(contained.text)) search.tryOne(contained);
    }
  }
}

function escapeLiteral(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function append(lists: Map<string, RankedRule[]>, key: string, ranked: RankedRule): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [ranked]);
  else known.push(ranked);
}

/** Rules by one text that they name, so that a thousand rules need not all be looked at. */
class RuleIndex {
  readonly #fields = new Map<DayRuleText, FieldIndex>();
  /** Rules of patterns, folders, weekdays and hours alone. */
  readonly #others: RankedRule[] = [];

  constructor(rules: readonly PreparedRule[]) {
    for (const [rank, rule] of rules.entries()) {
      const named = rule.texts.filter(({ name, condition }) => !('matches' in condition) && name !== 'folder');
      const anchor =
        named.find(({ condition }) => 'is' in condition) ??
        named.find(({ condition }) => 'begins' in condition) ??
        named[0];
      if (anchor === undefined) {
        this.#others.push({ rank, rule });
        continue;
      }
      const field = this.#fields.get(anchor.name) ?? new FieldIndex();
      this.#fields.set(anchor.name, field);
      field.add(anchor.condition, anchor.text, { rank, rule });
    }
  }

  first(subject: DaySubject, patterns: PatternLookup): PreparedRule | undefined {
    const search = new RuleSearch(subject, patterns);
    for (const [name, field] of this.#fields) {
      const actual = textsFor(name, subject);
      if (typeof actual === 'string') field.search(actual.toLowerCase(), search);
      else for (const word of actual) field.search(word.toLowerCase(), search);
    }
    search.look(this.#others);
    return search.best?.rule;
  }
}

/** The best rule so far for one subject. */
class RuleSearch {
  readonly #subject: DaySubject;
  readonly #patterns: PatternLookup;
  best: RankedRule | undefined;
  rank = Number.POSITIVE_INFINITY;

  constructor(subject: DaySubject, patterns: PatternLookup) {
    this.#subject = subject;
    this.#patterns = patterns;
  }

  /** @param candidates in order of rank */
  look(candidates: readonly RankedRule[]): void {
    for (const candidate of candidates) if (this.tryOne(candidate)) return;
  }

  /** @returns whether later candidates of the same list need not be looked at */
  tryOne(candidate: RankedRule): boolean {
    if (candidate.rank >= this.rank) return true;
    if (!fits(candidate.rule, this.#subject, this.#patterns)) return false;
    this.best = candidate;
    this.rank = candidate.rank;
    return true;
  }
}

const noTexts: readonly string[] = [];

/** The texts that a rule looks at by a name; several for tags, none if the evidence has none. */
function textsFor(name: DayRuleText, { device, facts }: DaySubject): string | readonly string[] {
  switch (name) {
    case 'device':
      return device;
    case 'folder':
      return facts.path ?? noTexts;
    case 'tag':
      return facts.tags ?? noTexts;
    default:
      return facts[name] ?? noTexts;
  }
}

function fits({ rule, texts }: PreparedRule, subject: DaySubject, patterns: PatternLookup): boolean {
  const { lane, weekday, hour } = rule.when;
  if (lane !== undefined && !lane.includes(subject.lane)) return false;
  if (weekday !== undefined && !weekday.includes(subject.weekday)) return false;
  if (hour !== undefined && !isWithin(subject.hour, hour)) return false;
  return texts.every(({ name, condition, text }) => {
    const actual = textsFor(name, subject);
    if (typeof actual === 'string') return holds(name, condition, text, actual, patterns);
    return actual.some((word) => holds(name, condition, text, word, patterns));
  });
}

/** `to` is excluded; where it is not after `from`, the span is over midnight. */
function isWithin(hour: number, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}

/** @param wanted in lower case, but for patterns */
function holds(
  name: DayRuleText,
  condition: DayTextCondition,
  wanted: string,
  word: string,
  patterns: PatternLookup,
): boolean {
  if ('matches' in condition) return patterns.matches(wanted, word);
  const lowercase = word.toLowerCase();
  if (name === 'folder' && 'is' in condition) {
    const folder = wanted.replace(/[\\/]+$/, '');
    return lowercase.startsWith(folder) && /^[\\/]/.test(lowercase.slice(folder.length));
  }
  if ('is' in condition) return lowercase === wanted;
  return 'begins' in condition ? lowercase.startsWith(wanted) : lowercase.includes(wanted);
}
