// A disk that takes nothing: it is said, watchers' requests wait for room, and what was acknowledged is never what was lost.

import { expect, test } from '@jest/globals';
import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { startComposed } from '../support/compose.ts';
import { TestWorld } from '../support/world.ts';
import { ask, drained, ownerToken, startEdge } from './house.ts';

/** A store on a disk that is full while it is said to be. */
function fullable(store: Store): Store & { full: boolean } {
  const disk = { full: false };
  const refuse = () => Promise.reject(new Error('database or disk is full'));
  return {
    epoch: store.epoch,
    get full() {
      return disk.full;
    },
    set full(full: boolean) {
      disk.full = full;
    },
    head: (channel) => store.head(channel),
    append: (channel, write, keep) => (disk.full ? refuse() : store.append(channel, write, keep)),
    since: (channel, seq, limit) => store.since(channel, seq, limit),
    read: (channel, range) => store.read(channel, range),
    history: (channel, past) => store.history(channel, past),
    at: (channel, seq) => store.at(channel, seq),
    channels: (prefix) => store.channels(prefix),
    forget: (channel, through) => store.forget(channel, through),
    check: () => (disk.full ? refuse() : store.check()),
    close: () => store.close(),
  };
}

const heartbeat = '/api/0/buckets/b_box/heartbeat?pulsetime=5';
const at = (second: number) => ({ timestamp: `2026-01-05T12:00:${second}Z`, data: { app: 'a' } });

test('a heartbeat waits until the disk has room, and is kept then; one that waits too long is refused', async () => {
  const hub = await startComposed({ ownerToken });
  const world = new TestWorld();
  const store = fullable(new MemoryStore({ epoch: 'e' }));
  const edge = await startEdge(hub.url, ownerToken, { store }, world);
  await ask(edge.url, 'POST', heartbeat, at(10));
  await drained(edge.url);

  const faults = () => world.lines.filter(({ text }) => text === 'edge: a write could not be kept').length;
  const failed = async (times: number) => {
    while (faults() < times) await ask(edge.url, 'GET', '/-/health');
  };
  store.full = true;
  const waiting = ask(edge.url, 'POST', heartbeat, at(12));
  await failed(1);
  const health = await ask(edge.url, 'GET', '/-/health');
  expect(health.status).toBe(503);
  expect(health.value).toMatchObject({ status: 'broken', reason: expect.stringMatching(/disk is full/) });
  store.full = false;
  world.pass(1_000);
  expect(await waiting).toMatchObject({ status: 200, value: { duration: 2 } });

  store.full = true;
  const before = faults();
  const late = ask(edge.url, 'POST', heartbeat, at(14));
  for (let second = 1; second <= 26; second += 1) {
    await failed(before + second);
    world.pass(1_000);
  }
  const refused = await late;
  expect(refused.status).toBe(503);
  expect(refused.value.message).toMatch(/disk is full/);
  store.full = false;
  await ask(edge.url, 'POST', heartbeat, at(15));
  world.pass(60_000);
  await drained(edge.url);
  expect((await ask(hub.url, 'GET', '/api/0/buckets/b_box/events')).value).toMatchObject([{ duration: 5 }]);
  await edge.stop();
  await hub.stop();
});
