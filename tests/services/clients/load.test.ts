// `horai load` against a real hub: every row has figures, what the hub did agrees with them, and nothing stays.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { median, percentile } from '../../../clients/load/figures.ts';
import { type LoadFigures, loadRowNames, runLoad } from '../../../clients/load/run-load.ts';
import type { RunningHub } from '../../../server/compose.ts';
import { startComposed } from '../../harness/compose.ts';
import { Socket } from '../../harness/socket.ts';

let hub: RunningHub;
let socket: Socket;
beforeAll(async () => {
  hub = await startComposed({ hosts: ['hub.example.org'] });
  socket = await Socket.open(hub.url);
});
afterAll(async () => {
  await socket.close();
  await hub.stop();
});

const admin = (request: object) => socket.ask({ ...request, user_id: hub.ownerSecret ?? '' });

async function load(
  token: string,
  rows = loadRowNames,
): Promise<{ readonly figures: LoadFigures[]; readonly rest: string }> {
  const figures: LoadFigures[] = [];
  const target = { url: hub.url.replace('http', 'ws'), token };
  const rest = await runLoad(target, { clients: 4, seconds: 0.2, rows }, (row) => void figures.push(row));
  return { figures, rest };
}

test('every row has its figures, and the account of them is erased', async () => {
  const { figures, rest } = await load(hub.ownerSecret ?? '');
  expect(figures.map(({ name, unit, clients }) => ({ name, unit, clients }))).toEqual([
    { name: 'fan-out', unit: 'deliveries', clients: 4 },
    { name: 'writes', unit: 'writes', clients: 4 },
    { name: 'heartbeats', unit: 'heartbeats', clients: 4 },
    { name: 'read-all', unit: 'reads', clients: 4 },
  ]);
  for (const { median: middle, p99, perSecond } of figures) {
    expect(middle).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(middle);
    // Four clients cannot do more in a second than each time of answer allows.
    expect(perSecond).toBeGreaterThan(0);
    expect(perSecond).toBeLessThanOrEqual((4 * 4 * 1_000) / middle);
  }
  expect(rest).toBe('');
  expect((await admin({ type: 'accounts' }))['accounts']).toMatchObject([{ name: 'owner' }]);
});

test('with the token of a person it writes into their account, and says what stays', async () => {
  const { secret } = await admin({ type: 'account', name: 'ann' });
  const { figures, rest } = await load(String(secret), ['writes']);
  expect(rest).toMatch(/^The items of the channels load-\w+… and the heartbeats stay in the account of the token\.$/);
  const person = await Socket.open(hub.url);
  const { channels } = await person.ask({ type: 'channels', user_id: String(secret) });
  await person.close();
  const items = Array.isArray(channels) ? channels.reduce((sum: number, one) => sum + Number(one.items), 0) : 0;
  // The four writes that warm up are not counted. The time that was measured is a little more than the time that was asked for.
  const seconds = (items - 4) / (figures[0]?.perSecond ?? 0);
  expect(seconds).toBeGreaterThanOrEqual(0.2);
  expect(seconds).toBeLessThan(2);
});

test('a hub that does not know the token is not loaded', async () => {
  await expect(load('wrong')).rejects.toThrow('The server does not know the token.');
});

test('the median and the 99th percentile are of the sorted figures', () => {
  const figures = Array.from({ length: 200 }, (_, at) => 200 - at);
  expect([median(figures), percentile(figures, 0.99), median([7]), median([])]).toEqual([101, 199, 7, 0]);
});
