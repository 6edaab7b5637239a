// Webhooks of a whole hub, with a receiver on a real port: signatures, order, each message once through all kinds of failure, and what the
// account is shown of it.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';
import { Receiver } from '../../harness/receiver.ts';

let hub: DayHub;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await Receiver.start();
  hub = await DayHub.start({ outboxAllow: ['127.0.0.1'] });
});

afterEach(async () => {
  await hub.close();
  await receiver.close();
});

const minute = 60_000;

async function makeHook(more: object = {}): Promise<{ id: string; secret: string }> {
  const url = `${receiver.url}/hook/path-secret`;
  const made = await hub.post('/-/webhooks', { name: 'mine', url, channels: ['notes'], ...more }, {}, 201);
  return made as { id: string; secret: string };
}

const note = (key: string, item: unknown) => hub.write({ type: 'update', channel: 'notes', key, item });
const create = (key: string, item: unknown) => hub.write({ type: 'create', channel: 'notes', key, item });

const arrived = (count: number) =>
  eventually(() => receiver.received.length >= count, `${count} requests`, { instead: () => receiver.received.length });

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function state(): Promise<any> {
  const { webhooks } = await hub.get('/-/webhooks');
  return webhooks[0];
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const settled = (fits: (state: any) => boolean, why: string) =>
  eventually(
    async () => {
      const now = await state();
      return fits(now) ? now : undefined;
    },
    why,
    { instead: state },
  );

/** Moves the clock until the next try is due. */
async function passToNextTry(): Promise<void> {
  const { failing } = await settled((now) => now.failing !== null, 'a failed try');
  hub.world.pass(Math.max(1, failing.next - hub.world.now()));
  await hub.write({ type: 'ping' });
}

describe('a webhook', () => {
  test('is signed as Standard Webhooks says, and changes before it are not sent', async () => {
    await create('before', 1);
    hub.world.pass(Math.max(0, Date.now() - hub.world.now()));
    await hub.write({ type: 'ping' });
    const { secret } = await makeHook();
    await create('a', { any: 'json' });
    await note('a', 2);
    await hub.write({ type: 'delete', channel: 'notes', key: 'a' });
    await arrived(1);
    await settled(({ waiting }) => waiting === 0, 'nothing to wait');
    const [first] = receiver.received;
    expect(first).toMatchObject({ path: '/hook/path-secret', headers: { 'content-type': 'application/json' } });
    const bodies = receiver.messages.map(({ body }) => body);
    expect(bodies.at(-1)).toMatchObject({ type: 'item.deleted', data: { channel: 'notes', key: 'a', seq: 4 } });
    expect(bodies.every(({ data }) => data.key === 'a')).toBe(true);
    for (const { text, headers } of receiver.received) {
      const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const clock = new Webhook(secret);
      // The library compares the time with the real clock; the hub's is moved by hand.
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const again = clock.sign(String(sent['webhook-id']), new Date(Number(sent['webhook-timestamp']) * 1_000), text);
      expect(again).toBe(sent['webhook-signature']);
      expect(Math.abs(Number(timestamp) - Number(sent['webhook-timestamp']))).toBeLessThan(300);
      expect(clock.verify(text, sent)).toEqual(JSON.parse(text));
    }
  });

  test('sends in order, each once, through an hour of 503, a 429, a connection that is cut, and a silent receiver', async () => {
    await makeHook();
    receiver.always = 503;
    await create('a', 1);
    const began = hub.world.now();
    let tries = 0;
    for (; hub.world.now() - began < 60 * minute; tries += 1) await passToNextTry();
    // It backs off: an hour costs a dozen tries.
    expect(tries).toBeGreaterThan(4);
    expect(tries).toBeLessThan(30);
    await create('b', 2);
    await create('c', 3);
    expect(await state()).toMatchObject({ waiting: 3, delivered: 0, failing: { error: '503' } });
    receiver.always = undefined;
    receiver.answers = [{ status: 429, headers: { 'retry-after': '7200' } }, 204, 'cut', 201];
    await passToNextTry();
    const { failing } = await settled((now) => now.failing?.error === '429', 'the 429');
    expect(failing.next - hub.world.now()).toBe(7_200_000);
    await passToNextTry();
    await settled((now) => now.delivered === 1 && now.failing !== null, 'the cut connection');
    await passToNextTry();
    const done = await settled((now) => now.waiting === 0, 'everything to be sent');
    expect(done).toMatchObject({ delivered: 3, refused: 0, failing: null });
    expect(receiver.messages.map(({ body }) => body.data.key)).toEqual(['a', 'b', 'c']);
    // A message that may have arrived before was sent again under its id.
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(ids).size).toBe(3);
  });

  test('that waits is counted in the metrics, with the age of its oldest message', async () => {
    await makeHook();
    const metric = async (name: string) => {
      const text = await (await fetch(new URL('/-/metrics', hub.node.hub.url))).text();
      const line = text.split('\n').find((one) => one.startsWith(`horai_outbox_${name}{kind="webhook"} `));
      return Number(line?.split(' ')[1]);
    };
    receiver.always = 503;
    await create('a', 1);
    await settled((now) => now.failing !== null, 'a failed try');
    await create('b', 2);
    const made = hub.world.now();
    await eventually(async () => {
      hub.world.pass(minute);
      await hub.write({ type: 'ping' });
      return (await metric('waiting')) === 2;
    }, 'the next look');
    expect(await metric('oldest_seconds')).toBe((hub.world.now() - made) / 1_000);
    expect(await metric('failing')).toBe(1);
    receiver.always = undefined;
    await eventually(async () => {
      hub.world.pass(minute);
      await hub.write({ type: 'ping' });
      return (await metric('waiting')) === 0;
    }, 'everything to be sent');
    expect([await metric('oldest_seconds'), await metric('failing')]).toEqual([0, 0]);
  });

  test('that is slow holds up no other', async () => {
    await makeHook();
    const other = await Receiver.start();
    await makeHook({ url: `${other.url}/`, name: 'other' });
    receiver.always = 'silent';
    await create('a', 1);
    await arrived(1);
    await create('b', 2);
    await eventually(() => other.received.length === 2, 'both messages at the other receiver');
    expect(receiver.received).toHaveLength(1);
    await other.close();
  });

  test('an item that is refused for good is left out and counted; the others go on', async () => {
    await makeHook();
    receiver.answers = [200, 422, 200];
    for (const key of ['a', 'b', 'c']) await create(key, key);
    expect(await settled((now) => now.waiting === 0, 'everything to be sent')).toMatchObject({
      delivered: 2,
      refused: 1,
      refusal: '422',
      failing: null,
    });
    expect(receiver.messages.map(({ body }) => body.data.key)).toEqual(['a', 'b', 'c']);
  });

  test('no write waits for a receiver, and what changes meanwhile is sent once, as it is then', async () => {
    await makeHook();
    receiver.always = 'silent';
    await create('a', 0);
    await arrived(1);
    for (let at = 1; at <= 50; at += 1) await note('a', at);
    expect((await state()).waiting).toBe(51);
    receiver.always = undefined;
    receiver.disconnect();
    await passToNextTry();
    await settled((now) => now.waiting === 0, 'everything to be sent');
    expect(receiver.messages.map(({ body }) => body.data.item)).toEqual([0, 50]);
  });

  test('does not follow a redirect', async () => {
    const other = await Receiver.start();
    await makeHook();
    receiver.always = { status: 307, headers: { location: `${other.url}/` } };
    await create('a', 1);
    expect((await settled((now) => now.failing !== null, 'a failed try')).failing.error).toMatch(
      /redirects are not followed/,
    );
    expect(other.received).toEqual([]);
    await other.close();
  });

  test('is tried at once when a person asks for it, and ends when it is removed', async () => {
    const { id } = await makeHook();
    receiver.answers = [500];
    await create('a', 1);
    await settled((now) => now.failing !== null, 'a failed try');
    await hub.post(`/-/webhooks/${id}/retry`, {}, {}, 204);
    await settled((now) => now.delivered === 1, 'a delivery');
    const remove = (status: number) =>
      fetch(new URL(`/-/webhooks/${id}`, hub.node.hub.url), { method: 'DELETE' }).then((answer) =>
        expect(answer.status).toBe(status),
      );
    await remove(204);
    await remove(404);
    await create('b', 1);
    await hub.write({ type: 'ping' });
    expect(await hub.get('/-/webhooks')).toEqual({ webhooks: [] });
    expect(receiver.received).toHaveLength(2);
  });

  test('tells of turns of a mob room when they have ended', async () => {
    await makeHook({ channels: ['mob_turns'] });
    await hub.write({ type: 'create', channel: 'settings', key: 'mob_names', item: ['ann'] });
    const put = await fetch(new URL('team', hub.node.hub.url), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ timer: 10, user: 'ann' }),
    });
    expect(put.status).toBe(202);
    expect(receiver.received).toEqual([]);
    hub.world.pass(10 * minute);
    await arrived(1);
    const [{ body } = { body: undefined }] = receiver.messages;
    expect(body).toMatchObject({
      type: 'item.created',
      data: { channel: 'mob_turns', item: { room: 'team', name: 'ann', typist: 'ann' } },
    });
    expect(body.data.end - body.data.time).toBe(10 * 60_000_000);
  });

  test('tells of each question of the idle guard once', async () => {
    await makeHook({ channels: [], events: ['question'] });
    const question = { key: 'idle 1', kind: 'idle', task: 'k', desc: 'plants', from: 1, to: null, answers: ['stop'] };
    const channel = await hub.node.core.channel('owner/day/2026-11-28');
    const write = (questions: readonly object[]) =>
      channel.write({
        ops: [{ op: 'put', key: 'questions', value: JSON.stringify({ questions }) }],
        origin: 'day',
        at: hub.world.now(),
      });
    await write([question]);
    await settled((now) => now.delivered === 1, 'the question');
    await write([
      { ...question, to: 5 },
      { ...question, key: 'idle 2' },
    ]);
    await settled((now) => now.delivered === 2, 'the second question');
    expect(receiver.messages.map(({ body }) => [body.type, body.data.key])).toEqual([
      ['question.asked', 'idle 1'],
      ['question.asked', 'idle 2'],
    ]);
  });
});

describe('the secrets of a webhook', () => {
  test('are shown once, and are neither in answers nor in the store', async () => {
    const { secret } = await makeHook();
    const shown = [await hub.get('/-/webhooks'), await hub.write({ type: 'read-all', channel: 'outbox' })];
    for (const word of [secret, secret.slice(6), 'path-secret']) expect(JSON.stringify(shown)).not.toContain(word);
    expect(await hub.refusal({ type: 'write-all', channel: 'outbox', items: [] })).toMatchObject({ code: 'forbidden' });
  });
});

describe('who may have one, and where it may lead', () => {
  const refusedUrls: readonly (readonly [string, RegExp])[] = [
    ['http://example.org/', /begins with https/],
    ['ftp://example.org/', /begins with https/],
    ['https://ann:pw@example.org/', /without a user name/],
    ['https://10.0.0.1/', /public internet/],
    ['https://192.168.1.1/', /public internet/],
    ['https://172.31.255.255/', /public internet/],
    ['https://169.254.169.254/latest/meta-data', /public internet/],
    ['https://100.64.0.1/', /public internet/],
    ['https://0.0.0.0/', /public internet/],
    ['https://167772161/', /public internet/],
    ['https://0x0a000001/', /public internet/],
    ['https://012.0.0.1/', /public internet/],
    ['https://[::1]/', /public internet/],
    ['https://[::ffff:10.0.0.1]/', /public internet/],
    ['https://[64:ff9b::a00:1]/', /public internet/],
    ['https://[2002:a00:1::]/', /public internet/],
    ['https://[fe80::1]/', /public internet/],
    ['https://[fd00::1]/', /public internet/],
    ['nonsense', /an address such as/],
  ];

  test('addresses of the hub’s own network are refused, in every way to write them', async () => {
    for (const [url, hint] of refusedUrls) {
      const answer = await hub.post('/-/webhooks', { name: 'x', url, channels: ['notes'] }, {}, 400);
      expect([url, answer]).toMatchObject([url, { hint: expect.stringMatching(hint) }]);
    }
  });

  test('a token must read what is sent, and may write', async () => {
    const tokenOf = async (...scopes: string[]) => ({
      authorization: `Bearer ${(await hub.write({ type: 'token', name: 't', scopes })).secret}`,
    });
    const hook = { name: 'x', url: `${receiver.url}/`, channels: ['notes'] };
    await hub.post('/-/webhooks', hook, await tokenOf('read'), 403);
    await hub.post('/-/webhooks', hook, await tokenOf('write', 'read:tasks'), 403);
    await hub.post('/-/webhooks', { ...hook, channels: ['@hub/tokens'] }, await tokenOf('read', 'write', 'admin'), 403);
    await hub.post('/-/webhooks', { ...hook, channels: [] }, {}, 400);
    await hub.post('/-/webhooks', { name: 'x' }, {}, 400);
    await hub.post('/-/webhooks', hook, await tokenOf('read', 'write'), 201);
    await hub.get('/-/webhooks', 403, await tokenOf('read:notes'));
  });
});

test('a goal that is reached is sent once for its day, in the channel that only the hub writes', async () => {
  hub.moveTo('09:00');
  await hub.post('/api/v1/users/current/goals', { title: 'ten minutes', delta: 'day', seconds: 600 }, {}, 201);
  await makeHook({ channels: ['reached_goals'] });
  await hub.heartbeats('09:00', '09:08', 2, { project: 'horai' });
  hub.moveTo('09:10');
  await hub.heartbeats('09:10', '09:14', 2, { project: 'horai' });
  const passed = (count: number) =>
    eventually(
      async () => {
        hub.world.pass(minute);
        await hub.write({ type: 'ping' });
        return receiver.received.length >= count;
      },
      `${count} webhooks`,
      { instead: () => receiver.received },
    );
  await passed(1);
  expect(receiver.received[0]?.body).toMatchObject({
    type: 'item.created',
    data: { channel: 'reached_goals', item: { title: 'ten minutes', since: expect.stringMatching(/^2026-11-2[78]T/) } },
  });
  // More of the same day says nothing new; the next day does.
  await hub.heartbeats('10:00', '10:14', 2, { project: 'horai' });
  hub.moveTo('12:00', 1);
  await hub.heartbeats('36:00', '36:14', 2, { project: 'horai' });
  await passed(2);
  const items = receiver.received.map(({ body }) => body.data.item);
  expect(new Set(items.map(({ since }) => since)).size).toBe(2);
  expect(await hub.refusal({ type: 'create', channel: 'reached_goals', key: 'x', item: {} })).toMatchObject({
    code: 'forbidden',
  });
});
