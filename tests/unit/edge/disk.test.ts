// A full disk: the edge reports it, watchers' requests wait for space, and no acknowledged event is lost.

import { expect, test } from '@jest/globals';
import type { Store } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { startComposed } from '../../harness/compose.ts';
import { ask, drained, ownerToken, startEdge } from '../../harness/edge.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestWorld } from '../../harness/world.ts';

/** A store whose disk the test can fill. */
class FullableStore extends MemoryStore {
  full = false;

  override append(...write: Parameters<Store['append']>): ReturnType<Store['append']> {
    return this.full ? refuse() : super.append(...write);
  }

  override check(): Promise<void> {
    return this.full ? refuse() : super.check();
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('database or disk is full'));
}

const heartbeat = '/api/0/buckets/b_box/heartbeat?pulsetime=5';
const at = (second: number) => ({ timestamp: `2026-01-05T12:00:${second}Z`, data: { app: 'a' } });

test('a heartbeat waits until the disk has space, and is stored then; after too long a wait it is refused', async () => {
  const hub = await startComposed({ ownerToken });
  const world = new TestWorld();
  const store = new FullableStore({ epoch: 'e' });
  const edge = await startEdge(hub.url, ownerToken, { store }, world);
  await ask(edge.url, 'POST', heartbeat, at(10));
  await drained(edge.url);

  const faults = () => world.lines.filter(({ text }) => text === 'a write could not be stored').length;
  const failed = async (times: number) => {
    await eventually(() => faults() >= times, `${times} writes to fail`, { instead: faults });
  };
  store.full = true;
  const waiting = ask(edge.url, 'POST', heartbeat, at(12));
  await failed(1);
  const health = await ask(edge.url, 'GET', '/-/health');
  expect(health.status).toBe(503);
  expect(health.value).toMatchObject({ status: 'broken', reason: expect.stringMatching(/disk is full/) });
  expect(edge.printed.join('\n')).toMatch(/cannot be stored: .*disk is full/);
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
