// A hub with WakaTime's routes and the hub's own protocol, on a real port and with a clock moved by hand; and the way a plugin talks
// to it.

import { openTaskClients } from '../../server/adapters/kronos/task-requests.ts';
import type { WakatimeDeps } from '../../server/adapters/wakatime/auth/authorize.ts';
import { wakatimeRoutes } from '../../server/adapters/wakatime/routes.ts';
import { Accounts } from '../../server/core/accounts.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { type EngineName, listen, type OpenPorts } from '../../server/transport/listen.ts';
import { openWire } from '../../server/wire/conversation.ts';
import { type Answer, ask, type Guest, visit } from './clients.ts';
import { newStore } from './store.ts';
import { TestWorld } from './world.ts';

/** 2026-01-05T12:00:00Z, a Monday: the time at which every test hub starts. */
export const noon = Date.UTC(2026, 0, 5, 12) / 1_000;

export const cliAgent = 'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 vscode/1.93.1 vscode-wakatime/24.6.2';

export interface TestHubOptions {
  readonly engine?: EngineName;
  readonly personal?: boolean;
  readonly store?: Store;
  readonly world?: TestWorld;
  /** The owner's token of an earlier start on the same store. */
  readonly owner?: string;
  readonly sizes?: WakatimeDeps['sizes'];
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestHub {
  readonly hub: Hub;
  readonly world: TestWorld;
  readonly accounts: Accounts;
  /** The owner's token. */
  readonly owner: string;
  readonly port: number;
  readonly listening: OpenPorts;
  /** Sends a request as it is: without a key, unless the headers or the path have one. */
  ask(method: string, path: string, asking?: RequestOptions): Promise<Answer>;
  /** Reads JSON with the owner's key as the command line sends it, below `/api/v1/users/current/`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  get(path: string, status?: number): Promise<any>;
  /** Sends a batch of the owner's, as the command line does. */
  send(heartbeats: readonly unknown[], headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Writes the account's settings. */
  settle(settings: object): Promise<void>;
  /** Opens a WebSocket that has logged in as the owner. */
  socket(): Promise<Guest>;
  close(): Promise<void>;
}

export function basic(key: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(key).toString('base64')}` };
}

export async function openTestHub(wishes: TestHubOptions = {}): Promise<TestHub> {
  const world = wishes.world ?? new TestWorld();
  const { engine = 'uWebSockets.js', personal = false, sizes } = wishes;
  const hub = new Hub({ store: wishes.store ?? (await newStore()), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  const owner = (await accounts.createOwner(wishes.owner)) ?? wishes.owner ?? '';
  const tasks = await openTaskClients({ hub, accounts });
  const converse = openWire({ hub, accounts, tasks, personal, signup: 'closed', version: '0.0.0' });
  const near = ({ origin }: { readonly origin: string }) => origin === '';
  const routes = wakatimeRoutes({ hub, accounts, personal, near, ...(sizes === undefined ? {} : { sizes }) });
  const listened = await listen(
    { routes, admit: () => undefined, converse },
    { host: '127.0.0.1', port: 0, kronosPort: null, isKronosRequired: false },
    { log: world.log, engine },
  );
  if (!listened.ok) throw new Error(listened.error);
  const { listening } = listened;
  hub.addPublisher(listening.publisher);
  const { port } = listening;
  const testHub: TestHub = {
    hub,
    world,
    accounts,
    owner,
    port,
    listening,
    ask(method, path, { body, headers = {} } = {}) {
      const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
      return ask(port, method, path, {
        body: text,
        headers: { ...headers, 'content-length': String(Buffer.byteLength(text)) },
      });
    },
    async get(path, status = 200) {
      const answer = await testHub.ask('GET', `/api/v1/users/current${path === '' ? '' : `/${path}`}`, {
        headers: basic(owner),
      });
      if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${answer.body}`);
      return JSON.parse(answer.body);
    },
    send: (heartbeats, headers = {}) =>
      testHub.ask('POST', '/api/v1/users/current/heartbeats.bulk', {
        body: heartbeats,
        headers: { ...basic(owner), 'user-agent': cliAgent, 'x-machine-name': 'laptop', ...headers },
      }),
    async settle(settings) {
      const document = await hub.cachedChannel('owner/settings');
      const op = { op: 'put', key: 'wakatime', value: JSON.stringify(settings) } as const;
      await document.write(() => ({ ok: true, write: { ops: [op], origin: 'test', at: world.now() } }));
    },
    async socket() {
      const guest = await visit(port);
      guest.send(JSON.stringify({ type: 'login', user_id: owner, device_id: 'd' }));
      await guest.messages.next();
      return guest;
    },
    async close() {
      await listening.close();
      await hub.close();
    },
  };
  return testHub;
}

/** A heartbeat of `seconds` since 1970, as the command line sends it. */
export function beat(seconds: number, said: object = {}): object {
  return { entity: '/home/ann/hub/main.ts', type: 'file', category: 'coding', time: seconds, project: 'hub', ...said };
}
