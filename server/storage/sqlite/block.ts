// Sealed blocks: several hundred old steps of one channel, packed into one deflated buffer, column by column. Column order lets
// deflate find what the steps have in common. Also the encoding of keys in the tables. No SQL here; writer.ts decides when steps
// are sealed and unsealed.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { VarintReader, VarintWriter } from '../../core/varint.ts';

/** The last step of an existing item. The writer identifies its origin by a number, the reader by name. */
export interface Sealed<Origin = number> {
  readonly seq: number;
  readonly born: number;
  readonly time: number | null;
  readonly end: number | null;
  readonly version: number | null;
  readonly origin: Origin;
  readonly at: number;
  readonly key: string;
  readonly value: string;
}

/** The facts of a block that are known without unpacking it. Spans are null if no step has one. */
export interface Extent {
  readonly first: number;
  readonly last: number;
  readonly earliest: number | null;
  /** The greatest time of any step, in microseconds. */
  readonly latest: number | null;
  /** The last microsecond that a span of a step covers. */
  readonly reach: number | null;
  readonly count: number;
}

/** Steps with numbers beyond this limit stay in rows. Within it, the difference of any two numbers, doubled, is an exact integer. */
export const furthest = 2 ** 51;

/** A block with the fields of its row. */
export type Loose = Omit<Sealed, 'key'> & { readonly key: string | Uint8Array };

export function extentOf(steps: readonly Loose[]): Extent {
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

const dash = 0x2d;
const digits = Buffer.from('0123456789abcdef');
/** The value of a character as a hexadecimal digit; -1 if it is not a digit. */
const worth = Int8Array.from({ length: 128 }, (_, code) => digits.indexOf(code));
/** The position of the two digits of each byte of a UUID in its text. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const dashes = [8, 13, 18, 23];
const textLength = 36;

/** Encodes a key: a lower-case UUID becomes 16 bytes, any other key stays text. */
export function packKey(key: string): string | Uint8Array {
  if (key.length !== textLength) return key;
  for (const place of dashes) if (key.charCodeAt(place) !== dash) return key;
  const bytes = Buffer.allocUnsafe(places.length);
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index] ?? 0;
    const high = worth[key.charCodeAt(place)] ?? -1;
    const low = worth[key.charCodeAt(place + 1)] ?? -1;
    if (high < 0 || low < 0) return key;
    bytes[index] = high * 16 + low;
  }
  return bytes;
}

export function unpackKey(key: string | Uint8Array): string {
  if (typeof key === 'string') return key;
  const text = Buffer.allocUnsafe(textLength);
  writeUuid(text, 0, key, 0, places.length, 0);
  return text.toString('latin1');
}

/** Writes bytes of a UUID, beginning with byte number `from`, into its text at `at`. */
function writeUuid(text: Buffer, at: number, bytes: Uint8Array, begin: number, count: number, from: number): void {
  for (const place of dashes) text[at + place] = dash;
  for (let index = 0; index < count; index += 1) {
    const byte = bytes[begin + index] ?? 0;
    const place = at + (places[from + index] ?? 0);
    text[place] = digits[byte >> 4] ?? 0;
    text[place + 1] = digits[byte & 15] ?? 0;
  }
}

/** The first bytes of a UUID are often a timestamp. The rest is noise: deflate would spend time on it and gain nothing. */
const headBytes = 6;
const tailBytes = 10;

/**
 * The buffer: length of the tails · tails of the UUIDs, not deflated · the rest, deflated.
 * The rest: number of steps · length of the numbers · length of the keys' text · numbers, one column after another · keys' text ·
 * values' text. Numbers are varints (core/varint.ts).
 */
export function encodeBlock(steps: readonly Loose[]): Buffer {
  const numbers = new VarintWriter();
  let seq = 0;
  for (const step of steps) {
    numbers.write(step.seq - seq);
    seq = step.seq;
  }
  for (const step of steps) numbers.write(step.seq - step.born);
  let time = 0;
  for (const step of steps) {
    writeOrNull(numbers, step.time === null ? null : step.time - time);
    time = step.time ?? time;
  }
  for (const step of steps) writeOrNull(numbers, step.end === null ? null : step.end - (step.time ?? 0));
  let version = 0;
  for (const step of steps) {
    writeOrNull(numbers, step.version === null ? null : step.version - version);
    version = step.version ?? version;
  }
  for (const step of steps) numbers.write(step.origin);
  let made = 0;
  for (const step of steps) {
    numbers.writeSigned(step.at - made);
    made = step.at;
  }
  const tails: Uint8Array[] = [];
  let keys = '';
  for (const step of steps) {
    const key = typeof step.key === 'string' ? packKey(step.key) : step.key;
    if (typeof key === 'string') {
      // 0 marks a UUID.
      numbers.write(key.length + 1);
      keys += key;
    } else {
      numbers.write(0);
      numbers.writeSigned(readHead(key) - headOf(step.time));
      tails.push(key.subarray(headBytes));
    }
  }
  let values = '';
  for (const step of steps) {
    numbers.write(step.value.length);
    values += step.value;
  }

  const tail = Buffer.concat(tails);
  const [columns, keyText] = [numbers.bytes(), Buffer.from(keys)];
  const head = new VarintWriter();
  for (const number of [steps.length, columns.length, keyText.length]) head.write(number);
  const lead = new VarintWriter();
  lead.write(tail.length);
  const rest = Buffer.concat([head.bytes(), columns, keyText, Buffer.from(values)]);
  return Buffer.concat([lead.bytes(), tail, deflateRawSync(rest)]);
}

/** @param originOf maps the stored number of an origin to what the step gets */
export function decodeBlock<Origin>(body: Uint8Array, originOf: (id: number) => Origin): Sealed<Origin>[] {
  const lead = new VarintReader(body);
  const tailLength = lead.read();
  const tailAt = lead.at;
  const rest = inflateRawSync(body.subarray(tailAt + tailLength));
  const numbers = new VarintReader(rest);
  const [count, columnsLength, keysLength] = [numbers.read(), numbers.read(), numbers.read()];
  const keysAt = numbers.at + columnsLength;
  const keys = rest.toString('utf8', keysAt, keysAt + keysLength);
  const values = rest.toString('utf8', keysAt + keysLength);

  // Columns of numbers; null is stored as none. One pass over the columns, then one over the steps.
  const column = (): Float64Array => new Float64Array(count);
  const [seqs, borns, times, ends, versions, origins, ats] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
  ];
  let last = 0;
  for (let index = 0; index < count; index += 1) {
    last += numbers.read();
    seqs[index] = last;
  }
  for (let index = 0; index < count; index += 1) borns[index] = at(seqs, index) - numbers.read();
  last = 0;
  for (let index = 0; index < count; index += 1) {
    const step = readOrNone(numbers);
    if (!Number.isNaN(step)) last += step;
    times[index] = Number.isNaN(step) ? none : last;
  }
  for (let index = 0; index < count; index += 1) {
    const begin = at(times, index);
    ends[index] = readOrNone(numbers) + (Number.isNaN(begin) ? 0 : begin);
  }
  last = 0;
  for (let index = 0; index < count; index += 1) {
    const step = readOrNone(numbers);
    if (!Number.isNaN(step)) last += step;
    versions[index] = Number.isNaN(step) ? none : last;
  }
  for (let index = 0; index < count; index += 1) origins[index] = numbers.read();
  last = 0;
  for (let index = 0; index < count; index += 1) {
    last += numbers.readSigned();
    ats[index] = last;
  }
  // The UUIDs are decoded into one text; each key is a slice of it.
  const lengths = column();
  const text = Buffer.allocUnsafe((tailLength / tailBytes) * textLength);
  const head = Buffer.alloc(headBytes);
  let uuids = 0;
  for (let index = 0; index < count; index += 1) {
    const length = numbers.read();
    lengths[index] = length;
    if (length > 0) continue;
    head.writeUIntBE(numbers.readSigned() + headOf(orNull(at(times, index))), 0, headBytes);
    writeUuid(text, uuids * textLength, head, 0, headBytes, 0);
    writeUuid(text, uuids * textLength, body, tailAt + tailBytes * uuids, tailBytes, headBytes);
    uuids += 1;
  }
  const names = text.toString('latin1');
  let [nameAt, keyAt, valueAt] = [0, 0, 0];
  const steps: Sealed<Origin>[] = [];
  for (let index = 0; index < count; index += 1) {
    const length = at(lengths, index);
    const key = length === 0 ? names.slice(nameAt, nameAt + textLength) : keys.slice(keyAt, keyAt + length - 1);
    if (length === 0) nameAt += textLength;
    else keyAt += length - 1;
    const valueEnd = valueAt + numbers.read();
    steps.push({
      seq: at(seqs, index),
      born: at(borns, index),
      time: orNull(at(times, index)),
      end: orNull(at(ends, index)),
      version: orNull(at(versions, index)),
      origin: originOf(at(origins, index)),
      at: at(ats, index),
      key,
      value: values.slice(valueAt, valueEnd),
    });
    valueAt = valueEnd;
  }
  return steps;
}

const none = Number.NaN;

function at(column: Float64Array, index: number): number {
  return column[index] ?? 0;
}

function orNull(number: number): number | null {
  return Number.isNaN(number) ? null : number;
}

/** True if the UUID begins with its step's time in milliseconds, as our own UUIDs do. Then the time alone restores those bytes. */
function headOf(time: number | null): number {
  return time === null ? 0 : Math.floor(time / 1_000);
}

function readHead(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, headBytes).readUIntBE(0, headBytes);
}

/** Encodes null as 0 and shifts numbers from 0 on by one. */
function writeOrNull(writer: VarintWriter, number: number | null): void {
  if (number === null) writer.write(0);
  else writer.writeSigned(number < 0 ? number : number + 1);
}

/** Returns NaN for null. */
function readOrNone(reader: VarintReader): number {
  const number = reader.readSigned();
  if (number === 0) return none;
  return number < 0 ? number : number - 1;
}
