// The port between `listen` and the two engines that speak HTTP and WebSocket, and the pieces of it that are the same in
// both. Neither engine is named here.

import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { refuse } from '../../protocol/errors.ts';
import type { Peer } from '../core/peer.ts';
import type { ByteSink, PeerConnection } from './connection.ts';
import { MESSAGE_LIMIT, STREAM_LIMIT } from './connection.ts';

/** Where an engine's own limit cuts, without a word: well above ours, so that ours is the one people meet. */
export const FRAME_CUT = 4 * MESSAGE_LIMIT;

export interface HttpEngine {
  readonly port: number;
  /** To this engine's own followers of a topic; those in `Topics` are published to by the caller. */
  publish(topic: string, text: string, except?: Peer): void;
  /** Takes over a connection that has sent a whole request head already. */
  takeOver(socket: Socket, head: Buffer, address: string): void;
  /** No new connections from now on. */
  stop(): void;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export type OpenedEngine =
  | { readonly ok: true; readonly engine: HttpEngine }
  | { readonly ok: false; readonly error: string };

/** Bytes of a request's line and headers, in every engine. */
export const HEAD_LIMIT = 16_384;

/** How long a reader may take for what was queued when its connection was ended. */
export const LAST_MS = 30_000;

/** Lets what is queued leave, but not for ever. */
export function destroyLater(out: Writable): void {
  if (out.destroyed) return;
  const cut = setTimeout(() => out.destroy(), LAST_MS);
  out.once('close', () => clearTimeout(cut));
}

/** Of a body's announced length that has come when there is memory set aside for all of it: an announcement costs its sender nothing. */
const PREALLOCATE_AFTER = 1 / 8;

/** A body on its way in. A large one of announced length is put where it stays: joining a hundred megabytes at the end takes long. */
export class BodyCollector {
  readonly #announced: number;
  #chunks: Uint8Array[] = [];
  #whole: Buffer | null = null;
  #length = 0;

  /** @param announced 0 when it was not */
  constructor(announced: number) {
    this.#announced = announced;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies the chunk. */
  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (this.#whole === null && length <= this.#announced && length >= this.#announced * PREALLOCATE_AFTER) {
      this.#whole = Buffer.allocUnsafe(this.#announced);
      let at = 0;
      for (const earlier of this.#chunks.splice(0)) {
        this.#whole.set(earlier, at);
        at += earlier.length;
      }
    }
    if (this.#whole !== null && length <= this.#announced) this.#whole.set(chunk, this.#length);
    else this.#chunks.push(Buffer.from(chunk));
    this.#length = length;
  }

  take(): Buffer {
    if (this.#whole === null) return Buffer.concat(this.#chunks);
    return this.#length === this.#announced ? this.#whole : this.#whole.subarray(0, this.#length);
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One WebSocket message: text that the engine has checked, or bytes that must be text. */
export function receiveMessage(line: PeerConnection, bytes: Buffer, binary: boolean): void {
  if (bytes.length > MESSAGE_LIMIT) {
    line.refuse(refuse('too_large', '', `${MESSAGE_LIMIT} bytes at most`));
    return;
  }
  if (!binary) {
    line.receive(bytes.toString());
    return;
  }
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    line.refuse(refuse('payload', '', 'send JSON as UTF-8 text'));
    return;
  }
  line.receive(text);
}

/** Gathers the texts of one turn, so that they leave in one write. */
export class WriteCoalescer {
  readonly #most: number;
  readonly #pour: (text: string) => void;
  #texts: string[] = [];
  #length = 0;

  constructor(most: number, pour: (text: string) => void) {
    this.#most = most;
    this.#pour = pour;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length > this.#most) this.flush();
    else if (this.#texts.length === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#texts.length === 0) return;
    const text = this.#texts.join('');
    this.#texts = [];
    this.#length = 0;
    this.#pour(text);
  }
}

/** Texts into a Node stream: an HTTP body that goes on, or a raw socket. */
export class NodeSink implements ByteSink {
  readonly #out: Writable;
  readonly #after: string;
  readonly #gathering = new WriteCoalescer(STREAM_LIMIT, (text) => this.#pour(text));
  flushed: () => void = () => undefined;

  /** @param after follows every text */
  constructor(out: Writable, after: string) {
    this.#out = out;
    this.#after = after;
  }

  write(text: string): void {
    this.#gathering.add(text + this.#after);
  }

  pendingBytes(): number {
    return this.#out.writableLength;
  }

  end(): void {
    this.#gathering.flush();
    this.#out.end();
    destroyLater(this.#out);
  }

  #pour(text: string): void {
    if (!this.#out.writable) return;
    this.#out.write(text, () => this.flushed());
  }
}
