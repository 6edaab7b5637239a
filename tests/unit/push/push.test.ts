// Web Push against a push service of our own, which does what RFC 8030 to 8292 ask of one: it checks who sends (VAPID), and a browser
// decrypts what arrives.

import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AccountLifecycle } from '../../../server/core/account-lifecycle.ts';
import { Accounts } from '../../../server/core/accounts.ts';
import { Hub } from '../../../server/core/hub.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import { goalAlerts } from '../../../server/push/goal-alerts.ts';
import { Push } from '../../../server/push/push.ts';
import { alertOfQuestions } from '../../../server/push/question-alerts.ts';
import { alertOfRings } from '../../../server/push/ring-alerts.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { realWorld } from '../../../server/world.ts';
import { startComposed } from '../../harness/compose.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestWorld } from '../../harness/world.ts';

interface Pushed {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let service: Server;
let origin = '';
let pushed: Pushed[] = [];
/** The status that the service answers, by path. */
let statuses = new Map<string, number>();

beforeEach(async () => {
  [pushed, statuses] = [[], new Map()];
  service = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      pushed.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(statuses.get(request.url ?? '') ?? 201, { location: 'http://127.0.0.1:9/' }).end();
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const address = service.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
});
afterEach(() => new Promise((resolve) => service.close(resolve)));

/** A browser that has subscribed at the service. */
class Browser {
  readonly #ecdh = createECDH('prime256v1');
  readonly #auth = randomBytes(16);
  readonly endpoint: string;

  constructor(path: string) {
    this.#ecdh.generateKeys();
    this.endpoint = origin + path;
  }

  get subscription() {
    const keys = { p256dh: this.#ecdh.getPublicKey('base64url'), auth: this.#auth.toString('base64url') };
    return { endpoint: this.endpoint, keys, texts: { title: 'Still on {desc}?', body: 'Nobody is there.' } };
  }

  /** RFC 8291: the key of both ends and the secret of the subscription; RFC 8188: one record. */
  decrypt(body: Buffer): { title: string; body: string; tag: string; path: string } {
    const [salt, length] = [body.subarray(0, 16), body.readUInt8(20)];
    const sender = body.subarray(21, 21 + length);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#ecdh.getPublicKey(), sender]);
    const secret = Buffer.from(hkdfSync('sha256', this.#ecdh.computeSecret(sender), this.#auth, info, 32));
    const derive = (name: string, size: number) =>
      Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from(`Content-Encoding: ${name}\0`), size));
    const encrypted = body.subarray(21 + length);
    const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
    decipher.setAuthTag(encrypted.subarray(-16));
    const padded = Buffer.concat([decipher.update(encrypted.subarray(0, -16)), decipher.final()]);
    return JSON.parse(padded.subarray(0, padded.lastIndexOf(2)).toString());
  }
}

async function openPush(store = new MemoryStore({ epoch: 'e1' })) {
  const world = new TestWorld(1, Date.now());
  const hub = new Hub({ store, relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  await accounts.createOwner(undefined);
  await accounts.createAccount('bob');
  const push = await Push.open({ hub, accounts, services: [origin], contact: 'mailto:ann@example.org' });
  const made = await accounts.createToken('owner', 'Chrome on Linux', ['read', 'write'], undefined, {
    kind: 'session',
  });
  if (!made.ok) throw new Error(made.error);
  const identity = { account: 'owner', device: '', token: made.token.id, scopes: ['read', 'write'] };
  return { hub, accounts, push, identity, world };
}

const message = { tag: 't', path: '/day', desc: 'water the plants' };

test('a notification is encrypted for its browser alone, and signed by the key that it subscribed with', async () => {
  const { push, identity } = await openPush();
  const [browser, other] = [new Browser('/one'), new Browser('/two')];
  expect(await push.subscribe(identity, browser.subscription)).toEqual({ ok: true });
  expect(await push.notify('owner', message)).toBe(1);
  const [sent] = pushed;
  if (sent === undefined) throw new Error('nothing arrived');
  expect(browser.decrypt(sent.body)).toEqual({
    title: 'Still on water the plants?',
    body: 'Nobody is there.',
    tag: 't',
    path: '/day',
  });
  expect(() => other.decrypt(sent.body)).toThrow();
  expect(sent.body.toString('latin1')).not.toContain('water');
  expect(sent.headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '3600' });

  const [, token = '', key = ''] = /^vapid t=(\S+), ?k=(\S+)$/.exec(sent.headers.authorization ?? '') ?? [];
  expect(key).toBe(await push.publicKey());
  const [head = '', claims = '', signature = ''] = token.split('.');
  const raw = Buffer.from(key, 'base64url');
  const [x, y] = [raw.subarray(1, 33).toString('base64url'), raw.subarray(33).toString('base64url')];
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const options = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from(`${head}.${claims}`), options, Buffer.from(signature, 'base64url'))).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    aud: origin,
    sub: 'mailto:ann@example.org',
  });
});

test('a subscription that has expired is removed, one that its service cannot take now stays', async () => {
  const { push, identity } = await openPush();
  for (const path of ['/gone', '/unknown', '/busy', '/moved']) {
    await push.subscribe(identity, new Browser(path).subscription);
  }
  statuses = new Map([
    ['/gone', 410],
    ['/unknown', 404],
    ['/busy', 503],
    ['/moved', 307],
  ]);
  expect(await push.notify('owner', message)).toBe(0);
  expect(pushed.length).toBe(4);
  pushed = [];
  statuses = new Map();
  await push.notify('owner', message);
  expect(pushed.map(({ path }) => path).sort()).toEqual(['/busy', '/moved']);
});

test('only the account’s own browsers are notified, and none whose session has ended', async () => {
  const { push, identity, accounts } = await openPush();
  await push.subscribe(identity, new Browser('/mine').subscription);
  await push.subscribe({ ...identity, account: 'bob', token: '' }, new Browser('/bob').subscription);
  await push.notify('owner', message);
  expect(pushed.map(({ path }) => path)).toEqual(['/mine']);
  // Bob cannot end what is not his.
  await push.unsubscribe({ ...identity, account: 'bob' }, `${origin}/mine`);
  await accounts.revoke(identity.token);
  pushed = [];
  expect([await push.notify('owner', message), await push.notify('bob', message)]).toEqual([0, 1]);
  expect(pushed.map(({ path }) => path)).toEqual(['/bob']);
  await push.unsubscribe({ ...identity, account: 'bob' }, `${origin}/bob`);
  expect(await push.notify('bob', message)).toBe(0);
});

test('an erased account has no subscription any more, and its end is stored nowhere', async () => {
  const store = new MemoryStore({ epoch: 'e1' });
  const { hub, push, identity, accounts } = await openPush(store);
  await push.subscribe(identity, new Browser('/mine').subscription);
  await push.subscribe({ ...identity, account: 'bob', token: '' }, new Browser('/of-bob').subscription);
  expect(await new AccountLifecycle(hub, accounts, store).erase('bob')).toMatchObject({ ok: true });
  const kept = JSON.stringify(await store.history('@hub/push', {}));
  expect(kept).toContain('/mine');
  expect(kept).not.toMatch(/bob/);
});

test('the hub posts to push services alone, whatever a page names', async () => {
  const { push, identity } = await openPush();
  const { keys, texts } = new Browser('/x').subscription;
  for (const endpoint of [
    'https://169.254.169.254/latest',
    'http://127.0.0.1:1/',
    'http://fcm.googleapis.com/x',
    'https://fcm.googleapis.com.evil.example/x',
    'https://evil.example/?push.apple.com',
    'nonsense',
  ]) {
    const refused = await push.subscribe(identity, { endpoint, keys, texts });
    expect([endpoint, refused]).toMatchObject([endpoint, { ok: false, code: 'property' }]);
  }
  for (const endpoint of ['https://fcm.googleapis.com/x', 'https://updates.push.services.mozilla.com/wpush/v2/x']) {
    expect(await push.subscribe(identity, { endpoint, keys, texts })).toEqual({ ok: true });
  }
});

test('the keys stay the same after a restart, so that subscriptions do', async () => {
  const store = new MemoryStore({ epoch: 'e1' });
  const first = await openPush(store);
  const browser = new Browser('/one');
  await first.push.subscribe(first.identity, browser.subscription);
  const key = await first.push.publicKey();
  const second = await Push.open({
    hub: first.hub,
    accounts: first.accounts,
    services: [origin],
    contact: 'mailto:a@b.c',
  });
  expect(await second.publicKey()).toBe(key);
  expect(await second.notify('owner', message)).toBe(1);
});

test('a question about a running task is told once; one about unexplained time is not', async () => {
  const { hub, push, identity, world } = await openPush();
  const browser = new Browser('/one');
  await push.subscribe(identity, browser.subscription);
  const stop = alertOfQuestions(hub, push);
  const channel = await hub.channel('owner/day/2026-11-28');
  const question = (key: string, kind: string, desc: string) => ({
    key,
    kind,
    task: null,
    desc,
    from: 0,
    to: null,
    answers: [],
  });
  const ask = (...questions: object[]) =>
    channel.write({
      ops: [{ op: 'put', key: 'questions', value: JSON.stringify({ questions }) }],
      origin: 'day',
      at: world.now(),
    });
  await ask(question('q1', 'idle', 'water'), question('q2', 'unexplained', ''));
  await ask(question('q1', 'idle', 'water'), question('q3', 'left_running', 'report'));
  await ask();
  await eventually(() => pushed.length >= 2, 'two notifications');
  expect(pushed.map(({ body }) => browser.decrypt(body).tag).sort()).toEqual(['q1', 'q3']);
  stop();
});

test('the end of a turn is told to who was in the room, to browsers that have words for it, and not late', async () => {
  const { hub, push, identity, world } = await openPush();
  const [browser, older] = [new Browser('/one'), new Browser('/of-an-earlier-version')];
  const { texts, ...rest } = browser.subscription;
  const ring = { title: 'The turn in #{desc} is over', body: 'Whose turn is next?' };
  await push.subscribe(identity, { ...rest, texts: { ...texts, ring } });
  await push.subscribe(identity, older.subscription);
  const stop = alertOfRings(hub, push);
  const channel = await hub.channel('owner/mob_turns');
  const turn = (key: string, endedMs: number) => {
    const end = (world.now() - endedMs) * 1_000;
    const value = JSON.stringify({ room: 'garden', name: 'Ann', typist: 'Ben' });
    const ops = [{ op: 'add', key, value, time: end - 600_000_000, end } as const];
    return channel.write({ ops, origin: 'mobtimer', at: world.now() });
  };
  await turn('garden/1', 3_600_000);
  await turn('garden/2', 50);
  // The same copy again, of another node: nothing changes.
  await turn('garden/2', 50);
  await eventually(() => pushed.length >= 1, 'a notification');
  await push.notify('owner', message);
  const [first, ...others] = pushed;
  expect(first?.path).toBe('/one');
  expect(browser.decrypt(first?.body ?? Buffer.alloc(0))).toEqual({
    title: 'The turn in #garden is over',
    body: 'Whose turn is next?',
    tag: 'ring garden',
    path: '/room/garden',
  });
  expect(others.map(({ path }) => path).sort()).toEqual(['/of-an-earlier-version', '/one']);
  stop();
});

test('a goal that is reached is told once, also after a restart, and again on the next day', async () => {
  const store = new MemoryStore({ epoch: 'e1' });
  const { hub, accounts, push, identity, world } = await openPush(store);
  const [browser, older] = [new Browser('/one'), new Browser('/of-an-earlier-version')];
  const { texts, ...rest } = browser.subscription;
  expect(push.isWanted('owner', 'goal')).toBe(false);
  await push.subscribe(identity, { ...rest, texts: { ...texts, goal: { title: 'Goal reached', body: '{desc}' } } });
  await push.subscribe(identity, older.subscription);
  expect([push.isWanted('owner', 'goal'), push.isWanted('bob', 'goal')]).toEqual([true, false]);
  const reached = (since: string) => [{ id: 'g1', title: 'Four hours', since }];
  await goalAlerts(push).reached('owner', reached('2026-11-26T00:00:00Z'));
  await goalAlerts(push).reached('owner', reached('2026-11-26T00:00:00Z'));
  const again = await Push.open({ hub, accounts, services: [origin], contact: 'mailto:ann@example.org' });
  await goalAlerts(again).reached('owner', reached('2026-11-26T00:00:00Z'));
  expect(pushed.map(({ path, body }) => [path, browser.decrypt(body)])).toEqual([
    ['/one', { title: 'Goal reached', body: 'Four hours', tag: 'goal g1', path: '/goals' }],
  ]);
  await goalAlerts(again).reached('owner', reached('2026-11-27T00:00:00Z'));
  expect(pushed.length).toBe(2);
  // Records of sent notifications are removed after some days.
  world.jump(9 * 86_400_000);
  await goalAlerts(again).reached('owner', reached('2026-12-06T00:00:00Z'));
  const told = [...(await store.read('@hub/push', {}))].filter(({ key }) => key.startsWith('told/'));
  expect(told.length).toBe(1);
});

test('the heartbeat that reaches a goal lets the browser know, one before it does not', async () => {
  const noon = Date.UTC(2026, 10, 26, 12);
  let now = noon;
  const hub = await startComposed({ pushServices: [origin] }, { ...realWorld('silent'), now: () => now });
  try {
    const post = async (path: string, body: unknown) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(hub.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      expect([path, answer.ok]).toEqual([path, true]);
    };
    const browser = new Browser('/one');
    const { texts, ...rest } = browser.subscription;
    const goal = { title: 'Reached', body: '{desc}' };
    const users = 'api/v1/users/current';
    await post(`${users}/goals`, { title: 'ten minutes', delta: 'day', seconds: 600 });
    await post(`${users}/goals`, { title: 'at most ten', delta: 'day', seconds: 6_000, is_inverse: true });
    await post(`${users}/goals`, { title: 'another project', delta: 'day', seconds: 60, projects: ['other'] });
    await post('-/push', { ...rest, texts: { ...texts, goal } });
    const beat = (minute: number) => ({
      entity: '/src/a.ts',
      type: 'file',
      category: 'coding',
      project: 'horai',
      time: noon / 1_000 + minute * 60,
    });
    now = noon + 9 * 60_000;
    await post(`${users}/heartbeats.bulk`, [0, 3, 6, 9].map(beat));
    // The test message goes the same way, after whatever the heartbeats caused.
    await post('-/push/test', {});
    expect(pushed.map(({ body }) => browser.decrypt(body).tag)).toEqual(['test']);
    now = noon + 12 * 60_000;
    await post(`${users}/heartbeats.bulk`, [12].map(beat));
    await eventually(() => pushed.length >= 2, 'a notification of the goal');
    expect(pushed.slice(1).map(({ body }) => browser.decrypt(body))).toEqual([
      { title: 'Reached', body: 'ten minutes', tag: expect.stringMatching(/^goal /), path: '/goals' },
    ]);
  } finally {
    await hub.stop();
  }
});
