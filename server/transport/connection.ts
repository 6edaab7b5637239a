// One connection as the core sees it: a Peer over a ByteSink, with the backpressure rules that hold for every sink. Also the topics
// of sinks that have no publish. The sinks (uws, ws, tcp) decide how bytes are sent.

import type { Refusal } from '../../protocol/errors.ts';
import { closeCode, refusalText, refuse } from '../../protocol/errors.ts';
import { replaceLoneSurrogates } from '../../protocol/well-formed.ts';
import { nextTurn } from '../core/next-turn.ts';
import type { Conversation, Peer, Pieces, Sent } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { attempt } from '../http/error-boundary.ts';

/** The greatest size of a message in bytes, on every transport, until a conversation raises it. */
export const MESSAGE_LIMIT = 1_048_576;
/** Bytes that may be queued for a slow reader. One more text is accepted while they are not exceeded. */
export const BACKPRESSURE_LIMIT = 1_048_576;
/** The same for a reader of an event stream; also the greatest write that small texts are joined into. */
export const STREAM_LIMIT = 65_536;
/** A slow reader has caught up once at most this many bytes are queued. */
const DRAINED_BELOW = 65_536;
/** Milliseconds after which a reader that takes nothing of a message in pieces is disconnected. */
const STALL_MS = 60_000;

/** Where a Connection's bytes go. Called only while the connection is open. */
export interface ByteSink {
  write(text: string): void;
  /** Writes a part of one message; between its parts nothing else is written. @param isLast true for the last part */
  writePart(text: string, isLast: boolean): void;
  /** Bytes written that the operating system has not accepted yet. */
  pendingBytes(): number;
  /** Sends what is queued, then closes. */
  end(code: number, reason: string): void;
}

/** The members of each topic. */
export interface TopicMembers {
  join(connection: PeerConnection, topic: string): void;
  leave(connection: PeerConnection, topic: string): void;
  /** The connection sends a message in pieces: until its `isReady`, published texts must be given to its `miss`. */
  hold(connection: PeerConnection): void;
  /** Removes a closed connection from all topics. */
  remove(connection: PeerConnection): void;
}

export interface ConnectionName {
  /** Counts the connections of this process. */
  readonly number: number;
  readonly address: string;
}

const noTexts: readonly string[] = [];
const noop = () => undefined;

/** A message that is being sent in pieces. */
interface Streaming {
  /** Resolves when the message has ended, in any way. */
  ended: Promise<unknown>;
  /** True once nothing else may be written until its end. */
  hasBegun: boolean;
  /** True once a part of it was written. */
  hasParts: boolean;
  /** Texts that wait for its end. */
  readonly waiting: string[];
  waitingLength: number;
  /** Resumes the message when the reader has taken bytes, or the connection is closed. */
  resume: () => void;
}

export class PeerConnection implements Peer {
  readonly address: string;
  readonly sink: ByteSink;
  messageLimit: number = MESSAGE_LIMIT;
  readonly #members: TopicMembers;
  readonly #limit: number;
  readonly #log: Log;
  readonly #number: number;
  #conversation: Conversation | null = null;
  #state: 'open' | 'ending' | 'over' = 'open';
  /** True after a text was queued, dropped or missed: the conversation then expects a call of `drained`. */
  #owesDrained = false;
  #missed: readonly string[] = noTexts;
  #streaming: Streaming | undefined;

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
    if (this.sink.pendingBytes() + (this.#streaming?.waitingLength ?? 0) > this.#limit) {
      this.#owesDrained = true;
      return 'dropped';
    }
    if (this.#streaming?.hasBegun === true) {
      this.#streaming.waiting.push(text);
      this.#streaming.waitingLength += text.length;
      this.#owesDrained = true;
      return 'queued';
    }
    this.sink.write(text);
    if (this.sink.pendingBytes() === 0) return 'sent';
    this.#owesDrained = true;
    return 'queued';
  }

  stream(pieces: Pieces): Promise<boolean> {
    const before = this.#streaming?.ended;
    if (before !== undefined) return before.then(() => this.stream(pieces));
    if (!this.isOpen) return Promise.resolve(false);
    const streaming: Streaming = {
      ended: Promise.resolve(),
      hasBegun: false,
      hasParts: false,
      waiting: [],
      waitingLength: 0,
      resume: noop,
    };
    this.#streaming = streaming;
    const writing = this.#writeMessage(pieces, streaming).finally(() => {
      this.#streaming = undefined;
      for (const text of streaming.waiting) if (this.isOpen) this.sink.write(text);
      this.flushed();
    });
    streaming.ended = writing.catch(noop);
    return writing;
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#state = 'ending';
    this.#streaming?.resume();
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
    if (!this.isReady || this.sink.pendingBytes() > this.#limit) this.miss([text]);
    else this.sink.write(text);
  }

  /** True if published texts were missed and not yet reported to the conversation. Until then no other text is sent. */
  get isBehind(): boolean {
    return this.#missed.length > 0;
  }

  /** False while published texts must not be sent: after missed ones, and between the pieces of a message. */
  get isReady(): boolean {
    return !this.isBehind && this.#streaming?.hasBegun !== true;
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
    this.#streaming?.resume();
    if (this.#streaming?.hasBegun === true) return;
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
    this.#streaming?.resume();
    this.#members.remove(this);
    attempt(
      this.#log,
      'closing a conversation',
      () => this.#conversation?.closed(orderly),
      () => undefined,
    );
    this.#conversation = null;
  }

  /** A message whose pieces are there already begins at once: no other text comes between the call and the message. */
  async #writeMessage(pieces: Pieces, streaming: Streaming): Promise<boolean> {
    if (!(Symbol.iterator in pieces)) return this.#writePieces(undefined, pieces, streaming);
    const iterator = pieces[Symbol.iterator]();
    const [first, second] = [iterator.next(), iterator.next()];
    if (first.done === true) return false;
    if (second.done === true && this.sink.pendingBytes() <= this.#limit) {
      this.sink.write(first.value);
      return true;
    }
    this.#begin(streaming);
    if (second.done === true) return this.#writePieces(first.value, [], streaming);
    if (!(await this.#waitForRoom(streaming))) return false;
    this.#writePart(first.value, streaming);
    return this.#writePieces(second.value, { [Symbol.iterator]: () => iterator }, streaming);
  }

  /** @param held one piece is held back: a message of one piece is written whole, and the last one is written as such */
  async #writePieces(held: string | undefined, pieces: Pieces, streaming: Streaming): Promise<boolean> {
    let last = held;
    try {
      for await (const piece of pieces) {
        if (last !== undefined) {
          this.#begin(streaming);
          if (!(await this.#waitForRoom(streaming))) return false;
          this.#writePart(last, streaming);
          // A reader that keeps up must not keep all others waiting until the last piece.
          await nextTurn();
        }
        if (!this.isOpen) return false;
        last = piece;
      }
    } catch (error) {
      // The client would wait for the rest of the message.
      if (streaming.hasParts) this.close(1011, 'internal error');
      throw error;
    }
    if (last === undefined || !(await this.#waitForRoom(streaming))) return false;
    if (streaming.hasParts) this.sink.writePart(last, true);
    else this.sink.write(last);
    return true;
  }

  #writePart(piece: string, streaming: Streaming): void {
    this.sink.writePart(piece, false);
    streaming.hasParts = true;
  }

  #begin(streaming: Streaming): void {
    if (streaming.hasBegun) return;
    streaming.hasBegun = true;
    this.#members.hold(this);
  }

  /** Waits until the reader has taken most of what was written. @returns false if the connection is over */
  async #waitForRoom(streaming: Streaming): Promise<boolean> {
    for (let pending = this.sink.pendingBytes(); this.isOpen && pending > DRAINED_BELOW; ) {
      const isStalled = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), STALL_MS);
        timer.unref();
        streaming.resume = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      streaming.resume = noop;
      const before = pending;
      if (this.isOpen) pending = this.sink.pendingBytes();
      if (isStalled && pending >= before) this.refuse(refuse('slow'));
    }
    return this.isOpen;
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

  /** Nothing to do: `deliver` asks the connection. */
  hold(): void {}

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
