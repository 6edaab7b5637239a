// A hub with ActivityWatch's routes in memory: requests are values that go through the real router and come back as replies.
// What sockets do to them is tested elsewhere.

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

export interface Wishes {
  readonly store?: Store;
  readonly world?: TestWorld;
  readonly testing?: boolean;
  readonly personal?: boolean;
}

export interface Asked {
  /** Text goes as it is, all else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly origin?: string;
}

export interface TestServer {
  readonly hub: Hub;
  readonly world: TestWorld;
  readonly accounts: Accounts;
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export async function openServer(wishes: Wishes = {}): Promise<TestServer> {
  const world = wishes.world ?? new TestWorld();
  const hub = new Hub({ store: wishes.store ?? (await newStore()), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  await accounts.createOwner(undefined);
  const activityWatch = openActivityWatch({
    hub,
    accounts,
    personal: wishes.personal ?? true,
    hostname: 'this-host',
    version: 'horai-v0.0.0',
    testing: wishes.testing ?? false,
  });
  const router = new Router(activityWatch.routes);
  const ask = async (method: string, url: string, { body, headers = {}, token, origin = '' }: Asked = {}) => {
    const [path = '', query = ''] = url.split(/\?(.*)/s);
    const found = router.find(method, path);
    if (!found.ok) return answerOf(found.reply);
    const type = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
    const reply = await found.route.handle({
      address: '127.0.0.1',
      host: 'localhost:5600',
      origin,
      authorization: token === undefined ? '' : `Bearer ${token}`,
      method,
      path,
      query,
      headers: new Map(Object.entries(type)),
      body: Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)),
      params: found.params,
      aborted: () => false,
    });
    if ('open' in reply) throw new Error('a stream');
    return answerOf(reply);
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

async function answerOf(reply: Reply | ChunkedReply): Promise<Answer> {
  const { status, headers } = reply;
  const pieces: Buffer[] = [];
  if ('chunks' in reply) for await (const piece of reply.chunks) pieces.push(Buffer.from(piece));
  else pieces.push(Buffer.from(reply.body));
  const text = Buffer.concat(pieces).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  return { status, headers, body: text, value };
}
