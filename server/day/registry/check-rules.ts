// Checks of rules before they are written, besides their form: how many there are, and whether RE2 takes their patterns.

import { type DayRuleItem, isRuleItem, type RequestedItem, ruleLimits } from '../../../protocol/day.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import type { MergedDays } from '../merged-days.ts';

/** @returns a check for writes of the channel `<account>/rules` */
export function rulesCheck({ hub, matcher }: Pick<MergedDays, 'hub' | 'matcher'>) {
  return async (channel: string, items: readonly RequestedItem[], whole: boolean): Promise<Refusal | undefined> => {
    const before = whole ? [] : [...(await hub.cachedChannel(channel)).view.items.values()];
    const rules = new Map<string, DayRuleItem>();
    for (const { key, value } of before) {
      const rule: unknown = JSON.parse(value);
      if (isRuleItem(rule)) rules.set(key, rule);
    }
    const added: DayRuleItem[] = [];
    for (const { key, item } of items) {
      if (!isRuleItem(item)) continue;
      rules.set(key, item);
      added.push(item);
    }
    if (rules.size > ruleLimits.rules)
      return refuse('too_many', '', `an account has at most ${ruleLimits.rules} rules`);
    if ([...rules.values()].flatMap(patternsOf).length > ruleLimits.patterns) {
      return refuse(
        'too_many',
        '',
        `the rules of an account have at most ${ruleLimits.patterns} patterns: use is, begins or contains`,
      );
    }
    const invalid = await matcher.firstInvalid(added.flatMap(patternsOf));
    return invalid === undefined
      ? undefined
      : refuse('property', 'item', `${invalid} is no pattern that RE2 knows, or a very large one`);
  };
}

export function patternsOf({ when }: DayRuleItem): readonly string[] {
  return Object.values(when).flatMap((condition) =>
    typeof condition === 'object' && condition !== null && 'matches' in condition ? [condition.matches] : [],
  );
}
