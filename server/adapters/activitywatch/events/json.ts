// Parses JSON of clients, within bounds. A number that JavaScript would round becomes a text: a refusal would lose a watcher's event, and
// rounding would change it.

import { outOfBounds } from '../../../../protocol/bounds.ts';
import { replaceLoneSurrogates } from '../../../../protocol/well-formed.ts';

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  /** `beyond`: the bound that the text breaks; '' if it is not JSON. */
  | { readonly ok: false; readonly beyond: string };

export function parseJson(input: string): ParsedJson {
  const wellFormed = replaceLoneSurrogates(input);
  const text = outOfBounds(wellFormed) === undefined ? wellFormed : quoteLargeNumbers(wellFormed);
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

function quoteLargeNumbers(text: string): string {
  return text.replace(textOrNumber, (found) => {
    const isLarge = number.test(found) && outOfBounds(found) !== undefined;
    return isLarge ? `"${found}"` : found;
  });
}
