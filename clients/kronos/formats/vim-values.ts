// Parses and formats values in the syntax of Vim's `string()`; the parser also accepts JSON. It never evaluates the text: a call, a
// variable or a lambda is a syntax error.

export type VimValue = string | number | boolean | null | readonly VimValue[] | { readonly [key: string]: VimValue };

export class VimSyntaxError extends Error {}

const deepest = 64;
const names = new Map<string, VimValue>([
  ['v:true', true],
  ['v:false', false],
  ['v:null', null],
  ['v:none', null],
  ['true', true],
  ['false', false],
  ['null', null],
]);
const escapes = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['e', '\u001b'],
  ['f', '\f'],
]);

/** @throws VimSyntaxError */
export function parseVimValue(text: string): VimValue {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Formats a value like Vim's `string()`. */
export function formatVimValue(value: VimValue): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean' || value === null) return `v:${value}`;
  if (isList(value)) return `[${value.map(formatVimValue).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, one]) => `${formatVimValue(key)}: ${formatVimValue(one)}`)
    .join(', ')}}`;
}

function isList(value: VimValue): value is readonly VimValue[] {
  return Array.isArray(value);
}

class Reader {
  #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): VimValue {
    if (depth > deepest) return this.#fail('it nests too deeply');
    this.#blank();
    const sign = this.#text.charAt(this.#at);
    if (sign === "'") return this.#readQuoted();
    if (sign === '"') return this.#readEscaped();
    if (sign === '[') return this.#list(depth);
    if (sign === '{') return this.#dictionary(depth, false);
    if (this.#takes('#{')) {
      this.#at -= 1;
      return this.#dictionary(depth, true);
    }
    const number = this.#match(/-?(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?)/iy);
    if (number !== undefined) return number.startsWith('-0x') ? -Number(number.slice(1)) : Number(number);
    const name = this.#match(/(?:v:)?[a-z]+/y);
    const named = name === undefined ? undefined : names.get(name);
    return named === undefined ? this.#fail('a value was expected') : named;
  }

  end(): void {
    this.#blank();
    if (this.#at < this.#text.length) this.#fail('something follows the value');
  }

  #list(depth: number): VimValue {
    const values: VimValue[] = [];
    this.#expect('[');
    while (!this.#takes(']')) {
      values.push(this.value(depth + 1));
      if (this.#takes(',')) continue;
      this.#expect(']');
      break;
    }
    return values;
  }

  /** @param bare whether the keys are without quotes, as in `#{key: value}` */
  #dictionary(depth: number, bare: boolean): VimValue {
    const entries: [string, VimValue][] = [];
    this.#expect('{');
    while (!this.#takes('}')) {
      const key = bare ? this.#match(/[\w-]+/y) : this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') return this.#fail('a key was expected');
      this.#expect(':');
      entries.push([String(key), this.value(depth + 1)]);
      if (this.#takes(',')) continue;
      this.#expect('}');
      break;
    }
    return Object.fromEntries(entries);
  }

  /** Reads a string in single quotes. Its only escape is a doubled single quote. */
  #readQuoted(): string {
    const found = this.#match(/'(?:[^']|'')*'/y);
    return found === undefined ? this.#fail('a string has no end') : found.slice(1, -1).replaceAll("''", "'");
  }

  #readEscaped(): string {
    const found = this.#match(/"(?:[^"\\]|\\[\s\S])*"/y);
    if (found === undefined) return this.#fail('a string has no end');
    return found
      .slice(1, -1)
      .replace(/\\(?:u([0-9a-f]{1,4})|U([0-9a-f]{1,8})|x([0-9a-f]{1,2})|([\s\S]))/gi, (_, ...parts) => {
        const [four, eight, two, letter]: (string | undefined)[] = parts.slice(0, 4);
        const code = four ?? eight ?? two;
        if (code === undefined) return escapes.get(letter ?? '') ?? letter ?? '';
        const point = Number.parseInt(code, 16);
        return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
      });
  }

  #blank(): void {
    this.#match(/[\s]*/y);
  }

  #takes(sign: string): boolean {
    this.#blank();
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) this.#fail(`"${sign}" was expected`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(what: string): never {
    throw new VimSyntaxError(`${what} at character ${this.#at + 1}`);
  }
}
