// The port between `listen` and the two engines that speak HTTP and WebSocket, and the pieces of it that are the same in
// both. Neither engine is named here.

import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { refuse } from '../../protocol/errors.ts';
import type { Peer } from '../core/peer.ts';
import type { ByteSink, PeerConnection } from './connection.ts';
import { MESSAGE_LIMIT, STREAM_LIMIT } from './connection.ts';
import { WriteCoalescer } from './write-coalescer.ts';

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
