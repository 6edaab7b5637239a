// How long links stay open that need no key: data dumps, shares and badges. They are listed, can be deleted, and end with the token or
// the account that made them.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
  await testHub.send([beat(noon - 60), beat(noon - 30)]);
});
afterEach(() => testHub.close());

async function tokenOf(expires?: number): Promise<{ id: string; secret: string }> {
  const made = await testHub.accounts.createToken(
    'owner',
    'links',
    ['read', 'write'],
    undefined,
    expires === undefined ? {} : { expires },
  );
  if (!made.ok) throw new Error(made.error);
  return { id: made.token.id, secret: made.secret };
}

/** The path that opens a link, by its kind. */
const makers = {
  'a dump': async (secret: string): Promise<string> => {
    const made = await ask('POST', 'data_dumps', secret, { type: 'heartbeats' });
    return new URL(made.data.download_url).pathname;
  },
  'a share': async (secret: string): Promise<string> => {
    const made = await ask('POST', 'shares', secret, { type: 'projects' });
    return new URL(made.data.json_url).pathname;
  },
  'a badge': async (secret: string): Promise<string> => {
    const headers = { authorization: `Bearer ${secret}`, host: `127.0.0.1:${testHub.port}` };
    const made = await testHub.ask('GET', '/badge/link/hub', { headers });
    return new URL(JSON.parse(made.body).badgeUrl).pathname;
  },
} as const;

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function ask(method: string, path: string, secret: string, body?: object): Promise<any> {
  const headers = { ...basic(secret), host: `127.0.0.1:${testHub.port}` };
  const answer = await testHub.ask(method, `/api/v1/users/current/${path}`, { headers, body });
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

async function statusOf(path: string): Promise<number> {
  return (await testHub.ask('GET', path)).status;
}

async function listed(): Promise<number> {
  const [dumps, shares] = [await ask('GET', 'data_dumps', testHub.owner), await ask('GET', 'shares', testHub.owner)];
  return dumps.data.length + shares.data.length;
}

describe.each(Object.entries(makers))('%s', (_, make) => {
  test('ends when the token that made it is revoked', async () => {
    const { id, secret } = await tokenOf();
    const path = await make(secret);
    expect([await statusOf(path), await listed()]).toEqual([200, 1]);
    await testHub.accounts.revoke(id);
    expect([await statusOf(path), await listed()]).toEqual([404, 0]);
  });

  test('ends when the token that made it expires', async () => {
    const { secret } = await tokenOf(noon * 1_000 + 60_000);
    const path = await make(secret);
    testHub.world.pass(59_000);
    expect(await statusOf(path)).toBe(200);
    testHub.world.pass(1_000);
    expect([await statusOf(path), await listed()]).toEqual([404, 0]);
  });

  test('stays open when another token of the account is revoked', async () => {
    const [one, other] = [await tokenOf(), await tokenOf()];
    const path = await make(one.secret);
    await testHub.accounts.revoke(other.id);
    expect([await statusOf(path), await listed()]).toEqual([200, 1]);
  });

  test('ends when it is deleted', async () => {
    const path = await make(testHub.owner);
    const list = path.includes('data_dumps') ? 'data_dumps' : 'shares';
    const { data } = await ask('GET', list, testHub.owner);
    await ask('DELETE', `${list}/${data[0].id}`, testHub.owner);
    expect([await statusOf(path), await listed()]).toEqual([404, 0]);
  });
});
