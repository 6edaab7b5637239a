// Change notices over LISTEN and NOTIFY, for nodes that share only a database. They have a connection of their own and go out after the commit,
// all pending ones in one statement: NOTIFY takes a server-wide lock, and commits must never wait for it.

import type pg from 'pg';
import type { ChangeNotice, Relay } from '../../core/relay.ts';
import type { World } from '../../core/world.ts';
import { connectClient, reasonOf } from '../postgres/connection.ts';
import { NoticeBatch } from './change-notices.ts';

/** PostgreSQL's limit of a payload is 8,000 bytes. */
const longestText = 7_900;
const statementMs = 2_000;
const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** A connection that was cut off stays silent, so it is probed this often, by a text that lets the other nodes know that they hear this one. */
const aliveMs = 1_000;

export class PostgresRelay implements Relay {
  readonly #url: string;
  readonly #world: World;
  readonly #notices: NoticeBatch;
  readonly #verify: (client: pg.ClientBase) => Promise<void>;
  #client: pg.Client | undefined;
  #trouble: string | undefined = 'not connected yet';
  #onNotice: (notice: ChangeNotice) => void = () => undefined;
  #onGap: () => void = () => undefined;
  #sending = false;
  #pauseMs = firstPauseMs;
  #closed = false;

  /** @param verify rejects if the database is another one now */
  constructor(url: string, world: World, node: string, verify: (client: pg.ClientBase) => Promise<void>) {
    this.#url = url;
    this.#world = world;
    this.#notices = new NoticeBatch(node, longestText, () => world.now());
    this.#verify = verify;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  get lastNotices(): ReadonlyMap<string, number> {
    return this.#notices.heard;
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
    while (this.#client !== undefined && this.#notices.size > 0)
      await this.#sendOver(this.#client, this.#notices.take());
    this.#sending = false;
    if (this.#client === undefined) this.#notices.take();
  }

  async #sendOver(client: pg.Client, texts: readonly string[]): Promise<void> {
    try {
      await client.query({
        name: 'notify',
        text: `SELECT pg_notify('horai', t) FROM unnest($1::text[]) AS t`,
        values: [texts],
      });
    } catch (error) {
      // Whoever takes over tells the others to look; one that did so while this statement waited has to do it again.
      const next = this.#client;
      if (client === next) this.#onLost(client, error);
      else if (next !== undefined) await this.#sendOver(next, [this.#notices.lookText()]);
    }
  }

  async #connect(): Promise<void> {
    let client: pg.Client | undefined;
    try {
      // A notice need not survive a power cut.
      const opened = await connectClient(this.#url, { statementMs, isDurable: false });
      client = opened;
      opened.on('error', (error) => this.#onLost(opened, error));
      opened.on('end', () => this.#onLost(opened, 'the connection ended'));
      opened.on('notification', ({ payload = '' }) => {
        const { notices, isLook } = this.#notices.read(payload);
        for (const notice of notices) this.#onNotice(notice);
        if (isLook) this.#onGap();
      });
      await this.#verify(client);
      await client.query('LISTEN horai');
      await client.query(`SELECT pg_notify('horai', $1)`, [this.#notices.lookText()]);
    } catch (error) {
      void client?.end().catch(() => undefined);
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
      client.query(`SELECT pg_notify('horai', $1)`, [this.#notices.helloText()]).then(
        () => this.#watch(client),
        (error: unknown) => this.#onLost(client, error),
      );
    });
  }

  #onLost(client: pg.Client, error: unknown): void {
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
