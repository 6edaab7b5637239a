// One test for each rule of protocol/README.md that a client can observe, against a composed hub over a real socket. The suite is the same
// for every transport and engine; features of one transport only (frames, pieces, handshakes) are in conversation.test.ts. The test
// moves the clock. tests/simulation and tests/unit/adapters/kronos have more tests of devices that edit offline (M).

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { decode } from '../../protocol/codec.ts';
import type { Config } from '../../server/config.ts';
import { oneNode, type ReachableNode, type Start } from '../harness/compose.ts';
import { task } from '../harness/task.ts';
import { TestWorld } from '../harness/world.ts';
import type { Message, Open, Talk } from './talk.ts';

export interface Person {
  readonly account: string;
  readonly secret: string;
  readonly token: string;
}

/**
 * A hub, its clock, and the clients of a test, which disconnect at its end. In a hub of several nodes each new client gets the next node.
 * Before each request the node catches up, so that an answer reflects all writes that any node acknowledged before.
 */
export class Place {
  readonly hub: ReachableNode['hub'];
  readonly #nodes: readonly ReachableNode[];
  readonly world: TestWorld;
  readonly owner: string;
  readonly #open: Open;
  #talks: Talk[] = [];
  readonly #at = new WeakMap<Talk, ReachableNode['hub']>();
  #people = 0;

  private constructor(
    nodes: readonly ReachableNode[],
    hub: ReachableNode['hub'],
    world: TestWorld,
    owner: string,
    open: Open,
  ) {
    this.#nodes = nodes;
    this.hub = hub;
    this.world = world;
    this.owner = owner;
    this.#open = open;
  }

  static async open(open: Open, overrides: Partial<Config>, start = oneNode): Promise<Place> {
    const world = new TestWorld();
    const nodes = await start({ kronosPort: 0, ...overrides }, world);
    const [first] = nodes;
    if (first === undefined) throw new Error('a hub without nodes');
    return new Place(nodes, first.hub, world, first.hub.ownerSecret ?? '', open);
  }

  /** @param sameNodeAs a client of the node that the new client uses; the next node by default */
  async connect(headers?: Readonly<Record<string, string>>, sameNodeAs?: Talk): Promise<Talk> {
    await this.#catchUp();
    const hub =
      (sameNodeAs && this.#at.get(sameNodeAs)) ?? this.#nodes[this.#talks.length % this.#nodes.length]?.hub ?? this.hub;
    const talk = await this.#open(hub, headers);
    const client: Talk = {
      ...talk,
      ask: async (...messages) => {
        await this.#catchUp();
        return talk.ask(...messages);
      },
    };
    this.#talks.push(client);
    this.#at.set(client, hub);
    return client;
  }

  async #catchUp(): Promise<void> {
    if (this.#nodes.length > 1) await Promise.all(this.#nodes.map((node) => node.catchUp()));
  }

  /** @returns a client that has logged in and has read the answer */
  async login(user: string, device = '', more: object = {}, sameNodeAs?: Talk): Promise<Talk> {
    const talk = await this.connect(undefined, sameNodeAs);
    await talk.ask({ type: 'login', user_id: user, device_id: device, version: 0, ...more });
    return talk;
  }

  /** Sends one request as the owner over a new connection and returns the answer. */
  async administer(request: object): Promise<Message> {
    const talk = await this.login(this.owner);
    const [answer] = await talk.ask(request);
    talk.end();
    return answer;
  }

  /** Creates an account with a token. */
  async person(scopes: readonly string[] = ['read', 'write']): Promise<Person> {
    this.#people += 1;
    const account = `p${this.#people}`;
    await this.administer({ type: 'account', name: account });
    return this.token(account, scopes);
  }

  async token(account: string, scopes: readonly string[]): Promise<Person> {
    const { secret, token } = await this.administer({ type: 'token', name: 'one', account, scopes });
    return { account, secret, token: token.id };
  }

  hangUp(): void {
    for (const talk of this.#talks) talk.cut();
    this.#talks = [];
  }

  async close(): Promise<void> {
    this.hangUp();
    await Promise.all(this.#nodes.map(({ hub }) => hub.stop()));
  }
}

const errorsOf = (messages: readonly Message[]) => messages.map(({ error }) => error);

export function conversation(name: string, engine: Config['engine'], open: Open, start: Start = oneNode): void {
  describe(`over ${name} on ${engine}`, () => {
    let personal: Place;
    let closed: Place;
    beforeAll(async () => {
      personal = await Place.open(open, { engine }, start);
      closed = await Place.open(open, { engine, hosts: ['hub.example.org'] }, start);
    });
    afterEach(() => {
      personal.hangUp();
      closed.hangUp();
    });
    afterAll(async () => {
      await personal.close();
      await closed.close();
    });

    describe('connect', () => {
      test('[C1.1] [C1.2] a message is one JSON object, both ways, and text of any language is returned unchanged', async () => {
        const talk = await personal.login((await personal.person()).secret);
        const item = 'ü "€"\n\u2028😀 {"a":[1]}';
        const [ack] = await talk.ask({ type: 'create', channel: 'notes', key: 'ключ/🔑', item, ref: 'é' });
        expect(ack).toMatchObject({ type: 'ack', ref: 'é', key: 'ключ/🔑', seq: 1 });
        expect(await talk.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([
          { items: [{ key: 'ключ/🔑', item }] },
        ]);
      });

      test('[C4] a connection without a valid message for 10 seconds gets an error and is closed', async () => {
        // On raw TCP the transport waits for the first byte with the real clock.
        const silence = name === 'raw TCP' ? [] : [undefined];
        for (const message of [...silence, '{"nonsense"}', { type: 'nonsense' }, { type: 'ping' }]) {
          const client = await closed.connect();
          if (message !== undefined) {
            client.say(message);
            expect(await client.next()).toMatchObject({ success: false });
          }
          // When the hub has answered a later connection, it knows this one.
          await (await closed.login(closed.owner)).ask();
          closed.world.pass(10_000);
          expect(await client.next()).toMatchObject({
            success: false,
            error: 'no login within 10 seconds',
            code: 'silent',
          });
          expect(await client.next()).toBeUndefined();
          expect([4408, undefined]).toContain(await client.closed);
        }
        const good = await closed.login(closed.owner);
        closed.world.pass(60_000);
        expect(await good.ask({ type: 'channels' })).toMatchObject([{ type: 'channels' }]);
      });

      test('[C6.1] [C6.2] when the hub stops, only a connection that has used more than the verbs of Kronos is sent away', async () => {
        const place = await Place.open(open, { engine });
        const [silent, plain, ours] = [await place.connect(), await place.connect(), await place.connect()];
        plain.say({ type: 'login', user_id: place.owner, device_id: 'vim', version: 0 });
        expect(await plain.next()).toMatchObject({ type: 'login' });
        await ours.ask({ type: 'ping' });
        // Raw TCP has no conversation before its first byte.
        if (name === 'raw TCP') {
          silent.say('{"half":');
          await ours.ask();
        }
        await place.hub.stop();
        expect(await ours.next()).toMatchObject({ success: true, type: 'away', retry_ms: expect.any(Number) });
        for (const talk of [silent, plain, ours]) {
          expect(await talk.next()).toBeUndefined();
          expect([1012, undefined]).toContain(await talk.closed);
        }
      });

      test('[C7] pong is sent after the answers to all earlier requests', async () => {
        const talk = await personal.login((await personal.person()).secret);
        const requests = [
          { type: 'create', task: task(1, 'x'), ref: 1 },
          { type: 'read-all', ref: 2 },
          { type: 'create', channel: 'notes', key: 'a', item: 1, ref: 3 },
          { type: 'nonsense', ref: 4 },
          { type: 'subscribe', channel: 'notes', ref: 5 },
          { type: 'history', channel: 'notes', ref: 6 },
          { type: 'subscribe', channel: 'no*', ref: 7 },
          { type: 'write-all', tasks: [task(1, 'x'), task(2, 'y')], ref: 8 },
          { type: 'channels', ref: 9 },
        ];
        const answers = await talk.ask(...requests);
        expect(answers.filter(({ ref }) => ref !== undefined).map(({ ref }) => ref)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
        const kinds = answers.map(({ type, ref }) => ref ?? type);
        expect(kinds.indexOf('snapshot')).toBeGreaterThan(kinds.indexOf(4));
        expect(kinds.indexOf('snapshot')).toBeLessThan(kinds.indexOf(6));
      });
    });

    describe('bounds', () => {
      const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
      const wide = (keys: number) => `{${Array.from({ length: keys }, (_, at) => `"k${at}":0`).join()}}`;
      const note = (item: string) => `{"type":"create","channel":"notes","ref":1,"item":${item}}`;

      test('[B1.1] [B1.2] [B1.3] [B1.4] a message too deep, too wide, too precise or too long is refused, and the connection stays open', async () => {
        const talk = await personal.login((await personal.person()).secret);
        const good = [
          note(deep(31)),
          note(wide(10_000)),
          note('9007199254740991'),
          note('[-9007199254740991,1e15,0.1]'),
        ];
        for (const text of good) expect(await talk.ask(text)).toMatchObject([{ type: 'ack' }]);
        const many = (count: number) => ({
          type: 'write-all',
          tasks: Array.from({ length: count }, () => ({})),
          ref: 1,
        });
        expect(await talk.ask(many(10_001))).toMatchObject([{ success: false, error: 'invalid tasks' }]);
        const bad = [
          note(deep(32)),
          note(deep(5_000)),
          note(wide(10_001)),
          note('9007199254740993'),
          note('[1e400]'),
          note('-1e99'),
        ];
        for (const text of bad) {
          expect(await talk.ask(text)).toMatchObject([
            { success: false, error: 'invalid payload', hint: expect.any(String) },
          ]);
        }
      });

      test('[B1.5] a message of 1 MiB is taken; one byte more is refused and closes the connection', async () => {
        const talk = await personal.login((await personal.person()).secret);
        const frame = note('""').length;
        const padded = (bytes: number) =>
          note(`"${'é'.repeat((bytes - frame) / 2)}${'x'.repeat((bytes - frame) % 2)}"`);
        expect(Buffer.byteLength(padded(1_048_576))).toBe(1_048_576);
        expect(await talk.ask(padded(1_048_576))).toMatchObject([{ type: 'ack' }]);
        talk.say(padded(1_048_577));
        expect(await talk.next()).toMatchObject({ success: false, error: 'message too large', code: 'too_large' });
        expect(await talk.next()).toBeUndefined();
        expect([1009, undefined]).toContain(await talk.closed);
      });

      /** Like those of a Vim: about 160 bytes each. */
      const longList = (count: number) =>
        Array.from({ length: count }, (_, at) =>
          task(at + 1, `write the minutes of meeting ${at} and send them to the others, é`, {
            tags: ['work', `project-${at % 40}`],
            due: 1_790_000_000 + at,
            worktime: at * 60,
          }),
        );

      test('[B1.6] a write-all of 10,000 tasks in 1.6 MB is acknowledged after a login, and comes back whole in one read-all', async () => {
        const { secret } = await personal.person();
        const talk = await personal.login(secret, 'vim');
        const tasks = longList(10_000);
        const message = JSON.stringify({ type: 'write-all', tasks, ref: 'all' });
        expect(Buffer.byteLength(message)).toBeGreaterThan(1_600_000);
        expect(await talk.ask(message)).toMatchObject([{ type: 'ack', ref: 'all' }]);
        // As Vim sends it: the list in `data`, before the type.
        const inData = {
          data: { tasks: tasks.map((one) => ({ ...one, worktime: 7 })) },
          ref: 'again',
          type: 'write-all',
        };
        expect(await talk.ask(inData)).toMatchObject([{ type: 'ack', ref: 'again' }]);
        const other = await personal.login(secret, 'other', {}, talk);
        const [answer] = await other.ask({ type: 'read-all' });
        const bare = ({ id, desc, tags, due, worktime }: Message) => ({ id, desc, tags, due, worktime });
        expect(answer.tasks.map(bare)).toEqual(tasks.map((one) => bare({ ...one, worktime: 7 })));
      });

      test('[B1.5] [B1.6] above 1 MiB everything but a write-all of tasks after a login is refused, and closes the connection', async () => {
        const { secret } = await personal.person();
        const large = 'x'.repeat(1_100_000);
        const tasks = longList(10_000);
        const refused = [
          { type: 'create', task: task(1, large) },
          { type: 'create', channel: 'notes', key: 'a', item: large },
          { type: 'read-all', tasks },
          { type: 'write-all', channel: 'notes', items: [{ key: 'a', item: large }] },
          { type: 'write-all', channel: 'notes', tasks },
          { tasks, type: 'create', task: task(1, 'x') },
          { type: 'login', user_id: secret, data: { tasks } },
        ];
        for (const request of refused) {
          const talk = await personal.login(secret);
          talk.say(request);
          expect(await talk.next()).toEqual({
            success: false,
            error: 'message too large',
            code: 'too_large',
            hint: '1048576 bytes at most',
          });
          expect(await talk.next()).toBeUndefined();
          expect([1009, undefined]).toContain(await talk.closed);
        }
        const stranger = await personal.connect();
        stranger.say({ type: 'write-all', tasks, user_id: secret });
        expect(await stranger.next()).toMatchObject({ code: 'too_large', hint: '1048576 bytes at most' });
        expect(await stranger.next()).toBeUndefined();
        expect(await (await personal.login(secret)).ask({ type: 'read-all' })).toMatchObject([{ tasks: [] }]);
      });

      test('[B1.7] [B1.4] in such a write-all each task has at most 1 MiB, and so has the rest; 10,001 tasks are refused', async () => {
        const { secret } = await personal.person();
        const half = 'x'.repeat(500_000);
        const talk = await personal.login(secret);
        const halves = { type: 'write-all', tasks: [1, 2, 3].map((id) => task(id, half)), ref: 1 };
        expect(await talk.ask(halves)).toMatchObject([{ type: 'ack' }]);
        expect(await talk.ask({ type: 'write-all', tasks: longList(10_001), ref: 2 })).toMatchObject([
          { success: false, error: 'invalid tasks', ref: 2 },
        ]);
        const large = 'é'.repeat(524_288);
        const refused = [
          { type: 'write-all', tasks: [task(1, 'x'), task(2, large)] },
          { type: 'write-all', tasks: [task(1, half), task(2, half)], more: large },
        ];
        for (const request of refused) {
          const other = await personal.login(secret);
          other.say(request);
          expect(await other.next()).toMatchObject({ code: 'too_large' });
          expect(await other.next()).toBeUndefined();
        }
        expect(await talk.ask({ type: 'read-all' })).toMatchObject([{ tasks: [{ id: 1 }, { id: 2 }, { id: 3 }] }]);
      });

      test('[B2] every message has success, whatever was sent', async () => {
        const { secret } = await personal.person();
        const talk = await personal.login(secret);
        const other = await personal.login(secret);
        await talk.ask({ type: 'subscribe', channel: '*' });
        await other.ask({ type: 'create', task: task(1, 'x') }, { type: 'create', channel: 'notes', item: 1 });
        const requests = ['read-all', 'channels', 'help', 'stats', 'nonsense'].map((type) => ({ type }));
        const messages = await talk.ask(...requests, '{garbage}', '[]', { type: 'read-all', channel: 'notes' });
        // Two changes, and one answer per request.
        expect(messages).toHaveLength(10);
        for (const { success } of messages) expect(typeof success).toBe('boolean');
      });

      test('[B3] beyond 1,024 unanswered requests the next are refused, and the connection stays open', async () => {
        const { secret } = await personal.person();
        const talk = await personal.login(secret);
        const requests = Array.from({ length: 1_100 }, (_, ref) => ({ type: 'read-all', ref }));
        // Sent together, so that all requests are waiting before the first is answered.
        const requestTexts = requests.map((one) => JSON.stringify(one));
        if (name === 'raw TCP') talk.say(requestTexts.join(''));
        else for (const text of requestTexts) talk.say(text);
        const answered = new Set<number>();
        const refused = new Set<number>();
        while (answered.size + refused.size < requests.length) {
          const { ref, success, error } = await talk.next();
          if (!success) expect(error).toBe('too many requests');
          (success ? answered : refused).add(ref);
        }
        expect(answered.size).toBeGreaterThanOrEqual(1_024);
        expect(await talk.ask({ type: 'read-all' })).toMatchObject([{ type: 'read-all' }]);
      });

      test('[B3] beyond 8 MiB of unanswered requests the next are refused', async () => {
        const talk = await personal.login((await personal.person()).secret);
        const large = (ref: number) =>
          JSON.stringify({ type: 'create', channel: 'notes', key: `k${ref % 2}`, item: 'x'.repeat(1_000_000), ref });
        for (let ref = 0; ref < 40; ref += 1) talk.say(large(ref));
        const answers = await talk.ask();
        expect(answers).toHaveLength(40);
        for (const { success, error } of answers)
          if (!success) expect(error).toMatch(/too many requests|item already exist/);
      });

      test('[B4] a connection that does not read its answers delays nobody, and gets them all when it reads again', async () => {
        const talk = await personal.login((await personal.person()).secret);
        await talk.ask({ type: 'create', channel: 'notes', key: 'a', item: 'x'.repeat(1_000_000) });
        talk.pause();
        const count = 20;
        const read = JSON.stringify({ type: 'read-all', channel: 'notes' });
        talk.say(read.repeat(name === 'raw TCP' ? count : 1));
        if (name !== 'raw TCP') for (let at = 1; at < count; at += 1) talk.say(read);
        // The hub still serves other connections.
        const other = await personal.login(personal.owner);
        for (let turn = 0; turn < 200; turn += 1) await other.ask();
        talk.resume();
        for (let at = 0; at < count; at += 1) {
          expect(await talk.next()).toMatchObject({ type: 'read-all', items: [{ key: 'a' }] });
        }
      });
    });

    describe('login', () => {
      test('[L1.1] [L1.3] a login is answered with user and device; a device id that is absent, null or empty is made', async () => {
        const { secret } = await closed.person();
        const ids = new Set<string>();
        for (const device_id of [undefined, null, '']) {
          const talk = await closed.connect();
          const [answer] = await talk.ask({ type: 'login', user_id: secret, device_id, version: 0, ref: 7 });
          expect(answer).toEqual({
            success: true,
            type: 'login',
            user_id: secret,
            device_id: expect.any(String),
            version: -1,
            ref: 7,
          });
          ids.add(answer.device_id);
        }
        expect(ids.size).toBe(3);
        expect(ids).not.toContain('');
        const named = await closed.connect();
        expect(await named.ask({ type: 'login', user_id: secret, device_id: 'my-own' })).toMatchObject([
          { device_id: 'my-own' },
        ]);
      });

      test('[L1.2] the token is returned as the client sent it, also with the prefix of the WakaTime tools', async () => {
        const { secret } = await closed.person();
        const talk = await closed.connect();
        expect(await talk.ask({ type: 'login', user_id: `waka_${secret}` })).toMatchObject([
          { user_id: `waka_${secret}` },
        ]);
      });

      test('[L2.1] [L2.2] an unknown user id is refused and makes no account; after ten a minute it has to wait', async () => {
        const before = (await closed.administer({ type: 'accounts' })).accounts.length;
        closed.world.pass(60_000);
        const wrong = '00000000-0000-4000-8000-000000000000';
        const talk = await closed.connect();
        const tries = Array.from({ length: 12 }, () => ({ type: 'login', user_id: wrong }));
        expect(errorsOf(await talk.ask(...tries))).toEqual([
          ...Array.from({ length: 10 }, () => 'user not found'),
          'too many requests',
          'too many requests',
        ]);
        expect(await talk.ask({ type: 'login', user_id: closed.owner })).toMatchObject([
          { success: true, type: 'login' },
        ]);
        expect((await closed.administer({ type: 'accounts' })).accounts).toHaveLength(before);
        closed.world.pass(60_000);
        const later = await closed.connect();
        expect(errorsOf(await later.ask({ type: 'login', user_id: wrong }))).toEqual(['user not found']);
      });

      test('[L3.1] [L3.3] a login without user id belongs to the owner of a personal hub, and is refused where sign-up is closed', async () => {
        const here = await personal.connect();
        const [answer] = await here.ask({ type: 'login', device_id: '', version: 0 });
        expect(answer).toMatchObject({
          success: true,
          type: 'login',
          user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        });
        // Each such login creates a token, which has no administrator's rights.
        expect(answer.user_id).not.toBe(personal.owner);
        const again = await personal.login(answer.user_id);
        expect(await again.ask({ type: 'accounts' })).toMatchObject([{ error: 'forbidden' }]);
        const mine = await personal.administer({ type: 'tokens', account: 'owner' });
        expect(mine.tokens).toContainEqual(expect.objectContaining({ name: 'kronos', scopes: ['read', 'write'] }));

        const there = await closed.connect();
        for (const login of [{}, { user_id: '' }, { user_id: null }]) {
          expect(errorsOf(await there.ask({ type: 'login', ...login }))).toEqual(['user not found']);
        }
      });

      test('[L3.2] a login without user id makes a new account where sign-up is open', async () => {
        const place = await Place.open(open, { engine, hosts: ['hub.example.org'], signup: 'open' });
        const [one, other] = [await place.connect(), await place.connect()];
        const [first] = await one.ask({ type: 'login', device_id: '', version: 0 });
        const [second] = await other.ask({ type: 'login', device_id: '', version: 0 });
        expect(first.user_id).not.toBe(second.user_id);
        await one.ask({ type: 'create', task: task(1, 'mine') });
        expect(await other.ask({ type: 'read-all' })).toMatchObject([{ tasks: [] }]);
        expect(await other.ask({ type: 'who' })).toMatchObject([{ error: 'forbidden' }]);
        const back = await place.login(first.user_id);
        expect(await back.ask({ type: 'read-all' })).toMatchObject([{ tasks: [{ desc: 'mine' }] }]);
        await place.close();
      });

      test('[L4] a device id of another account is not found; an unused device id is accepted', async () => {
        const [one, other] = [await closed.person(), await closed.person()];
        const device = `device-of-${one.account}`;
        await closed.login(one.secret, device);
        const talk = await closed.connect();
        expect(await talk.ask({ type: 'login', user_id: other.secret, device_id: device })).toMatchObject([
          { success: false, error: 'device not found' },
        ]);
        expect(await talk.ask({ type: 'login', user_id: other.secret, device_id: `${device}-2` })).toMatchObject([
          { success: true, device_id: `${device}-2` },
        ]);
      });

      test('[L5] the version is that of the tasks, and -1 where there never were any', async () => {
        const { secret } = await personal.person();
        const talk = await personal.connect();
        expect(await talk.ask({ type: 'login', user_id: secret })).toMatchObject([{ version: -1 }]);
        const version = personal.world.now();
        await talk.ask({ type: 'create', task: task(1, 'x'), version }, { type: 'delete', task_id: 1, version });
        const later = await personal.connect();
        expect(await later.ask({ type: 'login', user_id: secret })).toMatchObject([{ version: version + 1 }]);
      });

      test('[L6.1] [L6.2] a request before a login belongs to the owner of a personal hub; elsewhere it has to carry the user id', async () => {
        const here = await personal.connect();
        expect(await here.ask({ type: 'who' })).toMatchObject([{ type: 'who' }]);
        const { secret } = await closed.person();
        const there = await closed.connect();
        expect(await there.ask({ type: 'read-all' }, { type: 'subscribe', channel: 'tasks' })).toMatchObject([
          { error: 'user not found', hint: expect.stringContaining('login') },
          { error: 'user not found' },
        ]);
        expect(await there.ask({ type: 'read-all', user_id: secret })).toMatchObject([{ type: 'read-all', tasks: [] }]);
      });

      test('[L7.1] a request with another user id is refused, after a login and without one', async () => {
        const [one, other] = [await closed.person(), await closed.person()];
        const requests = [
          { type: 'read-all', user_id: other.secret },
          { type: 'create', task: task(1, 'x'), user_id: other.secret },
          { type: 'subscribe', channel: 'tasks', user_id: other.secret },
        ];
        const logged = await closed.login(one.secret);
        const direct = await closed.connect();
        await direct.ask({ type: 'read-all', user_id: one.secret });
        for (const talk of [logged, direct]) {
          expect(errorsOf(await talk.ask(...requests))).toEqual(requests.map(() => 'user not found'));
          expect(await talk.ask({ type: 'read-all', user_id: one.secret })).toMatchObject([{ tasks: [] }]);
          expect(await talk.ask({ type: 'login', user_id: other.secret })).toMatchObject([{ user_id: other.secret }]);
          expect(await talk.ask({ type: 'read-all' })).toMatchObject([{ tasks: [] }]);
        }
      });

      test('[L7.2] a login as another account ends the subscriptions of the first account', async () => {
        const [one, other] = [await closed.person(), await closed.person(['read', 'write', 'admin'])];
        const talk = await closed.login(other.secret);
        await talk.ask({ type: 'subscribe', channel: 'notes' }, { type: 'subscribe', channel: '*' }, { type: 'tail' });
        await talk.ask({ type: 'login', user_id: one.secret });
        const writer = await closed.login(other.secret);
        await writer.ask(
          { type: 'create', channel: 'notes', item: 'private' },
          { type: 'create', channel: 'new', item: 'private' },
          { type: 'create', task: task(1, 'private') },
        );
        expect(await talk.ask()).toEqual([]);
      });

      test('[L8.1] a revoked token closes the connections that it opened, with a login and without one', async () => {
        const { account, secret, token } = await closed.person();
        const other = await closed.token(account, ['read', 'write']);
        const talks = [await closed.login(secret), await closed.connect()];
        await talks[1]?.ask({ type: 'subscribe', channel: 'tasks', user_id: secret });
        const stays = await closed.login(other.secret);
        expect(await closed.administer({ type: 'revoke', token })).toMatchObject({ success: true, token });
        for (const talk of talks) {
          expect(await talk.next()).toMatchObject({ success: false, error: 'token revoked', code: 'revoked' });
          expect(await talk.next()).toBeUndefined();
          expect([4401, undefined]).toContain(await talk.closed);
        }
        expect(await stays.ask({ type: 'read-all' })).toMatchObject([{ type: 'read-all' }]);
        const back = await closed.connect();
        expect(errorsOf(await back.ask({ type: 'login', user_id: secret }))).toEqual(['user not found']);
      });
    });

    describe('tasks', () => {
      const pair = async () => {
        const { secret, account } = await personal.person();
        const [a, b] = [await personal.login(secret, `${account}-a`), await personal.login(secret, `${account}-b`)];
        return { a, b, secret, account };
      };

      test('[R1] read-all gives the tasks in order of id, and their version', async () => {
        const { a } = await pair();
        const version = personal.world.now();
        const made = [3, 1, 2].map((id) => ({ type: 'create', task: task(id, `t${id}`), version }));
        expect(await a.ask(...made, { type: 'read-all', ref: 'r' })).toMatchObject([
          {
            success: true,
            type: 'read-all',
            tasks: [task(1, 't1'), task(2, 't2'), task(3, 't3')],
            // A new task takes two versions (W10.5).
            version: version + 4,
            ref: 'r',
          },
        ]);
      });

      test('[R2.1] [R2.2] read-all returns every field, also unknown ones, and the index with the reader’s own user id', async () => {
        const { a, b, secret, account } = await pair();
        const other = await personal.token(account, ['read', 'write']);
        const c = await personal.login(other.secret);
        const strange = {
          ...task(1, 'x'),
          index: `${secret}#1#1`,
          colour: { r: [1, null, 'ü'] },
          '': 0,
          constructor: 1,
        };
        const text = JSON.stringify({ type: 'create', task: strange }).replace(
          '"colour"',
          '"__proto__":{"x":1},"colour"',
        );
        await a.ask(text);
        for (const talk of [a, b]) {
          const [{ tasks }] = (await talk.ask({ type: 'read-all' })).slice(-1);
          expect(tasks).toMatchObject([JSON.parse(text).task]);
          expect(Object.keys(tasks[0])).toContain('__proto__');
        }
        expect((await c.ask({ type: 'read-all' })).at(-1)).toMatchObject({ tasks: [{ index: `${other.secret}#1#1` }] });
      });

      test('[W1.1] [W1.2] changes are sent to the account’s other connections, and not to the one that made them', async () => {
        const { a, b, account } = await pair();
        const stranger = await personal.login((await personal.person()).secret);
        const version = personal.world.now();
        const device_id = `${account}-a`;
        const requests = [
          { type: 'create', task: task(1, 'milk'), version },
          { type: 'update', task: task(1, 'oat milk'), version },
          { type: 'delete', task_id: 1, version },
        ];
        expect(await a.ask(...requests)).toEqual([]);
        expect(await b.ask()).toMatchObject([
          { success: true, type: 'create', task: task(1, 'milk'), device_id, version },
          { success: true, type: 'update', task: task(1, 'oat milk'), device_id, version: version + 1 },
          { success: true, type: 'delete', task_id: 1, device_id, version: version + 2 },
        ]);
        await a.ask({ type: 'write-all', tasks: [task(1, 'a'), task(2, 'b')], version });
        expect(await b.ask()).toMatchObject([{ type: 'create' }, { type: 'create' }]);
        expect(await stranger.ask()).toEqual([]);
      });

      test('[W2.1] [W2.2] [W2.3] a task is found by index, by task id, by its own id; done changes the id', async () => {
        const { a, b, secret } = await pair();
        const index = `${secret}#5#1000`;
        await a.ask({ type: 'create', task: task(5, 'x', { index }) });
        personal.world.pass(60_000);
        await a.ask({ type: 'update', task: task(-51530716924000, 'x', { index, done: 1530716924000 }) });
        personal.world.pass(60_000);
        await a.ask({ type: 'update', task_id: -51530716924000, task: task(6, 'x', { done: 0 }) });
        personal.world.pass(60_000);
        await a.ask({ type: 'update', task: task(6, 'y') });
        personal.world.pass(60_000);
        // A client of 2018 sends neither an index nor the old id.
        await a.ask({ type: 'create', task: task(7, 'z') });
        personal.world.pass(60_000);
        await a.ask({ type: 'update', task: task(71530716924, 'z', { done: 1530716924 }) });
        expect(await b.ask()).toMatchObject([
          { type: 'create', task: { id: 5 } },
          { type: 'delete', task_id: 5 },
          { type: 'create', task: { id: -51530716924000, index } },
          { type: 'update', task: { id: -51530716924000, index }, task_id: 5 },
          { type: 'delete', task_id: -51530716924000 },
          { type: 'create', task: { id: 6 } },
          { type: 'update', task: { id: 6 }, task_id: -51530716924000 },
          { type: 'update', task: { id: 6, desc: 'y', index } },
          { type: 'create', task: { id: 7 } },
          { type: 'delete', task_id: 7 },
          { type: 'create', task: { id: 71530716924 } },
          { type: 'update', task: { id: 71530716924 }, task_id: 7 },
        ]);
      });

      test('[W3.1] [W3.2] [W3.3] a task with a taken id, or without an id, gets the smallest free id; the same task twice is refused', async () => {
        const { a, b, secret } = await pair();
        await a.ask({ type: 'create', task: task(1, 'one') }, { type: 'create', task: task(3, 'three') });
        await b.ask();
        personal.world.pass(60_000);
        expect(await b.ask({ type: 'create', task: task(1, 'two') })).toMatchObject([
          { type: 'read-all', tasks: [{ id: 1 }, { id: 2, desc: 'two' }, { id: 3 }] },
        ]);
        expect(await b.ask({ type: 'create', task: { desc: 'four' } })).toMatchObject([
          { type: 'read-all', tasks: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4, desc: 'four' }] },
        ]);
        const indexed = task(9, 'nine', { index: `${secret}#9#9` });
        const messages = await b.ask(
          { type: 'create', task: task(1, 'one') },
          { type: 'create', task: indexed },
          { type: 'create', task: { ...indexed, desc: 'another' } },
        );
        expect(errorsOf(messages.filter(({ success }) => !success))).toEqual([
          'task already exist',
          'task already exist',
        ]);
      });

      test('[W4.1] [W4.2] [W4.3] a task that never was is not found; another device’s update brings a deleted task back', async () => {
        const { a, b } = await pair();
        const nothing = [
          { type: 'update', task: task(9, 'x') },
          { type: 'delete', task_id: 9 },
          { type: 'delete', task_index: 'no#9#9' },
        ];
        expect(errorsOf(await a.ask(...nothing))).toEqual(nothing.map(() => 'task not found'));
        await a.ask({ type: 'create', task: task(1, 'x') });
        personal.world.pass(60_000);
        await a.ask({ type: 'delete', task_id: 1 });
        expect(errorsOf(await a.ask({ type: 'update', task: task(1, 'y') }))).toEqual(['task not found']);
        await b.ask({ type: 'update', task: task(1, 'z') });
        const [all] = (await a.ask({ type: 'read-all' })).slice(-1);
        expect(all.tasks).toMatchObject([{ id: 1, desc: 'z' }]);
      });

      test('[W5] versions always grow, and no client’s clock moves them far ahead', async () => {
        const { a, b } = await pair();
        const now = personal.world.now();
        const versions = [now + 86_400_000, 5, now - 1_000, now + 1_000, undefined];
        await a.ask(...versions.map((version, at) => ({ type: 'create', task: task(at + 1, 'x'), version })));
        personal.world.pass(10_000);
        await a.ask({ type: 'create', task: task(9, 'x') });
        const used = (await b.ask()).map(({ version }) => version);
        // A new task takes two versions (W10.5).
        expect(used).toEqual([now + 2_000, now + 2_002, now + 2_004, now + 2_006, now + 2_008, now + 10_000]);
      });

      test('[W6.1] [W6.2] of two updates that cross, both changes stay; a later update may revert them', async () => {
        const { a, b } = await pair();
        await a.ask({ type: 'create', task: task(1, 'milk') });
        await b.ask();
        personal.world.pass(60_000);
        a.say({ type: 'update', task: task(1, 'milk', { tags: ['home'] }) });
        b.say({ type: 'update', task: task(1, 'milk', { due: 99 }) });
        await a.ask();
        await b.ask();
        for (const talk of [a, b]) {
          const [all] = (await talk.ask({ type: 'read-all' })).slice(-1);
          expect(all.tasks).toMatchObject([task(1, 'milk', { tags: ['home'], due: 99 })]);
        }
        // After two seconds the other's change counts as seen.
        personal.world.pass(60_000);
        await b.ask({ type: 'update', task: task(1, 'milk', { due: 1 }) });
        expect(await b.ask({ type: 'read-all' })).toMatchObject([{ tasks: [task(1, 'milk', { due: 1 })] }]);
      });

      test('[W7.1] [W7.2] write-all is atomic, and removes no great part at once', async () => {
        const { a, b } = await pair();
        const eleven = Array.from({ length: 11 }, (_, at) => task(at + 1, `t${at + 1}`));
        expect(await a.ask({ type: 'write-all', tasks: eleven, ref: 1 })).toMatchObject([{ type: 'ack', seq: 11 }]);
        expect(await b.ask()).toHaveLength(11);
        const messages = await a.ask({
          type: 'write-all',
          data: { tasks: eleven.slice(0, 5), sync_version: 1 },
          ref: 2,
        });
        expect(messages).toContainEqual(expect.objectContaining({ success: false, code: 'protected', ref: 2 }));
        expect((await a.ask({ type: 'read-all' })).at(-1).tasks).toMatchObject(eleven);
        expect((await a.ask({ type: 'read-all' })).at(-1).tasks).toMatchObject(eleven);
      });

      test('[W8] a write with ref is answered with its position', async () => {
        const { a } = await pair();
        const answers = await a.ask(
          { type: 'create', task: task(1, 'x'), ref: 'one' },
          { type: 'update', task: task(1, 'y'), ref: 2 },
          { type: 'delete', task_id: 1, ref: 0 },
          { type: 'delete', task_id: 1, ref: 4 },
        );
        expect(answers).toMatchObject([
          { success: true, type: 'ack', ref: 'one', seq: 1, epoch: expect.any(String) },
          { type: 'ack', ref: 2, seq: 2 },
          { type: 'ack', ref: 0, seq: 3 },
          { success: false, error: 'task not found', ref: 4 },
        ]);
      });

      test('[W9.1] a retry with the same write id is given the first answer, whatever happened since', async () => {
        const { a, b } = await pair();
        const writes = [
          { type: 'create', task: task(1, 'x'), write_id: 'w1', ref: 1 },
          { type: 'update', task: task(1, 'y'), write_id: 'w2', ref: 1 },
          { type: 'delete', task_id: 1, write_id: 'w3', ref: 1 },
          { type: 'create', channel: 'notes', item: 'a', write_id: 'w4', ref: 1 },
          { type: 'create', channel: 'notes', key: 'k', item: 'a', write_id: 'w5', ref: 1 },
          { type: 'update', channel: 'notes', key: 'k', item: 'b', write_id: 'w6', ref: 1 },
          { type: 'delete', channel: 'notes', key: 'k', write_id: 'w7', ref: 1 },
          { type: 'write-all', channel: 'notes', items: [{ key: 'z', item: 1 }], write_id: 'w8', ref: 1 },
          { type: 'revert', channel: 'notes', to: 1, write_id: 'w9', ref: 1 },
        ];
        const first = await a.ask(...writes);
        expect(first.map(({ type }) => type)).toEqual(writes.map(() => 'ack'));
        await b.ask({ type: 'write-all', channel: 'notes', items: [{ key: 'y', item: 2 }] });
        await b.ask();
        const before = await b.ask({ type: 'channels' }, { type: 'history', channel: 'notes' });
        expect(await a.ask(...writes)).toEqual(first);
        expect(await b.ask({ type: 'channels' }, { type: 'history', channel: 'notes' })).toEqual(before);
      });

      test('[W9.2] [W9.3] a write whose base is not the newest step of this epoch is refused as stale, with the position', async () => {
        const { a } = await pair();
        await a.ask({ type: 'create', channel: 'notes', key: 'k', item: 1 }, { type: 'create', task: task(1, 'x') });
        const stale = { success: false, error: 'stale', code: 'stale', seq: 1, epoch: expect.any(String), ref: 1 };
        const writes = [
          { type: 'create', channel: 'notes', item: 2 },
          { type: 'update', channel: 'notes', key: 'k', item: 2 },
          { type: 'delete', channel: 'notes', key: 'k' },
          { type: 'write-all', channel: 'notes', items: [] },
          { type: 'revert', channel: 'notes', to: 0 },
          { type: 'create', task: task(2, 'y') },
          { type: 'update', task: task(1, 'y') },
          { type: 'delete', task_id: 1 },
          { type: 'write-all', tasks: [] },
        ];
        for (const write of writes) expect(await a.ask({ ...write, base: 0, ref: 1 })).toMatchObject([stale]);
        const { epoch } = (await a.ask({ type: 'read-all', channel: 'notes' }))[0];
        const update = { type: 'update', channel: 'notes', key: 'k', item: 2, ref: 1 };
        expect(await a.ask({ ...update, base: { seq: 1, epoch: 'another' } })).toMatchObject([stale]);
        expect(await a.ask({ ...update, base: { seq: 1, epoch } })).toMatchObject([{ type: 'ack', seq: 2 }]);
        expect(await a.ask({ type: 'update', task: task(1, 'y'), base: 1, ref: 1 })).toMatchObject([
          { type: 'ack', seq: 2 },
        ]);
      });

      test('[M3.1] [M6.1] [M11.1] offline edits of two devices are merged, and the result is sent unasked', async () => {
        const { secret, account } = await personal.person();
        const a = await personal.login(secret, `${account}-a`);
        const base = personal.world.now();
        await a.ask(
          { type: 'create', task: task(1, 'one'), version: base },
          { type: 'create', task: task(2, 'two'), version: base },
        );
        const b = await personal.login(secret, `${account}-b`);
        const [{ version }] = await b.ask({ type: 'read-all' });
        b.end();
        await b.closed;
        personal.world.pass(60_000);
        await a.ask({ type: 'update', task: task(1, 'one', { tags: ['x'] }), version: personal.world.now() });
        personal.world.pass(60_000);
        const back = await personal.connect();
        const edited = version + 30_000;
        const login = { type: 'login', user_id: secret, device_id: `${account}-b`, version: edited };
        expect(await back.ask(login)).toMatchObject([{ version: edited - 1 }]);
        expect(await back.ask({ type: 'write-all', tasks: [task(1, 'ONE')], version: edited })).toMatchObject([
          { type: 'read-all', tasks: [task(1, 'ONE', { tags: ['x'] })] },
        ]);
        expect(await a.ask()).toMatchObject([
          { type: 'delete', task_id: 2 },
          { type: 'update', task: task(1, 'ONE', { tags: ['x'] }) },
        ]);
      });
    });

    describe('channels', () => {
      const pair = async () => {
        const { secret, account, token } = await personal.person();
        const [a, b] = [await personal.login(secret, `${account}-a`), await personal.login(secret, `${account}-b`)];
        return { a, b, secret, account, token };
      };
      const create = (key: string, item: unknown, more: object = {}) => ({
        type: 'create',
        channel: 'notes',
        key,
        item,
        ...more,
      });
      const update = (key: string, item: unknown, more: object = {}) => ({
        type: 'update',
        channel: 'notes',
        key,
        item,
        ...more,
      });
      const remove = (key: string, more: object = {}) => ({ type: 'delete', channel: 'notes', key, ...more });

      test('[S1.1] [S1.3] [S1.4] the task verbs work on any channel, by its name with and without the account', async () => {
        const { a, b, account } = await pair();
        await a.ask(create('k', { any: ['json'] }, { time: 1_000, end: 2_000 }));
        const read = { success: true, type: 'read-all', channel: 'notes', seq: 1 };
        const items = [
          { key: 'k', item: { any: ['json'] }, time: 1_000, end: 2_000, seq: 1, device_id: `${account}-a` },
        ];
        expect(await b.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ ...read, items }]);
        const channel = `${account}/notes`;
        expect(await b.ask({ type: 'read-all', channel })).toMatchObject([{ ...read, channel, items }]);
        const admin = await personal.login(personal.owner);
        expect(await admin.ask({ type: 'read-all', channel })).toMatchObject([{ channel, items }]);
        expect(await admin.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ items: [] }]);
      });

      test('[S1.2] tasks are a channel that accepts only tasks', async () => {
        const { a, b } = await pair();
        expect(await a.ask({ type: 'create', channel: 'tasks', item: task(1, 'x'), ref: 1 })).toMatchObject([
          { type: 'ack' },
        ]);
        expect(await b.ask()).toMatchObject([{ type: 'create', task: { id: 1 } }]);
        const [{ items }] = await a.ask({ type: 'read-all', channel: 'tasks' });
        const { key } = items[0];
        await a.ask({ type: 'update', channel: 'tasks', key, item: task(1, 'y') });
        expect(await b.ask()).toMatchObject([{ type: 'update', task: { desc: 'y' } }]);
        const wrong = [null, 4, 'text', [], { desc: 4 }, { id: 'one' }, { id: 1.5 }];
        for (const item of wrong) {
          const requests = [
            { type: 'create', channel: 'tasks', item },
            { type: 'update', channel: 'tasks', key, item },
            { type: 'write-all', channel: 'tasks', items: [{ key, item }] },
          ];
          for (const message of await a.ask(...requests)) expect(message).toMatchObject({ success: false });
        }
        expect((await b.ask({ type: 'read-all' })).at(-1)).toMatchObject({ tasks: [{ id: 1, desc: 'y' }] });
        await a.ask({ type: 'delete', channel: 'tasks', key });
        expect(await b.ask()).toMatchObject([{ type: 'delete', task_id: 1 }]);
      });

      test('[S2.1] [S2.2] [S2.3] [S2.4] create makes a key unless it names one, update and delete need an existing one; write-all replaces all items', async () => {
        const { a } = await pair();
        const [{ key }] = await a.ask({ type: 'create', channel: 'notes', item: 1, ref: 1 });
        expect(key).toEqual(expect.stringMatching(/./));
        const messages = await a.ask(
          create('k', 1),
          create('k', 2),
          update('none', 1),
          remove('none'),
          update(key, 2),
          remove(key),
        );
        expect(errorsOf(messages)).toEqual(['item already exist', 'item not found', 'item not found']);
        const items = [
          { key: 'k', item: 1 },
          { key: 'l', item: null, time: 5 },
        ];
        await a.ask(create('gone', 1), { type: 'write-all', channel: 'notes', items });
        expect(await a.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ items }]);
        const without = [
          { type: 'create', channel: 'notes' },
          { type: 'update', channel: 'notes', item: 1 },
          { type: 'update', channel: 'notes', key: 'k' },
          { type: 'delete', channel: 'notes' },
          { type: 'write-all', channel: 'notes' },
        ];
        expect(errorsOf(await a.ask(...without))).toEqual([
          'missing item',
          'missing key',
          'missing item',
          'missing key',
          'missing items',
        ]);
      });

      test('[S3] read-all with a span gives the items that overlap it, oldest first', async () => {
        const { a } = await pair();
        const spans = [
          ['late', 300, 400],
          ['early', 100, 200],
          ['moment', 250, undefined],
          ['timeless', undefined, undefined],
        ] as const;
        await a.ask(...spans.map(([key, time, end]) => create(key, 1, { time, end })));
        const keys = async (more: object) =>
          (await a.ask({ type: 'read-all', channel: 'notes', ...more }))[0].items.map((item: Message) => item.key);
        expect(await keys({ from: 0, to: 1_000 })).toEqual(['early', 'moment', 'late']);
        expect(await keys({ from: 150, to: 251 })).toEqual(['early', 'moment']);
        expect(await keys({ from: 200 })).toEqual(['moment', 'late']);
        expect(await keys({ to: 250 })).toEqual(['early']);
        expect(await keys({ from: 0, limit: 1 })).toEqual(['early']);
        expect(errorsOf(await a.ask({ type: 'read-all', channel: 'notes', limit: 10_001 }))).toEqual(['invalid limit']);
      });

      test('[S4.1] [S4.4] a subscription is sent everything there is, then each change in order and without a gap', async () => {
        const { a, b, account } = await pair();
        await b.ask(create('old', 0), { type: 'subscribe', channel: 'notes' });
        await a.ask(create('k', 1, { time: 7 }), update('k', 2), remove('k'));
        const head = { success: true, channel: 'notes', device_id: `${account}-a`, at: personal.world.now(), key: 'k' };
        expect(await b.ask()).toEqual([
          { ...head, type: 'create', seq: 2, item: 1, time: 7 },
          { ...head, type: 'update', seq: 3, item: 2 },
          { ...head, type: 'delete', seq: 4 },
        ]);
      });

      test('[S4.1] [S4.2] [S4.3] [S4.5] a subscription begins with one snapshot, changes or reset, in pages that are marked when more follow', async () => {
        const { a, b } = await pair();
        const items = Array.from({ length: 501 }, (_, at) => ({ key: `k${at}`, item: at }));
        await a.ask({ type: 'write-all', channel: 'notes', items });
        const [first, ...pages] = await b.ask({ type: 'subscribe', channel: 'notes' });
        // With a remote store, the second page may arrive after the pong.
        const [second, ...rest] = pages.length === 0 ? [await b.next()] : pages;
        expect(first).toMatchObject({ type: 'snapshot', channel: 'notes', seq: 500, more: true });
        expect(second).toMatchObject({ type: 'changes', seq: 501 });
        expect(second).not.toHaveProperty('more');
        expect(rest).toEqual([]);
        const { epoch } = first;
        const ask = (position: object) => b.ask({ type: 'subscribe', channel: 'notes', ...position });
        expect(await ask({ seq: 501, epoch })).toMatchObject([{ type: 'changes', changes: [], seq: 501 }]);
        expect(await ask({ seq: 499 })).toMatchObject([{ type: 'changes', changes: [{ seq: 500 }, { seq: 501 }] }]);
        const wanted = { type: 'reset', reason: expect.stringMatching(/./), seq: 500, more: true };
        const [other, ...others] = await ask({ seq: 1, epoch: 'another' });
        expect(other).toMatchObject(wanted);
        if (others.length === 0) expect(await b.next()).toMatchObject({ type: 'changes', seq: 501 });
        // A client that is ahead gives some stores a new epoch, of which earlier subscriptions hear, too ([U5]).
        expect((await ask({ seq: 502, epoch }))[0]).toMatchObject(wanted);
      });

      test('[S5.1] [S5.2] a pattern follows all channels that match, also those created later', async () => {
        const { a, b } = await pair();
        await a.ask({ type: 'create', channel: 'aw/one', item: 1 }, { type: 'create', channel: 'other', item: 1 });
        expect(await b.ask({ type: 'subscribe', channel: 'aw/*', ref: 1 })).toEqual([
          { success: true, type: 'subscribe', channel: 'aw/*', channels: [{ channel: 'aw/one', seq: 1 }], ref: 1 },
        ]);
        await a.ask(
          { type: 'create', channel: 'aw/one', item: 2 },
          { type: 'create', channel: 'aw/two', item: 3 },
          { type: 'create', channel: 'other', item: 4 },
          { type: 'create', channel: 'aw/two', item: 5 },
        );
        // Changes of one channel are in order. With several nodes, different channels have no common order.
        const changes = await b.ask();
        expect(changes.sort((one, other) => one.channel.localeCompare(other.channel))).toMatchObject([
          { type: 'create', channel: 'aw/one', seq: 2, item: 2 },
          { type: 'create', channel: 'aw/two', seq: 1, item: 3 },
          { type: 'create', channel: 'aw/two', seq: 2, item: 5 },
        ]);
      });

      test('[S5.3] a pattern does not change an existing subscription', async () => {
        const { a, b } = await pair();
        await a.ask(create('k', 1));
        const messages = await b.ask({ type: 'subscribe', channel: 'notes' }, { type: 'subscribe', channel: '*' });
        expect(messages).toContainEqual(expect.objectContaining({ type: 'snapshot', seq: 1 }));
        await a.ask(update('k', 2));
        expect(await b.ask()).toMatchObject([{ seq: 2, item: 2 }]);
      });

      test('[S5.6] no verb but subscribe takes a pattern', async () => {
        const { a } = await pair();
        const requests = ['read-all', 'history', 'create', 'revert', 'write-all'].map((type) => ({
          type,
          channel: 'aw/*',
          item: 1,
          items: [],
          to: 0,
        }));
        expect(errorsOf(await a.ask(...requests))).toEqual(requests.map(() => 'invalid channel'));
      });

      test('[S6] nothing of a channel follows the answer to unsubscribe', async () => {
        const { a, b } = await pair();
        for (const channel of ['notes', 'no*']) {
          await b.ask({ type: 'subscribe', channel });
          await a.ask({ type: 'create', channel: 'notes', item: 1 });
          expect(await b.ask()).toHaveLength(1);
          expect(await b.ask({ type: 'unsubscribe', channel, ref: 1 })).toEqual([
            { success: true, type: 'unsubscribe', channel, ref: 1 },
          ]);
          await a.ask(
            { type: 'create', channel: 'notes', item: 2 },
            { type: 'create', channel: `no-${channel.length}`, item: 2 },
          );
          expect(await b.ask()).toEqual([]);
          expect(await b.ask({ type: 'unsubscribe', channel })).toMatchObject([{ error: 'subscription not found' }]);
        }
      });

      test('[S7.1] [S7.2] channels lists the readable channels; all others are forbidden, whether they exist or not', async () => {
        const { a, account } = await pair();
        await a.ask(create('k', 1), { type: 'create', task: task(1, 'x') });
        expect(await a.ask({ type: 'channels' })).toMatchObject([
          {
            channels: [
              { channel: 'notes', seq: 1, items: 1 },
              { channel: 'tasks', seq: 1, items: 1 },
            ],
          },
        ]);
        const some = await personal.token(account, ['read:notes']);
        const reader = await personal.login(some.secret);
        expect(await reader.ask({ type: 'channels' })).toMatchObject([{ channels: [{ channel: 'notes' }] }]);
        for (const channel of [
          'tasks',
          'nothing',
          '@hub/tokens',
          '@hub/nothing',
          'owner/tasks',
          'mob/room',
          '*',
          'no*',
        ]) {
          expect(await reader.ask({ type: 'subscribe', channel, ref: 1 })).toMatchObject([
            { error: 'forbidden', ref: 1 },
          ]);
        }
      });

      test('[S8.1] [S8.2] [S8.3] history gives past changes, newest first, and the state after any step that is remembered', async () => {
        const { a } = await pair();
        await a.ask(create('k', 1), create('l', 1), update('k', 2), remove('l'));
        const history = async (more: object) => (await a.ask({ type: 'history', channel: 'notes', ...more }))[0];
        const seqs = ({ changes }: Message) => changes.map(({ seq }: Message) => seq);
        expect(seqs(await history({}))).toEqual([4, 3, 2, 1]);
        expect(seqs(await history({ before: 4, limit: 2 }))).toEqual([3, 2]);
        expect((await history({ key: 'k' })).changes).toMatchObject([
          { type: 'update', item: 2 },
          { type: 'create', item: 1 },
        ]);
        expect(await history({ at: 2 })).toMatchObject({ seq: 2, items: [{ key: 'k', item: 1 }, { key: 'l' }] });
        expect(await history({ at: 0 })).toMatchObject({ seq: 0, items: [] });
        expect(await history({ at: 5 })).toMatchObject({ error: 'invalid at' });
        await a.ask(
          { type: 'create', channel: 'wakatime', key: 'h', item: 1 },
          { type: 'update', channel: 'wakatime', key: 'h', item: 2 },
        );
        const last = await a.ask(
          { type: 'history', channel: 'wakatime' },
          { type: 'history', channel: 'wakatime', at: 1 },
        );
        expect(last).toMatchObject([{ changes: [{ item: 2 }] }, { error: 'position forgotten', code: 'gone' }]);
      });

      test('[S9.1] revert writes a past state as a new version, in one step for each item that differs', async () => {
        const { a, b } = await pair();
        await a.ask(create('k', 1), create('l', 1), update('k', 2), remove('l'), create('m', 1));
        await b.ask({ type: 'subscribe', channel: 'notes' });
        expect(await a.ask({ type: 'revert', channel: 'notes', to: 2, ref: 1 })).toMatchObject([
          { type: 'ack', seq: 8 },
        ]);
        expect((await b.ask()).map(({ type, key }) => [type, key]).sort()).toEqual([
          ['create', 'l'],
          ['delete', 'm'],
          ['update', 'k'],
        ]);
        expect(errorsOf(await a.ask({ type: 'revert', channel: 'notes', to: 9 }))).toEqual(['invalid to']);
      });

      test('[S9.1] a revert of tasks is sent to Kronos clients as changes of tasks', async () => {
        const { a, b } = await pair();
        await a.ask({ type: 'create', task: task(1, 'x') }, { type: 'delete', task_id: 1 });
        await b.ask();
        const [{ version }] = await a.ask({ type: 'read-all' });
        await a.ask({ type: 'revert', channel: 'tasks', to: 1 });
        expect(await b.ask()).toMatchObject([{ type: 'create', task: task(1, 'x'), version: version + 3 }]);
      });

      test('[S10] a subscriber of tasks is sent changes as of any channel, and in no other form', async () => {
        for (const channel of ['tasks', 't*']) {
          const { a, b } = await pair();
          await a.ask({ type: 'subscribe', channel });
          await a.ask({ type: 'create', task: task(1, 'mine') });
          await b.ask({ type: 'create', task: task(2, 'other') });
          const received = (await a.ask()).map(({ channel: of, item, task: plain }) => ({
            of,
            desc: item?.desc,
            plain,
          }));
          expect(received.filter(({ desc }) => desc === 'other')).toEqual([
            { of: 'tasks', desc: 'other', plain: undefined },
          ]);
          await a.ask({ type: 'update', task: task(1, 'mine too') });
          await b.ask();
        }
      });

      test('[S10] a subscriber of tasks is sent its own changes too', async () => {
        const { a } = await pair();
        await a.ask({ type: 'subscribe', channel: 'tasks' });
        expect(await a.ask({ type: 'create', task: task(1, 'mine'), ref: 1 })).toContainEqual(
          expect.objectContaining({ type: 'create', channel: 'tasks', item: task(1, 'mine') }),
        );
      });
    });

    describe('resume', () => {
      const notes = async () => {
        const { secret } = await personal.person();
        const a = await personal.login(secret);
        const note = (type: string, key: string, item?: unknown) => ({ type, channel: 'notes', key, item });
        return { a, secret, note };
      };
      const since = async (secret: string, position: object) => {
        const talk = await personal.login(secret);
        return talk.ask({ type: 'subscribe', channel: 'notes', ...position });
      };

      test('[U1] an op that changes something is one step; an op that changes nothing is no step', async () => {
        const { a, note } = await notes();
        const seq = async (message: object) => (await a.ask({ ...message, ref: 1 }))[0].seq;
        expect(await seq(note('create', 'k', 1))).toBe(1);
        expect(await seq(note('update', 'k', 1))).toBe(1);
        expect(await seq(note('update', 'k', 2))).toBe(2);
        const items = [
          { key: 'k', item: 2 },
          { key: 'l', item: 1 },
          { key: 'm', item: 1 },
        ];
        expect(await seq({ type: 'write-all', channel: 'notes', items })).toBe(4);
      });

      test('[U2] each item that changed since a position is sent once, in its present state', async () => {
        const { a, secret, note } = await notes();
        await a.ask(note('create', 'k', 0), note('create', 'l', 0));
        for (let at = 1; at < 10; at += 1) await a.ask(note('update', 'k', at));
        await a.ask(note('delete', 'l'), note('create', 'm', 0), note('delete', 'm'), note('create', 'n', 0));
        const [changes] = await since(secret, { seq: 2 });
        expect(changes.changes).toMatchObject([
          { type: 'update', key: 'k', item: 9, seq: 11 },
          { type: 'delete', key: 'l' },
          { type: 'delete', key: 'm' },
          { type: 'create', key: 'n', item: 0, seq: 15 },
        ]);
        expect(changes).toMatchObject({ type: 'changes', seq: 15 });
      });

      test('[U3] seq 0 is the beginning in every epoch', async () => {
        const { a, secret, note } = await notes();
        await a.ask(note('create', 'k', 1));
        for (const position of [{ seq: 0 }, { seq: 0, epoch: 'another' }]) {
          expect(await since(secret, position)).toMatchObject([
            { type: 'changes', changes: [{ type: 'create', key: 'k' }], seq: 1 },
          ]);
        }
      });

      test('[U4] a follower that reads slowly is caught up and misses nothing; the others do not wait for it', async () => {
        const { a, secret, note } = await notes();
        const slow = await personal.login(secret);
        const keen = await personal.login(secret);
        await slow.ask({ type: 'subscribe', channel: 'notes' });
        await keen.ask({ type: 'subscribe', channel: 'notes' });
        slow.pause();
        const large = 'x'.repeat(500_000);
        for (let at = 0; at < 60; at += 1) {
          await a.ask(note(at < 5 ? 'create' : 'update', `k${at % 5}`, `${at} ${large}`));
          expect((await keen.next()).seq).toBe(at + 1);
        }
        slow.resume();
        const known = new Map<string, string>();
        for (let seq = 0; seq < 60; ) {
          const message = await slow.next();
          for (const { key, item } of message.changes ?? [message]) known.set(key, item.split(' ')[0]);
          expect(message.seq).toBeGreaterThanOrEqual(seq);
          seq = message.seq;
        }
        expect([...known].sort()).toEqual([0, 1, 2, 3, 4].map((at) => [`k${at}`, `${55 + at}`]));
      });
    });

    describe('administration', () => {
      test('[A1] every line that help lists can be typed', async () => {
        const { secret } = await personal.person();
        const talk = await personal.login(secret);
        const [help] = await talk.ask({ type: 'help', ref: 1 });
        expect(help).toMatchObject({ success: true, type: 'help', ref: 1 });
        const typed = await personal.login(personal.owner);
        const isComplete = (example: object) => !JSON.stringify(example).includes('<');
        for (const example of help.examples.filter(isComplete)) {
          expect(decode(JSON.stringify(example))).toMatchObject({ ok: true });
          await typed.ask(example);
        }
        const verbsOf = (examples: readonly { type: string }[]) => new Set(examples.map(({ type }) => type));
        expect(verbsOf(help.examples)).toEqual(new Set(Object.keys(help.verbs)));
        expect(help.type_one_of).toEqual(Object.keys(help.verbs));
        expect(help.type_one_of).not.toContain('kick');
        const [all] = await typed.ask({ type: 'help' });
        expect(all.type_one_of).toContain('kick');
        expect(verbsOf(all.examples)).toEqual(new Set(Object.keys(all.verbs)));
        const [{ hint }] = await talk.ask({ type: 'nonsense' });
        expect(hint).toContain('subscribe');
      });

      test('[A2] administration is refused to sessions without the scope admin', async () => {
        const { secret } = await personal.person();
        const talk = await personal.login(secret);
        const verbs = [
          { type: 'stats' },
          { type: 'who' },
          { type: 'tail' },
          { type: 'kick', session: 'x' },
          { type: 'accounts' },
          { type: 'account', name: 'x' },
          { type: 'token', name: 'x' },
        ];
        expect(errorsOf(await talk.ask(...verbs))).toEqual(verbs.map(() => 'forbidden'));
      });

      test('[A2] an administrator can use stats, who, kick, accounts and account', async () => {
        const { secret, account } = await personal.person();
        const talk = await personal.login(secret, `${account}-d`);
        // The administrator must use the same node, because a node knows only its own connections.
        const admin = await personal.login(personal.owner, '', {}, talk);
        expect(await admin.ask({ type: 'stats' })).toMatchObject([
          {
            version: expect.any(String),
            sessions: expect.any(Number),
            accounts: expect.any(Number),
            channels: expect.any(Number),
          },
        ]);
        const [{ sessions }] = await admin.ask({ type: 'who' });
        const session = sessions.find(({ device_id }: Message) => device_id === `${account}-d`);
        expect(session).toMatchObject({
          account,
          scopes: ['read', 'write'],
          peer: expect.stringContaining('127.0.0.1'),
        });
        expect(await admin.ask({ type: 'kick', session: session.session })).toMatchObject([
          { success: true, type: 'kick' },
        ]);
        expect(await talk.next()).toMatchObject({ success: false, code: 'kicked' });
        expect(await talk.next()).toBeUndefined();
        expect([4403, undefined]).toContain(await talk.closed);
        expect(await admin.ask({ type: 'kick', session: session.session })).toMatchObject([
          { error: 'session not found' },
        ]);

        const fresh = `${account}-new`;
        const [made] = await admin.ask({ type: 'account', name: fresh });
        expect(made).toMatchObject({
          account: fresh,
          secret: expect.any(String),
          token: { scopes: ['read', 'write'] },
        });
        expect((await admin.ask({ type: 'accounts' }))[0].accounts).toContainEqual(
          expect.objectContaining({ name: fresh }),
        );
        expect(await admin.ask({ type: 'account', name: fresh })).toMatchObject([{ error: 'account already exist' }]);
        for (const name of ['mob', 'Upper', 'a/b', '@hub', '__proto__']) {
          expect(await admin.ask({ type: 'account', name })).toMatchObject([{ error: 'invalid name' }]);
        }
      });

      test('[A3.1] [A3.2] [A3.5] tokens are made, listed without their secrets, and revoked', async () => {
        const { account } = await personal.person();
        const admin = await personal.login(personal.owner);
        const [made] = await admin.ask({ type: 'token', name: 'laptop', account, scopes: ['read', 'write:notes'] });
        expect(made).toMatchObject({
          secret: expect.stringMatching(/^[0-9a-f-]{36}$/),
          token: { account, name: 'laptop' },
        });
        const [listed] = await admin.ask({ type: 'tokens', account });
        expect(listed.tokens).toContainEqual(
          expect.objectContaining({ id: made.token.id, scopes: ['read', 'write:notes'] }),
        );
        expect(JSON.stringify(listed)).not.toContain(made.secret);
        for (const scopes of [[], ['all'], ['write:'], ['admin:tasks'], ['read', 'wr ite']]) {
          expect(await admin.ask({ type: 'token', name: 'x', scopes })).toMatchObject([{ error: 'invalid scopes' }]);
        }
        expect(await admin.ask({ type: 'token', name: 'x', account: 'nobody' })).toMatchObject([
          { error: 'account not found' },
        ]);
        await admin.ask({ type: 'revoke', token: made.token.id });
        expect(await admin.ask({ type: 'revoke', token: made.token.id })).toMatchObject([{ error: 'token not found' }]);
      });

      test('[A4.1] [A4.2] tail follows all changes, or those that match a pattern, and shows no values of the hub’s own channels', async () => {
        const { secret, account } = await personal.person();
        const talk = await personal.login(secret);
        const [all, some] = [await personal.login(personal.owner), await personal.login(personal.owner)];
        expect(await all.ask({ type: 'tail' })).toMatchObject([{ type: 'tail', tailing: '*' }]);
        await some.ask({ type: 'tail', channel: `${account}/no*` });
        await talk.ask({ type: 'create', channel: 'notes', item: 1 }, { type: 'create', channel: 'other', item: 2 });
        const made = await personal.token(account, ['read']);
        expect(await some.ask()).toMatchObject([{ channel: `${account}/notes`, item: 1 }]);
        const received = await all.ask();
        expect(received).toContainEqual(expect.objectContaining({ channel: `${account}/other`, item: 2 }));
        expect(received).toContainEqual(expect.objectContaining({ channel: '@hub/tokens', item: '…' }));
        expect(JSON.stringify(received)).not.toContain(made.secret);
      });
    });
  });
}
