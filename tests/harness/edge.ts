// Parts of the edge's tests: requests as watchers send them, tokens for devices, edges in this process, and a proxy in front of the hub
// that tests use to cut or stall connections, to drop answers and to read the traffic.

import { connect, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { World } from '../../server/core/world.ts';
import { type EdgeConfig, openEdge, type RunningEdge } from '../../server/edge/edge.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { realWorld } from '../../server/world.ts';
import { eventually } from './eventually.ts';
import { Socket } from './socket.ts';

export const ownerToken = '1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  readonly value: any;
}

export async function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const reply = await fetch(new URL(path, url), {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  return { status: reply.status, headers: reply.headers, text, value };
}

/** Creates a token for a device of the owner, over the hub's own protocol. */
export async function tokenFor(url: string, name: string, scopes: readonly string[] = ['read', 'write']) {
  const socket = await Socket.open(url);
  socket.say({ type: 'token', user_id: ownerToken, ref: 1, account: 'owner', name, scopes });
  const { secret, token } = await socket.next();
  socket.close();
  if (typeof secret !== 'string' || typeof token !== 'object' || token === null || !('id' in token)) {
    throw new Error('no token');
  }
  return { secret, id: String(token.id) };
}

export async function revoke(url: string, token: string): Promise<void> {
  const socket = await Socket.open(url);
  socket.say({ type: 'revoke', user_id: ownerToken, ref: 1, token });
  await socket.next();
  socket.close();
}

export interface StartedEdge extends RunningEdge {
  /** The lines that the edge printed. */
  readonly printed: readonly string[];
}

/** Starts an edge on free ports, with a store in memory unless `overrides` names a folder. */
export async function startEdge(
  hub: string,
  token: string,
  overrides: Partial<EdgeConfig> = {},
  world: World = realWorld('silent'),
): Promise<StartedEdge> {
  const printed: string[] = [];
  const opened = await openEdge(
    {
      hub: { url: new URL(hub), token, ca: undefined },
      folder: '/nowhere',
      port: 0,
      kronosPort: null,
      isKronosRequired: false,
      keepDays: 7,
      rules: undefined,
      testing: false,
      socketEngine: { engine: 'ws' },
      ...('folder' in overrides ? {} : { store: new MemoryStore({ epoch: world.id() }) }),
      ...overrides,
    },
    world,
    (text) => printed.push(text),
  );
  if (!opened.ok) throw new Error(opened.error);
  return { ...opened.edge, printed };
}

/** Waits until the edge has sent everything to the hub. */
export async function drained(url: string): Promise<void> {
  let last: unknown;
  const check = async () => {
    const { value } = await ask(url, 'GET', '/-/health');
    last = value;
    return value.waiting === 0 && value.away === null;
  };
  await eventually(check, 'the edge to have sent everything', { instead: () => last });
}

/** All events of all buckets, as a reader of the hub sees them, without their ids; oldest first. */
export async function everything(url: string, headers: Readonly<Record<string, string>> = {}) {
  const { value } = await ask(url, 'GET', '/api/0/export', undefined, headers);
  const buckets: Record<string, { readonly type: string; readonly events: readonly string[] }> = {};
  for (const [id, bucket] of Object.entries<{ type: string; events: { timestamp: string }[] }>(value.buckets)) {
    const events = bucket.events.map(({ timestamp, ...rest }) => JSON.stringify({ timestamp, ...rest }));
    buckets[id] = { type: bucket.type, events: events.sort() };
  }
  return buckets;
}

export type Weather = 'fair' | 'cut' | 'stalled' | 'robbed';

/** A TCP proxy from edges to a hub. */
export class Wire {
  readonly port: number;
  /** All chunks that it passed towards the hub. */
  readonly passed: Buffer[] = [];
  #server: Server;
  #pairs = new Set<readonly [TcpSocket, TcpSocket]>();
  #weather: () => Weather = () => 'fair';

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(target: () => number): Promise<Wire> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const wire = new Wire(server, typeof address === 'object' && address !== null ? address.port : 0);
    server.on('connection', (near) => wire.#join(near, connect(target(), '127.0.0.1')));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Called for each chunk towards the hub. */
  set weather(weather: () => Weather) {
    this.#weather = weather;
  }

  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #join(near: TcpSocket, far: TcpSocket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    let robbed = false;
    const over = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', over).on('close', over);
    near.on('data', (piece: Buffer) => {
      const weather = this.#weather();
      if (weather === 'cut') over();
      else if (weather !== 'stalled') {
        robbed ||= weather === 'robbed';
        this.passed.push(piece);
        far.write(piece);
      }
    });
    // The hub has executed the request, and the edge gets no answer.
    far.on('data', (piece: Buffer) => (robbed ? over() : near.write(piece)));
  }
}
