// Custom rules: what somebody wants heartbeats of the past and the future to have said ("entity begins with /work/shop → project is
// shop"). Kept as a list in the account's settings, checked when it comes in, compiled into what the engine asks (custom-rules.ts).

import { type Static, Type } from '@sinclair/typebox';
import { RE2JS } from 're2js';
import { compile } from '../../../../protocol/check.ts';
import type { Hub } from '../../../core/hub.ts';
import { json } from '../../../http/types.ts';
import { answered, type Endpoint, param } from '../endpoint.ts';
import { parsedBody } from '../ingest/ingest.ts';
import { iso } from '../model/calendar.ts';
import { editorName } from '../model/display-names.ts';
import { isObject } from '../model/heartbeat.ts';
import { rewrite } from '../model/update-item.ts';
import { parseUserAgent } from '../model/user-agent.ts';
import type { RuleSet } from '../stats/custom-rule-set.ts';
import { type Asked, wrong } from '../stats/query.ts';

type Context = Parameters<RuleSet['apply']>[0];

const mostRules = 200;
/** Patterns take time with their size and the text's: neither is large, or one account would keep others waiting. */
const mostPatterns = 20;
const mostSteps = 500;
const text = Type.String({ maxLength: 512 });
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
  /** Whether all conditions have to hold, or one of them. */
  match: Type.Union([Type.Literal('all'), Type.Literal('any')]),
  if_match: Type.Array(Condition, { minItems: 1, maxItems: 20 }),
  then_set: Type.Array(Action, { minItems: 1, maxItems: settable.length }),
});
const CustomRules = Type.Array(CustomRule, { maxItems: mostRules });
type Condition = Static<typeof Condition>;
export type CustomRule = Static<typeof CustomRule>;
const check = compile(CustomRules);
const isList = (said: unknown): said is readonly CustomRule[] => check(said);

const isPattern = ({ operator }: Condition): boolean => operator === 'matches';

function areRules(said: unknown): said is readonly CustomRule[] {
  return isList(said) && said.flatMap(({ if_match }) => if_match.filter(isPattern)).length <= mostPatterns;
}

const itemName = 'custom_rules';
const keptSets = 1_000;
const byText = new Map<string, RuleSet | undefined>();

/** The rules of an account, the same object as long as they are the same; undefined where there are none. */
export async function rulesOf(hub: Hub, account: string): Promise<RuleSet | undefined> {
  const { items } = (await hub.cachedChannel(`${account}/settings`)).view;
  const text = items.get(itemName)?.value;
  if (text === undefined) return undefined;
  // Asked with every question: the text is read once.
  if (!byText.has(text)) {
    if (byText.size >= keptSets) byText.clear();
    byText.set(text, ruleSet(rulesIn(text)));
  }
  return byText.get(text);
}

export async function readRules(hub: Hub, account: string): Promise<readonly CustomRule[]> {
  const { items } = (await hub.cachedChannel(`${account}/settings`)).view;
  return rulesIn(items.get(itemName)?.value ?? '[]');
}

/** Any client of the account's may write the settings: what makes no sense there counts as none. */
function rulesIn(text: string): readonly CustomRule[] {
  const said: unknown = JSON.parse(text);
  return areRules(said) ? said : [];
}

/**
 * What a body says the rules should be: a list takes the place of all, one rule that of the rule with its id, or comes last.
 * @param id makes one for a rule that has none
 */
export function changedRules(
  before: readonly CustomRule[],
  body: unknown,
  id: () => string,
): Asked<readonly CustomRule[]> {
  const said = isObject(body) && 'data' in body ? body['data'] : body;
  const list: readonly unknown[] = Array.isArray(said) ? said : [said];
  const filled: unknown = list.map((one) => (isObject(one) ? filledIn(one, id) : one));
  if (!areRules(filled)) return wrong(form);
  const hostile = filled.flatMap(({ if_match }) => if_match).find((condition) => testOf(condition) === undefined);
  if (hostile !== undefined)
    return wrong(`${hostile.value} is no regular expression that RE2 knows, or a very large one`);
  const rules = Array.isArray(said)
    ? filled
    : before.some((rule) => rule.id === filled[0]?.id)
      ? before.map((rule) => filled.find((one) => one.id === rule.id) ?? rule)
      : [...before, ...filled];
  if (new Set(rules.map((rule) => rule.id)).size < rules.length) return wrong('two rules have the same id');
  return rules.length > mostRules ? wrong(`at most ${mostRules} rules`) : { ok: true, value: rules };
}

const form =
  'send rules as {"name", "if_match": [{"field", "operator", "value"}], "then_set": [{"field", "value"}]}; fields are ' +
  `${readable.join(', ')} (to set: ${settable.join(', ')}), operators ${operators.join(', ')}; ` +
  `at most ${mostRules} rules, and ${mostPatterns} conditions with matches`;

function filledIn(said: Readonly<Record<string, unknown>>, id: () => string): object {
  const conditions: unknown = said['if_match'];
  return {
    id: said['id'] ?? id(),
    name: said['name'] ?? '',
    is_enabled: said['is_enabled'] ?? true,
    match: said['match'] ?? 'all',
    if_match: Array.isArray(conditions)
      ? conditions.map((one) => (isObject(one) ? { is_case_sensitive: false, ...one } : one))
      : conditions,
    then_set: said['then_set'],
  };
}

/** By what they say: the engine remembers answers by object. */
const compiled = new Map<string, RuleSet>();

export function ruleSet(rules: readonly CustomRule[]): RuleSet | undefined {
  const enabled = rules.filter((rule) => rule.is_enabled);
  if (enabled.length === 0) return undefined;
  const name = JSON.stringify(enabled);
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = compiledSet(enabled);
  if (compiled.size >= keptSets) compiled.clear();
  compiled.set(name, made);
  return made;
}

/** In their order: each sees what those before it have set. */
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

/** undefined for a regex that is none. */
function testOf({ field, operator, value, is_case_sensitive }: Condition): Test | undefined {
  const same = (said: string): string => (is_case_sensitive ? said : said.toLowerCase());
  const wanted = same(value);
  const some =
    (test: (said: string) => boolean): Test =>
    (context, entity) =>
      valuesOf(field, context, entity).some(test);
  switch (operator) {
    case 'equals':
      return some((said) => same(said) === wanted);
    case 'not equals':
      return not(some((said) => same(said) === wanted));
    case 'contains':
      return some((said) => same(said).includes(wanted));
    case 'not contains':
      return not(some((said) => same(said).includes(wanted)));
    case 'starts with':
      return some((said) => same(said).startsWith(wanted));
    case 'ends with':
      return some((said) => same(said).endsWith(wanted));
    case 'matches': {
      const search = searchOf(value, is_case_sensitive);
      return search === undefined ? undefined : some(search);
    }
  }
}

function not(test: Test): Test {
  return (context, entity) => !test(context, entity);
}

/** Anywhere in the text, in time that grows with the text alone, whatever the pattern. */
function searchOf(pattern: string, isCaseSensitive: boolean): ((said: string) => boolean) | undefined {
  try {
    const regex = RE2JS.compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
    return regex.programSize() > mostSteps ? undefined : (said) => regex.matcher(said).find();
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

/** There is nothing to wait for: rules hold for all of the past from the moment they are kept. */
export function progress(moment: number) {
  return { status: 'Completed', percent_complete: 100, is_processing: false, modified_at: iso(moment) };
}

async function keep(
  hub: Hub,
  account: string,
  change: (before: readonly CustomRule[]) => Asked<readonly CustomRule[]>,
): Promise<Asked<object>> {
  const asked = await rewrite(hub, `${account}/settings`, itemName, (said) => change(areRules(said) ? said : []));
  return asked.ok ? { ok: true, value: { data: asked.value } } : asked;
}

export function withoutRule(rules: readonly CustomRule[], id: string): Asked<readonly CustomRule[]> {
  const value = rules.filter((rule) => rule.id !== id);
  return value.length < rules.length ? { ok: true, value } : wrong('no such rule', 404);
}

export const ruleEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'custom_rules',
    answer: async ({ hub, person }) => json(200, { data: await readRules(hub, person.account) }),
  },
  {
    method: 'PUT',
    path: 'custom_rules',
    async answer({ hub, person, request }) {
      const body = parsedBody(request.body);
      return answered(await keep(hub, person.account, (before) => changedRules(before, body, () => hub.world.id())));
    },
  },
  {
    method: 'DELETE',
    path: 'custom_rules/:rule',
    async answer({ hub, person, request }) {
      const id = param(request, 'rule');
      return answered(await keep(hub, person.account, (before) => withoutRule(before, id)));
    },
  },
  ...(['GET', 'DELETE'] as const).map(
    (method): Endpoint => ({
      method,
      path: 'custom_rules_progress',
      answer: ({ question }) => json(200, { data: progress(question.moment) }),
    }),
  ),
];
