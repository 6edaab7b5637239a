// The interface between `listen` and the two engines for HTTP and WebSocket, and the code that both share. It depends on neither engine.

import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { refuse } from '../../protocol/errors.ts';
import type { Peer } from '../core/peer.ts';
import type { PeerConnection } from './connection.ts';
import { MESSAGE_LIMIT } from './connection.ts';

/**
 * The engines' own frame limit, which closes without an error message: well above MESSAGE_LIMIT, whose refusal explains itself. The engines
 * have one limit for all connections, so it is also what a connection without a login may make them buffer.
 */
export const MAX_FRAME = 4 * MESSAGE_LIMIT;

export interface HttpEngine {
  readonly port: number;
  /** Publishes to this engine's own members of a topic; the caller publishes to the members in the TopicMap. */
  publish(topic: string, text: string, except?: Peer): void;
  /** Takes over a connection that has already sent a complete request head. */
  takeOver(socket: Socket, head: Buffer, address: string): void;
  /** Stops accepting connections. */
  stop(): void;
  /** Destroys every connection. */
  close(): Promise<void>;
}

export type OpenedEngine =
  | { readonly ok: true; readonly engine: HttpEngine }
  | { readonly ok: false; readonly error: string };

/** Greatest size of a request line and its headers in bytes, for every engine. */
export const HEAD_LIMIT = 16_384;

/** Milliseconds that a reader has for the bytes that were queued when its connection was ended. */
export const CLOSE_TIMEOUT_MS = 30_000;

/** Destroys a stream that has not sent its queued bytes within CLOSE_TIMEOUT_MS. */
export function destroyLater(output: Writable): void {
  if (output.destroyed) return;
  const timer = setTimeout(() => output.destroy(), CLOSE_TIMEOUT_MS);
  output.once('close', () => clearTimeout(timer));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Receives one WebSocket message. @param binary false if the engine has checked that the bytes are UTF-8 */
export function receiveMessage(connection: PeerConnection, bytes: Buffer, binary: boolean): void {
  const { messageLimit } = connection;
  if (bytes.length > messageLimit) {
    connection.refuse(refuse('too_large', '', `${messageLimit} bytes at most`));
    return;
  }
  if (!binary) {
    connection.receive(bytes.toString());
    return;
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    connection.refuse(refuse('payload', '', 'send JSON as UTF-8 text'));
    return;
  }
  connection.receive(text);
}
