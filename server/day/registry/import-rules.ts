// WakaTime's custom rules and ActivityWatch's category classes as rules of the merged day. The originals stay for their own clients; what
// has no counterpart here is left out and named.

import type { DayRuleConditions, DayRuleItem, DayTextCondition } from '../../../protocol/day.ts';
import type { DayRuleText } from '../../../protocol/day-rule-texts.ts';
import { isRecord } from '../../../protocol/json.ts';
import { textIn } from '../readers/reading.ts';
import type { NamedRule } from './rules.ts';

export interface ImportedRules {
  readonly rules: readonly NamedRule[];
  /** Rules that could not be imported, each with its reason. */
  readonly skipped: readonly string[];
}

const wakatimeFields: ReadonlyMap<string, DayRuleText> = new Map([
  ['entity', 'path'],
  ['project', 'project'],
  ['branch', 'branch'],
  ['language', 'language'],
  ['machine', 'device'],
]);

/** @param setting the item `custom_rules` of the channel `settings` */
export function importWakatimeRules(setting: unknown): ImportedRules {
  const rules: NamedRule[] = [];
  const skipped: string[] = [];
  for (const [order, rule] of listOf(setting).entries()) {
    if (!isRecord(rule)) continue;
    const name = textIn(rule, 'name') || textIn(rule, 'id') || `rule ${order + 1}`;
    const result = resultOf(listOf(rule['then_set']));
    const conditions = listOf(rule['if_match']).map(conditionOf);
    const usable = conditions.filter((condition) => condition !== undefined);
    if (result === undefined) skipped.push(`${name}: it sets neither a project nor a category`);
    else if (usable.length < conditions.length || usable.length === 0)
      skipped.push(`${name}: a condition has no counterpart`);
    else {
      const sets = rule['match'] === 'any' ? usable.map((one) => [one]) : [usable];
      const fields = new Set(usable.map(([field]) => field));
      if (rule['match'] !== 'any' && fields.size < usable.length) {
        skipped.push(`${name}: two conditions on one field`);
        continue;
      }
      for (const [index, set] of sets.entries()) {
        const when: DayRuleConditions = { lane: ['editor'], ...Object.fromEntries(set) };
        const enabled = rule['is_enabled'] === false ? { enabled: false } : {};
        const imported: DayRuleItem = { when, ...result, order, source: `wakatime: ${name}`.slice(0, 256), ...enabled };
        rules.push({ id: `wakatime ${textIn(rule, 'id') || order} ${index}`, rule: imported });
      }
    }
  }
  return { rules, skipped };
}

function conditionOf(rule: unknown): readonly [DayRuleText, DayTextCondition] | undefined {
  if (!isRecord(rule)) return undefined;
  const field = wakatimeFields.get(textIn(rule, 'field'));
  const value = textIn(rule, 'value');
  if (field === undefined || value === '' || value.length > 256) return undefined;
  switch (textIn(rule, 'operator')) {
    case 'equals':
      return [field, { is: value }];
    case 'contains':
      return [field, { contains: value }];
    case 'starts with':
      return [field, { begins: value }];
    case 'ends with':
      return [field, { matches: `${escapePattern(value)}$`.slice(0, 256) }];
    case 'matches':
      return [field, { matches: value }];
    default:
      return undefined;
  }
}

function resultOf(actions: readonly unknown[]): Pick<DayRuleItem, 'project' | 'category'> | undefined {
  const values = new Map(actions.filter(isRecord).map((action) => [textIn(action, 'field'), textIn(action, 'value')]));
  const [project = '', category = ''] = [values.get('project'), values.get('category')];
  if (project === '' && category === '') return undefined;
  return { ...(project === '' ? {} : { project }), ...(category === '' ? {} : { category }) };
}

/**
 * A class looks at the program and at the title, so each becomes two rules; the deeper class wins, as it does there.
 * @param setting the setting `classes`
 */
export function importCategoryClasses(setting: unknown): ImportedRules {
  const rules: NamedRule[] = [];
  const skipped: string[] = [];
  for (const one of listOf(setting)) {
    if (!isRecord(one)) continue;
    const names = listOf(one['name']).filter((name) => typeof name === 'string');
    const path = names.join(' > ');
    const { rule } = one;
    const regex = isRecord(rule) && rule['type'] === 'regex' ? textIn(rule, 'regex') : '';
    if (path === '' || regex === '') continue;
    if (regex.length > 256) {
      skipped.push(`${path}: its pattern is longer than 256 characters`);
      continue;
    }
    for (const field of ['app', 'title'] as const) {
      const imported: DayRuleItem = {
        when: { lane: ['window', 'web'], [field]: { matches: regex } },
        project: (names.at(-1) ?? path).slice(0, 128),
        category: path.slice(0, 128),
        order: -names.length,
        source: `activitywatch: ${path}`.slice(0, 256),
      };
      rules.push({ id: `activitywatch ${path} ${field}`.slice(0, 256), rule: imported });
    }
  }
  return { rules, skipped };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
