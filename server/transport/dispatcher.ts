// The part of request handling that both engines share: admission, routing, answers, and the set of open connections. It knows neither
// sockets nor the core.

import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ErrorCode, Refusal } from '../../protocol/errors.ts';
import { refuse } from '../../protocol/errors.ts';
import { LimitReached } from '../core/limits.ts';
import type { Conversation, Peer } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { embeddable } from '../http/browser-defences.ts';
import { attempt, attemptAsync, refusalReply, refusedReply } from '../http/error-boundary.ts';
import { decompress, decompressorOf, readable } from '../http/request-body.ts';
import { contentLength, type RequestHead, type RouteMatch, Router } from '../http/router.ts';
import {
  acceptsHtml,
  type Caller,
  type ChunkedReply,
  type Reply,
  type Route,
  type StreamReply,
} from '../http/types.ts';
import type { ClientAddress } from './client-address.ts';
import type { ByteSink, TopicMembers } from './connection.ts';
import { BACKPRESSURE_LIMIT, MESSAGE_LIMIT, PeerConnection, STREAM_LIMIT, TopicMap } from './connection.ts';
import { isLoopback } from './host-origin-rules.ts';
import { openStreamSocket } from './stream-socket.ts';

/** The parts of the hub that the transports use. */
export interface AppHandlers {
  readonly routes: readonly Route[];
  /** The path below which a proxy serves the hub, such as `/horai`: requests may have it in front of their path. Default: none. */
  readonly basePath?: string;
  /**
   * Checks Host and Origin before anything else of a request or an upgrade. undefined admits it.
   * @param asked the head of an HTTP request
   */
  readonly admit: (caller: Caller, asked?: RequestHead) => Refusal | undefined;
  /**
   * Checks a request that pages of other sites may not make a browser send, once its route is known. undefined admits it.
   */
  readonly admitEmbedding?: (head: RequestHead) => Refusal | undefined;
  /** The page for a person who opens an address at which nothing is. */
  readonly missingPage?: (path: string) => Reply;
  /** The core's end of one connection that speaks Kronos JSON (WebSocket or raw TCP). */
  readonly converse: (peer: Peer, caller: Caller) => Conversation;
  /**
   * Called when a request begins. Returns a function that is called once with the status of its answer.
   * @param route the pattern of its route, such as `/-/day/:date`; `none` if no route takes it
   */
  readonly onRequest?: (caller: Caller, method: string, route: string) => (status: number) => void;
  /** Called whenever a limit of the transport refuses something. `of` says whose limit it is. */
  readonly onLimit?: (limit: string, of: string) => void;
}

export type FoundRoute =
  | {
      readonly ok: true;
      readonly match: RouteMatch;
      readonly limit: number;
      /** Reports that the body turned out to be larger than the limit. @returns the reply */
      readonly refuseTooLarge: () => Reply;
    }
  | { readonly ok: false; readonly reply: Reply };

/** A WebSocket upgrade to the path of an event stream. */
export interface SocketStream {
  readonly match: RouteMatch;
  readonly head: RequestHead;
}

/** The target of a ChunkedReply: an engine's end of one request. */
export interface ChunkTarget {
  /** Resolves when the chunk is sent or the client has disconnected. */
  write(piece: string | Uint8Array): Promise<void>;
  /** Ends the body. */
  end(): void;
  /** Cuts the connection, so that the client sees that the body is incomplete. */
  abort(): void;
  /** True if the client has disconnected; nothing is written then. */
  isGone(): boolean;
  /** Called once if the client disconnects before the end. */
  onGone: () => void;
}

// The engines write these headers. A second copy could make a proxy disagree about the end of a body (request smuggling).
const FRAMING_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);

export class Dispatcher {
  readonly topics = new TopicMap();
  readonly log: Log;
  readonly clientAddress: ClientAddress;
  readonly #handlers: AppHandlers;
  readonly #router: Router;
  readonly #maxPerAddress: number;
  readonly #connections = new Set<PeerConnection>();
  readonly #byAddress = new Map<string, number>();
  #count = 0;
  #openRequests = 0;
  #isDraining = false;
  #idleWaiters: (() => void)[] = [];

  constructor(
    handlers: AppHandlers,
    log: Log,
    maxPerAddress: number,
    clientAddress: ClientAddress = (remote) => remote,
  ) {
    this.#handlers = handlers;
    this.log = log;
    this.clientAddress = clientAddress;
    this.#router = new Router(handlers.routes);
    this.#maxPerAddress = maxPerAddress;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Why this caller may not open another WebSocket, stream or TCP connection; undefined admits it. */
  checkConnection(caller: Caller): Refusal | undefined {
    const open = this.#byAddress.get(caller.address) ?? 0;
    if (open >= this.#maxPerAddress && !isLoopback(caller.address)) {
      this.#handlers.onLimit?.('connections per address', caller.address);
      return refuse('too_many', '', `${open} connections are open from ${caller.address}`);
    }
    return this.#admit(caller);
  }

  /** The path of a request on the hub: without the base path, which a proxy may have removed already. */
  pathOnHub(path: string): string {
    const { basePath = '' } = this.#handlers;
    if (basePath === '' || !path.startsWith(basePath)) return path;
    const rest = path.slice(basePath.length);
    return rest === '' ? '/' : rest.startsWith('/') ? rest : path;
  }

  /** Finds the route of a request before its body is read, or the reply that refuses it. */
  findRoute(head: RequestHead): FoundRoute {
    const refusal = head.host === '' ? refuse('host', '', 'send a Host header') : this.#admit(head, head);
    if (refusal !== undefined) return this.#refuse(head, refusalReply(refusal));
    const found = this.#router.find(head.method, head.path);
    const isRefusable = head.method !== 'OPTIONS' && !(found.ok && found.route.isEmbeddable === true);
    const embedding = isRefusable ? this.#handlers.admitEmbedding?.(head) : undefined;
    if (embedding !== undefined) return this.#refuse(head, refusalReply(embedding));
    if (!found.ok) {
      const isPage = found.reply.status === 404 && acceptsHtml(head);
      return this.#refuse(head, (isPage ? this.#handlers.missingPage?.(head.path) : undefined) ?? found.reply);
    }
    const limit = found.route.limit ?? MESSAGE_LIMIT;
    const refuseTooLarge = (): Reply => {
      this.#handlers.onLimit?.('size of a request', head.address);
      const reply = tooLargeReply(found.route, limit);
      this.#handlers.onRequest?.(head, head.method, found.route.path)(reply.status);
      return reply;
    };
    if (contentLength(head) > limit) return { ok: false, reply: refuseTooLarge() };
    return { ok: true, match: found, limit, refuseTooLarge };
  }

  #refuse(head: RequestHead, reply: Reply): FoundRoute {
    this.#handlers.onRequest?.(head, head.method, 'none')(reply.status);
    return { ok: false, reply };
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
    this.#openRequests += 1;
    const onAnswer = this.#handlers.onRequest?.(head, head.method, route.path);
    const reply = await attemptAsync(
      this.log,
      `${route.method} ${route.path}`,
      async () => {
        const limit = route.limit ?? MESSAGE_LIMIT;
        const decoded =
          inflateBytes === undefined ? ({ ok: true, body } as const) : await decompress(body, inflateBytes, limit);
        if (!decoded.ok && decoded.reason === 'too_large') return tooLargeReply(route, limit);
        if (!decoded.ok)
          return withErrorHeaders(route, refusedReply('payload', 'the body does not match its content-encoding'));
        const request = { ...head, body: readable(decoded.body), params, aborted };
        const answer = await route.handle(request).catch((error: unknown) => {
          if (error instanceof LimitReached) return withErrorHeaders(route, refusalReply(error.refusal));
          throw error;
        });
        const headers = validateHeaders(answer.headers);
        return { ...answer, headers: route.isEmbeddable === true ? { ...embeddable, ...headers } : headers };
      },
      () => withErrorHeaders(route, refusedReply('broken')),
    );
    onAnswer?.(reply.status);
    this.#finishRequest();
    return reply;
  }

  /** Sends a body chunk by chunk until it ends or the client disconnects; `drain` waits for it. Never rejects. */
  async sendChunks({ chunks }: ChunkedReply, sink: ChunkTarget): Promise<void> {
    this.#openRequests += 1;
    await attemptAsync(
      this.log,
      'a chunked reply',
      async () => {
        const iterator = chunks[Symbol.asyncIterator]();
        const returnIterator = async () => void (await iterator.return?.());
        sink.onGone = () => void attemptAsync(this.log, 'ending a chunked reply', returnIterator, () => undefined);
        if (sink.isGone()) return await returnIterator();
        for (;;) {
          const next = await iterator.next();
          if (sink.isGone()) return;
          if (next.done === true) return sink.end();
          await sink.write(next.value);
        }
      },
      () => sink.abort(),
    );
    this.#finishRequest();
  }

  /** The event stream that a WebSocket to this path carries; undefined for one that speaks Kronos JSON. */
  findSocketStream(head: RequestHead): SocketStream | undefined {
    const found = this.#router.find('GET', head.path);
    return found.ok && found.route.isStream === true ? { match: found, head } : undefined;
  }

  /** Opens the Peer of a new connection that speaks Kronos JSON, or of a WebSocket that carries an event stream. */
  openConversation(sink: ByteSink, members: TopicMembers, caller: Caller, stream?: SocketStream): PeerConnection {
    return this.#openPeer(sink, members, BACKPRESSURE_LIMIT, caller, (peer) => {
      if (stream === undefined) return this.#handlers.converse(peer, caller);
      const answer = this.respond(stream.match, stream.head, Buffer.alloc(0), () => false);
      return openStreamSocket(peer, answer, this.log);
    });
  }

  /** Opens the Peer of an event stream. The sink must accept writes already. */
  openStream(sink: ByteSink, stream: StreamReply, caller: Caller): PeerConnection {
    return this.#openPeer(sink, this.topics, STREAM_LIMIT, caller, stream.open);
  }

  /**
   * The engine calls this when the connection is over.
   * @param orderly true if the other end closed it properly (a close frame, a FIN)
   */
  closed(connection: PeerConnection, orderly: boolean): void {
    if (!this.#connections.delete(connection)) return;
    const remaining = (this.#byAddress.get(connection.address) ?? 1) - 1;
    if (remaining === 0) this.#byAddress.delete(connection.address);
    else this.#byAddress.set(connection.address, remaining);
    connection.closed(orderly);
  }

  /** Refuses every caller from now on. Resolves when every request has its answer. */
  drain(): Promise<void> {
    this.#isDraining = true;
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#resolveIdle();
    });
  }

  #admit(caller: Caller, asked?: RequestHead): Refusal | undefined {
    if (this.#isDraining) return refuse('away');
    return attempt(
      this.log,
      'admission',
      () => this.#handlers.admit(caller, asked),
      () => refuse('broken'),
    );
  }

  #openPeer(
    sink: ByteSink,
    members: TopicMembers,
    limit: number,
    caller: Caller,
    open: (peer: Peer) => Conversation,
  ): PeerConnection {
    this.#count += 1;
    const { address } = caller;
    const connection = new PeerConnection(sink, members, limit, this.log, { number: this.#count, address });
    this.#connections.add(connection);
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    connection.start(open);
    return connection;
  }

  #finishRequest(): void {
    this.#openRequests -= 1;
    this.#resolveIdle();
  }

  #resolveIdle(): void {
    // The engine writes the last answer, or starts sending its chunks, after `respond` has returned.
    setImmediate(() => {
      if (this.#openRequests > 0) return;
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
    });
  }
}

function tooLargeReply(route: Route, limit: number): Reply {
  return withErrorHeaders(route, refusedReply('too_large' satisfies ErrorCode, `${limit} bytes at most`));
}

function withErrorHeaders(route: Route, reply: Reply): Reply {
  return route.errorHeaders === undefined ? reply : { ...reply, headers: { ...reply.headers, ...route.errorHeaders } };
}

function validateHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => !FRAMING_HEADERS.has(name.toLowerCase()));
  for (const [name, value] of entries) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return Object.fromEntries(entries);
}
