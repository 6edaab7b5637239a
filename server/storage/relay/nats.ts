// Rumours over NATS, for more of them than one database should carry. Core NATS: nothing is stored and nothing is promised, which
// is all that a rumour needs; the truth is in the database, never here.

import { connect, type NatsConnection } from '@nats-io/transport-node';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { Relay, Rumour } from '../../core/relay.ts';
import type { World } from '../../core/world.ts';
import { Rumours } from './change-notices.ts';

/** Well below what a server takes unless told otherwise, so that many small ones do not wait behind a large one. */
const longestText = 65_536;
const pauseMs = 500;
const pingMs = 2_000;
const missedPings = 2;

export interface NatsOptions {
  readonly url: string;
  /** Of the store: hubs of different databases on one NATS do not hear one another. */
  readonly epoch: string;
  readonly world: World;
}

export class NatsRelay implements Relay {
  readonly #options: NatsOptions;
  readonly #subject: string;
  readonly #rumours: Rumours;
  #connection: NatsConnection | undefined;
  #trouble: string | undefined = 'not connected yet';
  #waking = false;
  #closed = false;

  constructor(options: NatsOptions) {
    this.#options = options;
    this.#subject = `horai.${options.epoch}`;
    this.#rumours = new Rumours(options.world.id(), longestText);
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  announce(rumour: Rumour): void {
    // Nobody hears it while there is no connection; when there is one again, all ask the store.
    if (this.#trouble !== undefined) return;
    this.#rumours.add(rumour);
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      const texts = this.#rumours.take();
      if (this.#trouble !== undefined || this.#closed) return;
      for (const text of texts) this.#connection?.publish(this.#subject, text);
    });
  }

  listen(heard: (rumour: Rumour) => void, missed: () => void): void {
    void this.#connect(heard, missed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.close();
  }

  async #connect(heard: (rumour: Rumour) => void, missed: () => void): Promise<void> {
    const { url, world } = this.#options;
    let connection: NatsConnection;
    try {
      connection = await connect({
        servers: url,
        name: 'horai',
        noEcho: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: pauseMs,
        pingInterval: pingMs,
        maxPingOut: missedPings,
      });
    } catch (error) {
      this.#lost(errorMessage(error));
      world.after(pauseMs, () => {
        if (!this.#closed) void this.#connect(heard, missed);
      });
      return;
    }
    if (this.#closed) {
      await connection.close();
      return;
    }
    this.#connection = connection;
    connection.subscribe(this.#subject, {
      callback: (_error, message) => {
        for (const rumour of this.#rumours.read(message.string())) heard(rumour);
      },
    });
    const found = async () => {
      // The subscription is there when this has gone to the server and back.
      await connection.flush();
      this.#trouble = undefined;
      missed();
    };
    await found().catch(() => undefined);
    for await (const { type } of connection.status()) {
      if (type === 'reconnect') await found().catch(() => undefined);
      else if (type === 'disconnect' || type === 'staleConnection') this.#lost('the connection to NATS was lost');
    }
    if (!this.#closed) this.#lost('the connection to NATS was closed');
  }

  #lost(reason: string): void {
    if (this.#trouble === undefined) this.#options.world.log.warn({ error: reason }, 'nats: rumours have stopped');
    this.#trouble = reason;
  }
}
