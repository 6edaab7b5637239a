// OAuth 2 as an app and a person's browser use it, and every attack on it: without the person, with another app, with an old code,
// with an expired token.

import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pagesMay } from '../../../../server/adapters/wakatime/routes.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const callback = 'https://app.example/cb?from=horai';
const hour = 3_600_000;
const verifier = 'v'.repeat(50);
const challenge = createHash('sha256').update(verifier).digest('base64url');

let testHub: TestHub;
let client: { id: string; secret: string };

beforeEach(async () => {
  testHub = await openTestHub();
  await testHub.send([beat(noon - 60, { language: 'Go' }), beat(noon)]);
  client = await register({ name: 'Dash <b>', redirect_uris: [callback] });
});
afterEach(() => testHub.close());

async function register(body: object) {
  const made = await testHub.ask('POST', '/api/v1/users/current/oauth_apps', { body, headers: basic(testHub.owner) });
  if (made.status !== 201) throw new Error(made.body);
  const { client_id: id, client_secret: secret } = JSON.parse(made.body).data;
  return { id, secret };
}

const wish = (more: object = {}) => ({
  client_id: client.id,
  response_type: 'code',
  redirect_uri: callback,
  scope: 'read_stats,email',
  state: 's & t',
  ...more,
});

const form = (fields: object): string => new URLSearchParams(Object.entries(fields)).toString();
const page = (fields: object) => testHub.ask('GET', `/oauth/authorize?${form(fields)}`);
const press = (fields: object, headers: Record<string, string> = {}) =>
  testHub.ask('POST', '/oauth/authorize', { body: form(fields), headers });
const allow = (more: object = {}) => press({ ...wish(more), answer: 'allow', token: testHub.owner });

async function code(more: object = {}): Promise<string> {
  const answer = await allow(more);
  if (answer.status !== 303) throw new Error(answer.body);
  return new URL(String(answer.headers.location)).searchParams.get('code') ?? '';
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function token(fields: object, headers: Record<string, string> = {}): Promise<any> {
  const answer = await testHub.ask('POST', '/oauth/token', {
    body: form({ client_id: client.id, client_secret: client.secret, redirect_uri: callback, ...fields }),
    headers: { accept: 'application/json', ...headers },
  });
  return { status: answer.status, ...JSON.parse(answer.body) };
}
const exchange = (its: string, more: object = {}) => token({ grant_type: 'authorization_code', code: its, ...more });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const stats = '/api/v1/users/current/stats/all_time';
const status = (path: string, secret: string) =>
  testHub.ask('GET', path, { headers: bearer(secret) }).then((answer) => answer.status);

describe('the page', () => {
  test('names app and scopes, runs no script, and refuses frames', async () => {
    const answer = await page(wish());
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('Dash &#60;b&#62;');
    expect(answer.body).not.toContain('Dash <b>');
    expect(answer.body).toContain('read_stats');
    const policy = String(answer.headers['content-security-policy']);
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self' https://app.example"]) {
      expect(policy).toContain(part);
    }
    expect(answer.headers['x-frame-options']).toBe('DENY');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('redirects only to an address that the app has registered exactly', async () => {
    for (const redirect_uri of ['https://evil.example/', 'https://app.example/cb', `${callback}&x=1`, '']) {
      const answer = await page(wish({ redirect_uri }));
      expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
      expect((await press({ ...wish({ redirect_uri }), answer: 'allow', token: testHub.owner })).status).toBe(400);
    }
    expect((await page(wish({ client_id: 'nobody' }))).status).toBe(400);
  });

  test('redirects to no address of an earlier version that would not be registered today', async () => {
    const unsafe = 'https://u:p@app.example/cb';
    const apps = await testHub.hub.cachedChannel('@hub/apps');
    const value = JSON.stringify({ name: 'old', account: 'owner', secret: '', redirects: [unsafe], at: 1 });
    const ops = [{ op: 'put', key: 'old-app', value } as const];
    await apps.write(() => ({ ok: true, write: { ops, origin: 'test', at: 1 } }));
    for (const answer of [
      page(wish({ client_id: 'old-app', redirect_uri: unsafe })),
      allow({ client_id: 'old-app', redirect_uri: unsafe }),
    ]) {
      expect(await answer).toMatchObject({ status: 400 });
      expect((await answer).headers.location).toBeUndefined();
    }
  });

  test('sends errors of the request back to the app, with its state', async () => {
    const error = async (more: object) => {
      const { searchParams } = new URL(String((await page(wish(more))).headers.location));
      return [searchParams.get('error'), searchParams.get('state'), searchParams.get('from')];
    };
    expect(await error({ scope: 'everything' })).toEqual(['invalid_scope', 's & t', 'horai']);
    expect(await error({ response_type: 'password' })).toEqual(['unsupported_response_type', 's & t', 'horai']);
    expect(await error({ code_challenge: verifier, code_challenge_method: 'plain' })).toEqual([
      'invalid_request',
      's & t',
      'horai',
    ]);
  });

  test('is approved only with a token, never by another page', async () => {
    expect((await press({ ...wish(), answer: 'allow' })).status).toBe(401);
    const wrong = await press({ ...wish(), answer: 'allow', token: '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b' });
    expect([wrong.status, wrong.headers.location]).toEqual([401, undefined]);
    expect(wrong.body).not.toContain('0badc0de');
    const foreign = await press(
      { ...wish(), answer: 'allow', token: testHub.owner },
      { origin: 'https://evil.example' },
    );
    expect([foreign.status, foreign.headers.location]).toEqual([403, undefined]);
    const denied = await press({ ...wish(), answer: 'deny' });
    expect(new URL(String(denied.headers.location)).searchParams.get('error')).toBe('access_denied');
  });

  test('is closed to pages of other sites; the exchange is open to them', () => {
    expect(['authorize', 'token', 'revoke'].map((path) => pagesMay({ path: `/oauth/${path}` }))).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('asks for a token on a personal hub, too', async () => {
    const personal = await openTestHub({ personal: true });
    const made = await personal.ask('POST', '/api/v1/users/current/oauth_apps', {
      body: { name: 'a', redirect_uris: [callback] },
    });
    const { client_id } = JSON.parse(made.body).data;
    const body = form({ ...wish({ client_id }), answer: 'allow' });
    expect((await personal.ask('POST', '/oauth/authorize', { body })).status).toBe(401);
    await personal.close();
  });

  test('refuses to grant scopes that the person does not have', async () => {
    const reader = await testHub.accounts.createToken('owner', 'reader', ['read']);
    if (!reader.ok) throw new Error(reader.error);
    const by = (scope: string, secret: string) => press({ ...wish({ scope }), answer: 'allow', token: secret });
    expect((await by('read_stats', reader.secret)).status).toBe(303);
    expect((await by('write_heartbeats', reader.secret)).status).toBe(403);
    const { access_token } = await exchange(await code({ scope: 'read_stats' }));
    expect((await by('read_stats', access_token.replace('waka_tok_', ''))).status).toBe(403);
  });
});

describe('a code', () => {
  test('becomes a token with the scopes, in the forms WakaTime has', async () => {
    const its = await code();
    const answer = await exchange(its);
    expect(answer).toMatchObject({
      status: 200,
      access_token: expect.stringMatching(/^waka_tok_[0-9a-f-]{36}$/),
      refresh_token: expect.stringMatching(/^waka_ref_[0-9a-f-]{36}$/),
      token_type: 'bearer',
      expires_in: 365 * 24 * 3_600,
      expires_at: '2027-01-05T12:00:00Z',
      scope: 'read_stats email',
    });
    expect(client.secret).toMatch(/^waka_sec_/);
    const { data } = JSON.parse((await testHub.ask('GET', stats, { headers: bearer(answer.access_token) })).body);
    expect(data.total_seconds_including_other_language).toBe(60);
    expect(answer.uid).toBe(data.user_id);
    const plain = await testHub.ask('POST', '/oauth/token', {
      body: form({
        grant_type: 'authorization_code',
        client_id: client.id,
        client_secret: client.secret,
        redirect_uri: callback,
        code: await code(),
      }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(plain.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(new URLSearchParams(plain.body).get('access_token')).toMatch(/^waka_tok_/);
  });

  test('is valid once; shown again, it revokes its token', async () => {
    const its = await code();
    const { access_token } = await exchange(its);
    expect(await status(stats, access_token)).toBe(200);
    expect(await exchange(its)).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await status(stats, access_token)).toBe(401);
  });

  test('exchanged twice at once, or shown again after a refresh, leaves no token', async () => {
    const its = await code();
    const both = await Promise.all([exchange(its), exchange(its)]);
    const lasting = await Promise.all(both.map(({ access_token = 'none' }) => status(stats, access_token)));
    expect(lasting).toEqual([401, 401]);
    const other = await code();
    const { refresh_token } = await exchange(other);
    const { access_token } = await token({ grant_type: 'refresh_token', refresh_token });
    expect(await status(stats, access_token)).toBe(200);
    await exchange(other);
    expect(await status(stats, access_token)).toBe(401);
  });

  test('is valid for two minutes, for its app, address and secret', async () => {
    const other = await register({ name: 'other', redirect_uris: [callback] });
    const its = await code();
    expect(await exchange(its, { client_id: other.id, client_secret: other.secret })).toMatchObject({ status: 400 });
    expect(await exchange(its, { client_secret: other.secret })).toEqual({ status: 401, error: 'invalid_client' });
    expect(await exchange(its, { client_secret: '' })).toMatchObject({ status: 401 });
    expect(await exchange(its, { redirect_uri: 'https://app.example/cb' })).toMatchObject({ status: 400 });
    expect(await exchange(its)).toMatchObject({ status: 200 });
    const late = await code();
    testHub.world.pass(120_000);
    expect(await exchange(late)).toEqual({ status: 400, error: 'invalid_grant' });
  });

  test('with a challenge needs its verifier', async () => {
    const asked = { code_challenge: challenge, code_challenge_method: 'S256' };
    expect(await exchange(await code(asked))).toMatchObject({ status: 400 });
    expect(await exchange(await code(asked), { code_verifier: 'w'.repeat(50) })).toMatchObject({ status: 400 });
    expect(await exchange(await code(asked), { code_verifier: verifier })).toMatchObject({ status: 200 });
    expect(await exchange(await code(), { code_verifier: verifier })).toMatchObject({ status: 400 });
  });

  test('of an app without a secret needs a challenge', async () => {
    client = await register({ name: 'page', redirect_uris: [callback, 'myapp://cb'], is_confidential: false });
    expect(client.secret).toBeNull();
    client = { ...client, secret: '' };
    expect(new URL(String((await page(wish())).headers.location)).searchParams.get('error')).toBe('invalid_request');
    const its = await code({ code_challenge: challenge, code_challenge_method: 'S256' });
    expect(await exchange(its, { code_verifier: verifier })).toMatchObject({ status: 200 });
    const own = await page(wish({ redirect_uri: 'myapp://cb', response_type: 'token' }));
    expect(String(own.headers['content-security-policy'])).toContain("form-action 'self' myapp:");
  });
});

describe('a token', () => {
  test('in the implicit flow is returned in the fragment, valid for half a day', async () => {
    const answer = await allow({ response_type: 'token' });
    const { hash, search } = new URL(String(answer.headers.location));
    const got = new URLSearchParams(hash.slice(1));
    expect(search).toBe('?from=horai');
    expect([got.get('expires_in'), got.get('state'), got.get('refresh_token')]).toEqual(['43200', 's & t', null]);
    const secret = got.get('access_token') ?? '';
    expect(await status(stats, secret)).toBe(200);
    testHub.world.pass(12 * hour);
    expect(await status(stats, secret)).toBe(401);
  });

  test('allows exactly its scopes', async () => {
    const { access_token: reader } = await exchange(await code({ scope: 'read_stats' }));
    const { access_token: writer } = await exchange(await code({ scope: 'write_heartbeats email' }));
    const user = '/api/v1/users/current';
    expect(await status(`${user}/insights/days/last_7_days`, reader)).toBe(200);
    for (const path of ['summaries?range=today', 'heartbeats?date=today', 'goals', 'orgs', 'leaderboards']) {
      expect([path, await status(`${user}/${path}`, reader)]).toEqual([path, 403]);
    }
    for (const path of ['custom_rules', 'oauth_apps', 'data_dumps']) {
      expect([path, await status(`${user}/${path}`, reader)]).toEqual([path, 403]);
    }
    const send = (secret: string) =>
      testHub.ask('POST', `${user}/heartbeats.bulk`, { body: [beat(noon - 5)], headers: bearer(secret) });
    expect((await send(reader)).status).toBe(403);
    expect((await send(writer)).status).toBe(202);
    expect(await status(`${user}/heartbeats?date=today`, writer)).toBe(403);
    await testHub.settle({ email: 'ann@example.com' });
    const email = async (secret: string) =>
      JSON.parse((await testHub.ask('GET', user, { headers: bearer(secret) })).body).data.email;
    expect([await email(reader), await email(writer)]).toEqual([null, 'ann@example.com']);
    const bob = await testHub.accounts.createAccount('bob');
    expect(bob.ok).toBe(true);
    expect(await status('/api/v1/users/bob/heartbeats?date=today', reader)).toBe(404);
  });

  test('for some lists gets the others empty', async () => {
    const { access_token } = await exchange(await code({ scope: 'read_stats.languages read_summaries.projects' }));
    const asked = async (path: string) =>
      JSON.parse((await testHub.ask('GET', `/api/v1/users/current/${path}`, { headers: bearer(access_token) })).body);
    const { data } = await asked('stats/today');
    expect([data.languages[0].name, data.projects, data.best_day]).toEqual(['Go', [], null]);
    const [day] = (await asked('summaries?range=today&project=hub')).data;
    expect([day.projects[0].name, day.languages, day.entities]).toEqual(['hub', [], []]);
    expect(await status('/api/v1/users/current/durations?date=today', access_token)).toBe(403);
    // Nor one thing of a list that it may not see.
    expect(await status('/api/v1/users/current/stats/today?language=go', access_token)).toBe(200);
    expect(await status('/api/v1/users/current/stats/today?project=hub', access_token)).toBe(403);
    expect(await status('/api/v1/users/current/summaries?range=today&machine=laptop', access_token)).toBe(403);
  });

  test('opens no channel of the account', async () => {
    const { access_token } = await exchange(await code({ scope: 'read_logged_time write_heartbeats' }));
    const guest = await testHub.socket();
    guest.send(JSON.stringify({ type: 'login', user_id: access_token.replace('waka_tok_', ''), device_id: 'd' }));
    await guest.messages.next();
    for (const channel of ['wakatime', 'tasks', 'settings', '@hub/tokens']) {
      guest.send(JSON.stringify({ type: 'subscribe', channel }));
      expect(JSON.parse(await guest.messages.next())).toMatchObject({ success: false });
    }
  });

  test('for summaries may follow the channel of today', async () => {
    const { access_token } = await exchange(await code({ scope: 'read_summaries' }));
    const guest = await testHub.socket();
    guest.send(JSON.stringify({ type: 'login', user_id: access_token.replace('waka_tok_', ''), device_id: 'd' }));
    await guest.messages.next();
    guest.send(JSON.stringify({ type: 'subscribe', channel: 'wakatime/today' }));
    expect(JSON.parse(await guest.messages.next())).toMatchObject({ success: true });
  });

  test('is refreshed once, and the old one ends', async () => {
    const first = await exchange(await code());
    const refresh = (secret: string) => token({ grant_type: 'refresh_token', refresh_token: secret });
    const second = await refresh(first.refresh_token);
    expect([await status(stats, first.access_token), await status(stats, second.access_token)]).toEqual([401, 200]);
    testHub.world.pass(366 * 24 * hour);
    expect(await status(stats, second.access_token)).toBe(401);
    const third = await refresh(second.refresh_token);
    expect(await status(stats, third.access_token)).toBe(200);
    expect(await refresh(third.access_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  test('ends with all its family when a refresh token comes a second time, at once or later', async () => {
    const refresh = (secret: string) => token({ grant_type: 'refresh_token', refresh_token: secret });
    const [family, other] = [await exchange(await code()), await exchange(await code())];
    const second = await refresh(family.refresh_token);
    const third = await refresh(second.refresh_token);
    expect(await status(stats, third.access_token)).toBe(200);
    expect(await refresh(family.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await status(stats, third.access_token)).toBe(401);
    expect(await refresh(third.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await status(stats, other.access_token)).toBe(200);
    const both = await Promise.all([refresh(other.refresh_token), refresh(other.refresh_token)]);
    const lasting = await Promise.all(both.map(({ access_token = 'none' }) => status(stats, access_token)));
    expect(lasting).toEqual([401, 401]);
  });

  test('of an app without a secret is revoked only by who presents it', async () => {
    const bare = await register({ name: 'bare', redirect_uris: [callback], is_confidential: false });
    const pkce = { client_id: bare.id, code_challenge: challenge, code_challenge_method: 'S256' };
    const its = await code(pkce);
    const made = await exchange(its, { client_id: bare.id, client_secret: '', code_verifier: verifier });
    const revoke = (fields: object) =>
      testHub.ask('POST', '/oauth/revoke', { body: form({ client_id: bare.id, ...fields }) });
    for (const fields of [
      { all: 'true' },
      { user_id: made.uid },
      { user_id: 'owner' },
      { token: 'none', all: 'true' },
    ]) {
      expect((await revoke(fields)).status).toBe(200);
      expect(await status(stats, made.access_token)).toBe(200);
    }
    await revoke({ token: made.access_token });
    expect(await status(stats, made.access_token)).toBe(401);
  });

  test('ends when the app revokes it, and the answer is always 200', async () => {
    const revoke = (fields: object) =>
      testHub
        .ask('POST', '/oauth/revoke', { body: form({ client_id: client.id, client_secret: client.secret, ...fields }) })
        .then((answer) => answer.status);
    const [one, two, three] = [
      await exchange(await code()),
      await exchange(await code()),
      await exchange(await code()),
    ];
    const open = async () => Promise.all([one, two, three].map(({ access_token }) => status(stats, access_token)));
    expect(await revoke({ client_secret: 'wrong', all: 'true' })).toBe(200);
    expect(await revoke({ token: 'nothing' })).toBe(200);
    expect(await open()).toEqual([200, 200, 200]);
    expect(await revoke({ token: one.access_token })).toBe(200);
    expect(await open()).toEqual([401, 200, 200]);
    expect(await revoke({ token: two.refresh_token })).toBe(200);
    expect(await open()).toEqual([401, 401, 200]);
    expect(await revoke({ user_id: three.uid })).toBe(200);
    expect(await open()).toEqual([401, 401, 401]);
  });

  test('revoked by the person is not refreshed, and its socket is closed', async () => {
    const { access_token, refresh_token } = await exchange(await code());
    const token_ = testHub.accounts.tokens('owner').find(({ name }) => name.startsWith('app '));
    const guest = await testHub.socket();
    guest.send(JSON.stringify({ type: 'login', user_id: access_token.replace('waka_tok_', ''), device_id: 'd' }));
    await guest.messages.next();
    await testHub.accounts.revoke(token_?.id ?? '');
    expect(JSON.parse(await guest.messages.next())).toMatchObject({ success: false, code: 'revoked' });
    expect(await status(stats, access_token)).toBe(401);
    expect(await token({ grant_type: 'refresh_token', refresh_token })).toMatchObject({ status: 400 });
  });

  test('that expires closes its sockets', async () => {
    const answer = await allow({ response_type: 'token' });
    const secret =
      new URLSearchParams(new URL(String(answer.headers.location)).hash.slice(1)).get('access_token') ?? '';
    const guest = await testHub.socket();
    guest.send(JSON.stringify({ type: 'login', user_id: secret.replace('waka_tok_', ''), device_id: 'd' }));
    await guest.messages.next();
    testHub.world.pass(12 * hour);
    expect(JSON.parse(await guest.messages.next())).toMatchObject({ success: false, code: 'revoked' });
  });

  test('is one of at most eight for an app, and of ten an hour', async () => {
    const secrets: string[] = [];
    for (let turn = 0; turn < 10; turn += 1) secrets.push((await exchange(await code())).access_token);
    const open = await Promise.all(secrets.map((secret) => status(stats, secret)));
    expect(open).toEqual([401, 401, ...Array.from({ length: 8 }, () => 200)]);
    expect(await exchange(await code())).toEqual({ status: 429, error: 'too_many' });
    testHub.world.pass(hour);
    expect(await exchange(await code())).toMatchObject({ status: 200 });
  });
});

describe('an app', () => {
  test('is listed and deleted by its owner, with all its tokens', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    const { access_token } = await exchange(await code());
    const drop = (secret: string) =>
      testHub.ask('DELETE', `/api/v1/users/current/oauth_apps/${client.id}`, { headers: basic(secret) });
    expect((await drop(bob.secret)).status).toBe(404);
    expect(JSON.stringify(await testHub.get('oauth_apps'))).not.toContain(client.secret.slice(9));
    expect((await testHub.get('oauth_apps')).data).toMatchObject([{ id: client.id, redirect_uris: [callback] }]);
    expect((await drop(testHub.owner)).status).toBe(200);
    expect(await status(stats, access_token)).toBe(401);
    expect((await testHub.get('oauth_apps')).data).toEqual([]);
  });

  test('registers only safe addresses', async () => {
    for (const uri of [
      'javascript:alert(1)',
      'data:text/html,x',
      '/relative',
      'https://a.example/#x',
      'https://u@a.example/',
      'https://:p@a.example/',
      'https://a.example\\@b.example/',
      'app://u:p@host/',
      ' https://a.example/',
      'https://a.example/\n',
      'https://a.exa\tmple/',
      'java\nscript:alert(1)',
      'JavaScript:alert(1)',
      'view-source:javascript:alert(1)',
      'filesystem:https://a.example/x',
      'intent://a#Intent;end',
      'https:///a.example/',
      'https:a.example',
      'https://a.example/\u00e4',
      'https://a.example/"><script>',
    ]) {
      const made = await testHub.ask('POST', '/api/v1/users/current/oauth_apps', {
        body: { name: 'a', redirect_uris: [uri] },
        headers: basic(testHub.owner),
      });
      expect([uri, made.status]).toEqual([uri, 400]);
    }
  });

  test('stores secrets, codes and refresh tokens as hashes only', async () => {
    const its = await code();
    const { access_token, refresh_token } = await exchange(its);
    const channels = ['@hub/apps', '@hub/codes', '@hub/grants', '@hub/tokens'];
    const all = await Promise.all(channels.map((name) => testHub.hub.store.history(name, {})));
    const text = JSON.stringify(all);
    for (const secret of [client.secret, its, access_token, refresh_token]) {
      expect(text).not.toContain(secret.replace(/^waka_\w{3}_/, ''));
    }
  });
});
