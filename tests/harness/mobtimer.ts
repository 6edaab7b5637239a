// A hub with the mob timer's routes, event streams of channels and Kronos, on real ports and with a clock that the test moves. Each page
// is replaced by its data as JSON; tests/browser tests the real pages.

import { eventRoutes } from '../../server/adapters/hub/channel-events.ts';
import type { Asset, Pages } from '../../server/adapters/mobtimer/pages.ts';
import { roomForm } from '../../server/adapters/mobtimer/room-form.ts';
import { mobtimerRoutes } from '../../server/adapters/mobtimer/routes.ts';
import { Tickets } from '../../server/http/tickets.ts';
import { subscription } from '../../server/wire/subscription-view.ts';
import { type AdapterHub, type AdapterHubOptions, openAdapterHub } from './adapter-hub.ts';
import { type Answer, ask } from './clients.ts';
import { type EventValue, eventValue, readStream, type StreamReader } from './stream.ts';

const icon: Asset = {
  path: '/favicon.ico',
  type: 'image/svg+xml',
  body: '<svg/>',
  headers: { etag: '"1"', 'cache-control': 'no-cache' },
};

const pages: Pages = {
  headers: { 'content-security-policy': "default-src 'self'" },
  assets: [icon],
  names: ['summary'],
  home: () => 'home',
  front: (facts) => JSON.stringify(facts),
  room: (facts) => JSON.stringify(facts),
  help: (facts) => JSON.stringify(facts),
  stats: (facts) => JSON.stringify(facts),
  missing: (path) => `<h1>missing ${path}</h1>`,
};

export interface MobHub extends AdapterHub {
  ask(method: string, path: string, options?: { body?: string; headers?: Record<string, string> }): Promise<Answer>;
  /** PUTs JSON as the command line does. */
  put(path: string, body: object | string): Promise<Answer>;
  follow(path: string, headers?: Record<string, string>): Promise<StreamReader>;
}

export interface MobHubOptions extends AdapterHubOptions {
  readonly rooms?: 'open' | 'members';
}

export async function openMobHub({ rooms = 'open', ...options }: MobHubOptions = {}): Promise<MobHub> {
  const adapterHub = await openAdapterHub(options, (hub, { accounts, personal }) => {
    const tickets = new Tickets({ accounts, personal }, hub);
    const routes = [
      ...mobtimerRoutes({ hub, rooms, authenticate: (request) => tickets.authenticate(request), pages }),
      ...eventRoutes({ hub, accounts, tickets, subscription }),
    ];
    return { routes, forms: [roomForm], hasKronosPort: true };
  });
  const { port } = adapterHub;
  return {
    ...adapterHub,
    ask: (method, path, request = {}) =>
      // Node sends no Content-Length with a DELETE by itself.
      ask(port, method, path, {
        ...request,
        headers: { ...request.headers, 'content-length': String(Buffer.byteLength(request.body ?? '')) },
      }),
    put: (path, body) =>
      ask(port, 'PUT', path, {
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    follow: (path, headers) => readStream(port, path, headers),
  };
}

/** The next event. @throws if the stream has ended */
export async function value(stream: StreamReader): Promise<EventValue> {
  const text = await stream.next();
  if (text === undefined) throw new Error('the stream has ended');
  return eventValue(text);
}

/** Reads the first events of a viewer's stream: history, timer and goal. */
export async function beginning(stream: StreamReader): Promise<{ history: unknown[]; timer: unknown; goal: unknown }> {
  const events = [await value(stream), await value(stream), await value(stream)];
  const names = events.map(({ name }) => name).join(' ');
  if (names !== 'INITIAL_HISTORY TIMER_REQUEST GOAL_REQUEST') throw new Error(`the stream started with ${names}`);
  return { history: events[0]?.data, timer: events[1]?.data, goal: events[2]?.data };
}
