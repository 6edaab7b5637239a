// Heartbeats that a hub relays to another one, over WakaTime's API: the other hub is a real one.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';
import { Receiver } from '../../harness/receiver.ts';

let [here, there]: DayHub[] = [];

beforeEach(async () => {
  here = await DayHub.start({ outboxAllow: ['127.0.0.1'] });
  there = await DayHub.start({ heartbeatAge: 2 });
});

afterEach(async () => {
  await here?.close();
  await there?.close();
});

function hubs(): { from: DayHub; to: DayHub } {
  if (here === undefined || there === undefined) throw new Error('the hubs run');
  return { from: here, to: there };
}

const date = '2026-11-28';

async function relay(more: object = {}): Promise<void> {
  const { from, to } = hubs();
  const { secret } = await to.write({ type: 'token', name: 'relay', scopes: ['read:wakatime', 'write:wakatime'] });
  const url = `${to.node.hub.url}api/v1`;
  await from.post('/-/relays', { name: 'other', url, key: secret, ...more }, {}, 201);
  expect(JSON.stringify(await from.write({ type: 'read-all', channel: 'outbox' }))).not.toContain(secret);
}

/** Until each relay has sent that many. @returns the last of them */
// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
function sent(count: number): Promise<any> {
  let relays: readonly { waiting: number; delivered: number; refused: number }[] = [];
  return eventually(
    async () => {
      relays = (await hubs().from.get('/-/relays')).relays;
      const isSent = relays.every(({ waiting, delivered, refused }) => waiting === 0 && delivered + refused >= count);
      return isSent ? relays.at(-1) : undefined;
    },
    `${count} heartbeats to be relayed`,
    { instead: () => relays },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function beatsOf(hub: DayHub, day = date): Promise<any[]> {
  const { data } = await hub.get(`/api/v1/users/current/heartbeats?date=${day}`);
  // Ids and moments of arrival are each hub's own.
  return data.map(
    ({ id: _, created_at: __, user_agent_id: ___, machine_name_id: ____, ...beat }: Record<string, unknown>) => beat,
  );
}

test('the other hub has the same heartbeats, of each editor and machine, and the same durations', async () => {
  const { from, to } = hubs();
  await from.heartbeats('06:00', '06:10', 2, { project: 'before' });
  await relay();
  await from.heartbeats('07:00', '07:50', 1, { project: 'horai', branch: 'main', language: 'TypeScript' });
  await from.heartbeats(
    '07:51',
    '07:55',
    1,
    { project: 'horai' },
    'wakatime/v1.90.0 (linux) go1.22 vim/9.0 vim-wakatime/11.0',
  );
  await sent(56);
  const all = await beatsOf(from);
  expect(await beatsOf(to)).toEqual(all.filter(({ project }) => project !== 'before'));
  const editors = async (hub: DayHub) =>
    (await hub.get(`/api/v1/users/current/summaries?start=${date}&end=${date}&project=horai`)).data[0].grand_total
      .total_seconds;
  expect(await editors(to)).toBe(await editors(from));
}, 120_000);

test('from the beginning, all there are; what the other one refuses for good is counted, and the rest goes on', async () => {
  const { from, to } = hubs();
  const old = {
    entity: '/old.ts',
    type: 'file',
    category: 'coding',
    time: from.s('06:00') - 3 * 86_400,
    project: 'old',
  };
  await from.post('/api/v1/users/current/heartbeats.bulk', [old]);
  await from.heartbeats('06:00', '07:00', 1, { project: 'horai' });
  await relay({ from: 'beginning' });
  expect(await sent(62)).toMatchObject({ delivered: 61, refused: 1, refusal: '400', failing: null });
  expect(await beatsOf(to)).toEqual(await beatsOf(from));
  // Sent once more, nothing is doubled.
  await relay({ from: 'beginning', name: 'again' });
  await sent(62);
  expect(await beatsOf(to)).toHaveLength(61);
}, 120_000);

test('a wrong key is shown with the target, and everything waits', async () => {
  const { from, to } = hubs();
  const key = '00000000-0000-4000-8000-000000000000';
  await from.post('/-/relays', { name: 'x', url: `${to.node.hub.url}api/v1`, key }, {}, 201);
  await from.heartbeats('07:00', '07:05', 1, { project: 'horai' });
  const failing = await eventually(async () => (await from.get('/-/relays')).relays[0].failing, 'a failed try');
  expect(failing.error).toMatch(/^401/);
  expect((await from.get('/-/relays')).relays[0]).toMatchObject({ delivered: 0, refused: 0 });
  expect(await beatsOf(to)).toEqual([]);
}, 120_000);

test('of a batch, only what the receiver may take later is sent again', async () => {
  const { from } = hubs();
  const receiver = await Receiver.start();
  await from.post('/-/relays', { name: 'x', url: `${receiver.url}/api`, key: 'k' }, {}, 201);
  const answer = (...statuses: readonly number[]) => ({
    status: 202,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ responses: statuses.map((status) => [null, status]) }),
  });
  receiver.answers = [answer(201, 400, 503), answer(201)];
  await from.heartbeats('07:00', '07:02', 1, { project: 'horai' });
  const { next } = await eventually(async () => (await from.get('/-/relays')).relays[0].failing, 'a failed try');
  expect((await from.get('/-/relays')).relays[0]).toMatchObject({ delivered: 1, refused: 1, waiting: 1 });
  from.world.pass(next - from.world.now());
  await sent(3);
  const times = receiver.received.map(({ body }) => body.map(({ time }: { time: number }) => time - from.s('07:00')));
  expect(times).toEqual([[0, 60, 120], [120]]);
  expect(receiver.received[0]?.headers).toMatchObject({
    authorization: `Basic ${Buffer.from('k').toString('base64')}`,
    'x-machine-name': 'laptop',
  });
  expect(receiver.received[0]?.path).toBe('/api/users/current/heartbeats.bulk');
  await receiver.close();
}, 120_000);

test('through an hour of 503, a 429 and an answer that is lost, heartbeats arrive in order, and none is missing', async () => {
  const { from } = hubs();
  const receiver = await Receiver.start();
  await from.post('/-/relays', { name: 'x', url: `${receiver.url}/api`, key: 'k' }, {}, 201);
  const stateOf = async () => (await from.get('/-/relays')).relays[0];
  const toNextTry = async () => {
    const failing = await eventually(async () => {
      const now = await stateOf();
      return now.failing !== null && now.failing.next > from.world.now() ? now.failing : undefined;
    }, 'a failed try');
    from.world.pass(failing.next - from.world.now());
    await from.write({ type: 'ping' });
    return failing.error;
  };
  receiver.always = 503;
  await from.heartbeats('07:00', '07:30', 1, { project: 'horai' });
  const began = from.world.now();
  let tries = 0;
  for (; from.world.now() - began < 3_600_000; tries += 1) expect(await toNextTry()).toBe('503');
  expect(tries).toBeLessThan(30);
  await eventually(async () => (await stateOf()).failing?.tries === tries + 1, 'the last try in vain');
  const before = receiver.received.length;
  const all = (count: number) => ({
    status: 202,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ responses: Array.from({ length: count }, () => [null, 201]) }),
  });
  receiver.always = undefined;
  receiver.answers = [{ status: 429, headers: { 'retry-after': '7200' } }, 'cut', all(25), all(6)];
  await toNextTry();
  expect(await toNextTry()).toBe('429');
  await toNextTry();
  expect(await sent(31)).toMatchObject({ delivered: 31, refused: 0, waiting: 0 });
  const times = receiver.received.slice(before).map(({ body }) => body.map(({ time }: { time: number }) => time));
  // The request whose answer was lost comes again as it was: its receiver knows each heartbeat by its fields.
  expect(times.map((one) => one.length)).toEqual([25, 25, 25, 6]);
  expect(times[1]).toEqual(times[2]);
  const order = times.slice(2).flat();
  expect(order).toEqual(Array.from({ length: 31 }, (_, minute) => from.s('07:00') + minute * 60));
  await receiver.close();
}, 120_000);
