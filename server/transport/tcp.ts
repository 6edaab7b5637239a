// Raw Kronos TCP: JSON objects without delimiters in, one object a line out. A connection that begins with `GET ` is a
// WebSocket or a browser and is handed to the engine of the main port; one that begins with anything else but JSON is
// answered and cut before a byte more of it is read, so that no web page can post messages here.

import { createServer, type Socket } from 'node:net';
import type { Refusal } from '../../protocol/errors.ts';
import { refusalText, refuse } from '../../protocol/errors.ts';
import type { Caller } from '../http/types.ts';
import { MESSAGE_LIMIT } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Framer, type FramingError } from './framing.ts';
import { normalizeAddress } from './host-origin-rules.ts';
import { HEAD_LIMIT, type HttpEngine, NodeSink } from './http-engine.ts';

const FIRST_MS = 10_000;
/** How long answers may still leave once one side has said its last. */
const LINGER_MS = 1_000;
const KEEP_ALIVE_MS = 60_000;
/** No more is read from a peer that leaves this much unread. */
const PAUSE_ABOVE = 65_536;
const GET = Buffer.from('GET ');
const HEAD_END = '\r\n\r\n';

export interface TcpServer {
  readonly port: number;
  stop(): void;
  close(): void;
}

export type TcpResult = { readonly ok: true; readonly tcp: TcpServer } | { readonly ok: false };

export function openTcp(door: Dispatcher, engine: HttpEngine, host: string, port: number): Promise<TcpResult> {
  const sockets = new Set<Socket>();
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
    // 'close' follows and says all there is to say.
    socket.on('error', () => undefined);
    meet(door, engine, socket);
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

/** Looks at the first bytes. */
function meet(door: Dispatcher, engine: HttpEngine, socket: Socket): void {
  const caller: Caller = {
    address: normalizeAddress(socket.remoteAddress ?? ''),
    host: '',
    origin: '',
    authorization: '',
  };
  let seen: Buffer = Buffer.alloc(0);
  const deadline = setTimeout(() => turnAway(socket, refuse('silent')), FIRST_MS);
  const look = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const get = seen.subarray(0, GET.length).equals(GET.subarray(0, seen.length));
    const whole = get && seen.includes(HEAD_END);
    if (get && !whole && seen.length <= HEAD_LIMIT) return;
    clearTimeout(deadline);
    socket.off('data', look);
    socket.off('end', ended);
    if (whole) {
      socket.pause();
      engine.takeOver(socket, seen, caller.address);
    } else if (get) turnAway(socket, refuse('too_large', '', `a request head has ${HEAD_LIMIT} bytes at most`));
    else talk(door, socket, caller, seen);
  };
  const ended = () => {
    clearTimeout(deadline);
    socket.end();
  };
  socket.on('data', look);
  socket.on('end', ended);
  socket.on('close', () => clearTimeout(deadline));
}

function talk(door: Dispatcher, socket: Socket, caller: Caller, first: Buffer): void {
  const refusal = door.checkConnection(caller);
  if (refusal !== undefined) {
    turnAway(socket, refusal);
    return;
  }
  const wire = new NodeSink(socket, '\n');
  const line = door.openConversation(wire, door.topics, caller);
  wire.flushed = () => {
    line.flushed();
    if (wire.pendingBytes() === 0) socket.resume();
  };
  const framer = new Framer(MESSAGE_LIMIT);
  /** The other side has ended, and we had not. */
  let said = false;
  const hear = (chunk: Buffer) => {
    // What follows a fault or our goodbye is thrown away.
    if (!line.isOpen) return;
    const { messages, fault } = framer.push(chunk);
    for (const message of messages) line.receive(message);
    if (fault !== null) line.refuse(refusalOf(fault));
    if (wire.pendingBytes() > PAUSE_ABOVE) socket.pause();
  };
  socket.on('data', hear);
  socket.on('end', () => {
    said = line.isOpen;
    later(socket, () => line.close(1000, 'goodbye'));
  });
  socket.on('finish', () => {
    socket.resume();
    later(socket, () => socket.destroy());
  });
  socket.on('close', (failed) => door.closed(line, said && !failed));
  hear(first);
}

function refusalOf(fault: FramingError): Refusal {
  if (fault === 'too_large') return refuse('too_large', '', `${MESSAGE_LIMIT} bytes at most`);
  return refuse('unframed', '', fault === 'garbage' ? 'send JSON objects' : 'send UTF-8');
}

/** One line of refusal to somebody with whom no conversation begins. */
function turnAway(socket: Socket, refusal: Refusal): void {
  socket.end(`${refusalText(refusal)}\n`);
  socket.resume();
  later(socket, () => socket.destroy());
}

/** Gives the last answers time to leave: closing at once, with input unread, would take them from the other side. */
function later(socket: Socket, act: () => void): void {
  if (socket.destroyed) return;
  const timer = setTimeout(act, LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
