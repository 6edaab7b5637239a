// Parses the text of a query into statements. The grammar is the Python server's, plus what the Rust server has and Python refuses:
// comments, decimals, operators, parentheses, `if`, `return` and expression statements. Errors are in the Python server's words.

import { QueryError } from './values.ts';

export type Expression =
  | { readonly is: 'number'; readonly value: number; readonly whole: boolean }
  | { readonly is: 'string'; readonly value: string }
  | { readonly is: 'list'; readonly items: readonly Expression[] }
  | { readonly is: 'dict'; readonly entries: readonly (readonly [key: string, value: Expression])[] }
  | { readonly is: 'variable'; readonly name: string }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly is: 'operation'; readonly operator: Operator; readonly left: Expression; readonly right: Expression };

export type Operator = '+' | '-' | '*' | '/' | '%' | '==';

export type Statement =
  | { readonly is: 'assign'; readonly name: string; readonly value: Expression }
  | { readonly is: 'expression'; readonly value: Expression }
  | { readonly is: 'if'; readonly branches: readonly Branch[] };

/** `condition` is null for `else`. */
export interface Branch {
  readonly condition: Expression | null;
  readonly body: readonly Statement[];
}

/** The deepest nesting of brackets. */
const deepest = 64;
const badValue = 'Invalid syntax for value to assign';
const space = /[ \t\r\n\f\v]/;
const identifier = /[\p{L}_][\p{L}\p{N}_]*/uy;
const number = /\d+(?:\.\d+)?/y;
const operator = /==|[-+*/%]/y;

/** @throws QueryError */
export function parse(text: string): readonly Statement[] {
  const parser = new Parser(text);
  return parser.statements(true);
}

function fail(message: string): never {
  throw new QueryError('QueryParseException', message);
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param whole true: parses up to the end of the text; false: up to a closing brace */
  statements(whole: boolean): readonly Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      this.#skip();
      if (this.#eat(';')) continue;
      if (this.#at >= this.#text.length) return whole ? statements : fail(badValue);
      if (!whole && this.#eat('}')) return statements;
      const statement = this.#statement();
      statements.push(statement);
      this.#skip();
      const ended =
        statement.is === 'if' || this.#at >= this.#text.length || this.#peek(';') || (!whole && this.#peek('}'));
      if (!ended) fail(badValue);
    }
  }

  #statement(): Statement {
    const begin = this.#at;
    const name = this.#match(identifier);
    if (name !== undefined) {
      this.#skip();
      if (this.#peek('=') && !this.#peek('==')) return this.#assignment(name);
      if (name === 'return' && !this.#peek(';') && this.#at < this.#text.length) {
        return { is: 'assign', name: 'RETURN', value: this.#expression() };
      }
      if (name === 'if') return this.#conditional();
    }
    this.#at = begin;
    const left = this.#expression();
    this.#skip();
    if (this.#peek('=')) fail('Cannot assign to a non-variable');
    if (left.is === 'variable' && this.#assignsLater()) fail('Invalid syntax for assignment variable');
    return { is: 'expression', value: left };
  }

  #assignment(name: string): Statement {
    this.#at += 1;
    this.#skip();
    if (this.#at >= this.#text.length || this.#peek(';')) fail('Nothing to assign');
    return { is: 'assign', name, value: this.#expression() };
  }

  #conditional(): Statement {
    const branches: Branch[] = [{ condition: this.#expression(), body: this.#block() }];
    for (;;) {
      this.#skip();
      const begin = this.#at;
      const word = this.#match(identifier);
      if (word === 'elif') {
        branches.push({ condition: this.#expression(), body: this.#block() });
      } else if (word === 'else') {
        branches.push({ condition: null, body: this.#block() });
        return { is: 'if', branches };
      } else {
        this.#at = begin;
        return { is: 'if', branches };
      }
    }
  }

  #block(): readonly Statement[] {
    this.#skip();
    if (!this.#eat('{')) fail(badValue);
    return this.#deeper(() => this.statements(false));
  }

  /** All operators have the same precedence and associate to the left. */
  #expression(): Expression {
    let left = this.#operand();
    for (;;) {
      this.#skip();
      const found = this.#match(operator);
      if (found === undefined) return left;
      left = { is: 'operation', operator: asOperator(found), left, right: this.#operand() };
    }
  }

  #operand(): Expression {
    this.#skip();
    const first = this.#text[this.#at] ?? '';
    if (first === '"' || first === "'") return { is: 'string', value: this.#string(first) };
    if (first === '[') return this.#deeper(() => this.#list());
    if (first === '{') return this.#deeper(() => this.#dict());
    if (first === '(') return this.#deeper(() => this.#parenthesis());
    const digits = this.#match(number);
    if (digits !== undefined) return { is: 'number', value: Number(digits), whole: !digits.includes('.') };
    const name = this.#match(identifier);
    if (name === undefined) return fail(first === '' ? badValue : `Syntax error: ${this.#rest()}`);
    if (!this.#peek('(')) return { is: 'variable', name };
    return this.#deeper(() => ({ is: 'call', name, args: this.#args() }));
  }

  /** A backslash escapes the quote only; before anything else it is a backslash. */
  #string(quote: string): string {
    const begin = this.#at + 1;
    let end = this.#text.indexOf(quote, begin);
    while (end !== -1 && this.#text[end - 1] === '\\' && end > begin) end = this.#text.indexOf(quote, end + 1);
    if (end === -1) fail('Failed to parse string');
    this.#at = end + 1;
    return this.#text.slice(begin, end).replaceAll(`\\${quote}`, quote);
  }

  #list(): Expression {
    this.#at += 1;
    this.#skip();
    if (this.#eat(']')) return { is: 'list', items: [] };
    const items: Expression[] = [];
    for (;;) {
      this.#skip();
      if (this.#peek(',') || this.#peek(']')) fail('List expected a value, got nothing');
      items.push(this.#expression());
      this.#skip();
      if (this.#eat(']')) return { is: 'list', items };
      if (!this.#eat(',')) fail(badValue);
    }
  }

  #dict(): Expression {
    this.#at += 1;
    this.#skip();
    if (this.#eat('}')) return { is: 'dict', entries: [] };
    const entries: (readonly [string, Expression])[] = [];
    for (;;) {
      this.#skip();
      if (this.#peek(',') || this.#peek('}')) fail('Dict expected a value, got nothing');
      const quote = this.#text[this.#at] ?? '';
      if (quote === '') fail(badValue);
      if (quote !== '"' && quote !== "'") fail('Key in dict is not a str');
      const key = this.#string(quote);
      this.#skip();
      if (!this.#eat(':')) fail('Key in dict is not followed by a :');
      this.#skip();
      if (this.#peek(',') || this.#peek('}')) fail('Dict expected a value, got nothing');
      entries.push([key, this.#expression()]);
      this.#skip();
      if (this.#eat('}')) return { is: 'dict', entries };
      if (!this.#eat(',')) fail(badValue);
    }
  }

  #parenthesis(): Expression {
    this.#at += 1;
    const inside = this.#expression();
    this.#skip();
    return this.#eat(')') ? inside : fail(badValue);
  }

  #args(): readonly Expression[] {
    this.#at += 1;
    this.#skip();
    if (this.#eat(')')) return [];
    const args: Expression[] = [];
    for (;;) {
      args.push(this.#expression());
      this.#skip();
      if (this.#eat(')')) return args;
      if (!this.#eat(',')) fail(badValue);
    }
  }

  #deeper<T>(act: () => T): T {
    this.#depth += 1;
    if (this.#depth > deepest) fail(`Nested deeper than ${deepest}`);
    const made = act();
    this.#depth -= 1;
    return made;
  }

  /** Skips white space and comments. */
  #skip(): void {
    for (;;) {
      while (space.test(this.#text[this.#at] ?? '')) this.#at += 1;
      if (!this.#peek('#')) return;
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end === -1 ? this.#text.length : end;
    }
  }

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #eat(text: string): boolean {
    const there = this.#peek(text);
    if (there) this.#at += text.length;
    return there;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** True at the end of the statement. */
  #rest(): string {
    const end = this.#text.indexOf(';', this.#at);
    const rest = this.#text.slice(this.#at, end === -1 ? this.#text.length : end).trim();
    return rest.length > 200 ? `${rest.slice(0, 200)}…` : rest;
  }

  /** True if the rest of the statement has an `=`: it was meant as an assignment. */
  #assignsLater(): boolean {
    return !this.#peek('(') && this.#rest().includes('=');
  }
}

function asOperator(text: string): Operator {
  switch (text) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return text;
    default:
      return '==';
  }
}
