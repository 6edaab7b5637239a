// What an account's heartbeats say besides their moment, by number: every text once, every list of dependencies once, every
// context once as a row of such numbers. A person has thousands of contexts, not millions, and they are kept in the same form on
// disk (packed.ts). Nothing here knows of time.

import type { Inheritable } from '../model/heartbeat.ts';

/** What heartbeats have in common. '' stands for absent. */
export interface Context {
  readonly project: string;
  readonly branch: string;
  readonly language: string;
  readonly category: string;
  readonly type: string;
  readonly userAgent: string;
  readonly machine: string;
  readonly dependencies: readonly string[];
  /** What is taken from the heartbeat before. */
  readonly last: readonly Inheritable[];
}

export const fields = ['project', 'branch', 'language', 'category', 'type', 'userAgent', 'machine'] as const;
export type Field = (typeof fields)[number];

const inheritable = ['project', 'branch', 'language'] as const satisfies readonly Inheritable[];

/** Columns of a row: the fields, the list of dependencies, and what is inherited as bits. */
const listColumn = fields.length;
const lastColumn = fields.length + 1;
export const width = fields.length + 2;

export class Contexts {
  /** By number; the first is ''. */
  readonly texts: string[] = [];
  /** By number, of numbers of texts; the first is empty. */
  readonly lists: (readonly number[])[] = [];
  /** `width` numbers for each context. */
  #rows: Uint32Array = new Uint32Array(width * 64);
  #length = 0;
  /** undefined until somebody looks one up. */
  #textCodes: Map<string, number> | undefined;
  #listCodes: Map<string, number> | undefined;
  /** Open addressing: numbers of contexts plus one, at their hash. */
  #places = new Uint32Array(256);
  readonly #made: (Context | undefined)[] = [];
  readonly #madeLists: (readonly string[] | undefined)[] = [];
  #inherits = false;

  constructor() {
    this.text('');
    this.list([]);
  }

  /** How many contexts there are. */
  get length(): number {
    return this.#length;
  }

  /** Whether any context says "as before". */
  get inherits(): boolean {
    return this.#inherits;
  }

  /** Bytes in memory, roughly. */
  get bytes(): number {
    return this.#rows.byteLength + this.#places.byteLength + this.texts.length * 200 + this.lists.length * 150;
  }

  /** The number of a text, a new one for a new one. */
  text(said: string): number {
    const known = this.find(said);
    if (known !== undefined) return known;
    const code = this.texts.push(said) - 1;
    this.#textCodes?.set(said, code);
    return code;
  }

  /** The number of a text that has one. */
  find(said: string): number | undefined {
    this.#textCodes ??= new Map(this.texts.map((text, code) => [text, code]));
    return this.#textCodes.get(said);
  }

  list(codes: readonly number[]): number {
    this.#listCodes ??= new Map(this.lists.map((list, code) => [list.join(','), code]));
    const name = codes.join(',');
    const known = this.#listCodes.get(name);
    if (known !== undefined) return known;
    const code = this.lists.push(codes) - 1;
    this.#listCodes.set(name, code);
    return code;
  }

  /** The number of a context, a new one for a new one. */
  code(context: Context): number {
    const row = fields.map((name) => this.text(context[name]));
    row.push(this.list(context.dependencies.map((name) => this.text(name))));
    row.push(inheritable.reduce((bits, name, bit) => bits | (context.last.includes(name) ? 1 << bit : 0), 0));
    return this.row(row);
  }

  /** @param row `width` numbers of texts and of a list that are here */
  row(row: ArrayLike<number>): number {
    if (this.#length * 2 >= this.#places.length) this.#spread();
    const mask = this.#places.length - 1;
    for (let place = hash(row, 0) & mask; ; place = (place + 1) & mask) {
      const found = (this.#places[place] ?? 0) - 1;
      if (found === -1) return this.#append(row, place);
      if (this.#is(found, row)) return found;
    }
  }

  /** The number of the text that a context has in a field. */
  field(code: number, field: number): number {
    return this.#rows[code * width + field] ?? 0;
  }

  dependencies(code: number): readonly number[] {
    return this.lists[this.#rows[code * width + listColumn] ?? 0] ?? [];
  }

  /** Whether it takes anything from the heartbeat before. */
  hangs(code: number): boolean {
    return this.#rows[code * width + lastColumn] !== 0;
  }

  get(code: number): Context {
    const known = this.#made[code];
    if (known !== undefined) return known;
    const at = (field: number): string => this.texts[this.field(code, field)] ?? '';
    const bits = this.field(code, lastColumn);
    const made: Context = {
      project: at(0),
      branch: at(1),
      language: at(2),
      category: at(3),
      type: at(4),
      userAgent: at(5),
      machine: at(6),
      dependencies: this.#names(this.field(code, listColumn)),
      last: inheritable.filter((_, bit) => (bits & (1 << bit)) !== 0),
    };
    this.#made[code] = made;
    return made;
  }

  /** As they were kept; undefined when they do not fit together. Looking them up is made ready when somebody does. */
  static restore(
    texts: readonly string[],
    lists: readonly (readonly number[])[],
    rows: Uint32Array,
  ): Contexts | undefined {
    const contexts = new Contexts();
    for (let at = 0; at < rows.length; at += width) {
      for (let field = 0; field < fields.length; field += 1)
        if ((rows[at + field] ?? 0) >= texts.length) return undefined;
      const bits = rows[at + lastColumn] ?? 0;
      if ((rows[at + listColumn] ?? 0) >= lists.length || bits > 7) return undefined;
      if (bits !== 0) contexts.#inherits = true;
    }
    if (rows.length % width !== 0 || !lists.every((list) => list.every((code) => code < texts.length)))
      return undefined;
    // What everybody has is first in what was kept, too.
    for (const text of texts.slice(1)) contexts.texts.push(text);
    for (const list of lists.slice(1)) contexts.lists.push(list);
    contexts.#rows = rows;
    contexts.#length = rows.length / width;
    contexts.#textCodes = undefined;
    contexts.#listCodes = undefined;
    contexts.#places = new Uint32Array(0);
    return contexts;
  }

  /** The rows from `first` to before `end`, for keeping. */
  rows(first: number, end: number): Uint32Array {
    return this.#rows.subarray(first * width, Math.min(end, this.#length) * width);
  }

  #names(list: number): readonly string[] {
    const known = this.#madeLists[list];
    if (known !== undefined) return known;
    const made = (this.lists[list] ?? []).map((code) => this.texts[code] ?? '');
    this.#madeLists[list] = made;
    return made;
  }

  #is(code: number, row: ArrayLike<number>): boolean {
    const from = code * width;
    for (let at = 0; at < width; at += 1) if (this.#rows[from + at] !== row[at]) return false;
    return true;
  }

  #append(row: ArrayLike<number>, place: number): number {
    const code = this.#length;
    if ((code + 1) * width > this.#rows.length) {
      const grown = new Uint32Array(Math.max(width * 64, this.#rows.length * 2));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.set(row, code * width);
    this.#places[place] = code + 1;
    this.#length += 1;
    if (row[lastColumn] !== 0) this.#inherits = true;
    return code;
  }

  #spread(): void {
    let size = 256;
    while (size <= this.#length * 2) size *= 2;
    const places = new Uint32Array(size);
    const mask = places.length - 1;
    for (let code = 0; code < this.#length; code += 1) {
      let place = hash(this.#rows, code * width) & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = code + 1;
    }
    this.#places = places;
  }
}

function hash(row: ArrayLike<number>, from: number): number {
  let mixed = 0;
  for (let at = from; at < from + width; at += 1) {
    mixed = Math.imul(mixed ^ (row[at] ?? 0), 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  return mixed >>> 0;
}
