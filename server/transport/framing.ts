// Finds where JSON objects begin and end in a stream of bytes that has no delimiters: glued, cut anywhere (inside a UTF-8
// character too), with or without white space between them. It counts brackets outside
// strings. The codec checks whether the text between them is JSON.

export type FramingError = 'garbage' | 'encoding' | 'too_large';

export interface Frames {
  /** Whole objects that these bytes completed, in order. */
  readonly messages: readonly string[];
  /** The error that ended the stream after them; no further objects are returned. */
  readonly fault: FramingError | null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

export class Framer {
  /** Bytes that one object may have. */
  limit: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // The incomplete object, in one buffer that doubles: a list of one-byte chunks would need a hundred times the memory.
  #buffer = Buffer.alloc(0);
  #length = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #fault: FramingError | null = null;

  /** @param limit bytes that one object may have */
  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Uint8Array): Frames {
    const messages: string[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length && this.#fault === null; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#depth === 0) {
        if (isSpace(byte)) continue;
        if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) {
          this.#fault = 'garbage';
          break;
        }
        start = at;
        this.#depth = 1;
      } else if (this.#step(byte)) {
        this.#complete(chunk, start, at + 1, messages);
      }
    }
    if (this.#depth > 0 && this.#fault === null) this.#append(chunk.subarray(start));
    if (this.#fault !== null) this.#buffer = Buffer.alloc(0);
    return { messages, fault: this.#fault };
  }

  /** Bytes of the incomplete object; 0 between objects. */
  get bufferedBytes(): number {
    return this.#length;
  }

  /** Processes one byte inside an object. @returns true if it closes the object */
  #step(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
      return false;
    }
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
    return this.#depth === 0;
  }

  #complete(chunk: Uint8Array, start: number, end: number, messages: string[]): void {
    let message = chunk.subarray(start, end);
    if (this.#length + message.length > this.limit) {
      this.#fault = 'too_large';
      return;
    }
    if (this.#length > 0) {
      this.#append(message);
      message = this.#buffer.subarray(0, this.#length);
    }
    try {
      messages.push(this.#decoder.decode(message));
    } catch {
      this.#fault = 'encoding';
    }
    this.#length = 0;
    // The buffer of a large object is released: most connections never receive a second one.
    if (this.#buffer.length > 65_536) this.#buffer = Buffer.alloc(0);
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.limit) {
      this.#fault = 'too_large';
      return;
    }
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.limit, Math.max(1024, length, this.#buffer.length * 2)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }
}
