// The connection of a page of the merged day to its hub: the SDK's, with what the page says of it. The browser's storage is that of the
// page of tasks, so a browser is one device of its person.

import { type Connection, type ConnectionState, connect } from '../../typescript/index.ts';
import { openStorage } from '../tasks/task-storage.ts';
import { hubUrl } from './address.ts';
import { ask, type HubAnswer } from './ask.ts';

export class LiveConnection {
  readonly connection: Connection;
  /** Milliseconds since 1970: when the connection was last live. */
  liveAt: number | undefined;
  #changed: () => void;
  #online = () => {
    this.#changed();
    if (navigator.onLine) void this.connection.sync({ deadlineMs: 10_000 });
  };

  #seen = ({ data }: MessageEvent) => {
    const at: unknown = data?.seen;
    if (typeof at !== 'number' || this.liveAt !== undefined) return;
    this.liveAt = at;
    this.#changed();
  };

  constructor(changed: () => void) {
    this.#changed = changed;
    // The session is a cookie. The empty token removes one that an earlier version stored.
    this.connection = connect({ url: hubUrl(), name: 'browser', storage: openStorage(), token: '' });
    this.connection.onState(() => this.#changed());
    addEventListener('online', this.#online);
    // The service worker says how old an answer from this browser's cache is.
    navigator.serviceWorker?.addEventListener('message', this.#seen);
    addEventListener('offline', this.#online);
  }

  get state(): ConnectionState {
    const { state } = this.connection;
    if (state.name === 'live') this.liveAt = Date.now();
    return state;
  }

  /** @returns the answer as JSON, or why there is none */
  get(path: string): Promise<HubAnswer<unknown>> {
    return ask('GET', path);
  }

  /** @param body sent as JSON. @returns the answer as JSON, or why there is none */
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<HubAnswer<unknown>> {
    return ask(method, path, body);
  }

  close(): void {
    removeEventListener('online', this.#online);
    removeEventListener('offline', this.#online);
    navigator.serviceWorker?.removeEventListener('message', this.#seen);
    void this.connection.close();
  }
}
