// Every rule of the specification is proved by a test that begins with its number, and no test claims a rule that is not there.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const top = fileURLToPath(new URL('../../..', import.meta.url));

const specification = readFileSync(join(top, 'protocol', 'README.md'), 'utf8');
const rules = [...specification.matchAll(/^- \*\*\[([A-Z]\d+)\]\*\*/gm)].map((match) => match[1] ?? '');

/** The numbers with which the names of tests begin. */
const claimed = new Set(
  readdirSync(join(top, 'tests'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => {
      const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      return [...source.matchAll(/(?:\b(?:test|describe)|\))\(\s*(['`])((?:\[[A-Z]+\d+\][ ,]*(?:and )?)+)/g)];
    })
    .flatMap((match) => [...(match[2] ?? '').matchAll(/\[([A-Z]+\d+)\]/g)].map((number) => number[1] ?? '')),
);

test('the rules are numbered without a gap and without a double', () => {
  expect(rules.length).toBeGreaterThanOrEqual(60);
  const sections = new Map<string, number[]>();
  for (const rule of rules)
    sections.set(rule.charAt(0), [...(sections.get(rule.charAt(0)) ?? []), Number(rule.slice(1))]);
  for (const numbers of sections.values()) expect(numbers).toEqual(numbers.map((_, at) => at + 1));
});

test('every rule has a test', () => {
  expect(rules.filter((rule) => !claimed.has(rule))).toEqual([]);
});

test('every test with a number has a rule', () => {
  const known = new Set(rules);
  // ST are the rules of the store, in server/core/store.ts.
  const store = readFileSync(join(top, 'server', 'core', 'store.ts'), 'utf8');
  for (const match of store.matchAll(/\[(ST\d+)\]/g)) known.add(match[1] ?? '');
  expect([...claimed].filter((number) => !known.has(number))).toEqual([]);
});
