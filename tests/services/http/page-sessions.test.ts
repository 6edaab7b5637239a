// Browsers' sessions on a whole hub for several people, on both engines: the cookie, who may use it, and how it ends. The routes of the
// checks against foreign pages, and of the roles, are those of the hub's own reference, so new ones are included.

import { afterEach, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../server/compose.ts';
import { browserName } from '../../../server/http/page-sessions.ts';
import { startComposed } from '../../harness/compose.ts';
import { Socket } from '../../harness/socket.ts';
import { TestWorld } from '../../harness/world.ts';

const dayMs = 86_400_000;
const listed = 'https://dash.example';

let hubs: RunningHub[] = [];
afterEach(async () => {
  for (const hub of hubs) await hub.stop();
  hubs = [];
});

class Site {
  readonly world = new TestWorld();
  readonly hub: RunningHub;
  readonly url: string;
  readonly owner: string;

  private constructor(hub: RunningHub, world: TestWorld) {
    this.hub = hub;
    this.world = world;
    this.url = `http://127.0.0.1:${new URL(hub.url).port}/`;
    this.owner = hub.ownerSecret ?? '';
  }

  static async open(config: Parameters<typeof startComposed>[0] = {}): Promise<Site> {
    const world = new TestWorld();
    const hub = await startComposed({ host: '0.0.0.0', hosts: ['127.0.0.1'], origins: [listed], ...config }, world);
    hubs.push(hub);
    return new Site(hub, world);
  }

  get origin(): string {
    return this.url.replace(/\/$/, '');
  }

  async ask(method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Answer> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      redirect: 'manual',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const text = isStream ? '' : await answer.text();
    if (isStream) await answer.body?.cancel();
    return { status: answer.status, text, cookie: answer.headers.get('set-cookie') ?? '' };
  }

  /** As one of the hub's own pages asks. */
  page(cookie: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.ask(method, path, { origin: this.origin, ...(cookie === '' ? {} : { cookie }) }, body);
  }

  signIn(credential: object, cookie = ''): Promise<Answer> {
    return this.page(cookie, 'POST', '/-/session', credential);
  }

  /** @returns the cookie of a session, as the browser sends it */
  async session(credential: object): Promise<string> {
    const answer = await this.signIn(credential);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.cookie.split(';')[0] ?? '';
  }

  async account(cookie: string): Promise<string | null> {
    return JSON.parse((await this.ask('GET', '/-/session', { cookie })).text).account;
  }

  /** An invited person's session, by the link that the owner made. */
  async invite(name: string): Promise<string> {
    const owner = await this.session({ token: this.owner });
    const { text } = await this.page(owner, 'POST', '/-/links', { kind: 'invitation', account: name });
    return this.session({ link: JSON.parse(text).code });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
}

describe.each(['uws', 'ws'] as const)('the session of a browser on %s', (engine) => {
  test('begins with a token, in a cookie that no script, no other site and no other host can use', async () => {
    const site = await Site.open({ engine });
    const answer = await site.signIn({ token: site.owner });
    expect(answer.status).toBe(201);
    const [pair = '', ...attributes] = answer.cookie.split('; ');
    expect(pair).toMatch(new RegExp(`^horai-${new URL(site.url).port}=[0-9a-f-]{36}$`));
    expect(attributes.sort()).toEqual(['HttpOnly', `Max-Age=${90 * 86_400}`, 'Path=/', 'SameSite=Strict']);
    // The secret is in the cookie alone.
    expect(answer.text).not.toContain(pair.split('=')[1]);
    expect(answer.text).not.toContain(site.owner);
    expect(JSON.parse(answer.text)).toMatchObject({ account: 'owner', admin: true, personal: false });

    const secure = await site.ask(
      'POST',
      '/-/session',
      { origin: site.origin.replace('http', 'https') },
      { token: site.owner },
    );
    expect(secure.cookie).toMatch(
      /^__Host-horai-\d+=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
    );
  });

  test('opens the wire and the streams by the cookie; the login tells no secret and makes no token', async () => {
    const site = await Site.open({ engine });
    const cookie = await site.session({ token: site.owner });
    const socket = await Socket.open(site.url, { cookie, origin: site.origin });
    socket.say({ type: 'login', device_id: 'browser', ref: 'l' });
    expect(await socket.next()).toMatchObject({ success: true, type: 'login', user_id: '', device_id: 'browser' });
    const tokens = JSON.parse((await site.page(cookie, 'GET', '/-/tokens')).text).tokens;
    expect(tokens).toMatchObject([{ name: 'first' }, { kind: 'session', current: true }]);
    await socket.close();
    const stream = await site.ask('GET', '/-/channels/tasks/events', { cookie });
    expect(stream.status).toBe(200);
  });

  test('[L3.4] a socket of the hub’s own page is its session’s; one of another page, or of none, is nobody’s', async () => {
    const site = await Site.open({ engine });
    const cookie = await site.session({ token: site.owner });
    const first = async (headers: Readonly<Record<string, string>>) => {
      const socket = await Socket.open(site.url, headers);
      socket.say({ type: 'login', device_id: 'd', ref: 1 });
      const answer = await socket.next();
      await socket.close();
      return answer;
    };
    expect(await first({ cookie, origin: site.origin })).toMatchObject({ success: true, user_id: '' });
    expect(await first({ cookie, origin: listed })).toMatchObject({ success: false, code: 'user_not_found' });
    expect(await first({ cookie })).toMatchObject({ success: false, code: 'user_not_found' });
    expect(await first({ origin: site.origin })).toMatchObject({ success: false, code: 'user_not_found' });
    await expect(Socket.open(site.url, { cookie, origin: 'https://evil.example' })).rejects.toThrow('403');
  });

  test('ends by sign-out: the cookie is removed, the socket is closed, and the secret opens nothing', async () => {
    const site = await Site.open({ engine });
    const cookie = await site.session({ token: site.owner });
    const socket = await Socket.open(site.url, { cookie, origin: site.origin });
    socket.say({ type: 'login', device_id: 'd' });
    await socket.next();
    const out = await site.page(cookie, 'DELETE', '/-/session');
    expect([out.status, out.cookie]).toEqual([204, expect.stringMatching(/^horai-\d+=; .*Max-Age=0/)]);
    expect((await socket.closed).code).toBe(4401);
    expect(await site.account(cookie)).toBeNull();
    expect((await site.page(cookie, 'GET', '/-/day/today')).status).toBe(401);
  });

  test('ends by its revocation, and with the token that it was made with', async () => {
    const site = await Site.open({ engine });
    const [admin, phone] = [await site.session({ token: site.owner }), await site.session({ token: site.owner })];
    const tokens = JSON.parse((await site.page(phone, 'GET', '/-/tokens')).text).tokens;
    const { id } = tokens.find(({ current }: { current: boolean }) => current);
    const socket = await Socket.open(site.url, { cookie: phone, origin: site.origin });
    socket.say({ type: 'login', device_id: 'd' });
    await socket.next();
    expect((await site.page(admin, 'DELETE', `/-/tokens/${id}`)).status).toBe(204);
    expect((await socket.closed).code).toBe(4401);
    expect([await site.account(phone), await site.account(admin)]).toEqual([null, 'owner']);
    const first = tokens.find(({ name }: { name: string }) => name === 'first').id;
    await site.page(admin, 'DELETE', `/-/tokens/${first}`);
    expect(await site.account(admin)).toBeNull();
  });

  test('ends by its time, and its open socket with it', async () => {
    const site = await Site.open({ engine });
    const cookie = await site.session({ token: site.owner });
    const socket = await Socket.open(site.url, { cookie, origin: site.origin });
    socket.say({ type: 'login', device_id: 'd' });
    await socket.next();
    site.world.pass(90 * dayMs - 1);
    expect(await site.account(cookie)).toBe('owner');
    site.world.pass(1);
    expect(await site.account(cookie)).toBeNull();
    expect((await socket.closed).code).toBe(4401);
  });
});

describe('a sign-in', () => {
  test('takes over no session that the browser brought: it makes a new one, and ends the other', async () => {
    const site = await Site.open();
    const planted = await site.invite('mallory');
    const answer = await site.signIn({ token: site.owner }, planted);
    const cookie = answer.cookie.split(';')[0] ?? '';
    expect(cookie).not.toBe(planted);
    expect([await site.account(cookie), await site.account(planted)]).toEqual(['owner', null]);
    // A secret that the hub did not make is never one.
    const chosen = planted.replace(/=.*/, '=11111111-1111-4111-8111-111111111111');
    await site.signIn({ token: site.owner }, chosen);
    expect(await site.account(chosen)).toBeNull();
  });

  test('that fails leaves the session as it was, and is refused after ten failures a minute', async () => {
    const site = await Site.open();
    const cookie = await site.session({ token: site.owner });
    const wrong = () => site.signIn({ token: '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b' }, cookie);
    expect(await wrong()).toMatchObject({ status: 401, cookie: '' });
    expect(await site.account(cookie)).toBe('owner');
    for (let count = 0; count < 10; count += 1) await wrong();
    expect((await wrong()).status).toBe(429);
    expect((await site.signIn({ link: 'x' })).status).toBe(429);
    expect((await site.signIn({ token: site.owner })).status).toBe(201);
  });

  test('needs one of the hub’s own pages: a program sends its token', async () => {
    const site = await Site.open();
    for (const headers of [{}, { origin: listed }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await site.ask('POST', '/-/session', headers, { token: site.owner });
      expect([answer.status, answer.cookie]).toEqual([403, '']);
    }
  });

  test('a session’s secret is no token: as a Bearer it opens nothing, and a token as a cookie neither', async () => {
    const site = await Site.open();
    const cookie = await site.session({ token: site.owner });
    const [name, secret = ''] = cookie.split('=');
    const answer = await site.ask('GET', '/-/day/today', { authorization: `Bearer ${secret}` });
    expect(answer.status).toBe(401);
    expect(await site.account(`${name}=${site.owner}`)).toBeNull();
  });

  test('over https only the protected cookie counts, whatever else was set', async () => {
    const site = await Site.open();
    const cookie = await site.session({ token: site.owner });
    const over = (headers: Readonly<Record<string, string>>) =>
      site.ask('GET', '/-/tokens', headers).then(({ status }) => status);
    expect(await over({ cookie })).toBe(200);
    expect(await over({ cookie, 'x-forwarded-proto': 'https' })).toBe(401);
    expect(await over({ cookie: `__Host-${cookie}`, 'x-forwarded-proto': 'https' })).toBe(200);
  });

  test('signs up where that is open', async () => {
    expect(await (await Site.open()).signIn({ sign_up: true })).toMatchObject({ status: 403, cookie: '' });
    const site = await Site.open({ signup: 'open' });
    expect(await site.account(await site.session({ sign_up: true }))).toMatch(/^u-/);
  });
});

describe('a one-time link', () => {
  test('is used once, and only until it expires', async () => {
    const site = await Site.open();
    const owner = await site.session({ token: site.owner });
    const make = async () => JSON.parse((await site.page(owner, 'POST', '/-/links', { kind: 'pairing' })).text).code;
    const link = await make();
    const both = await Promise.all([site.signIn({ link }), site.signIn({ link })]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
    expect((await site.signIn({ link })).status).toBe(401);
    const late = await make();
    site.world.pass(5 * 60_000);
    expect((await site.signIn({ link: late })).status).toBe(401);
  });

  test('that pairs a phone gives what the session has, and nothing once that session has ended', async () => {
    const site = await Site.open();
    const bob = await site.invite('bob');
    const make = async () => JSON.parse((await site.page(bob, 'POST', '/-/links', { kind: 'pairing' })).text).code;
    const phone = JSON.parse((await site.signIn({ link: await make() })).text);
    expect(phone).toMatchObject({ account: 'bob', scopes: ['read', 'write'], admin: false });
    const link = await make();
    await site.page(bob, 'DELETE', '/-/session');
    expect((await site.signIn({ link })).status).toBe(401);
  });

  test('that invites makes the account; it is listed without its code, and can be taken back', async () => {
    const site = await Site.open();
    const owner = await site.session({ token: site.owner });
    const made = JSON.parse(
      (await site.page(owner, 'POST', '/-/links', { kind: 'invitation', account: 'carol' })).text,
    );
    const listedLinks = (await site.page(owner, 'GET', '/-/links')).text;
    expect(JSON.parse(listedLinks).links).toMatchObject([{ id: made.id, kind: 'invitation', account: 'carol' }]);
    expect(listedLinks).not.toContain(made.code);
    site.world.pass(6 * dayMs);
    expect((await site.page(owner, 'DELETE', `/-/links/${made.id}`)).status).toBe(204);
    expect((await site.signIn({ link: made.code })).status).toBe(401);
    expect((await site.page(owner, 'POST', '/-/links', { kind: 'login', account: 'nobody' })).status).toBe(404);
  });

  test('[A5] is made over the wire by administrators alone', async () => {
    const site = await Site.open();
    const socket = await Socket.open(site.url);
    const made = await socket.ask({ type: 'link', user_id: site.owner, ref: 1 });
    expect(made).toMatchObject({ success: true, type: 'link', account: 'owner' });
    expect(await socket.ask({ type: 'link', account: 'nobody', user_id: site.owner, ref: 2 })).toMatchObject({
      success: false,
      code: 'not_found',
    });
    await socket.close();
    expect(JSON.parse((await site.signIn({ link: made['code'] })).text)).toMatchObject({
      account: 'owner',
      admin: true,
    });
    site.world.pass(1);
    const other = await Socket.open(site.url, { cookie: await site.invite('bob'), origin: site.origin });
    expect(await other.ask({ type: 'link', ref: 1 })).toMatchObject({ success: false, code: 'forbidden' });
    await other.close();
  });
});

describe('tokens made on the pages', () => {
  test('can do no more than whoever makes them, and a tool’s token makes none', async () => {
    const site = await Site.open();
    const bob = await site.invite('bob');
    const make = (scopes: readonly string[]) =>
      site.page(bob, 'POST', '/-/tokens', { name: 'editor', scopes, days: 30 });
    expect((await make(['admin'])).status).toBe(403);
    const { secret, token } = JSON.parse((await make(['read:wakatime', 'write:wakatime'])).text);
    expect(token).toMatchObject({ name: 'editor', scopes: ['read:wakatime', 'write:wakatime'] });
    const tool = { authorization: `Bearer ${secret}` };
    expect((await site.ask('POST', '/-/tokens', tool, { name: 'x', scopes: ['read:wakatime'] })).status).toBe(403);
    expect((await site.ask('DELETE', `/-/tokens/${token.id}`, tool)).status).toBe(204);
    expect((await site.ask('GET', '/api/v1/users/current', tool)).status).toBe(401);
  });

  test('of another account are neither listed nor revoked, except by administrators', async () => {
    const site = await Site.open();
    const [bob, carol] = [await site.invite('bob'), await site.invite('carol')];
    const [{ id }] = JSON.parse((await site.page(bob, 'GET', '/-/tokens')).text).tokens;
    expect((await site.page(carol, 'GET', '/-/tokens')).text).not.toContain(id);
    expect((await site.page(carol, 'DELETE', `/-/tokens/${id}`)).status).toBe(404);
    const owner = await site.session({ token: site.owner });
    expect((await site.page(owner, 'DELETE', `/-/tokens/${id}`)).status).toBe(204);
    expect(await site.account(bob)).toBeNull();
  });
});

interface DocumentedRoute {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
}

/** ActivityWatch answers 401 to a deletion without `?force=1`. A GET that makes a badge wants its key in a header. */
const notForSessions = new Set(['DELETE /api/0/buckets/x', 'GET /badge/link/x']);

async function routesOf(site: Site): Promise<readonly DocumentedRoute[]> {
  const { paths } = JSON.parse((await site.ask('GET', '/-/reference/openapi.json', {})).text);
  return Object.entries<Record<string, { 'x-scope'?: string }>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { 'x-scope': scope }]) =>
      scope === undefined ? [] : [{ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, 'x'), scope }],
    ),
  );
}

describe('each route of the hub', () => {
  test('that changes something takes no session from a foreign page: the cookie does nothing there', async () => {
    const site = await Site.open();
    const cookie = await site.session({ token: site.owner });
    const changing = (await routesOf(site)).filter(({ method }) => method !== 'GET');
    expect(changing.length).toBeGreaterThan(80);
    const foreign: readonly Readonly<Record<string, string>>[] = [
      { origin: listed },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      {},
    ];
    const opened: string[] = [];
    let usable = 0;
    for (const { method, path } of changing) {
      const statusWith = async (headers: Readonly<Record<string, string>>) =>
        (await site.ask(method, path, headers, {})).status;
      for (const headers of foreign) {
        const [without, withCookie] = [await statusWith(headers), await statusWith({ ...headers, cookie })];
        if (without !== withCookie) opened.push(`${method} ${path} ${JSON.stringify(headers)}: ${withCookie}`);
      }
      if (path === '/-/session') continue;
      const own = { origin: site.origin };
      if ((await statusWith(own)) !== (await statusWith({ ...own, cookie }))) usable += 1;
    }
    expect(opened).toEqual([]);
    // The same requests of the hub's own pages are let in.
    expect(usable).toBeGreaterThan(60);
  }, 60_000);

  test('lets in by its scope: strangers nowhere, members not where administrators are', async () => {
    const site = await Site.open();
    const member = await site.invite('bob');
    const admin = await site.session({ token: site.owner });
    const wrong: string[] = [];
    for (const { method, path, scope } of await routesOf(site)) {
      if (scope === 'none' || notForSessions.has(`${method} ${path}`)) continue;
      const as = async (cookie: string) =>
        (await site.page(cookie, method, path, method === 'GET' ? undefined : {})).status;
      const found = { stranger: await as(''), member: await as(member), admin: await as(admin) };
      const isRefused = (status: number) => status === 401 || status === 403;
      if (found.stranger < 400) wrong.push(`${method} ${path} (${scope}) lets strangers in: ${found.stranger}`);
      if (found.member === 401) wrong.push(`${method} ${path} (${scope}) does not know the member`);
      if (isRefused(found.admin)) wrong.push(`${method} ${path} (${scope}) refuses the administrator: ${found.admin}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});

test('a session is named after its browser', () => {
  const names = [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile Safari/604.1',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
    '',
  ].map(browserName);
  expect(names).toEqual(['Chrome on Linux', 'Safari on iPhone', 'Firefox on Windows', 'A browser']);
});
