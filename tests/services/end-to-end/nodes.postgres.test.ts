// Failures of a hub of several nodes, with real processes: its database restarts, crashes or is killed, a node is killed, a node is cut
// off, the relay dies. Meanwhile clients write and follow. In the end no acknowledged write is missing or exists twice, and the followers
// have received all of them.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PostgresUrl } from '../../../server/config.ts';
import { type Talk, webSocket } from '../../contract/talk.ts';
import { Cut } from '../../harness/cut.ts';
import { eventually } from '../../harness/eventually.ts';
import { Namespace } from '../../harness/namespace.ts';
import { Nats, natsServer } from '../../harness/nats.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

const owner = randomUUID();
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
/** The limit of each wait on a loaded machine. It is shorter than the limit of a test, so that a failed wait reports its reason. */
const deadlineMs = 90_000;
const limitMs = 240_000;
/** Followers stay connected however long the database is away: these tests are about what they receive afterwards. */
const patient = { HORAI_TOKENS_MAX_AGE: '600' };

/** Connects to the first node that is up. */
async function login(urls: readonly string[]): Promise<Talk> {
  for (let at = 0; ; at += 1) {
    try {
      const talk = await webSocket({ url: urls[at % urls.length] ?? '', kronos: null });
      await talk.ask({ type: 'login', user_id: owner, device_id: `d${at}` });
      return talk;
    } catch {
      await pause();
    }
  }
}

/** Writes numbers until `stop`. Each has a write id and is repeated until it is acknowledged. */
class Writer {
  readonly acknowledged = new Set<number>();
  refused = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  /** @param urls the nodes; the writer uses the next one when a connection ends */
  constructor(urls: readonly string[], from: number) {
    this.#done = this.#run(urls, from);
  }

  /** Resolves when `count` further writes are acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.size + count;
    await eventually(() => this.acknowledged.size >= wanted, `${count} more writes to be acknowledged`, {
      deadlineMs,
      instead: () => `${wanted - this.acknowledged.size} are missing, ${this.refused} were refused`,
    });
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }

  async #run(urls: readonly string[], from: number): Promise<void> {
    let talk = await login(urls);
    for (let number = from; !this.#stopped; number += 1) {
      while (!this.acknowledged.has(number)) {
        talk.say({ type: 'create', channel: 'log', item: number, write_id: `w${number}`, ref: number });
        for (;;) {
          const answer = await talk.next();
          if (answer === undefined) {
            talk = await login(urls);
            break;
          }
          if (answer.ref !== number) continue;
          if (answer.success) this.acknowledged.add(number);
          else {
            this.refused += 1;
            await pause();
          }
          break;
        }
      }
    }
    talk.cut();
  }
}

/** Follows over one connection, without reconnecting. */
class Follower {
  readonly received = new Map<number, number>();
  #isOver = false;
  readonly #talk: Talk;

  private constructor(talk: Talk) {
    this.#talk = talk;
    void this.#run();
  }

  static async open(url: string): Promise<Follower> {
    const talk = await login([url]);
    talk.say({ type: 'subscribe', channel: 'log' });
    return new Follower(talk);
  }

  async knows(numbers: ReadonlySet<number>): Promise<void> {
    const missing = () => [...numbers].filter((number) => !this.received.has(number));
    await eventually(() => this.#isOver || missing().length === 0, 'a follower to know what was acknowledged', {
      deadlineMs,
      instead: () => `${missing().length} of ${numbers.size} are missing, ${missing().slice(0, 5)} for example`,
    });
    expect({ isOver: this.#isOver, missing: missing().slice(0, 5) }).toEqual({ isOver: false, missing: [] });
  }

  close(): void {
    this.#talk.cut();
  }

  async #run(): Promise<void> {
    for (;;) {
      const message = await this.#talk.next();
      if (message === undefined) {
        this.#isOver = true;
        return;
      }
      for (const { item } of message.changes ?? message.items ?? [message]) {
        if (typeof item === 'number') this.received.set(item, (this.received.get(item) ?? 0) + 1);
      }
    }
  }
}

interface Health {
  readonly code: number;
  readonly status: string;
  readonly reason?: string;
}

async function healthOf(url: string): Promise<Health> {
  const answer = await fetch(`${url}-/health`);
  const body: unknown = await answer.json();
  return Object.assign({ code: answer.status, status: '' }, body);
}

/** @param wanted the awaited state, for the error message */
async function healthy(url: string, wanted: string, fits: (health: Health) => boolean): Promise<Health> {
  let last: Health | undefined;
  const check = async () => {
    const health = await healthOf(url);
    last = health;
    return fits(health) ? health : undefined;
  };
  return eventually(check, `${url}-/health to be ${wanted}`, { deadlineMs, instead: () => last });
}

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('a hub of two nodes', () => {
    let postgres: Postgres;
    let leftovers: Leftovers;
    let closing: (() => unknown)[];
    beforeEach(async () => {
      leftovers = new Leftovers();
      closing = [];
      postgres = await Postgres.start([]);
    }, limitMs);
    afterEach(async () => {
      for (const close of closing.reverse()) await close();
      await leftovers.clear();
      await postgres.remove();
    }, limitMs);

    const node = async (store: string, more: Record<string, string> = {}) => {
      const env = { HORAI_STORE: store, HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN: owner, ...patient, ...more };
      const hub = new HubProcess(leftovers, env);
      return { hub, url: await hub.up() };
    };
    const writersTo = (...urls: string[]) => {
      const writers = [0, 1, 2, 3].map((at) => new Writer(urls, at * 1_000_000));
      closing.push(() => Promise.all(writers.map((writer) => writer.stop())));
      return {
        more: (count: number) => Promise.all(writers.map((writer) => writer.more(count))),
        stop: async () => {
          await Promise.all(writers.map((writer) => writer.stop()));
          return new Set(writers.flatMap(({ acknowledged }) => [...acknowledged]));
        },
      };
    };
    const followerOf = async (url: string) => {
      const follower = await Follower.open(url);
      closing.push(() => follower.close());
      return follower;
    };

    /** Checks that the channel has each value once, including all acknowledged ones. */
    async function proveKept(
      store: PostgresUrl,
      acknowledged: ReadonlySet<number>,
      ...followers: Follower[]
    ): Promise<void> {
      for (const follower of followers) await follower.knows(acknowledged);
      const rows = await postgres.query(
        `SELECT s.value::int AS n, count(*)::int AS times FROM horai.items i
         JOIN horai.steps s USING (account, channel, seq, moment)
         WHERE i.channel = (SELECT id FROM horai.channels WHERE name = 'owner/log') GROUP BY s.value`,
        store,
      );
      expect(rows.filter(({ times }) => times !== 1)).toEqual([]);
      const stored = new Set(rows.map(({ n }) => Number(n)));
      expect([...acknowledged].filter((number) => !stored.has(number))).toEqual([]);
      for (const { received } of followers) expect([...received].filter(([, times]) => times > 1)).toEqual([]);
    }

    test.each([
      ['restarts', 'SIGINT'],
      ['crashes', 'SIGQUIT'],
      ['is killed', 'SIGKILL'],
    ] as const)(
      'goes on when the database %s',
      async (_how, signal) => {
        const store = await postgres.database();
        const [a, b] = [await node(store), await node(store)];
        const [writers, follower, other] = [writersTo(a.url), await followerOf(b.url), await followerOf(a.url)];
        await writers.more(20);
        for (let round = 0; round < 3; round += 1) {
          await postgres.down(signal);
          for (const { url } of [a, b]) {
            expect(await healthy(url, 'broken', ({ code }) => code === 503)).toMatchObject({
              status: 'broken',
              reason: expect.stringMatching(/./),
            });
          }
          await postgres.up();
          for (const { url } of [a, b]) await healthy(url, 'ok', ({ status }) => status === 'ok');
          await writers.more(20);
        }
        await proveKept(store, await writers.stop(), follower, other);
      },
      limitMs,
    );

    test(
      'continues on the other node when a node is killed',
      async () => {
        const store = await postgres.database();
        const [a, b] = [await node(store), await node(store)];
        const [writers, follower] = [writersTo(a.url, b.url), await followerOf(b.url)];
        await writers.more(20);
        a.hub.signal('SIGKILL');
        await writers.more(20);
        const third = await node(store);
        const late = await followerOf(third.url);
        await writers.more(20);
        await proveKept(store, await writers.stop(), follower, late);
      },
      limitMs,
    );

    /** Starts a node whose network can be cut: in a network namespace, or behind a proxy where namespaces are not permitted. */
    async function behindAWire(store: PostgresUrl) {
      const namespace = Namespace.open();
      if (namespace === undefined)
        console.warn('No network namespace may be made here: a proxy that stalls stands in.');
      else closing.push(() => namespace.close());
      const host = namespace?.hostAddress ?? '127.0.0.1';
      const proxy = await Cut.open(postgres.port, host);
      closing.push(() => proxy.close());
      const env = {
        HORAI_STORE: store.replace(`127.0.0.1:${postgres.port}/`, `${host}:${proxy.port}/`),
        HORAI_DATA: leftovers.folder(),
        HORAI_OWNER_TOKEN: owner,
        ...patient,
        ...(namespace === undefined ? {} : { HORAI_HOST: namespace.address }),
      };
      const hub = new HubProcess(leftovers, env, [], namespace?.prefix ?? []);
      return { url: await hub.up(), wire: namespace ?? proxy };
    }

    test(
      'a node that is cut off from the database reports it in health, keeps its followers, and sends them all changes afterwards',
      async () => {
        const store = await postgres.database();
        const a = await node(store);
        const { url, wire } = await behindAWire(store);
        const [writers, strays] = [writersTo(a.url), new Writer([url], 9_000_000)];
        closing.push(() => strays.stop());
        const follower = await followerOf(url);
        await writers.more(20);
        await strays.more(20);
        wire.cut();
        await healthy(url, 'broken', ({ code }) => code === 503);
        expect(await healthOf(a.url)).toMatchObject({ status: 'ok' });
        await writers.more(100);
        // Waits until the node gives up writes, whose outcome it must then read later.
        await eventually(() => strays.refused > 0, 'a write to be given up', { deadlineMs });
        wire.mend();
        await healthy(url, 'ok', ({ status }) => status === 'ok');
        await strays.more(20);
        await strays.stop();
        await proveKept(store, new Set([...(await writers.stop()), ...strays.acknowledged]), follower);
      },
      limitMs,
    );

    test(
      'a token revoked on one node closes its connections on the other',
      async () => {
        const store = await postgres.database();
        const [a, b] = [await node(store), await node(store)];
        const admin = await login([a.url]);
        const [made] = await admin.ask({ type: 'token', name: 'phone', scopes: ['read'] });
        const phone = await webSocket({ url: b.url, kronos: null });
        const enter = async () => {
          const [answer] = await phone.ask({ type: 'login', user_id: made.secret, device_id: 'phone' });
          return answer.success;
        };
        await eventually(enter, 'the other node to know the new token', { deadlineMs });
        await admin.ask({ type: 'revoke', token: made.token.id });
        expect(await phone.next()).toMatchObject({ success: false, code: 'revoked' });
        expect(await phone.closed).toBe(4401);
        admin.cut();
      },
      limitMs,
    );

    if (natsServer === undefined) test.skip('NATS is not installed', () => undefined);
    else
      test(
        'without the relay, changes arrive late and health reports it; when the relay is back, they arrive at once',
        async () => {
          const store = await postgres.database();
          const nats = await Nats.start();
          closing.push(() => nats.down());
          const more = { HORAI_RELAY: nats.url };
          const [a, b] = [await node(store, more), await node(store, more)];
          const [writers, follower] = [writersTo(a.url), await followerOf(b.url)];
          for (let round = 0; round < 2; round += 1) {
            await writers.more(20);
            await nats.down();
            expect(await healthy(b.url, 'late', ({ status }) => status === 'late')).toMatchObject({
              code: 200,
              reason: expect.stringContaining('NATS'),
            });
            await writers.more(20);
            const received = follower.received.size;
            await eventually(() => follower.received.size >= received + 20, 'a follower to be told without the relay', {
              deadlineMs,
            });
            await nats.up();
            for (const { url } of [a, b]) await healthy(url, 'ok', ({ status }) => status === 'ok');
          }
          await proveKept(store, await writers.stop(), follower);
        },
        limitMs,
      );
  });
}
