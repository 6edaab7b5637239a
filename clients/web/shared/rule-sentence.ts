// A rule in words: when it holds, and what it says. Pure.

import type { DayRuleItem } from '../../../protocol/day.ts';
import type { Texts } from '../languages/languages.ts';

export const conditionKinds = ['is', 'begins', 'contains', 'matches'] as const;
export type ConditionKind = (typeof conditionKinds)[number];

export function isConditionKind(name: string): name is ConditionKind {
  return conditionKinds.some((kind) => kind === name);
}

/** `app is “kitty”, host contains “docs”`. */
export function conditionsSentence({ when }: Pick<DayRuleItem, 'when'>, texts: Texts): string {
  return Object.entries(when)
    .map(([name, condition]) => {
      if (Array.isArray(condition)) return `${name} ${condition.join(', ')}`;
      const [kind = '', value = ''] = Object.entries(condition)[0] ?? [];
      return isConditionKind(kind)
        ? texts.text('rules.condition', { name, kind: texts.text(`rules.${kind}`), value: String(value) })
        : `${name} ${Object.values(condition).join('–')}`;
    })
    .join(', ');
}

export function ruleSentence(rule: DayRuleItem, texts: Texts): string {
  const result =
    rule.not_work === true ? texts.text('people.not-work') : (rule.project ?? rule.task ?? rule.category ?? '');
  return texts.text('rules.sentence', { conditions: conditionsSentence(rule, texts), result });
}
