// Change notices over LISTEN and NOTIFY, for nodes that share only a database. They have a connection of their own and go out after the commit,
// all pending ones in one statement: NOTIFY takes a server-wide lock, and commits must never wait for it.

import pg from 'pg';
import type { ChangeNotice, Relay } from '../../core/relay.ts';
import type { World } from '../../core/world.ts';
import { reasonOf, settings } from '../postgres/connection.ts';
import { NoticeBatch } from './change-notices.ts';

/** PostgreSQL's limit of a payload is 8,000 bytes. */
const longestText = 7_900;
const statementMs = 2_000;
const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** A connection that was cut off stays silent, so it is probed this often. */
const aliveMs = 3_000;

export class PostgresRelay implements Relay {
  readonly #url: string;
  readonly #world: World;
  readonly #notices: NoticeBatch;
  #client: pg.Client | undefined;
  #trouble: string | undefined = 'not connected yet';
  #onNotice: (notice: ChangeNotice) => void = () => undefined;
  #onGap: () => void = () => undefined;
  #sending = false;
  #pauseMs = firstPauseMs;
  #closed = false;

  constructor(url: string, world: World) {
    this.#url = url;
    this.#world = world;
    this.#notices = new NoticeBatch(world.id(), longestText);
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  announce(notice: ChangeNotice): void {
    // Without a connection there is nobody to notify. After a reconnect every node asks the store.
    if (this.#client === undefined) return;
    this.#notices.add(notice);
    if (this.#sending) return;
    this.#sending = true;
    setImmediate(() => void this.#send());
  }

  listen(onNotice: (notice: ChangeNotice) => void, onGap: () => void): void {
    this.#onNotice = onNotice;
    this.#onGap = onGap;
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #send(): Promise<void> {
    const client = this.#client;
    try {
      while (client !== undefined && client === this.#client && this.#notices.size > 0) {
        await client.query({
          name: 'notify',
          text: `SELECT pg_notify('horai', t) FROM unnest($1::text[]) AS t`,
          values: [this.#notices.take()],
        });
      }
    } catch (error) {
      if (client !== undefined) this.#lost(client, error);
    }
    this.#sending = false;
    if (this.#client === undefined) this.#notices.take();
  }

  async #connect(): Promise<void> {
    // A notice need not survive a power cut.
    const config = settings(this.#url, { statementMs });
    const client = new pg.Client({ ...config, options: '-c search_path=horai -c synchronous_commit=off' });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, 'the connection ended'));
    client.on('notification', ({ payload = '' }) => {
      for (const notice of this.#notices.read(payload)) this.#onNotice(notice);
    });
    try {
      await client.connect();
      await client.query('LISTEN horai');
    } catch (error) {
      void client.end().catch(() => undefined);
      this.#again(reasonOf(error));
      return;
    }
    if (this.#closed) {
      await client.end().catch(() => undefined);
      return;
    }
    this.#client = client;
    this.#trouble = undefined;
    this.#pauseMs = firstPauseMs;
    this.#onGap();
    this.#watch(client);
  }

  #watch(client: pg.Client): void {
    this.#world.after(aliveMs, () => {
      if (client !== this.#client) return;
      client.query('SELECT 1').then(
        () => this.#watch(client),
        (error: unknown) => this.#lost(client, error),
      );
    });
  }

  #lost(client: pg.Client, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    void client.end().catch(() => undefined);
    this.#world.log.warn({ error: reasonOf(error) }, 'postgres: change notices stopped');
    this.#again(reasonOf(error));
  }

  #again(reason: string): void {
    this.#trouble = reason;
    if (this.#closed) return;
    this.#world.after(this.#pauseMs, () => {
      if (!this.#closed) void this.#connect();
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
