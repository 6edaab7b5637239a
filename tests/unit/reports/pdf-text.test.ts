// How a text of several scripts becomes runs from left to right, and lines.

import { describe, expect, test } from '@jest/globals';
import { runsOf, wrapText } from '../../../server/reports/pdf/text-runs.ts';

const fontOf = (character: string): string => (/\p{Script=Arabic}|\p{Script=Hebrew}/u.test(character) ? 'rtl' : 'base');
const drawn = (text: string) => runsOf(text, fontOf).map((run) => `${run.text}${run.isRightToLeft ? '<' : ''}`);

describe('runs of a text', () => {
  test('are one where the direction and the font are one', () => {
    expect(drawn('two words, 12')).toEqual(['two words, 12']);
    expect(drawn('')).toEqual([]);
  });

  test('of right-to-left words stand in the order in which they are read, numbers among them from left to right', () => {
    const base = (): string => 'base';
    const runs = runsOf('שעות 12 עבודה', base).map(({ text, isRightToLeft }) => [text, isRightToLeft]);
    expect(runs).toEqual([
      [' עבודה', true],
      ['12', false],
      ['שעות ', true],
    ]);
  });

  test('of a text in both directions keep the order of the whole', () => {
    const base = (): string => 'base';
    const runs = runsOf('pay שעות עבודה now', base).map(({ text }) => text);
    expect(runs).toEqual(['pay ', 'שעות עבודה', ' now']);
  });

  test('change where the font does', () => {
    const fonts = (character: string): string => (/\p{Script=Han}/u.test(character) ? 'cjk' : 'base');
    expect(runsOf('a时间b', fonts).map(({ text, font }) => [text, font])).toEqual([
      ['a', 'base'],
      ['时间', 'cjk'],
      ['b', 'base'],
    ]);
  });
});

describe('lines of a text', () => {
  const widthOf = (text: string): number => [...text].length;

  test('break between words, and do not begin or end with a space', () => {
    expect(wrapText('one two three four', 9, widthOf)).toEqual(['one two', 'three', 'four']);
    expect(wrapText('', 9, widthOf)).toEqual(['']);
  });

  test('break within a word that is longer than a line, between signs as a reader counts them', () => {
    expect(wrapText('abcdefgh', 3, widthOf)).toEqual(['abc', 'def', 'gh']);
    expect(wrapText('é'.normalize('NFD').repeat(3), 4, widthOf).map((line) => line.normalize())).toEqual(['éé', 'é']);
  });

  test('break between words of a script that has no spaces', () => {
    const lines = wrapText('作業時間レポート', 5, widthOf);
    expect(lines.join('')).toBe('作業時間レポート');
    expect(lines.every((line) => widthOf(line) <= 5)).toBe(true);
  });
});
