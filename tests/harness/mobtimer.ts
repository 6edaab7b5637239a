// A hub with the mob timer's routes, channels as streams and Kronos beside them, on a real port and a clock moved by hand.
// The pages are facts as JSON: what they look like is tested elsewhere.

import { eventRoutes } from '../../server/adapters/hub/channel-events.ts';
import { openTaskClients } from '../../server/adapters/kronos/task-requests.ts';
import type { Asset, Pages } from '../../server/adapters/mobtimer/pages.ts';
import { roomForm } from '../../server/adapters/mobtimer/room-form.ts';
import { mobtimerRoutes } from '../../server/adapters/mobtimer/routes.ts';
import { Accounts } from '../../server/core/accounts.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { Tickets } from '../../server/http/tickets.ts';
import { type EngineName, listen, type OpenPorts } from '../../server/transport/listen.ts';
import { openWire } from '../../server/wire/conversation.ts';
import { subscription } from '../../server/wire/subscription-view.ts';
import { type Answer, ask, type Guest, visit } from './clients.ts';
import { newStore } from './store.ts';
import { type EventValue, eventValue, readStream, type StreamReader } from './stream.ts';
import { TestWorld } from './world.ts';

const icon: Asset = {
  path: '/favicon.ico',
  type: 'image/svg+xml',
  body: '<svg/>',
  headers: { etag: '"1"', 'cache-control': 'no-cache' },
};

const pages: Pages = {
  headers: { 'content-security-policy': "default-src 'self'" },
  assets: [icon],
  front: (facts) => JSON.stringify(facts),
  room: (facts) => JSON.stringify(facts),
  help: (facts) => JSON.stringify(facts),
  stats: (facts) => JSON.stringify(facts),
};

export interface House {
  readonly hub: Hub;
  readonly world: TestWorld;
  readonly accounts: Accounts;
  /** The owner's token. */
  readonly owner: string;
  readonly port: number;
  readonly listening: OpenPorts;
  ask(method: string, path: string, wishes?: { body?: string; headers?: Record<string, string> }): Promise<Answer>;
  /** PUTs JSON as the command line does. */
  put(path: string, body: object | string): Promise<Answer>;
  follow(path: string, headers?: Record<string, string>): Promise<StreamReader>;
  /** A WebSocket that has logged in as the owner. */
  socket(): Promise<Guest>;
  close(): Promise<void>;
}

export interface Wishes {
  readonly engine?: EngineName;
  readonly rooms?: 'open' | 'members';
  readonly personal?: boolean;
  readonly store?: Store;
  readonly world?: TestWorld;
  /** The owner's token, where it is a second start. */
  readonly owner?: string;
}

export async function openHouse(wishes: Wishes = {}): Promise<House> {
  const world = wishes.world ?? new TestWorld();
  const { engine = 'uWebSockets.js', rooms = 'open', personal = false } = wishes;
  const hub = new Hub({ store: wishes.store ?? (await newStore()), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  const owner = (await accounts.createOwner(wishes.owner)) ?? wishes.owner ?? '';
  const tasks = await openTaskClients({ hub, accounts });
  const converse = openWire({ hub, accounts, tasks, personal, signup: 'closed', version: '0.0.0', forms: [roomForm] });
  const tickets = new Tickets({ accounts, personal }, hub);
  const routes = [
    ...mobtimerRoutes({ hub, rooms, authenticate: (request) => tickets.authenticate(request), pages }),
    ...eventRoutes({ hub, accounts, tickets, subscription }),
  ];
  const listened = await listen(
    { routes, admit: () => undefined, converse },
    { host: '127.0.0.1', port: 0, kronosPort: 0, isKronosRequired: true },
    { log: world.log, engine },
  );
  if (!listened.ok) throw new Error(listened.error);
  const { listening } = listened;
  hub.addPublisher(listening.publisher);
  const { port } = listening;
  return {
    hub,
    world,
    accounts,
    owner,
    port,
    listening,
    ask: (method, path, asked = {}) =>
      // Node sends no length with a DELETE by itself.
      ask(port, method, path, {
        ...asked,
        headers: { ...asked.headers, 'content-length': String(Buffer.byteLength(asked.body ?? '')) },
      }),
    put: (path, body) =>
      ask(port, 'PUT', path, {
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    follow: (path, headers) => readStream(port, path, headers),
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
}

/** The next event; a stream that is over fails the test. */
export async function value(stream: StreamReader): Promise<EventValue> {
  const text = await stream.next();
  if (text === undefined) throw new Error('the stream is over');
  return eventValue(text);
}

/** What a viewer is sent first. */
export async function beginning(stream: StreamReader): Promise<{ history: unknown[]; timer: unknown; goal: unknown }> {
  const events = [await value(stream), await value(stream), await value(stream)];
  const names = events.map(({ name }) => name).join(' ');
  if (names !== 'INITIAL_HISTORY TIMER_REQUEST GOAL_REQUEST') throw new Error(`it began with ${names}`);
  return { history: events[0]?.data, timer: events[1]?.data, goal: events[2]?.data };
}
