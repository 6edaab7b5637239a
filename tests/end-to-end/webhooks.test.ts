// Webhooks of a hub that is killed while it sends: the next start goes on where it was, with the same ids and the same secret.

import { afterEach, expect, test } from '@jest/globals';
import { type Talk, webSocket } from '../contract/talk.ts';
import { eventually } from '../harness/eventually.ts';
import { HubProcess, Leftovers } from '../harness/process.ts';
import { Receiver } from '../harness/receiver.ts';

const leftovers = new Leftovers();
let receiver: Receiver;
let talks: Talk[] = [];
afterEach(async () => {
  for (const talk of talks) talk.cut();
  talks = [];
  await leftovers.clear();
  await receiver.close();
});

test('a hub that is killed while it sends goes on at the next start: in order, each message under one id', async () => {
  receiver = await Receiver.start();
  const env = { HORAI_DATA: leftovers.folder(), HORAI_OUTBOX_ALLOW: '127.0.0.1' };
  const start = async () => {
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    const talk = await webSocket({ url, kronos: null });
    talks.push(talk);
    return { hub, url, talk };
  };
  const first = await start();
  const made = await fetch(new URL('/-/webhooks', first.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'x', url: `${receiver.url}/`, channels: ['notes'] }),
  });
  expect(made.status).toBe(201);
  receiver.answers = [204, 204, 'silent'];
  for (const key of ['a', 'b', 'c', 'd'])
    await first.talk.ask({ type: 'create', channel: 'notes', key, item: key, ref: key });
  await eventually(() => receiver.received.length === 3, 'the third message');
  first.hub.signal('SIGKILL');
  await first.hub.ended;
  const second = await start();
  await second.talk.ask({ type: 'create', channel: 'notes', key: 'e', item: 'e', ref: 1 });
  const keys = () => receiver.messages.map(({ body }) => body.data.key);
  await eventually(() => keys().length === 5, 'all messages', { instead: keys });
  expect(keys()).toEqual(['a', 'b', 'c', 'd', 'e']);
  const third = receiver.received
    .filter(({ body }) => body.data.key === 'c')
    .map(({ headers }) => headers['webhook-id']);
  expect(third.length).toBeGreaterThan(1);
  expect(new Set(third).size).toBe(1);
}, 120_000);
