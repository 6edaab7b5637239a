// JSON as it comes in, within bounds. Numbers that JavaScript would round become texts: to refuse them is to lose what a watcher saw,
// and to round them is to say what it did not.

import { outOfBounds } from '../../../../protocol/bounds.ts';

export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  /** `beyond`: which bound it breaks; '' when it is no JSON. */
  | { readonly ok: false; readonly beyond: string };

export function parseJson(said: string): Parsed {
  const text = outOfBounds(said) === undefined ? said : withoutLargeNumbers(said);
  const beyond = outOfBounds(text);
  if (beyond !== undefined) return { ok: false, beyond };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, beyond: '' };
  }
}

const textOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[\d][\d.eE+-]*/gs;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function withoutLargeNumbers(text: string): string {
  return text.replace(textOrNumber, (found) => {
    const isLarge = number.test(found) && outOfBounds(found) !== undefined;
    return isLarge ? `"${found}"` : found;
  });
}
