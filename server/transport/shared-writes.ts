// Writes to many connections on Node's sockets. A text is encoded once for all its receivers. The texts that a connection gets within one turn
// of the event loop leave in one write, and connections that get the same texts share the buffer of that write.

import type { Writable } from 'node:stream';
import { type ByteSink, STREAM_LIMIT } from './connection.ts';

/** The encoded texts of one turn, in order. Connections that got the same texts hold the same Sequence. */
class Sequence {
  readonly length: number;
  readonly #before: Sequence | null;
  readonly #last: Buffer;
  #joined: Buffer | null;
  #next: Sequence | null = null;

  constructor(before: Sequence | null, last: Buffer) {
    this.#before = before;
    this.#last = last;
    this.length = last.length + (before === null ? 0 : before.length);
    this.#joined = before === null ? last : null;
  }

  /** A text is published to all its receivers in one go, so the newest continuation is the only one that is kept. */
  append(bytes: Buffer): Sequence {
    if (this.#next === null || this.#next.#last !== bytes) this.#next = new Sequence(this, bytes);
    return this.#next;
  }

  join(): Buffer {
    if (this.#joined !== null) return this.#joined;
    const parts: Buffer[] = [];
    for (let at: Sequence | null = this; at !== null; at = at.#before) parts.push(at.#last);
    this.#joined = Buffer.concat(parts.reverse(), this.length);
    return this.#joined;
  }
}

/** Returns the bytes of a part of a message. */
type EncodePart = (text: string, isFirst: boolean, isLast: boolean) => Buffer;

/** The encoding and the turn that many sinks share. */
export class SharedWrites {
  readonly encodePart: EncodePart;
  readonly #encode: (text: string) => Buffer;
  /** The text that was encoded last, in this turn. */
  #text: string | null = null;
  #sequence: Sequence | null = null;
  #waiting: SharedSink[] = [];

  /** @param encode returns the bytes that are sent for a text, a WebSocket frame for example */
  constructor(encode: (text: string) => Buffer, encodePart: EncodePart) {
    this.#encode = encode;
    this.encodePart = encodePart;
  }

  /** Encodes a text as the first of a connection's turn. Receivers of one publish get the same Sequence. */
  begin(text: string): Sequence {
    // They pass the same string object, so that this comparison takes no time.
    if (this.#sequence === null || text !== this.#text) {
      this.#sequence = new Sequence(null, this.#encode(text));
      this.#text = text;
    }
    return this.#sequence;
  }

  flushAtEndOfTurn(sink: SharedSink): void {
    if (this.#waiting.push(sink) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const sinks = this.#waiting;
    this.#waiting = [];
    this.#text = null;
    this.#sequence = null;
    for (const sink of sinks) sink.endTurn();
  }
}

const noBytes = Buffer.alloc(0);
const noop = () => undefined;

/** Writes texts to a Node stream: a socket, or a streamed HTTP body. */
export class SharedSink implements ByteSink {
  /** Called when the operating system has accepted bytes that it did not accept at once. */
  flushed: () => void = noop;
  readonly #shared: SharedWrites;
  readonly #output: Writable;
  readonly #end: (code: number, reason: string) => void;
  #texts: Sequence | null = null;
  #isTurnScheduled = false;
  #isWaiting = false;
  #isOver = false;
  /** True between the first part of a message and its last. */
  #isInMessage = false;

  /** @param end closes the connection; the texts of the turn are written already */
  constructor(shared: SharedWrites, output: Writable, end: (code: number, reason: string) => void) {
    this.#shared = shared;
    this.#output = output;
    this.#end = end;
  }

  write(text: string): void {
    if (this.#isOver) return;
    const encoded = this.#shared.begin(text);
    this.#texts = this.#texts === null ? encoded : this.#texts.append(encoded.join());
    if (!this.#isTurnScheduled) {
      this.#isTurnScheduled = true;
      this.#shared.flushAtEndOfTurn(this);
    }
    if (this.#texts.length > STREAM_LIMIT) this.#flush();
  }

  writePart(text: string, isLast: boolean): void {
    if (this.#isOver) return;
    this.#flush();
    if (!this.#output.writable) return;
    this.#output.write(this.#shared.encodePart(text, !this.#isInMessage, isLast));
    this.#isInMessage = !isLast;
    if (this.#output.writableLength > 0) this.#awaitAccepted();
  }

  /** The texts of the current turn, at most STREAM_LIMIT bytes, do not count. A stream that has ended takes no bytes. */
  pendingBytes(): number {
    return this.#output.writable ? this.#output.writableLength : Number.POSITIVE_INFINITY;
  }

  end(code: number, reason: string): void {
    this.finish();
    this.#end(code, reason);
  }

  /** Writes the texts of the current turn, and drops those that come later. */
  finish(): void {
    this.#flush();
    this.#isOver = true;
  }

  endTurn(): void {
    this.#isTurnScheduled = false;
    this.#flush();
  }

  #flush(): void {
    const texts = this.#texts;
    if (texts === null) return;
    this.#texts = null;
    if (!this.#output.writable) return;
    // Without a callback, which would cost more than all else here: nearly always the system accepts the bytes at once.
    this.#output.write(texts.join());
    if (this.#output.writableLength > 0) this.#awaitAccepted();
  }

  #awaitAccepted(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#output.write(noBytes, (error) => {
      this.#isWaiting = false;
      if (!error) this.flushed();
      if (this.#output.writable && this.#output.writableLength > 0) this.#awaitAccepted();
    });
  }
}
