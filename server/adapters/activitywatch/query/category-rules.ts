// Checks the settings that hold regular expressions for queries, so that an invalid one is refused when it is saved.

import { tryCompile } from './regex.ts';

/** True if a setting holds regular expressions that `findInvalidRule` checks. */
export function holdsPatterns(key: string): boolean {
  return key === 'classes' || key === 'always_active_pattern' || key === 'category_sets';
}

/**
 * @param key of a setting: `classes` holds a list of categories, `category_sets` a list of `{categories}`, `always_active_pattern` one
 *   regular expression
 * @returns what is wrong, with the name of the category; undefined if the value is valid, or is not checked
 */
export function findInvalidRule(key: string, value: unknown): string | undefined {
  if (key === 'classes') return findInvalid(value);
  if (key === 'always_active_pattern' && typeof value === 'string') {
    const compiled = tryCompile(value, false);
    return compiled.ok ? undefined : `${key}: ${compiled.error}`;
  }
  if (key !== 'category_sets' || !Array.isArray(value)) return undefined;
  for (const set of value) {
    const error = findInvalid(fieldOf(set, 'categories'));
    if (error !== undefined) return error;
  }
  return undefined;
}

function findInvalid(categories: unknown): string | undefined {
  if (!Array.isArray(categories)) return undefined;
  for (const category of categories) {
    const error = explainInvalid(category);
    if (error !== undefined) return error;
  }
  return undefined;
}

function explainInvalid(category: unknown): string | undefined {
  const rule = fieldOf(category, 'rule');
  const regex = fieldOf(rule, 'regex');
  const isUsed = fieldOf(rule, 'type') === 'regex';
  if (!isUsed || regex === undefined || regex === null || regex === '') return undefined;
  const name = nameOf(fieldOf(category, 'name'));
  if (typeof regex !== 'string') return `Category ${name}: the regular expression is not a text`;
  const compiled = tryCompile(regex, fieldOf(rule, 'ignore_case') === true);
  return compiled.ok ? undefined : `Category ${name}: ${compiled.error}`;
}

/** `Work > Programming`, as the web UI shows it. */
function nameOf(name: unknown): string {
  return JSON.stringify(Array.isArray(name) ? name.join(' > ') : String(name ?? ''));
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}
