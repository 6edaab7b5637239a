// A hub of two nodes whose database another server takes over: with everything, or without what was written last. And nodes
// that do not fit one another or the database: other relays, wrong clocks, an older version.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PostgresUrl } from '../../../server/config.ts';
import { type Message, type Talk, webSocket } from '../../contract/talk.ts';
import { eventually } from '../../harness/eventually.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

const owner = randomUUID();
const limitMs = 240_000;
const deadlineMs = 60_000;

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('a hub of two nodes', () => {
    let postgres: Postgres;
    let leftovers: Leftovers;
    let talks: Talk[];
    beforeEach(async () => {
      leftovers = new Leftovers();
      talks = [];
      postgres = await Postgres.start(['wal_level=replica', 'max_wal_senders=4']);
    }, limitMs);
    afterEach(async () => {
      for (const talk of talks) talk.cut();
      await leftovers.clear();
      await postgres.remove();
    }, limitMs);

    const node = async (store: PostgresUrl, more: Record<string, string> = {}) => {
      const env = { HORAI_STORE: store, HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN: owner, ...more };
      const hub = new HubProcess(leftovers, env);
      return { hub, url: await hub.up() };
    };
    const logIn = async (url: string) => {
      const talk = await webSocket({ url, kronos: null });
      talks.push(talk);
      await talk.ask({ type: 'login', user_id: owner, device_id: `d${talks.length}` });
      return talk;
    };
    const healthOf = async (url: string): Promise<Message> => {
      const response = await fetch(`${url}-/health`);
      return { code: response.status, ...JSON.parse(await response.text()) };
    };
    const healthy = (url: string, fits: (health: Message) => boolean, why: string) => {
      let last: unknown;
      const check = async () => {
        last = await healthOf(url);
        return fits(last) ? last : undefined;
      };
      return eventually(check, why, { deadlineMs, instead: () => last });
    };
    /** Writes until the node takes it, and returns the ack. */
    const write = async (talk: Talk, key: string): Promise<Message> => {
      const ack = async () => {
        const answers = await talk.ask({ type: 'create', channel: 'x', key, item: key, write_id: key, ref: key });
        return answers.find(({ ref, success }) => ref === key && success);
      };
      return eventually(ack, `${key} to be written`, { deadlineMs });
    };
    /** All messages until one fits. */
    const until = async (talk: Talk, fits: (message: Message) => boolean): Promise<Message[]> => {
      const messages: Message[] = [];
      for (;;) {
        const message = await talk.next();
        if (message === undefined) throw new Error(`the connection ended after ${JSON.stringify(messages)}`);
        messages.push(message);
        if (fits(message)) return messages;
      }
    };

    test(
      'keeps all positions, and needs no restart, when a standby with the same data takes over',
      async () => {
        const store = await postgres.database();
        const [a, b] = [await node(store), await node(store)];
        const [onA, onB] = [await logIn(a.url), await logIn(b.url)];
        onB.say({ type: 'subscribe', channel: 'x' });
        const { seq, epoch } = await write(onA, 'before');
        await until(onB, ({ key }) => key === 'before');
        await postgres.failOver();
        const after = await write(onA, 'after');
        expect(after).toMatchObject({ seq: seq + 1, epoch });
        const heard = await until(onB, ({ key }) => key === 'after');
        expect(heard.map(({ type }) => type)).toEqual(['create']);
        for (const { url } of [a, b]) await healthy(url, ({ status }) => status === 'ok', 'health to be ok');
        // A node that starts later goes on with them, too.
        const c = await logIn((await node(store)).url);
        const [since] = await c.ask({ type: 'subscribe', channel: 'x', seq, epoch });
        expect(since).toMatchObject({ type: 'changes', changes: [{ key: 'after' }] });
      },
      limitMs,
    );

    test.each([['no node'], ['one node']] as const)(
      'sends followers a reset when a standby takes over without the last write, and %s is restarted',
      async (restarted) => {
        const store = await postgres.database();
        const [a, b] = [await node(store), await node(store)];
        let onA = await logIn(a.url);
        const onB = await logIn(b.url);
        onB.say({ type: 'subscribe', channel: 'x' });
        const { epoch } = await write(onA, 'kept');
        await until(onB, ({ key }) => key === 'kept');
        const takeOver = await postgres.standby();
        await write(onA, 'lost');
        await until(onB, ({ key }) => key === 'lost');
        if (restarted === 'one node') {
          a.hub.signal('SIGKILL');
          await a.hub.ended;
        }
        await takeOver();
        if (restarted === 'one node') onA = await logIn((await node(store)).url);
        const next = await write(onA, 'next');
        expect(next.epoch).not.toBe(epoch);
        const heard = await until(
          onB,
          ({ type, items }) => type === 'reset' && items.some(({ key }: Message) => key === 'kept'),
        );
        expect(heard.at(-1).items.map(({ key }: Message) => key)).not.toContain('lost');
        const state = await onB.ask({ type: 'read-all', channel: 'x' });
        expect(state.at(-1).items.map(({ key }: Message) => key)).toEqual(['kept', 'next']);
      },
      limitMs,
    );

    test(
      'reports nodes that use different relays, at the start and in health',
      async () => {
        const store = await postgres.database();
        const a = await node(store);
        const b = await node(store, { HORAI_RELAY: 'nats://127.0.0.1:9' });
        expect((await healthOf(b.url)).status).toBe('late');
        await healthy(
          a.url,
          ({ status, reason }) => status === 'late' && /nats:\/\/127\.0\.0\.1:9/.test(reason),
          'health to name the other relay',
        );
        const { err } = await b.hub.stop();
        expect(err).toMatch(/Warning: Another node hears of changes over notify, and this one nats:\/\/127\.0\.0\.1:9/);
        await healthy(a.url, ({ status }) => status === 'ok', 'health to be ok again');
      },
      limitMs,
    );

    test(
      'a node whose clock is wrong warns, uses the database’s time, and takes no writes if it is wrong by more than a minute',
      async () => {
        const store = await postgres.database();
        const shifted = (ms: number) =>
          node(store, {
            NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`const now = Date.now; Date.now = () => now() + ${ms};`)}`,
          });
        const ahead = await shifted(30_000);
        expect(await healthOf(ahead.url)).toMatchObject({
          status: 'ok',
          warning: expect.stringMatching(/clock of this machine is (29|30)[.\d]* s ahead/),
        });
        const talk = await logIn(ahead.url);
        await write(talk, 'k');
        const [{ items }] = await talk.ask({ type: 'read-all', channel: 'x' });
        expect(Math.abs(items[0].at - Date.now())).toBeLessThan(10_000);

        const wrong = await shifted(-120_000).catch((error: unknown) => error);
        if (wrong instanceof Error) expect(wrong.message).toMatch(/clock of this machine/);
        else {
          const { url } = wrong as Awaited<ReturnType<typeof node>>;
          expect(await healthOf(url)).toMatchObject({
            code: 503,
            reason: expect.stringMatching(/clock of this machine is 1\d\d[.\d]* s behind/),
          });
          const [refused] = await (await logIn(url)).ask({ type: 'create', channel: 'x', key: 'l', item: 1, ref: 1 });
          expect(refused).toMatchObject({ success: false });
        }
      },
      limitMs,
    );

    test(
      'a node that is older than the database refuses writes with a sentence, and reads on',
      async () => {
        const store = await postgres.database();
        const { url } = await node(store);
        const talk = await logIn(url);
        await write(talk, 'k');
        // The effect of a later version's migration.
        await postgres.query(
          `CREATE OR REPLACE FUNCTION horai.needed_migration() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1000';
           UPDATE horai.lanes SET fence = fence + 1`,
          store,
        );
        const [refused] = await talk.ask({ type: 'create', channel: 'x', key: 'l', item: 1, ref: 1 });
        expect(refused).toMatchObject({ success: false, ref: 1 });
        expect(await healthOf(url)).toMatchObject({
          code: 503,
          reason: expect.stringMatching(/newer Horai has migrated the database/),
        });
        expect(await talk.ask({ type: 'read-all', channel: 'x' })).toMatchObject([{ items: [{ key: 'k' }] }]);
      },
      limitMs,
    );
  });
}
