// Regular expressions in the dialects of both ActivityWatch servers: matches of each form, refusals with their reasons, and that hostile
// patterns are not slower than others.

import { describe, expect, test } from '@jest/globals';
import { compile } from '../../../../server/adapters/activitywatch/query/regex.ts';

describe('a pattern', () => {
  test.each([
    ['abc', 'xabcx', 'xabx'],
    ['', '', null],
    ['a|b', 'xb', 'x'],
    ['(?i)github|hub$', 'GITHUB!', 'git hub.'],
    ['^a$', 'a', 'ba'],
    ['^a$', 'a\n', 'a\nb'],
    ['(?m)^a$', 'b\na\nc', 'ba'],
    ['a.b', 'axb', 'a\nb'],
    ['(?s)a.b', 'a\nb', 'ab'],
    ['(?is)A.B', 'a\nb', 'ab'],
    ['(?x) a b # a comment\n c', 'abc', 'a b c'],
    ['(?i:A)b', 'ab', 'aB'],
    ['(?P<name>a)b', 'ab', 'b'],
    ['(?:a)b', 'ab', 'b'],
    ['a(?#comment)b', 'ab', 'a'],
    [String.raw`\Aab\Z`, 'ab', 'ab\n'],
    [String.raw`\bhub\b`, 'a hub.', 'github'],
    [String.raw`\bcaf`, 'the café', 'écaf'],
    [String.raw`\bcaf\b`, 'caf—', 'café'],
    [String.raw`(?i)\bHUB\b`, 'é hub.', 'hubé'],
    [String.raw`(?a)\bcaf\b`, 'café', 'cafe'],
    [String.raw`(?i:HUB)\b`, 'é hub.', 'é gut.'],
    [String.raw`caf\B`, 'café', 'caf—é'],
    [String.raw`a$\n`, 'a\n', 'a'],
    [String.raw`\Bhub`, 'github', 'hub'],
    [String.raw`\d+`, '٣', 'x'],
    [String.raw`^\w+$`, 'größe_1', 'a-b'],
    [String.raw`^\W+$`, '—!', 'é'],
    [String.raw`\s`, 'a\u00a0b', 'ab'],
    [String.raw`^\S+$`, 'é', 'a b'],
    [String.raw`(?a)^\w+$`, 'abc', 'é'],
    [String.raw`^[\w.-]+$`, 'é.x-1', 'a b'],
    [String.raw`[^\d\s]`, 'a', '1 2'],
    [String.raw`[\]x]`, ']', 'y'],
    ['[]x]', ']', 'y'],
    ['[^]x]', 'y', ']'],
    ['[a-c-]', '-', 'd'],
    ['[[:a]', ':', 'b'],
    ['[.*+?(){}|^$]', '$', 'a'],
    [String.raw`\-\_\/\ \#\'\"\.`, `-_/ #'".`, 'x'],
    [String.raw`\t\n\x41\u00e9\U0001F600`, '\t\nAé😀', 'x'],
    ['a{2,3}$', 'aa', 'a'],
    ['^a{,2}$', 'aa', 'aaa'],
    ['a{x}', 'a{x}', 'aa'],
    ['{', '{', 'a'],
    ['a*?b', 'aab', 'aa'],
    ['a++b', 'aab', 'b'],
    ['(?>a+)b', 'aab', 'b'],
    ['(?<=foo)bar', 'foobar', 'bar'],
    ['(?<!foo)bar', 'xbar', 'foobar'],
    ['●', '● a', 'a'],
    // These need backtracking.
    ['foo(?=bar)', 'foobar', 'foobaz'],
    ['foo(?!bar)', 'foobaz', 'foobar'],
    ['(?i)foo(?!bar)', 'FOObaz', 'FOOBAR'],
    [String.raw`(a|b)\1`, 'bb', 'ab'],
    ['(?P<x>a|b)(?P=x)', 'aa', 'ab'],
    [String.raw`\bфайл\b`, 'мой файл.', 'файлы'],
    [String.raw`^(?=\w{2}$)é`, 'éa', 'é'],
    ['a{2000}', 'a'.repeat(2_000), 'a'],
    // aw-server-rust's dialect.
    ['(?<name>a)b', 'ab', 'b'],
    [String.raw`(?<x>a|b)\k<x>`, 'aa', 'ab'],
    [String.raw`^\p{L}+$`, 'größe', 'a1'],
    [String.raw`^\pL+$`, 'größe', 'a1'],
    [String.raw`^\PL+$`, '12', 'é'],
    [String.raw`^\p{^L}+$`, '12', 'é'],
    [String.raw`\p{Greek}`, 'abγ', 'abc'],
    [String.raw`\p{script=greek}`, 'abγ', 'abc'],
    [String.raw`\p{Lu}`, 'aB', 'ab'],
    [String.raw`\p{uppercase letter}`, 'aB', 'ab'],
    [String.raw`\p{Emoji_Presentation}`, 'a😀', 'a1'],
    [String.raw`^[\p{L}\d.]+$`, 'é1.', 'é-1'],
    [String.raw`^[^\p{L}]+$`, '1-', '1é'],
    [String.raw`\p{Greek}(?=x)`, 'γx', 'γy'],
    ['(?i)a(?-i)b', 'Ab', 'AB'],
    ['a(?i)b', 'aB', 'AB'],
    ['(?i)a(?-i:b)c', 'AbC', 'ABC'],
    ['(a(?i)b)c', 'aBc', 'aBC'],
    ['(?i-s)A.B', 'axb', 'a\nb'],
    ['(?i)a(?-i)b(?=c)', 'Abc', 'ABc'],
    ['(?i:a[b-d])(?=x)', 'ACx', 'ACX'],
    [String.raw`(?i)\p{Lu}x(?-i)(?=y)`, 'aXy', '1Xy'],
    [String.raw`\x{e9}\u{41}`, 'éA', 'eA'],
    ['[[:alpha:]_]+$', '1a_', '1é'],
    [String.raw`(?-u)^\w$`, 'a', 'é'],
  ])('%j', (pattern, matching, other) => {
    expect(compile(pattern)(matching)).toBe(true);
    if (other !== null) expect(compile(pattern)(other)).toBe(false);
  });

  test('ignores case where that is asked for', () => {
    expect(compile('GRÖSSE|x', true)('größse grösse')).toBe(true);
    expect(compile('foo(?=bar)', true)('FOOBAR')).toBe(true);
  });
});

test.each([
  ['[', /unterminated character set/],
  ['(', /unterminated subpattern/],
  [')', /unbalanced parenthesis/],
  ['*a', /nothing to repeat/],
  ['a**', /nothing to repeat/],
  [String.raw`\y`, /bad escape/],
  ['a\\', /end of pattern/],
  [String.raw`\x4`, /incomplete escape/],
  ['[b-a]', /bad character range/],
  ['(?P<1>a)', /unknown extension/],
  ['(?(1)a|b)', /unknown extension/],
  [String.raw`\p{Klingon}`, /unknown Unicode property Klingon/],
  [String.raw`\p`, /incomplete escape/],
  ['(?-', /unknown extension/],
  ['('.repeat(300), /too deep/],
])('%j is refused', (pattern, why) => {
  expect(() => compile(pattern)).toThrow(why);
  expect(() => compile(pattern)).toThrow('Invalid regular expression');
});

test('a pattern that makes backtracking engines hang takes no longer than others', () => {
  const text = `${'a'.repeat(20_000)}!`;
  for (const pattern of ['(a+)+$', '(a|a)+$', '(.*a){20}$', '(?i)(a|aa)+$', '(a+)+(?<=b)$']) {
    expect(compile(pattern)(text)).toBe(false);
  }
});
