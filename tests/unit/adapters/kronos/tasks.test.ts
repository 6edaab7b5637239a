import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../../../protocol/messages.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../../harness/kronos.ts';
import { task } from '../../../harness/task.ts';
import { turnsDuring } from '../../../harness/turns.ts';

async function login(hub: TestHub, device: string, version = 0): Promise<Wire> {
  const wire = hub.connect(device);
  await wire.ask({ type: 'login', user_id: hub.owner, device_id: device, version });
  return wire;
}

describe('task verbs', () => {
  test('[L1.1] [L5] a login is answered with user, device, and version -1 where nobody has written yet', async () => {
    const hub = await startHub();
    const wire = hub.connect();
    const [answer] = await wire.ask({ type: 'login', user_id: hub.owner, device_id: '', version: 0 });
    expect(answer).toEqual({
      success: true,
      type: 'login',
      user_id: hub.owner,
      device_id: expect.any(String),
      version: -1,
    });
    expect(answer.device_id).not.toBe('');
  });

  test('[W1.1] [W1.2] a create, an update and a delete are sent to the other connections and not to the sender', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    const now = hub.world.now();
    expect(await a.ask({ type: 'create', task: task(1, 'milk'), version: now })).toEqual([]);
    expect(await b.ask()).toMatchObject([
      { success: true, type: 'create', task: task(1, 'milk'), device_id: 'a', version: now },
    ]);
    await b.ask({ type: 'update', task: task(1, 'oat milk'), version: now });
    expect(await a.ask()).toMatchObject([
      { success: true, type: 'update', task: task(1, 'oat milk'), device_id: 'b', version: now + 1 },
    ]);
    await a.ask({ type: 'delete', task_id: 1, version: now });
    expect(await b.ask()).toEqual([{ success: true, type: 'delete', task_id: 1, device_id: 'a', version: now + 2 }]);
    expect(await b.ask({ type: 'read-all' })).toEqual([
      { success: true, type: 'read-all', tasks: [], version: now + 2 },
    ]);
  });

  test('[W2.2] [W2.3] done changes the id, and the notification carries the old one', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    await a.ask({ type: 'create', task: task(5, 'x') });
    await b.ask();
    await a.ask({ type: 'update', task: task(51530716924, 'x', { done: 1530716924 }) });
    expect((await b.ask()).at(-1)).toMatchObject({ type: 'update', task: { id: 51530716924 }, task_id: 5 });
  });

  test('[W2.4] the id of a done task means the task with the old id, although the description is new', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    await a.ask({ type: 'create', task: task(5, 'x') });
    const done = { done: 1530716924 };
    expect(await a.ask({ type: 'update', task: task(51530716924, 'y', done) })).toEqual([]);
    expect(await a.ask({ type: 'read-all' })).toMatchObject([{ tasks: [{ id: 51530716924, desc: 'y' }] }]);
    // A task with other tags is another one.
    await a.ask({ type: 'create', task: task(6, 'x', { tags: ['shop'] }) });
    expect(await a.ask({ type: 'update', task: task(61530716924, 'y', done) })).toMatchObject([{ success: false }]);
  });

  test('[R2.2] an index is returned with the reader’s own user id, and is stored without any secret', async () => {
    const hub = await startHub();
    const other = await hub.accounts.createToken('owner', 'phone', ['read', 'write']);
    if (!other.ok) throw new Error(other.error);
    const a = await login(hub, 'a');
    const b = hub.connect('b');
    await b.ask({ type: 'login', user_id: other.secret, device_id: 'b', version: 0 });
    await a.ask({ type: 'create', task: { ...task(1, 'x'), index: `${hub.owner}#1#1000` } });
    const [notice] = await b.ask();
    expect(notice.task.index).toBe(`${other.secret}#1#1000`);
    await b.ask({ type: 'delete', task_index: `${other.secret}#1#1000` });
    const [gone] = await a.ask();
    expect(gone).toMatchObject({ type: 'delete', task_id: 1, task_index: `${hub.owner}#1#1000` });
    const history = await hub.store.history('owner/tasks', {});
    expect(JSON.stringify(history)).not.toContain(hub.owner);
  });

  test('[W3.1] [W3.3] a create with a taken id gets another id, and its sender gets all tasks', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    await a.ask({ type: 'create', task: task(1, 'milk') });
    await b.ask();
    const [all] = await b.ask({ type: 'create', task: task(1, 'bread') });
    expect(all).toMatchObject({
      type: 'read-all',
      tasks: [
        { id: 1, desc: 'milk' },
        { id: 2, desc: 'bread' },
      ],
    });
    expect(await a.ask()).toMatchObject([{ type: 'create', task: { id: 2, desc: 'bread' }, device_id: 'b' }]);
    expect(await b.ask({ type: 'create', task: task(1, 'milk') })).toMatchObject([
      { success: false, error: 'task already exist' },
    ]);
  });

  test('[W4.1] a task that never was is not found', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const errors = await a.ask(
      { type: 'update', task: task(9, 'x') },
      { type: 'delete', task_id: 9 },
      { type: 'delete', task_index: 'no#9#9' },
      { type: 'create' },
      { type: 'update', task: { desc: 'x' } },
      { type: 'delete' },
      { type: 'delete', task_id: 'nine' },
      { type: 'create', task: { id: 1, desc: 4 } },
      { type: 'nonsense' },
      'nonsense',
      { type: 'write-all' },
    );
    expect(errors.map((message: Message) => message.error)).toEqual([
      'task not found',
      'task not found',
      'task not found',
      'missing task',
      'missing task id',
      'missing task id',
      'invalid task id',
      'invalid desc',
      'invalid payload type',
      'invalid payload',
      'missing tasks',
    ]);
  });

  test('[W6.1] two devices that change one task at once both keep their change', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    await a.ask({ type: 'create', task: task(1, 'milk') });
    await b.ask();
    hub.world.pass(60_000);
    a.say({ type: 'update', task: task(1, 'milk', { tags: ['home'] }) });
    b.say({ type: 'update', task: task(1, 'milk', { due: 99 }) });
    await settle();
    const [all] = await a
      .ask({ type: 'read-all' })
      .then((messages) => messages.filter((message) => message.type === 'read-all'));
    expect(all.tasks).toMatchObject([task(1, 'milk', { tags: ['home'], due: 99 })]);
  });

  test('[W6.7] an update whose id now belongs to a new, unlike task does not change that task, and is stored beside it', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    await a.ask({ type: 'create', task: task(1, 'milk'), version: hub.world.now() });
    await b.ask();
    hub.world.pass(60_000);
    await a.ask({ type: 'delete', task_id: 1 });
    hub.world.pass(2_500);
    await a.ask({ type: 'create', task: task(1, 'bread') });
    const [all] = await b
      .ask({ type: 'update', task: task(1, 'milk', { tags: ['home'], due: 99 }) })
      .then((messages) => messages.filter((message) => message.type === 'read-all'));
    expect(all.tasks).toMatchObject([task(1, 'bread'), task(2, 'milk', { tags: ['home'], due: 99 })]);
    hub.world.pass(2_500);
    await b.ask({ type: 'update', task: task(1, 'rye', { tags: ['home'], due: 99 }) });
    expect(await a.ask()).toMatchObject([{ type: 'create' }, { type: 'update', task: { id: 1, desc: 'rye' } }]);
  });

  test('[W6.4] an update by an id that moved to another task unseen goes to the task it differs least from', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    await a.ask({ type: 'create', task: task(1, 'milk', { tags: ['home'], due: 5 }), version: hub.world.now() });
    await b.ask();
    hub.world.pass(60_000);
    await a.ask({ type: 'update', task: task(2, 'milk', { tags: ['home'], due: 5 }), task_id: 1 });
    await a.ask({ type: 'create', task: task(1, 'bread') });
    const [all] = await b
      .ask({ type: 'update', task: task(1, 'oat milk', { tags: ['home'], due: 5 }) })
      .then((messages) => messages.slice(-1));
    expect(all.tasks).toMatchObject([task(1, 'bread'), task(2, 'oat milk', { tags: ['home'], due: 5 })]);
  });

  test('[W6.5] an update by an id that moved to another task unseen, and differs from both equally, becomes a new task', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    await a.ask({ type: 'create', task: task(1, 'milk'), version: hub.world.now() });
    await b.ask();
    hub.world.pass(60_000);
    await a.ask({ type: 'update', task: task(2, 'milk'), task_id: 1 }, { type: 'create', task: task(1, 'bread') });
    const [all] = await b.ask({ type: 'update', task: task(1, 'cheese') }).then((messages) => messages.slice(-1));
    expect(all.tasks).toMatchObject([task(1, 'bread'), task(2, 'milk'), task(3, 'cheese')]);
  });

  test('[W6.6] a delete by an id that went to another task unseen is not made; one by the device that made that task is', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    const c = await login(hub, 'c');
    await a.ask({ type: 'create', task: task(1, 'milk'), version: hub.world.now() });
    hub.world.pass(60_000);
    await c.ask({ type: 'delete', task_id: 1 });
    await a.ask({ type: 'create', task: task(1, 'bread') });
    const [all] = await b.ask({ type: 'delete', task_id: 1 }).then((answers) => answers.slice(-1));
    expect(all.tasks).toMatchObject([task(1, 'bread')]);
    await a.ask({ type: 'delete', task_id: 1 });
    expect(await b.ask()).toMatchObject([{ type: 'delete', task_id: 1 }]);
  });

  test('[W6.3] undoing a task that another device renames unseen, by a client that names no old id, undoes that task', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    const done = task(11767614400, 'milk', { done: 1_767_614_400 });
    await a.ask({ type: 'create', task: done, version: hub.world.now() });
    hub.world.pass(60_000);
    await a.ask({ type: 'update', task: { ...done, desc: 'oat milk' } });
    const [notice, all] = await b.ask({ type: 'update', task: task(2, 'milk') }).then((answers) => answers.slice(-2));
    expect(notice).toMatchObject({ type: 'update', task: { desc: 'oat milk' } });
    expect(all).toMatchObject({ type: 'read-all', tasks: [task(2, 'oat milk')] });
  });

  test('[W6.9] a sender that repeats a task without a new field is sent that field, and does not remove it later', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    const now = hub.world.now();
    await a.ask({ type: 'create', task: task(1, 'milk'), version: now });
    const [first] = await b.ask({ type: 'read-all' }).then((answers) => answers.slice(-1));
    expect(first.tasks).toMatchObject([task(1, 'milk')]);
    hub.world.pass(60_000);
    await a.ask({ type: 'update', task: task(1, 'milk', { tags: ['new'] }) });
    const [all] = await b
      .ask({ type: 'update', task: task(1, 'oat milk'), version: now + 60_000 })
      .then((answers) => answers.slice(-1));
    expect(all).toMatchObject({ type: 'read-all', tasks: [task(1, 'oat milk', { tags: ['new'] })] });
    b.hangUp(false);
    const back = hub.connect('b');
    await back.ask({ type: 'login', user_id: hub.owner, device_id: 'b', version: now + 70_000 });
    const [merged] = await back.ask({ type: 'write-all', tasks: [], version: now + 70_000 });
    expect(merged.tasks).toMatchObject([task(1, 'oat milk', { tags: ['new'] })]);
  });

  test('[W6.8] an update that a device sends before it has the merged list changes the list that it sent', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    const now = hub.world.now();
    await b.ask({ type: 'create', task: task(1, 'milk'), version: now });
    b.hangUp(false);
    hub.world.pass(60_000);
    await a.ask({ type: 'update', task: task(1, 'milk', { due: 99 }) });
    await a.ask({ type: 'update', task: task(11767614460, 'milk', { due: 99, done: 1_767_614_460 }), task_id: 1 });
    hub.world.pass(5_000);
    const back = hub.connect('b');
    await back.ask(
      { type: 'login', user_id: hub.owner, device_id: 'b', version: now + 66_000 },
      { type: 'write-all', tasks: [task(1, 'milk')], version: now + 66_000 },
    );
    const [all] = await back
      .ask({ type: 'update', task: task(1, 'milk', { tags: ['new'] }), version: now + 66_000 })
      .then((answers) => answers.slice(-1));
    expect(all.tasks).toMatchObject([task(11767614460, 'milk', { due: 99, done: 1_767_614_460, tags: ['new'] })]);
  });

  describe('a device whose clock is ahead, and that missed later changes of others', () => {
    async function deaf(): Promise<{ hub: TestHub; a: Wire; b: Wire; ahead: number }> {
      const hub = await startHub();
      const a = await login(hub, 'a');
      await a.ask(
        { type: 'create', task: task(1, 'milk'), version: hub.world.now() },
        { type: 'create', task: task(2, 'bread'), version: hub.world.now() },
      );
      const b = await login(hub, 'b');
      await b.ask({ type: 'read-all' });
      const ahead = hub.world.now() + 86_400_000;
      await b.ask({ type: 'update', task: task(2, 'rye'), version: ahead });
      hub.world.pass(60_000);
      return { hub, a, b, ahead };
    }

    test('[M12.1] reverts none of them before it has received the list with them', async () => {
      const { hub, a, b, ahead } = await deaf();
      await a.ask(
        { type: 'update', task: task(1, 'milk', { due: 99 }) },
        { type: 'update', task: task(2, 'rye', { due: 98 }) },
      );
      hub.world.pass(60_000);
      b.say({ type: 'update', task: task(2, 'rye', { due: 0, tags: ['x'] }), version: ahead });
      await settle();
      b.say({ type: 'update', task: task(1, 'milk', { due: 0, tags: ['x'] }), version: ahead });
      const [all] = await b.ask().then((answers) => answers.slice(-1));
      expect(all.tasks).toMatchObject([
        task(1, 'milk', { due: 99, tags: ['x'] }),
        task(2, 'rye', { due: 98, tags: ['x'] }),
      ]);
      hub.world.pass(5_000);
      await b.ask({ type: 'update', task: task(1, 'milk', { due: 0, tags: ['x'] }), version: ahead });
      const [now] = await a.ask({ type: 'read-all' }).then((answers) => answers.slice(-1));
      expect(now.tasks[0]).toMatchObject(task(1, 'milk', { due: 0, tags: ['x'] }));
    });

    test('[M12.2] deletes no task by an id that another task had when it last saw all tasks', async () => {
      const { hub, a, b, ahead } = await deaf();
      await a.ask({ type: 'delete', task_id: 1 });
      await a.ask({ type: 'create', task: task(1, 'cheese') });
      hub.world.pass(60_000);
      const [all] = await b.ask({ type: 'delete', task_id: 1, version: ahead }).then((answers) => answers.slice(-1));
      expect(all.tasks).toMatchObject([task(1, 'cheese'), task(2, 'rye')]);
      hub.world.pass(5_000);
      expect(await b.ask({ type: 'delete', task_id: 1, version: ahead })).toEqual([]);
      expect(await a.ask()).toMatchObject([{ type: 'delete', task_id: 1 }]);
    });

    test('[M12.3] changes the task that it made itself under an id that another task had', async () => {
      const { hub, a, b, ahead } = await deaf();
      await a.ask({ type: 'delete', task_id: 1 });
      hub.world.pass(60_000);
      await b.ask({ type: 'create', task: task(1, 'cheese'), version: ahead });
      await b.ask({ type: 'update', task: task(1, 'butter'), version: ahead });
      const [all] = await a.ask({ type: 'read-all' }).then((answers) => answers.slice(-1));
      expect(all.tasks).toMatchObject([task(1, 'butter'), task(2, 'rye')]);
    });
  });

  test('[W5] versions always grow, and no client’s clock moves them far ahead', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    const b = await login(hub, 'b');
    const now = hub.world.now();
    await a.ask(
      { type: 'create', task: task(1, 'x'), version: now + 86_400_000 },
      { type: 'create', task: task(2, 'y'), version: 5 },
    );
    expect((await b.ask()).map((message: Message) => message.version)).toEqual([now + 2_000, now + 2_002]);
  });

  test('[M6.1] [M7.1] a task deleted offline is deleted, and an edit made offline is merged', async () => {
    const hub = await startHub();
    const a = await login(hub, 'a');
    await a.ask(
      { type: 'create', task: task(1, 'one'), version: 1_000 },
      { type: 'create', task: task(2, 'two'), version: 1_000 },
    );
    const b = await login(hub, 'b');
    const [all] = await b.ask({ type: 'read-all' });
    expect(all.tasks).toHaveLength(2);
    b.hangUp();
    await a.ask({ type: 'update', task: task(1, 'one', { tags: ['x'] }), version: 2_000 });
    const back = hub.connect('b');
    const [answer] = await back.ask({ type: 'login', user_id: hub.owner, device_id: 'b', version: 9_000 });
    expect(answer.version).toBe(8_999);
    const [merged] = await back.ask({ type: 'write-all', tasks: [task(1, 'ONE')], version: 9_000 });
    expect(merged).toMatchObject({ type: 'read-all', tasks: [task(1, 'ONE', { tags: ['x'] })] });
    expect(await a.ask()).toMatchObject([
      { type: 'delete', task_id: 2 },
      { type: 'update', task: task(1, 'ONE', { tags: ['x'] }) },
    ]);
  });
});

describe('a long list', () => {
  test('is merged with turns for others', async () => {
    const listOf = (name: string) => Array.from({ length: 1_000 }, (_, at) => task(at + 1, `${at} ${name}`));
    const hub = await startHub();
    const a = await login(hub, 'a');
    const write = (name: string) =>
      turnsDuring(a.ask({ type: 'write-all', tasks: listOf(name), version: hub.world.now(), ref: 1 }));
    expect((await write('one')).result.at(0)).toMatchObject({ type: 'ack' });
    const { turns } = await write('other');
    expect(turns).toBeGreaterThan(10 * (1_000 / 250));
    const [list] = (await a.ask({ type: 'read-all' })).slice(-1);
    expect(list.tasks.map(({ desc }: Task) => desc)).toEqual(listOf('other').map(({ desc }) => desc));
  });

  test('is computed again when another node wrote meanwhile, and later writes keep their order', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const hub = await startHub({ store });
    const a = await login(hub, 'a');
    await a.ask();
    const tasks = Array.from({ length: 1_000 }, (_, at) => task(at + 1, `task ${at}`));
    a.say({ type: 'write-all', tasks, version: hub.world.now(), ref: 'list' });
    a.say({ type: 'create', task: task(5_000, 'later'), ref: 'later' });
    await settle();
    await hub.hub.channel('owner/tasks').then((channel) =>
      channel.write({
        ops: [{ op: 'put', key: 'foreign', value: JSON.stringify(task(7_000, 'foreign')), version: hub.world.now() }],
        origin: 'another',
        at: hub.world.now(),
      }),
    );
    const answers = await a.ask();
    expect(answers.flatMap(({ type, ref }) => (type === 'ack' ? [ref] : []))).toEqual(['list', 'later']);
    const [list] = (await a.ask({ type: 'read-all' })).slice(-1);
    expect(list.tasks).toHaveLength(1_002);
  });
});
