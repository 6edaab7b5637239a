// Regular expressions as users write them for either ActivityWatch server: Python's dialect, with the additions of aw-server-rust.
// They are translated for RE2JS, which never backtracks: its time grows with the text alone. Features that no such engine has
// (look-ahead, back-references, some Unicode properties) are translated for V8's engine; the thread of queries bounds its time.

import { RE2JS } from 're2js';
import { errorMessage } from '../../../../protocol/error-message.ts';
import { findProperty, isCaseProperty } from './unicode-properties.ts';
import { QueryError } from './values.ts';

/** True if the text has a match anywhere. */
export type Search = (text: string) => boolean;

/** @throws QueryError for a pattern that is not a regular expression in either dialect */
export function compile(pattern: string, ignoreCase = false): Search {
  try {
    const translation = new Translation(pattern, 'linear', ignoreCase);
    const linear = translation.source();
    if (linear !== undefined) {
      const compiled = RE2JS.compile(linear, RE2JS.LOOKBEHINDS);
      const search: Search = (text) => compiled.matcher(text).find();
      return translation.knowsAsciiWordsOnly ? byLetters(search, pattern, ignoreCase) : search;
    }
  } catch (error) {
    if (error instanceof QueryError) throw error;
    // RE2JS has additional limits, such as the size of a repetition: V8's engine may accept the pattern.
  }
  return backtracking(pattern, ignoreCase);
}

/** Like `compile`, for patterns whose errors must not end a query. */
export function tryCompile(
  pattern: string,
  ignoreCase: boolean,
): { readonly ok: true; readonly search: Search } | { readonly ok: false; readonly error: string } {
  try {
    return { ok: true, search: compile(pattern, ignoreCase) };
  } catch (error) {
    if (error instanceof QueryError) return { ok: false, error: error.message };
    throw error;
  }
}

/** RE2JS knows ASCII words only. A text with other letters goes to V8's engine, if that takes the pattern. */
function byLetters(linear: Search, pattern: string, ignoreCase: boolean): Search {
  const other = (): Search => {
    try {
      return backtracking(pattern, ignoreCase);
    } catch (error) {
      if (error instanceof QueryError) return linear;
      throw error;
    }
  };
  let exact: Search | undefined;
  return (text) => {
    if (!/[^\p{ASCII}]/u.test(text)) return linear(text);
    exact ??= other();
    return exact(text);
  };
}

function backtracking(pattern: string, ignoreCase: boolean): Search {
  try {
    const whole = new Translation(pattern, 'backtracking', ignoreCase);
    const source = whole.source() ?? '';
    const compiled =
      whole.cases === 'mixed'
        ? new RegExp(new Translation(pattern, 'backtracking', ignoreCase, true).source() ?? '', 'u')
        : new RegExp(source, whole.cases === 'ignored' ? 'iu' : 'u');
    return (text) => compiled.test(text);
  } catch (error) {
    if (error instanceof QueryError) throw error;
    return failOnPattern(pattern, errorMessage(error));
  }
}

function failOnPattern(pattern: string, why: string): never {
  throw new QueryError('QueryFunctionException', `Invalid regular expression ${JSON.stringify(pattern)}: ${why}`);
}

type Engine = 'linear' | 'backtracking';

interface Scope {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

const word = '\\p{L}\\p{N}_';
const spaces = ' \\t\\n\\r\\f\\x0b\\x1c-\\x1f\\x{85}\\p{Z}';
const controls: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
]);

/** ASCII, as in aw-server-rust. */
const posixClasses: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['blank', ' \\t'],
  ['digit', '0-9'],
  ['lower', 'a-z'],
  ['space', ' \\t\\n\\r\\f\\x0b'],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);
/** Code points of a range whose other cases are added one by one. */
const longestRange = 4_096;

/** One pass over a pattern, which writes the same pattern for one engine. */
class Translation {
  readonly #pattern: string;
  readonly #engine: Engine;
  readonly #startsIgnoringCase: boolean;
  /** Write a letter whose case does not count as a set of its cases: V8's engine has no flag for a part of a pattern. */
  readonly #expandsCases: boolean;
  #at = 0;
  #scope: Scope;
  /** The linear engine cannot match this pattern. */
  #beyond = false;
  #asciiWords = false;
  #hasExactCase = false;
  #hasIgnoredCase = false;

  constructor(pattern: string, engine: Engine, ignoreCase: boolean, expandsCases = false) {
    this.#pattern = pattern;
    this.#engine = engine;
    this.#startsIgnoringCase = ignoreCase;
    this.#expandsCases = expandsCases;
    this.#scope = { ignoreCase, multiline: false, dotAll: false, verbose: false, ascii: false };
  }

  /** Known after `source`: whether the case of letters counts nowhere, everywhere, or in parts of the pattern. */
  get cases(): 'exact' | 'ignored' | 'mixed' {
    if (!this.#hasIgnoredCase) return 'exact';
    return this.#hasExactCase ? 'mixed' : 'ignored';
  }

  /** The translation is right for ASCII texts, and may be wrong for others. */
  get knowsAsciiWordsOnly(): boolean {
    return this.#asciiWords;
  }

  /** @returns undefined if the engine cannot match the pattern */
  source(): string | undefined {
    const body = this.#alternatives(0);
    if (this.#at < this.#pattern.length) this.#fail('unbalanced parenthesis');
    if (this.#beyond && this.#engine === 'linear') return undefined;
    return this.#startsIgnoringCase && this.#engine === 'linear' ? `(?i:${body})` : body;
  }

  #fail(why: string): never {
    return failOnPattern(this.#pattern, `${why} at position ${this.#at}`);
  }

  #alternatives(depth: number): string {
    if (depth > 200) this.#fail('groups nested too deep');
    let out = '';
    let canRepeat = false;
    for (;;) {
      const char = this.#pattern[this.#at];
      if (char === undefined || char === ')') return out;
      if (this.#scope.verbose && /[ \t\n\r\f\v]/.test(char)) {
        this.#at += 1;
        continue;
      }
      if (this.#scope.verbose && char === '#') {
        const end = this.#pattern.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#pattern.length : end + 1;
        continue;
      }
      const repeat = this.#repeat();
      if (repeat !== undefined) {
        if (!canRepeat) this.#fail('nothing to repeat');
        out += repeat;
        canRepeat = false;
        continue;
      }
      const [text, repeatable] = this.#atom(depth);
      out += text;
      canRepeat = repeatable;
    }
  }

  /** A possessive repetition is a greedy one here: it finds at least as much. */
  #repeat(): string | undefined {
    const found = /[*+?]|\{(\d*)(,?)(\d*)\}/y;
    found.lastIndex = this.#at;
    const match = found.exec(this.#pattern);
    if (match === null || match[0] === '{}' || match[0] === '{,}') return undefined;
    this.#at += match[0].length;
    const next = this.#pattern[this.#at];
    const lazy = next === '?' ? '?' : '';
    if (next === '?' || next === '+') this.#at += 1;
    if (!match[0].startsWith('{')) return match[0] + lazy;
    const [, least = '', comma = '', most = ''] = match;
    return `{${least === '' ? '0' : least}${comma}${most}}${lazy}`;
  }

  #atom(depth: number): readonly [text: string, repeatable: boolean] {
    const char = this.#next();
    switch (char) {
      case '.':
        return [this.#scope.dotAll ? '[\\s\\S]' : '[^\\n]', true];
      case '|':
        return ['|', false];
      case '^':
        return [this.#scope.multiline ? this.#lineStart() : this.#textStart(), true];
      case '$':
        // The linear engine cannot check for a newline without consuming it, and the rest of the pattern may need it.
        if (!this.#scope.multiline && /[^)|]/.test(this.#pattern[this.#at] ?? ')')) this.#beyond = true;
        return [this.#scope.multiline ? this.#lineEnd() : this.#textEnd(true), true];
      case '[':
        return [this.#set(), true];
      case '(':
        return this.#group(depth);
      case '\\':
        return [this.#escape(), true];
      default:
        return [this.#literal(char.codePointAt(0) ?? 0), true];
    }
  }

  #group(depth: number): readonly [text: string, repeatable: boolean] {
    const outer = this.#scope;
    const close = (open: string): readonly [string, boolean] => {
      const inside = this.#alternatives(depth + 1);
      if (this.#pattern[this.#at] !== ')') this.#fail('missing ), unterminated subpattern');
      this.#at += 1;
      this.#scope = outer;
      return [`${open}${inside})`, true];
    };
    const rest = this.#pattern.slice(this.#at);
    if (!rest.startsWith('?')) return close(this.#engine === 'linear' ? '(?:' : '(');
    const comment = /^\?#[^)]*\)/.exec(rest);
    if (comment !== null) return this.#taken(comment[0], ['', false]);
    const named = /^\?P?<([^\W\d]\w*)>/.exec(rest);
    if (named !== null)
      return this.#taken(named[0], () => close(this.#engine === 'linear' ? '(?:' : `(?<${named[1]}>`));
    const back = /^\?P=([^\W\d]\w*)\)/.exec(rest);
    if (back !== null) {
      this.#beyond = true;
      this.#noteCase();
      return this.#taken(back[0], [`\\k<${back[1]}>`, true]);
    }
    const behind = /^\?<[=!]/.exec(rest);
    if (behind !== null) return this.#taken(behind[0], () => close(`(${behind[0]}`));
    const ahead = /^\?[=!]/.exec(rest);
    if (ahead !== null) {
      this.#beyond = true;
      return this.#taken(ahead[0], () => close(`(${ahead[0]}`));
    }
    // An atomic group is a plain one here: it finds at least as much.
    const plain = /^\?[:>]/.exec(rest);
    if (plain !== null) return this.#taken(plain[0], () => close('(?:'));
    const flags = /^\?([aiLmsuxU]*)(?:-([imsuxU]+))?([:)])/.exec(rest);
    if (flags === null) return this.#fail('unknown extension');
    const [text, on = '', off = '', kind] = flags;
    this.#scope = scopeWith(outer, on, off);
    const cases = this.#engine === 'backtracking' ? '' : on.includes('i') ? 'i' : off.includes('i') ? '-i' : '';
    // Python has bare flags at the very start only; in Rust they hold until the end of the group that they stand in.
    if (kind === ')') return this.#taken(text, [cases === '' ? '' : `(?${cases})`, false]);
    return this.#taken(text, () => close(`(?${cases}:`));
  }

  #taken<T>(text: string, then: T | (() => T)): T {
    this.#at += text.length;
    return then instanceof Function ? then() : then;
  }

  /** After a backslash, outside of a set. */
  #escape(): string {
    const char = this.#next();
    const { ascii } = this.#scope;
    switch (char) {
      case 'd':
        return ascii ? '[0-9]' : '\\p{Nd}';
      case 'D':
        return ascii ? '[^0-9]' : '\\P{Nd}';
      case 'w':
        return ascii ? '[0-9A-Za-z_]' : `[${word}]`;
      case 'W':
        return ascii ? '[^0-9A-Za-z_]' : `[^${word}]`;
      case 's':
        return `[${this.#spaces()}]`;
      case 'S':
        return `[^${this.#spaces()}]`;
      case 'b':
        return this.#boundary(false);
      case 'B':
        return this.#boundary(true);
      case 'A':
        return this.#textStart();
      case 'Z':
      case 'z':
        return this.#textEnd(false);
      case 'h':
        return '[0-9A-Fa-f]';
      case 'H':
        return '[^0-9A-Fa-f]';
      case 'p':
      case 'P':
        return this.#property(char);
      case 'k':
        return this.#namedReference();
      default:
        if (/[1-9]/.test(char)) {
          this.#beyond = true;
          this.#noteCase();
          const more = /^\d/.exec(this.#pattern.slice(this.#at))?.[0] ?? '';
          this.#at += more.length;
          return `(?:\\${char}${more})`;
        }
        return this.#literal(this.#character(char));
    }
  }

  /** After `\\p` or `\\P`: a Unicode property, such as `L`, `{Greek}`, `{^Lu}` or `{script=Greek}`. */
  #property(char: string): string {
    const found = /^(?:\{\s*(\^?)([^{}]*?)\s*\}|([A-Za-z]))/.exec(this.#pattern.slice(this.#at));
    if (found === null) return this.#fail(`incomplete escape \\${char}`);
    const [text, not = '', long = '', short = ''] = found;
    this.#at += text.length;
    const property = findProperty(long === '' ? short : long);
    if (property === undefined) return this.#fail(`unknown Unicode property ${long === '' ? short : long}`);
    const sign = (char === 'P') !== (not === '^') ? 'P' : 'p';
    this.#noteCase();
    if (this.#engine === 'linear') {
      if (property.linear === undefined) this.#beyond = true;
      return `\\${sign}{${property.linear ?? 'L'}}`;
    }
    if (!this.#expandsCases || !this.#scope.ignoreCase || !isCaseProperty(property.backtracking)) {
      return `\\${sign}{${property.backtracking}}`;
    }
    return sign === 'p' ? '\\p{LC}' : '\\P{LC}';
  }

  /** `\\k<name>`, as in aw-server-rust. */
  #namedReference(): string {
    const found = /^<([^\W\d]\w*)>/.exec(this.#pattern.slice(this.#at));
    if (found === null) return this.#fail('incomplete escape \\k');
    this.#at += found[0].length;
    this.#beyond = true;
    this.#noteCase();
    return `\\k<${found[1]}>`;
  }

  #noteCase(): void {
    if (this.#scope.ignoreCase) this.#hasIgnoredCase = true;
    else this.#hasExactCase = true;
  }

  /** The linear engine knows ASCII words only. */
  #boundary(not: boolean): string {
    if (this.#engine === 'linear') {
      if (!this.#scope.ascii) this.#asciiWords = true;
      return not ? '\\B' : '\\b';
    }
    const [in_, out] = [`[${word}]`, `[${word}]`];
    return not ? `(?:(?<=${in_})(?=${in_})|(?<!${out})(?!${out}))` : `(?:(?<=${in_})(?!${in_})|(?<!${out})(?=${out}))`;
  }

  /** The code point that an escape stands for. */
  #character(char: string): number {
    const control = controls.get(char);
    if (control !== undefined) return control;
    const braced = /^\{([0-9a-fA-F]{1,6})\}/.exec(this.#pattern.slice(this.#at));
    if (/[xuU]/.test(char) && braced !== null) {
      const code = Number.parseInt(braced[1] ?? '', 16);
      if (code > 0x10ffff) this.#fail(`incomplete escape \\${char}`);
      this.#at += braced[0].length;
      return code;
    }
    const digits = { x: 2, u: 4, U: 8 }[char];
    if (digits !== undefined) {
      const hex = this.#pattern.slice(this.#at, this.#at + digits);
      const code = Number.parseInt(hex, 16);
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits || code > 0x10ffff)
        this.#fail(`incomplete escape \\${char}`);
      this.#at += digits;
      return code;
    }
    if (char === '0') {
      const octal = /^[0-7]{0,2}/.exec(this.#pattern.slice(this.#at))?.[0] ?? '';
      this.#at += octal.length;
      return Number.parseInt(octal === '' ? '0' : octal, 8);
    }
    if (/[A-Za-z0-9]/.test(char)) this.#fail(`bad escape \\${char}`);
    return char.codePointAt(0) ?? 0;
  }

  #set(): string {
    const negated = this.#pattern[this.#at] === '^';
    if (negated) this.#at += 1;
    let out = '';
    for (let first = true; ; first = false) {
      if (this.#at >= this.#pattern.length) this.#fail('unterminated character set');
      if (this.#pattern[this.#at] === ']' && !first) break;
      const posix = /^\[:([a-z]+):\]/.exec(this.#pattern.slice(this.#at));
      const named = posix === null ? undefined : posixClasses.get(posix[1] ?? '');
      if (posix !== null && named !== undefined) {
        this.#at += posix[0].length;
        out += named;
        continue;
      }
      const low = this.#setMember();
      const dash = this.#pattern[this.#at] === '-' && this.#pattern[this.#at + 1] !== ']';
      if (!dash || this.#at + 1 >= this.#pattern.length) {
        out += typeof low === 'number' ? this.#setRange(low, low) : low;
        continue;
      }
      this.#at += 1;
      const high = this.#setMember();
      if (typeof low !== 'number' || typeof high !== 'number' || low > high) return this.#fail('bad character range');
      out += this.#setRange(low, high);
    }
    this.#at += 1;
    this.#noteCase();
    return `[${negated ? '^' : ''}${out}]`;
  }

  /** A range of a set, with the other cases of its letters where those have to be written out. */
  #setRange(low: number, high: number): string {
    const range = low === high ? this.#plain(low) : `${this.#plain(low)}-${this.#plain(high)}`;
    if (!this.#expandsCases || !this.#scope.ignoreCase) return range;
    const others = new Set<number>();
    for (let code = low; code <= Math.min(high, low + longestRange); code += 1) {
      for (const other of otherCases(code)) if (other < low || other > high) others.add(other);
    }
    return range + [...others].map((code) => this.#plain(code)).join('');
  }

  /** A character, or the text of a class. */
  #setMember(): number | string {
    const char = this.#next();
    if (char !== '\\') return char.codePointAt(0) ?? 0;
    const escaped = this.#next();
    switch (escaped) {
      case 'd':
        return this.#scope.ascii ? '0-9' : '\\p{Nd}';
      case 'D':
        return '\\P{Nd}';
      case 'w':
        return this.#scope.ascii ? '0-9A-Za-z_' : word;
      case 'W':
        // Sets cannot hold the complement of several classes: these are the characters that no class of a word has.
        return '\\p{M}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\p{S}\\p{Z}\\p{C}';
      case 's':
        return this.#spaces();
      case 'S':
        return '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}';
      case 'b':
        return 8;
      case 'h':
        return '0-9A-Fa-f';
      case 'p':
      case 'P':
        return this.#property(escaped);
      default:
        return this.#character(escaped);
    }
  }

  #spaces(): string {
    if (this.#scope.ascii) return ' \\t\\n\\r\\f\\x0b';
    return this.#engine === 'linear' ? spaces : spaces.replace('\\x{85}', '\\x85');
  }

  #lineStart(): string {
    return this.#engine === 'linear' ? '(?m:^)' : '(?<![^\\n])';
  }

  #lineEnd(): string {
    return this.#engine === 'linear' ? '(?m:$)' : '(?![^\\n])';
  }

  #textStart(): string {
    return this.#engine === 'linear' ? '\\A' : '(?<![\\s\\S])';
  }

  /** @param beforeNewline also before a newline that ends the text, as Python's `$` */
  #textEnd(beforeNewline: boolean): string {
    if (this.#engine === 'linear') return beforeNewline ? '(?:\\n?\\z)' : '\\z';
    return beforeNewline ? '(?=\\n?(?![\\s\\S]))' : '(?![\\s\\S])';
  }

  #literal(code: number): string {
    const others = otherCases(code);
    if (others.length === 0) return this.#plain(code);
    this.#noteCase();
    if (!this.#expandsCases || !this.#scope.ignoreCase) return this.#plain(code);
    return `[${[code, ...others].map((one) => this.#plain(one)).join('')}]`;
  }

  #plain(code: number): string {
    const char = String.fromCodePoint(code);
    if (/[0-9A-Za-z_]/.test(char)) return char;
    return this.#engine === 'linear' ? `\\x{${code.toString(16)}}` : `\\u{${code.toString(16)}}`;
  }

  /** One character, which may be two units. */
  #next(): string {
    const code = this.#pattern.codePointAt(this.#at);
    if (code === undefined) return this.#fail('bad escape (end of pattern)');
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }
}

/** The same letter in its other case: none for a character without one. */
function otherCases(code: number): readonly number[] {
  const char = String.fromCodePoint(code);
  const codes = [char.toLowerCase(), char.toUpperCase()].flatMap((other) => {
    const [first, ...more] = [...other];
    return first === undefined || more.length > 0 ? [] : [first.codePointAt(0) ?? code];
  });
  return [...new Set(codes)].filter((other) => other !== code);
}

function scopeWith(outer: Scope, on: string, off: string): Scope {
  const is = (flag: string, before: boolean): boolean => (before || on.includes(flag)) && !off.includes(flag);
  return {
    ignoreCase: is('i', outer.ignoreCase),
    multiline: is('m', outer.multiline),
    dotAll: is('s', outer.dotAll),
    verbose: is('x', outer.verbose),
    ascii: (is('a', outer.ascii) || off.includes('u')) && !on.includes('u'),
  };
}
