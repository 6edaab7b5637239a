// Sealed blocks: some hundreds of old steps of one channel as one small piece of bytes, column by column, so that deflate finds
// what they have in common. No SQL here; when steps are sealed and taken out again is sqlite-writer.ts' business. Also the keys
// as the tables keep them: a UUID in lower case is 16 bytes there.

import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** The last step of an item that is there. */
export interface Sealed {
  readonly seq: number;
  readonly born: number;
  readonly time: number | null;
  readonly end: number | null;
  readonly version: number | null;
  /** By the number of its name. */
  readonly origin: number;
  readonly at: number;
  readonly key: string;
  readonly value: string;
}

/** What is known of a block without unpacking it. Spans are null where no step has one. */
export interface Extent {
  readonly first: number;
  readonly last: number;
  readonly earliest: number | null;
  /** The greatest time. */
  readonly latest: number | null;
  /** The last microsecond that a span covers. */
  readonly reach: number | null;
  readonly count: number;
}

/** Numbers beyond it stay in their rows: differences of any two within it, doubled, are exact. */
export const furthest = 2 ** 51;

export function extentOf(steps: readonly Sealed[]): Extent {
  let earliest: number | null = null;
  let latest: number | null = null;
  let reach: number | null = null;
  for (const { time, end } of steps) {
    if (time === null) continue;
    earliest = Math.min(earliest ?? time, time);
    latest = Math.max(latest ?? time, time);
    reach = Math.max(reach ?? time, time, end === null ? time : end - 1);
  }
  return { first: steps[0]?.seq ?? 0, last: steps.at(-1)?.seq ?? 0, earliest, latest, reach, count: steps.length };
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function packKey(key: string): string | Uint8Array {
  return key.length === 36 && uuidForm.test(key) ? Buffer.from(key.replaceAll('-', ''), 'hex') : key;
}

export function unpackKey(key: string | Uint8Array): string {
  return typeof key === 'string' ? key : uuidAt(key, 0);
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function uuidAt(bytes: Uint8Array, at: number): string {
  const two = (index: number): string => `${hex[bytes[at + index] ?? 0]}${hex[bytes[at + index + 1] ?? 0]}`;
  return `${two(0)}${two(2)}-${two(4)}-${two(6)}-${two(8)}-${two(10)}${two(12)}${two(14)}`;
}

/** Of a UUID's bytes: the first are often a time, the rest is noise that deflate only takes time over. */
const headBytes = 6;
const tailBytes = 10;

/**
 * The bytes: length of the tails · tails of the UUIDs, as they are · the rest, deflated. The rest: number of steps · length of the
 * numbers · length of the keys' text · numbers, one column after another · keys' text · values' text. A number is a varint of
 * seven bits a byte, the lowest first.
 */
export function encodeBlock(steps: readonly Sealed[]): Buffer {
  const numbers = new Numbers();
  let seq = 0;
  for (const step of steps) {
    numbers.put(step.seq - seq);
    seq = step.seq;
  }
  for (const step of steps) numbers.put(step.seq - step.born);
  let time = 0;
  for (const step of steps) {
    numbers.putOrNull(step.time === null ? null : step.time - time);
    time = step.time ?? time;
  }
  for (const step of steps) numbers.putOrNull(step.end === null ? null : step.end - (step.time ?? 0));
  let version = 0;
  for (const step of steps) {
    numbers.putOrNull(step.version === null ? null : step.version - version);
    version = step.version ?? version;
  }
  for (const step of steps) numbers.put(step.origin);
  let at = 0;
  for (const step of steps) {
    numbers.putSigned(step.at - at);
    at = step.at;
  }
  const tails: Uint8Array[] = [];
  let keys = '';
  for (const step of steps) {
    const key = packKey(step.key);
    if (typeof key === 'string') {
      // 0 is a UUID.
      numbers.put(key.length + 1);
      keys += key;
    } else {
      numbers.put(0);
      numbers.putSigned(readHead(key) - headOf(step.time));
      tails.push(key.subarray(headBytes));
    }
  }
  let values = '';
  for (const step of steps) {
    numbers.put(step.value.length);
    values += step.value;
  }

  const tail = Buffer.concat(tails);
  const [columns, keyText] = [numbers.bytes(), Buffer.from(keys)];
  const head = new Numbers();
  for (const number of [steps.length, columns.length, keyText.length]) head.put(number);
  const lead = new Numbers();
  lead.put(tail.length);
  const rest = Buffer.concat([head.bytes(), columns, keyText, Buffer.from(values)]);
  return Buffer.concat([lead.bytes(), tail, deflateRawSync(rest)]);
}

export function decodeBlock(body: Uint8Array): Sealed[] {
  const lead = new Cursor(body);
  const tailLength = lead.next();
  const tailAt = lead.at;
  const rest = inflateRawSync(body.subarray(tailAt + tailLength));
  const numbers = new Cursor(rest);
  const [count, columnsLength, keysLength] = [numbers.next(), numbers.next(), numbers.next()];
  const keys = rest.toString('utf8', numbers.at + columnsLength, numbers.at + columnsLength + keysLength);
  const values = rest.toString('utf8', numbers.at + columnsLength + keysLength);
  const column = (read: (index: number) => number | null): (number | null)[] =>
    Array.from({ length: count }, (_, index) => read(index));

  let seq = 0;
  const seqs = Array.from({ length: count }, () => {
    seq += numbers.next();
    return seq;
  });
  const borns = seqs.map((one) => one - numbers.next());
  let time = 0;
  const times = column(() => {
    const step = numbers.nextOrNull();
    if (step === null) return null;
    time += step;
    return time;
  });
  const ends = times.map((begin) => {
    const length = numbers.nextOrNull();
    return length === null ? null : (begin ?? 0) + length;
  });
  let version = 0;
  const versions = column(() => {
    const step = numbers.nextOrNull();
    if (step === null) return null;
    version += step;
    return version;
  });
  const origins = seqs.map(() => numbers.next());
  let at = 0;
  const ats = seqs.map(() => {
    at += numbers.nextSigned();
    return at;
  });
  let [keyAt, uuids] = [0, 0];
  const uuid = Buffer.alloc(headBytes + tailBytes);
  const names = times.map((begin) => {
    const length = numbers.next();
    if (length > 0) {
      keyAt += length - 1;
      return keys.slice(keyAt - length + 1, keyAt);
    }
    uuid.writeUIntBE(numbers.nextSigned() + headOf(begin), 0, headBytes);
    const tail = tailAt + tailBytes * uuids;
    uuid.set(body.subarray(tail, tail + tailBytes), headBytes);
    uuids += 1;
    return uuidAt(uuid, 0);
  });
  let valueAt = 0;
  return seqs.map((one, index): Sealed => {
    const begin = valueAt;
    valueAt += numbers.next();
    return {
      seq: one,
      born: borns[index] ?? one,
      time: times[index] ?? null,
      end: ends[index] ?? null,
      version: versions[index] ?? null,
      origin: origins[index] ?? 0,
      at: ats[index] ?? 0,
      key: names[index] ?? '',
      value: values.slice(begin, valueAt),
    };
  });
}

/** A UUID of our own begins with its moment in milliseconds: then the time says it all. */
function headOf(time: number | null): number {
  return time === null ? 0 : Math.floor(time / 1_000);
}

function readHead(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, headBytes).readUIntBE(0, headBytes);
}

class Numbers {
  #bytes = Buffer.alloc(1_024);
  #length = 0;

  /** @param number 0 or more, up to 2^53 */
  put(number: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length);
    let left = number;
    while (left >= 0x80) {
      this.#bytes[this.#length++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#bytes[this.#length++] = left;
  }

  putSigned(number: number): void {
    this.put(number < 0 ? -2 * number - 1 : 2 * number);
  }

  putOrNull(number: number | null): void {
    if (number === null) this.put(0);
    else this.putSigned(number < 0 ? number : number + 1);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let [number, weight] = [byte - 0x80, 0x80];
    do {
      byte = this.#byte();
      number += (byte % 0x80) * weight;
      weight *= 0x80;
    } while (byte >= 0x80);
    return number;
  }

  nextSigned(): number {
    const number = this.next();
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  }

  nextOrNull(): number | null {
    const number = this.nextSigned();
    if (number === 0) return null;
    return number < 0 ? number : number - 1;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new Error('a block of the store is cut short');
    this.at += 1;
    return byte;
  }
}
