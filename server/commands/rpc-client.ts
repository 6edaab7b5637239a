// Asks the hub one thing after another in the words of its wire, and finds the answer to each by its `ref`. What carries the
// texts (a WebSocket, or a conversation in this very process) is the business of those who make one.

import type { Requests } from '../../protocol/messages.ts';
import { type AnswerTo, answers, isReferring, isRefused, type Verb } from './response-schemas.ts';

export type Asked<T> = { readonly ok: true; readonly answer: T } | { readonly ok: false; readonly error: string };

export class Dialogue {
  #secret: string;
  #send: (text: string) => void;
  #waiting = new Map<number, (value: unknown) => void>();
  #asked = 0;
  #over: string | undefined;

  /** @param secret opens the hub; it goes with every question, so that no login makes a device of us */
  constructor(secret: string, send: (text: string) => void) {
    this.#secret = secret;
    this.#send = send;
  }

  async ask<V extends Verb>(
    verb: V,
    request: Omit<Requests[V], 'type' | 'ref' | 'user_id'>,
  ): Promise<Asked<AnswerTo<V>>> {
    this.#asked += 1;
    const ref = this.#asked;
    const value = await new Promise<unknown>((resolve) => {
      this.#waiting.set(ref, resolve);
      if (this.#over === undefined) this.#send(JSON.stringify({ ...request, type: verb, user_id: this.#secret, ref }));
      else this.over(this.#over);
    });
    if (answers(verb, value)) return { ok: true, answer: value };
    if (!isRefused(value)) return { ok: false, error: `the hub gave an answer to "${verb}" that is not understood` };
    // A hint that says what to type on the wire is not for those who typed a command.
    const hint = value.hint === undefined || value.hint.includes('{"type"') ? '' : `: ${value.hint}`;
    return { ok: false, error: `${value.error}${hint}` };
  }

  hear(text: string): void {
    const value: unknown = JSON.parse(text);
    if (!isReferring(value)) return;
    this.#waiting.get(value.ref)?.(value);
    this.#waiting.delete(value.ref);
  }

  /** Nothing more will be heard. */
  over(reason: string): void {
    this.#over = reason;
    for (const resolve of this.#waiting.values()) resolve({ success: false, error: reason });
    this.#waiting.clear();
  }
}
