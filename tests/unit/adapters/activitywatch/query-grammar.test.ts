// The grammar of queries: the forms of both servers, the reference's error messages, and that no text breaks the parser.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseProgram } from '../../../../server/adapters/activitywatch/query/evaluate.ts';
import { failure, result, run } from '../../../harness/activitywatch-query.ts';

describe('a query gives', () => {
  test.each([
    ['RETURN = 1', 1],
    ['RETURN=007;', 7],
    [';;  ; RETURN = 1 ;;', 1],
    ['RETURN = "a";', 'a'],
    ["RETURN = 'a\"b';", 'a"b'],
    ['RETURN = "two\nlines";', 'two\nlines'],
    ['RETURN = "a;b=c # d";', 'a;b=c # d'],
    [String.raw`RETURN = "\w\\ \" \n";`, String.raw`\w\\ " \n`],
    [String.raw`RETURN = 'it\'s';`, "it's"],
    [String.raw`RETURN = "a\\"b";`, String.raw`a\"b`],
    ['RETURN = [];', []],
    ['RETURN = [1, [2, "x"], {}];', [1, [2, 'x'], {}]],
    ['RETURN = {"b": 1, \'a\': {"c": [True, false]}};', { a: { c: [true, false] }, b: 1 }],
    ['RETURN = {"a": 1, "a": 2};', { a: 2 }],
    ['RETURN = {"__proto__": 1};', JSON.parse('{"__proto__": 1}')],
    ['a = 1; b = [a, a]; a = 2; RETURN = b;', [1, 1]],
    ['größe_1 = 1; RETURN = größe_1;', 1],
    ['_x=1;RETURN=_x', 1],
    ['True = 5; RETURN = True;', 5],
    ['RETURN = [STARTTIME, ENDTIME, NAME];', ['2026-03-01T00:00:00+00:00', '2026-03-02T00:00:00+00:00', 'a name']],
    ['RETURN = TIMEINTERVAL;', '2026-03-01T00:00:00+00:00/2026-03-02T00:00:00+00:00'],
    ['RETURN = limit_events(limit_events([1, 2, 3], 2), 1);', [1]],
    ['RETURN = nop( );', 1],
    ['RETURN = limit_events(\n  [1],\n  1\n);', [1]],
    // The Python server loses the argument after a nested call; we do not.
    ['RETURN = [contains(limit_events([1, 2], 2), 2), 3];', [true, 3]],
    // Further forms of the Rust server.
    ['# a comment\nRETURN = 1; # another\n', 1],
    ['RETURN = "# none";', '# none'],
    ['RETURN = 1.5;', 1.5],
    ['RETURN = 1.0;', 1],
    ['RETURN = 1 + 2;', 3],
    ['RETURN = 1 + 2 * 3;', 9],
    ['RETURN = 1 + (2 * 3);', 7],
    ['RETURN = 7 - 2 - 1;', 4],
    ['RETURN = 3 / 2;', 1.5],
    ['RETURN = 7 % 4;', 3],
    ['RETURN = 0.1 + 0.2;', 0.1 + 0.2],
    ['RETURN = "a" + "b";', 'ab'],
    ['RETURN = [1] + [2];', [1, 2]],
    ['RETURN = 1 == 1.0;', true],
    ['RETURN = [1, {"a": 2}] == [1, {"a": 2}];', true],
    ['RETURN = "1" == 1;', false],
    ['if true { RETURN = 1; } else { RETURN = 2; }', 1],
    ['if 1 == 2 { RETURN = 1; } elif 1 == 1 { RETURN = 2; } else { RETURN = 3; }', 2],
    ['if (false) { RETURN = 1 } else { RETURN = 3 }', 3],
    ['RETURN = 0; if false { RETURN = 1; }', 0],
    ['if true { if true { RETURN = 1; } } RETURN = [RETURN];', [1]],
    ['return 1;', 1],
    ['return [1]; RETURN = 2;', 2],
    ['nop(); print("x", [1]); RETURN = 1;', 1],
    // Keywords of the Rust server are variable names where the Python server accepts them as names.
    ['if = 1; return = 2; else = 3; RETURN = [if, return, else];', [1, 2, 3]],
  ])('%j', (text, expected) => {
    expect(result(text)).toEqual(expected);
  });
});

describe('an error', () => {
  const parse = (message: string) => `QueryParseException: ${message}`;
  const interpret = (message: string) => `QueryInterpretException: ${message}`;
  const noValue = parse('Invalid syntax for value to assign');

  test.each([
    ['', parse("Query doesn't assign the RETURN variable, nothing to respond")],
    [' ; ;', parse("Query doesn't assign the RETURN variable, nothing to respond")],
    ['x = 1;', parse("Query doesn't assign the RETURN variable, nothing to respond")],
    ['RETURN = ;', parse('Nothing to assign')],
    ['RETURN =', parse('Nothing to assign')],
    ['RETURN = # c', parse('Nothing to assign')],
    ['1 = 2;', parse('Cannot assign to a non-variable')],
    ['"x" = 2;', parse('Cannot assign to a non-variable')],
    ['[a] = 2;', parse('Cannot assign to a non-variable')],
    ['nop() = 2;', parse('Cannot assign to a non-variable')],
    ['a b = 2;', parse('Invalid syntax for assignment variable')],
    ['RETURN = 1 2;', noValue],
    ['RETURN = 1a;', noValue],
    ['RETURN = 1.;', noValue],
    ['RETURN = nop(;', parse('Syntax error: ')],
    ['RETURN = nop(', noValue],
    ['RETURN = nop(1', noValue],
    ['RETURN = nop ();', noValue],
    ['RETURN = flood(1,);', parse('Syntax error: )')],
    ['RETURN = flood(1 2);', noValue],
    ['RETURN = "a" "b";', noValue],
    ['RETURN = (1;', noValue],
    ['RETURN = 1 +;', parse('Syntax error: ')],
    ['RETURN = -1;', parse('Syntax error: -1')],
    ['RETURN = ?!; x = 1', parse('Syntax error: ?!')],
    ['RETURN = "abc;', parse('Failed to parse string')],
    [String.raw`RETURN = "abc\";`, parse('Failed to parse string')],
    ['RETURN = [1,];', parse('List expected a value, got nothing')],
    ['RETURN = [,1];', parse('List expected a value, got nothing')],
    ['RETURN = [1 2];', noValue],
    ['RETURN = [1', noValue],
    ['RETURN = {"a":1,};', parse('Dict expected a value, got nothing')],
    ['RETURN = {"a":};', parse('Dict expected a value, got nothing')],
    ['RETURN = {a:1};', parse('Key in dict is not a str')],
    ['RETURN = {1:1};', parse('Key in dict is not a str')],
    ['RETURN = {"a" 1};', parse('Key in dict is not followed by a :')],
    ['RETURN = {"a":1 "b":2};', noValue],
    ['RETURN = {"a":1', noValue],
    ['if true RETURN = 1;', noValue],
    ['if true { RETURN = 1;', noValue],
    ['RETURN = 1; }', parse('Syntax error: }')],
    [`RETURN = ${'['.repeat(100)}${']'.repeat(100)};`, parse('Nested deeper than 64')],
    ['RETURN', interpret("Tried to reference variable 'RETURN' which is not defined")],
    ['RETURN = foo;', interpret("Tried to reference variable 'foo' which is not defined")],
    ['RETURN = __proto__;', interpret("Tried to reference variable '__proto__' which is not defined")],
    ['RETURN = foo();', interpret("Tried to call function 'foo' which doesn't exist")],
    ['RETURN = constructor();', interpret("Tried to call function 'constructor' which doesn't exist")],
    ['RETURN = nop(1);', interpret('Tried to call function nop with invalid amount of arguments')],
    ['RETURN = flood();', interpret('Tried to call function flood with invalid amount of arguments')],
    ['RETURN = flood([1]);', interpret('Tried to call function flood with invalid amount of arguments')],
    ['RETURN = 1 / 0;', interpret('Division by zero')],
    ['RETURN = 1 + "a";', interpret('The operator + does not take these values')],
    ['if 1 { RETURN = 1; }', interpret('The condition of an if is neither true nor false')],
    [
      'RETURN = flood("x");',
      "QueryFunctionException: Variable 'x' passed to function call is of invalid type. Expected <class 'list'> but was <class 'str'>",
    ],
    [
      'RETURN = query_bucket(1.5);',
      "QueryFunctionException: Variable '1.5' passed to function call is of invalid type. Expected <class 'str'> but was <class 'float'>",
    ],
    [
      'RETURN = limit_events([], {"a": True});',
      "QueryFunctionException: Variable '{'a': True}' passed to function call is of invalid type. Expected <class 'int'> but was <class 'dict'>",
    ],
    ['RETURN = query_bucket("x");', "QueryFunctionException: There's no bucket named 'x'"],
    ['RETURN = query_bucket_eventcount("x");', "QueryFunctionException: There's no bucket named 'x'"],
    [
      'RETURN = find_bucket("x");',
      "QueryFunctionException: Unable to find bucket matching 'x' (hostname filter set to 'None')",
    ],
    [
      'RETURN = find_bucket("x", "box");',
      "QueryFunctionException: Unable to find bucket matching 'x' (hostname filter set to 'box')",
    ],
  ])('%j', (text, expected) => {
    expect(failure(text)).toBe(expected);
  });

  test('a list that doubles itself over and over ends the query, not the hub', () => {
    const nested = `a = [1]; ${'a = [a, a]; '.repeat(60)} RETURN = a;`;
    expect(failure(nested)).toBe('QueryInterpretException: The list is too long');
    expect(failure(`a = [1]; ${'a = a + a; '.repeat(60)} RETURN = a;`)).toBe(
      'QueryInterpretException: The list is too long',
    );
    expect(failure(`a = [1]; ${'a = concat(a, a); '.repeat(60)} RETURN = a;`)).toBe(
      'QueryInterpretException: The list is too long',
    );
    expect(failure(`a = "x"; ${'a = a + a; '.repeat(60)} RETURN = a;`)).toBe(
      'QueryInterpretException: The text is too long',
    );
    expect(failure(`a = [1]; ${'a = [a]; '.repeat(70)} RETURN = a;`)).toBe(
      'QueryInterpretException: Lists nested deeper than 64',
    );
  });
});

describe('the parser', () => {
  const pieces = [
    'RETURN',
    'a',
    ' ',
    '=',
    '==',
    ';',
    '"',
    "'",
    '\\',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    ',',
    ':',
    '#',
    '\n',
    '1',
    '.5',
    '+',
    '-',
    'if',
    'else',
    'return',
    'nop(',
    'é',
    '\ud800',
  ];

  test('ends with a value or an error for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join('')),
    );
    let errors = 0;
    let values = 0;
    fc.assert(
      fc.property(text, (source) => {
        const read = run(source);
        if (read.ok) values += 1;
        else {
          errors += 1;
          // Called twenty thousand times: expect costs more than the parser.
          if (!/^Query(Parse|Interpret|Function)Exception$/.test(read.type))
            throw new Error(`it ends with ${read.type}`);
        }
      }),
      { numRuns: 20_000, seed: 7 },
    );
    expect(errors).toBeGreaterThan(10_000);
    expect(values + errors).toBe(20_000);
  });

  test('understands every literal as JSON has it', () => {
    const literal = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.nat(),
        fc.boolean(),
        // Only a quote is escaped, so a backslash before a quote cannot be written.
        fc.string().map((text) => text.replaceAll(/[\\"]/g, '')),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().map((text) => text.replaceAll(/[\\"]/g, '')),
          tie('value'),
          { maxKeys: 4 },
        ),
      ),
    })).value;
    const written = (value: unknown): string => {
      if (typeof value === 'string') return `"${value}"`;
      if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
      if (typeof value !== 'object' || value === null) return String(value);
      return `{${Object.entries(value)
        .map(([key, one]) => `"${key}": ${written(one)}`)
        .join(', ')}}`;
    };
    fc.assert(
      fc.property(literal, (value) => {
        expect(result(`RETURN = ${written(value)};`)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 1_000, seed: 8 },
    );
  });

  test('takes a text of a mebibyte', () => {
    expect(parseProgram(`RETURN = [${'1,'.repeat(500_000)}1];`).ok).toBe(true);
    expect(result(`RETURN = 1${'+1'.repeat(500_000)};`)).toBe(500_001);
  });
});
