// The transports' public face: opens the main port on the best engine there is and the Kronos port beside it. Which
// addresses, and what a taken port means for the process, is for main.ts to decide.

import { createServer } from 'node:net';
import type { Publisher } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { type AppHandlers, Dispatcher } from './dispatcher.ts';
import type { OpenedEngine } from './http-engine.ts';
import { loadSocketPeek } from './socket-peek.ts';
import { openTcp, type TcpServer } from './tcp.ts';
import { loadUws, openSplit, openUws } from './uws.ts';
import { openWs } from './ws.ts';

export type { AppHandlers } from './dispatcher.ts';

export type EngineName = 'uWebSockets.js' | 'ws';

/** Port 0 is any free one; a `kronosPort` of null is none. */
export interface ListenAddresses {
  readonly host: string;
  readonly port: number;
  readonly kronosPort: number | null;
  /** A Kronos port that cannot be had is an error, not a warning. */
  readonly kronosRequired: boolean;
}

export interface ListenOptions {
  readonly log: Log;
  /** Insists on one engine; otherwise ws steps in where uWebSockets.js has no binary. */
  readonly engine?: EngineName;
  /** `false`: uWebSockets.js reads HTTP too, as where connections cannot be handed over (connection-split.ts). */
  readonly split?: boolean;
  /** The package that is imported as uWebSockets.js. */
  readonly uwsPackage?: string;
  /** Connections that stay (WebSocket, streams, raw TCP) from one address other than loopback; 1,000 unless said. */
  readonly perAddress?: number;
}

export interface OpenPorts {
  readonly port: number;
  readonly kronosPort: number | null;
  readonly engine: EngineName;
  /** Why it is not uWebSockets.js; null when it is, or when ws was asked for. */
  readonly why: string | null;
  readonly warnings: readonly string[];
  /** To the peers of every transport: WebSocket, streams and raw TCP. */
  readonly publisher: Publisher;
  /** Connections that stay and are open now. */
  connections(): number;
  /** Refuses new connections and requests; resolves when no request waits for its answer. Open connections go on. */
  drain(): Promise<void>;
  /** Cuts everything that is still open. */
  close(): Promise<void>;
}

export type ListenResult =
  | { readonly ok: true; readonly listening: OpenPorts }
  | { readonly ok: false; readonly error: string };

export async function listen(
  front: AppHandlers,
  addresses: ListenAddresses,
  options: ListenOptions,
): Promise<ListenResult> {
  const door = new Dispatcher(front, options.log, options.perAddress ?? 1_000);
  const { host, port, kronosPort } = addresses;
  const { opened, name, why } = await openEngine(door, host, port, options);
  if (!opened.ok) return { ok: false, error: opened.error === '' ? await whyNot(host, port) : opened.error };
  const { engine } = opened;

  const warnings: string[] = [];
  let tcp: TcpServer | null = null;
  if (kronosPort !== null) {
    const openedTcp = await openTcp(door, engine, host, kronosPort);
    if (openedTcp.ok) tcp = openedTcp.tcp;
    else {
      const error = `${await whyNot(host, kronosPort)} (the Kronos port)`;
      if (addresses.kronosRequired) {
        await engine.close();
        return { ok: false, error };
      }
      warnings.push(error);
    }
  }

  const publisher: Publisher = {
    publish(topic, text, except) {
      engine.publish(topic, text, except);
      door.topics.publish(topic, text, except);
    },
  };
  const stop = () => {
    engine.stop();
    tcp?.stop();
  };
  const listening: OpenPorts = {
    port: engine.port,
    kronosPort: tcp?.port ?? null,
    engine: name,
    why,
    warnings,
    publisher,
    connections: () => door.connections,
    drain() {
      stop();
      return door.drain();
    },
    async close() {
      stop();
      tcp?.close();
      await engine.close();
    },
  };
  return { ok: true, listening };
}

async function openEngine(
  door: Dispatcher,
  host: string,
  port: number,
  options: ListenOptions,
): Promise<{ opened: OpenedEngine; name: EngineName; why: string | null }> {
  if (options.engine === 'ws') return { opened: await openWs(door, host, port), name: 'ws', why: null };
  try {
    const uws = await loadUws(options.uwsPackage ?? 'uWebSockets.js');
    const peek = options.split === false ? undefined : await loadSocketPeek();
    const opened = peek === undefined ? openUws(uws, door, host, port) : openSplit(uws, peek, door, host, port);
    return { opened: await opened, name: 'uWebSockets.js', why: null };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const why = `uWebSockets.js does not load here: ${reason}`;
    if (options.engine === 'uWebSockets.js') return { opened: { ok: false, error: why }, name: options.engine, why };
    return { opened: await openWs(door, host, port), name: 'ws', why };
  }
}

/** uWS does not say why it cannot listen, so Node is asked to try the same. */
function whyNot(host: string, port: number): Promise<string> {
  const where = `port ${port} on ${host}`;
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        resolve(`${where} is taken by another program: stop that, or choose another port`);
      else if (error.code === 'EACCES') resolve(`${where} needs rights that this user lacks: choose a port above 1023`);
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        resolve(`${host} is no address of this machine: choose another one to listen on`);
      } else resolve(`${where} cannot be listened on: ${error.message}`);
    });
    probe.listen({ host, port }, () => probe.close(() => resolve(`${where} was taken a moment ago: try again`)));
  });
}
