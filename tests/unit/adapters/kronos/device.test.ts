// How the hub treats a returning device (rules M1 to M4, M11), in conversations with devices whose clocks have whole seconds.
// tests/unit/protocol/merge.test.ts tests the result of a merge.

import { describe, expect, test } from '@jest/globals';
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

/** The hub's time in whole seconds, as a client states it. */
const second = (hub: TestHub) => Math.floor(hub.world.now() / 1_000) * 1_000;

async function login(hub: TestHub, device: string, version?: number): Promise<{ wire: Wire; version: number }> {
  const wire = hub.connect(device);
  const [answer] = await wire.ask({ type: 'login', user_id: hub.owner, device_id: device, version });
  return { wire, version: answer.version };
}

const lists = (messages: readonly Message[]) => messages.filter(({ type }) => type === 'read-all');

/** Device `b` has created two tasks and has their version. Then a second passed, and the hub received a message from it. */
async function twoTasks(): Promise<{ hub: TestHub; b: Wire; version: number }> {
  const hub = await startHub();
  const { wire: b } = await login(hub, 'b', 0);
  await b.ask({ type: 'write-all', tasks: [], version: 0 });
  const version = second(hub);
  await b.ask({ type: 'create', task: task(1, 'one'), version }, { type: 'create', task: task(2, 'two'), version });
  hub.world.pass(5_000);
  return { hub, b, version };
}

/** Another device creates a task. */
async function another(hub: TestHub): Promise<number> {
  const { wire } = await login(hub, 'a', 0);
  await wire.ask({ type: 'read-all' }, { type: 'create', task: task(3, 'three'), version: second(hub) });
  const [all] = lists(await wire.ask({ type: 'read-all' }));
  wire.hangUp();
  return all.version;
}

describe('a device that connects for the first time', () => {
  test('[M1.1] [M1.2] is answered with the hub’s version, whatever it names itself', async () => {
    const { hub } = await twoTasks();
    const now = await another(hub);
    expect((await login(hub, 'new')).version).toBe(now);
    expect((await login(hub, 'zero', 0)).version).toBe(now);
    expect((await login(hub, 'less', -1)).version).toBe(now);
    expect((await login(hub, 'old', 4_000)).version).toBe(now);
    expect((await login(hub, 'ahead', now + 86_400_000)).version).toBe(now);
  });

  test('[M1.1] gets -1 where nobody has written yet, so that it writes all', async () => {
    const hub = await startHub();
    const { wire, version } = await login(hub, 'b', 4_000);
    expect(version).toBe(-1);
    await wire.ask({ type: 'write-all', tasks: [task(1, 'mine')], version: 4_000 });
    const [all] = lists(await wire.ask({ type: 'read-all' }));
    expect(all.tasks).toMatchObject([task(1, 'mine')]);
  });

  test('[M1.3] adds its list to the stored tasks and removes none', async () => {
    const { hub } = await twoTasks();
    const { wire } = await login(hub, 'new', second(hub) + 86_400_000);
    const [all] = lists(await wire.ask({ type: 'write-all', tasks: [task(9, 'nine')], version: second(hub) }));
    expect(all.tasks).toMatchObject([task(1, 'one'), task(2, 'two'), task(9, 'nine')]);
  });
});

describe('a device that returns', () => {
  test('[M2.1] unchanged, where nothing happened, is answered with the hub’s version', async () => {
    const { hub, b, version } = await twoTasks();
    b.hangUp();
    const { version: now } = await login(hub, 'c', 0);
    expect((await login(hub, 'b', version)).version).toBe(now);
  });

  test('[M2.1] unchanged, where others wrote, is answered with a greater version, so that it reads all', async () => {
    const { hub, b, version } = await twoTasks();
    b.hangUp();
    const now = await another(hub);
    expect(now).toBeGreaterThan(version);
    expect((await login(hub, 'b', version)).version).toBe(now);
  });

  test('[M3.1] with edits gets one less than the version it named, and its list is merged with the writes of others', async () => {
    const { hub, b } = await twoTasks();
    b.hangUp();
    hub.world.pass(5_000);
    const mine = second(hub);
    hub.world.pass(5_000);
    await another(hub);
    const back = await login(hub, 'b', mine);
    expect(back.version).toBe(mine - 1);
    const [all] = lists(await back.wire.ask({ type: 'write-all', tasks: [task(1, 'ONE')], version: mine }));
    expect(all.tasks).toMatchObject([task(1, 'ONE'), task(3, 'three')]);
  });

  test('[M3.2] with edits, by a clock that is days behind the hub’s, is believed to have them all the same', async () => {
    const hub = await startHub();
    const { wire: b } = await login(hub, 'b', 0);
    const behind = second(hub) - 3 * 86_400_000;
    await b.ask({ type: 'create', task: task(1, 'one'), version: behind });
    hub.world.pass(5_000);
    b.hangUp();
    expect((await login(hub, 'b', behind + 60_000)).version).toBe(behind + 59_999);
  });

  test('[M1.2] [M1.3] with version 0 reads all, and does not remove the tasks it created before', async () => {
    const { hub, b } = await twoTasks();
    b.hangUp();
    const now = await another(hub);
    const reset = await login(hub, 'b', 0);
    expect(reset.version).toBe(now);
    const [all] = lists(await reset.wire.ask({ type: 'write-all', tasks: [task(7, 'seven')], version: second(hub) }));
    expect(all.tasks).toMatchObject([task(1, 'one'), task(2, 'two'), task(3, 'three'), task(7, 'seven')]);
  });
});

describe('a version of a second that has not ended', () => {
  test('[M4.1] does not prove that nothing changed if the device’s last message was in that second', async () => {
    const hub = await startHub();
    const { wire: b } = await login(hub, 'b', 0);
    const version = second(hub);
    await b.ask({ type: 'create', task: task(1, 'one'), version });
    b.hangUp(false);
    expect((await login(hub, 'b', version)).version).toBe(version - 1);
  });

  test('[M4.2] is not believed of a device that closed in good order within it: its next edit has the same version', async () => {
    const hub = await startHub();
    const { wire: b } = await login(hub, 'b', 0);
    const version = second(hub);
    await b.ask({ type: 'create', task: task(1, 'one'), version });
    b.hangUp();
    const back = await login(hub, 'b', version);
    expect(back.version).toBe(version - 1);
    await back.wire.ask({ type: 'write-all', tasks: [task(1, 'edited in that second')], version });
    const [all] = lists(await back.wire.ask({ type: 'read-all' }));
    expect(all.tasks).toMatchObject([task(1, 'edited in that second')]);
  });

  test('[M4.2] is believed if the device closed in good order after it', async () => {
    const { hub, b, version } = await twoTasks();
    b.hangUp();
    const now = await another(hub);
    expect((await login(hub, 'b', version)).version).toBe(now);
  });

  test('[M4.3] is not believed if the connection broke: an edit of that second may have been on the way', async () => {
    const { hub, b, version } = await twoTasks();
    b.hangUp(false);
    await another(hub);
    expect((await login(hub, 'b', version)).version).toBe(version - 1);
  });
});

test('[M4.4] a request that was not finished when the connection closed normally is an unseen edit', async () => {
  const { hub, b, version } = await twoTasks();
  b.say({ type: 'tokens' });
  b.say({ type: 'update', task: task(1, 'one more'), version });
  b.hangUp();
  await settle();
  expect((await login(hub, 'b', version)).version).toBe(version - 1);
});

describe('a list that was sent', () => {
  /** A device received two tasks, and returns with a new task but without those two. */
  async function backAfterReading(act: (hub: TestHub, b: Wire) => Promise<void>): Promise<Message> {
    const { hub } = await twoTasks();
    const { wire } = await login(hub, 'reader', 0);
    await wire.ask({ type: 'read-all' });
    await act(hub, wire);
    hub.world.pass(5_000);
    const mine = second(hub);
    const back = await login(hub, 'reader', mine);
    expect(back.version).toBe(mine - 1);
    await back.wire.ask({ type: 'write-all', tasks: [task(8, 'eight')], version: mine });
    const [all] = lists(await back.wire.ask({ type: 'read-all' }));
    return all.tasks.map(({ desc }: { desc: string }) => desc);
  }

  test('[M11.2] counts as received when the client closes normally: missing tasks were deleted', async () => {
    expect(await backAfterReading(async (_, wire) => wire.hangUp())).toEqual(['eight']);
  });

  test('[M11.3] counts as received when the client sends something two seconds later', async () => {
    const tasks = await backAfterReading(async (hub, wire) => {
      hub.world.pass(2_000);
      await wire.ask({ type: 'update', task: task(2, 'two'), version: second(hub) });
      wire.hangUp(false);
    });
    expect(tasks).toEqual(['eight']);
  });

  test('[M11.4] may not have arrived when the connection breaks before: nothing is removed', async () => {
    expect(await backAfterReading(async (_, wire) => wire.hangUp(false))).toEqual(['one', 'two', 'eight']);
  });

  test('[M11.4] may not have arrived when the client sends something sooner than that', async () => {
    const tasks = await backAfterReading(async (hub, wire) => {
      hub.world.pass(1_999);
      await wire.ask({ type: 'update', task: task(2, 'two'), version: second(hub) });
      wire.hangUp(false);
    });
    expect(tasks).toEqual(['one', 'two', 'eight']);
  });

  test('[M11.5] is proved received by the device’s next list: tasks it has come from there, tasks it lacks were deleted', async () => {
    const { hub } = await twoTasks();
    const { wire } = await login(hub, 'reader', 0);
    await wire.ask({ type: 'read-all' });
    wire.hangUp(false);
    hub.world.pass(5_000);
    const mine = second(hub);
    const back = await login(hub, 'reader', mine);
    await back.wire.ask({ type: 'write-all', tasks: [task(2, 'two')], version: mine });
    const [all] = lists(await back.wire.ask({ type: 'read-all' }));
    expect(all.tasks).toMatchObject([task(2, 'two')]);
  });

  test('[M11.6] is proved received by the index of a task that the device made without one', async () => {
    const hub = await startHub();
    const { wire } = await login(hub, 'maker', 0);
    await wire.ask({ type: 'create', task: task(1, 'one'), version: second(hub) });
    await wire.ask({ type: 'create', task: task(2, 'two'), version: second(hub) });
    const [sent] = lists(await wire.ask({ type: 'read-all' }));
    wire.hangUp(false);
    hub.world.pass(5_000);
    // It has edited the one, deleted the other, and given the id of the other to a new task.
    const listed = [{ ...sent.tasks[0], desc: 'ONE' }, task(2, 'new')];
    const mine = second(hub);
    const back = await login(hub, 'maker', mine);
    await back.wire.ask({ type: 'write-all', tasks: listed, version: mine });
    const [all] = lists(await back.wire.ask({ type: 'read-all' }));
    expect(all.tasks).toMatchObject([task(1, 'ONE'), task(2, 'new')]);
    expect(all.tasks[1].index).not.toBe(sent.tasks[1].index);
  });

  test('[M11.1] is one that the device did not ask for, after a merge that changed its list', async () => {
    const { hub, b } = await twoTasks();
    b.hangUp();
    await another(hub);
    const mine = second(hub);
    hub.world.pass(5_000);
    const back = await login(hub, 'b', mine);
    const answers = await back.wire.ask({ type: 'write-all', tasks: [task(1, 'one'), task(2, 'TWO')], version: mine });
    expect(lists(answers).map(({ tasks }) => tasks)).toMatchObject([
      [task(1, 'one'), task(2, 'TWO'), task(3, 'three')],
    ]);
  });
});

describe('the device records of the hub', () => {
  test('[M1.4] a base survives a restart: an offline delete is still one after it', async () => {
    const { hub, b } = await twoTasks();
    b.hangUp();
    await settle();
    hub.world.pass(5_000);
    const again = await startHub({ store: hub.store, world: hub.world });
    const mine = second(hub);
    const wire = again.connect('b');
    await wire.ask({ type: 'login', user_id: hub.owner, device_id: 'b', version: mine });
    await wire.ask({ type: 'write-all', tasks: [task(2, 'two')], version: mine });
    const [all] = lists(await wire.ask({ type: 'read-all' }));
    expect(all.tasks).toMatchObject([task(2, 'two')]);
  });
});
