// The encoding of blocks and dictionaries on disk: integers of variable length, differences instead of times, runs instead of
// repetitions, as base64 because a store keeps text. A heartbeat takes about three bytes. persistence.ts decides which item has what.

import { reportsUsage, usageFields, usageWidth } from './ai-usage.ts';
import { DayBlock, type DayOutline, day, type HeartbeatRow, linesAt, usageAt } from './columns.ts';
import { width } from './dictionary.ts';
import { lineKinds } from './line-counts.ts';

/** Bits of a byte that carry a value. */
const bitsOfByte = 7;

class Packer {
  #bytes = Buffer.alloc(4_096);
  #length = 0;

  /**
   * Appends an integer.
   * @param value a safe integer from 0 on
   */
  number(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length] = (rest % 128) + 128;
      this.#length += 1;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  text(input: string): void {
    const bytes = Buffer.from(input);
    this.number(bytes.length);
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#length += bytes.copy(this.#bytes, this.#length);
  }

  encode(): string {
    return this.#bytes.toString('base64', 0, this.#length);
  }

  #grow(by: number): void {
    const grown = Buffer.alloc((this.#bytes.length + by) * 2);
    this.#bytes.copy(grown);
    this.#bytes = grown;
  }
}

/** Reads zeros and empty texts beyond the end; the caller checks `isWhole`. */
class Unpacker {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(encode: string) {
    this.#bytes = Buffer.from(encode, 'base64');
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** True if everything was read, and nothing beyond the end. */
  get isWhole(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(): number {
    let byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    if (byte < 128) return byte;
    let value = byte - 128;
    let unit = 128;
    do {
      byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 127) * unit;
      unit *= 128;
    } while (byte > 127);
    return value;
  }

  text(): string {
    const length = this.number();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

/**
 * Encodes the block of a day.
 * @param number the day, counted from 1970
 */
export function packBlock(number: number, block: DayBlock): string {
  const { length, times } = block;
  const packer = new Packer();
  packer.number(length);
  // Most plugins send milliseconds.
  let unit = 1_000;
  for (let at = 0; at < length; at += 1) if ((times[at] ?? 0) % 1_000 !== 0) unit = 1;
  packer.number(unit);
  let before = number * day;
  for (let at = 0; at < length; at += 1) {
    const time = times[at] ?? 0;
    packer.number((time - before) / unit);
    before = time;
  }
  packRuns(packer, block.contexts, length);
  packRuns(packer, block.entities, length);
  for (let at = 0; at < length; at += bitsOfByte) {
    let bits = 0;
    for (let bit = 0; bit < bitsOfByte; bit += 1) bits |= at + bit < length ? (block.writes[at + bit] ?? 0) << bit : 0;
    packer.number(bits);
  }
  packLines(packer, block);
  packUsage(packer, block);
  packer.number(block.odd.size);
  for (const [key, { time, context, entity, write, lines = [], usage = [] }] of block.odd) {
    packer.text(key);
    for (const value of [time, context, entity, write]) packer.number(value);
    for (let kind = 0; kind < lineKinds.length; kind += 1) packer.number(lines[kind] ?? 0);
    for (let field = 0; field < usageWidth; field += 1) packer.number(usage[field] ?? 0);
  }
  return packer.encode();
}

/**
 * Decodes the block of a day.
 * @returns undefined if the text is not a block of that day, or refers to unknown contexts or texts
 */
export function unpackBlock(
  number: number,
  encode: string,
  known: { readonly contexts: number; readonly texts: number },
): DayBlock | undefined {
  const unpacker = new Unpacker(encode);
  const length = unpacker.number();
  const unit = unpacker.number();
  // A heartbeat takes at least two bytes, and base64 four characters for three bytes.
  if (length === 0 || length > encode.length || (unit !== 1 && unit !== 1_000)) return undefined;
  const odd = new Map<string, HeartbeatRow>();
  const block = new DayBlock(length, odd);
  let time = number * day;
  for (let at = 0; at < length; at += 1) {
    time += unpacker.number() * unit;
    block.times[at] = time;
  }
  block.length = length;
  const whole =
    unpackRuns(unpacker, block.contexts, known.contexts) && unpackRuns(unpacker, block.entities, known.texts);
  if (!whole || time >= (number + 1) * day) return undefined;
  for (let at = 0; at < length; at += bitsOfByte) {
    const bits = unpacker.number();
    for (let bit = 0; bit < bitsOfByte && at + bit < length; bit += 1) block.writes[at + bit] = (bits >> bit) & 1;
  }
  if (!unpackLines(unpacker, block) || !unpackUsage(unpacker, block, known.texts)) return undefined;
  for (let left = unpacker.number(); left > 0 && !unpacker.isDone; left -= 1) {
    const key = unpacker.text();
    const [time, context, entity, write] = [unpacker.number(), unpacker.number(), unpacker.number(), unpacker.number()];
    const lines = lineKinds.map(() => unpacker.number());
    const usage = usageFields.map(() => unpacker.number());
    odd.set(key, {
      time,
      context,
      entity,
      write,
      lines: lines.some((count) => count > 0) ? lines : undefined,
      usage: reportsUsage(usage, 0) ? usage : undefined,
    });
  }
  return unpacker.isWhole ? block : undefined;
}

/** Encodes the number of heartbeats that report lines; then for each the distance from the one before, and its counts. */
function packLines(packer: Packer, block: DayBlock): void {
  const call = block.lines === undefined ? [] : Array.from({ length: block.length }, (_, at) => at);
  const telling = call.flatMap((at) => {
    const lines = linesAt(block, at);
    return lines === undefined ? [] : [{ at, lines }];
  });
  packer.number(telling.length);
  let next = 0;
  for (const { at, lines } of telling) {
    packer.number(at - next);
    for (let kind = 0; kind < lineKinds.length; kind += 1) packer.number(lines[kind] ?? 0);
    next = at + 1;
  }
}

/** @returns false when a heartbeat is not there */
function unpackLines(unpacker: Unpacker, block: DayBlock): boolean {
  const telling = unpacker.number();
  if (telling === 0) return true;
  const lines = new Uint32Array(block.times.length * lineKinds.length);
  let next = 0;
  for (let left = telling; left > 0; left -= 1) {
    const at = next + unpacker.number();
    if (at >= block.length) return false;
    for (let kind = 0; kind < lineKinds.length; kind += 1) lines[at * lineKinds.length + kind] = unpacker.number();
    next = at + 1;
  }
  block.lines = lines;
  return true;
}

/** Encodes usage like `packLines`: the number of heartbeats that report any, then for each the distance and its row. */
function packUsage(packer: Packer, block: DayBlock): void {
  const { usage } = block;
  const reporting = usage === undefined ? [] : Array.from({ length: block.length }, (_, at) => at);
  const rows = reporting.flatMap((at) => {
    const row = usageAt(block, at);
    return row === undefined ? [] : [{ at, row }];
  });
  packer.number(rows.length);
  let next = 0;
  for (const { at, row } of rows) {
    packer.number(at - next);
    for (let field = 0; field < usageWidth; field += 1) packer.number(row[field] ?? 0);
    next = at + 1;
  }
}

/** @returns false when a heartbeat is not there, or when a session or model is not a known text */
function unpackUsage(unpacker: Unpacker, block: DayBlock, texts: number): boolean {
  const reporting = unpacker.number();
  if (reporting === 0) return true;
  const usage = new Uint32Array(block.times.length * usageWidth);
  let next = 0;
  for (let left = reporting; left > 0; left -= 1) {
    const at = next + unpacker.number();
    if (at >= block.length) return false;
    for (let field = 0; field < usageWidth; field += 1) usage[at * usageWidth + field] = unpacker.number();
    const [session = 0, model = 0] = usage.subarray(at * usageWidth);
    if (session >= texts || model >= texts) return false;
    next = at + 1;
  }
  block.usage = usage;
  return true;
}

/** Encodes the length and the value of each run. */
function packRuns(packer: Packer, column: Uint32Array, length: number): void {
  for (let at = 0; at < length; ) {
    const value = column[at] ?? 0;
    let end = at + 1;
    while (end < length && column[end] === value) end += 1;
    packer.number(end - at);
    packer.number(value);
    at = end;
  }
}

/** @returns false when the runs do not fill the column exactly, or a value is not below the limit */
function unpackRuns(unpacker: Unpacker, column: Uint32Array, limit: number): boolean {
  for (let at = 0; at < column.length; ) {
    const [run, value] = [unpacker.number(), unpacker.number()];
    if (run === 0 || at + run > column.length || value >= limit) return false;
    column.fill(value, at, at + run);
    at += run;
  }
  return true;
}

/** Encodes the outlines of days, in order. */
export function packOutlines(days: readonly (readonly [number, DayOutline])[]): string {
  const packer = new Packer();
  let before = 0;
  for (const [number, { length, first, stray }] of days) {
    packer.number(number - before);
    packer.number(length * 2 + (stray ? 1 : 0));
    packer.number(first - number * day);
    before = number;
  }
  return packer.encode();
}

export function unpackOutlines(encode: string): readonly (readonly [number, DayOutline])[] {
  const unpacker = new Unpacker(encode);
  const days: (readonly [number, DayOutline])[] = [];
  for (let number = 0; !unpacker.isDone; ) {
    number += unpacker.number();
    const length = unpacker.number();
    const first = number * day + unpacker.number();
    days.push([number, { length: Math.floor(length / 2), first, stray: length % 2 === 1 }]);
  }
  return days;
}

/** Encodes rows: which columns differ from the row before, as bits, and their values. Neighbours have most columns in common. */
export function packRows(rows: Uint32Array): string {
  const packer = new Packer();
  for (let row = 0; row < rows.length; row += width) {
    let differing = 0;
    for (let column = 0; column < width; column += 1)
      if (rows[row + column] !== (rows[row + column - width] ?? 0)) differing |= 1 << column;
    packer.number(differing);
    for (let column = 0; column < width; column += 1)
      if ((differing & (1 << column)) !== 0) packer.number(rows[row + column] ?? 0);
  }
  return packer.encode();
}

/** @returns undefined when there are fewer or more rows than `count` */
export function unpackRows(encode: string, count: number): Uint32Array | undefined {
  const unpacker = new Unpacker(encode);
  const rows = new Uint32Array(count * width);
  for (let row = 0; row < rows.length; row += width) {
    if (row > 0) rows.copyWithin(row, row - width, row);
    const differing = unpacker.number();
    for (let column = 0; column < width; column += 1)
      if ((differing & (1 << column)) !== 0) rows[row + column] = unpacker.number();
  }
  return unpacker.isWhole ? rows : undefined;
}

export function packLists(lists: readonly (readonly number[])[]): string {
  const packer = new Packer();
  for (const list of lists) {
    packer.number(list.length);
    for (const value of list) packer.number(value);
  }
  return packer.encode();
}

export function unpackLists(encode: string): readonly (readonly number[])[] {
  const unpacker = new Unpacker(encode);
  const lists: number[][] = [];
  while (!unpacker.isDone) lists.push(Array.from({ length: unpacker.number() }, () => unpacker.number()));
  return lists;
}
