// The client of the long runs, over WebSocket or raw TCP. It matches answers by `ref`. When the connection closes, open requests resolve
// without an answer.

import { connect } from 'node:net';
import { WebSocket } from 'ws';

/** Milliseconds in which a hub has to accept a connection. */
const handshakeTimeout = 10_000;

export interface Answer {
  readonly success: boolean;
  readonly type?: string;
  readonly error?: string;
  readonly code?: string;
  readonly seq?: number;
  readonly epoch?: string;
  readonly key?: string;
  readonly changes?: readonly Change[];
  readonly items?: readonly Change[];
  readonly tasks?: readonly { readonly id: number; readonly desc: string }[];
  readonly reason?: string;
  readonly more?: boolean;
  readonly channels?: readonly { readonly channel: string; readonly items: number }[];
}

export interface Change {
  readonly seq: number;
  readonly key: string;
  readonly item?: unknown;
  readonly type?: string;
}

export class Client {
  /** Called with each message that answers no request. */
  onMessage: (message: Answer) => void = () => undefined;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  /** Stop and go on reading from the socket. */
  readonly pause: () => void;
  readonly resume: () => void;
  #close: () => void = () => undefined;
  #send: (text: string) => void;
  #cut: () => void;
  #pending = new Map<number, (answer: Answer | undefined) => void>();
  #ref = 0;
  #over = false;

  private constructor(socket: {
    send: (text: string) => void;
    cut: () => void;
    pause: () => void;
    resume: () => void;
  }) {
    this.#send = socket.send;
    this.#cut = socket.cut;
    this.pause = socket.pause;
    this.resume = socket.resume;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  static webSocket(url: string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(url.replace(/^http/, 'ws'), { maxPayload: 64 * 1024 * 1024, handshakeTimeout });
      const client = new Client({
        send: (text) => ws.send(text),
        cut: () => ws.terminate(),
        pause: () => ws.pause(),
        resume: () => ws.resume(),
      });
      ws.on('message', (data) => client.#receive(String(data)));
      ws.on('close', () => client.#end());
      ws.on('error', reject);
      ws.on('open', () => resolve(client));
    });
  }

  static tcp(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const client = new Client({
        send: (text) => void socket.write(text),
        cut: () => void socket.destroy(),
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
      });
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
    this.#close();
  }
}
