// The parties of the transport tests: a front whose conversations echo and remember, and clients on real sockets that read
// what comes, in order. Nothing here waits for time; a read that never comes fails by jest's own limit, which says what was read last.

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

/** The ways to listen: `alone` is uWebSockets.js where connections cannot be handed over, so that it reads HTTP too. */
export type Listener = EngineName | 'uWebSockets.js alone';
export const LISTENERS: readonly Listener[] = ['uWebSockets.js', 'uWebSockets.js alone', 'ws'];

/** Things that come one after the other, and somebody who awaits them. */
export class Flow<T> {
  readonly #there: T[] = [];
  readonly #asked: ((thing: T) => void)[] = [];
  #last: T | undefined;

  push(thing: T): void {
    this.#last = thing;
    const ask = this.#asked.shift();
    if (ask === undefined) this.#there.push(thing);
    else ask(thing);
  }

  next(): Promise<T> {
    const [first] = this.#there.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    const last = this.#last === undefined ? 'nothing' : shorten(this.#last);
    return waiting(`what comes after ${last}`, new Promise((resolve) => this.#asked.push(resolve)));
  }
}

function shorten(thing: unknown): string {
  return (
    typeof thing === 'string' ? thing : inspect(thing, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  ).slice(0, 200);
}

/** One connection as the core's end sees it. */
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

  /** `{"join":t}`, `{"leave":t}`, `{"publish":t,"text":…}`, `{"close":code}`, `{"throw":true}` do so; all but the last two are echoed. */
  receive(text: string): void {
    this.received.push(text);
    const asked = parsed(text);
    if (typeof asked['join'] === 'string') this.peer.join(asked['join']);
    if (typeof asked['leave'] === 'string') this.peer.leave(asked['leave']);
    if (typeof asked['publish'] === 'string')
      this.#publisher().publish(asked['publish'], String(asked['text']), this.peer);
    if (asked['throw'] === true) throw new Error('a bug in the core');
    if (typeof asked['close'] === 'number') this.peer.close(asked['close'], 'as you wish');
    else this.answers.push(this.peer.send(text));
  }

  follow(topic: string): void {
    this.peer.join(topic);
    this.#followed.push(topic);
  }

  /** As the core does: what is behind follows no more, until it has caught up. */
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

function parsed(text: string): Record<string, unknown> {
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
  /** For streams of a test's own routes. */
  readonly talk: (peer: Peer) => Talk;
}

export interface Wishes {
  readonly routes?: readonly Route[];
  readonly admit?: AppHandlers['admit'];
  readonly converse?: AppHandlers['converse'];
  readonly options?: Partial<ListenOptions>;
}

export async function open(listener: Listener, wishes: Wishes = {}): Promise<TestListener> {
  const engine = listener === 'ws' ? 'ws' : 'uWebSockets.js';
  const isSplit = listener === 'uWebSockets.js';
  const world = new TestWorld();
  const talks = new Flow<Talk>();
  const begin = (peer: Peer, caller: Caller | null) => {
    const talk = new Talk(peer, caller, () => listening.publisher);
    talks.push(talk);
    return talk;
  };
  const front: AppHandlers = {
    routes: wishes.routes ?? [],
    admit: wishes.admit ?? (() => undefined),
    converse: wishes.converse ?? begin,
  };
  const addresses = { host: '127.0.0.1', port: 0, kronosPort: 0, isKronosRequired: true };
  const listened = await listen(front, addresses, { log: world.log, engine, isSplit, ...wishes.options });
  if (!listened.ok) throw new Error(listened.error);
  const { listening } = listened;
  return { ...listening, world, talks, talk: (peer) => begin(peer, null) };
}

export interface Guest {
  readonly messages: Flow<string>;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  send(data: string | Uint8Array): void;
  /** Stops and goes on reading, down to the socket. */
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

/** The status with which an upgrade was refused, and what the answer said. */
export function refused(port: number, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/`, { headers });
    ws.on('open', () => reject(new Error('it was let in')));
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
export interface Wirer {
  readonly socket: Socket;
  readonly lines: Flow<string>;
  /** Everything that came, once the other side has ended. */
  readonly all: Promise<string>;
}

export async function dial(port: number): Promise<Wirer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const lines = new Flow<string>();
  const pieces: Buffer[] = [];
  let rest = '';
  const decoder = new TextDecoder();
  socket.on('data', (chunk) => {
    pieces.push(Buffer.from(chunk));
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(part);
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
  wishes: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', method, path, headers: wishes.headers ?? {} }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (chunk) => pieces.push(Buffer.from(chunk)));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asking.on('error', reject);
    asking.end(wishes.body);
  });
}
