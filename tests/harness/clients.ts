// Both ends of the transport tests: a server whose conversations echo and record messages, and clients on real sockets that read
// messages in order. Nothing here waits for time. A read without a message fails at jest's limit, with the last message in the error.

import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { WebSocket } from 'ws';
import type { Conversation, Peer, Publisher, Sent } from '../../server/core/peer.ts';
import type { Caller, Route } from '../../server/http/types.ts';
import {
  type AppHandlers,
  type EngineName,
  type ListenOptions,
  listen,
  type OpenPorts,
} from '../../server/transport/listen.ts';
import { waiting } from './waiting.ts';
import { TestWorld } from './world.ts';

export const ENGINES: readonly EngineName[] = ['uWebSockets.js', 'ws'];

/** The ways to listen. `alone`: uWebSockets.js where connections cannot be handed over to it, so that it also serves HTTP. */
export type Listener = EngineName | 'uWebSockets.js alone';
export const LISTENERS: readonly Listener[] = ['uWebSockets.js', 'uWebSockets.js alone', 'ws'];

/** A queue with an asynchronous `next`. */
export class Flow<T> {
  readonly #arrived: T[] = [];
  readonly #readers: ((value: T) => void)[] = [];
  #last: T | undefined;

  push(value: T): void {
    this.#last = value;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#arrived.push(value);
    else reader(value);
  }

  next(): Promise<T> {
    const [first] = this.#arrived.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    const last = this.#last === undefined ? 'novalue' : shorten(this.#last);
    return waiting(`the value after ${last}`, new Promise((resolve) => this.#readers.push(resolve)));
  }
}

function shorten(value: unknown): string {
  return (
    typeof value === 'string' ? value : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  ).slice(0, 200);
}

/** The server's end of a connection. */
export class Talk implements Conversation {
  readonly peer: Peer;
  readonly caller: Caller | null;
  readonly received: string[] = [];
  readonly missed: string[] = [];
  readonly events = new Flow<'dropped' | 'drained' | 'closed' | 'closed in order'>();
  readonly answers: Sent[] = [];
  readonly #publisher: () => Publisher;
  #followed: string[] = [];

  constructor(peer: Peer, caller: Caller | null, publisher: () => Publisher) {
    this.peer = peer;
    this.caller = caller;
    this.#publisher = publisher;
  }

  /** Executes `{"join":t}`, `{"leave":t}`, `{"publish":t,"text":…}`, `{"close":code}` and `{"throw":true}`; echoes all but the last two. */
  receive(text: string): void {
    this.received.push(text);
    const command = parseCommand(text);
    if (typeof command['join'] === 'string') this.peer.join(command['join']);
    if (typeof command['leave'] === 'string') this.peer.leave(command['leave']);
    if (typeof command['publish'] === 'string')
      this.#publisher().publish(command['publish'], String(command['text']), this.peer);
    if (command['throw'] === true) throw new Error('a bug in the core');
    if (typeof command['close'] === 'number') this.peer.close(command['close'], 'as you wish');
    else this.answers.push(this.peer.send(text));
  }

  follow(topic: string): void {
    this.peer.join(topic);
    this.#followed.push(topic);
  }

  /** As the core does: a connection that missed a message leaves its topics until it has caught up. */
  dropped(text: string): void {
    for (const topic of this.#followed) this.peer.leave(topic);
    this.#followed = [];
    this.missed.push(text);
    this.events.push('dropped');
  }

  drained(): void {
    this.events.push('drained');
  }

  closed(orderly: boolean): void {
    this.events.push(orderly ? 'closed in order' : 'closed');
  }
}

function parseCommand(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

export interface TestListener extends OpenPorts {
  readonly world: TestWorld;
  /** Conversations in the order in which they began. */
  readonly talks: Flow<Talk>;
  /** Creates the conversation of a stream, for a test's own routes. */
  readonly talk: (peer: Peer) => Talk;
}

export interface ServerOptions {
  readonly routes?: readonly Route[];
  readonly admit?: AppHandlers['admit'];
  readonly converse?: AppHandlers['converse'];
  readonly options?: Partial<ListenOptions>;
}

export async function open(listener: Listener, server: ServerOptions = {}): Promise<TestListener> {
  const engine = listener === 'ws' ? 'ws' : 'uWebSockets.js';
  const isSplit = listener === 'uWebSockets.js';
  const world = new TestWorld();
  const talks = new Flow<Talk>();
  const begin = (peer: Peer, caller: Caller | null) => {
    const talk = new Talk(peer, caller, () => listening.publisher);
    talks.push(talk);
    return talk;
  };
  const handlers: AppHandlers = {
    routes: server.routes ?? [],
    admit: server.admit ?? (() => undefined),
    converse: server.converse ?? begin,
  };
  const addresses = { host: '127.0.0.1', port: 0, kronosPort: 0, isKronosRequired: true };
  const result = await listen(handlers, addresses, { log: world.log, engine, isSplit, ...server.options });
  if (!result.ok) throw new Error(result.error);
  const { listening } = result;
  return { ...listening, world, talks, talk: (peer) => begin(peer, null) };
}

export interface Guest {
  readonly messages: Flow<string>;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  send(data: string | Uint8Array): void;
  /** Stops reading from the socket, so that the sender notices. */
  pause(): void;
  resume(): void;
  end(): void;
  cut(): void;
}

export async function visit(port: number, path = '/', headers: Record<string, string> = {}): Promise<Guest> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, maxPayload: 64 * 1024 * 1024 });
  const messages = new Flow<string>();
  const closed = new Promise<number>((resolve) => ws.on('close', (code) => resolve(code)));
  ws.on('message', (data) => messages.push(String(data)));
  await new Promise<void>((resolve, reject) => {
    ws.on('open', () => resolve());
    ws.on('error', reject);
  });
  return {
    messages,
    closed,
    send: (data) => ws.send(data),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    end: () => ws.close(),
    cut: () => ws.terminate(),
  };
}

/** Tries to open a WebSocket that the hub must refuse. Returns the response's status and body. */
export function openRefused(port: number, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/`, { headers });
    ws.on('open', () => reject(new Error('the upgrade was accepted')));
    ws.on('error', reject);
    ws.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

/** A raw TCP client; `lines` are without their newline. */
export interface TcpClient {
  readonly socket: Socket;
  readonly lines: Flow<string>;
  /** Resolves with everything received when the connection closes. */
  readonly all: Promise<string>;
}

export async function dial(port: number): Promise<TcpClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const lines = new Flow<string>();
  const pieces: Buffer[] = [];
  let rest: string[] = [];
  const decoder = new TextDecoder();
  socket.on('data', (chunk) => {
    pieces.push(Buffer.from(chunk));
    const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
    rest.push(first);
    for (const part of more) {
      lines.push(rest.join(''));
      rest = [part];
    }
  });
  const all = new Promise<string>((resolve) => socket.on('close', () => resolve(Buffer.concat(pieces).toString())));
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('error', reject);
  });
  return { socket, lines, all };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export function ask(
  port: number,
  method: string,
  path: string,
  options: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers: options.headers ?? {} }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (chunk) => pieces.push(Buffer.from(chunk)));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}
