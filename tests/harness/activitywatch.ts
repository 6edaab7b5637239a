// A hub with ActivityWatch's routes in memory. A request is a value that goes through the real router; there are no sockets, which
// tests/unit/transport tests.

import { openActivityWatch } from '../../server/adapters/activitywatch/routes/routes.ts';
import { Accounts } from '../../server/core/accounts.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { Router } from '../../server/http/router.ts';
import type { ChunkedReply, Reply } from '../../server/http/types.ts';
import { newStore } from './store.ts';
import { TestWorld } from './world.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  readonly value: any;
}

export interface ServerOptions {
  readonly store?: Store;
  readonly world?: TestWorld;
  readonly testing?: boolean;
  readonly personal?: boolean;
}

export interface RequestOptions {
  /** A string is sent unchanged, any other value as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly origin?: string;
}

export interface TestServer {
  readonly hub: Hub;
  readonly world: TestWorld;
  readonly accounts: Accounts;
  ask(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export async function openServer(options: ServerOptions = {}): Promise<TestServer> {
  const world = options.world ?? new TestWorld();
  const hub = new Hub({ store: options.store ?? (await newStore()), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  await accounts.createOwner(undefined);
  const activityWatch = openActivityWatch({
    hub,
    accounts,
    personal: options.personal ?? true,
    hostname: 'this-host',
    version: 'horai-v0.0.0',
    testing: options.testing ?? false,
  });
  const router = new Router(activityWatch.routes);
  const ask = async (method: string, url: string, { body, headers = {}, token, origin = '' }: RequestOptions = {}) => {
    const [path = '', query = ''] = url.split(/\?(.*)/s);
    const match = router.find(method, path);
    if (!match.ok) return readReply(match.reply);
    const type = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
    const reply = await match.route.handle({
      address: '127.0.0.1',
      host: 'localhost:5600',
      origin,
      authorization: token === undefined ? '' : `Bearer ${token}`,
      method,
      path,
      query,
      headers: new Map(Object.entries(type)),
      body: Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)),
      params: match.params,
      aborted: () => false,
    });
    if ('open' in reply) throw new Error('the reply is a stream');
    return readReply(reply);
  };
  return {
    hub,
    world,
    accounts,
    ask,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, { body }),
    close: () => activityWatch.close(),
  };
}

async function readReply(reply: Reply | ChunkedReply): Promise<Answer> {
  const { status, headers } = reply;
  const chunks: Buffer[] = [];
  if ('chunks' in reply) for await (const chunk of reply.chunks) chunks.push(Buffer.from(chunk));
  else chunks.push(Buffer.from(reply.body));
  const text = Buffer.concat(chunks).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  return { status, headers, body: text, value };
}
