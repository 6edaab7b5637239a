// Sends requests to the hub in the messages of its wire, and matches each answer by its `ref`. The caller provides what carries the
// texts: a WebSocket, or a conversation in this process.

import type { Requests } from '../../protocol/messages.ts';
import { type AnswerTo, type CommandVerb, hasRef, isAnswerTo, isRefused } from './response-schemas.ts';

/** The answer to a request, or a text that explains the failure. */
export type RpcResult<T> = { readonly ok: true; readonly answer: T } | { readonly ok: false; readonly error: string };

export class RpcClient {
  #secret: string;
  #send: (text: string) => void;
  #pending = new Map<number, (value: unknown) => void>();
  #lastRef = 0;
  #closed: string | undefined;

  /** @param secret sent with every request instead of a login, which would register a device */
  constructor(secret: string, send: (text: string) => void) {
    this.#secret = secret;
    this.#send = send;
  }

  async request<V extends CommandVerb>(
    verb: V,
    request: Omit<Requests[V], 'type' | 'ref' | 'user_id'>,
  ): Promise<RpcResult<AnswerTo<V>>> {
    this.#lastRef += 1;
    const ref = this.#lastRef;
    const value = await new Promise<unknown>((resolve) => {
      this.#pending.set(ref, resolve);
      if (this.#closed === undefined)
        this.#send(JSON.stringify({ ...request, type: verb, user_id: this.#secret, ref }));
      else this.close(this.#closed);
    });
    if (isAnswerTo(verb, value)) return { ok: true, answer: value };
    if (!isRefused(value)) return { ok: false, error: `the hub's answer to "${verb}" has an unknown form` };
    // A hint that shows a message of the wire does not help a person who typed a command.
    const hint = value.hint === undefined || value.hint.includes('{"type"') ? '' : `: ${value.hint}`;
    return { ok: false, error: `${value.error}${hint}` };
  }

  /** Takes a text from the hub. */
  receive(text: string): void {
    const value: unknown = JSON.parse(text);
    if (!hasRef(value)) return;
    this.#pending.get(value.ref)?.(value);
    this.#pending.delete(value.ref);
  }

  /** Ends the conversation: every waiting request fails with the reason. */
  close(reason: string): void {
    this.#closed = reason;
    for (const resolve of this.#pending.values()) resolve({ success: false, error: reason });
    this.#pending.clear();
  }
}
