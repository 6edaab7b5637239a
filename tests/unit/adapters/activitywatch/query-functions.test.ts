// Each function of the query language by example, periods also against a simple model, and that no function modifies its arguments.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BucketOf, failure, result, type Short, shorts } from '../../../harness/activitywatch-query.ts';

const w = (...events: Short[]): Readonly<Record<string, BucketOf>> => ({ w: { events } });
const two = (a: readonly Short[], b: readonly Short[]) => ({ a: { events: a }, b: { events: b } });
const sorted = 'sort_by_timestamp(query_bucket("w"))';
const x = { n: 'x' };
const y = { n: 'y' };

describe('buckets', () => {
  const buckets = {
    'aw-watcher-window_box': { events: [[0, 10, x]], hostname: 'box' },
    'aw-watcher-window_lap': { events: [[5, 10, y]], hostname: 'lap' },
  } as const;

  test('query_bucket returns clipped events, newest first, and respects a changed period', () => {
    const many = w([-5, 10, x], [20, 5, y], [86_395, 10, x], [86_400, 5, y], [86_401, 5, y]);
    expect(shorts('RETURN = query_bucket("w");', many)).toEqual([
      [86_400, 0, y],
      [86_395, 5, x],
      [20, 5, y],
      [0, 5, x],
    ]);
    const text = 'STARTTIME = "2026-03-01T00:00:21Z"; ENDTIME = "2026-03-01T00:00:22Z"; RETURN = query_bucket("w");';
    expect(shorts(text, many)).toEqual([[21, 1, y]]);
    expect(failure('STARTTIME = 1; RETURN = query_bucket("w");', many)).toMatch(/STARTTIME is no ISO 8601/);
  });

  test('query_bucket_eventcount, query_bucket_names, find_bucket', () => {
    expect(result('RETURN = query_bucket_eventcount("aw-watcher-window_box");', buckets)).toBe(1);
    expect(result('RETURN = query_bucket_names();', buckets)).toEqual(Object.keys(buckets));
    expect(result('RETURN = find_bucket("window");', buckets)).toBe('aw-watcher-window_box');
    expect(result('RETURN = find_bucket("window", "lap");', buckets)).toBe('aw-watcher-window_lap');
  });
});

describe('flood', () => {
  test.each<[string, Short[], Short[]]>([
    [
      'fills a short gap from the longer side',
      [
        [0, 10, x],
        [12, 3, y],
      ],
      [
        [0, 12, x],
        [12, 3, y],
      ],
    ],
    [
      'fills it from behind when that is longer',
      [
        [0, 3, x],
        [5, 10, y],
      ],
      [
        [0, 3, x],
        [3, 12, y],
      ],
    ],
    [
      'fills it from a whole millisecond on, and ends where it ended',
      [
        [0, 0.000_001, x],
        [0.101, 0.001_999, y],
      ],
      [
        [0, 0.000_001, x],
        [0, 0.102_999, y],
      ],
    ],
    [
      'leaves a long gap',
      [
        [0, 10, x],
        [15.001, 3, y],
      ],
      [
        [0, 10, x],
        [15.001, 3, y],
      ],
    ],
    [
      'fills a gap of exactly five seconds',
      [
        [0, 10, x],
        [15, 3, y],
      ],
      [
        [0, 15, x],
        [15, 3, y],
      ],
    ],
    [
      'joins equal neighbours',
      [
        [0, 10, x],
        [12, 3, x],
      ],
      [[0, 15, x]],
    ],
    [
      'joins equal neighbours backwards',
      [
        [0, 3, x],
        [5, 10, x],
      ],
      [[0, 15, x]],
    ],
    [
      'joins equal overlaps',
      [
        [0, 10, x],
        [5, 10, x],
      ],
      [[0, 15, x]],
    ],
    [
      'trims a tiny overlap',
      [
        [0, 10, x],
        [9.95, 3, y],
      ],
      [
        [0, 9.95, x],
        [9.95, 3, y],
      ],
    ],
    [
      'leaves a large overlap',
      [
        [0, 10, x],
        [5, 10, y],
      ],
      [
        [0, 10, x],
        [5, 10, y],
      ],
    ],
    [
      'drops what has no length',
      [
        [0, 0, x],
        [100, 5, y],
      ],
      [[100, 5, y]],
    ],
    ['gives nothing for nothing', [], []],
  ])('%s', (_, events, expected) => {
    expect(shorts('RETURN = flood(query_bucket("w"));', w(...events))).toEqual(expected);
  });
});

describe('periods', () => {
  test.each<[string, Short[], Short[], Short[]]>([
    [
      'within',
      [[0, 100, x]],
      [
        [10, 5, y],
        [50, 10, y],
      ],
      [
        [10, 5, x],
        [50, 10, x],
      ],
    ],
    ['over the start', [[10, 10, x]], [[0, 15, y]], [[10, 5, x]]],
    ['over the end', [[10, 10, x]], [[15, 15, y]], [[15, 5, x]]],
    ['around', [[10, 10, x]], [[0, 100, y]], [[10, 10, x]]],
    ['touching', [[10, 10, x]], [[20, 10, y]], []],
    ['apart', [[10, 10, x]], [[30, 10, y]], []],
  ])('filter_period_intersect: %s', (_, a, b, expected) => {
    expect(shorts('RETURN = filter_period_intersect(query_bucket("a"), query_bucket("b"));', two(a, b))).toEqual(
      expected,
    );
  });

  test.each<[string, Short[], Short[], Short[]]>([
    ['overlapping', [[0, 10, x]], [[5, 10, y]], [[0, 15, {}]]],
    ['touching', [[0, 10, x]], [[10, 10, y]], [[0, 20, {}]]],
    [
      'apart',
      [[0, 10, x]],
      [[20, 10, y]],
      [
        [0, 10, {}],
        [20, 10, {}],
      ],
    ],
    ['with nothing', [[0, 10, x]], [], [[0, 10, {}]]],
  ])('period_union: %s', (_, a, b, expected) => {
    expect(shorts('RETURN = period_union(query_bucket("a"), query_bucket("b"));', two(a, b))).toEqual(expected);
  });

  test.each<[string, Short[], Short[], Short[]]>([
    ['the first hides what it covers', [[0, 10, x]], [[2, 3, y]], [[0, 10, x]]],
    [
      'the second goes on after it',
      [[0, 10, x]],
      [[5, 10, y]],
      [
        [0, 10, x],
        [10, 5, y],
      ],
    ],
    [
      'the second is before it',
      [[5, 10, x]],
      [[0, 8, y]],
      [
        [0, 5, y],
        [5, 10, x],
      ],
    ],
    [
      'the second is cut in two',
      [[5, 2, x]],
      [[0, 10, y]],
      [
        [0, 5, y],
        [5, 2, x],
        [7, 3, y],
      ],
    ],
    [
      'apart',
      [[0, 5, x]],
      [[10, 5, y]],
      [
        [0, 5, x],
        [10, 5, y],
      ],
    ],
  ])('union_no_overlap: %s', (_, a, b, expected) => {
    const [left, right] = ['sort_by_timestamp(query_bucket("a"))', 'sort_by_timestamp(query_bucket("b"))'];
    expect(shorts(`RETURN = union_no_overlap(${left}, ${right});`, two(a, b))).toEqual(expected);
  });

  /** Events that do not overlap, as watchers create them. */
  const lane = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), { maxLength: 12 })
    .map((steps) => {
      let at = 0;
      return steps.map(([gap, length]): Short => {
        const begin = at + gap;
        at = begin + length;
        return [begin, length, x];
      });
    });
  const seconds = (events: readonly Short[]) =>
    new Set(events.flatMap(([start, length]) => Array.from({ length }, (_, index) => start + index)));

  test('equal sets of seconds, second by second', () => {
    fc.assert(
      fc.property(lane, lane, (a, b) => {
        const buckets = two(a, b);
        const [left, right] = ['sort_by_timestamp(query_bucket("a"))', 'sort_by_timestamp(query_bucket("b"))'];
        const [inA, inB] = [seconds(a), seconds(b)];
        const both = [...inA].filter((one) => inB.has(one));
        const all = new Set([...inA, ...inB]);
        expect(seconds(shorts(`RETURN = filter_period_intersect(${left}, ${right});`, buckets))).toEqual(new Set(both));
        expect(seconds(shorts(`RETURN = period_union(${left}, ${right});`, buckets))).toEqual(all);
        const united = shorts(`RETURN = union_no_overlap(${left}, ${right});`, buckets);
        expect(seconds(united)).toEqual(all);
        expect(united.reduce((sum, [, length]) => sum + length, 0)).toBe(all.size);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

describe('filters', () => {
  const events = w(
    [0, 1, { app: 'vi', n: 1 }],
    [1, 1, { app: 'Chrome', n: 1.5 }],
    [2, 1, { other: ['Work'] }],
    [3, 1, { n: true }],
  );
  const starts = (text: string) => shorts(`RETURN = ${text};`, events).map(([start]) => start);

  test('filter_keyvals and exclude_keyvals are complements', () => {
    expect(starts(`filter_keyvals(${sorted}, "app", ["vi", "emacs"])`)).toEqual([0]);
    expect(starts(`exclude_keyvals(${sorted}, "app", ["vi", "emacs"])`)).toEqual([1, 2, 3]);
    expect(starts(`filter_keyvals(${sorted}, "other", [["Work"]])`)).toEqual([2]);
    expect(starts(`filter_keyvals(${sorted}, "n", [1])`)).toEqual([0]);
    expect(starts(`filter_keyvals(${sorted}, "n", [1.5, 1.0])`)).toEqual([0, 1]);
    expect(starts(`filter_keyvals(${sorted}, "n", [true])`)).toEqual([3]);
    expect(starts(`filter_keyvals(${sorted}, "toString", [1])`)).toEqual([]);
  });

  test('filter_keyvals_regex searches', () => {
    expect(starts(`filter_keyvals_regex(${sorted}, "app", "hrom")`)).toEqual([1]);
    expect(starts(`filter_keyvals_regex(${sorted}, "app", "(?i)^VI$|x")`)).toEqual([0]);
    expect(failure(`RETURN = filter_keyvals_regex(${sorted}, "n", "1");`, events)).toBe(
      'QueryInterpretException: Tried to call function filter_keyvals_regex with invalid amount of arguments',
    );
    expect(failure(`RETURN = filter_keyvals_regex(${sorted}, "app", "[");`, events)).toMatch(
      /^QueryFunctionException: Invalid regular expression "\[": unterminated character set/,
    );
  });
});

describe('sorting, counting, merging', () => {
  const events = w(
    [0, 5, { a: 1, b: 'p' }],
    [10, 20, { a: 2, b: 'q' }],
    [40, 5, { a: 1, b: 'q' }],
    [50, 1, { b: 'p' }],
  );

  test('sort_by_timestamp, sort_by_duration, limit_events, sum_durations, concat', () => {
    const starts = (text: string) => shorts(`RETURN = ${text};`, events).map(([start]) => start);
    expect(starts(sorted)).toEqual([0, 10, 40, 50]);
    expect(starts(`sort_by_duration(${sorted})`)).toEqual([10, 0, 40, 50]);
    expect(starts(`limit_events(${sorted}, 2)`)).toEqual([0, 10]);
    expect(starts(`limit_events(${sorted}, 99)`)).toHaveLength(4);
    expect(starts(`concat(${sorted}, [])`)).toHaveLength(4);
    expect(starts(`concat(${sorted}, ${sorted}, ${sorted})`)).toHaveLength(12);
    expect(result(`RETURN = sum_durations(${sorted});`, events)).toBe(31);
    expect(result('RETURN = sum_durations([]);')).toBe(0);
  });

  test('merge_events_by_keys groups by the keys that exist, and keeps only those', () => {
    expect(shorts(`RETURN = merge_events_by_keys(${sorted}, ["a"]);`, events)).toEqual([
      [0, 10, { a: 1 }],
      [10, 20, { a: 2 }],
      [50, 1, {}],
    ]);
    expect(shorts(`RETURN = merge_events_by_keys(${sorted}, ["b", "a"]);`, events)).toHaveLength(4);
    expect(result(`RETURN = merge_events_by_keys(${sorted}, ["a"]);`, events)[0].id).toBeNull();
    expect(shorts(`RETURN = merge_events_by_keys(${sorted}, []);`, events)).toHaveLength(4);
    const lists = w([0, 5, { c: ['a', 'b'] }], [5, 5, { c: ['a', 'b'] }], [10, 5, { c: ['a'] }]);
    expect(shorts(`RETURN = merge_events_by_keys(${sorted}, ["c"]);`, lists)).toEqual([
      [0, 10, { c: ['a', 'b'] }],
      [10, 5, { c: ['a'] }],
    ]);
    expect(failure(`RETURN = merge_events_by_keys(${sorted}, ["c"]);`, w([0, 1, { c: {} }]))).toMatch(
      /merge_events_by_keys/,
    );
  });

  test('chunk_events_by_key joins neighbours and ends where the key is missing', () => {
    const chunks = shorts(`RETURN = chunk_events_by_key(${sorted}, "a");`, events);
    expect(chunks.map(([start, length]) => [start, length])).toEqual([
      [0, 5],
      [10, 20],
      [40, 5],
    ]);
    expect(chunks[0]?.[2]).toMatchObject({ a: 1, subevents: [{ id: 1, data: { a: 1, b: 'p' } }] });
  });

  test('nop returns 1; print returns nothing, which a variable may hold', () => {
    expect(result('RETURN = nop();')).toBe(1);
    expect(failure('RETURN = nop(1);')).toBe(
      'QueryInterpretException: Tried to call function nop with invalid amount of arguments',
    );
    expect(result('print(1, "a", [2.5], {"b": True}); x = print(); RETURN = [print(nop()), x];')).toEqual([null, null]);
  });

  test('contains looks into lists and dicts', () => {
    expect(
      result(
        'RETURN = [contains([1, "a"], "a"), contains([1], 2), contains({"k": 1}, "k"), contains({}, "toString")];',
      ),
    ).toEqual([true, false, true, false]);
  });
});

describe('split_url_events', () => {
  test.each([
    ['https://www.github.com:443/a/b;p?x=1#f', 'https', 'github.com:443', '/a/b', 'p', 'x=1', 'f'],
    ['HTTP://user@Example.org', 'http', 'user@Example.org', '', '', '', ''],
    ['about:blank', 'about', 'about', 'blank', '', '', ''],
    ['file:///home/a;b', 'file', 'file', '/home/a;b', '', '', ''],
    ['/just/a;x/path;y', '', '', '/just/a;x/path', 'y', '', ''],
    ['', '', '', '', '', '', ''],
    ['chrome-extension://abc/index.html?a#b?c', 'chrome-extension', 'abc', '/index.html', '', 'a', 'b?c'],
    ['https://www.www.x/', 'https', 'www.x', '/', '', '', ''],
  ])('%s', (url, protocol, domain, path, params, options, identifier) => {
    const [event] = shorts(`RETURN = split_url_events(${sorted});`, w([0, 1, { url, title: 't' }]));
    expect(event?.[2]).toEqual({
      url,
      title: 't',
      $protocol: protocol,
      $domain: domain,
      $path: path,
      $params: params,
      $options: options,
      $identifier: identifier,
    });
  });

  test('leaves events without a url', () => {
    expect(shorts(`RETURN = split_url_events(${sorted});`, w([0, 1, { url: 1 }], [1, 1, {}]))).toEqual([
      [0, 1, { url: 1 }],
      [1, 1, {}],
    ]);
  });
});

test('simplify_window_titles', () => {
  const titles = ['(12) Inbox', '● a.rs', '* b', 'FPS: 59.9 - 60', '(3) ● x', 'plain (1)'];
  const events = w(...titles.map((title, index): Short => [index, 1, { app: 'a', title }]), [90, 1, { app: 'a' }]);
  expect(shorts(`RETURN = simplify_window_titles(${sorted}, "title");`, events).map(([, , data]) => data)).toEqual([
    ...['Inbox', 'a.rs', 'b', 'FPS: ... - 60', 'x', 'plain (1)'].map((title) => ({ app: 'a', title })),
    { app: 'a' },
  ]);
  expect(
    shorts(`RETURN = simplify_window_titles(${sorted}, "title");`, w([0, 1, { title: '(1) ● x' }]))[0]?.[2],
  ).toEqual({
    title: '● x',
  });
});

describe('rules', () => {
  const events = w([0, 1, { app: 'Code', title: 'main.rs — hub' }], [1, 1, { app: 'Slack', title: 'general' }]);
  const categories = (rules: string) =>
    shorts(`RETURN = categorize(${sorted}, ${rules});`, events).map(([, , data]) =>
      '$category' in data ? data.$category : null,
    );

  test.each([
    ['none', '[]', [['Uncategorized'], ['Uncategorized']]],
    [
      'the deepest wins',
      '[[["A", "B"], {"regex": "Code"}], [["C"], {"regex": "Code"}]]',
      [['A', 'B'], ['Uncategorized']],
    ],
    ['of equals the last', '[[["A"], {"regex": "Code"}], [["C"], {"regex": "hub"}]]', [['C'], ['Uncategorized']]],
    [
      'an invalid regex matches nothing, and the other rules go on',
      '[[["A"], {"regex": "("}], [["B"], {"regex": "Code"}], [["C", "D"], {"regex": "a**"}]]',
      [['B'], ['Uncategorized']],
    ],
    ['case counts', '[[["A"], {"regex": "slack"}]]', [['Uncategorized'], ['Uncategorized']]],
    ['unless it is to be ignored', '[[["A"], {"regex": "slack", "ignore_case": true}]]', [['Uncategorized'], ['A']]],
    ['some keys only', '[[["A"], {"regex": "Code|general", "select_keys": ["title"]}]]', [['Uncategorized'], ['A']]],
    ['no keys are all keys', '[[["A"], {"regex": "Code", "select_keys": []}]]', [['A'], ['Uncategorized']]],
    [
      'without a regex none matches',
      '[[["A"], {"type": "none"}], [["A"], {"type": "regex", "regex": ""}]]',
      [['Uncategorized'], ['Uncategorized']],
    ],
  ])('categorize: %s', (_, rules, expected) => {
    expect(categories(rules)).toEqual(expected);
  });

  test('tag keeps the order of the rules, and duplicate tags', () => {
    const rules = '[["b", {"regex": "Code"}], ["a", {"regex": "hub"}], ["b", {"regex": "main"}]]';
    const tags = shorts(`RETURN = tag(${sorted}, ${rules});`, events).map(([, , data]) =>
      '$tags' in data ? data.$tags : null,
    );
    expect(tags).toEqual([['b', 'a', 'b'], []]);
  });

  test('tag passes over an invalid regex', () => {
    const tags = shorts(`RETURN = tag(${sorted}, [["a", {"regex": "("}], ["b", {"regex": "Code"}]]);`, events);
    expect(tags.map(([, , data]) => ('$tags' in data ? data.$tags : null))).toEqual([['b'], []]);
  });

  test.each([
    '[1]',
    '[[["A"]]]',
    '[["A", {"regex": 1}]]',
    '[["A", {"regex": "x"}]]',
    '[[["A"], {"regex": "x", "select_keys": 1}]]',
  ])('that do not exist are refused: %s', (rules) => {
    expect(failure(`RETURN = categorize(${sorted}, ${rules});`, events)).toMatch(/invalid amount of arguments/);
  });
});

test('no function changes the input of another one', () => {
  const buckets = two(
    [
      [0, 10, { app: 'a', url: 'http://x/' }],
      [12, 3, { app: 'b', title: '(1) t' }],
    ],
    [[5, 100, { status: 'not-afk' }]],
  );
  const before = result('RETURN = query_bucket("a");', buckets);
  const text = `
    e = query_bucket("a"); f = query_bucket("b");
    p = period_union(e, f); c = categorize(e, [[["X"], {"regex": "a"}]]); t = tag(e, [["x", {"regex": "a"}]]);
    u = split_url_events(e); s = simplify_window_titles(e, "title"); k = chunk_events_by_key(e, "app");
    fl = flood(e); i = filter_period_intersect(e, f); n = union_no_overlap(e, f); m = merge_events_by_keys(e, ["app"]);
    RETURN = e;`;
  expect(result(text, buckets)).toEqual(before);
});
