// Finds where JSON objects begin and end in a stream of bytes that has no delimiters: glued, cut anywhere (inside a UTF-8
// character too), with or without white space between them. It counts brackets and knows strings; whether the text between
// them is JSON is the codec's question.

export type FramingError = 'garbage' | 'encoding' | 'too_large';

export interface Frames {
  /** Whole objects that these bytes completed, in order. */
  readonly messages: readonly string[];
  /** What ended the stream after them; nothing more will ever be framed. */
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
  readonly #limit: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // The object under way, in one block that doubles: a list of chunks would cost a hundred times its bytes when they
  // come one at a time.
  #held = Buffer.alloc(0);
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #fault: FramingError | null = null;

  /** @param limit bytes that one object may have */
  constructor(limit: number) {
    this.#limit = limit;
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
        this.#take(chunk, start, at + 1, messages);
      }
    }
    if (this.#depth > 0 && this.#fault === null) this.#hold(chunk.subarray(start));
    if (this.#fault !== null) this.#held = Buffer.alloc(0);
    return { messages, fault: this.#fault };
  }

  /** Bytes of the object under way: 0 between objects. */
  get held(): number {
    return this.#length;
  }

  /** One byte inside an object; true when it closes it. */
  #step(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
    return this.#depth === 0;
  }

  #take(chunk: Uint8Array, start: number, end: number, messages: string[]): void {
    let whole = chunk.subarray(start, end);
    if (this.#length + whole.length > this.#limit) {
      this.#fault = 'too_large';
      return;
    }
    if (this.#length > 0) {
      this.#hold(whole);
      whole = this.#held.subarray(0, this.#length);
    }
    try {
      messages.push(this.#decoder.decode(whole));
    } catch {
      this.#fault = 'encoding';
    }
    this.#length = 0;
    // A large object's block is given back: most connections never see a second one.
    if (this.#held.length > 65_536) this.#held = Buffer.alloc(0);
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#limit) {
      this.#fault = 'too_large';
      return;
    }
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(1024, length, this.#held.length * 2)));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }
}
