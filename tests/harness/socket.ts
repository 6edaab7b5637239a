// A WebSocket client for tests: send a message, read the next one, await the close code.

import { WebSocket } from 'ws';
import { waiting } from './waiting.ts';

export class Socket {
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #socket: WebSocket;
  #messages: string[] = [];
  #waiting: ((text: string) => void)[] = [];
  #last = '';

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#messages.push(text);
      else waiting(text);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** @param url of the hub, `http:` or `ws:` */
  static open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Socket> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    const opened = new Socket(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(opened));
      socket.once('error', reject);
    });
  }

  say(message: object): void {
    this.type(JSON.stringify(message));
  }

  /** Sends a text as it is. */
  type(text: string): void {
    this.#socket.send(text);
  }

  /** The next message, parsed. */
  async next(): Promise<Record<string, unknown>> {
    const text = this.#messages.shift() ?? (await this.#next());
    this.#last = text;
    return JSON.parse(text);
  }

  /** The next message as text. */
  async text(): Promise<string> {
    return this.#messages.shift() ?? (await this.#next());
  }

  #next(): Promise<string> {
    const after = this.#last === '' ? 'the connection was opened' : this.#last.slice(0, 200);
    return waiting(`a message after ${after}`, new Promise((resolve) => this.#waiting.push(resolve)));
  }

  ask(message: object): Promise<Record<string, unknown>> {
    this.say(message);
    return this.next();
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}
