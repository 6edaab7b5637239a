// The check of type names, with invented sources.

import { describe, expect, test } from '@jest/globals';
import { repeatedTypeNames } from '../../../scripts/check-type-names.ts';

const check = (...sources: string[]) =>
  repeatedTypeNames(new Map(sources.map((source, number) => [`server/${number}.ts`, source])));

describe('the check of type names', () => {
  test.each([
    'interface',
    'type',
    'class',
    'abstract class',
    'enum',
    'const enum',
  ])('an exported %s whose name another file exports is reported', (kind) => {
    expect(check('export interface Item {}', `// A type.\nexport ${kind} Item = x;`)).toEqual([
      'Item is declared in server/0.ts and server/1.ts: give one a more specific name',
    ]);
  });

  test('a name that is not exported, is re-exported or is a value’s is not reported', () => {
    const sources = [
      'export type Item = 1;',
      'type Item = 2;',
      "export type { Item } from './0.ts';",
      'export const Item = 1;',
    ];
    expect(check(...sources)).toEqual([]);
  });

  test('two declarations in one file are not reported: an interface and a class may be merged', () => {
    expect(check('export interface Item {}\nexport class Item {}')).toEqual([]);
  });

  test('a longer name is another name', () => {
    expect(check('export type Item = 1;', 'export type ItemIndex = 1;')).toEqual([]);
  });
});
