// HTTP, WebSocket and streams on node:http and ws: the engine for machines that have no binary of uWebSockets.js. It keeps the
// same promises with more work for each message; topics are the Dispatcher's, because ws has none.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { attempt, refusalReply, refusedReply } from '../http/error-boundary.ts';
import { contentLength, type RequestHead } from '../http/router.ts';
import type { Caller, ChunkedReply, Reply, StreamReply } from '../http/types.ts';
import { BodyCollector } from './body.ts';
import type { ByteSink } from './connection.ts';
import type { ChunkTarget, Dispatcher } from './dispatcher.ts';
import { isForwardedBy, normalizeAddress } from './host-origin-rules.ts';
import type { HttpEngine, OpenedEngine } from './http-engine.ts';
import { FRAME_CUT, HEAD_LIMIT, LAST_MS, NodeSink, receiveMessage } from './http-engine.ts';

const HEAD_MS = 10_000;
const BODY_MS = 120_000;
/** One unanswered ping later a connection counts as dead: 120 s at most, as with the other engine. */
const PING_MS = 60_000;

/** HTTP and WebSocket without a port: connections are given to it. */
export interface NodeEngine {
  readonly server: Server;
  take(socket: Socket): void;
  close(): Promise<void>;
}

export function createNodeEngine(door: Dispatcher): NodeEngine {
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
    maxPayload: FRAME_CUT,
    perMessageDeflate: false,
  });
  const sockets = new Map<WebSocket, { alive: boolean }>();

  server.on('request', (req, res) => answer(door, req, res));
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const caller = callerOf(req);
    const refusal = door.checkConnection(caller);
    if (refusal !== undefined) refuseUpgrade(socket, refusalReply(refusal));
    else if (req.headers.upgrade?.toLowerCase() !== 'websocket') {
      refuseUpgrade(socket, refusedReply('payload', 'the only upgrade is to websocket'));
    } else upgrades.handleUpgrade(req, socket, head, (ws) => open(ws, caller));
  });

  const open = (ws: WebSocket, caller: Caller) => {
    const life = { alive: true };
    sockets.set(ws, life);
    const wire = new SocketWire(ws);
    const line = door.openConversation(wire, door.topics, caller);
    wire.flushed = () => line.flushed();
    ws.on('message', (data, binary) => receiveMessage(line, bufferOf(data), binary));
    ws.on('pong', () => {
      life.alive = true;
    });
    // ws has closed or is about to; 'close' follows.
    ws.on('error', () => undefined);
    ws.on('close', (code) => {
      sockets.delete(ws);
      door.closed(line, line.isOpen && code !== 1006);
    });
  };

  const pings = setInterval(() => {
    for (const [ws, life] of sockets) {
      if (!life.alive) ws.terminate();
      else ws.ping();
      life.alive = false;
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
      // Without a port of its own `close` reports an error, and stops the checks of slow requests all the same.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const ws of sockets.keys()) ws.terminate();
      server.closeAllConnections();
      return closed;
    },
  };
}

export function openWs(door: Dispatcher, host: string, port: number): Promise<OpenedEngine> {
  const node = createNodeEngine(door);
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

class SocketWire implements ByteSink {
  readonly #ws: WebSocket;
  flushed: () => void = () => undefined;

  constructor(ws: WebSocket) {
    this.#ws = ws;
  }

  write(text: string): void {
    this.#ws.send(text, () => this.flushed());
  }

  pendingBytes(): number {
    return this.#ws.bufferedAmount;
  }

  end(code: number, reason: string): void {
    this.#ws.close(code, reason);
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

function callerOf(req: IncomingMessage): Caller {
  const { host = '', origin = '', authorization = '' } = req.headers;
  const address = normalizeAddress(req.socket.remoteAddress ?? '');
  const caller = { address, host: host.toLowerCase(), origin, authorization };
  return isForwardedBy(Object.keys(req.headers)) ? { ...caller, isForwarded: true } : caller;
}

/** Node hands bytes over one by one; those who send more than ASCII send UTF-8. */
function readable(value: string): string {
  return /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString() : value;
}

function headOf(req: IncomingMessage): RequestHead {
  const url = req.url ?? '';
  const mark = url.indexOf('?');
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(req.headers)) {
    if (typeof value === 'string') headers.set(name, readable(value));
  }
  return {
    ...callerOf(req),
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
  };
}

function answer(door: Dispatcher, req: IncomingMessage, res: ServerResponse): void {
  const head = headOf(req);
  const opening = door.findRoute(head);
  if (!opening.ok) {
    writeReply(req, res, opening.reply);
    return;
  }
  let gone = false;
  res.on('close', () => {
    gone = !res.writableFinished;
  });
  readBody(req, head, opening.limit, (body) => {
    if (body === null) {
      writeReply(req, res, opening.tooLarge);
      return;
    }
    void door
      .respond(opening.match, head, body, () => gone)
      .then((reply) => {
        if (gone) return;
        const write = () => {
          if ('open' in reply) openStream(door, req, res, head, reply);
          else if ('chunks' in reply) openFlow(door, req, res, reply);
          else writeReply(req, res, reply);
        };
        attempt(door.log, 'answering', write, () => void res.destroy());
      });
  });
}

/** Hands over the whole body, or null once it is too large; what still comes then is let pass and forgotten. */
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
  // An aborted request is told by the response's 'close'.
  req.on('error', () => undefined);
}

function writeReply(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  const bodiless = reply.status === 204 || reply.status === 304;
  const length = bodiless ? {} : { 'content-length': Buffer.byteLength(reply.body) };
  res.writeHead(reply.status, { ...reply.headers, ...length });
  res.end(bodiless || req.method === 'HEAD' ? undefined : reply.body);
  // Whatever of the body was not read.
  req.resume();
}

function openStream(
  door: Dispatcher,
  req: IncomingMessage,
  res: ServerResponse,
  head: RequestHead,
  stream: StreamReply,
): void {
  const refusal = door.checkConnection(head);
  if (refusal !== undefined || req.method === 'HEAD') {
    writeReply(req, res, refusal === undefined ? { ...stream, body: '' } : refusalReply(refusal));
    return;
  }
  res.writeHead(stream.status, stream.headers);
  res.flushHeaders();
  const wire = new NodeSink(res, '');
  const line = door.openStream(wire, stream, callerOf(req));
  wire.flushed = () => line.flushed();
  res.on('close', () => door.closed(line, false));
  res.on('error', () => undefined);
}

function openFlow(door: Dispatcher, req: IncomingMessage, res: ServerResponse, flow: ChunkedReply): void {
  res.writeHead(flow.status, flow.headers);
  res.on('error', () => undefined);
  const sink = new ChunkSink(res);
  if (req.method === 'HEAD') sink.end();
  void door.sendChunks(flow, sink);
}

class ChunkSink implements ChunkTarget {
  readonly #res: ServerResponse;
  onGone: () => void = () => undefined;
  /** Who waits for the socket. */
  #wake: () => void = () => undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
    res.on('close', () => {
      if (!res.writableEnded) this.onGone();
      this.#wake();
    });
  }

  isGone(): boolean {
    return this.#res.destroyed || this.#res.writableEnded;
  }

  write(piece: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      // A reader that takes nothing at all for so long has gone without a word.
      this.#res.setTimeout(LAST_MS, () => void this.#res.destroy());
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
    ...Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(reply.body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.end(reply.body);
}
