// The hub's route for batches of edges, called directly: a batch is written once, whichever edge sends it; wrong batches are refused.

import { afterEach, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../server/compose.ts';
import { startComposed } from '../../harness/compose.ts';
import { ask, ownerToken, tokenFor } from '../../harness/edge.ts';

let hub: RunningHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
});

async function startHub(hosts: readonly string[] = []) {
  hub = await startComposed({ ownerToken, hosts });
  const { url } = hub;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  return { url, bearer, owner: bearer(ownerToken) };
}

const time = Date.UTC(2026, 0, 5) * 1_000;
const about = { type: 't', client: 'c', hostname: 'box', created: '2026-01-05T00:00:00+00:00', data: {} };
const event = (id: number, data: object) => ({ id, time, end: time + 1_000_000, data: JSON.stringify(data) });
const batch = (name: string, events: readonly object[], removed: readonly number[] = []) => {
  return { write_id: name, about, events, removed };
};

test('a repeated batch changes nothing, also not later changes of others', async () => {
  const { url, owner } = await startHub();
  const path = '/-/edge/b_box';
  const first = await ask(url, 'POST', path, batch('w1', [event(2 ** 41, { n: 1 })]), owner);
  expect(first.value).toEqual({ epoch: expect.any(String), bucket: 'b_box' });
  await ask(url, 'POST', '/api/0/buckets/b_box/events', { id: 2 ** 41, data: { n: 'edited' } }, owner);
  const again = await ask(url, 'POST', path, batch('w1', [event(2 ** 41, { n: 1 })]), owner);
  expect(again.value).toEqual(first.value);
  const { value } = await ask(url, 'GET', '/api/0/buckets/b_box/events', undefined, owner);
  expect(value).toMatchObject([{ id: 2 ** 41, data: { n: 'edited' } }]);
});

test('removed events and buckets are deleted, and no bucket is created for a delete', async () => {
  const { url, owner } = await startHub();
  await ask(url, 'POST', '/-/edge/b_box', batch('w1', [event(7, {}), event(8, {})]), owner);
  await ask(url, 'POST', '/-/edge/b_box', batch('w2', [], [7]), owner);
  await ask(url, 'POST', '/-/edge/other_box', batch('w3', [], [7]), owner);
  const { value } = await ask(url, 'GET', '/api/0/buckets/b_box/events', undefined, owner);
  expect(value.map(({ id }: { id: number }) => id)).toEqual([8]);
  expect(Object.keys((await ask(url, 'GET', '/api/0/buckets/', undefined, owner)).value)).toEqual(['b_box']);
});

test('a second device’s bucket of the same name is its own', async () => {
  const { url, bearer } = await startHub();
  const [one, two] = [await tokenFor(url, 'one'), await tokenFor(url, 'two')];
  const ask1 = (name: string, token: string) => {
    return ask(url, 'POST', '/-/edge/aw-stopwatch', batch(name, [event(5, { name })]), bearer(token));
  };
  expect((await ask1('w1', one.secret)).value.bucket).toBe('aw-stopwatch');
  expect((await ask1('w2', two.secret)).value.bucket).toBe('aw-stopwatch_two');
  expect((await ask1('w3', one.secret)).value.bucket).toBe('aw-stopwatch');
});

test('a token without the scope is refused, and so is a malformed batch', async () => {
  const { url, bearer, owner } = await startHub();
  const reader = await tokenFor(url, 'reader', ['read']);
  const one = batch('w', [event(1, {})]);
  expect((await ask(url, 'POST', '/-/edge/b', one, bearer(reader.secret))).status).toBe(403);
  expect((await ask(url, 'POST', '/-/edge/b', one, bearer('00000000-0000-4000-8000-000000000000'))).status).toBe(401);
  expect((await ask(url, 'GET', '/-/edge', undefined, bearer('sesame'))).status).toBe(401);
  for (const wrong of [[], {}, { ...one, write_id: '' }, { ...one, removed: ['1'] }, '{"a":']) {
    expect((await ask(url, 'POST', '/-/edge/b', wrong, owner)).status).toBe(400);
  }
  const deep = '['.repeat(40) + ']'.repeat(40);
  for (const data of ['{', deep, '9007199254740993']) {
    const bad = batch('w', [{ ...event(1, {}), data }]);
    expect((await ask(url, 'POST', '/-/edge/b', bad, owner)).status).toBe(400);
  }
  expect((await ask(url, 'GET', '/api/0/buckets/', undefined, owner)).value).toEqual({});
});

test('on a hub that is not personal, a token is required', async () => {
  const { url } = await startHub(['hub.example.org']);
  expect((await ask(url, 'GET', '/-/edge')).status).toBe(401);
  expect((await ask(url, 'POST', '/-/edge/b', batch('w', []))).status).toBe(401);
});
