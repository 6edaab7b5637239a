// HTTP, WebSocket and streams on uWebSockets.js: the only file that knows it. Its objects are valid for so long as it says
// and no longer, so everything is copied before the first await, and nothing is touched after an abort or a close. What is
// asked of it is written down as interfaces, so that any build with these functions fits.

import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import { env } from 'node:process';
import type { Peer } from '../core/peer.ts';
import { attempt, refusalReply, refusedReply } from '../http/error-boundary.ts';
import { contentLength, type RequestHead } from '../http/router.ts';
import type { Caller, ChunkedReply, Reply, StreamReply } from '../http/types.ts';
import { BodyCollector } from './body.ts';
import { BACKPRESSURE_LIMIT, type ByteSink, PeerConnection, STREAM_LIMIT, type TopicMembers } from './connection.ts';
import { ConnectionSplit } from './connection-split.ts';
import type { ChunkTarget, Dispatcher } from './dispatcher.ts';
import { isForwardedBy, normalizeAddress } from './host-origin-rules.ts';
import type { HttpEngine, OpenedEngine } from './http-engine.ts';
import { destroyLater, FRAME_CUT, HEAD_LIMIT, LAST_MS, receiveMessage } from './http-engine.ts';
import type { SocketPeek } from './socket-peek.ts';
import { WriteCoalescer } from './write-coalescer.ts';
import { createNodeEngine, portOf } from './ws.ts';

/** Seconds without a byte from the other side (automatic pings ask for some) until a connection counts as dead. */
const IDLE_SECONDS = 120;
/** Puts the true address of a connection that came by the Kronos port into the first request of it. */
const FROM_HEADER = 'x-horai-from';
/** The length that a stream claims to have, for it must claim one: `tryEnd` is the only write that is right when readers are slow. */
const ENDLESS = Number.MAX_SAFE_INTEGER;
/** Bytes of a flow in one write: with what frames them they must fit into uWS' cork buffer of 16 KiB. */
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
  line: PeerConnection | null;
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
  listen(host: string, port: number, options: number, heard: (listening: unknown) => void): UwsApp;
  publish(topic: string, text: string, binary: boolean): boolean;
  /** Takes over a connection by its descriptor, with the bytes that wait in it. */
  adoptSocket(descriptor: number): void;
  close(): UwsApp;
}

interface Uws {
  App(): UwsApp;
  us_listen_socket_close(listening: unknown): void;
  us_socket_local_port(listening: unknown): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

function isUws(module: unknown): module is Uws {
  return typeof module === 'object' && module !== null && 'App' in module && 'LIBUS_LISTEN_EXCLUSIVE_PORT' in module;
}

/** Rejects when no binary of it fits this machine. */
export async function loadUws(name: string): Promise<Uws> {
  // uWS takes this from the environment alone, as it loads. Its own 4 KiB are too few where a browser sends the cookies of
  // every other thing on localhost.
  env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(HEAD_LIMIT);
  const loaded: { readonly default?: unknown } = await import(name);
  // Builds for ESM have named exports, those for CommonJS all in the default one.
  const module = isUws(loaded) ? loaded : loaded.default;
  if (!isUws(module)) throw new Error(`${name} is not uWebSockets.js`);
  return module;
}

/** uWebSockets.js alone on a port: HTTP, streams and WebSockets. Its parser answers HTTP/1.0 and a cut request line with 505. */
export function openUws(uws: Uws, door: Dispatcher, host: string, port: number): Promise<OpenedEngine> {
  return new Promise((resolve) => {
    const secret = randomUUID();
    const { app, sockets } = createApp(uws, door, secret);
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
        takeOver: (socket, head, address) => forward(socket, signed(head, `${secret} ${address}`), host, bound),
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
  door: Dispatcher,
  host: string,
  port: number,
): Promise<OpenedEngine> {
  const { app, sockets } = createApp(uws, door, randomUUID());
  const node = createNodeEngine(door);
  // The server has no port of its own. This event makes it track its connections all the same: without it no slow request would
  // time out, and a stop would leave idle connections open.
  node.server.emit('listening');
  const split = new ConnectionSplit({
    peek,
    adopt: (descriptor) => app.adoptSocket(descriptor),
    take: (socket) => node.take(socket),
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

function createApp(uws: Uws, door: Dispatcher, secret: string): { readonly app: UwsApp; readonly sockets: Sockets } {
  const app = uws.App();
  const sockets = new Sockets(app, door);
  app
    .ws('/*', {
      maxPayloadLength: FRAME_CUT,
      maxBackpressure: BACKPRESSURE_LIMIT,
      idleTimeout: IDLE_SECONDS,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => safely(door, res, () => upgrade(door, res, req, secret, context)),
      open: (socket) => sockets.open(socket),
      message(socket, message, binary) {
        const { line } = socket.getUserData();
        // `Buffer.from` shares the memory, which uWS takes back: receiveMessage decodes it before it returns.
        if (line !== null) receiveMessage(line, Buffer.from(message), binary);
      },
      dropped: (socket, message) => sockets.dropped(socket, Buffer.from(message).toString()),
      drain(socket) {
        const { line } = socket.getUserData();
        if (line?.sink instanceof SocketWire) line.sink.drained();
        line?.flushed();
      },
      close(socket, code) {
        const { line } = socket.getUserData();
        if (line === null) return;
        if (line.sink instanceof SocketWire) line.sink.gone();
        // uWS calls this inside our own `close` too; the core hears of it afterwards, as with every other carrier.
        if (line.isOpen) door.closed(line, code !== 1006);
        else setImmediate(() => door.closed(line, false));
      },
    })
    .any('/*', (res, req) => {
      safely(door, res, () => {
        if (hasTwoLengths(req)) refuseTwoLengths(res);
        else answer(door, res, headOf(res, req, secret));
      });
    });
  return { app, sockets };
}

/** Two readers of one wire may disagree on where such a body ends, so the connection ends too. */
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

/** One for all: there are as many wires as connections. */
const nothing = () => undefined;

class SocketWire implements ByteSink {
  readonly socket: UwsSocket;
  /** Bytes left. */
  drained: () => void = nothing;
  /** The socket is dead. */
  gone: () => void = nothing;

  constructor(socket: UwsSocket) {
    this.socket = socket;
  }

  write(text: string): void {
    this.socket.send(text, false);
  }

  pendingBytes(): number {
    return this.socket.getBufferedAmount();
  }

  /** uWS drops a close frame, too, when more than its limit waits: the reader gets a while to take some. */
  end(code: number, reason: string): void {
    if (this.pendingBytes() <= BACKPRESSURE_LIMIT) {
      this.socket.end(code, reason);
      return;
    }
    const cut = setTimeout(() => this.socket.close(), LAST_MS);
    this.gone = () => clearTimeout(cut);
    this.drained = () => {
      if (this.pendingBytes() > BACKPRESSURE_LIMIT) return;
      this.drained = nothing;
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
  readonly #door: Dispatcher;
  /** Lines that missed a text and whose conversation has not been told. */
  readonly #behind = new Set<PeerConnection>();
  // What was published in this turn and the one before it: uWS sends a turn's texts in batches, and of a batch that meets a
  // full socket it reports the first text only, and drops the rest without a word.
  #earlier: Published[] = [];
  #recent: Published[] = [];
  #turning = false;

  constructor(app: UwsApp, door: Dispatcher) {
    this.#app = app;
    this.#door = door;
  }

  open(socket: UwsSocket): void {
    const data = socket.getUserData();
    const line = this.#door.openConversation(new SocketWire(socket), this, data.caller);
    data.line = line;
    // Closed before it was known here: the close handler could not tell whose it was.
    if (!line.isOpen) setImmediate(() => this.#door.closed(line, false));
  }

  join(line: PeerConnection, topic: string): void {
    if (line.sink instanceof SocketWire) line.sink.socket.subscribe(topic);
  }

  leave(line: PeerConnection, topic: string): void {
    if (line.sink instanceof SocketWire) line.sink.socket.unsubscribe(topic);
  }

  remove(line: PeerConnection): void {
    this.#behind.delete(line);
  }

  publish(topic: string, text: string, except?: Peer): void {
    if (!this.#turning) this.#turn();
    this.#recent.push({ topic, text });
    // A text that got through after one that did not would reach the peer before the catching up does.
    const waiting: UwsSocket[] = [];
    for (const line of this.#behind) {
      if (!line.isBehind) this.#behind.delete(line);
      else if (line !== except && line.sink instanceof SocketWire && line.sink.socket.unsubscribe(topic)) {
        waiting.push(line.sink.socket);
        line.miss([text]);
      }
    }
    const sender =
      except instanceof PeerConnection && except.isOpen && except.sink instanceof SocketWire
        ? except.sink.socket
        : null;
    if (sender?.isSubscribed(topic)) sender.publish(topic, text, false);
    else this.#app.publish(topic, text, false);
    for (const socket of waiting) socket.subscribe(topic);
  }

  /** Called while uWS goes through its followers: nothing may be joined, left, sent or closed here. */
  dropped(socket: UwsSocket, text: string): void {
    const { line } = socket.getUserData();
    if (line === null || !line.isOpen || line.isBehind) return;
    const published = [...this.#earlier, ...this.#recent];
    const first = published.findIndex((one) => one.text === text);
    const lost = first < 0 ? [] : published.slice(first).filter((one) => socket.isSubscribed(one.topic));
    this.#behind.add(line);
    line.miss(lost.length === 0 ? [text] : lost.map((one) => one.text));
  }

  #turn(): void {
    this.#turning = true;
    setImmediate(() => {
      this.#earlier = this.#recent;
      this.#recent = [];
      this.#turning = false;
      if (this.#earlier.length > 0) this.#turn();
    });
  }
}

function headersOf(req: UwsRequest): Map<string, string> {
  const headers = new Map<string, string>();
  req.forEach((name, value) => {
    if (!headers.has(name)) headers.set(name, value);
  });
  return headers;
}

function callerOf(res: UwsResponse, headers: Map<string, string>, secret: string): Caller {
  const from = headers.get(FROM_HEADER) ?? '';
  headers.delete(FROM_HEADER);
  const known = from.startsWith(`${secret} `);
  return {
    address: known
      ? from.slice(secret.length + 1)
      : normalizeAddress(Buffer.from(res.getRemoteAddressAsText()).toString()),
    host: (headers.get('host') ?? '').toLowerCase(),
    origin: headers.get('origin') ?? '',
    authorization: headers.get('authorization') ?? '',
    ...(isForwardedBy(headers.keys()) ? { isForwarded: true } : {}),
  };
}

function headOf(res: UwsResponse, req: UwsRequest, secret: string): RequestHead {
  const headers = headersOf(req);
  return {
    ...callerOf(res, headers, secret),
    method: req.getCaseSensitiveMethod().toUpperCase(),
    path: req.getUrl(),
    query: req.getQuery() ?? '',
    headers,
  };
}

/** An exception out of a handler of uWS would end the process. */
function safely(door: Dispatcher, res: UwsResponse, act: () => void): void {
  attempt(door.log, 'answering', act, () => void res.close());
}

function upgrade(door: Dispatcher, res: UwsResponse, req: UwsRequest, secret: string, context: unknown): void {
  const head = headOf(res, req, secret);
  const caller = callerOnly(head);
  const refusal = door.checkConnection(caller);
  if (refusal !== undefined) {
    writeReply(res, head, refusalReply(refusal));
    return;
  }
  // A client that offers protocols of its own gives up if none is taken; which one is nothing to us.
  const protocol = req.getHeader('sec-websocket-protocol').split(',')[0]?.trim() ?? '';
  res.upgrade({ caller, line: null }, req.getHeader('sec-websocket-key'), protocol, '', context);
}

function answer(door: Dispatcher, res: UwsResponse, head: RequestHead): void {
  const opening = door.findRoute(head);
  if (!opening.ok) {
    writeReply(res, head, opening.reply);
    return;
  }
  const course: Course = { gone: false, ended: () => undefined };
  res.onAborted(() => {
    course.gone = true;
    course.ended();
  });
  readBody(res, head, opening.limit, course, (body) => {
    if (body === null) {
      course.gone = true;
      writeReply(res, head, opening.tooLarge);
      return;
    }
    void door
      .respond(opening.match, head, body, () => course.gone)
      .then((reply) => {
        if (course.gone) return;
        safely(door, res, () => {
          if ('open' in reply) openStream(door, res, head, reply, course);
          else if ('chunks' in reply) openFlow(door, res, head, reply, course);
          else writeReply(res, head, reply);
        });
      });
  });
}

/** One request on its way: whether its client is gone (`res` is then dead), and who wants to hear of that. */
interface Course {
  gone: boolean;
  ended: () => void;
}

/** Hands over the whole body, or null once it is too large; what still comes then is let pass and forgotten. */
function readBody(
  res: UwsResponse,
  head: RequestHead,
  limit: number,
  course: Course,
  take: (body: Buffer | null) => void,
): void {
  const body = new BodyCollector(contentLength(head));
  res.onData((chunk, last) => {
    if (course.gone) return;
    if (body.length + chunk.byteLength > limit) {
      take(null);
      return;
    }
    // uWS takes the chunk back when this returns.
    body.add(new Uint8Array(chunk));
    if (last) take(body.take());
  });
}

function writeHead(res: UwsResponse, reply: Reply | ChunkedReply | StreamReply): void {
  res.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`);
  for (const [name, value] of Object.entries(reply.headers)) res.writeHeader(name, value);
}

/** With what uWS leaves to us: it does close, but does not say so. */
function writeLastHead(res: UwsResponse, { headers }: RequestHead, reply: Reply | ChunkedReply): void {
  writeHead(res, reply);
  if (headers.get('connection')?.toLowerCase() === 'close') res.writeHeader('connection', 'close');
}

function writeReply(res: UwsResponse, head: RequestHead, reply: Reply): void {
  res.cork(() => {
    writeLastHead(res, head, reply);
    const bodiless = reply.status === 204 || reply.status === 304;
    if (!bodiless && head.method !== 'HEAD') {
      res.end(reply.body);
      return;
    }
    // Given a length, `endWithoutBody` writes it but leaves the response open for ever.
    if (!bodiless) res.writeHeader('content-length', String(Buffer.byteLength(reply.body)));
    res.endWithoutBody();
  });
}

function openStream(door: Dispatcher, res: UwsResponse, head: RequestHead, stream: StreamReply, course: Course): void {
  const refusal = door.checkConnection(head);
  if (refusal !== undefined || head.method === 'HEAD') {
    const reply = refusal === undefined ? { ...stream, body: '' } : refusalReply(refusal);
    writeReply(res, head, reply);
    return;
  }
  const wire = new StreamWire(res);
  res.onWritable(() => {
    wire.writable();
    return true;
  });
  res.cork(() => {
    writeHead(res, stream);
    res.tryEnd('', ENDLESS);
  });
  const line = door.openStream(wire, stream, callerOnly(head));
  wire.flushed = () => line.flushed();
  course.ended = () => {
    wire.gone();
    door.closed(line, false);
  };
}

function openFlow(door: Dispatcher, res: UwsResponse, head: RequestHead, flow: ChunkedReply, course: Course): void {
  const sink = new ChunkSink(res, course);
  res.onWritable(() => {
    sink.writable();
    return true;
  });
  res.cork(() => {
    writeLastHead(res, head, flow);
    if (head.method === 'HEAD') res.endWithoutBody();
  });
  if (head.method === 'HEAD') course.gone = true;
  course.ended = () => sink.closed();
  void door.sendChunks(flow, sink);
}

/**
 * A body whose length nobody knows yet, in chunks. `write` of this uWS loses bytes, but only where its cork buffer overflows while
 * the socket takes nothing: so each write has a cork of its own that it fits into, in a turn of its own (a handler's is corked
 * all along). Such a write tells of a full socket one too late; after that, a byte at a time asks whether all before it has gone.
 */
class ChunkSink implements ChunkTarget {
  readonly #res: UwsResponse;
  readonly #course: Course;
  #size = SLICE;
  onGone: () => void = nothing;
  /** Who waits for the socket. */
  #wake: () => void = nothing;

  constructor(res: UwsResponse, course: Course) {
    this.#res = res;
    this.#course = course;
  }

  isGone(): boolean {
    return this.#course.gone;
  }

  async write(piece: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(piece);
    for (let at = 0; at < bytes.length; ) {
      await turn();
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
    this.#wake();
  }

  /** The client has gone; `res` is dead. */
  closed(): void {
    this.onGone();
    this.#wake();
  }

  #writable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function callerOnly({ address, host, origin, authorization, isForwarded }: Caller): Caller {
  return { address, host, origin, authorization, ...(isForwarded === true ? { isForwarded } : {}) };
}

/**
 * A body without end. `tryEnd` takes what the system takes and says how much that was; the rest stays here, so that no byte
 * is written twice or lost (`write` of this uWS corrupts what slow readers get).
 */
class StreamWire implements ByteSink {
  readonly #res: UwsResponse;
  readonly #gathering = new WriteCoalescer(STREAM_LIMIT, (text) => this.#pour(text));
  flushed: () => void = () => undefined;
  /** Not taken yet; empty when the reader keeps up. */
  #rest: Buffer = Buffer.alloc(0);
  #state: 'open' | 'ending' | 'gone' = 'open';

  constructor(res: UwsResponse) {
    this.#res = res;
  }

  write(text: string): void {
    this.#gathering.add(text);
  }

  pendingBytes(): number {
    return this.#rest.length;
  }

  end(): void {
    this.#gathering.flush();
    if (this.#state === 'gone') return;
    this.#state = 'ending';
    // Ends abruptly, after a turn of its own: closing calls the abort handler at once.
    if (this.#rest.length === 0) setImmediate(() => this.#close());
  }

  /** The connection is over; `res` is dead. */
  gone(): void {
    this.#state = 'gone';
    this.#rest = Buffer.alloc(0);
  }

  writable(): void {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.#put(rest);
    if (this.#rest.length > 0) return;
    this.flushed();
    if (this.#state === 'ending') setImmediate(() => this.#close());
  }

  #pour(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#rest.length > 0) this.#rest = Buffer.concat([this.#rest, bytes]);
    else this.#put(bytes);
  }

  #put(bytes: Buffer): void {
    if (this.#state === 'gone' || bytes.length === 0) return;
    this.#res.cork(() => {
      const before = this.#res.getWriteOffset();
      const [taken] = this.#res.tryEnd(bytes, ENDLESS);
      if (!taken) this.#rest = bytes.subarray(this.#res.getWriteOffset() - before);
    });
  }

  #close(): void {
    if (this.#state !== 'gone') this.#res.close();
  }
}

/** Carries a connection of the Kronos port to the main port, where uWS can take it from the beginning. */
function forward(socket: Socket, head: Buffer, host: string, port: number): void {
  const to = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const onward = connect({ host: to, port, noDelay: true });
  onward.on('error', () => socket.destroy());
  onward.on('close', () => destroyLater(socket));
  socket.on('close', () => onward.destroy());
  onward.write(head);
  socket.pipe(onward);
  onward.pipe(socket);
}

/**
 * The head with the true address in it. A request that is no upgrade is the last of its connection, because a later one
 * would come without the address.
 */
function signed(bytes: Buffer, from: string): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...rest] = bytes.toString('latin1', 0, end).split('\r\n');
  const upgrade = rest.some((line) => /^sec-websocket-key:/i.test(line));
  const kept = upgrade ? rest : ['Connection: close', ...rest.filter((line) => !/^connection:/i.test(line))];
  const head = [first, `${FROM_HEADER}: ${from}`, ...kept].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(end)]);
}
