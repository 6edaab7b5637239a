// Checks and applies the rules of a user: what may take long, so that rule-threads.ts decides in which thread it runs.

import { setBounded } from '../../../core/bounded.ts';
import { applyFilters, type ParsedFilters, parseFilterSetting, privacySetting } from '../../../http/privacy-filters.ts';
import { findInvalidRule } from '../query/category-rules.ts';
import type { RuleOutcome, RuleTask } from './rule-messages.ts';

const maxParsed = 200;
const parsed = new Map<string, ParsedFilters>();

export function runRules(task: RuleTask): RuleOutcome {
  if (task.kind === 'check') {
    const error = task.setting === privacySetting ? privacyError(task.text) : invalidRule(task.setting, task.text);
    return error === undefined ? { ok: true, data: [] } : { ok: false, error };
  }
  const rules = parseOnce(task.text);
  if (!rules.ok) return rules;
  const data = task.data.map((text) => {
    const left = applyFilters(rules.filters, task.where, JSON.parse(text), task.key);
    return left === null ? null : JSON.stringify(left);
  });
  return { ok: true, data };
}

function privacyError(text: string): string | undefined {
  const read = parseOnce(text);
  return read.ok ? undefined : read.error;
}

function invalidRule(setting: string, text: string): string | undefined {
  const value: unknown = JSON.parse(text);
  return findInvalidRule(setting, value);
}

function parseOnce(text: string): ParsedFilters {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const read = parseFilterSetting(text);
  setBounded(parsed, text, read, maxParsed);
  return read;
}
