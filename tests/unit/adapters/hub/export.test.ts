// The export of an account: every item once, for its person and for administrators.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { assemble, type HubParts, openPorts, type RunningHub } from '../../../../server/compose.ts';
import { testConfig } from '../../../harness/compose.ts';
import { type Call, callRoutes, seedAccount, stopHub } from '../../../harness/scopes.ts';
import { TestWorld } from '../../../harness/world.ts';

let parts: HubParts;
let running: RunningHub;
let call: Call;
let world: TestWorld;
beforeEach(async () => {
  const config = testConfig({ hosts: ['hub.test'] });
  world = new TestWorld();
  const assembled = await assemble(config, world);
  if (!assembled.ok) throw new Error(assembled.error);
  parts = assembled.parts;
  const opened = await openPorts(parts, config, world);
  if (!opened.ok) throw new Error(opened.error);
  running = opened.hub;
  call = callRoutes(running.routes);
});
afterEach(() => stopHub(running, world));

test('has every item of every channel of the account once, and of no other account', async () => {
  const seeded = await seedAccount(parts.hub, parts.accounts, call, 'ann');
  await seedAccount(parts.hub, parts.accounts, call, 'bob');
  const notes = await parts.hub.channel('ann/many');
  const ops = Array.from({ length: 2_345 }, (_, at) => ({ op: 'put', key: `k${at}`, value: String(at) }) as const);
  await notes.write({ ops, origin: 'd', at: 1 });
  const { status, text } = await call('GET', '/-/export', { token: seeded.full });
  const lines = text
    .slice(text.indexOf('}') + 1)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(status).toBe(200);
  const channels = await parts.hub.store.channels('ann/');
  const counts = new Map<string, number>();
  for (const { channel } of lines) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual(
    Object.fromEntries(
      channels.filter(({ items }) => items > 0).map(({ channel, items }) => [channel.slice(4), items]),
    ),
  );
  expect(new Set(lines.filter(({ channel }) => channel === 'many').map(({ key }) => key)).size).toBe(2_345);
});

test('is for the person who may read the account, and for administrators', async () => {
  const seeded = await seedAccount(parts.hub, parts.accounts, call, 'ann');
  const statusOf = async (account: string, scopes: readonly string[], query = '') => {
    const made = await parts.accounts.createToken(account, 't', scopes);
    if (!made.ok) throw new Error(made.error);
    return (await call('GET', `/-/export${query}`, { token: made.secret })).status;
  };
  expect(await statusOf('ann', ['read'])).toBe(200);
  expect(await statusOf('ann', ['read:tasks', 'write'])).toBe(403);
  expect(await statusOf('ann', ['read'], '?account=owner')).toBe(403);
  expect(await statusOf('owner', ['admin'], '?account=ann')).toBe(200);
  expect(await statusOf('owner', ['admin'], '?account=nobody')).toBe(404);
  expect(seeded.name).toBe('ann');
});
