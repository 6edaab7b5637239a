// The board on which nodes that share a database tell each other who is in which channel. A node that was not seen for a few seconds does
// not run (node-heartbeat.ts), and its connections do not count.

import type pg from 'pg';
import type { BoardEntry, BoardUpdate, Here, PresenceBoard } from '../../core/presence.ts';
import { aliveSeconds } from './node-heartbeat.ts';

export class PostgresPresence implements PresenceBoard {
  readonly #pool: pg.Pool;
  readonly #node: string;

  constructor(pool: pg.Pool, node: string) {
    this.#pool = pool;
    this.#node = node;
  }

  async update({ isAll, came, went }: BoardUpdate): Promise<number> {
    if (isAll) await this.#pool.query('DELETE FROM presence WHERE node = $1', [this.#node]);
    if (went.length > 0) {
      await this.#pool.query({
        name: 'presence went',
        text: `DELETE FROM presence p USING unnest($2::text[], $3::text[]) AS t (channel, id)
          WHERE p.node = $1 AND p.channel = t.channel AND p.id = t.id`,
        values: [this.#node, went.map(({ channel }) => channel), went.map(({ id }) => id)],
      });
    }
    if (came.length > 0) {
      const column = <K extends keyof BoardEntry>(name: K) => came.map((entry) => entry[name]);
      await this.#pool.query({
        name: 'presence came',
        text: `INSERT INTO presence (node, channel, id, account, device, since)
          SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) ON CONFLICT DO NOTHING`,
        values: [this.#node, column('channel'), column('id'), column('account'), column('device'), column('since')],
      });
    }
    const { rows } = await this.#pool.query<{ own: number }>({
      name: 'presence own',
      text: 'SELECT count(*) AS own FROM presence WHERE node = $1',
      values: [this.#node],
    });
    return rows[0]?.own ?? 0;
  }

  async others(channels: readonly string[] | 'all'): Promise<ReadonlyMap<string, readonly Here[]>> {
    const isAll = channels === 'all';
    const { rows } = await this.#pool.query<BoardEntry>({
      name: isAll ? 'presence all' : 'presence others',
      text: `SELECT p.channel, p.id, p.account, p.device, p.since FROM presence p JOIN nodes n ON n.node = p.node
        WHERE ${isAll ? '' : 'p.channel = ANY ($2::text[]) AND'} p.node <> $1
          AND n.seen > now() - interval '${aliveSeconds} seconds'
        ORDER BY p.channel, p.node, p.id`,
      values: isAll ? [this.#node] : [this.#node, channels],
    });
    const byChannel = new Map<string, Here[]>();
    for (const { channel, ...here } of rows) {
      const list = byChannel.get(channel) ?? [];
      byChannel.set(channel, list);
      list.push(here);
    }
    return byChannel;
  }
}
