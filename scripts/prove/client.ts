// The client of the long runs, over WebSocket or raw TCP. It matches answers by `ref`. When the connection closes, open requests resolve
// without an answer.

import { connect } from 'node:net';
import { WebSocket } from 'ws';

export interface Answer {
  readonly success: boolean;
  readonly type?: string;
  readonly error?: string;
  readonly seq?: number;
  readonly epoch?: string;
  readonly key?: string;
  readonly changes?: readonly Change[];
  readonly items?: readonly Change[];
  readonly tasks?: readonly { readonly id: number; readonly desc: string }[];
  readonly reason?: string;
}

export interface Change {
  readonly seq: number;
  readonly key: string;
  readonly item?: unknown;
}

export class Client {
  /** Called with each message that answers no request. */
  onMessage: (message: Answer) => void = () => undefined;
  #send: (text: string) => void;
  #cut: () => void;
  #pending = new Map<number, (answer: Answer | undefined) => void>();
  #ref = 0;
  #over = false;

  private constructor(send: (text: string) => void, cut: () => void) {
    this.#send = send;
    this.#cut = cut;
  }

  static webSocket(url: string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(url.replace(/^http/, 'ws'), { maxPayload: 64 * 1024 * 1024 });
      const client = new Client(
        (text) => ws.send(text),
        () => ws.terminate(),
      );
      ws.on('message', (data) => client.#receive(String(data)));
      ws.on('close', () => client.#end());
      ws.on('error', reject);
      ws.on('open', () => resolve(client));
    });
  }

  static tcp(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const client = new Client(
        (text) => void socket.write(text),
        () => socket.destroy(),
      );
      let rest = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk) => {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) client.#receive(line);
      });
      socket.on('close', () => client.#end());
      socket.on('error', reject);
      socket.on('connect', () => resolve(client));
    });
  }

  /** Resolves with the answer; with undefined if the connection closes before it. */
  ask(message: object): Promise<Answer | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#ref += 1;
    const ref = this.#ref;
    const answer = new Promise<Answer | undefined>((resolve) => this.#pending.set(ref, resolve));
    this.#send(JSON.stringify({ ...message, ref }));
    return answer;
  }

  /** Sends a message without waiting for an answer. */
  send(message: object): void {
    if (!this.#over) this.#send(JSON.stringify(message));
  }

  cut(): void {
    this.#cut();
  }

  #receive(line: string): void {
    const message: Answer & { ref?: number } = JSON.parse(line);
    const resolve = message.ref === undefined ? undefined : this.#pending.get(message.ref);
    if (resolve === undefined) {
      this.onMessage(message);
      return;
    }
    this.#pending.delete(message.ref ?? 0);
    resolve(message);
  }

  #end(): void {
    this.#over = true;
    for (const resolve of this.#pending.values()) resolve(undefined);
    this.#pending.clear();
  }
}
