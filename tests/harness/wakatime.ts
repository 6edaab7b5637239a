// A hub with WakaTime's routes, on a real port and with a clock that the test moves, and requests as plugins send them.

import type { WakatimeDeps } from '../../server/adapters/wakatime/auth/authorize.ts';
import { wakatimeRoutes } from '../../server/adapters/wakatime/routes.ts';
import { type AdapterHub, type AdapterHubOptions, openAdapterHub } from './adapter-hub.ts';
import { type Answer, ask } from './clients.ts';

/** 2026-01-05T12:00:00Z, a Monday: the time at which every test hub starts. */
export const noon = Date.UTC(2026, 0, 5, 12) / 1_000;

export const cliAgent = 'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 vscode/1.93.1 vscode-wakatime/24.6.2';

export interface TestHubOptions extends AdapterHubOptions {
  readonly sizes?: WakatimeDeps['sizes'];
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestHub extends AdapterHub {
  /** Sends a request as it is: without a key, unless the headers or the path have one. */
  ask(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Reads JSON with the owner's key as wakatime-cli sends it, below `/api/v1/users/current/`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  get(path: string, status?: number): Promise<any>;
  /** Sends a batch of the owner's heartbeats, as wakatime-cli does. */
  send(heartbeats: readonly unknown[], headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Writes the account's settings. */
  settle(settings: object): Promise<void>;
}

export function basic(key: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(key).toString('base64')}` };
}

export async function openTestHub({ sizes, ...options }: TestHubOptions = {}): Promise<TestHub> {
  const near = ({ origin }: { readonly origin: string }) => origin === '';
  const adapterHub = await openAdapterHub(options, (hub, { accounts, personal }) => ({
    routes: wakatimeRoutes({ hub, accounts, personal, near, ...(sizes === undefined ? {} : { sizes }) }),
  }));
  const { hub, owner, port, world } = adapterHub;
  const testHub: TestHub = {
    ...adapterHub,
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
  };
  return testHub;
}

/** A heartbeat of `seconds` since 1970, as wakatime-cli sends it. */
export function beat(seconds: number, fields: object = {}): object {
  return {
    entity: '/home/ann/hub/main.ts',
    type: 'file',
    category: 'coding',
    time: seconds,
    project: 'hub',
    ...fields,
  };
}
