// The parts that all event streams share: their headers, their keep-alives, and a Session whose Peer sends events. Which events those are, the
// caller decides.

import type { Identity } from '../core/access.ts';
import type { Hub } from '../core/hub.ts';
import type { Conversation, Peer, Pieces, Sent } from '../core/peer.ts';
import { Session } from '../core/session.ts';

const keepAliveMs = 5_000;
/** After this many keep-alives in a row that did not fit, the stream is closed as too slow. The client may reconnect. */
const patience = 12;

export const streamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream;charset=UTF-8',
  'cache-control': 'no-store, no-cache, must-revalidate, proxy-revalidate, max-age=0',
  'x-accel-buffering': 'no',
};

export interface StreamFormat {
  /** Formats a message of the session itself (JSON: why it ends) as an event of this stream. */
  readonly formatNotice: (json: string) => string;
  /** Sent every five seconds; '' for a stream that sends something so often anyway. */
  readonly keepAlive: string;
}

export interface OpenedStream {
  readonly session: Session;
  readonly conversation: Conversation;
}

/**
 * Opens the session of a new stream. It follows no channel yet.
 * @param ended called once, when the session is over
 */
export function openStream(
  hub: Hub,
  peer: Peer,
  identity: Identity,
  manner: StreamFormat,
  ended: () => void,
): OpenedStream {
  const session = new Session(hub, new EventPeer(peer, manner.formatNotice), identity);
  let missed = 0;
  const beat = () => {
    cancel = hub.world.after(keepAliveMs, beat);
    missed = peer.send(manner.keepAlive) === 'dropped' ? missed + 1 : 0;
    if (missed === patience) session.end('slow');
  };
  let cancel = manner.keepAlive === '' ? () => undefined : hub.world.after(keepAliveMs, beat);
  session.atEnd(() => {
    cancel();
    ended();
  });
  const conversation: Conversation = {
    receive: () => undefined,
    dropped: (text) => session.dropped(text),
    drained: () => session.drained(),
    closed: () => session.closed(),
  };
  return { session, conversation };
}

/** Formats the session's own messages, which are JSON; the events of its views never begin with a brace. */
class EventPeer implements Peer {
  readonly #peer: Peer;
  readonly #words: (json: string) => string;

  constructor(peer: Peer, words: (json: string) => string) {
    this.#peer = peer;
    this.#words = words;
  }

  get name(): string {
    return this.#peer.name;
  }

  get address(): string {
    return this.#peer.address;
  }

  send(text: string): Sent {
    return this.#peer.send(text.startsWith('{') ? this.#words(text) : text);
  }

  stream(pieces: Pieces): Promise<boolean> {
    return this.#peer.stream(pieces);
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
  }

  join(topic: string): void {
    this.#peer.join(topic);
  }

  leave(topic: string): void {
    this.#peer.leave(topic);
  }
}
