// Lone surrogates in JSON text and bytes are replaced, and valid pairs stay unchanged.

import { describe, expect, test } from '@jest/globals';
import { replaceLoneSurrogates, replaceLoneSurrogatesIn, toWellFormed } from '../../../protocol/well-formed.ts';

describe('a lone surrogate in JSON', () => {
  test.each([
    [String.raw`"a\ud83db"`, 'a\ufffdb'],
    [String.raw`"\uDE00"`, '\ufffd'],
    [String.raw`"\ud83d\ud83d\ude00\ude00"`, '\ufffd😀\ufffd'],
    [String.raw`"\ud83d\u0041"`, '\ufffdA'],
    [String.raw`"\ud83d\\ude00"`, '\ufffd\\ude00'],
    [String.raw`"\\ud83d"`, '\\ud83d'],
    [String.raw`"\\\ud83d"`, '\\\ufffd'],
    [String.raw`"\ud83d\ude00 \n \/"`, '😀 \n /'],
    ['"😀 é"', '😀 é'],
  ])('%s is read as %j, as text and as bytes', (json, value) => {
    expect(JSON.parse(replaceLoneSurrogates(json))).toBe(value);
    const bytes = Buffer.from(json);
    replaceLoneSurrogatesIn(bytes);
    expect(JSON.parse(bytes.toString())).toBe(value);
  });

  test.each([
    String.raw`"\ud8`,
    String.raw`\u`,
    '\\',
    String.raw`"\ud83d\u`,
  ])('the broken text %j throws nothing', (json) => {
    expect(() => replaceLoneSurrogates(json)).not.toThrow();
    expect(() => replaceLoneSurrogatesIn(Buffer.from(json))).not.toThrow();
  });

  test('a plain text has them replaced one by one', () => {
    expect(toWellFormed('\ud800a\udc00\ud83d\ude00')).toBe('\ufffda\ufffd😀');
  });
});
