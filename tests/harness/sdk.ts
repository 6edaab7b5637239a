// A real hub in this process and SDKs that connect to it over real sockets, for tests. Tests wait for events, never for time.

import { WebSocket } from 'ws';
import {
  type Channel,
  type Connection,
  type ConnectionState,
  type ConnectOptions,
  connect,
} from '../../clients/typescript/index.ts';
import type { RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import { startComposed } from './compose.ts';

export class SdkTestHub {
  readonly hub: RunningHub;
  #open: Connection[] = [];

  private constructor(hub: RunningHub) {
    this.hub = hub;
  }

  static async open(config?: Partial<Config>): Promise<SdkTestHub> {
    return new SdkTestHub(await startComposed(config));
  }

  connect(options: Partial<ConnectOptions> = {}): Connection {
    const token = this.hub.ownerSecret ?? '';
    const connection = connect({ url: this.hub.url, token, webSocket: WebSocket, ...options });
    this.#open.push(connection);
    return connection;
  }

  /** Creates a connection and starts it. */
  start(options: Partial<ConnectOptions> = {}): Connection {
    const connection = this.connect(options);
    connection.start();
    return connection;
  }

  async close(): Promise<void> {
    for (const connection of this.#open) await connection.close();
    await this.hub.stop();
  }
}

/** Resolves when the connection is in this state. */
export function reachState(connection: Connection, name: ConnectionState['name']): Promise<ConnectionState> {
  if (connection.state.name === name) return Promise.resolve(connection.state);
  return new Promise((resolve) => {
    const stop = connection.onState((state) => {
      if (state.name !== name) return;
      stop();
      resolve(state);
    });
  });
}

/** Resolves with the items when they meet the condition. */
export function reachItems<T>(channel: Channel<T>, isReached: (items: readonly T[]) => boolean): Promise<readonly T[]> {
  const items = () => [...channel.items.values()].map(({ item }) => item);
  if (isReached(items())) return Promise.resolve(items());
  return new Promise((resolve) => {
    const stop = channel.onItems(() => {
      if (!isReached(items())) return;
      stop();
      resolve(items());
    });
  });
}
