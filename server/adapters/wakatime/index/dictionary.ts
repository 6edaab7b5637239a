// The dictionary of one account: every text, every list of dependencies and every context is stored once and has a number. A context
// is a row of such numbers. A person has thousands of contexts, not millions. encoding.ts writes the same form to disk.

import type { Inheritable } from '../model/heartbeat.ts';

/** The fields that many heartbeats have in common. '' means absent. */
export interface HeartbeatContext {
  readonly project: string;
  readonly branch: string;
  readonly language: string;
  readonly category: string;
  readonly type: string;
  readonly userAgent: string;
  readonly machine: string;
  readonly dependencies: readonly string[];
  /** The fields that are inherited from the heartbeat before. */
  readonly last: readonly Inheritable[];
}

export const fields = ['project', 'branch', 'language', 'category', 'type', 'userAgent', 'machine'] as const;
export type Field = (typeof fields)[number];

const inheritable = ['project', 'branch', 'language'] as const satisfies readonly Inheritable[];

/** Columns of a row: the fields, the list of dependencies, and the inherited fields as bits. */
const listColumn = fields.length;
const lastColumn = fields.length + 1;
export const width = fields.length + 2;

export class Dictionary {
  /** By number; number 0 is ''. */
  readonly texts: string[] = [];
  /** By number; number 0 is the empty list. */
  readonly lists: (readonly number[])[] = [];
  /** `width` numbers for each context. */
  #rows: Uint32Array = new Uint32Array(width * 64);
  #length = 0;
  /** Built at the first lookup. */
  #textCodes: Map<string, number> | undefined;
  #listCodes: Map<string, number> | undefined;
  /** A hash table with open addressing: the number of a context plus one, at its hash. */
  #places = new Uint32Array(256);
  readonly #made: (HeartbeatContext | undefined)[] = [];
  readonly #madeLists: (readonly string[] | undefined)[] = [];
  #inherits = false;

  constructor() {
    this.text('');
    this.list([]);
  }

  /** Number of contexts. */
  get length(): number {
    return this.#length;
  }

  /** True if any context inherits a field. */
  get inherits(): boolean {
    return this.#inherits;
  }

  /** Bytes in memory, approximately. */
  get bytes(): number {
    return this.#rows.byteLength + this.#places.byteLength + this.texts.length * 200 + this.lists.length * 150;
  }

  /** The number of a text; a new text gets a new number. */
  text(input: string): number {
    const known = this.find(input);
    if (known !== undefined) return known;
    const code = this.texts.push(input) - 1;
    this.#textCodes?.set(input, code);
    return code;
  }

  /** The number of a text; undefined for an unknown one. */
  find(input: string): number | undefined {
    this.#textCodes ??= new Map(this.texts.map((text, code) => [text, code]));
    return this.#textCodes.get(input);
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

  /** The number of a context; a new context gets a new number. */
  code(context: HeartbeatContext): number {
    const row = fields.map((name) => this.text(context[name]));
    row.push(this.list(context.dependencies.map((name) => this.text(name))));
    row.push(inheritable.reduce((bits, name, bit) => bits | (context.last.includes(name) ? 1 << bit : 0), 0));
    return this.row(row);
  }

  /**
   * The number of a context by its row.
   * @param row `width` numbers of known texts and a known list
   */
  row(row: ArrayLike<number>): number {
    if (this.#length * 2 >= this.#places.length) this.#spread();
    const mask = this.#places.length - 1;
    for (let place = hash(row, 0) & mask; ; place = (place + 1) & mask) {
      const found = (this.#places[place] ?? 0) - 1;
      if (found === -1) return this.#append(row, place);
      if (this.#is(found, row)) return found;
    }
  }

  /** The number of the text in a field of a context. */
  field(code: number, field: number): number {
    return this.#rows[code * width + field] ?? 0;
  }

  dependencies(code: number): readonly number[] {
    return this.lists[this.#rows[code * width + listColumn] ?? 0] ?? [];
  }

  /** True if the context inherits a field. */
  isInheriting(code: number): boolean {
    return this.#rows[code * width + lastColumn] !== 0;
  }

  get(code: number): HeartbeatContext {
    const known = this.#made[code];
    if (known !== undefined) return known;
    const at = (field: number): string => this.texts[this.field(code, field)] ?? '';
    const bits = this.field(code, lastColumn);
    const made: HeartbeatContext = {
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

  /** Restores a persisted dictionary; undefined when its parts do not fit together. Lookup tables are built at the first lookup. */
  static restore(
    texts: readonly string[],
    lists: readonly (readonly number[])[],
    rows: Uint32Array,
  ): Dictionary | undefined {
    const contexts = new Dictionary();
    for (let at = 0; at < rows.length; at += width) {
      for (let field = 0; field < fields.length; field += 1)
        if ((rows[at + field] ?? 0) >= texts.length) return undefined;
      const bits = rows[at + lastColumn] ?? 0;
      if ((rows[at + listColumn] ?? 0) >= lists.length || bits > 7) return undefined;
      if (bits !== 0) contexts.#inherits = true;
    }
    if (rows.length % width !== 0 || !lists.every((list) => list.every((code) => code < texts.length)))
      return undefined;
    // Number 0 exists already.
    for (const text of texts.slice(1)) contexts.texts.push(text);
    for (const list of lists.slice(1)) contexts.lists.push(list);
    contexts.#rows = rows;
    contexts.#length = rows.length / width;
    contexts.#textCodes = undefined;
    contexts.#listCodes = undefined;
    contexts.#places = new Uint32Array(0);
    return contexts;
  }

  /** The rows from `first` to before `end`, to be persisted. */
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
