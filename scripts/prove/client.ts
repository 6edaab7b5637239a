// A client of the long runs: asks by `ref`, over WebSocket or raw TCP, and learns from a connection that is gone that an answer will
// never come.

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
  /** Of what comes without having been asked for. */
  heard: (message: Answer) => void = () => undefined;
  #send: (text: string) => void;
  #cut: () => void;
  #asked = new Map<number, (answer: Answer | undefined) => void>();
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
      ws.on('message', (data) => client.#take(String(data)));
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
        for (const line of lines) client.#take(line);
      });
      socket.on('close', () => client.#end());
      socket.on('error', reject);
      socket.on('connect', () => resolve(client));
    });
  }

  /** undefined: the connection was gone before the answer. */
  ask(message: object): Promise<Answer | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#ref += 1;
    const ref = this.#ref;
    const answered = new Promise<Answer | undefined>((resolve) => this.#asked.set(ref, resolve));
    this.#send(JSON.stringify({ ...message, ref }));
    return answered;
  }

  /** Says it without wanting an answer. */
  say(message: object): void {
    if (!this.#over) this.#send(JSON.stringify(message));
  }

  cut(): void {
    this.#cut();
  }

  #take(line: string): void {
    const message: Answer & { ref?: number } = JSON.parse(line);
    const asked = message.ref === undefined ? undefined : this.#asked.get(message.ref);
    if (asked === undefined) {
      this.heard(message);
      return;
    }
    this.#asked.delete(message.ref ?? 0);
    asked(message);
  }

  #end(): void {
    this.#over = true;
    for (const asked of this.#asked.values()) asked(undefined);
    this.#asked.clear();
  }
}
