// Integers of variable length (LEB128): seven bits a byte, the lowest first, the eighth bit set on all bytes but the last. Signed
// integers are zigzag encoded before. Numbers are plain JavaScript numbers up to 2^53, so no bit operator is applied to a whole one.

export class VarintWriter {
  #bytes = Buffer.alloc(1_024);
  #length = 0;

  /** @param number a safe integer from 0 on */
  write(number: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    let left = number;
    while (left >= 0x80) {
      this.#bytes[this.#length++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#bytes[this.#length++] = left;
  }

  /** @param number an integer between -2^52 and 2^52 */
  writeSigned(number: number): void {
    this.write(number < 0 ? -2 * number - 1 : 2 * number);
  }

  /** The length of the UTF-8 bytes, then the bytes. */
  writeText(text: string): void {
    const length = Buffer.byteLength(text);
    this.write(length);
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(by: number): void {
    this.#bytes = Buffer.concat([this.#bytes], 2 * (this.#bytes.length + by));
  }
}

/** Reads what VarintWriter wrote. Every read throws a RangeError where the data ends too early. */
export class VarintReader {
  /** The index of the next byte. */
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isDone(): boolean {
    return this.at >= this.#bytes.length;
  }

  read(): number {
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

  readSigned(): number {
    const number = this.read();
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  }

  readText(): string {
    const length = this.read();
    const start = this.at;
    if (start + length > this.#bytes.length) throw new RangeError(endsTooEarly);
    this.at += length;
    return this.#bytes.toString('utf8', start, this.at);
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new RangeError(endsTooEarly);
    this.at += 1;
    return byte;
  }
}

const endsTooEarly = 'the data ends in the middle of a number or a text';
