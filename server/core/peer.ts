// The core's view of a connection. A transport makes one Peer for each connection and one Publisher for itself. The core does not
// know what carries the bytes (WebSocket, raw TCP, an event stream, an array in a test).

/** sent: with the system. queued: behind other bytes; wait for `drained`. dropped: not accepted; `drained` will be called. */
export type Sent = 'sent' | 'queued' | 'dropped';

/** The text of one message in pieces, none of them empty. They may be made while the message is sent. */
export type Pieces = Iterable<string> | AsyncIterable<string>;

export interface Peer {
  /** `address/port` or the like, for people; never for decisions. */
  readonly name: string;
  /** The remote address without port, by which failed logins are counted. */
  readonly address: string;
  /** Bytes that a message from the client may have, MESSAGE_LIMIT at first. The conversation sets it. Absent where the client sends none. */
  messageLimit?: number;
  send(text: string): Sent;
  /**
   * Sends one message in pieces, each when the client has read most of those before it. Texts that are sent meanwhile wait for its end;
   * published texts count as missed. One message at a time: a second one begins after the first.
   * @returns false if the connection ended before the last piece was sent. Rejects with an error of `pieces`; the connection is
   * closed then, if the message had begun
   */
  stream(pieces: Pieces): Promise<boolean>;
  /** Sends what was queued, then ends the connection. Does nothing the second time. */
  close(code: number, reason: string): void;
  /** From now on `publish(topic)` of this peer's transport reaches it. */
  join(topic: string): void;
  leave(topic: string): void;
}

export interface Publisher {
  /** Sends one encoded text to all peers of this transport that joined the topic, but not to `except`. */
  publish(topic: string, text: string, except?: Peer): void;
}

/** The core's end of one connection; the transport calls it. */
export interface Conversation {
  /** One whole message. Never throws. */
  receive(text: string): void;
  /** A published text did not reach the peer: it was reading too slowly. */
  dropped(text: string): void;
  /** The peer accepts messages again. */
  drained(): void;
  /**
   * The connection is over.
   * @param orderly true if the other end closed the connection by a close frame or a FIN, so everything sent before has reached it
   */
  closed(orderly: boolean): void;
}
