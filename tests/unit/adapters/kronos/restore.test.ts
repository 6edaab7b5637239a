// A hub that was restored from an older backup. It reuses the numbers of lost steps, and devices return that received those steps. The
// backup also has the hub's records about devices, which are of the same moment as its tasks, so both agree.

import { describe, expect, test } from '@jest/globals';
import { copyArchive } from '../../../../server/storage/archive/archive.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../../harness/kronos.ts';

const task = (id: number, desc: string, more: object = {}) => ({
  id,
  desc,
  tags: [],
  active: 0,
  due: 0,
  done: 0,
  ...more,
});
const second = (hub: TestHub) => Math.floor(hub.world.now() / 1_000) * 1_000;

async function login(
  hub: TestHub,
  owner: string,
  device: string,
  version: number,
): Promise<{ wire: Wire; version: number }> {
  const wire = hub.connect(device);
  const [answer] = await wire.ask({ type: 'login', user_id: owner, device_id: device, version });
  return { wire, version: answer.version };
}

const described = (messages: readonly Message[]): string[] =>
  messages
    .filter(({ type }) => type === 'read-all')
    .at(-1)
    .tasks.map(({ desc }: { desc: string }) => desc)
    .sort();

describe('after a restore from an older backup', () => {
  test.each([
    0, 1, 2, 3, 4,
  ])('a device restores the tasks it saw after the backup, also after other writes: %i steps', async (steps) => {
    const store = new MemoryStore({ epoch: 'before' });
    const hub = await startHub({ store });
    const { owner, world } = hub;
    const { wire: b } = await login(hub, owner, 'b', 0);
    await b.ask({ type: 'write-all', tasks: [], version: 0 });
    let version = second(hub);
    await b.ask({ type: 'create', task: task(1, 'one'), version }, { type: 'create', task: task(2, 'two'), version });
    world.pass(5_000);
    await b.ask({ type: 'read-all' });
    world.pass(5_000);
    await settle();
    const restoredStore = new MemoryStore({ epoch: 'after' });
    await copyArchive(store, restoredStore);

    // Changes after the backup: `b` creates three tasks, updates two and deletes one, all acknowledged.
    version = second(hub);
    await b.ask(
      { type: 'create', task: task(3, 'three'), version },
      { type: 'update', task: task(2, 'two, changed'), version },
      { type: 'delete', task_id: 1, version },
    );
    world.pass(5_000);
    const [all] = (await b.ask({ type: 'read-all' })).filter(({ type }: Message) => type === 'read-all');
    expect(described([all])).toEqual(['three', 'two, changed']);
    world.pass(5_000);
    b.hangUp();
    await settle();

    // The hub reuses the numbers of the lost steps.
    const restored = await startHub({ store: restoredStore, world });
    const { wire: a } = await login(restored, owner, 'a', 0);
    await a.ask({ type: 'read-all' });
    for (let step = 0; step < steps; step += 1) {
      await a.ask({ type: 'create', task: task(10 + step, `new ${step}`), version: second(restored) });
      world.pass(1_000);
    }
    const back = await login(restored, owner, 'b', all.version);
    // The version is lower than the device's own, so the device sends its tasks.
    expect(back.version).toBeLessThan(all.version);
    await back.wire.ask({ type: 'write-all', tasks: all.tasks, version: all.version });
    const news = Array.from({ length: steps }, (_, step) => `new ${step}`);
    expect(described(await a.ask({ type: 'read-all' }))).toEqual([...news, 'three', 'two, changed']);
  });
});
