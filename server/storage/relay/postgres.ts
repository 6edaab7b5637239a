// Rumours over LISTEN and NOTIFY, for nodes that share a database and nothing else. They have a connection of their own and are
// sent after the commit, all that came meanwhile in one: the lock that a NOTIFY takes is everybody's, and commits never wait for it.

import pg from 'pg';
import type { Relay, Rumour } from '../../core/relay.ts';
import type { World } from '../../core/world.ts';
import { reasonOf, settings } from '../postgres/connection.ts';
import { Rumours } from './change-notices.ts';

/** PostgreSQL takes less than 8,000 bytes. */
const longestText = 7_900;
const statementMs = 2_000;
const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** A connection that was cut off says nothing: it is asked. */
const aliveMs = 3_000;

export class PostgresRelay implements Relay {
  readonly #url: string;
  readonly #world: World;
  readonly #rumours: Rumours;
  #client: pg.Client | undefined;
  #trouble: string | undefined = 'not connected yet';
  #heard: (rumour: Rumour) => void = () => undefined;
  #missed: () => void = () => undefined;
  #sending = false;
  #pauseMs = firstPauseMs;
  #closed = false;

  constructor(url: string, world: World) {
    this.#url = url;
    this.#world = world;
    this.#rumours = new Rumours(world.id(), longestText);
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  announce(rumour: Rumour): void {
    // Nobody hears it while there is no connection; when there is one again, all ask the store.
    if (this.#client === undefined) return;
    this.#rumours.add(rumour);
    if (this.#sending) return;
    this.#sending = true;
    setImmediate(() => void this.#send());
  }

  listen(heard: (rumour: Rumour) => void, missed: () => void): void {
    this.#heard = heard;
    this.#missed = missed;
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
      while (client !== undefined && client === this.#client && this.#rumours.size > 0) {
        await client.query({
          name: 'notify',
          text: `SELECT pg_notify('horai', t) FROM unnest($1::text[]) AS t`,
          values: [this.#rumours.take()],
        });
      }
    } catch (error) {
      if (client !== undefined) this.#lost(client, error);
    }
    this.#sending = false;
    if (this.#client === undefined) this.#rumours.take();
  }

  async #connect(): Promise<void> {
    // A rumour need not outlive a power cut.
    const config = settings(this.#url, { statementMs });
    const client = new pg.Client({ ...config, options: '-c search_path=horai -c synchronous_commit=off' });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, 'the connection ended'));
    client.on('notification', ({ payload = '' }) => {
      for (const rumour of this.#rumours.read(payload)) this.#heard(rumour);
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
    this.#missed();
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
    this.#world.log.warn({ error: reasonOf(error) }, 'postgres: rumours have stopped');
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
