// What both engines ask, so that they differ in nothing but bytes: who may come in, which route a request has, what becomes
// of its answer, and the Lines that are open. No sockets here, and no rule of the core's.

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

/** What the transports ask of the rest of the hub. */
export interface AppHandlers {
  readonly routes: readonly Route[];
  /** Says no before an upgrade or a request is looked at: Host and Origin checks. undefined lets it through. */
  /** @param asked of an HTTP request, what it is for */
  readonly admit: (caller: Caller, asked?: Pick<RequestHead, 'method' | 'path'>) => Refusal | undefined;
  /** The core's end of one connection that speaks Kronos JSON (WebSocket or raw TCP). */
  readonly converse: (peer: Peer, caller: Caller) => Conversation;
}

export type FoundRoute =
  | { readonly ok: true; readonly match: RouteMatch; readonly limit: number; readonly tooLarge: Reply }
  | { readonly ok: false; readonly reply: Reply };

/** Where a flow goes: an engine's end of one request. */
export interface ChunkTarget {
  /** Resolves when the piece has gone, or when the client has. */
  write(piece: string | Uint8Array): Promise<void>;
  /** All of it is written. */
  end(): void;
  /** The rest will never come, and the client must see that. */
  abort(): void;
  /** Whether the client is there no more: nothing is written then. */
  isGone(): boolean;
  /** Called once, when the client goes before the end. */
  onGone: () => void;
}

// An engine writes these itself; two of one kind would let the next reader of the wire disagree on where a body ends.
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

  /** May this caller have a connection that stays? undefined lets it in. */
  checkConnection(caller: Caller): Refusal | undefined {
    const open = this.#byAddress.get(caller.address) ?? 0;
    if (open >= this.#perAddress && !isLoopback(caller.address)) {
      return refuse('too_many', '', `${open} connections are open from ${caller.address}`);
    }
    return this.#admits(caller);
  }

  /** What can be said of a request before its body is read. */
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

  /** Sends a flow, piece by piece, until its end or its client's; that is work that a drain waits for. Never rejects. */
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

  /** Makes the Peer of a new connection that speaks Kronos JSON. */
  openConversation(wire: ByteSink, members: TopicMembers, caller: Caller): PeerConnection {
    return this.#begin(wire, members, BACKPRESSURE_LIMIT, caller, (peer) => this.#front.converse(peer, caller));
  }

  /** Makes the Peer of a stream; the wire must take writes already. */
  openStream(wire: ByteSink, stream: StreamReply, caller: Caller): PeerConnection {
    return this.#begin(wire, this.topics, STREAM_LIMIT, caller, stream.open);
  }

  /**
   * The line's carrier is gone.
   * @param orderly the other end closed it in good order (a close frame, a FIN)
   */
  closed(line: PeerConnection, orderly: boolean): void {
    if (!this.#lines.delete(line)) return;
    const left = (this.#byAddress.get(line.address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(line.address);
    else this.#byAddress.set(line.address, left);
    line.closed(orderly);
  }

  /** From now on everybody is refused; resolves when no request waits for its answer. */
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
    // The engine writes the last answer, or begins to pour it, after `respond` has returned.
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
