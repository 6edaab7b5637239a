// A server that receives webhooks: it answers what the test says, and keeps what arrived.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  readonly body: any;
}

/** `silent`: accepts the request and never answers. `cut`: ends the connection in place of an answer. */
export type ReceiverAnswer =
  | number
  | 'silent'
  | 'cut'
  | { readonly status: number; readonly headers: Record<string, string>; readonly body?: string };

export class Receiver {
  readonly received: Received[] = [];
  /** The answers to the next requests; 204 when none is left. */
  answers: ReceiverAnswer[] = [];
  /** Answers everything, while it is set. */
  always: ReceiverAnswer | undefined;
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const { url: path = '', headers } = request;
      this.received.push({ path, headers, text, body: JSON.parse(text) });
      const answer = this.always ?? this.answers.shift() ?? 204;
      if (answer === 'silent') return;
      if (answer === 'cut') request.socket.destroy();
      else if (typeof answer === 'number') response.writeHead(answer).end();
      else response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
  });

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    const address = this.#server.address();
    return isAddress(address) ? address.port : 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The messages that arrived, each once, in the order in which each arrived first. */
  get messages(): readonly Received[] {
    const ids = new Set<string>();
    return this.received.filter(({ headers }) => {
      const id = String(headers['webhook-id']);
      return !ids.has(id) && ids.add(id).size > 0;
    });
  }

  /** Cuts every connection. */
  disconnect(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
