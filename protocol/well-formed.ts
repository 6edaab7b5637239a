// Lone surrogates: halves of a UTF-16 pair that stand alone. UTF-8 cannot carry them, but a JSON escape such as `\ud800` can. They
// survive `JSON.parse` and then break stores, `encodeURIComponent` and other parsers. Each becomes U+FFFD where text enters the hub.

const backslash = 0x5c;
const letterU = 0x75;
const surrogateEscape = /\\u[dD][89a-fA-F]/;
const escapes = /\\(?:u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|u([dD][89a-fA-F][\da-fA-F]{2})|.)/gs;

/**
 * Replaces escaped lone surrogates in JSON text that was decoded from UTF-8, which has no others.
 * @returns the same text if it has none
 */
export function replaceLoneSurrogates(text: string): string {
  if (!surrogateEscape.test(text)) return text;
  return text.replace(escapes, (sequence, _high, _low, lone) => (lone === undefined ? sequence : '\\ufffd'));
}

/** Replaces escaped lone surrogates in the bytes of JSON text, in place: an escape is as long as its replacement. */
export function replaceLoneSurrogatesIn(bytes: Uint8Array): void {
  for (let at = bytes.indexOf(backslash); at !== -1; at = bytes.indexOf(backslash, at)) {
    const unit = escapedUnit(bytes, at);
    if (unit === undefined) {
      at += 2;
      continue;
    }
    const isHigh = unit >= 0xd800 && unit < 0xdc00;
    const next = isHigh ? escapedUnit(bytes, at + 6) : undefined;
    if (next !== undefined && next >= 0xdc00 && next < 0xe000) {
      at += 12;
      continue;
    }
    if (unit >= 0xd800 && unit < 0xe000) bytes.set(replacement, at + 2);
    at += 6;
  }
}

const replacement = Uint8Array.from([0x66, 0x66, 0x66, 0x64]);

/** The code unit of the escape `\uXXXX` at an index; undefined if there is no such escape. */
function escapedUnit(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== backslash || bytes[at + 1] !== letterU) return undefined;
  let unit = 0;
  for (let index = at + 2; index < at + 6; index += 1) {
    const digit = hexDigit(bytes[index] ?? 0);
    if (digit === undefined) return undefined;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text with each lone surrogate replaced by U+FFFD. */
export function toWellFormed(text: string): string {
  return text.replace(loneSurrogate, '\ufffd');
}
