// The connection of a page of the merged day to its hub: the SDK's, with what the page says of it. The browser's storage is that of the
// page of tasks, so a browser is one device of its person.

import { type Connection, type ConnectionState, connect } from '../../typescript/index.ts';
import { openStorage } from '../tasks/task-storage.ts';
import { remember, remembered } from './settings.ts';

export class LiveConnection {
  readonly connection: Connection;
  /** Milliseconds since 1970: when the connection was last live. */
  liveAt: number | undefined;
  #changed: () => void;
  #online = () => {
    this.#changed();
    if (navigator.onLine) void this.connection.sync({ deadlineMs: 10_000 });
  };

  constructor(changed: () => void) {
    this.#changed = changed;
    const { token } = remembered();
    this.connection = connect({
      url: location.origin,
      name: 'browser',
      storage: openStorage(),
      ...(token === '' ? {} : { token }),
    });
    this.connection.onState(() => this.#changed());
    addEventListener('online', this.#online);
    addEventListener('offline', this.#online);
  }

  get state(): ConnectionState {
    const { state } = this.connection;
    if (state.name === 'live') this.liveAt = Date.now();
    return state;
  }

  /** GET with this browser's token. @returns the answer as JSON, or why there is none */
  async get(
    path: string,
  ): Promise<{ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }> {
    try {
      const { token } = await this.connection.identity();
      const answer = await fetch(path, {
        cache: 'no-store',
        ...(token === '' ? {} : { headers: { authorization: `Bearer ${token}` } }),
      });
      const value: unknown = await answer.json();
      return answer.ok ? { ok: true, value } : { ok: false, reason: errorIn(value) };
    } catch (error) {
      return { ok: false, reason: String(error) };
    }
  }

  async enter(token: string): Promise<void> {
    remember('token', token);
    await this.connection.login(token);
  }

  close(): void {
    removeEventListener('online', this.#online);
    removeEventListener('offline', this.#online);
    void this.connection.close();
  }
}

function errorIn(value: unknown): string {
  return typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : '';
}
