// A connection of a check to the server, over WebSocket or raw TCP: sends messages, reads answers, and says what was wanted instead of them.
// A `ping` ends each question: the answers to everything before it have arrived when its `pong` has (C7).

import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { BrokenRule } from './broken-rule.ts';
import { difference, isObject, show } from './match.ts';

export type CheckMessage = Readonly<Record<string, unknown>>;

/** A connection that carries the texts of a talk. */
interface Carrier {
  send(text: string): void;
  end(): void;
  cut(): void;
}

/** The end of a connection; `code` is of WebSocket alone. */
export interface CheckEnd {
  readonly code: number | undefined;
}

/** The longest message that a check accepts, in bytes. */
const maxPayload = 64 * 2 ** 20;

let fences = 0;

export class CheckTalk {
  readonly #carrier: Carrier;
  readonly #limitMs: number;
  readonly #arrived: CheckMessage[] = [];
  #reader: ((message: CheckMessage | undefined) => void) | undefined;
  #sent = '';
  #end: CheckEnd | undefined;
  #onEnd: (() => void) | undefined;

  private constructor(carrier: Carrier, limitMs: number) {
    this.#carrier = carrier;
    this.#limitMs = limitMs;
  }

  /** @param limitMs how long an answer may take, in milliseconds */
  static async overWebSocket(
    url: string,
    headers: Readonly<Record<string, string>>,
    limitMs: number,
  ): Promise<CheckTalk> {
    const socket = new WebSocket(url, { headers, maxPayload, handshakeTimeout: limitMs, perMessageDeflate: false });
    const talk = new CheckTalk(
      { send: (text) => socket.send(text), end: () => socket.close(), cut: () => socket.terminate() },
      limitMs,
    );
    socket.on('message', (data, isBinary) => talk.#push(parseMessage(isBinary ? undefined : String(data))));
    socket.on('close', (code) => talk.#close({ code }));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', (error) => reject(new BrokenRule(`the WebSocket did not open: ${error.message}`)));
    });
    socket.on('error', () => undefined);
    return talk;
  }

  /** @param at `host:port` of the Kronos port */
  static async overTcp(at: string, limitMs: number): Promise<CheckTalk> {
    const socket = await dialTcp(at);
    const talk = new CheckTalk(
      { send: (text) => void socket.write(text), end: () => void socket.end(), cut: () => void socket.destroy() },
      limitMs,
    );
    const decoder = new TextDecoder();
    let rest = '';
    socket.on('data', (bytes) => {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) talk.#push(parseMessage(line));
    });
    socket.on('close', () => talk.#close({ code: undefined }));
    return talk;
  }

  #close(end: CheckEnd): void {
    this.#end = end;
    this.#reader?.(undefined);
    this.#onEnd?.();
  }

  #push(message: CheckMessage): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) this.#arrived.push(message);
    else reader(message);
  }

  /** Sends an object as JSON, a text as it is. */
  say(message: object | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    this.#sent = text;
    this.#carrier.send(text);
  }

  /** @returns the next message; undefined when the connection is over */
  async next(): Promise<CheckMessage | undefined> {
    if (this.#arrived.length > 0) return this.#arrived.shift();
    if (this.#end !== undefined) return undefined;
    const late = `nothing arrived within ${this.#limitMs / 1_000} s after ${show(this.#sent)}`;
    return within(this.#limitMs, late, (resolve) => {
      this.#reader = resolve;
    });
  }

  /** Resolves when the connection is over. What arrived before stays to be read. */
  async waitForEnd(): Promise<CheckEnd> {
    if (this.#end !== undefined) return this.#end;
    const late = `the connection was not closed within ${this.#limitMs / 1_000} s after ${show(this.#sent)}`;
    await within<void>(this.#limitMs, late, (resolve) => {
      this.#onEnd = () => resolve();
    });
    return this.#end ?? { code: undefined };
  }

  /** Sends messages and a ping. @returns all that arrived before the pong */
  async ask(...messages: readonly (object | string)[]): Promise<readonly CheckMessage[]> {
    fences += 1;
    const ref = `fence ${fences}`;
    for (const message of messages) this.say(message);
    const sent = this.#sent;
    this.say({ type: 'ping', ref });
    if (messages.length > 0) this.#sent = sent;
    const received: CheckMessage[] = [];
    for (;;) {
      const message = await this.next();
      if (message === undefined) throw new BrokenRule(`the connection ended after ${show(this.#sent)}`);
      // Before a login the ping is refused, also after everything before it.
      if (message['ref'] === ref) return received;
      received.push(message);
    }
  }

  /** Sends a request with a ref of its own. @returns the message that repeats it; what arrives before is dropped */
  async request(message: object): Promise<CheckMessage> {
    fences += 1;
    const ref = `request ${fences}`;
    this.say({ ...message, ref });
    for (;;) {
      const received = await this.next();
      if (received === undefined) throw new BrokenRule(`the connection ended after ${show(this.#sent)}`);
      if (received['ref'] === ref) return received;
    }
  }

  /** Asks one request that has one answer. @throws BrokenRule if there is another number of answers */
  async one(message: object | string): Promise<CheckMessage> {
    const received = await this.ask(message);
    const [first] = received;
    if (first === undefined || received.length > 1) {
      throw new BrokenRule(`${show(message)} has ${received.length} answers, not one: ${show(received)}`);
    }
    return first;
  }

  /** Sends the messages; what arrives must be as wanted, in this order and nothing else. @returns it */
  async expect(
    messages: object | string | readonly object[],
    ...wanted: readonly unknown[]
  ): Promise<readonly CheckMessage[]> {
    const list = Array.isArray(messages) ? messages : [messages];
    const received = await this.ask(...list);
    const found = difference(wanted, received);
    if (found !== undefined) throw new BrokenRule(sentence(list.map(show).join(' '), wanted, received, found));
    return received;
  }

  /** Requires that the next messages are as wanted, in this order, with no other message between. */
  async receives(...wanted: readonly unknown[]): Promise<readonly CheckMessage[]> {
    const received: CheckMessage[] = [];
    for (const one of wanted) {
      const message = await this.next();
      const found = difference(one, message);
      if (found !== undefined || message === undefined)
        throw new BrokenRule(sentence('', [one], [message], found ?? ''));
      received.push(message);
    }
    return received;
  }

  /** Nothing must have arrived, nor arrive before the answer to a ping. */
  async receivesNothing(): Promise<void> {
    const received = await this.ask();
    if (received.length > 0)
      throw new BrokenRule(`a connection that should be sent nothing was sent ${show(received)}`);
  }

  end(): void {
    this.#carrier.end();
  }

  cut(): void {
    this.#carrier.cut();
  }
}

function parseMessage(text: string | undefined): CheckMessage {
  if (text === undefined) return { 'a binary frame': true };
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { 'not an object': value };
  } catch {
    return { 'not JSON': text.slice(0, 200) };
  }
}

function sentence(sent: string, wanted: readonly unknown[], received: readonly unknown[], found: string): string {
  const after = sent === '' ? '' : `sent ${sent}; `;
  return `${after}wanted ${wanted.length === 0 ? 'no message' : wanted.map(show).join(' ')}; received ${show(received)}: ${found}`;
}

/** @throws BrokenRule with the reason after `limitMs` milliseconds */
export function within<T>(limitMs: number, reason: string, begin: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new BrokenRule(reason)), limitMs);
    begin((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/** @param at `host:port` */
export function dialTcp(at: string): Promise<Socket> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(at) ?? [];
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.on('error', (error) => reject(new BrokenRule(`${at} does not accept a connection: ${error.message}`)));
  });
}
