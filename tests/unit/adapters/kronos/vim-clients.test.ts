// Support of kronos.vim of 2018 and of 2019 (rules R3 to R5, W7, W10, W11, M13), in conversations with clients that behave as the real ones
// were observed to. `npm run clients` runs real Vims; these tests do not.

import { describe, expect, test } from '@jest/globals';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../../harness/kronos.ts';
import { task } from '../../../harness/task.ts';

const of2019 = (id: number, desc: string, more: object = {}) => ({
  id,
  desc,
  tags: [],
  active: 0,
  start: [],
  stop: [],
  due: 0,
  done: 0,
  ...more,
});

async function login(hub: TestHub, device: string, version = 0): Promise<Wire> {
  const wire = hub.connect(device);
  await wire.ask({ type: 'login', user_id: hub.owner, device_id: device, version });
  return wire;
}

/** The tasks of an answered `read-all`. */
async function tasksOf(wire: Wire): Promise<Message[]> {
  return (await wire.ask({ type: 'read-all' })).at(-1).tasks;
}

/** A hub with a task that `old` (2018) created and that `young` (2019) received. */
async function hubWithTask(): Promise<{ hub: TestHub; old: Wire; young: Wire; alias: string }> {
  const hub = await startHub();
  const [old, young] = [await login(hub, 'old'), await login(hub, 'young')];
  await old.ask({ type: 'create', task: task(1, 'milk'), version: hub.world.now() });
  await young.ask();
  hub.world.pass(60_000);
  return { hub, old, young, alias: `${hub.owner}#1#${hub.world.now() - 60_000}` };
}

describe('text ids', () => {
  test('[R3] digits in a text are a number, in update, delete and write-all', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    await wire.ask({ type: 'write-all', tasks: [{ ...task(0, 'milk'), id: '7' }], version: 1_000 });
    await wire.ask({ type: 'update', task: { ...task(0, 'oat milk'), id: '7' } });
    expect(await tasksOf(wire)).toMatchObject([{ id: 7, desc: 'oat milk' }]);
    await wire.ask({ type: 'delete', task_id: '7' });
    expect(await tasksOf(wire)).toEqual([]);
  });

  test('[R3] a text that is not a number is refused', async () => {
    const wire = await login(await startHub(), 'a');
    expect(await wire.ask({ type: 'delete', task_id: 'seven' })).toMatchObject([{ error: 'invalid task id' }]);
  });
});

describe('fields that a generation cannot do without', () => {
  test('[R4.1] [R4.2] [R4.3] each client gets the fields of its generation; a client of unknown generation gets those of both', async () => {
    const { hub, old, young } = await hubWithTask();
    await young.ask({ type: 'create', task: of2019(2, 'bread', { active: 1, start: [9_000_000_000_000] }) });
    const [milk, bread] = await tasksOf(young);
    expect(milk).toMatchObject({ start: [], stop: [], active: 0 });
    expect(milk).not.toHaveProperty('worktime');
    expect(bread).toMatchObject({ active: 1 });
    expect((await tasksOf(old))[1]).toMatchObject({ worktime: 0, last_active: 0, active: 9_000_000_000 });
    expect((await tasksOf(await login(hub, 'new')))[1]).toMatchObject({ worktime: 0, start: [9_000_000_000_000] });
  });

  test('[R4.4] fields that a client repeats are not stored; fields that it changes are stored in the form of the task', async () => {
    const { hub, old, young, alias } = await hubWithTask();
    await young.ask({
      type: 'update',
      task_id: 1,
      task: of2019(1, 'oat milk', { index: alias }),
      version: hub.world.now(),
    });
    const [item] = await hub.store.read('owner/tasks', {});
    expect(JSON.parse(item?.value ?? '')).toEqual(task(1, 'oat milk'));
    await young.ask({
      type: 'update',
      task_id: 1,
      task: of2019(1, 'oat milk', { index: alias, due: 9_000_000_000_000 }),
    });
    expect((await tasksOf(old))[0]).toMatchObject({ desc: 'oat milk', due: 9_000_000_000 });
  });

  test('[R5] a task without an index is sent with one, by which it can be updated and deleted', async () => {
    const { old, young } = await hubWithTask();
    const [{ index }] = await tasksOf(young);
    await young.ask({ type: 'update', task_id: 1, task: of2019(1, 'oat milk', { index }) });
    expect(await tasksOf(old)).toMatchObject([{ id: 1, desc: 'oat milk' }]);
    await young.ask({ type: 'delete', task_index: index });
    expect(await tasksOf(old)).toEqual([]);
  });
});

describe('a task in a list that cannot be read', () => {
  test('[W7.3] [W7.4] [W7.5] leaves the others of the list, is not removed, and is named in the ack', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    await wire.ask({ type: 'write-all', tasks: [task(1, 'one'), task(2, 'two')], version: 1_000 });
    const list = [{ ...task(1, 'one'), tags: 'none' }, task(2, 'two, changed'), task(3, 'three')];
    const answers = await wire.ask({ type: 'write-all', tasks: list, version: 2_000, ref: 7 });
    const unreadable = [{ place: 1, error: 'invalid tags', task_id: 1 }];
    expect(answers).toContainEqual(expect.objectContaining({ type: 'ack', ref: 7, unreadable }));
    expect(await tasksOf(wire)).toMatchObject([{ desc: 'one' }, { desc: 'two, changed' }, { desc: 'three' }]);
  });

  test('[W7.3] [W7.5] [W7.6] may be out of bounds; without ref one line names it, and its text is in history', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    const text = `{"type":"write-all","version":1000,"tasks":[${JSON.stringify(task(1, 'one'))},{"id":-9011795907862000000,"desc":"big"}]}`;
    const [line] = await wire.ask(text);
    expect(line).toMatchObject({ success: false, code: 'unreadable', error: expect.stringContaining('task 2') });
    expect(await tasksOf(wire)).toMatchObject([{ desc: 'one' }]);
    expect(JSON.stringify(await hub.store.history('owner/tasks', {}))).toContain('-9011795907862000000');
  });

  test('[W7.4] where the task cannot be identified, nothing is removed', async () => {
    const wire = await login(await startHub(), 'a');
    await wire.ask({ type: 'write-all', tasks: [task(1, 'one'), task(2, 'two')], version: 1_000 });
    await wire.ask({ type: 'write-all', tasks: [task(2, 'two'), 5], version: 2_000 });
    expect(await tasksOf(wire)).toHaveLength(2);
  });
});

describe('an index that a client of 2019 makes for a task that it was notified of', () => {
  test('[W10.1] [W10.2] means that task in update, done and delete, in any order', async () => {
    const { hub, old, young, alias } = await hubWithTask();
    await young.ask({ type: 'update', task_id: 1, task: of2019(1, 'oat milk', { index: alias }) });
    hub.world.pass(60_000);
    const done = of2019(-1_1767614460000, 'oat milk', { index: alias, done: 1_767_614_460_000 });
    await young.ask({ type: 'update', task_id: 1, task: done });
    expect(await tasksOf(old)).toMatchObject([{ id: -1_1767614460000, desc: 'oat milk' }]);
    hub.world.pass(60_000);
    await young.ask({ type: 'delete', task_index: alias });
    expect(await tasksOf(old)).toEqual([]);
  });

  test('[W10.1] means that task also in a delete without an earlier update', async () => {
    const { old, young, alias } = await hubWithTask();
    await young.ask({ type: 'delete', task_index: alias });
    expect(await tasksOf(old)).toEqual([]);
  });

  test('[W10.2] is remembered over a restart of the hub', async () => {
    const { hub, young, alias } = await hubWithTask();
    const done = of2019(-1_1767614460000, 'milk', { index: alias, done: 1_767_614_460_000 });
    await young.ask({ type: 'update', task_id: 1, task: done });
    young.hangUp();
    hub.world.pass(5_000);
    await young.ask().catch(() => undefined);
    const again = await startHub({ store: hub.store, world: hub.world });
    const back = again.connect('young');
    await back.ask({ type: 'login', user_id: hub.owner, device_id: 'young', version: 0 });
    await back.ask({ type: 'delete', task_index: alias });
    expect(await tasksOf(back)).toEqual([]);
  });

  test('[W10.3] is that of a new task in create', async () => {
    const { young, alias } = await hubWithTask();
    await young.ask({ type: 'create', task: of2019(1, 'bread', { index: alias }) });
    expect(await tasksOf(young)).toMatchObject([{ desc: 'milk' }, { desc: 'bread' }]);
  });

  test('[W10.4] means that task in a list, edited or not; a task made offline under another index is new', async () => {
    const { hub, young, alias } = await hubWithTask();
    young.hangUp();
    hub.world.pass(60_000);
    const back = hub.connect('young');
    const version = hub.world.now() - 1_000;
    await back.ask({ type: 'login', user_id: hub.owner, device_id: 'young', version });
    const made = of2019(2, 'bread', { index: `${hub.owner}#2#${version}` });
    await back.ask({ type: 'write-all', tasks: [of2019(1, 'oat milk', { index: alias }), made], version });
    expect(await tasksOf(back)).toMatchObject([
      { id: 1, desc: 'oat milk' },
      { id: 2, desc: 'bread' },
    ]);
  });
});

test.each([
  { way: 'one after the other', isAtOnce: false },
  { way: 'at once', isAtOnce: true },
])('[M9.1] [W10.3] two tasks with one id and index, made offline in the same second, are two: the lists arrive $way', async ({
  isAtOnce,
}) => {
  const hub = await startHub();
  const devices = ['left', 'right'];
  for (const device of devices) {
    const wire = await login(hub, device);
    await wire.ask({ type: 'read-all' });
    await wire.ask({ type: 'create', task: of2019(devices.indexOf(device) + 1, device) });
    await wire.ask({ type: 'read-all' });
    hub.world.pass(5_000);
    await settle();
    // The hub is killed: nobody knows what arrived of the last list.
    wire.hangUp(false);
  }
  hub.world.pass(60_000);
  const version = hub.world.now();
  const index = `${hub.owner}#3#${version}`;
  hub.world.pass(5_000);
  // Both are connected again before the hub has either list.
  const back: Wire[] = [];
  for (const device of devices) back.push(await login(hub, device, version));
  const lists = back.map((wire, n) => {
    const made = of2019(3, `offline ${devices[n]}`, { index });
    const list = { type: 'write-all', tasks: [of2019(1, 'left'), of2019(2, 'right'), made], version };
    return () => wire.ask(list);
  });
  if (isAtOnce) await Promise.all(lists.map((send) => send()));
  else for (const send of lists) await send();
  const tasks = await tasksOf(await login(hub, 'other'));
  expect(tasks.map(({ desc }) => desc)).toEqual(['left', 'right', 'offline left', 'offline right']);
});

test('[W10.5] a known client of 2019 gets a new task and then its index, with increasing whole versions: Neovim cannot store others', async () => {
  const { hub, old, young } = await hubWithTask();
  await young.ask({ type: 'create', task: of2019(2, 'bread'), version: hub.world.now() });
  await young.ask();
  hub.world.pass(60_000);
  const version = hub.world.now();
  for (const id of [3, 4]) await old.ask({ type: 'create', task: task(id, 'cheese'), version });
  const notices = await young.ask();
  expect(notices).toMatchObject([
    { type: 'create', task: { id: 3 }, version: version - 1 },
    { type: 'update', task: { id: 3, index: expect.stringContaining(hub.owner) }, version },
    { type: 'create', task: { id: 4 }, version: version + 1 },
    { type: 'update', task: { id: 4, index: expect.stringContaining(hub.owner) }, version: version + 2 },
  ]);
});

test('[R4.1] a client that repeats the fields of both generations and names no old id is one of 2018', async () => {
  const { hub, old } = await hubWithTask();
  const reader = await login(hub, 'reader');
  const [milk] = await tasksOf(reader);
  await reader.ask({ type: 'update', task: { ...milk, desc: 'oat milk' } });
  const [shown] = await tasksOf(reader);
  expect(shown).not.toHaveProperty('start');
  expect(await tasksOf(old)).toMatchObject([{ desc: 'oat milk' }]);
});

test('[W1.2] others are notified of a change in a list, also where the device sent it in the stored form', async () => {
  const { hub, old, young } = await hubWithTask();
  const [milk] = await tasksOf(old);
  await young.ask({ type: 'create', task: of2019(2, 'bread'), version: hub.world.now() });
  await young.ask();
  const done = { ...milk, id: '11767614480', done: 1_767_614_480, desc: 'oat milk' };
  await old.ask({ type: 'write-all', tasks: [done, (await tasksOf(old))[1]], version: hub.world.now() });
  expect((await young.ask()).map(({ type, task_id: id }) => [type, id])).toEqual([
    ['delete', 1],
    ['create', undefined],
    ['update', 1],
  ]);
});

describe('a change of id', () => {
  test('[W11.1] is sent as a delete, a create and an update, with increasing versions', async () => {
    const { hub, old, young } = await hubWithTask();
    const version = hub.world.now();
    await old.ask({ type: 'update', task: task(1_1767614460, 'milk', { done: 1_767_614_460 }), version });
    const notices = await young.ask();
    expect(notices).toMatchObject([
      { type: 'delete', task_id: 1, version },
      { type: 'create', task: { id: 1_1767614460 }, version: version + 1 },
      { type: 'update', task: { id: 1_1767614460 }, task_id: 1, version: version + 2 },
    ]);
  });

  test('[W11.2] that frees an id for another task is sent before that task', async () => {
    const { hub, old, young } = await hubWithTask();
    const index = (await tasksOf(old))[0].index;
    const list = [task(2, 'milk', { index }), task(1, 'bread')];
    await old.ask({ type: 'write-all', tasks: list, version: hub.world.now() });
    const kinds = (await young.ask()).map(({ type, task: one, task_id: id }) => `${type} ${one?.id ?? id}`);
    expect(kinds).toEqual(['delete 1', 'create 2', 'update 2', 'create 1']);
  });

  test('[W11.3] tasks that exchange their ids are all there for a client that goes by the messages', async () => {
    const { hub, old, young } = await hubWithTask();
    const names = ['bread', 'cheese'];
    for (const [at, desc] of names.entries())
      await old.ask({ type: 'create', task: task(at + 2, desc), version: hub.world.now() });
    await young.ask();
    const shown = new Map([...(await tasksOf(young))].map(({ id, desc }) => [id, desc]));
    const indexes = new Map((await tasksOf(old)).map(({ desc, index }) => [desc, index]));
    const list = [
      ['milk', 2],
      ['bread', 3],
      ['cheese', 1],
    ].map(([desc, id]) => task(Number(id), String(desc), { index: indexes.get(desc) }));
    hub.world.pass(60_000);
    await old.ask({ type: 'write-all', tasks: list, version: hub.world.now() });
    const versions: number[] = [];
    // task.vim of 2018: `create` ignores a task whose id is there, `update` and `delete` find a task by its id.
    for (const { type, task: one, task_id: id, version } of await young.ask()) {
      versions.push(version);
      if (type === 'create' && !shown.has(one.id)) shown.set(one.id, one.desc);
      if (type === 'update' && shown.has(one.id)) shown.set(one.id, one.desc);
      if (type === 'delete') shown.delete(id);
    }
    expect(Object.fromEntries(shown)).toEqual({ 1: 'cheese', 2: 'milk', 3: 'bread' });
    expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other));
  });
});

test('[W6.10] a client of 2018 that did a task without telling has not seen what others changed since, and takes none of it back', async () => {
  const { hub, old, young } = await hubWithTask();
  const [{ index }] = await tasksOf(young);
  const milk = { ...task(1, 'milk'), index };
  await old.ask({ type: 'update', task: { ...milk, tags: ['home'] }, version: hub.world.now() });
  // It starts, stops and does the task now. Its task has another id, so that it ignores the notification.
  hub.world.pass(60_000);
  const done = Math.floor(hub.world.now() / 1_000);
  hub.world.pass(60_000);
  const due = 1_800_000_000_000;
  const edited = of2019(1, 'milk', { index, tags: ['home'], due });
  await young.ask({ type: 'update', task_id: 1, task: edited, version: hub.world.now() });
  hub.world.pass(60_000);
  const sent = { ...milk, id: `1${done}`, done, last_active: done, worktime: 5, tags: ['shop'] };
  await old.ask({ type: 'update', task: sent, version: hub.world.now() });
  await settle();
  expect(await tasksOf(young)).toMatchObject([{ desc: 'milk', tags: ['shop'], due, done: done * 1_000 }]);
});

test('[M10.10] a client of 2018 that has sent a task’s index in an update lists that task with it: a done task of its old id is another', async () => {
  const { hub, old, young } = await hubWithTask();
  const [{ index }] = await tasksOf(young);
  await young.ask({ type: 'update', task_id: 1, task: of2019(1, 'oat milk', { index }), version: hub.world.now() });
  hub.world.pass(60_000);
  // It was shown the index in the notification, and keeps fields that it does not know.
  const milk = { ...task(1, 'oat milk'), index, tags: ['shop'] };
  await old.ask({ type: 'update', task: milk, version: hub.world.now() });
  old.hangUp();
  hub.world.pass(60_000);
  const due = 9_000_000_000_000;
  await young.ask({ type: 'update', task_id: 1, task: of2019(1, 'oat milk', { index, tags: ['shop'], due }) });
  // Meanwhile it deletes the task, makes another under the free id, and does that one.
  hub.world.pass(60_000);
  const version = hub.world.now();
  const done = Math.floor(version / 1_000);
  const back = await login(hub, 'old', version);
  await back.ask({ type: 'write-all', tasks: [{ ...task(1, 'bread'), id: `1${done}`, done }], version });
  await settle();
  expect(await tasksOf(young)).toMatchObject([
    { desc: 'oat milk', tags: ['shop'], due, done: 0 },
    { desc: 'bread', tags: [], done: done * 1_000 },
  ]);
});

test('[M13] silent changes of a client of 2018 are merged when it reconnects, under the version that it had', async () => {
  const { hub, old, young } = await hubWithTask();
  const version = hub.world.now();
  await old.ask({ type: 'update', task: task(1, 'milk'), version });
  old.hangUp();
  hub.world.pass(60_000);
  const back = hub.connect('old');
  const [answer] = await back.ask({ type: 'login', user_id: hub.owner, device_id: 'old', version });
  expect(answer.version).toBe(version - 1);
  await back.ask({ type: 'write-all', tasks: [task(1, 'milk', { active: 1_767_614_460 })], version });
  expect((await tasksOf(young))[0]).toMatchObject({ desc: 'milk', active: 1_767_614_460 });
});
