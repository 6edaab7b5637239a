// Custom rules correct the fields of heartbeats ("entity starts with /work/shop → project is shop"). They are a list in the account's
// settings, checked on input and compiled into a RuleSet (custom-rule-set.ts). custom-rule-endpoints.ts has the endpoints.

import { type Static, Type } from '@sinclair/typebox';
import { RE2JS } from 're2js';
import { compile } from '../../../../protocol/check.ts';
import { setBounded } from '../../../core/bounded.ts';
import type { Hub } from '../../../core/hub.ts';
import { isCostlyPattern } from '../../../http/pattern-cost.ts';
import { editorName } from '../model/display-names.ts';
import { isObject } from '../model/heartbeat.ts';
import { parseUserAgent } from '../model/user-agent.ts';
import type { RuleSet } from '../stats/custom-rule-set.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';

type Context = Parameters<RuleSet['apply']>[0];

const mostRules = 200;
/** The time of a match grows with the pattern and the text. Both are limited, so that one account cannot slow down the others. */
const mostPatterns = 20;
const mostSteps = 500;
const longestText = 512;
const text = Type.String({ maxLength: longestText });
const settable = ['project', 'branch', 'language', 'category', 'type', 'machine'] as const;
const readable = [...settable, 'entity', 'editor', 'operating_system', 'user_agent', 'dependencies'] as const;
const operators = ['equals', 'not equals', 'contains', 'not contains', 'starts with', 'ends with', 'matches'] as const;

const Condition = Type.Object({
  field: Type.Union(readable.map((name) => Type.Literal(name))),
  operator: Type.Union(operators.map((name) => Type.Literal(name))),
  value: text,
  is_case_sensitive: Type.Boolean(),
});
const Action = Type.Object({ field: Type.Union(settable.map((name) => Type.Literal(name))), value: text });
const CustomRule = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64 }),
  name: Type.String({ maxLength: 255 }),
  is_enabled: Type.Boolean(),
  /** `all`: every condition must hold. `any`: one suffices. */
  match: Type.Union([Type.Literal('all'), Type.Literal('any')]),
  if_match: Type.Array(Condition, { minItems: 1, maxItems: 20 }),
  then_set: Type.Array(Action, { minItems: 1, maxItems: settable.length }),
});
const CustomRules = Type.Array(CustomRule, { maxItems: mostRules });
type Condition = Static<typeof Condition>;
export type CustomRule = Static<typeof CustomRule>;
const check = compile(CustomRules);
const isList = (input: unknown): input is readonly CustomRule[] => check(input);

const isPattern = ({ operator }: Condition): boolean => operator === 'matches';

export function areRules(input: unknown): input is readonly CustomRule[] {
  return isList(input) && input.flatMap(({ if_match }) => if_match.filter(isPattern)).length <= mostPatterns;
}

/** The item of the account's settings. */
export const itemName = 'custom_rules';
const maxSets = 1_000;
const byText = new Map<string, RuleSet | undefined>();

/** The compiled rules of an account; undefined without rules. Returns the same object until the rules change. */
export async function readRuleSet(hub: Hub, account: string): Promise<RuleSet | undefined> {
  const { items } = (await hub.cachedChannel(`${account}/settings`)).view;
  const text = items.get(itemName)?.value;
  if (text === undefined) return undefined;
  // Called at each request: the text is parsed once.
  if (!byText.has(text)) {
    setBounded(byText, text, compileRules(rulesIn(text)), maxSets);
  }
  return byText.get(text);
}

export async function readRules(hub: Hub, account: string): Promise<readonly CustomRule[]> {
  const { items } = (await hub.cachedChannel(`${account}/settings`)).view;
  return rulesIn(items.get(itemName)?.value ?? '[]');
}

/** Any client may write the settings, so invalid rules are ignored. */
function rulesIn(text: string): readonly CustomRule[] {
  const input: unknown = JSON.parse(text);
  return areRules(input) ? input : [];
}

/**
 * The rules after a PUT: a list replaces all; one rule replaces the one with its id, or is appended.
 * @param id makes an id for a rule without one
 */
export function updateRules(
  before: readonly CustomRule[],
  body: unknown,
  id: () => string,
): QueryOutcome<readonly CustomRule[]> {
  const input = isObject(body) && 'data' in body ? body['data'] : body;
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  const filled: unknown = list.map((one) => (isObject(one) ? filledIn(one, id) : one));
  if (!areRules(filled)) return failure(form);
  const hostile = filled.flatMap(({ if_match }) => if_match).find((condition) => testOf(condition) === undefined);
  if (hostile !== undefined)
    return failure(`${hostile.value} is no regular expression that RE2 knows, or a very large one`);
  const rules = Array.isArray(input)
    ? filled
    : before.some((rule) => rule.id === filled[0]?.id)
      ? before.map((rule) => filled.find((one) => one.id === rule.id) ?? rule)
      : [...before, ...filled];
  if (new Set(rules.map((rule) => rule.id)).size < rules.length) return failure('two rules have the same id');
  return rules.length > mostRules ? failure(`at most ${mostRules} rules`) : { ok: true, value: rules };
}

const form =
  'send rules as {"name", "if_match": [{"field", "operator", "value"}], "then_set": [{"field", "value"}]}; fields are ' +
  `${readable.join(', ')} (to set: ${settable.join(', ')}), operators ${operators.join(', ')}; ` +
  `at most ${mostRules} rules, and ${mostPatterns} conditions with matches`;

function filledIn(input: Readonly<Record<string, unknown>>, id: () => string): object {
  const conditions: unknown = input['if_match'];
  return {
    id: input['id'] ?? id(),
    name: input['name'] ?? '',
    is_enabled: input['is_enabled'] ?? true,
    match: input['match'] ?? 'all',
    if_match: Array.isArray(conditions)
      ? conditions.map((one) => (isObject(one) ? { is_case_sensitive: false, ...one } : one))
      : conditions,
    then_set: input['then_set'],
  };
}

/** Compiled rules by their text: stats/ caches results by object, so equal rules must be the same object. */
const compiled = new Map<string, RuleSet>();

export function compileRules(rules: readonly CustomRule[]): RuleSet | undefined {
  const enabled = rules.filter((rule) => rule.is_enabled);
  if (enabled.length === 0) return undefined;
  const name = JSON.stringify(enabled);
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = compiledSet(enabled);
  setBounded(compiled, name, made, maxSets);
  return made;
}

/** Rules apply in order: each reads the fields that earlier rules have set. */
function compiledSet(rules: readonly CustomRule[]): RuleSet {
  const steps = rules.map(({ if_match, match, then_set }) => {
    const tests = if_match.map((condition) => testOf(condition) ?? never);
    const fits: Test = (context, entity) =>
      match === 'all' ? tests.every((test) => test(context, entity)) : tests.some((test) => test(context, entity));
    return { fits, set: Object.fromEntries(then_set.map(({ field, value }) => [field, value])) };
  });
  return {
    readsEntity: rules.some(({ if_match }) => if_match.some(({ field }) => field === 'entity')),
    apply(context, entity) {
      let now = context;
      for (const { fits, set } of steps) if (fits(now, entity)) now = { ...now, ...set };
      return now;
    },
  };
}

type Test = (context: Context, entity: string) => boolean;

const never: Test = () => false;

/** The test of a condition; undefined for an invalid pattern. */
function testOf({ field, operator, value, is_case_sensitive }: Condition): Test | undefined {
  const same = (input: string): string => (is_case_sensitive ? input : input.toLowerCase());
  const wanted = same(value);
  const some =
    (test: (input: string) => boolean): Test =>
    (context, entity) =>
      valuesOf(field, context, entity).some(test);
  switch (operator) {
    case 'equals':
      return some((input) => same(input) === wanted);
    case 'not equals':
      return not(some((input) => same(input) === wanted));
    case 'contains':
      return some((input) => same(input).includes(wanted));
    case 'not contains':
      return not(some((input) => same(input).includes(wanted)));
    case 'starts with':
      return some((input) => same(input).startsWith(wanted));
    case 'ends with':
      return some((input) => same(input).endsWith(wanted));
    case 'matches': {
      const search = searchOf(value, is_case_sensitive);
      return search === undefined ? undefined : some(search);
    }
  }
}

function not(test: Test): Test {
  return (context, entity) => !test(context, entity);
}

/** Finds a pattern anywhere in a text. The time is linear in the text for every pattern. */
function searchOf(pattern: string, isCaseSensitive: boolean): ((input: string) => boolean) | undefined {
  // It is compiled in the thread that serves everybody. A pattern has 512 characters at most.
  if (isCostlyPattern(pattern, longestText)) return undefined;
  try {
    const regex = RE2JS.compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
    return regex.programSize() > mostSteps ? undefined : (input) => regex.matcher(input).find();
  } catch {
    return undefined;
  }
}

function valuesOf(field: Condition['field'], context: Context, entity: string): readonly string[] {
  switch (field) {
    case 'entity':
      return [entity];
    case 'dependencies':
      return context.dependencies;
    case 'user_agent':
      return [context.userAgent];
    case 'editor':
      return [editorName(parseUserAgent(context.userAgent).editor)];
    case 'operating_system':
      return [parseUserAgent(context.userAgent).os];
    default:
      return [context[field]];
  }
}

export function removeRule(rules: readonly CustomRule[], id: string): QueryOutcome<readonly CustomRule[]> {
  const value = rules.filter((rule) => rule.id !== id);
  return value.length < rules.length ? { ok: true, value } : failure('no such rule', 404);
}
