// Regexes as users write them for ActivityWatch, in Python's dialect, tested in time that grows with the text alone. They are
// rewritten for RE2JS, which never backtracks; what no such engine can do (look ahead, refer back) is rewritten for V8's own
// engine, and what a hostile one of those costs is bounded where queries are run.

import { RE2JS } from 're2js';
import { QueryError } from './values.ts';

/** Whether the text has a match anywhere. */
export type Search = (text: string) => boolean;

/** @throws QueryError for what is no regex */
export function compile(pattern: string, ignoreCase = false): Search {
  try {
    const translation = new Translation(pattern, 'linear');
    const linear = translation.source(ignoreCase);
    if (linear !== undefined) {
      const compiled = RE2JS.compile(linear, RE2JS.LOOKBEHINDS);
      const search: Search = (text) => compiled.matcher(text).find();
      return translation.knowsAsciiWordsOnly ? byLetters(search, pattern, ignoreCase) : search;
    }
  } catch (error) {
    if (error instanceof QueryError) throw error;
    // RE2JS has limits of its own, such as the size of a repetition: the other engine may know better.
  }
  return backtracking(pattern, ignoreCase);
}

/** Whether a letter beyond ASCII belongs to a word only the other engine can say, if it takes the pattern. */
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
    const translation = new Translation(pattern, 'backtracking');
    const source = translation.source(ignoreCase) ?? '';
    const compiled = new RegExp(source, translation.ignoresCase ? 'iu' : 'u');
    return (text) => compiled.test(text);
  } catch (error) {
    if (error instanceof QueryError) throw error;
    return invalid(pattern, error instanceof Error ? error.message : String(error));
  }
}

function invalid(pattern: string, why: string): never {
  throw new QueryError('QueryFunctionException', `Invalid regular expression ${JSON.stringify(pattern)}: ${why}`);
}

type Engine = 'linear' | 'backtracking';

interface Scope {
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

const word = '\\p{L}\\p{N}_';
const spaces = ' \\t\\n\\r\\f\\x0b\\x1c-\\x1f\\x{85}\\p{Z}';
const controls: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
]);

/** One pass over a pattern, which writes the same for one engine. */
class Translation {
  readonly #pattern: string;
  readonly #engine: Engine;
  #at = 0;
  #scope: Scope = { multiline: false, dotAll: false, verbose: false, ascii: false };
  /** The linear engine cannot do this one. */
  #beyond = false;
  #asciiWords = false;
  #flags = '';

  constructor(pattern: string, engine: Engine) {
    this.#pattern = pattern;
    this.#engine = engine;
  }

  get ignoresCase(): boolean {
    return this.#flags.includes('i');
  }

  /** What was written is right for ASCII texts, and may be wrong for others. */
  get knowsAsciiWordsOnly(): boolean {
    return this.#asciiWords;
  }

  /** undefined when the engine cannot do it. */
  source(ignoreCase: boolean): string | undefined {
    if (ignoreCase) this.#flags += 'i';
    const body = this.#alternatives(0);
    if (this.#at < this.#pattern.length) this.#fail('unbalanced parenthesis');
    if (this.#beyond && this.#engine === 'linear') return undefined;
    return this.ignoresCase && this.#engine === 'linear' ? `(?i:${body})` : body;
  }

  #fail(why: string): never {
    return invalid(this.#pattern, `${why} at position ${this.#at}`);
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
        // The linear engine cannot look at a newline without taking it from what comes after.
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
    const named = /^\?P<([^\W\d]\w*)>/.exec(rest);
    if (named !== null)
      return this.#taken(named[0], () => close(this.#engine === 'linear' ? '(?:' : `(?<${named[1]}>`));
    const back = /^\?P=([^\W\d]\w*)\)/.exec(rest);
    if (back !== null) {
      this.#beyond = true;
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
    const flags = /^\?([aiLmsux]*)(?:-([imsx]+))?([:)])/.exec(rest);
    if (flags === null || (flags[3] === ')' && flags[2] !== undefined)) return this.#fail('unknown extension');
    const [text, on = '', off = '', kind] = flags;
    this.#scope = scopeWith(outer, on, off);
    if (kind === ')') {
      // Python has these at the very start only, and for the whole pattern.
      if (on.includes('i')) this.#flags += 'i';
      return this.#taken(text, ['', false]);
    }
    const cases = on.includes('i') ? 'i' : off.includes('i') ? '-i' : '';
    if (cases !== '' && this.#engine === 'backtracking')
      this.#fail('(?i:…) together with a look ahead or a reference back');
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
      default:
        if (/[1-9]/.test(char)) {
          this.#beyond = true;
          const more = /^\d/.exec(this.#pattern.slice(this.#at))?.[0] ?? '';
          this.#at += more.length;
          return `(?:\\${char}${more})`;
        }
        return this.#literal(this.#character(char));
    }
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

  /** What an escaped character stands for. */
  #character(char: string): number {
    const control = controls.get(char);
    if (control !== undefined) return control;
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
      const low = this.#setMember();
      const dash = this.#pattern[this.#at] === '-' && this.#pattern[this.#at + 1] !== ']';
      if (!dash || this.#at + 1 >= this.#pattern.length) {
        out += typeof low === 'number' ? this.#literal(low) : low;
        continue;
      }
      this.#at += 1;
      const high = this.#setMember();
      if (typeof low !== 'number' || typeof high !== 'number' || low > high) return this.#fail('bad character range');
      out += `${this.#literal(low)}-${this.#literal(high)}`;
    }
    this.#at += 1;
    return `[${negated ? '^' : ''}${out}]`;
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

function scopeWith(outer: Scope, on: string, off: string): Scope {
  const is = (flag: string, before: boolean): boolean => (before || on.includes(flag)) && !off.includes(flag);
  return {
    multiline: is('m', outer.multiline),
    dotAll: is('s', outer.dotAll),
    verbose: is('x', outer.verbose),
    ascii: is('a', outer.ascii) && !on.includes('u'),
  };
}
