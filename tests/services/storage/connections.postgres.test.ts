// The connections of a hub to its database: how many it uses, what it says where it gets fewer, poolers between the two, and roles that may
// create nothing.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { PostgresUrl } from '../../../server/config.ts';
import { type Talk, webSocket } from '../../contract/talk.ts';
import { eventually } from '../../harness/eventually.ts';
import { PgBouncer, pgbouncerProgram } from '../../harness/pgbouncer.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { type Ended, HubProcess, Leftovers } from '../../harness/process.ts';

const owner = randomUUID();
const limitMs = 120_000;

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('a hub on PostgreSQL', () => {
    let postgres: Postgres;
    const leftovers = new Leftovers();
    let closing: (() => unknown)[] = [];
    let roles = 0;
    beforeAll(async () => {
      postgres = await Postgres.start();
    }, limitMs);
    afterEach(async () => {
      for (const close of closing.reverse()) await close();
      closing = [];
      await leftovers.clear();
    }, limitMs);
    afterAll(() => postgres.remove());

    const hubOn = (store: string, more: Readonly<Record<string, string>> = {}, args: readonly string[] = []) =>
      new HubProcess(
        leftovers,
        { HORAI_STORE: store, HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN: owner, HORAI_DRAIN: '0', ...more },
        args,
      );
    const newRole = async (options = '') => {
      roles += 1;
      const role = `role${roles}`;
      await postgres.query(`CREATE ROLE ${role} LOGIN ${options}`);
      return role;
    };
    const withRole = (url: string, role: string) => url.replace('://horai@', `://${role}@`);
    const connectionsOf = async (store: PostgresUrl, role = 'horai') => {
      const rows = await postgres.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = '${role}' AND application_name = 'horai'
           AND datname = '${store.split('/').at(-1)}'`,
      );
      return Number(rows[0]?.['n']);
    };
    const logIn = async (url: string): Promise<Talk> => {
      const talk = await webSocket({ url, kronos: null });
      closing.push(() => talk.cut());
      await talk.ask({ type: 'login', user_id: owner, device_id: 'd' });
      return talk;
    };
    /** Writes to 20 channels at once, reads them all, and hears of a change. */
    const use = async (writerUrl: string, followerUrl: string, prefix = 'c') => {
      const [writer, follower] = [await logIn(writerUrl), await logIn(followerUrl)];
      await follower.ask({ type: 'subscribe', channel: `${prefix}0` });
      const names = Array.from({ length: 20 }, (_, at) => `${prefix}${at}`);
      const acks = await writer.ask(
        ...names.map((channel) => ({ type: 'create', channel, key: 'k', item: 1, ref: channel })),
      );
      expect(acks.map(({ success }) => success)).toEqual(names.map(() => true));
      const read = await writer.ask(...names.map((channel) => ({ type: 'read-all', channel })));
      expect(read.map(({ items }) => items.length)).toEqual(names.map(() => 1));
      await eventually(async () => (await follower.next())?.key === 'k', 'the follower to hear of the change');
    };
    const refusalOf = async (hub: HubProcess): Promise<string> => {
      const { code, err } = await hub.ended;
      expect(code).toBe(1);
      return err;
    };

    test.each([
      [undefined, 8],
      ['5', 5],
      ['4', 4],
    ])(
      'with HORAI_PG_CONNECTIONS %s uses at most %i connections',
      async (setting, most) => {
        const store = await postgres.database();
        const hub = hubOn(store, setting === undefined ? {} : { HORAI_PG_CONNECTIONS: setting });
        const url = await hub.up();
        await use(url, url);
        expect(await connectionsOf(store)).toBeLessThanOrEqual(most);
        expect(await connectionsOf(store)).toBeGreaterThan(1);
      },
      limitMs,
    );

    test(
      'works where its role may have 5 connections, also for a backup and after the database restarts',
      async () => {
        const store = await postgres.database();
        const role = await newRole('CONNECTION LIMIT 5');
        await postgres.query(`GRANT CREATE ON DATABASE ${store.split('/').at(-1)} TO ${role}`);
        const backups = leftovers.folder();
        const hub = hubOn(withRole(store, role), { HORAI_PG_CONNECTIONS: '5', HORAI_BACKUP: backups });
        const url = await hub.up();
        await use(url, url);
        const talk = await logIn(url);
        expect(await talk.ask({ type: 'backup' })).toMatchObject([{ success: true }]);
        await postgres.down('SIGINT');
        await postgres.up();
        const write = async () => {
          const [ack] = await talk.ask({ type: 'update', channel: 'c0', key: 'k', item: 2, ref: 1 });
          return ack?.success;
        };
        await eventually(write, 'a write after the restart');
        expect(await connectionsOf(store, role)).toBeLessThanOrEqual(5);
      },
      limitMs,
    );

    test(
      'is refused with a sentence where the database gives it fewer connections than it uses',
      async () => {
        const store = await postgres.database();
        const role = await newRole('CONNECTION LIMIT 5');
        expect(await refusalOf(hubOn(withRole(store, role)))).toMatch(
          /^The database gives this hub 5 of the 8 connections that it uses \(too many connections for role "role\d+"\): allow more, or set HORAI_PG_CONNECTIONS=5\.\n$/,
        );
        await postgres.query(`ALTER ROLE ${role} CONNECTION LIMIT 2`);
        expect(await refusalOf(hubOn(withRole(store, role)))).toMatch(/gives this hub 2 of .*: allow at least 4\.\n$/);
        expect(await refusalOf(hubOn(store, { HORAI_PG_CONNECTIONS: '3' }))).toBe(
          'HORAI_PG_CONNECTIONS is 3, and a hub needs 4: set it to 4 or more.\n',
        );
      },
      limitMs,
    );

    test(
      'measures its connections, what it fetched, its clock and when it last heard another node',
      async () => {
        const store = await postgres.database();
        const [a, b] = [await hubOn(store).up(), await hubOn(store).up()];
        const scrape = async () => {
          const answer = await fetch(`${a}-/metrics`, { headers: { authorization: `Bearer ${owner}` } });
          const lines = [...(await answer.text()).matchAll(/^(horai_[^ #]+) (\S+)$/gm)];
          return new Map(lines.map(([, name, value]) => [name ?? '', Number(value)]));
        };
        await use(b, a);
        const first = await scrape();
        expect(first.get('horai_database_connections{kind="writing"}')).toBe(3);
        expect(first.get('horai_database_connections{kind="reading"}')).toBeLessThanOrEqual(4);
        expect(first.get('horai_database_connections{kind="waiting"}')).toBe(0);
        expect(first.get('horai_lanes_broken')).toBe(0);
        expect(first.get('horai_rows_fetched_total')).toBeGreaterThan(0);
        expect(first.get('horai_gaps_fetched_total')).toBeGreaterThanOrEqual(0);
        expect(Math.abs(first.get('horai_clock_difference_seconds') ?? 99)).toBeLessThan(2);
        await eventually(
          async () => ((await scrape()).get('horai_notice_age_seconds') ?? 99) < 3,
          'the other node to be heard',
        );
        const page = readFileSync(new URL('../../../docs/monitoring.md', import.meta.url), 'utf8');
        const documented = [...page.matchAll(/^\| `(\w+)` .*PostgreSQL only \|$/gm)].map(([, name]) => name);
        expect(documented).toHaveLength(6);
        for (const name of documented) expect([...first.keys()].join()).toContain(name);
        await postgres.down('SIGINT');
        await eventually(async () => ((await scrape()).get('horai_lanes_broken') ?? 0) > 0, 'a lane to be in trouble');
        await postgres.up();
      },
      limitMs,
    );

    describe('whose role may create nothing', () => {
      const migrate = (store: string, ...args: readonly string[]): Promise<Ended> =>
        hubOn(store, {}, ['migrate', ...args]).ended;

      test(
        'is refused with a sentence on an empty database, and runs once `horai migrate --role` has made the tables',
        async () => {
          const store = await postgres.database();
          const role = await newRole();
          const own = withRole(store, role);
          const sentence = new RegExp(
            `^The role ${role} may not create or use .* horai migrate --role ${role}`.replace(
              'horai migrate',
              '.horai migrate',
            ),
          );
          expect(await refusalOf(hubOn(own))).toMatch(sentence);
          expect(await migrate(own)).toMatchObject({ code: 1, err: expect.stringMatching(sentence) });
          expect(await migrate(store)).toMatchObject({ code: 0 });
          expect(await refusalOf(hubOn(own))).toMatch(sentence);
          expect(await migrate(store, '--role', role)).toMatchObject({
            code: 0,
            out: `The tables of the database are those of this version; the role ${role} has the rights that a hub needs.\n`,
          });
          const [a, b] = [await hubOn(own).up(), await hubOn(own).up()];
          await use(a, b);
          const talk = await logIn(a);
          expect(await talk.ask({ type: 'delete', channel: 'c0', key: 'k', ref: 1 })).toMatchObject([
            { success: true },
          ]);
          const tables = await postgres.query(
            `SELECT count(*)::int AS n FROM pg_class WHERE relowner = '${role}'::regrole`,
            store,
          );
          expect(tables).toEqual([{ n: 0 }]);
        },
        limitMs,
      );

      test.each([
        [['--from', 'sqlite'], '--from and --to go together: name both stores.\n'],
        [['--from', 'sqlite', '--to', 'postgres', '--role', 'r'], /^--role goes without --from and --to/],
      ])('`horai migrate %s` is refused with a sentence', async (args, sentence) => {
        const { code, err } = await migrate(await postgres.database(), ...args);
        expect(code).toBe(1);
        expect(err).toMatch(sentence);
      });
    });

    if (pgbouncerProgram === undefined) test.skip('pgbouncer is not installed', () => undefined);
    else
      describe('behind pgbouncer', () => {
        const bouncer = async (options: Parameters<typeof PgBouncer.start>[1]) => {
          const started = await PgBouncer.start(postgres, options);
          closing.push(() => started.stop());
          return started;
        };

        test(
          'in session mode two nodes write, read and hear of each other’s changes',
          async () => {
            const store = await postgres.database();
            const pool = await bouncer({ mode: 'session' });
            const [a, b] = [await hubOn(pool.throughOf(store)).up(), await hubOn(pool.throughOf(store)).up()];
            await use(a, b);
            await use(b, a, 'd');
            for (const url of [a, b]) {
              const health = await fetch(`${url}-/health`);
              expect(await health.json()).toMatchObject({ status: 'ok' });
            }
          },
          limitMs,
        );

        test(
          'in session mode with too small a pool it is refused with a sentence',
          async () => {
            const store = await postgres.database();
            const pool = await bouncer({ mode: 'session', size: 3 });
            expect(await refusalOf(hubOn(pool.throughOf(store)))).toMatch(/gives this hub 3 of the 8 connections/);
          },
          limitMs,
        );

        test(
          'in transaction mode it is refused with a sentence',
          async () => {
            const store = await postgres.database();
            const pool = await bouncer({ mode: 'transaction' });
            expect(await refusalOf(hubOn(pool.throughOf(store)))).toMatch(
              /^HORAI_STORE leads to a connection pooler in transaction mode, .*: set pool_mode = session .*\.\n$/,
            );
          },
          limitMs,
        );
      });
  });
}
