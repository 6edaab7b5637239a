// Access to every path: without a key, with another account, with an app without scopes, with a revoked token, from a page of another
// site. The paths come from the route table, so a new one is tested, too. Public paths are listed here by name.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toHubScopes } from '../../../../server/adapters/wakatime/model/scopes.ts';
import { wakatimeRoutes } from '../../../../server/adapters/wakatime/routes.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

/** They say nothing of an account, or only what their name in the path says. */
const forAnybody = new Set([
  'GET /api/health',
  'GET /api/avatar/:hash',
  'GET /photo/:hash',
  'POST /oauth/revoke',
  ...['/api/v1', '/api', '/v1', '/api/hackatime/v1', '/api/compat/wakatime/v1', ''].map(
    (prefix) => `POST ${prefix}/plugins/errors`,
  ),
  ...['/api/v1', '/api', '/v1', '/api/hackatime/v1', '/api/compat/wakatime/v1'].flatMap((prefix) => [
    ...['leaders', 'editors', 'program_languages', 'languages'].map((path) => `GET ${prefix}/${path}`),
  ]),
]);

let testHub: TestHub;
let knocks: { route: string; method: string; path: string }[];

beforeAll(async () => {
  testHub = await openTestHub();
  await testHub.send([beat(noon - 60), beat(noon)]);
  const routes = wakatimeRoutes({ ...testHub, personal: false, near: () => true });
  const gets = new Set(routes.filter(({ method }) => method === 'GET').map(({ path }) => path));
  knocks = routes
    .filter(({ method, path }) => method !== 'OPTIONS' && !(method === '*' && gets.has(path)))
    .map(({ method, path }) => ({
      // With a slash too many it is the same door.
      route: `${method} ${path.replace('//', '/').replace(/\/$/, '')}`,
      method: method === '*' ? 'GET' : method,
      path: path.replace(':user', 'owner').replace(/:\w+/g, 'x').replace('*', 'x'),
    }));
});
afterAll(() => testHub.close());

const statusOf = async ({ method, path }: (typeof knocks)[number], headers: Readonly<Record<string, string>>) =>
  (await testHub.ask(method, path, { headers, ...(method === 'GET' ? {} : { body: {} }) })).status;

/** What let somebody in who has no business there. */
async function opened(headers: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const all = [];
  for (const knock of knocks) {
    const status = await statusOf(knock, headers);
    if (status < 400 && !forAnybody.has(knock.route)) all.push(`${knock.route}: ${status}`);
  }
  return all;
}

async function token(scopes: readonly string[], expires?: number): Promise<string> {
  const made = await testHub.accounts.createToken('owner', 'a token', scopes, undefined, expires);
  if (!made.ok) throw new Error(made.error);
  return made.secret;
}

test('the table of routes has paths', () => {
  expect(knocks.length).toBeGreaterThan(300);
});

test('a caller without a key reaches only the public paths', async () => {
  expect(await opened({})).toEqual([]);
});

test('another account and a page of another site reach only the public paths', async () => {
  const bob = await testHub.accounts.createAccount('bob');
  if (!bob.ok) throw new Error(bob.error);
  // Without `users/owner` in it, a path is about bob himself.
  const about = knocks.filter(({ path }) => path.includes('owner'));
  const statuses = await Promise.all(
    about.map(async (knock) => [knock.route, await statusOf(knock, basic(bob.secret))]),
  );
  expect(statuses.filter(([, status]) => Number(status) < 400)).toEqual([]);
  expect(await opened({ origin: 'https://evil.example' })).toEqual([]);
});

test('an app without scopes learns whose token it has, and nothing else', async () => {
  const all = await opened({ authorization: `Bearer ${await token(toHubScopes([]))}` });
  expect(all.filter((one) => !/users\/(?:current|:user): 200$/.test(one))).toEqual([]);
});

test('a token for other channels reaches only the public paths', async () => {
  expect(await opened(basic(await token(['read:tasks', 'write:aw/*'])))).toEqual([]);
});

test('a read-only token writes nothing', async () => {
  const reader = basic(await token(['read']));
  const writes = knocks.filter(({ method, route }) => method !== 'GET' && !forAnybody.has(route));
  const statuses = await Promise.all(writes.map(async (knock) => [knock.route, await statusOf(knock, reader)]));
  expect(statuses.filter(([, status]) => Number(status) < 400)).toEqual([]);
});

test('a revoked token reaches only the public paths', async () => {
  const secret = await token(['read', 'write'], testHub.world.now() + 1_000);
  expect(await statusOf({ route: '', method: 'GET', path: '/api/v1/users/current' }, basic(secret))).toBe(200);
  testHub.world.pass(1_000);
  expect(await opened(basic(secret))).toEqual([]);
});
