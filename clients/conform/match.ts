// Compares a message of a server with the one that a rule demands, and says in a sentence where they differ.

/** A test of one value, with the words that describe what it accepts: "a text". */
export interface ValueTest {
  readonly accepts: string;
  holds(value: unknown): boolean;
}

const test = (accepts: string, holds: (value: unknown) => boolean): ValueTest => ({ accepts, holds });

export const aText = test('a text that is not empty', (value) => typeof value === 'string' && value !== '');
export const aNumber = test('a number', (value) => typeof value === 'number');
export const aFlag = test('true or false', (value) => typeof value === 'boolean');
export const something = test('any value', (value) => value !== undefined);
export const nothing = test('no such field', (value) => value === undefined);
export const aList = test('a list', Array.isArray);
export const atLeast = (least: number): ValueTest =>
  test(`a number of at least ${least}`, (value) => typeof value === 'number' && value >= least);
export const beginsWith = (start: string): ValueTest =>
  test(`a text that begins with ${start}`, (value) => typeof value === 'string' && value.startsWith(start));
export const contains = (part: string): ValueTest =>
  test(`a text that contains ${part}`, (value) => typeof value === 'string' && value.includes(part));
export const anyOf = (...values: readonly unknown[]): ValueTest =>
  test(values.map((value) => JSON.stringify(value)).join(' or '), (value) => values.includes(value));
export const hasOne = (wanted: unknown): ValueTest =>
  test(`a list with ${show(wanted)}`, (value) =>
    Array.isArray(value) && value.some((one) => difference(wanted, one) === undefined));

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTest(value: unknown): value is ValueTest {
  return isObject(value) && typeof value['accepts'] === 'string' && typeof value['holds'] === 'function';
}

/**
 * @param wanted a plain value, which must be equal; an object, whose fields must be there and may be among others; a list, which must have
 *   the same length; or a ValueTest, also within these
 * @returns undefined if the value is as wanted; else the first difference: `items.0.key is "k", not "l"`
 */
export function difference(wanted: unknown, value: unknown, path = 'it'): string | undefined {
  if (isTest(wanted)) return wanted.holds(value) ? undefined : `${path} is ${show(value)}, not ${wanted.accepts}`;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(value)) return `${path} is ${show(value)}, not a list`;
    const found = firstDefined(wanted.map((one, at) => difference(one, value[at], pathOf(path, String(at)))));
    return (
      found ??
      (wanted.length === value.length ? undefined : `${path} has ${value.length} elements, not ${wanted.length}`)
    );
  }
  if (isObject(wanted)) {
    if (!isObject(value)) return `${path} is ${show(value)}, not an object`;
    return firstDefined(Object.entries(wanted).map(([key, one]) => difference(one, value[key], pathOf(path, key))));
  }
  return Object.is(wanted, value) ? undefined : `${path} is ${show(value)}, not ${show(wanted)}`;
}

function firstDefined(texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined);
}

function pathOf(path: string, key: string): string {
  return path === 'it' ? key : `${path}.${key}`;
}

/** A value as JSON, cut to a line. Tests in it are shown by their words. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value, (_, one: unknown) => (isTest(one) ? `<${one.accepts}>` : one)) ?? 'missing';
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}
