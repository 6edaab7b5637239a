// One connection as the core sees it: a Peer over a ByteSink, with the backpressure rules that hold for every sink. Also the topics
// of sinks that have no publish. The sinks (uws, ws, tcp) decide how bytes are sent.

import type { Refusal } from '../../protocol/errors.ts';
import { closeCode, refusalText } from '../../protocol/errors.ts';
import { replaceLoneSurrogates } from '../../protocol/well-formed.ts';
import type { Conversation, Peer, Sent } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { attempt } from '../http/error-boundary.ts';

/** The greatest size of a message in bytes, on every transport. */
export const MESSAGE_LIMIT = 1_048_576;
/** Bytes that may be queued for a slow reader. One more text is accepted while they are not exceeded. */
export const BACKPRESSURE_LIMIT = 1_048_576;
/** The same for a reader of an event stream; also the greatest write that small texts are joined into. */
export const STREAM_LIMIT = 65_536;
/** A slow reader has caught up once at most this many bytes are queued. */
const DRAINED_BELOW = 65_536;

/** Where a Connection's bytes go. Called only while the connection is open. */
export interface ByteSink {
  write(text: string): void;
  /** Bytes written that the operating system has not accepted yet. */
  pendingBytes(): number;
  /** Sends what is queued, then closes. */
  end(code: number, reason: string): void;
}

/** The members of each topic. */
export interface TopicMembers {
  join(connection: PeerConnection, topic: string): void;
  leave(connection: PeerConnection, topic: string): void;
  /** Removes a closed connection from all topics. */
  remove(connection: PeerConnection): void;
}

export interface ConnectionName {
  /** Counts the connections of this process. */
  readonly number: number;
  readonly address: string;
}

const noTexts: readonly string[] = [];

export class PeerConnection implements Peer {
  readonly address: string;
  readonly sink: ByteSink;
  readonly #members: TopicMembers;
  readonly #limit: number;
  readonly #log: Log;
  readonly #number: number;
  #conversation: Conversation | null = null;
  #state: 'open' | 'ending' | 'over' = 'open';
  /** True after a text was queued, dropped or missed: the conversation then expects a call of `drained`. */
  #owesDrained = false;
  #missed: readonly string[] = noTexts;

  constructor(sink: ByteSink, members: TopicMembers, limit: number, log: Log, names: ConnectionName) {
    this.sink = sink;
    this.#members = members;
    this.#limit = limit;
    this.#log = log;
    this.#number = names.number;
    this.address = names.address;
  }

  start(converse: (peer: Peer) => Conversation): void {
    this.#attempt('opening a conversation', () => {
      this.#conversation = converse(this);
    });
  }

  get name(): string {
    return `${this.address}/${this.#number}`;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(text: string): Sent {
    if (!this.isOpen) return 'dropped';
    if (this.sink.pendingBytes() > this.#limit) {
      this.#owesDrained = true;
      return 'dropped';
    }
    this.sink.write(text);
    if (this.sink.pendingBytes() === 0) return 'sent';
    this.#owesDrained = true;
    return 'queued';
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#state = 'ending';
    // A close frame has room for 123 bytes of reason.
    this.sink.end(
      code,
      Buffer.from(reason)
        .subarray(0, 123)
        .toString()
        .replace(/\ufffd+$/, ''),
    );
  }

  /** Sends a refusal, and closes the connection where the table of errors has a close code for it. */
  refuse(refusal: Refusal): void {
    this.send(refusalText(refusal));
    const code = closeCode(refusal.code);
    if (code !== undefined) this.close(code, refusal.error);
  }

  join(topic: string): void {
    if (this.isOpen) this.#members.join(this, topic);
  }

  leave(topic: string): void {
    if (this.isOpen) this.#members.leave(this, topic);
  }

  receive(text: string): void {
    if (this.isOpen) this.#attempt('a message', () => this.#conversation?.receive(replaceLoneSurrogates(text)));
  }

  /** Sends one published text, for sinks without publish of their own. */
  deliver(text: string): void {
    if (!this.isOpen) return;
    if (this.isBehind || this.sink.pendingBytes() > this.#limit) this.miss([text]);
    else this.sink.write(text);
  }

  /** True if published texts were missed and not yet reported to the conversation. Until then no other text is sent. */
  get isBehind(): boolean {
    return this.#missed.length > 0;
  }

  /** Reports missed texts to the conversation in a later turn: it leaves topics then, which is unsafe during a publish. */
  miss(texts: readonly string[]): void {
    if (!this.isOpen) return;
    this.#owesDrained = true;
    if (!this.isBehind && texts.length > 0) setImmediate(() => this.#reportMissed());
    this.#missed = [...this.#missed, ...texts];
  }

  /** The sink calls this whenever queued bytes have been sent. */
  flushed(): void {
    if (!this.#owesDrained || !this.isOpen || this.sink.pendingBytes() > Math.min(DRAINED_BELOW, this.#limit)) return;
    if (this.isBehind) this.#reportMissed();
    this.#owesDrained = false;
    this.#attempt('catching up', () => this.#conversation?.drained());
  }

  /** @param orderly true if the other end closed the connection properly */
  closed(orderly: boolean): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#missed = noTexts;
    this.#members.remove(this);
    attempt(
      this.#log,
      'closing a conversation',
      () => this.#conversation?.closed(orderly),
      () => undefined,
    );
    this.#conversation = null;
  }

  #reportMissed(): void {
    const texts = this.#missed;
    this.#missed = noTexts;
    for (const text of texts) {
      if (this.isOpen) this.#attempt('a missed text', () => this.#conversation?.dropped(text));
    }
  }

  #attempt(doing: string, act: () => void): void {
    attempt(this.#log, doing, act, () => this.close(1011, 'internal error'));
  }
}

/** Topics in JavaScript, for event streams, raw TCP and the engine on ws. */
export class TopicMap implements TopicMembers {
  readonly #members = new Map<string, Set<PeerConnection>>();
  readonly #joined = new Map<PeerConnection, Set<string>>();

  join(connection: PeerConnection, topic: string): void {
    setOf(this.#members, topic).add(connection);
    setOf(this.#joined, connection).add(topic);
  }

  leave(connection: PeerConnection, topic: string): void {
    this.#joined.get(connection)?.delete(topic);
    const members = this.#members.get(topic);
    members?.delete(connection);
    if (members?.size === 0) this.#members.delete(topic);
  }

  remove(connection: PeerConnection): void {
    for (const topic of this.#joined.get(connection) ?? []) this.leave(connection, topic);
    this.#joined.delete(connection);
  }

  publish(topic: string, text: string, except?: Peer): void {
    for (const connection of this.#members.get(topic) ?? []) {
      if (connection !== except) connection.deliver(text);
    }
  }
}

function setOf<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (set === undefined) {
    set = new Set();
    map.set(key, set);
  }
  return set;
}
