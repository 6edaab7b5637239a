// Maps and sets with a limit forget their oldest entry, and no other.

import { expect, test } from '@jest/globals';
import { addBounded, dropOldest, setBounded } from '../../../server/core/bounded.ts';

test('a map at its limit forgets the oldest entry, and keeps the others', () => {
  const map = new Map<string, number>();
  for (const [value, key] of ['a', 'b', 'c', 'd'].entries()) setBounded(map, key, value, 3);
  expect([...map]).toEqual([
    ['b', 1],
    ['c', 2],
    ['d', 3],
  ]);
});

test('a known key of a map at its limit has its new value, and no entry is forgotten', () => {
  const map = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  setBounded(map, 'a', 3, 2);
  expect([...map]).toEqual([
    ['a', 3],
    ['b', 2],
  ]);
});

test('a set at its limit forgets the oldest value; a known one changes nothing', () => {
  const set = new Set(['a', 'b']);
  addBounded(set, 'a', 2);
  expect([...set]).toEqual(['a', 'b']);
  addBounded(set, 'c', 2);
  expect([...set]).toEqual(['b', 'c']);
});

test('what is beyond a limit is dropped oldest first, and nothing below it', () => {
  const map = new Map([1, 2, 3, 4, 5].map((key) => [key, key]));
  dropOldest(map, 7);
  expect(map.size).toBe(5);
  dropOldest(map, 2);
  expect([...map.keys()]).toEqual([4, 5]);
  dropOldest(map, 0);
  expect(map.size).toBe(0);
});
