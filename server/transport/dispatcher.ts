// What both engines share above the bytes: admission, the route of a request, its answer, and the open Connections. It knows no
// sockets and no rules of the core.

import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ErrorCode, Refusal } from '../../protocol/errors.ts';
import { refuse } from '../../protocol/errors.ts';
import type { Conversation, Peer } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { attempt, attemptAsync, refusalReply, refusedReply } from '../http/error-boundary.ts';
import { decompress, decompressorOf, readable } from '../http/request-body.ts';
import { contentLength, type RequestHead, type RouteMatch, Router } from '../http/router.ts';
import type { Caller, ChunkedReply, Reply, Route, StreamReply } from '../http/types.ts';
import type { ByteSink, TopicMembers } from './connection.ts';
import { BACKPRESSURE_LIMIT, MESSAGE_LIMIT, PeerConnection, STREAM_LIMIT, TopicMap } from './connection.ts';
import { isLoopback } from './host-origin-rules.ts';

/** What the transports need of the rest of the hub. */
export interface AppHandlers {
  readonly routes: readonly Route[];
  /**
   * Checks Host and Origin before anything else of a request or an upgrade. undefined admits it.
   * @param asked the method and path of an HTTP request
   */
  readonly admit: (caller: Caller, asked?: Pick<RequestHead, 'method' | 'path'>) => Refusal | undefined;
  /** The core's end of one connection that speaks Kronos JSON (WebSocket or raw TCP). */
  readonly converse: (peer: Peer, caller: Caller) => Conversation;
}

export type FoundRoute =
  | { readonly ok: true; readonly match: RouteMatch; readonly limit: number; readonly tooLarge: Reply }
  | { readonly ok: false; readonly reply: Reply };

/** Where a ChunkedReply goes: an engine's end of one request. */
export interface ChunkTarget {
  /** Resolves when the chunk has been sent, or the client is gone. */
  write(piece: string | Uint8Array): Promise<void>;
  /** Ends the body. */
  end(): void;
  /** Cuts the connection, so that the client sees that the body is incomplete. */
  abort(): void;
  /** Whether the client has gone; nothing is written then. */
  isGone(): boolean;
  /** Called once, if the client goes before the end. */
  onGone: () => void;
}

// The engines write these themselves. A second one would let a proxy disagree on where a body ends.
const FRAMING_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);

export class Dispatcher {
  readonly topics = new TopicMap();
  readonly log: Log;
  readonly #front: AppHandlers;
  readonly #router: Router;
  readonly #perAddress: number;
  readonly #lines = new Set<PeerConnection>();
  readonly #byAddress = new Map<string, number>();
  #count = 0;
  #underWay = 0;
  #draining = false;
  #idle: (() => void)[] = [];

  constructor(front: AppHandlers, log: Log, perAddress: number) {
    this.#front = front;
    this.log = log;
    this.#router = new Router(front.routes);
    this.#perAddress = perAddress;
  }

  get connections(): number {
    return this.#lines.size;
  }

  /** Why this caller may not open another WebSocket, stream or TCP connection; undefined admits it. */
  checkConnection(caller: Caller): Refusal | undefined {
    const open = this.#byAddress.get(caller.address) ?? 0;
    if (open >= this.#perAddress && !isLoopback(caller.address)) {
      return refuse('too_many', '', `${open} connections are open from ${caller.address}`);
    }
    return this.#admits(caller);
  }

  /** Finds the route of a request before its body is read, or the reply that refuses it. */
  findRoute(head: RequestHead): FoundRoute {
    const refusal = head.host === '' ? refuse('host', '', 'send a Host header') : this.#admits(head, head);
    if (refusal !== undefined) return { ok: false, reply: refusalReply(refusal) };
    const found = this.#router.find(head.method, head.path);
    if (!found.ok) return found;
    const limit = found.route.limit ?? MESSAGE_LIMIT;
    const tooLarge = refusal413(found.route, limit);
    if (contentLength(head) > limit) return { ok: false, reply: tooLarge };
    return { ok: true, match: found, limit, tooLarge };
  }

  /** Never rejects. */
  async respond(
    match: RouteMatch,
    head: RequestHead,
    body: Buffer,
    aborted: () => boolean,
  ): Promise<Reply | ChunkedReply | StreamReply> {
    const { route, params } = match;
    const inflateBytes = decompressorOf(head.headers);
    this.#underWay += 1;
    const reply = await attemptAsync(
      this.log,
      `${route.method} ${route.path}`,
      async () => {
        const limit = route.limit ?? MESSAGE_LIMIT;
        const decoded =
          inflateBytes === undefined ? ({ ok: true, body } as const) : await decompress(body, inflateBytes, limit);
        if (!decoded.ok && decoded.reason === 'too_large') return refusal413(route, limit);
        if (!decoded.ok)
          return withErrorHeaders(route, refusedReply('payload', 'the body is not what content-encoding says'));
        const answer = await route.handle({ ...head, body: readable(decoded.body), params, aborted });
        return { ...answer, headers: checked(answer.headers) };
      },
      () => withErrorHeaders(route, refusedReply('broken')),
    );
    this.#finished();
    return reply;
  }

  /** Sends a body chunk by chunk until it ends or the client goes; `drain` waits for it. Never rejects. */
  async sendChunks({ chunks }: ChunkedReply, sink: ChunkTarget): Promise<void> {
    this.#underWay += 1;
    await attemptAsync(
      this.log,
      'a flow',
      async () => {
        const iterator = chunks[Symbol.asyncIterator]();
        const leave = async () => void (await iterator.return?.());
        sink.onGone = () => void attemptAsync(this.log, 'leaving a flow', leave, () => undefined);
        if (sink.isGone()) return await leave();
        for (;;) {
          const next = await iterator.next();
          if (sink.isGone()) return;
          if (next.done === true) return sink.end();
          await sink.write(next.value);
        }
      },
      () => sink.abort(),
    );
    this.#finished();
  }

  /** Opens the Peer of a new connection that speaks Kronos JSON. */
  openConversation(wire: ByteSink, members: TopicMembers, caller: Caller): PeerConnection {
    return this.#begin(wire, members, BACKPRESSURE_LIMIT, caller, (peer) => this.#front.converse(peer, caller));
  }

  /** Opens the Peer of an event stream. The sink must accept writes already. */
  openStream(wire: ByteSink, stream: StreamReply, caller: Caller): PeerConnection {
    return this.#begin(wire, this.topics, STREAM_LIMIT, caller, stream.open);
  }

  /**
   * The engine calls this when the connection is over.
   * @param orderly the other end closed it in good order (a close frame, a FIN)
   */
  closed(line: PeerConnection, orderly: boolean): void {
    if (!this.#lines.delete(line)) return;
    const left = (this.#byAddress.get(line.address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(line.address);
    else this.#byAddress.set(line.address, left);
    line.closed(orderly);
  }

  /** Refuses every caller from now on. Resolves when every request has its answer. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#tellIdle();
    });
  }

  #admits(caller: Caller, asked?: RequestHead): Refusal | undefined {
    if (this.#draining) return refuse('away');
    return attempt(
      this.log,
      'admission',
      () => this.#front.admit(caller, asked),
      () => refuse('broken'),
    );
  }

  #begin(
    wire: ByteSink,
    members: TopicMembers,
    limit: number,
    caller: Caller,
    open: (peer: Peer) => Conversation,
  ): PeerConnection {
    this.#count += 1;
    const { address } = caller;
    const line = new PeerConnection(wire, members, limit, this.log, { number: this.#count, address });
    this.#lines.add(line);
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    line.start(open);
    return line;
  }

  #finished(): void {
    this.#underWay -= 1;
    this.#tellIdle();
  }

  #tellIdle(): void {
    // The engine writes the last answer, or begins to send its chunks, after `respond` has returned.
    setImmediate(() => {
      if (this.#underWay > 0) return;
      for (const tell of this.#idle.splice(0)) tell();
    });
  }
}

function refusal413(route: Route, limit: number): Reply {
  return withErrorHeaders(route, refusedReply('too_large' satisfies ErrorCode, `${limit} bytes at most`));
}

function withErrorHeaders(route: Route, reply: Reply): Reply {
  return route.errorHeaders === undefined ? reply : { ...reply, headers: { ...reply.headers, ...route.errorHeaders } };
}

function checked(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !FRAMING_HEADERS.has(name.toLowerCase()));
  for (const [name, value] of kept) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return Object.fromEntries(kept);
}
