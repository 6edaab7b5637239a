// Privacy rules as functions of values: effects on events, invalid rules, and that no pattern is slow.

import { describe, expect, test } from '@jest/globals';
import { applyFilters, type PrivacyRule, parseFilters } from '../../../server/http/privacy-filters.ts';

const window = { bucket: 'aw-watcher-window_box', type: 'currentwindow' };
const wakatime = { bucket: 'wakatime', type: 'wakatime' };
const seen = { app: 'Firefox', title: 'My Bank - account 12345678' };

function apply(rules: readonly PrivacyRule[], data: unknown, where = window): unknown {
  const read = parseFilters(rules);
  if (!read.ok) throw new Error(read.error);
  return applyFilters(read.filters, where, data, 'key');
}

describe('a rule', () => {
  test.each<[string, readonly PrivacyRule[], unknown]>([
    ['that matches drops the event', [{ field: 'title', pattern: 'Bank', action: 'drop' }], null],
    ['that does not match leaves it', [{ field: 'title', pattern: 'bank', action: 'drop' }], seen],
    ['may ignore case', [{ field: 'title', pattern: '(?i)BANK', action: 'drop' }], null],
    ['looks at its field only', [{ field: 'app', pattern: 'Bank', action: 'drop' }], seen],
    ['with * looks at each field', [{ field: '*', pattern: 'Bank', action: 'drop' }], null],
    ['without a pattern matches whatever is there', [{ field: 'title', action: 'drop' }], null],
    ['without a pattern needs the field to be there', [{ field: 'url', action: 'drop' }], seen],
    ['that is not enabled does nothing', [{ enabled: false, field: 'title', action: 'drop' }], seen],
    ['of another bucket does nothing', [{ bucket_prefix: 'aw-watcher-web', field: 'title', action: 'drop' }], seen],
    ['of this bucket applies', [{ bucket_prefix: 'aw-watcher-window', field: 'title', action: 'drop' }], null],
    ['of another type does nothing', [{ bucket_type: 'afkstatus', field: 'title', action: 'drop' }], seen],
    ['may have nulls, as the web UI saves them', [{ bucket_prefix: null, field: 'title', action: 'drop' }], null],
    [
      'redacts the whole text',
      [{ field: 'title', pattern: 'Bank', action: 'redact' }],
      { app: 'Firefox', title: '[redacted]' },
    ],
    [
      'redacts with its own text, taken literally',
      [{ field: 'title', pattern: '(Bank)', action: 'redact', replacement: '$1' }],
      { app: 'Firefox', title: '$1' },
    ],
    [
      'redacts each part that matched',
      [{ field: 'title', pattern: '[0-9]{4}', action: 'redact', part: true, replacement: '#' }],
      { app: 'Firefox', title: 'My Bank - account ##' },
    ],
    [
      'keeps what its replacement names',
      [{ field: 'title', pattern: '^(\\w+) .*$', action: 'redact', part: true, replacement: '$1 …' }],
      { app: 'Firefox', title: 'My …' },
    ],
    ['removes the field', [{ field: 'title', action: 'remove' }], { app: 'Firefox' }],
    [
      'sees what those before it made',
      [
        { field: 'title', pattern: 'Bank', action: 'redact', replacement: 'money' },
        { field: 'title', pattern: 'money', action: 'drop' },
      ],
      null,
    ],
  ])('%s', (_, rules, expected) => {
    expect(apply(rules, seen)).toEqual(expected);
  });

  test('hashes equal texts equally, and differently with another key', () => {
    const read = parseFilters([{ field: 'title', action: 'hash' }]);
    if (!read.ok) throw new Error(read.error);
    const title = (text: string, key: string) => applyFilters(read.filters, window, { title: text }, key);
    expect(title('a', 'k')).toEqual(title('a', 'k'));
    expect(title('a', 'k')).not.toEqual(title('b', 'k'));
    expect(title('a', 'k')).not.toEqual(title('a', 'l'));
    expect(title('a', 'k')).toEqual({ title: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });

  test('hashes parts: the host of an address, and not its scheme', () => {
    const hashed = apply([{ field: 'url', pattern: '[a-z]+\\.org', action: 'hash', part: true }], {
      url: 'https://secret.org/x',
    });
    expect(hashed).toEqual({ url: expect.stringMatching(/^https:\/\/[0-9a-f]{16}\/x$/) });
  });

  test('matches texts in lists and objects, as one text', () => {
    const rules: readonly PrivacyRule[] = [{ field: 'tags', pattern: 'private', action: 'redact' }];
    expect(apply(rules, { tags: ['work', { a: 'private' }] })).toEqual({ tags: '[redacted]' });
    expect(apply(rules, { tags: ['work'] })).toEqual({ tags: ['work'] });
  });

  test('finds numbers and truth values as JSON writes them', () => {
    expect(apply([{ field: 'incognito', pattern: '^true$', action: 'drop' }], { incognito: true })).toBeNull();
    expect(apply([{ field: 'incognito', pattern: '^true$', action: 'drop' }], { incognito: false })).toEqual({
      incognito: false,
    });
  });

  test('applies to data that is not an object, too', () => {
    expect(apply([{ field: '*', pattern: 'x', action: 'redact' }], 'xyz')).toBe('[redacted]');
    expect(apply([{ field: '*', pattern: 'x', action: 'drop' }], ['x'])).toBeNull();
  });

  test('finds a word behind the end of a line', () => {
    expect(apply([{ field: 'title', pattern: '^.*Bank$', action: 'drop' }], { title: 'a\nBank' })).toBeNull();
  });

  test('a field called __proto__ is a field', () => {
    const data: unknown = JSON.parse('{"__proto__": {"a": "secret"}, "b": "c"}');
    const left = apply([{ field: '__proto__', pattern: 'secret', action: 'remove' }], data);
    expect(JSON.stringify(left)).toBe('{"b":"c"}');
  });
});

describe('heartbeats of WakaTime', () => {
  const beat = { entity: '/home/me/secret/plan.go', type: 'file', branch: 'merger', lineno: 7, project: 'plans' };

  test('file names are hidden as the plugins themselves do it', () => {
    const where = { bucket_type: 'wakatime' } as const;
    const hide: readonly PrivacyRule[] = [
      {
        ...where,
        field: 'entity',
        pattern: '^.*?(\\.[^./]*)?$',
        action: 'redact',
        part: true,
        replacement: 'HIDDEN$1',
      },
      ...['branch', 'dependencies', 'lines', 'lineno', 'cursorpos'].map((field) => {
        return { ...where, field, action: 'remove' } as const;
      }),
    ];
    expect(apply(hide, beat, wakatime)).toEqual({ entity: 'HIDDEN.go', type: 'file', project: 'plans' });
    expect(apply(hide, { entity: '/etc/x' }, wakatime)).toEqual({ entity: 'HIDDEN' });
  });

  test('a project is left out', () => {
    expect(
      apply([{ bucket_type: 'wakatime', field: 'project', pattern: '^plans$', action: 'drop' }], beat, wakatime),
    ).toBe(null);
  });
});

describe('invalid rules are named with the reason', () => {
  test.each<[string, unknown, RegExp]>([
    ['no list', { rules: [] }, /the rules: must be array/],
    ['no field', [{ action: 'drop' }], /rule 1: must have required property 'field'/],
    ['a field that no rule has', [{ field: 'a', action: 'drop', patern: 'x' }], /rule 1: .*\(patern\)/],
    [
      'an unknown action',
      [
        { field: 'a', action: 'drop' },
        { field: 'a', action: 'blur' },
      ],
      /rule 2\/action/,
    ],
    ['a broken pattern', [{ field: 'a', pattern: '(', action: 'drop' }], /rule 1: pattern .*RE2/],
    ['a pattern that looks ahead', [{ field: 'a', pattern: 'a(?=b)', action: 'drop' }], /rule 1: pattern/],
    [
      'a group that is not there',
      [{ field: 'a', pattern: '(x)', action: 'redact', part: true, replacement: '$2' }],
      /rule 1: replacement names group \$2/,
    ],
  ])('%s', (_, rules, expected) => {
    const read = parseFilters(rules);
    expect(read.ok ? 'taken' : read.error).toMatch(expected);
  });
});

test('no pattern takes long: a text that makes others try 2^50 ways is looked at once', () => {
  const rules: readonly PrivacyRule[] = [{ field: 'title', pattern: '^(a+)+$', action: 'drop' }];
  expect(apply(rules, { title: `${'a'.repeat(50)}!` })).toEqual({ title: `${'a'.repeat(50)}!` });
});
