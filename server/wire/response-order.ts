// Sends the answers of one connection in the order of its requests: an answer waits until earlier writes are decided, and later requests
// do not wait for it.

import { refusalText, refuse } from '../../protocol/errors.ts';
import { LimitReached } from '../core/limits.ts';
import { listPieces } from '../core/list-pieces.ts';
import type { Pieces } from '../core/peer.ts';
import { type Act, type QueueOwner, SerialQueue } from '../core/serial-queue.ts';
import type { Accepted, Refused } from './idempotency.ts';

export type Ref = string | number | undefined;

/** A list as an answer has it. */
export interface AnswerList {
  readonly name: string;
  readonly entries: Iterable<unknown> | AsyncIterable<unknown>;
}

export interface ResponseSink {
  send(text: string): void;
  /** As `Peer.stream`. */
  stream(pieces: Pieces): Promise<boolean>;
  /** Logs a request that failed because of the hub, not the client. */
  logFailure(error: unknown): void;
}

export class OrderedResponses implements QueueOwner {
  /** True once the conversation has ended: nothing more is sent. */
  isOver = false;
  #sink: ResponseSink;
  #queue: SerialQueue = new SerialQueue(this);

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** Calls `act` after everything that was queued before. */
  enqueue(act: Act): void {
    this.#queue.run(act);
  }

  /** Resolves when every request so far is answered and every write is decided. */
  done(): Promise<void> {
    return this.#queue.done();
  }

  send(text: string): void {
    if (!this.isOver) this.#sink.send(text);
  }

  /** Sends one message in pieces, as fast as the client reads. @returns false if the connection ended before the end of the message */
  async stream(pieces: Pieces): Promise<boolean> {
    return !this.isOver && this.#sink.stream(pieces);
  }

  accept(type: string, fields: object, ref: Ref): void {
    this.send(JSON.stringify({ success: true, type, ...fields, ref }));
  }

  /** Answers with a list that may be long: it is written while it is sent. */
  async acceptList(type: string, { name, entries }: AnswerList, ref: Ref): Promise<void> {
    await this.stream(listPieces({ success: true, type }, name, entries, { ref }));
  }

  refuse(refusal: Refused, ref: Ref): void {
    const { position } = refusal;
    const text = refusalText(refusal, ref);
    this.send(position === undefined ? text : JSON.stringify({ ...JSON.parse(text), ...position }));
  }

  enqueueRefusal(refusal: Refused, ref: Ref): void {
    this.enqueue(() => this.refuse(refusal, ref));
  }

  /**
   * Answers a write that has a `ref`, or was refused.
   * @param more fields of the answer
   * @returns true if it was accepted
   */
  respondToWrite(written: Accepted | Refused, ref: Ref, more: object = {}): written is Accepted {
    if (!written.ok) {
      this.refuse(written, ref);
      return false;
    }
    const { seq, epoch } = written.position;
    if (ref !== undefined) this.send(JSON.stringify({ success: true, type: 'ack', ref, seq, epoch, ...more }));
    return true;
  }

  respondToFault(error: unknown, ref: Ref): void {
    if (error instanceof LimitReached) {
      this.refuse(error.refusal, ref);
      return;
    }
    this.#sink.logFailure(error);
    this.refuse(refuse('broken', '', 'nothing was acknowledged: try again'), ref);
  }

  failed(error: unknown): void {
    this.respondToFault(error, undefined);
  }
}
