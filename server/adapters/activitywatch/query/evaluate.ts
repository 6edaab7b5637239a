// Runs a parsed query over one period: variables, operators, branches, calls, and the limits of one query. A Source supplies the events;
// nothing here is asynchronous.

import { parseInstant } from '../events/instant.ts';
import { Float, same } from '../events/python-compat.ts';
import { Args, functions, type QueryContext, type Source, wrongArguments } from './functions.ts';
import { type Branch, type Expression, type Operator, parse, type Statement } from './parse.ts';
import { isDict, isFloat, isList, QueryError, type QueryErrorType, type Value } from './values.ts';

export interface Period {
  /** ISO 8601, as the variables STARTTIME and ENDTIME show them. */
  readonly start: string;
  readonly end: string;
}

export interface Asked {
  readonly source: Source;
  readonly period: Period;
  /** The variable NAME. */
  readonly name: string;
  readonly print: (values: readonly Value[]) => void;
}

export type Evaluated =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly type: QueryErrorType; readonly message: string };

/** The most values that a query may visit, and that its result may have. */
const mostSteps = 200_000_000;
const mostValues = 5_000_000;
const deepestValue = 64;

export function parseProgram(
  text: string,
): { readonly ok: true; readonly statements: readonly Statement[] } | Extract<Evaluated, { ok: false }> {
  return catchFailure(() => ({ ok: true, statements: parse(text) }));
}

export function evaluate(statements: readonly Statement[], asked: Asked): Evaluated {
  return catchFailure(() => ({ ok: true, value: new Run(asked).result(statements) }));
}

function catchFailure<T>(act: () => T): T | Extract<Evaluated, { ok: false }> {
  try {
    return act();
  } catch (error) {
    if (error instanceof QueryError) return { ok: false, type: error.type, message: error.message };
    throw error;
  }
}

function fail(message: string): never {
  throw new QueryError('QueryInterpretException', message);
}

class Run {
  readonly #variables: Map<string, Value>;
  readonly #context: QueryContext;
  #steps = 0;
  /** Depth of a list or dict, and how many values it contains at any depth; other values count by their length. */
  readonly #weights = new WeakMap<object, { readonly depth: number; readonly values: number }>();

  constructor({ source, period, name, print }: Asked) {
    this.#variables = new Map<string, Value>([
      ['True', true],
      ['False', false],
      ['true', true],
      ['false', false],
      ['NAME', name],
      ['STARTTIME', period.start],
      ['ENDTIME', period.end],
      ['TIMEINTERVAL', `${period.start}/${period.end}`],
    ]);
    this.#context = {
      source,
      span: () => [this.#instant('STARTTIME'), this.#instant('ENDTIME')],
      spend: (steps) => this.#spend(steps),
      print,
    };
  }

  result(statements: readonly Statement[]): Value {
    this.#run(statements);
    const value = this.#variables.get('RETURN');
    if (value === undefined) {
      throw new QueryError('QueryParseException', "Query doesn't assign the RETURN variable, nothing to respond");
    }
    return value;
  }

  #run(statements: readonly Statement[]): void {
    for (const statement of statements) {
      switch (statement.is) {
        case 'assign':
          this.#variables.set(statement.name, this.#value(statement.value));
          break;
        case 'expression':
          this.#value(statement.value);
          break;
        case 'if':
          this.#run(this.#choose(statement.branches));
          break;
      }
    }
  }

  #choose(branches: readonly Branch[]): readonly Statement[] {
    for (const { condition, body } of branches) if (condition === null || this.#isTrue(condition)) return body;
    return [];
  }

  #isTrue(condition: Expression): boolean {
    const value = this.#value(condition);
    return typeof value === 'boolean' ? value : fail('The condition of an if is neither true nor false');
  }

  #value(expression: Expression): Value {
    this.#spend(1);
    switch (expression.is) {
      case 'number':
        return expression.whole ? expression.value : new Float(expression.value);
      case 'string':
        return expression.value;
      case 'list':
        return this.#weighList(expression.items.map((item) => this.#value(item)));
      case 'dict': {
        const dict = Object.fromEntries(expression.entries.map(([key, value]) => [key, this.#value(value)]));
        this.#weigh(dict, Object.values(dict));
        return dict;
      }
      case 'variable': {
        const value = this.#variables.get(expression.name);
        if (value !== undefined) return value;
        return fail(`Tried to reference variable '${expression.name}' which is not defined`);
      }
      case 'call':
        return this.#call(expression.name, expression.args);
      case 'operation':
        return this.#chain(expression);
    }
  }

  #call(name: string, expressions: readonly Expression[]): Value {
    const found = functions.get(name);
    if (found === undefined) return fail(`Tried to call function '${name}' which doesn't exist`);
    const args = expressions.map((expression) => this.#value(expression));
    if (args.length < found.least || args.length > found.most) return wrongArguments(name);
    for (const arg of args) this.#spend(this.#size(arg));
    const value = found.call(new Args(name, args), this.#context);
    return isList(value) ? this.#checkSize(value) : value;
  }

  /** Operators associate to the left. A long chain of them is deep, so it is walked without recursion. */
  #chain(last: Extract<Expression, { is: 'operation' }>): Value {
    const operations = [last];
    let first = last.left;
    for (; first.is === 'operation'; first = first.left) operations.push(first);
    return operations.reduceRight(
      (left, { operator, right }) => this.#operate(operator, left, this.#value(right)),
      this.#value(first),
    );
  }

  #operate(operator: Operator, left: Value, right: Value): Value {
    if (operator === '==') {
      this.#spend(this.#size(left) + this.#size(right));
      return same(left, right);
    }
    if (operator === '+' && isList(left) && isList(right)) {
      this.#spend(left.length + right.length);
      return this.#weighList([...left, ...right]);
    }
    if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
      return left.length + right.length > mostValues ? fail('The text is too long') : left + right;
    }
    const [a, b] = [withoutFloat(left), withoutFloat(right)];
    if (typeof a !== 'number' || typeof b !== 'number')
      return fail(`The operator ${operator} does not take these values`);
    if ((operator === '/' || operator === '%') && b === 0) return fail('Division by zero');
    const result = compute(operator, a, b);
    const isFloating = operator === '/' || isFloat(left) || isFloat(right) || !Number.isSafeInteger(result);
    if (!Number.isFinite(result)) return fail('The number is too large');
    return isFloating ? new Float(result) : result;
  }

  /** The current value of STARTTIME or ENDTIME, in microseconds since 1970. */
  #instant(name: string): number {
    const value = this.#variables.get(name) ?? null;
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    return instant ?? fail(`${name} is no ISO 8601 text`);
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > mostSteps) fail('The query goes through too many values');
  }

  #size(value: Value): number {
    if (typeof value !== 'object' || value === null) return 1;
    return this.#weights.get(value)?.values ?? (isList(value) ? value.length + 1 : 1);
  }

  #weighList(list: readonly Value[]): readonly Value[] {
    this.#weigh(list, list);
    return list;
  }

  /** Bounds a value: a list that repeatedly contains another list twice is small in memory and huge as text. */
  #weigh(made: object, within: readonly Value[]): void {
    let [depth, values] = [0, 1];
    for (const one of within) {
      if (typeof one === 'object' && one !== null) depth = Math.max(depth, this.#weights.get(one)?.depth ?? 1);
      values += this.#size(one);
    }
    if (depth >= deepestValue) fail(`Lists nested deeper than ${deepestValue}`);
    if (values > mostValues) fail('The list is too long');
    this.#weights.set(made, { depth: depth + 1, values });
  }

  #checkSize(list: readonly Value[]): readonly Value[] {
    // Events weigh the same and contain no lists; anything else that a function returns was weighed when it went in.
    const first = list[0];
    const isOfLists = first !== undefined && (isList(first) || isDict(first));
    return isOfLists && !this.#weights.has(list)
      ? this.#weighList(list)
      : list.length > mostValues
        ? fail('The list is too long')
        : list;
  }
}

function withoutFloat(value: Value): Value {
  return isFloat(value) ? value.value : value;
}

function compute(operator: Exclude<Operator, '=='>, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}
