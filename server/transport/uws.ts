// HTTP, WebSocket and streams on uWebSockets.js: the only file that uses it. Its objects are valid only during a callback or until an abort or
// close, so everything is copied before the first await, and nothing is used after an abort or a close. The interfaces below list the
// functions that are used, so that any build with these functions works.

import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import { env } from 'node:process';
import type { Peer } from '../core/peer.ts';
import { withDefences } from '../http/browser-defences.ts';
import { attempt, refusalReply, refusedReply } from '../http/error-boundary.ts';
import { contentLength, type RequestHead } from '../http/router.ts';
import type { Caller, ChunkedReply, Reply, StreamReply } from '../http/types.ts';
import { importPackage } from '../runtime.ts';
import { BodyCollector } from './body.ts';
import { BACKPRESSURE_LIMIT, type ByteSink, PeerConnection, STREAM_LIMIT, type TopicMembers } from './connection.ts';
import { ConnectionSplit } from './connection-split.ts';
import type { ChunkTarget, Dispatcher, SocketStream } from './dispatcher.ts';
import { cookieOf, isForwardedBy, normalizeAddress } from './host-origin-rules.ts';
import type { HttpEngine, OpenedEngine } from './http-engine.ts';
import { CLOSE_TIMEOUT_MS, destroyLater, HEAD_LIMIT, MAX_FRAME, receiveMessage } from './http-engine.ts';
import type { SocketPeek } from './socket-peek.ts';
import { WriteCoalescer } from './write-coalescer.ts';
import { createNodeEngine, portOf } from './ws.ts';

/** Seconds without a byte from the other side, in spite of automatic pings, after which a connection counts as dead. */
const IDLE_SECONDS = 120;
/** Header that carries the real client address of a connection from the Kronos port in its first request. */
const FROM_HEADER = 'x-horai-from';
/** The claimed length of a stream: `tryEnd` needs one, and it is the only write that is correct for slow readers. */
const STREAM_LENGTH = Number.MAX_SAFE_INTEGER;
/** Bytes of a chunked reply in one write: with their chunk framing they must fit into uWS' cork buffer of 16 KiB. */
const SLICE = 16_000;

type Bytes = string | Uint8Array;

interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  end(body?: Bytes, closeConnection?: boolean): UwsResponse;
  write(chunk: Bytes): boolean;
  endWithoutBody(): UwsResponse;
  tryEnd(chunk: Bytes, total: number): [boolean, boolean];
  getWriteOffset(): number;
  close(): UwsResponse;
  onWritable(act: (offset: number) => boolean): UwsResponse;
  onAborted(act: () => void): UwsResponse;
  onData(act: (chunk: ArrayBuffer, last: boolean) => void): UwsResponse;
  cork(act: () => void): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
  upgrade(data: SocketData, key: string, protocol: string, extensions: string, context: unknown): void;
}

interface UwsRequest {
  getHeader(name: string): string;
  getUrl(): string;
  getQuery(): string | undefined;
  getCaseSensitiveMethod(): string;
  forEach(act: (name: string, value: string) => void): void;
}

interface UwsSocket {
  send(text: string, binary: boolean): number;
  sendFirstFragment(text: string, binary: boolean): number;
  sendFragment(text: string): number;
  sendLastFragment(text: string): number;
  getBufferedAmount(): number;
  end(code: number, reason: string): void;
  close(): void;
  subscribe(topic: string): boolean;
  unsubscribe(topic: string): boolean;
  isSubscribed(topic: string): boolean;
  publish(topic: string, text: string, binary: boolean): boolean;
  getUserData(): SocketData;
}

interface SocketData {
  readonly caller: Caller;
  /** Set until the connection is open. */
  stream: SocketStream | undefined;
  connection: PeerConnection | null;
}

interface Behaviour {
  readonly maxPayloadLength: number;
  readonly maxBackpressure: number;
  readonly idleTimeout: number;
  readonly sendPingsAutomatically: boolean;
  readonly upgrade: (res: UwsResponse, req: UwsRequest, context: unknown) => void;
  readonly open: (socket: UwsSocket) => void;
  readonly message: (socket: UwsSocket, message: ArrayBuffer, binary: boolean) => void;
  readonly dropped: (socket: UwsSocket, message: ArrayBuffer) => void;
  readonly drain: (socket: UwsSocket) => void;
  readonly close: (socket: UwsSocket, code: number) => void;
}

interface UwsApp {
  ws(pattern: string, behaviour: Behaviour): UwsApp;
  any(pattern: string, act: (res: UwsResponse, req: UwsRequest) => void): UwsApp;
  listen(host: string, port: number, options: number, onListen: (listening: unknown) => void): UwsApp;
  publish(topic: string, text: string, binary: boolean): boolean;
  /** Takes over a connection by its descriptor, with the bytes that it has received. */
  adoptSocket(descriptor: number): void;
  close(): UwsApp;
}

export interface Uws {
  App(): UwsApp;
  us_listen_socket_close(listening: unknown): void;
  us_socket_local_port(listening: unknown): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

function isUws(module: unknown): module is Uws {
  return typeof module === 'object' && module !== null && 'App' in module && 'LIBUS_LISTEN_EXCLUSIVE_PORT' in module;
}

/** @param name what `import` takes. Rejects if it has no binary for this machine. */
export async function loadUws(name: string): Promise<Uws> {
  // uWS reads this from the environment when it loads. Its default of 4 KiB is too small where a browser sends the cookies of all
  // other programs on localhost.
  env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(HEAD_LIMIT);
  const loaded: { readonly default?: unknown } = await importPackage(name);
  // ESM builds have named exports; CommonJS builds have a default export.
  const module = isUws(loaded) ? loaded : loaded.default;
  if (!isUws(module)) throw new Error(`${name} is not uWebSockets.js`);
  return module;
}

/** uWebSockets.js alone on a port: HTTP, streams and WebSockets. Its parser answers 505 to HTTP/1.0 and to an incomplete request line. */
export function openUws(uws: Uws, dispatcher: Dispatcher, host: string, port: number): Promise<OpenedEngine> {
  return new Promise((resolve) => {
    const secret = randomUUID();
    const { app, sockets } = createApp(uws, dispatcher, secret);
    const engineOf = (listening: unknown): HttpEngine => {
      const bound = uws.us_socket_local_port(listening);
      let open = true;
      const stop = () => {
        if (open) uws.us_listen_socket_close(listening);
        open = false;
      };
      return {
        port: bound,
        publish: (topic, text, except) => sockets.publish(topic, text, except),
        takeOver: (socket, head, address) =>
          pipeToMainPort(socket, addAddress(head, `${secret} ${address}`), host, bound),
        stop,
        close() {
          stop();
          app.close();
          return new Promise((closed) => setImmediate(closed));
        },
      };
    };
    app.listen(host, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (listening) => {
      resolve(listening === false ? { ok: false, error: '' } : { ok: true, engine: engineOf(listening) });
    });
  });
}

/** Node's HTTP parser and uWebSockets.js on one port: see connection-split.ts. */
export function openSplit(
  uws: Uws,
  peek: SocketPeek,
  dispatcher: Dispatcher,
  host: string,
  port: number,
): Promise<OpenedEngine> {
  const { app, sockets } = createApp(uws, dispatcher, randomUUID());
  const node = createNodeEngine(dispatcher);
  // The server has no port of its own. This event makes it track its connections: otherwise slow requests would never time out, and a stop
  // would leave idle connections open.
  node.server.emit('listening');
  const split = new ConnectionSplit({
    peek,
    adoptHandshake: (descriptor) => app.adoptSocket(descriptor),
    takeRequest: (socket) => node.take(socket),
  });
  const { server } = split;
  const engine = (bound: number): HttpEngine => ({
    port: bound,
    publish: (topic, text, except) => sockets.publish(topic, text, except),
    takeOver(socket, head) {
      socket.unshift(head);
      node.take(socket);
    },
    stop: () => void server.close(),
    async close() {
      server.close();
      split.close();
      app.close();
      await node.close();
    },
  });
  return new Promise((resolve) => {
    server.once('error', () => {
      app.close();
      void node.close();
      resolve({ ok: false, error: '' });
    });
    server.listen({ host, port }, () => resolve({ ok: true, engine: engine(portOf(server)) }));
  });
}

function createApp(
  uws: Uws,
  dispatcher: Dispatcher,
  secret: string,
): { readonly app: UwsApp; readonly sockets: Sockets } {
  const app = uws.App();
  const sockets = new Sockets(app, dispatcher);
  app
    .ws('/*', {
      maxPayloadLength: MAX_FRAME,
      maxBackpressure: BACKPRESSURE_LIMIT,
      idleTimeout: IDLE_SECONDS,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => guard(dispatcher, res, () => upgrade(dispatcher, res, req, secret, context)),
      open: (socket) => sockets.open(socket),
      message(socket, message, binary) {
        const { connection } = socket.getUserData();
        // `Buffer.from` shares memory that uWS reuses: receiveMessage decodes it before it returns.
        if (connection !== null) receiveMessage(connection, Buffer.from(message), binary);
      },
      dropped: (socket, message) => sockets.dropped(socket, Buffer.from(message).toString()),
      drain(socket) {
        const { connection } = socket.getUserData();
        if (connection?.sink instanceof UwsSink) connection.sink.onDrained();
        connection?.flushed();
      },
      close(socket, code) {
        const { connection } = socket.getUserData();
        if (connection === null) return;
        if (connection.sink instanceof UwsSink) connection.sink.onGone();
        // uWS calls this inside our own `close` too; the core is notified afterwards, as in the other transports.
        if (connection.isOpen) dispatcher.closed(connection, code !== 1006);
        else setImmediate(() => dispatcher.closed(connection, false));
      },
    })
    .any('/*', (res, req) => {
      guard(dispatcher, res, () => {
        if (hasTwoLengths(req)) refuseTwoLengths(res);
        else answer(dispatcher, res, headOf(dispatcher, res, req, secret));
      });
    });
  return { app, sockets };
}

/** True if a proxy could disagree about the end of the body (request smuggling); the connection is then closed. */
function hasTwoLengths(req: UwsRequest): boolean {
  let count = 0;
  req.forEach((name) => {
    if (name === 'content-length') count += 1;
  });
  return count > 1;
}

function refuseTwoLengths(res: UwsResponse): void {
  const { status, headers, body } = refusedReply('payload', 'send one Content-Length');
  res.cork(() => {
    writeHead(res, { status, headers, body });
    res.end(body, true);
  });
}

/** Shared by all sinks, of which there is one for each connection. */
const noop = () => undefined;

class UwsSink implements ByteSink {
  readonly socket: UwsSocket;
  /** Called when queued bytes have been sent. */
  onDrained: () => void = noop;
  /** Called when the socket is closed. */
  onGone: () => void = noop;
  /** True between the first fragment of a message and its last. */
  #isInMessage = false;

  constructor(socket: UwsSocket) {
    this.socket = socket;
  }

  write(text: string): void {
    this.socket.send(text, false);
  }

  writePart(text: string, isLast: boolean): void {
    if (!this.#isInMessage) this.socket.sendFirstFragment(text, false);
    else if (isLast) this.socket.sendLastFragment(text);
    else this.socket.sendFragment(text);
    this.#isInMessage = !isLast;
  }

  pendingBytes(): number {
    return this.socket.getBufferedAmount();
  }

  /** uWS drops a close frame while more bytes than its limit are queued, so the reader gets time to take some. */
  end(code: number, reason: string): void {
    if (this.pendingBytes() <= BACKPRESSURE_LIMIT) {
      this.socket.end(code, reason);
      return;
    }
    const cut = setTimeout(() => this.socket.close(), CLOSE_TIMEOUT_MS);
    this.onGone = () => clearTimeout(cut);
    this.onDrained = () => {
      if (this.pendingBytes() > BACKPRESSURE_LIMIT) return;
      this.onDrained = noop;
      this.socket.end(code, reason);
    };
  }
}

interface Published {
  readonly topic: string;
  readonly text: string;
}

/** The WebSockets of one app, with uWS' own topics. */
class Sockets implements TopicMembers {
  readonly #app: UwsApp;
  readonly #dispatcher: Dispatcher;
  /** Connections that published texts must not reach: one is missed and not yet reported, or a message is being sent in pieces. */
  readonly #behindConnections = new Set<PeerConnection>();
  // The texts published in this turn and the one before: uWS sends the texts of a turn in batches. If a socket is full it reports only the
  // first text of a batch, and silently drops the rest.
  #earlier: Published[] = [];
  #recent: Published[] = [];
  #isTurnScheduled = false;

  constructor(app: UwsApp, dispatcher: Dispatcher) {
    this.#app = app;
    this.#dispatcher = dispatcher;
  }

  open(socket: UwsSocket): void {
    const data = socket.getUserData();
    const connection = this.#dispatcher.openConversation(new UwsSink(socket), this, data.caller, data.stream);
    data.stream = undefined;
    data.connection = connection;
    // Closed while it was being opened, when the close handler did not know its connection yet.
    if (!connection.isOpen) setImmediate(() => this.#dispatcher.closed(connection, false));
  }

  join(connection: PeerConnection, topic: string): void {
    if (connection.sink instanceof UwsSink) connection.sink.socket.subscribe(topic);
  }

  leave(connection: PeerConnection, topic: string): void {
    if (connection.sink instanceof UwsSink) connection.sink.socket.unsubscribe(topic);
  }

  hold(connection: PeerConnection): void {
    this.#behindConnections.add(connection);
  }

  remove(connection: PeerConnection): void {
    this.#behindConnections.delete(connection);
  }

  publish(topic: string, text: string, except?: Peer): void {
    if (!this.#isTurnScheduled) this.#endTurn();
    this.#recent.push({ topic, text });
    // A text sent after a missed one would reach the peer before the catch-up does.
    const resubscribed: UwsSocket[] = [];
    for (const connection of this.#behindConnections) {
      if (connection.isReady) this.#behindConnections.delete(connection);
      else if (
        connection !== except &&
        connection.sink instanceof UwsSink &&
        connection.sink.socket.unsubscribe(topic)
      ) {
        resubscribed.push(connection.sink.socket);
        connection.miss([text]);
      }
    }
    const sender =
      except instanceof PeerConnection && except.isOpen && except.sink instanceof UwsSink ? except.sink.socket : null;
    if (sender?.isSubscribed(topic)) sender.publish(topic, text, false);
    else this.#app.publish(topic, text, false);
    for (const socket of resubscribed) socket.subscribe(topic);
  }

  /** Called while uWS iterates over its subscribers: nothing may be subscribed, unsubscribed, sent or closed here. */
  dropped(socket: UwsSocket, text: string): void {
    const { connection } = socket.getUserData();
    if (connection === null || !connection.isOpen || connection.isBehind) return;
    const published = [...this.#earlier, ...this.#recent];
    const first = published.findIndex((one) => one.text === text);
    const lost = first < 0 ? [] : published.slice(first).filter((one) => socket.isSubscribed(one.topic));
    this.#behindConnections.add(connection);
    connection.miss(lost.length === 0 ? [text] : lost.map((one) => one.text));
  }

  #endTurn(): void {
    this.#isTurnScheduled = true;
    setImmediate(() => {
      this.#earlier = this.#recent;
      this.#recent = [];
      this.#isTurnScheduled = false;
      if (this.#earlier.length > 0) this.#endTurn();
    });
  }
}

const FORWARDING_LISTS: ReadonlySet<string> = new Set(['x-forwarded-for', 'forwarded']);

function headersOf(req: UwsRequest): Map<string, string> {
  const headers = new Map<string, string>();
  req.forEach((name, value) => {
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    // A proxy may add its own line below that of the client.
    else if (FORWARDING_LISTS.has(name)) headers.set(name, `${before}, ${value}`);
  });
  return headers;
}

function callerOf(dispatcher: Dispatcher, res: UwsResponse, headers: Map<string, string>, secret: string): Caller {
  const from = headers.get(FROM_HEADER) ?? '';
  headers.delete(FROM_HEADER);
  const isSigned = from.startsWith(`${secret} `);
  const remote = isSigned
    ? from.slice(secret.length + 1)
    : normalizeAddress(Buffer.from(res.getRemoteAddressAsText()).toString());
  return {
    address: dispatcher.clientAddress(remote, headers),
    host: (headers.get('host') ?? '').toLowerCase(),
    origin: headers.get('origin') ?? '',
    authorization: headers.get('authorization') ?? '',
    client: headers.get('user-agent') ?? '',
    ...cookieOf(headers.get('cookie')),
    ...(isForwardedBy(headers.keys()) ? { isForwarded: true } : {}),
  };
}

function headOf(dispatcher: Dispatcher, res: UwsResponse, req: UwsRequest, secret: string): RequestHead {
  const headers = headersOf(req);
  return {
    ...callerOf(dispatcher, res, headers, secret),
    method: req.getCaseSensitiveMethod().toUpperCase(),
    path: dispatcher.pathOnHub(req.getUrl()),
    query: req.getQuery() ?? '',
    headers,
  };
}

/** Catches exceptions: one thrown out of a handler of uWS would end the process. */
function guard(dispatcher: Dispatcher, res: UwsResponse, act: () => void): void {
  attempt(dispatcher.log, 'answering', act, () => void res.close());
}

function upgrade(dispatcher: Dispatcher, res: UwsResponse, req: UwsRequest, secret: string, context: unknown): void {
  const head = headOf(dispatcher, res, req, secret);
  const caller = callerOnly(head);
  const refusal = dispatcher.checkConnection(caller);
  if (refusal !== undefined) {
    writeReply(res, head, refusalReply(refusal));
    return;
  }
  // A client that offers subprotocols disconnects if none is accepted; the hub does not care which.
  const protocol = req.getHeader('sec-websocket-protocol').split(',')[0]?.trim() ?? '';
  const stream = dispatcher.findSocketStream(head);
  res.upgrade({ caller, stream, connection: null }, req.getHeader('sec-websocket-key'), protocol, '', context);
}

function answer(dispatcher: Dispatcher, res: UwsResponse, head: RequestHead): void {
  const route = dispatcher.findRoute(head);
  if (!route.ok) {
    writeReply(res, head, route.reply);
    return;
  }
  const state: RequestState = { isGone: false, onEnd: () => undefined };
  res.onAborted(() => {
    state.isGone = true;
    state.onEnd();
  });
  readBody(res, head, route.limit, state, (body) => {
    if (body === null) {
      state.isGone = true;
      writeReply(res, head, route.refuseTooLarge());
      return;
    }
    void dispatcher
      .respond(route.match, head, body, () => state.isGone)
      .then((reply) => {
        if (state.isGone) return;
        guard(dispatcher, res, () => {
          if ('open' in reply) openStream(dispatcher, res, head, reply, state);
          else if ('chunks' in reply) sendChunked(dispatcher, res, head, reply, state);
          else writeReply(res, head, reply);
        });
      });
  });
}

/** State of one request: whether its client has disconnected (`res` must not be used then), and a callback for that. */
interface RequestState {
  isGone: boolean;
  onEnd: () => void;
}

/** Calls `take` with the whole body, or with null once it is too large; the rest is then read and dropped. */
function readBody(
  res: UwsResponse,
  head: RequestHead,
  limit: number,
  state: RequestState,
  take: (body: Buffer | null) => void,
): void {
  const body = new BodyCollector(contentLength(head));
  res.onData((chunk, last) => {
    if (state.isGone) return;
    if (body.length + chunk.byteLength > limit) {
      take(null);
      return;
    }
    // uWS reuses the chunk's memory when this returns.
    body.add(new Uint8Array(chunk));
    if (last) take(body.take());
  });
}

function writeHead(res: UwsResponse, reply: Reply | ChunkedReply | StreamReply): void {
  res.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`);
  for (const [name, value] of Object.entries(withDefences(reply.headers))) res.writeHeader(name, value);
}

/** Also writes `connection: close`: uWS closes the connection but does not write the header. */
function writeLastHead(res: UwsResponse, { headers }: RequestHead, reply: Reply | ChunkedReply): void {
  writeHead(res, reply);
  if (headers.get('connection')?.toLowerCase() === 'close') res.writeHeader('connection', 'close');
}

function writeReply(res: UwsResponse, head: RequestHead, reply: Reply): void {
  res.cork(() => {
    writeLastHead(res, head, reply);
    const hasNoBody = reply.status === 204 || reply.status === 304;
    if (!hasNoBody && head.method !== 'HEAD') {
      res.end(reply.body);
      return;
    }
    // With a length argument `endWithoutBody` writes it but never ends the response.
    if (!hasNoBody) res.writeHeader('content-length', String(Buffer.byteLength(reply.body)));
    res.endWithoutBody();
  });
}

function openStream(
  dispatcher: Dispatcher,
  res: UwsResponse,
  head: RequestHead,
  stream: StreamReply,
  state: RequestState,
): void {
  const refusal = dispatcher.checkConnection(head);
  if (refusal !== undefined || head.method === 'HEAD') {
    const reply = refusal === undefined ? { ...stream, body: '' } : refusalReply(refusal);
    writeReply(res, head, reply);
    return;
  }
  const sink = new UwsStreamSink(res);
  res.onWritable(() => {
    sink.writable();
    return true;
  });
  res.cork(() => {
    writeHead(res, stream);
    res.tryEnd('', STREAM_LENGTH);
  });
  const connection = dispatcher.openStream(sink, stream, callerOnly(head));
  sink.flushed = () => connection.flushed();
  state.onEnd = () => {
    sink.markClosed();
    dispatcher.closed(connection, false);
  };
}

function sendChunked(
  dispatcher: Dispatcher,
  res: UwsResponse,
  head: RequestHead,
  reply: ChunkedReply,
  state: RequestState,
): void {
  const sink = new ChunkSink(res, state);
  res.onWritable(() => {
    sink.writable();
    return true;
  });
  res.cork(() => {
    writeLastHead(res, head, reply);
    if (head.method === 'HEAD') res.endWithoutBody();
  });
  if (head.method === 'HEAD') state.isGone = true;
  state.onEnd = () => sink.closed();
  void dispatcher.sendChunks(reply, sink);
}

/**
 * A chunked body of unknown length. This version of uWS loses bytes in `write` if its cork buffer overflows while the socket is full. So each
 * write is corked separately, fits into the cork buffer, and happens in its own turn (a handler's turn is always corked). Such a write
 * reports a full socket one write too late; after that, single bytes are written to find out whether all earlier bytes are sent.
 */
class ChunkSink implements ChunkTarget {
  readonly #res: UwsResponse;
  readonly #course: RequestState;
  #size = SLICE;
  onGone: () => void = noop;
  /** Resolves the write that waits for the socket. */
  #resume: () => void = noop;

  constructor(res: UwsResponse, state: RequestState) {
    this.#res = res;
    this.#course = state;
  }

  isGone(): boolean {
    return this.#course.isGone;
  }

  async write(piece: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(piece);
    for (let at = 0; at < bytes.length; ) {
      await nextTurn();
      if (this.isGone()) return;
      const slice = bytes.subarray(at, at + this.#size);
      let all = true;
      this.#res.cork(() => {
        all = this.#res.write(slice);
      });
      at += slice.length;
      this.#size = all ? SLICE : 1;
      if (!all) await this.#writable();
    }
  }

  end(): void {
    setImmediate(() => {
      if (!this.isGone()) this.#res.cork(() => this.#res.end());
    });
  }

  abort(): void {
    // Closing calls the abort handler at once.
    if (!this.isGone()) setImmediate(() => this.isGone() || this.#res.close());
  }

  writable(): void {
    this.#resume();
  }

  /** The client has disconnected; `res` must not be used any more. */
  closed(): void {
    this.onGone();
    this.#resume();
  }

  #writable(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function callerOnly({ address, host, origin, authorization, client = '', isForwarded, cookie }: Caller): Caller {
  return {
    address,
    host,
    origin,
    authorization,
    client,
    ...(isForwarded === true ? { isForwarded } : {}),
    ...cookieOf(cookie),
  };
}

/**
 * A body without an end. `tryEnd` reports how many bytes the system accepted; the rest stays here, so that no byte is written twice or lost
 * (`write` of this version of uWS corrupts the data of slow readers).
 */
class UwsStreamSink implements ByteSink {
  readonly #res: UwsResponse;
  readonly #coalescer = new WriteCoalescer(STREAM_LIMIT, (text) => this.#writeOut(text));
  flushed: () => void = () => undefined;
  /** Bytes that the system has not accepted; empty if the reader keeps up. */
  #unsent: Buffer = Buffer.alloc(0);
  #state: 'open' | 'ending' | 'gone' = 'open';

  constructor(res: UwsResponse) {
    this.#res = res;
  }

  write(text: string): void {
    this.#coalescer.add(text);
  }

  writePart(text: string): void {
    this.write(text);
  }

  pendingBytes(): number {
    return this.#unsent.length;
  }

  end(): void {
    this.#coalescer.flush();
    if (this.#state === 'gone') return;
    this.#state = 'ending';
    // Ends abruptly, after a turn of its own: closing calls the abort handler at once.
    if (this.#unsent.length === 0) setImmediate(() => this.#close());
  }

  /** The connection is closed; `res` must not be used any more. */
  markClosed(): void {
    this.#state = 'gone';
    this.#unsent = Buffer.alloc(0);
  }

  writable(): void {
    const rest = this.#unsent;
    this.#unsent = Buffer.alloc(0);
    this.#tryWrite(rest);
    if (this.#unsent.length > 0) return;
    this.flushed();
    if (this.#state === 'ending') setImmediate(() => this.#close());
  }

  #writeOut(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#unsent.length > 0) this.#unsent = Buffer.concat([this.#unsent, bytes]);
    else this.#tryWrite(bytes);
  }

  #tryWrite(bytes: Buffer): void {
    if (this.#state === 'gone' || bytes.length === 0) return;
    this.#res.cork(() => {
      const before = this.#res.getWriteOffset();
      const [taken] = this.#res.tryEnd(bytes, STREAM_LENGTH);
      if (!taken) this.#unsent = bytes.subarray(this.#res.getWriteOffset() - before);
    });
  }

  #close(): void {
    if (this.#state !== 'gone') this.#res.close();
  }
}

/** Pipes a connection of the Kronos port to the main port, where uWS can parse it from its first byte. */
function pipeToMainPort(socket: Socket, head: Buffer, host: string, port: number): void {
  const to = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const target = connect({ host: to, port, noDelay: true });
  target.on('error', () => socket.destroy());
  target.on('close', () => destroyLater(socket));
  socket.on('close', () => target.destroy());
  target.write(head);
  socket.pipe(target);
  target.pipe(socket);
}

/**
 * Adds the real client address to a request head. A request without an upgrade is the last of its connection, because later requests would
 * lack the address.
 */
function addAddress(bytes: Buffer, from: string): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...rest] = bytes.toString('latin1', 0, end).split('\r\n');
  const upgrade = rest.some((connection) => /^sec-websocket-key:/i.test(connection));
  const headers = upgrade
    ? rest
    : ['Connection: close', ...rest.filter((connection) => !/^connection:/i.test(connection))];
  const head = [first, `${FROM_HEADER}: ${from}`, ...headers].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(end)]);
}
