// Names of Unicode properties in a regular expression, as aw-server-rust takes them (`L`, `Letter`, `greek`, `script=Greek`, `Emoji`),
// and as each of the two engines writes them.

import { RE2JS } from 're2js';

export interface UnicodeProperty {
  /** For RE2JS; undefined if RE2JS does not know the property. */
  readonly linear: string | undefined;
  /** For V8's engine. */
  readonly backtracking: string;
}

/** True for upper, lower or title case letters: if case does not count, each of them matches the others. */
export function isCaseProperty(name: string): boolean {
  return /^(?:Lu|Ll|Lt|(?:Upper|Lower|Title)case_Letter|Uppercase|Lowercase)$/.test(name);
}

/** @returns undefined if no engine knows a property of that name */
export function findProperty(name: string): UnicodeProperty | undefined {
  const [first = '', second] = name.split(/[=:]/, 2);
  const value = second ?? first;
  const spellings = [value, titleCase(value)];
  const isScript = second === undefined || /^(?:sc|scx|script|script_extensions)$/i.test(first.trim());
  const isCategory = second === undefined || /^(?:gc|general_category)$/i.test(first.trim());
  const candidates = spellings.flatMap((one) => [...(isCategory ? [one] : []), ...(isScript ? [`Script=${one}`] : [])]);
  const backtracking = candidates.find(isKnownToV8);
  if (backtracking === undefined) return undefined;
  // RE2JS takes short names of categories and plain names of scripts.
  const linear = [...spellings, shortName(titleCase(value))].find(
    (one) => one !== '' && isKnownToRe2(one, backtracking),
  );
  return { linear, backtracking };
}

/** `uppercase letter` as `Uppercase_Letter`: names are compared loosely. */
function titleCase(name: string): string {
  return name
    .trim()
    .split(/[\s_-]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('_');
}

const categories: ReadonlyMap<string, string> = new Map([
  ['Letter', 'L'],
  ['Uppercase_Letter', 'Lu'],
  ['Lowercase_Letter', 'Ll'],
  ['Titlecase_Letter', 'Lt'],
  ['Modifier_Letter', 'Lm'],
  ['Other_Letter', 'Lo'],
  ['Mark', 'M'],
  ['Number', 'N'],
  ['Decimal_Number', 'Nd'],
  ['Punctuation', 'P'],
  ['Symbol', 'S'],
  ['Separator', 'Z'],
  ['Space_Separator', 'Zs'],
  ['Control', 'Cc'],
]);

function shortName(name: string): string {
  return categories.get(name) ?? '';
}

function isKnownToV8(name: string): boolean {
  try {
    return new RegExp(`\\p{${name}}`, 'u').source !== '';
  } catch {
    return false;
  }
}

/** RE2JS and V8 must mean the same: a name that is a script for one may be something else for the other. */
function isKnownToRe2(name: string, v8Name: string): boolean {
  try {
    const linear = RE2JS.compile(`^\\p{${name}}$`);
    const backtracking = new RegExp(`^\\p{${v8Name}}$`, 'u');
    return samples.every((char) => linear.matcher(char).find() === backtracking.test(char));
  } catch {
    return false;
  }
}

const samples = [...'aZ9_ ·-$é€αЖ中あא١ⅷ😀'];
