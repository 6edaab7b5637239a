// HTTP, WebSocket and streams on node:http and ws: the engine for machines without a binary of uWebSockets.js, with the same behaviour. ws
// does the handshake, reads, and writes control frames. Messages are written here, to the socket itself: ws would make a frame and a write for
// each receiver. The topics are those of the Dispatcher, because ws has none.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { withDefences } from '../http/browser-defences.ts';
import { attempt, refusalReply, refusedReply } from '../http/error-boundary.ts';
import { contentLength, type RequestHead } from '../http/router.ts';
import type { Caller, ChunkedReply, Reply, StreamReply } from '../http/types.ts';
import { BodyCollector } from './body.ts';
import { type ByteSink, STREAM_LIMIT } from './connection.ts';
import type { ChunkTarget, Dispatcher, SocketStream } from './dispatcher.ts';
import { cookieOf, isForwardedBy, normalizeAddress } from './host-origin-rules.ts';
import type { HttpEngine, OpenedEngine } from './http-engine.ts';
import { CLOSE_TIMEOUT_MS, destroyLater, HEAD_LIMIT, MAX_FRAME, receiveMessage } from './http-engine.ts';
import { SharedSink, SharedWrites } from './shared-writes.ts';
import { framePart, frameText } from './websocket-frame.ts';
import { WriteCoalescer } from './write-coalescer.ts';

const HEAD_MS = 10_000;
const BODY_MS = 120_000;
/** Milliseconds between pings. A connection that misses one counts as dead: after at most 120 s, as in the other engine. */
const PING_MS = 60_000;

/** HTTP and WebSocket without a port: the caller passes connections to it. */
export interface NodeEngine {
  readonly server: Server;
  take(socket: Socket): void;
  close(): Promise<void>;
}

export function createNodeEngine(dispatcher: Dispatcher): NodeEngine {
  const server = createServer({
    maxHeaderSize: HEAD_LIMIT,
    headersTimeout: HEAD_MS,
    requestTimeout: BODY_MS,
    keepAliveTimeout: HEAD_MS,
    connectionsCheckingInterval: 2_000,
  });
  const upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME,
    perMessageDeflate: false,
    WebSocket: FlushedWebSocket,
  });
  const sockets = new Map<WebSocket, { alive: boolean }>();
  const frames = new SharedWrites(frameText, framePart);

  server.on('request', (req, res) => answer(dispatcher, req, res));
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const caller = callerOf(dispatcher, req);
    const refusal = dispatcher.checkConnection(caller);
    if (refusal !== undefined) refuseUpgrade(socket, refusalReply(refusal));
    else if (req.headers.upgrade?.toLowerCase() !== 'websocket') {
      refuseUpgrade(socket, refusedReply('payload', 'the only upgrade is to websocket'));
    } else {
      const stream = dispatcher.findSocketStream(headOf(dispatcher, req));
      upgrades.handleUpgrade(req, socket, head, (ws) => open(ws, socket, caller, stream));
    }
  });

  const open = (ws: FlushedWebSocket, socket: Duplex, caller: Caller, stream: SocketStream | undefined) => {
    const liveness = { alive: true };
    sockets.set(ws, liveness);
    const sink = new SharedSink(frames, socket, (code, reason) => ws.close(code, reason));
    ws.sink = sink;
    const connection = dispatcher.openConversation(sink, dispatcher.topics, caller, stream);
    sink.flushed = () => connection.flushed();
    ws.on('message', (data, binary) => receiveMessage(connection, bufferOf(data), binary));
    ws.on('pong', () => {
      liveness.alive = true;
    });
    // A 'close' event follows each 'error'.
    ws.on('error', () => undefined);
    ws.on('close', (code) => {
      sockets.delete(ws);
      dispatcher.closed(connection, connection.isOpen && code !== 1006);
    });
  };

  const pings = setInterval(() => {
    for (const [ws, liveness] of sockets) {
      if (!liveness.alive) ws.terminate();
      else ws.ping();
      liveness.alive = false;
    }
  }, PING_MS).unref();

  return {
    server,
    take(socket) {
      server.emit('connection', socket);
      socket.resume();
    },
    close() {
      clearInterval(pings);
      // Without a port of its own `close` reports an error, but it does stop the checks for slow requests.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const ws of sockets.keys()) ws.terminate();
      server.closeAllConnections();
      return closed;
    },
  };
}

export function openWs(dispatcher: Dispatcher, host: string, port: number): Promise<OpenedEngine> {
  const node = createNodeEngine(dispatcher);
  const { server } = node;
  const engine = (bound: number): HttpEngine => ({
    port: bound,
    publish: () => undefined,
    takeOver(socket, head) {
      socket.unshift(head);
      node.take(socket);
    },
    stop: () => void server.close(),
    close: () => node.close(),
  });
  return new Promise((resolve) => {
    server.once('error', () => {
      void node.close();
      resolve({ ok: false, error: '' });
    });
    server.listen({ host, port }, () => resolve({ ok: true, engine: engine(portOf(server)) }));
  });
}

/** A WebSocket whose messages leave before its close frame, and none after it, also when ws answers a client's close frame. */
class FlushedWebSocket extends WebSocket {
  sink: SharedSink | null = null;

  override close(code?: number, reason?: string | Buffer): void {
    this.sink?.finish();
    super.close(code, reason);
  }
}

export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function bufferOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function callerOf(dispatcher: Dispatcher, req: IncomingMessage): Caller {
  const { host = '', origin = '', authorization = '', cookie } = req.headers;
  const remote = normalizeAddress(req.socket.remoteAddress ?? '');
  const address = dispatcher.clientAddress(remote, { get: (name) => listOf(req.headers[name]) });
  const client = req.headers['user-agent'] ?? '';
  const caller = { address, host: host.toLowerCase(), origin, authorization, client, ...cookieOf(cookie) };
  return isForwardedBy(Object.keys(req.headers)) ? { ...caller, isForwarded: true } : caller;
}

/** Several lines of one header as one list. */
function listOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Node decodes headers as Latin-1; clients that send more than ASCII send UTF-8. */
function decodeUtf8(value: string): string {
  return /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString() : value;
}

function headOf(dispatcher: Dispatcher, req: IncomingMessage): RequestHead {
  const url = req.url ?? '';
  const mark = url.indexOf('?');
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(req.headers)) {
    if (typeof value === 'string') headers.set(name, decodeUtf8(value));
  }
  return {
    ...callerOf(dispatcher, req),
    method: req.method ?? 'GET',
    path: dispatcher.pathOnHub(mark < 0 ? url : url.slice(0, mark)),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
  };
}

function answer(dispatcher: Dispatcher, req: IncomingMessage, res: ServerResponse): void {
  const head = headOf(dispatcher, req);
  const route = dispatcher.findRoute(head);
  if (!route.ok) {
    writeReply(req, res, route.reply);
    return;
  }
  let isGone = false;
  res.on('close', () => {
    isGone = !res.writableFinished;
  });
  readBody(req, head, route.limit, (body) => {
    if (body === null) {
      writeReply(req, res, route.refuseTooLarge());
      return;
    }
    void dispatcher
      .respond(route.match, head, body, () => isGone)
      .then((reply) => {
        if (isGone) return;
        const write = () => {
          if ('open' in reply) openStream(dispatcher, req, res, head, reply);
          else if ('chunks' in reply) sendChunked(dispatcher, req, res, reply);
          else writeReply(req, res, reply);
        };
        attempt(dispatcher.log, 'answering', write, () => void res.destroy());
      });
  });
}

/** Calls `take` with the whole body, or with null once it is too large; the rest is then read and dropped. */
function readBody(req: IncomingMessage, head: RequestHead, limit: number, take: (body: Buffer | null) => void): void {
  const body = new BodyCollector(contentLength(head));
  let length = 0;
  req.on('data', (chunk: Buffer) => {
    if (length > limit) return;
    length += chunk.length;
    if (length > limit) take(null);
    else body.add(chunk);
  });
  req.on('end', () => {
    if (length <= limit) take(body.take());
  });
  // The response's 'close' event reports an aborted request.
  req.on('error', () => undefined);
}

function writeReply(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  const hasNoBody = reply.status === 204 || reply.status === 304;
  const length = hasNoBody ? {} : { 'content-length': Buffer.byteLength(reply.body) };
  res.writeHead(reply.status, { ...withDefences(reply.headers), ...length });
  res.end(hasNoBody || req.method === 'HEAD' ? undefined : reply.body);
  // Drops the unread part of the body.
  req.resume();
}

function openStream(
  dispatcher: Dispatcher,
  req: IncomingMessage,
  res: ServerResponse,
  head: RequestHead,
  stream: StreamReply,
): void {
  const refusal = dispatcher.checkConnection(head);
  if (refusal !== undefined || req.method === 'HEAD') {
    writeReply(req, res, refusal === undefined ? { ...stream, body: '' } : refusalReply(refusal));
    return;
  }
  res.writeHead(stream.status, withDefences(stream.headers));
  res.flushHeaders();
  const sink = new StreamSink(res);
  const connection = dispatcher.openStream(sink, stream, callerOf(dispatcher, req));
  sink.flushed = () => connection.flushed();
  res.on('close', () => dispatcher.closed(connection, false));
  res.on('error', () => undefined);
}

/** Writes texts to a streamed HTTP body. */
class StreamSink implements ByteSink {
  readonly #res: ServerResponse;
  readonly #coalescer = new WriteCoalescer(STREAM_LIMIT, (text) => this.#writeOut(text));
  flushed: () => void = () => undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  write(text: string): void {
    this.#coalescer.add(text);
  }

  writePart(text: string): void {
    this.write(text);
  }

  pendingBytes(): number {
    // A body that has ended takes no bytes; the event of its end follows.
    return this.#res.writable ? this.#res.writableLength : Number.POSITIVE_INFINITY;
  }

  end(): void {
    this.#coalescer.flush();
    this.#res.end();
    destroyLater(this.#res);
  }

  #writeOut(text: string): void {
    if (!this.#res.writable) return;
    this.#res.write(text, (error) => {
      if (!error) this.flushed();
    });
  }
}

function sendChunked(dispatcher: Dispatcher, req: IncomingMessage, res: ServerResponse, reply: ChunkedReply): void {
  res.writeHead(reply.status, withDefences(reply.headers));
  res.on('error', () => undefined);
  const sink = new ChunkSink(res);
  if (req.method === 'HEAD') sink.end();
  void dispatcher.sendChunks(reply, sink);
}

class ChunkSink implements ChunkTarget {
  readonly #res: ServerResponse;
  onGone: () => void = () => undefined;
  /** Resolves the write that waits for the socket. */
  #resume: () => void = () => undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
    res.on('timeout', () => void res.destroy());
    res.on('close', () => {
      if (!res.writableEnded) this.onGone();
      this.#resume();
    });
  }

  isGone(): boolean {
    return this.#res.destroyed || this.#res.writableEnded;
  }

  write(piece: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      // A reader that takes no bytes for this long has disconnected silently.
      this.#res.setTimeout(CLOSE_TIMEOUT_MS);
      this.#res.write(piece, () => {
        this.#res.setTimeout(0);
        resolve();
      });
    });
  }

  end(): void {
    this.#res.end();
  }

  abort(): void {
    this.#res.destroy();
  }
}

function refuseUpgrade(socket: Duplex, reply: Reply): void {
  const head = [
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`,
    ...Object.entries(withDefences(reply.headers)).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(reply.body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.end(reply.body);
}
