// Wakapi's metrics for administrators: all accounts, memory and the store.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Hub } from '../../../../server/core/hub.ts';
import { noopRelay } from '../../../../server/core/relay.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

let testHub: TestHub;
let bob: string;
const day = 86_400;

beforeEach(async () => {
  testHub = await openTestHub({ sizes: async () => ({ resident: 300, heap: 200, heapUsed: 150, store: 4_096 }) });
  const made = await testHub.accounts.createAccount('bob');
  if (!made.ok) throw new Error(made.error);
  bob = made.secret;
  await testHub.send([beat(noon - 3_600), beat(noon - 3_000)]);
  await testHub.send([beat(noon - 20 * day), beat(noon - 20 * day + 120)], basic(bob));
});
afterEach(() => testHub.close());

async function scraped(key: string): Promise<readonly string[]> {
  const answer = await testHub.ask('GET', '/api/metrics', { headers: basic(key) });
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
  return answer.body.split('\n');
}

test('administrators read the time of all accounts, and the accounts active in the last seven days', async () => {
  const lines = await scraped(testHub.owner);
  for (const line of [
    'wakatime_admin_seconds_total 720',
    'wakatime_admin_heartbeats_total 4',
    'wakatime_admin_users_total 2',
    'wakatime_admin_users_active_total 1',
    'wakatime_admin_user_heartbeats_total{user="bob"} 2',
    'wakatime_admin_user_time_seconds_total{user="owner"} 600',
    'wakatime_admin_user_time_seconds_total{user="bob"} 120',
  ]) {
    expect(lines).toContain(line);
  }
  expect((await scraped(bob)).join('\n')).not.toMatch(/admin|owner/);
});

test('a sum is computed again after heartbeats, meetings, settings or a deletion', async () => {
  const total = async () =>
    (await scraped(testHub.owner)).find((line) =>
      line.startsWith('wakatime_admin_user_time_seconds_total{user="bob"}'),
    );
  const is = (seconds: number) => `wakatime_admin_user_time_seconds_total{user="bob"} ${seconds}`;
  expect(await total()).toBe(is(120));
  expect(await total()).toBe(is(120));
  await testHub.send([beat(noon - 20 * day + 300)], basic(bob));
  expect(await total()).toBe(is(300));
  const meeting = { external_id: 'm', entity: 'Standup', start_time: noon - 30 * day, end_time: noon - 30 * day + 60 };
  await testHub.ask('POST', '/api/v1/users/current/external_durations', { body: meeting, headers: basic(bob) });
  expect(await total()).toBe(is(360));
  const document = await testHub.hub.cachedChannel('bob/settings');
  const op = { op: 'put', key: 'wakatime', value: '{"timeout":2.5}' } as const;
  await document.write(() => ({ ok: true, write: { ops: [op], origin: 'test', at: testHub.world.now() } }));
  expect(await total()).toBe(is(180));
  const date = '2025-12-16';
  const listed = await testHub.ask('GET', `/api/v1/users/current/heartbeats?date=${date}`, { headers: basic(bob) });
  const ids = JSON.parse(listed.body).data.map(({ id }: { id: string }) => id);
  await testHub.ask('DELETE', '/api/v1/users/current/heartbeats.bulk', { body: { date, ids }, headers: basic(bob) });
  expect(await total()).toBe(is(60));
});

test('heartbeats of another node count once this node has received them, also after an earlier request', async () => {
  const total = async () =>
    (await scraped(testHub.owner)).find((line) =>
      line.startsWith('wakatime_admin_user_time_seconds_total{user="bob"}'),
    );
  expect(await total()).toMatch(/ 120$/);
  const other = new Hub({ store: testHub.hub.store, relay: noopRelay, world: testHub.world });
  const { hub } = testHub;
  const meeting = {
    entity: 'x',
    type: 'app',
    provider: '',
    category: '',
    project: '',
    branch: '',
    language: '',
    meta: '',
  };
  const value = JSON.stringify({ ...meeting, external_id: 'm' });
  const time = (noon - 30 * day) * 1_000_000;
  const op = { op: 'put', key: 'm', value, time, end: time + 60_000_000 } as const;
  const channel = await other.channel('bob/external_durations');
  await channel.write({ ops: [op], origin: 'test', at: testHub.world.now() });
  expect(await total()).toMatch(/ 120$/);
  await hub.refresh();
  expect(await total()).toMatch(/ 180$/);
});

test('administrators read memory and store size, too', async () => {
  const lines = await scraped(testHub.owner);
  for (const line of [
    'wakatime_mem_sys 300',
    'wakatime_mem_alloc 150',
    'wakatime_mem_heap_sys 200',
    'wakatime_mem_heap_inuse 150',
    'wakatime_mem_heap_idle 50',
    'wakatime_db_total_bytes 4096',
  ]) {
    expect(lines).toContain(line);
  }
  expect((await scraped(bob)).join('\n')).not.toMatch(/_mem_|_db_/);
});

test('every metric is a gauge', async () => {
  const types = (await scraped(testHub.owner)).filter((line) => line.startsWith('# TYPE '));
  expect(types.length).toBeGreaterThan(15);
  for (const line of types) expect(line).toMatch(/^# TYPE wakatime_\w+ gauge$/);
});
