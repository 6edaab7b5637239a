// Change notices over NATS, for more of them than one database should carry. Core NATS stores and guarantees nothing, and a notice needs
// neither: the database holds the truth.

import { connect, type NatsConnection } from '@nats-io/transport-node';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { ChangeNotice, Relay } from '../../core/relay.ts';
import type { World } from '../../core/world.ts';
import { NoticeBatch } from './change-notices.ts';

/** Far below the server's default limit, so that small notices do not wait behind a large one. */
const longestText = 65_536;
const pauseMs = 500;
const pingMs = 500;
const maxMissedPings = 2;
/** How often a node lets the others know that they hear it. */
const helloMs = 2_000;

export interface NatsOptions {
  readonly url: string;
  /** The identity of this database: hubs of different ones on one NATS do not receive each other's notices. */
  readonly database: string;
  readonly node: string;
  readonly world: World;
}

export class NatsRelay implements Relay {
  readonly #options: NatsOptions;
  readonly #subject: string;
  readonly #notices: NoticeBatch;
  #connection: NatsConnection | undefined;
  #trouble: string | undefined = 'not connected yet';
  #waking = false;
  #closed = false;

  constructor(options: NatsOptions) {
    this.#options = options;
    this.#subject = `horai.${options.database.replace('/', '-')}`;
    this.#notices = new NoticeBatch(options.node, longestText, () => options.world.now());
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  get lastNotices(): ReadonlyMap<string, number> {
    return this.#notices.heard;
  }

  announce(notice: ChangeNotice): void {
    // Without a connection there is nobody to notify. After a reconnect every node asks the store.
    if (this.#trouble !== undefined) return;
    this.#notices.add(notice);
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      const texts = this.#notices.take();
      if (this.#trouble !== undefined || this.#closed) return;
      for (const text of texts) this.#connection?.publish(this.#subject, text);
    });
  }

  listen(onNotice: (notice: ChangeNotice) => void, onGap: () => void): void {
    void this.#connect(onNotice, onGap);
    this.#helloLater();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.close();
  }

  #helloLater(): void {
    this.#options.world.after(helloMs, () => {
      if (this.#closed) return;
      if (this.#trouble === undefined) this.#connection?.publish(this.#subject, this.#notices.helloText());
      this.#helloLater();
    });
  }

  async #connect(onNotice: (notice: ChangeNotice) => void, onGap: () => void): Promise<void> {
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
        maxPingOut: maxMissedPings,
      });
    } catch (error) {
      this.#onLost(errorMessage(error));
      world.after(pauseMs, () => {
        if (!this.#closed) void this.#connect(onNotice, onGap);
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
        const { notices, isLook } = this.#notices.read(message.string());
        for (const notice of notices) onNotice(notice);
        if (isLook) onGap();
      },
    });
    const found = async () => {
      // The subscription is active after this round trip.
      await connection.flush();
      this.#trouble = undefined;
      connection.publish(this.#subject, this.#notices.lookText());
      onGap();
    };
    await found().catch(() => undefined);
    for await (const { type } of connection.status()) {
      if (type === 'reconnect') await found().catch(() => undefined);
      else if (type === 'disconnect' || type === 'staleConnection') this.#onLost('the connection to NATS was lost');
    }
    if (!this.#closed) this.#onLost('the connection to NATS was closed');
  }

  #onLost(reason: string): void {
    if (this.#trouble === undefined) this.#options.world.log.warn({ error: reason }, 'nats: change notices stopped');
    this.#trouble = reason;
  }
}
