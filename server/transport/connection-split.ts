// One port for two engines: Node's HTTP parser answers requests, and uWebSockets.js gets the connections that begin with a WebSocket
// handshake, as descriptors, so that their messages do not pass through Node. docs/decisions/0010 says why.

import { createServer, type Server, type Socket } from 'node:net';
import { HEAD_LIMIT } from './http-engine.ts';
import type { SocketPeek } from './socket-peek.ts';

/** Milliseconds before the second peek at a connection: nearly all have sent their first bytes by then. */
const minPauseMs = 1;
/** Longest pause between two peeks, in milliseconds. A connection silent for longer is given to Node's parser. */
const maxPauseMs = 512;

export type FirstBytes = 'handshake' | 'request' | 'unfinished';

/** Classifies a connection by its first bytes. Anything unusual counts as a request: Node's side handles WebSocket handshakes too. */
export function readFirstBytes(bytes: Buffer): FirstBytes {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) {
    const isGet = text.length < 4 ? 'GET '.startsWith(text) : text.startsWith('GET ');
    return isGet && bytes.length > 0 && bytes.length < HEAD_LIMIT ? 'unfinished' : 'request';
  }
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const countHeaders = (form: RegExp) => lines.filter((line) => form.test(line)).length;
  const isHandshake =
    /^GET [!-~]+ HTTP\/1\.1$/.test(start) &&
    countHeaders(/^upgrade:[ \t]*websocket[ \t]*$/i) === 1 &&
    countHeaders(/^sec-websocket-key:/i) === 1 &&
    countHeaders(/^host:/i) === 1 &&
    countHeaders(/^(?:content-length|transfer-encoding):/i) === 0 &&
    countHeaders(/^[ \t]/) === 0;
  return isHandshake ? 'handshake' : 'request';
}

export interface SplitDeps {
  readonly peek: SocketPeek;
  /** Takes over a descriptor whose connection begins with a handshake. */
  readonly adoptHandshake: (descriptor: number) => void;
  /** Takes a connection that begins with anything else. */
  readonly takeRequest: (socket: Socket) => void;
}

export class ConnectionSplit {
  readonly server: Server;
  readonly #deps: SplitDeps;
  readonly #undecided = new Set<Socket>();

  constructor(deps: SplitDeps) {
    this.#deps = deps;
    // No bytes are read from a connection before its engine is decided.
    this.server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#undecided.add(socket);
      socket.once('close', () => this.#undecided.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#decide(socket, minPauseMs);
    });
  }

  /** Destroys the connections that are undecided; the others belong to their engines. */
  close(): void {
    for (const socket of this.#undecided) socket.destroy();
  }

  #decide(socket: Socket, pause: number): void {
    if (socket.destroyed) return;
    const descriptor = descriptorOf(socket);
    const bytes = descriptor === undefined ? Buffer.alloc(0) : this.#deps.peek.peek(descriptor);
    const start = bytes === undefined ? 'unfinished' : readFirstBytes(bytes);
    if (start === 'unfinished' && pause <= maxPauseMs) {
      setTimeout(() => this.#decide(socket, pause * 2), pause);
      return;
    }
    const duplicate =
      start === 'handshake' && descriptor !== undefined ? this.#deps.peek.duplicate(descriptor) : undefined;
    this.#undecided.delete(socket);
    if (duplicate === undefined) {
      this.#deps.takeRequest(socket);
      return;
    }
    this.#deps.adoptHandshake(duplicate);
    // Closes Node's descriptor; the duplicate keeps the connection open.
    socket.destroy();
  }
}

/** The file descriptor of a connection; undefined if Node does not expose it. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const descriptor: unknown = Reflect.get(handle, 'fd');
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}
