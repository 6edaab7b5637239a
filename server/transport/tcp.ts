// Raw Kronos TCP: receives JSON objects without delimiters, sends one object a line. A connection that starts with `GET ` is a WebSocket or a
// browser and is passed to the engine of the main port. One that starts with anything else but JSON is refused and closed before more of it
// is read, so that no web page can post messages here.

import { createServer, type Socket } from 'node:net';
import type { Refusal } from '../../protocol/errors.ts';
import { refusalText, refuse } from '../../protocol/errors.ts';
import type { Caller } from '../http/types.ts';
import { MESSAGE_LIMIT } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Framer, type FramingError } from './framing.ts';
import { normalizeAddress } from './host-origin-rules.ts';
import { destroyLater, HEAD_LIMIT, type HttpEngine } from './http-engine.ts';
import { SharedSink, SharedWrites } from './shared-writes.ts';

const FIRST_BYTES_MS = 10_000;
/** Milliseconds for the last answers after one side has ended its stream. */
const LINGER_MS = 1_000;
const KEEP_ALIVE_MS = 60_000;
/** Reading pauses while more than this many bytes are queued for the peer. */
const PAUSE_ABOVE = 65_536;
const GET = Buffer.from('GET ');
const HEAD_END = '\r\n\r\n';

export interface TcpServer {
  readonly port: number;
  stop(): void;
  close(): void;
}

export type TcpResult = { readonly ok: true; readonly tcp: TcpServer } | { readonly ok: false };

export function openTcp(dispatcher: Dispatcher, engine: HttpEngine, host: string, port: number): Promise<TcpResult> {
  const sockets = new Set<Socket>();
  const lines = new SharedWrites(
    (text) => Buffer.from(`${text}\n`),
    (text, _isFirst, isLast) => Buffer.from(isLast ? `${text}\n` : text),
  );
  // Half-open: `echo '{…}' | nc` ends its side before it has read the answer.
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A 'close' event follows each 'error'.
    socket.on('error', () => undefined);
    routeConnection(dispatcher, engine, lines, socket);
  });
  return new Promise((resolve) => {
    server.once('error', () => resolve({ ok: false }));
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve({
        ok: true,
        tcp: {
          port: typeof address === 'object' && address !== null ? address.port : 0,
          stop: () => void server.close(),
          close() {
            server.close();
            for (const socket of sockets) socket.destroy();
          },
        },
      });
    });
  });
}

/** Decides by its first bytes which protocol a connection speaks. */
function routeConnection(dispatcher: Dispatcher, engine: HttpEngine, lines: SharedWrites, socket: Socket): void {
  const caller: Caller = {
    address: normalizeAddress(socket.remoteAddress ?? ''),
    host: '',
    origin: '',
    authorization: '',
  };
  let received: Buffer = Buffer.alloc(0);
  const deadline = setTimeout(() => refuseSocket(socket, refuse('silent')), FIRST_BYTES_MS);
  const onData = (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const isGet = received.subarray(0, GET.length).equals(GET.subarray(0, received.length));
    const isHeadComplete = isGet && received.includes(HEAD_END);
    if (isGet && !isHeadComplete && received.length <= HEAD_LIMIT) return;
    clearTimeout(deadline);
    socket.off('data', onData);
    socket.off('end', onEnd);
    if (isHeadComplete) {
      socket.pause();
      engine.takeOver(socket, received, caller.address);
    } else if (isGet) refuseSocket(socket, refuse('too_large', '', `a request head has ${HEAD_LIMIT} bytes at most`));
    else openKronos(dispatcher, lines, socket, caller, received);
  };
  const onEnd = () => {
    clearTimeout(deadline);
    socket.end();
  };
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('close', () => clearTimeout(deadline));
}

function openKronos(dispatcher: Dispatcher, lines: SharedWrites, socket: Socket, caller: Caller, first: Buffer): void {
  const refusal = dispatcher.checkConnection(caller);
  if (refusal !== undefined) {
    refuseSocket(socket, refusal);
    return;
  }
  const sink = new SharedSink(lines, socket, () => {
    socket.end();
    destroyLater(socket);
  });
  const connection = dispatcher.openConversation(sink, dispatcher.topics, caller);
  sink.flushed = () => {
    connection.flushed();
    if (sink.pendingBytes() === 0) socket.resume();
  };
  const framer = new Framer(MESSAGE_LIMIT);
  /** True if the peer ended its stream while ours was open. */
  let endedFirst = false;
  const onData = (chunk: Buffer) => {
    // Bytes after a framing error or after our close are dropped.
    if (!connection.isOpen) return;
    framer.limit = connection.messageLimit;
    const { messages, fault } = framer.push(chunk);
    for (const message of messages) connection.receive(message);
    if (fault !== null) connection.refuse(refusalOf(fault, connection.messageLimit));
    if (sink.pendingBytes() > PAUSE_ABOVE) socket.pause();
  };
  socket.on('data', onData);
  socket.on('end', () => {
    endedFirst = connection.isOpen;
    afterLinger(socket, () => connection.close(1000, 'goodbye'));
  });
  socket.on('finish', () => {
    socket.resume();
    afterLinger(socket, () => socket.destroy());
  });
  socket.on('close', (failed) => dispatcher.closed(connection, endedFirst && !failed));
  onData(first);
}

function refusalOf(fault: FramingError, limit: number): Refusal {
  if (fault === 'too_large') return refuse('too_large', '', `${limit} bytes at most`);
  return refuse('unframed', '', fault === 'garbage' ? 'send JSON objects' : 'send UTF-8');
}

/** Sends one line with a refusal, and closes a socket that has no conversation. */
function refuseSocket(socket: Socket, refusal: Refusal): void {
  socket.end(`${refusalText(refusal)}\n`);
  socket.resume();
  afterLinger(socket, () => socket.destroy());
}

/** Calls `act` after LINGER_MS. Closing at once with unread input would make the peer lose the last answers (TCP reset). */
function afterLinger(socket: Socket, act: () => void): void {
  if (socket.destroyed) return;
  const timer = setTimeout(act, LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
