// The protection of a hub from pages of other origins: the headers of all answers, on both engines, and requests that a browser sends across
// sites. tests/browser/other-origins.chromium.test.ts lets a real browser try.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../server/compose.ts';
import { type Answer, ask } from '../../harness/clients.ts';
import { startComposed } from '../../harness/compose.ts';

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'SAMEORIGIN',
};

const answers: readonly (readonly [what: string, method: string, path: string, status: number, headers?: object])[] = [
  ['a page', 'GET', '/day', 200],
  ['a script of a page', 'GET', '/favicon.ico', 200],
  ['JSON', 'GET', '/-/health', 200],
  ['an unknown path', 'GET', '/a/b/c/d', 404],
  ['a wrong method', 'DELETE', '/-/health', 405],
  ['a preflight', 'OPTIONS', '/api/v1/users/current/heartbeats', 204],
  ['a refused host', 'GET', '/', 421, { host: 'evil.example' }],
  ['a refused origin', 'GET', '/-/health', 403, { origin: 'https://evil.example' }],
  ['a redirect', 'GET', '/dashboard', 302],
  ['a chunked answer', 'GET', '/api/0/export', 200],
  ['a body that is too large', 'PUT', '/room', 413, { 'content-length': '99999999', connection: 'close' }],
  ['an endpoint for tools', 'GET', '/api/v1/editors', 200],
];

describe.each(['uws', 'ws'] as const)('on the engine %s', (engine) => {
  let hub: RunningHub;
  let port: number;
  beforeAll(async () => {
    hub = await startComposed({ engine });
    port = Number(new URL(hub.url).port);
  });
  afterAll(() => hub.stop());

  test.each(answers)('%s has the headers that defend it', async (_, method, path, status, headers = {}) => {
    const answer = await ask(port, method, path, { headers: { host: `127.0.0.1:${port}`, ...headers } });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(everywhere);
  });

  test('an event stream has the headers that defend it', async () => {
    const aborter = new AbortController();
    const response = await fetch(`${hub.url}some-room/events`, { signal: aborter.signal });
    expect(Object.fromEntries(response.headers)).toMatchObject(everywhere);
    aborter.abort();
  });

  test('a page keeps no window of another origin, except the one that asks a person to allow an app', async () => {
    const opener = async (path: string) => (await ask(port, 'GET', path)).headers['cross-origin-opener-policy'];
    expect([await opener('/day'), await opener('/oauth/authorize')]).toEqual(['same-origin', 'unsafe-none']);
  });
});

describe('pictures', () => {
  test('are all that pages of other origins may embed', async () => {
    const hub = await startComposed();
    const embedded = hub.routes.filter(({ isEmbeddable }) => isEmbeddable === true).map(({ path }) => path);
    const plain = [...new Set(embedded.filter((path) => !path.includes('//') && !path.endsWith('/')))];
    expect(plain.sort()).toEqual([
      '/api/activity/chart/:user',
      '/api/avatar/:hash',
      '/api/badge/:user/*',
      '/badge/svg/:badge',
      '/badge/svg/:user/:badge',
      '/badge/user/:user/project/:file',
      '/photo/:hash',
      '/share/:user/:file',
    ]);
    const port = Number(new URL(hub.url).port);
    const picture = await ask(port, 'GET', '/photo/ann.svg', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(picture.headers).toMatchObject({
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    });
    await hub.stop();
  });

  test('of a link are embedded, and its JSON is not, except as the script that a page asks for', async () => {
    const hub = await startComposed();
    const port = Number(new URL(hub.url).port);
    const made = await ask(port, 'POST', '/api/v1/users/current/shares', {
      body: JSON.stringify({ type: 'languages' }),
    });
    const { id } = JSON.parse(made.body).data;
    const policy = async (file: string) =>
      (await ask(port, 'GET', `/share/@owner/${id}${file}`)).headers['cross-origin-resource-policy'];
    expect([await policy('.svg'), await policy('.json'), await policy('.json?callback=show')]).toEqual([
      'cross-origin',
      'same-origin',
      'cross-origin',
    ]);
    await hub.stop();
  });
});

describe('a request that a browser sends across sites to a personal hub', () => {
  let hub: RunningHub;
  let port: number;
  beforeAll(async () => {
    hub = await startComposed({ origins: ['https://dash.example'] });
    port = Number(new URL(hub.url).port);
  });
  afterAll(() => hub.stop());

  const get = (path: string, headers: Record<string, string>): Promise<Answer> => ask(port, 'GET', path, { headers });
  const owners = ['/-/day/today', '/api/0/buckets', '/api/v1/users/current', '/-/metrics', '/-/channels/tasks/events'];

  test.each(['cross-site', 'same-site'])('(%s) is nobody’s without a token', async (site) => {
    for (const path of owners) {
      const { status } = await get(path, { 'sec-fetch-site': site });
      expect([path, [401, 403].includes(status)]).toEqual([path, true]);
    }
    const headers = { 'sec-fetch-site': site, 'content-type': 'text/plain' };
    const bucket = await ask(port, 'POST', '/api/0/buckets/b', {
      headers,
      body: JSON.stringify({ type: 't', client: 'c', hostname: 'h' }),
    });
    const ticket = await ask(port, 'POST', '/-/tickets', { headers });
    expect([bucket.status, ticket.status]).toEqual([401, 401]);
  });

  test.each(['same-origin', 'none'])('(%s) is the owner’s', async (site) => {
    expect((await get('/-/day/today', { 'sec-fetch-site': site })).status).toBe(200);
    expect((await get('/-/day/today', {})).status).toBe(200);
  });

  test('is the owner’s from the extensions of watchers, for what watchers do, and from pages that are listed', async () => {
    const cross = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    const extension = { ...cross, origin: 'moz-extension://a-b-c', 'content-type': 'application/json' };
    const body = JSON.stringify({ type: 'web.tab.current', client: 'aw-client-web', hostname: 'h' });
    expect((await ask(port, 'POST', '/api/0/buckets/web', { headers: extension, body })).status).toBe(200);
    expect((await get('/api/0/buckets/web/events', extension)).status).toBe(403);
    const chrome = { ...cross, origin: 'chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi' };
    expect((await get('/api/0/buckets/web', chrome)).status).toBe(200);
    expect((await get('/-/day/today', { ...cross, origin: 'https://dash.example' })).status).toBe(200);
  });

  test('has the rights of its token where it sends one', async () => {
    const made = await ask(port, 'GET', '/api/v1/users/current', {
      headers: { 'sec-fetch-site': 'cross-site', authorization: `Bearer ${hub.ownerSecret}` },
    });
    expect(made.status).toBe(200);
  });

  test('is refused at once when a page embeds, frames or fetches anything but a picture, so that no answer differs', async () => {
    const embeds = [
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ];
    const paths = [
      '/-/health',
      '/day',
      '/no/such/page',
      '/api/v1/leaders',
      '/api/v1/users/owner/stats',
      '/some-room/goal',
    ];
    const seen = new Set<string>();
    for (const path of [...paths, ...owners]) {
      for (const embed of embeds) {
        const { status, body } = await get(path, { 'sec-fetch-site': 'cross-site', ...embed });
        seen.add(`${status} ${body}`);
      }
    }
    expect([...seen]).toHaveLength(1);
    expect([...seen][0]).toMatch(/^403 /);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await get('/day', link)).status).toBe(200);
  });
});
