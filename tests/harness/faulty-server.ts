// A server with one fault, to see whether the checks of `horai conform` find it: it hands every connection on to a real hub, and changes
// what a fault says on the way.

import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

export type PlainMessage = Readonly<Record<string, unknown>>;

/** The actions of a connection of the faulty server. */
export interface FaultyConnection {
  toClient(message: object): void;
  toHub(message: object): void;
}

export interface PlantedFault {
  /** Changes the headers of a handshake. */
  readonly handshake?: (headers: Record<string, string>) => Record<string, string>;
  /** Called with each request. @returns what the hub is sent instead; undefined for nothing */
  readonly request?: (message: PlainMessage, connection: FaultyConnection) => PlainMessage | undefined;
  /** Called with each message of the hub. @returns what the client is sent instead; undefined for nothing */
  readonly answer?: (message: PlainMessage, connection: FaultyConnection) => PlainMessage | undefined;
}

export class FaultyServer {
  readonly url: string;
  readonly #close: () => void;

  private constructor(url: string, close: () => void) {
    this.url = url;
    this.#close = close;
  }

  /** @param hub its address, `http:` */
  static async open(hub: string, fault: PlantedFault): Promise<FaultyServer> {
    const server = createServer();
    const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 ** 26 });
    const open = new Set<WebSocket>();
    server.on('upgrade', (request, socket, head) => {
      const headers = headersOf(request);
      const upstream = new WebSocket(hub.replace(/^http/, 'ws').replace(/\/$/, '') + (request.url ?? '/'), {
        headers: fault.handshake?.(headers) ?? headers,
        maxPayload: 2 ** 26,
      });
      open.add(upstream);
      upstream.once('unexpected-response', (_, response) => {
        refuse(socket, response.statusCode ?? 500);
        response.destroy();
      });
      upstream.on('error', () => undefined);
      // The hub may speak before the client is connected.
      const early: string[] = [];
      const keep = (data: Buffer) => void early.push(String(data));
      upstream.on('message', keep);
      upstream.once('open', () => {
        sockets.handleUpgrade(request, socket, head, (client) => {
          upstream.off('message', keep);
          join(client, upstream, fault, early);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the faulty server has no port');
    return new FaultyServer(`ws://127.0.0.1:${address.port}/`, () => {
      for (const socket of [...open, ...sockets.clients]) socket.terminate();
      server.closeAllConnections();
      server.close();
    });
  }

  close(): void {
    this.#close();
  }
}

/** Of the headers of a handshake, those that a hub decides by. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const { authorization, origin, host = '' } = headers;
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(origin === undefined ? {} : { origin }),
    // Its own address is that of the faulty server.
    ...(host.startsWith('127.0.0.1') ? {} : { host }),
  };
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} refused\r\nConnection: close\r\n\r\n`);
}

function join(
  client: WebSocket,
  upstream: WebSocket,
  { request, answer }: PlantedFault,
  early: readonly string[],
): void {
  const send = (socket: WebSocket, text: string) => {
    if (socket.readyState === socket.OPEN) socket.send(text);
  };
  const connection: FaultyConnection = {
    toClient: (message) => send(client, JSON.stringify(message)),
    toHub: (message) => send(upstream, JSON.stringify(message)),
  };
  const pass = (to: WebSocket, change: PlantedFault['request']) => (data: Buffer | string) => {
    const text = String(data);
    const message = change === undefined ? undefined : parse(text);
    if (change === undefined || message === undefined) return send(to, text);
    const changed = change(message, connection);
    if (changed === message) send(to, text);
    else if (changed !== undefined) send(to, JSON.stringify(changed));
  };
  const fromHub = pass(client, answer);
  for (const text of early) fromHub(text);
  upstream.on('message', fromHub);
  client.on('message', pass(upstream, request));
  client.on('error', () => undefined);
  upstream.on('close', (code, reason) => (isSendable(code) ? client.close(code, String(reason)) : client.terminate()));
  client.on('close', (code) => (isSendable(code) ? upstream.close(code) : upstream.terminate()));
}

/** Codes of a broken connection cannot be sent. */
function isSendable(code: number): boolean {
  return code >= 1_000 && ![1_004, 1_005, 1_006].includes(code);
}

function parse(text: string): PlainMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
