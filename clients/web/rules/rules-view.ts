// A rule as a form has it, and back. Pure.

import type { DayRuleConditions, DayRuleItem } from '../../../protocol/day.ts';
import { type DayRuleText, dayRuleTexts } from '../../../protocol/day-rule-texts.ts';
import { type ConditionKind, isConditionKind } from '../shared/rule-sentence.ts';

export interface ConditionField {
  readonly name: DayRuleText;
  readonly kind: ConditionKind;
  readonly value: string;
}

export interface RuleFields {
  readonly conditions: readonly ConditionField[];
  /** Conditions that the form does not show: lane, weekday, hour. */
  readonly others: Omit<DayRuleConditions, DayRuleText>;
  readonly project: string;
  readonly isNotWork: boolean;
  readonly order: string;
}

function isConditionName(name: string): name is DayRuleText {
  return dayRuleTexts.some((field) => field === name);
}

export function ruleFields(rule: DayRuleItem | undefined): RuleFields {
  const { lane, weekday, hour, ...texts } = rule?.when ?? {};
  const conditions = Object.entries(texts).flatMap(([name, condition]): readonly ConditionField[] => {
    const [kind = '', value = ''] = Object.entries(condition ?? {})[0] ?? [];
    return isConditionName(name) && isConditionKind(kind) ? [{ name, kind, value: String(value) }] : [];
  });
  return {
    conditions: conditions.length === 0 ? [{ name: 'app', kind: 'is', value: '' }] : conditions,
    others: {
      ...(lane === undefined ? {} : { lane }),
      ...(weekday === undefined ? {} : { weekday }),
      ...(hour === undefined ? {} : { hour }),
    },
    project: rule?.project ?? '',
    isNotWork: rule?.not_work === true,
    order: rule?.order === undefined ? '' : String(rule.order),
  };
}

/** @param query of an address: `?app=kitty&project=horai` */
export function fieldsInQuery(query: string): RuleFields | undefined {
  const parameters = new URLSearchParams(query);
  const conditions = dayRuleTexts.flatMap((name): readonly ConditionField[] => {
    const value = name === 'project' ? null : parameters.get(name);
    return value === null ? [] : [{ name, kind: 'is', value }];
  });
  if (conditions.length === 0) return undefined;
  return { ...ruleFields(undefined), conditions, project: parameters.get('project') ?? '' };
}

/**
 * @param before the rule that is changed: what the form does not show stays
 * @returns undefined if a condition or the result is missing
 */
export function ruleOf(fields: RuleFields, before: DayRuleItem | undefined): DayRuleItem | undefined {
  const complete = fields.conditions.filter(({ value }) => value.trim() !== '');
  const project = fields.project.trim();
  const hasResult = fields.isNotWork || project !== '' || before?.task !== undefined || before?.category !== undefined;
  if (complete.length + Object.keys(fields.others).length === 0 || !hasResult) return undefined;
  const { project: _, not_work: __, order: ___, ...rest } = before ?? { when: {} };
  const order = fields.order.trim() === '' ? Number.NaN : Number(fields.order);
  return {
    ...rest,
    when: {
      ...fields.others,
      ...Object.fromEntries(complete.map(({ name, kind, value }) => [name, { [kind]: value.trim() }])),
    },
    ...(fields.isNotWork ? { not_work: true as const } : project === '' ? {} : { project }),
    ...(Number.isNaN(order) ? {} : { order }),
  };
}
