// One port for two engines: Node's HTTP parser answers requests, and uWebSockets.js gets the connections that begin with a WebSocket
// handshake, as descriptors, so that messages pass through nothing else. docs/decisions/0010 says why.

import { createServer, type Server, type Socket } from 'node:net';
import { HEAD_LIMIT } from './http-engine.ts';
import type { SocketPeek } from './socket-peek.ts';

/** Milliseconds between two looks: the first bytes of nearly every connection are there at the first or second one. */
const firstPause = 1;
/** A connection that is silent for longer goes to Node's parser, which takes any request. */
const longestPause = 512;

export type FirstBytes = 'handshake' | 'request' | 'unfinished';

/** Decides by the bytes that a connection begins with. Anything unusual is a request: Node's side takes handshakes too. */
export function readFirstBytes(bytes: Buffer): FirstBytes {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) {
    const isGet = text.length < 4 ? 'GET '.startsWith(text) : text.startsWith('GET ');
    return isGet && bytes.length > 0 && bytes.length < HEAD_LIMIT ? 'unfinished' : 'request';
  }
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const has = (form: RegExp) => lines.filter((line) => form.test(line)).length;
  const isHandshake =
    /^GET [!-~]+ HTTP\/1\.1$/.test(first) &&
    has(/^upgrade:[ \t]*websocket[ \t]*$/i) === 1 &&
    has(/^sec-websocket-key:/i) === 1 &&
    has(/^host:/i) === 1 &&
    has(/^(?:content-length|transfer-encoding):/i) === 0 &&
    has(/^[ \t]/) === 0;
  return isHandshake ? 'handshake' : 'request';
}

export interface SplitDeps {
  readonly peek: SocketPeek;
  /** Takes over a descriptor whose connection begins with a handshake. */
  readonly adopt: (descriptor: number) => void;
  /** Takes a connection that begins with anything else. */
  readonly take: (socket: Socket) => void;
}

export class ConnectionSplit {
  readonly server: Server;
  readonly #deps: SplitDeps;
  readonly #undecided = new Set<Socket>();

  constructor(deps: SplitDeps) {
    this.#deps = deps;
    // Nothing is read from a connection before it is known whose it is.
    this.server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      this.#undecided.add(socket);
      socket.once('close', () => this.#undecided.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#look(socket, firstPause);
    });
  }

  /** Cuts the connections that are undecided; the others belong to their engines. */
  close(): void {
    for (const socket of this.#undecided) socket.destroy();
  }

  #look(socket: Socket, pause: number): void {
    if (socket.destroyed) return;
    const descriptor = descriptorOf(socket);
    const bytes = descriptor === undefined ? Buffer.alloc(0) : this.#deps.peek.peek(descriptor);
    const first = bytes === undefined ? 'unfinished' : readFirstBytes(bytes);
    if (first === 'unfinished' && pause <= longestPause) {
      setTimeout(() => this.#look(socket, pause * 2), pause);
      return;
    }
    const duplicate =
      first === 'handshake' && descriptor !== undefined ? this.#deps.peek.duplicate(descriptor) : undefined;
    this.#undecided.delete(socket);
    if (duplicate === undefined) {
      this.#deps.take(socket);
      return;
    }
    this.#deps.adopt(duplicate);
    // Closes Node's descriptor; the connection goes on by the other one.
    socket.destroy();
  }
}

/** The number by which the system knows a connection; undefined where Node does not tell. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const descriptor: unknown = Reflect.get(handle, 'fd');
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}
