// Access to every path: without a key, with another account, with an app without scopes, with a revoked token, from a page of another
// site. The paths are those of the route table, so new ones are included. Public paths are listed here by name.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toHubScopes } from '../../../../server/adapters/wakatime/model/scopes.ts';
import { wakatimeRoutes } from '../../../../server/adapters/wakatime/routes.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

/** Paths whose answers contain no data of an account, or only data that the path names. */
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
/** A request to each path. */
let requests: { route: string; method: string; path: string }[];

beforeAll(async () => {
  testHub = await openTestHub();
  await testHub.send([beat(noon - 60), beat(noon)]);
  const routes = wakatimeRoutes({ ...testHub, personal: false, near: () => true });
  const gets = new Set(routes.filter(({ method }) => method === 'GET').map(({ path }) => path));
  requests = routes
    .filter(({ method, path }) => method !== 'OPTIONS' && !(method === '*' && gets.has(path)))
    .map(({ method, path }) => ({
      route: `${method} ${path}`,
      method: method === '*' ? 'GET' : method,
      path: path.replace(':user', 'owner').replace(/:\w+/g, 'x').replace('*', 'x'),
    }));
});
afterAll(() => testHub.close());

const statusOf = async ({ method, path }: (typeof requests)[number], headers: Readonly<Record<string, string>>) =>
  (await testHub.ask(method, path, { headers, ...(method === 'GET' ? {} : { body: {} }) })).status;

/** The routes that do not refuse this caller. */
async function openRoutes(headers: Readonly<Record<string, string>>, all = requests): Promise<readonly string[]> {
  const open = [];
  for (const request of all) {
    const status = await statusOf(request, headers);
    if (status < 400 && !forAnybody.has(request.route)) open.push(`${request.route}: ${status}`);
  }
  return open;
}

async function token(scopes: readonly string[], expires?: number): Promise<string> {
  const made = await testHub.accounts.createToken(
    'owner',
    'a token',
    scopes,
    undefined,
    expires === undefined ? {} : { expires },
  );
  if (!made.ok) throw new Error(made.error);
  return made.secret;
}

test('the table of routes has paths', () => {
  expect(requests.length).toBeGreaterThan(300);
});

test('a caller without a key reaches only the public paths', async () => {
  expect(await openRoutes({}, requests)).toEqual([]);
});

test('another account and a page of another site reach only the public paths', async () => {
  const bob = await testHub.accounts.createAccount('bob');
  if (!bob.ok) throw new Error(bob.error);
  // A path without `users/owner` is about bob himself.
  const about = requests.filter(({ path }) => path.includes('owner'));
  expect(await openRoutes(basic(bob.secret), about)).toEqual([]);
  expect(await openRoutes({ origin: 'https://evil.example' })).toEqual([]);
});

test('an app without scopes can read the owner of its token, and nothing else', async () => {
  const all = await openRoutes({ authorization: `Bearer ${await token(toHubScopes([]))}` });
  expect(all.filter((one) => !/users\/(?:current|:user): 200$/.test(one))).toEqual([]);
});

test('a token for other channels reaches only the public paths', async () => {
  expect(await openRoutes(basic(await token(['read:tasks', 'write:aw/*'])))).toEqual([]);
});

test('a read-only token writes nothing', async () => {
  const reader = basic(await token(['read']));
  // `file_experts` is a question: a POST because it carries a path of a file.
  const writes = requests.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/file_experts'));
  expect(await openRoutes(reader, writes)).toEqual([]);
});

test('a revoked token reaches only the public paths', async () => {
  const secret = await token(['read', 'write'], testHub.world.now() + 1_000);
  expect(await statusOf({ route: '', method: 'GET', path: '/api/v1/users/current' }, basic(secret))).toBe(200);
  testHub.world.pass(1_000);
  expect(await openRoutes(basic(secret))).toEqual([]);
});
