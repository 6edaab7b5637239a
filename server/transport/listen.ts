// Opens the main port on the best available engine, and the Kronos port. The caller chooses the addresses and reacts to a port that is in
// use.

import { createServer } from 'node:net';
import type { Publisher } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { clientAddresses } from './client-address.ts';
import { type AppHandlers, Dispatcher } from './dispatcher.ts';
import type { OpenedEngine } from './http-engine.ts';
import { loadSocketPeek } from './socket-peek.ts';
import { openTcp, type TcpServer } from './tcp.ts';
import { openSplit, openUws } from './uws.ts';
import { adviseFasterEngine, chooseUws, thisMachine, uwsPackages } from './uws-package.ts';
import { openWs } from './ws.ts';

export type { AppHandlers } from './dispatcher.ts';

export type EngineName = 'uWebSockets.js' | 'ws';

/** Port 0 takes any free port; a `kronosPort` of null opens none. */
export interface ListenAddresses {
  readonly host: string;
  readonly port: number;
  readonly kronosPort: number | null;
  /** True if an unavailable Kronos port is an error, not a warning. */
  readonly isKronosRequired: boolean;
}

export interface ListenOptions {
  readonly log: Log;
  /** Requires this engine. By default ws replaces uWebSockets.js where it has no binary. */
  readonly engine?: EngineName;
  /** `false`: uWebSockets.js parses HTTP too, as on systems without connection-split.ts. */
  readonly isSplit?: boolean;
  /** The packages or paths that are tried as uWebSockets.js, in this order. */
  readonly uwsPackages?: readonly string[];
  /** Greatest number of open WebSockets, streams and TCP connections from one address other than loopback; 1,000 by default. */
  readonly perAddress?: number;
  /** Addresses and subnets of proxies whose forwarding headers are believed; none by default. */
  readonly trustedProxies?: readonly string[];
}

export interface OpenPorts {
  readonly port: number;
  readonly kronosPort: number | null;
  readonly engine: EngineName;
  /** Says in one sentence which engine runs and, where no uWebSockets.js loads, how to get a faster one. */
  readonly engineNote: string;
  readonly warnings: readonly string[];
  /** Publishes to the peers of every transport: WebSocket, streams and raw TCP. */
  readonly publisher: Publisher;
  /** Number of open WebSockets, streams and TCP connections. */
  connections(): number;
  /** Refuses new connections and requests; resolves when every request has its answer. Open connections stay. */
  drain(): Promise<void>;
  /** Destroys all open connections. */
  close(): Promise<void>;
}

export type ListenResult =
  | { readonly ok: true; readonly listening: OpenPorts }
  | { readonly ok: false; readonly error: string };

/** @param uws the value of HORAI_UWS */
export function engineOptions({
  engine,
  uws,
}: {
  readonly engine: 'auto' | 'uws' | 'ws';
  readonly uws: string | undefined;
}): Pick<ListenOptions, 'engine' | 'uwsPackages'> {
  const packages = { uwsPackages: uwsPackages(uws) };
  return engine === 'auto' ? packages : { ...packages, engine: engine === 'uws' ? 'uWebSockets.js' : 'ws' };
}

export async function listen(
  handlers: AppHandlers,
  addresses: ListenAddresses,
  options: ListenOptions,
): Promise<ListenResult> {
  const dispatcher = new Dispatcher(
    handlers,
    options.log,
    options.perAddress ?? 1_000,
    clientAddresses(options.trustedProxies ?? []),
  );
  const { host, port, kronosPort } = addresses;
  const { opened, name, note, ignored } = await openEngine(dispatcher, host, port, options);
  if (!opened.ok)
    return { ok: false, error: opened.error === '' ? await describeListenError(host, port) : opened.error };
  const { engine } = opened;

  const warnings: string[] = [...ignored];
  let tcp: TcpServer | null = null;
  if (kronosPort !== null) {
    const openedTcp = await openTcp(dispatcher, engine, host, kronosPort);
    if (openedTcp.ok) tcp = openedTcp.tcp;
    else {
      const error = `${await describeListenError(host, kronosPort)} (the Kronos port)`;
      if (addresses.isKronosRequired) {
        await engine.close();
        return { ok: false, error };
      }
      warnings.push(error);
    }
  }

  const publisher: Publisher = {
    publish(topic, text, except) {
      engine.publish(topic, text, except);
      dispatcher.topics.publish(topic, text, except);
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
    engineNote: note,
    warnings,
    publisher,
    connections: () => dispatcher.connections,
    drain() {
      stop();
      return dispatcher.drain();
    },
    async close() {
      stop();
      tcp?.close();
      await engine.close();
    },
  };
  return { ok: true, listening };
}

interface ChosenEngine {
  readonly opened: OpenedEngine;
  readonly name: EngineName;
  readonly note: string;
  /** Why a requested package is not used. */
  readonly ignored: readonly string[];
}

async function openEngine(
  dispatcher: Dispatcher,
  host: string,
  port: number,
  options: ListenOptions,
): Promise<ChosenEngine> {
  if (options.engine === 'ws') {
    const note = 'ws, as HORAI_ENGINE says';
    return { opened: await openWs(dispatcher, host, port), name: 'ws', note, ignored: [] };
  }
  const { uws, version, failures } = await chooseUws(options.uwsPackages ?? uwsPackages(undefined));
  if (uws === undefined) {
    const why = failures.join('; ');
    if (options.engine === 'uWebSockets.js') {
      const error = `${why}. ${adviseFasterEngine(thisMachine())}`;
      return { opened: { ok: false, error }, name: options.engine, note: '', ignored: [] };
    }
    const note = `ws, because ${why}. ${adviseFasterEngine(thisMachine())}`;
    return { opened: await openWs(dispatcher, host, port), name: 'ws', note, ignored: [] };
  }
  const peek = options.isSplit === false ? undefined : await loadSocketPeek();
  const opened =
    peek === undefined ? openUws(uws, dispatcher, host, port) : openSplit(uws, peek, dispatcher, host, port);
  const ignored = failures.map((failure) => `${failure}; the hub runs on ${version}`);
  return { opened: await opened, name: 'uWebSockets.js', note: `uWebSockets.js from ${version}`, ignored };
}

/** uWS reports no reason for a failed listen, so Node tries the same address. */
function describeListenError(host: string, port: number): Promise<string> {
  const place = `port ${port} on ${host}`;
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        resolve(`${place} is in use by another program: stop that program, or choose another port`);
      else if (error.code === 'EACCES')
        resolve(`${place} needs privileges that this user lacks: choose a port above 1023`);
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        resolve(`${host} is not an address of this machine: choose another one to listen on`);
      } else resolve(`${place} cannot be opened: ${error.message}`);
    });
    probe.listen({ host, port }, () => probe.close(() => resolve(`${place} was in use a moment ago: try again`)));
  });
}
