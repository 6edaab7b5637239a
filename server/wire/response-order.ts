// Sends the answers of one connection in the order of its requests: an answer waits until earlier writes are decided, and later requests
// do not wait for it.

import { refusalText, refuse } from '../../protocol/errors.ts';
import { type Act, type QueueOwner, SerialQueue } from '../core/serial-queue.ts';
import type { Accepted, Refused } from './idempotency.ts';

export type Ref = string | number | undefined;

export interface AnsweringOwner {
  send(text: string): void;
  /** A request failed, and not by the client's fault. */
  failed(error: unknown): void;
}

export class Answering implements QueueOwner {
  /** True once the conversation has ended: nothing more is sent. */
  over = false;
  #owner: AnsweringOwner;
  #turns: SerialQueue = new SerialQueue(this);

  constructor(owner: AnsweringOwner) {
    this.#owner = owner;
  }

  /** Calls `act` after everything that was queued before. */
  after(act: Act): void {
    this.#turns.run(act);
  }

  /** Resolves when every request so far is answered and every write is decided. */
  done(): Promise<void> {
    return this.#turns.done();
  }

  send(text: string): void {
    if (!this.over) this.#owner.send(text);
  }

  accept(type: string, fields: object, ref: Ref): void {
    this.send(JSON.stringify({ success: true, type, ...fields, ref }));
  }

  refuse(refusal: Refused, ref: Ref): void {
    const { position } = refusal;
    const text = refusalText(refusal, ref);
    this.send(position === undefined ? text : JSON.stringify({ ...JSON.parse(text), ...position }));
  }

  refuseAfter(refusal: Refused, ref: Ref): void {
    this.after(() => this.refuse(refusal, ref));
  }

  /**
   * Answers a write that has a `ref`, or was refused.
   * @param more fields of the answer
   * @returns whether it was accepted
   */
  decided(written: Accepted | Refused, ref: Ref, more: object = {}): written is Accepted {
    if (!written.ok) {
      this.refuse(written, ref);
      return false;
    }
    const { seq, epoch } = written.position;
    if (ref !== undefined) this.send(JSON.stringify({ success: true, type: 'ack', ref, seq, epoch, ...more }));
    return true;
  }

  fault(error: unknown, ref: Ref): void {
    this.#owner.failed(error);
    this.refuse(refuse('broken', '', 'nothing was acknowledged: try again'), ref);
  }

  failed(error: unknown): void {
    this.fault(error, undefined);
  }
}
