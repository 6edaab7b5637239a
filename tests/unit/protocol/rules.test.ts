// Every rule of protocol/README.md has a test whose title begins with its number, and no title has the number of a missing rule.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const top = fileURLToPath(new URL('../../..', import.meta.url));

const specification = readFileSync(join(top, 'protocol', 'README.md'), 'utf8');
const rules = [...specification.matchAll(/^- \*\*\[([A-Z]\d+)\]\*\*/gm)].map((match) => match[1] ?? '');
/** Numbers such as `W6.1`, in the order of the page. */
const subRules = [...specification.matchAll(/^ {2}- \*\*\[([A-Z]\d+\.\d+)\]\*\*/gm)].map((match) => match[1] ?? '');
const splitRules = new Set(subRules.map(ruleOf));

/** The numbers with which the titles of tests begin. */
const claimed = new Set(
  readdirSync(join(top, 'tests'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => {
      const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      return [...source.matchAll(/(?:\b(?:test|describe)|\))\(\s*(['`])((?:\[[A-Z]+\d+(?:\.\d+)?\][ ,]*(?:and )?)+)/g)];
    })
    .flatMap((match) => [...(match[2] ?? '').matchAll(/\[([A-Z]+\d+(?:\.\d+)?)\]/g)].map((number) => number[1] ?? '')),
);

function ruleOf(number: string): string {
  return number.replace(/\.\d+$/, '');
}

/** Last numbers by the part before them, in the order of the page. */
function numbersBy(names: readonly string[], pattern: RegExp): ReadonlyMap<string, readonly number[]> {
  const numbers = new Map<string, number[]>();
  for (const name of names) {
    const [, group = '', number = ''] = pattern.exec(name) ?? [];
    numbers.set(group, [...(numbers.get(group) ?? []), Number(number)]);
  }
  return numbers;
}

test('rules and sub-rules are numbered without a gap and without a double', () => {
  expect(rules.length).toBeGreaterThanOrEqual(60);
  expect(subRules.length).toBeGreaterThanOrEqual(120);
  for (const numbers of numbersBy(rules, /^([A-Z])(\d+)$/).values()) {
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  }
  for (const [rule, numbers] of numbersBy(subRules, /^(.+)\.(\d+)$/)) {
    expect([rule, numbers]).toEqual([rule, numbers.map((_, at) => at + 1)]);
    expect(rules).toContain(rule);
  }
});

test('every rule has a test; a rule with sub-rules has one for each of them', () => {
  const proved = [...rules.filter((rule) => !splitRules.has(rule)), ...subRules];
  expect(proved.filter((rule) => !claimed.has(rule))).toEqual([]);
});

test('every number in the title of a test is a rule, and a sub-rule where the rule has some', () => {
  // Other documents number their rules with other letters.
  const letters = new Set([...rules.map((rule) => rule.charAt(0)), 'ST']);
  const known = new Set([...rules.filter((rule) => !splitRules.has(rule)), ...subRules]);
  // ST are the rules of the store, in server/core/store.ts.
  const store = readFileSync(join(top, 'server', 'core', 'store.ts'), 'utf8');
  for (const match of store.matchAll(/\[(ST\d+)\]/g)) known.add(match[1] ?? '');
  const ours = [...claimed].filter((number) => letters.has(number.replace(/\d.*/, '')));
  expect(ours.filter((number) => !known.has(number))).toEqual([]);
});
