// Devices that were offline, with a real hub: two `kronos` and one plain client of 2018. Nothing here waits for time. A sync is finished when
// the command ends, and a plain client has received all changes when its ping is answered.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import { AccountDatabase, HubChangedError, TaskSync } from '../../../../clients/kronos/sync/sync.ts';
import { connect, MemoryStorage } from '../../../../clients/typescript/index.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { plainOf } from '../../../../protocol/plain.ts';
import type { RunningHub } from '../../../../server/compose.ts';
import { TestCli } from '../../../harness/cli-context.ts';
import { startComposed } from '../../../harness/compose.ts';
import { PlainClient } from '../../../harness/plain-client.ts';
import { Leftovers } from '../../../harness/process.ts';
import { Socket } from '../../../harness/socket.ts';

const leftovers = new Leftovers();
let hub: RunningHub;
beforeEach(async () => {
  hub = await startComposed({ kronosPort: 0, isKronosRequired: true });
});
afterEach(async () => {
  await hub.stop();
  await leftovers.clear();
});

const host = () => new URL(hub.url).host;
const tcpPort = () => Number(hub.kronos?.split(':').at(-1));

function device(name: string): TestCli {
  const folder = leftovers.folder();
  const cli = new TestCli(new DatabaseFile(join(folder, 'kronos.json')), name);
  cli.folder = folder;
  cli.env = { KRONOS_TOKEN: hub.ownerSecret ?? '' };
  return cli;
}

/** A task without the fields that users do not see. */
function seen({ index: _, ...task }: PlainTask): Omit<PlainTask, 'index'> {
  return { ...task, tags: [...task.tags].sort() };
}

const tasksOf = (one: TestCli | PlainClient) =>
  (one instanceof TestCli ? one.database.read().tasks : one.tasks.map((task) => plainOf('', task)))
    .map(seen)
    .sort((a, b) => a.id - b.id);

async function all(cli: TestCli, ...lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const ran = await cli.run(line);
    expect([line, ran.code, ran.err]).toEqual([line, 0, '']);
  }
}

test('changes of one device reach the other', async () => {
  const [a, b] = [device('a'), device('b')];
  await all(a, 'a buy milk +home :1d', 'a call Bob', 's 2', `login ${host()}`);
  await all(b, `login ${host()}`);
  expect(tasksOf(b)).toEqual(tasksOf(a));
  b.now += 60_000;
  await all(b, 'do 2', 'sync');
  await all(a, 'sync');
  expect(tasksOf(a)).toEqual(tasksOf(b));
  expect(tasksOf(a)[1]).toMatchObject({ desc: 'call Bob', active: 0, worktime: 60 });
  expect(a.database.read().queue).toEqual([]);
});

test('an offline login succeeds; a sync that gives up and a refused token fail', async () => {
  const a = device('a');
  await all(a, 'a one');
  const offline = /^note: the hub was not reached \(.*\); 1 change waits here and will be sent\n$/;
  const login = await a.run('login 127.0.0.1:1');
  expect(login.code).toBe(0);
  await all(a, 'a two');
  expect(await a.run('sync')).toMatchObject({ code: 1, out: '', err: expect.stringMatching(offline) });
  a.env = { KRONOS_TOKEN: '11111111-1111-4111-8111-111111111111' };
  const refused = await a.run(`login ${host()}`);
  expect(refused).toMatchObject({ code: 4, err: expect.stringContaining('the hub refuses the token: user not found') });
  expect(await a.run('login not/an/address')).toMatchObject({ code: 2 });
  expect(a.database.read().tasks).toHaveLength(2);
});

describe('a hub that does not know the stored token', () => {
  async function strangers(): Promise<TestCli> {
    const a = device('a');
    await all(a, 'a one', 'a two', `login ${host()}`);
    await hub.stop();
    hub = await startComposed({ kronosPort: 0, isKronosRequired: true });
    a.database.write(() => ({ sync_host: host() }));
    await all(a, 'del 2');
    a.env = {};
    return a;
  }

  test('is offered to be used without it; yes sends all tasks to the account that the hub gives', async () => {
    const a = await strangers();
    a.answer = 'yes';
    expect(await a.run('login')).toEqual({ code: 0, out: 'synchronized\n', err: '' });
    expect(a.questions).toEqual([expect.stringContaining('does not know the token that is stored here')]);
    const b = device('b');
    await all(b, `login ${host()}`);
    expect(tasksOf(b).map(({ desc }) => desc)).toEqual(['one']);
  });

  test.each([
    'no',
    'cannot ask',
  ] as const)('changes nothing if the answer is %s, and says how to go on', async (answer) => {
    const a = await strangers();
    const before = a.database.read();
    a.answer = answer;
    const { code, err } = await a.run('login');
    expect(code).toBe(4);
    expect(err).toContain('"kronos login --no-token" to continue without one');
    expect(a.database.read()).toEqual(before);
  });

  test('--no-token continues without asking', async () => {
    const a = await strangers();
    expect(await a.run('login --no-token')).toEqual({ code: 0, out: 'synchronized\n', err: '' });
    expect(a.questions).toEqual([]);
  });
});

test.each([
  'a',
  'b',
] as const)('two devices that stop one start count its time once, up to the later stop (%s comes back first)', async (first) => {
  const [a, b] = [device('a'), device('b')];
  await all(a, 'a shared', `login ${host()}`, 'start 1', 'sync');
  await all(b, `login ${host()}`);
  a.now += 10 * 60_000;
  b.now += 25 * 60_000;
  await all(a, 'stop 1');
  await all(b, 'stop 1');
  const [one, other] = first === 'a' ? [a, b] : [b, a];
  for (const cli of [one, other, one]) await all(cli, 'sync');
  expect(tasksOf(a)).toEqual(tasksOf(b));
  expect(tasksOf(a)).toMatchObject([{ worktime: 25 * 60, active: 0, last_active: Math.floor(b.now / 1_000) }]);
});

test('ten thousand tasks are imported, uploaded and downloaded by another device', async () => {
  const [a, b] = [device('a'), device('b')];
  const tasks = Array.from({ length: 10_000 }, (_, at) => ({ id: at + 1, desc: `task ${at}`, tags: ['many'] }));
  a.stdin = JSON.stringify(tasks);
  expect(await a.run('import vim -')).toMatchObject({ code: 0, out: '10000 tasks added; 0 were here already\n' });
  await all(a, `login ${host()}`);
  await all(b, `login ${host()}`);
  expect(a.database.read().queue).toEqual([]);
  expect(tasksOf(b)).toEqual(tasksOf(a));
});

test('an upload of many tasks is stored on disk at once, not once for each task', async () => {
  class CountingStorage extends MemoryStorage {
    updates = 0;
    override update(...args: Parameters<MemoryStorage['update']>): Promise<void> {
      this.updates += 1;
      return super.update(...args);
    }
  }
  const a = device('a');
  a.stdin = Array.from({ length: 500 }, (_, at) => `task ${at}`).join('\n');
  await all(a, 'a -');
  const token = hub.ownerSecret ?? '';
  a.database.write(() => ({ enable_sync: true, sync_host: host(), sync_user_id: token }));
  const storage = new CountingStorage();
  const connection = connect({ url: hub.url, token, storage, webSocket: WebSocket });
  const channel = connection.channel('tasks');
  await channel.open();
  await connection.sync({ deadlineMs: 15_000 });
  const before = storage.updates;
  await new TaskSync(a.database, channel, () => a.now).upload();
  expect(storage.updates - before).toBeLessThan(5);
  expect(channel.pendingCount).toBeGreaterThan(0);
  await connection.close();
});

test('a sync shows how much is sent, and how much there is', async () => {
  const a = device('a');
  a.stdin = Array.from({ length: 300 }, (_, at) => `task ${at}`).join('\n');
  await all(a, 'a -', `login ${host()}`);
  expect(a.progress).toEqual(expect.arrayContaining(['sent 0 of 300 changes', 'sent 150 of 300 changes']));
  expect(a.progress.at(-1)).toBe('');
});

/** Creates a token of an account of the hub, by default of the owner. */
async function tokenOf(account?: string): Promise<string> {
  const owner = await Socket.open(hub.url);
  await owner.ask({ type: 'login', user_id: hub.ownerSecret });
  if (account !== undefined) await owner.ask({ type: 'account', name: account });
  const { secret } = await owner.ask({ type: 'token', name: 'another', ...(account && { account }) });
  await owner.close();
  return String(secret);
}

test('a refused token loses nothing: queued writes stay queued, and are sent with the right token', async () => {
  const a = device('a');
  await all(a, 'a one', 'a two', `login ${host()}`, 'del 2');
  const before = a.database.read();
  expect(before.queue).toHaveLength(1);
  a.env = { KRONOS_TOKEN: '11111111-1111-4111-8111-111111111111' };
  expect(await a.run(`login ${host()}`)).toMatchObject({ code: 4 });
  expect(a.database.read()).toEqual(before);
  await all(a, 'sync');
  expect(tasksOf(a).map(({ desc }) => desc)).toEqual(['one']);
});

test('another token of the same account continues from the old position: deleted tasks stay deleted', async () => {
  const [a, b] = [device('a'), device('b')];
  await all(a, 'a one', 'a two', 'a three', `login ${host()}`);
  await all(b, `login ${host()}`, 'del 1', 'sync');
  await all(a, 'del 2');
  a.env = { KRONOS_TOKEN: await tokenOf() };
  await all(a, `login ${host()}`);
  await all(b, 'sync');
  expect(tasksOf(a).map(({ desc }) => desc)).toEqual(['three']);
  expect(tasksOf(b)).toEqual(tasksOf(a));
});

test('another account of the same hub gets all tasks and loses none; the first account keeps its own', async () => {
  const [a, b] = [device('a'), device('b')];
  await all(a, 'a one', `login ${host()}`);
  a.env = { KRONOS_TOKEN: await tokenOf('ann') };
  await all(a, `login ${host()}`, 'a for ann', 'sync');
  expect(tasksOf(a).map(({ desc }) => desc)).toEqual(['one', 'for ann']);
  await all(b, `login ${host()}`);
  expect(tasksOf(b).map(({ desc }) => desc)).toEqual(['one']);
});

test('a sync that runs during a login to another hub stores nothing of the old hub', async () => {
  const a = device('a');
  await all(a, 'a one', `login ${host()}`, 'a two');
  const before = a.database.read();
  const bound = new AccountDatabase(a.database, before);
  a.database.write(() => ({ sync_user_id: 'another', sync_epoch: '', queue: [] }));
  await expect(bound.storeIdentity({ identity: async () => ({ device: 'd', token: 'old' }) })).rejects.toThrow(
    HubChangedError,
  );
  expect(a.database.read()).toMatchObject({ sync_user_id: 'another', sync_device_id: before.sync_device_id });
  a.database.write(() => ({ sync_user_id: before.sync_user_id }));
  await bound.storeIdentity({ identity: async () => ({ device: 'd', token: 'given' }) });
  expect(bound.matches(a.database.read())).toBe(true);
});

test('a logout keeps the tasks, and the next login duplicates none', async () => {
  const a = device('a');
  await all(a, 'a one', 's 1', `login ${host()}`, 'logout', 'a two', `login ${host()}`, 'sync');
  expect(tasksOf(a).map(({ desc }) => desc)).toEqual(['one', 'two']);
  const b = device('b');
  await all(b, `login ${host()}`);
  expect(tasksOf(b)).toEqual(tasksOf(a));
});

test('a hub with a new database gets all tasks and deletes none', async () => {
  const a = device('a');
  await all(a, 'a one', `login ${host()}`, 'a two');
  const owner = a.env['KRONOS_TOKEN'];
  await hub.stop();
  hub = await startComposed({ kronosPort: 0, isKronosRequired: true, ownerToken: owner });
  a.database.write(() => ({ sync_host: host() }));
  await all(a, 'sync');
  expect(tasksOf(a).map(({ desc }) => desc)).toEqual(['one', 'two']);
  const b = device('b');
  b.env = a.env;
  await all(b, `login ${host()}`);
  expect(tasksOf(b)).toEqual(tasksOf(a));
});

test('time that two devices worked on one task adds up, and their tags stay side by side', async () => {
  const [a, b] = [device('a'), device('b')];
  await all(a, 'a one +old', `login ${host()}`);
  await all(b, `login ${host()}`);
  for (const [cli, seconds, tag] of [
    [a, 10, 'x'],
    [b, 20, 'y'],
  ] as const) {
    await all(cli, 's 1');
    cli.now += seconds * 1_000;
    await all(cli, 's 1', `u 1 +${tag} -old`);
    // The other one starts later: two devices that start a task in the same second make one interval.
    b.now += 60_000;
  }
  await all(a, 'sync');
  await all(b, 'sync');
  await all(a, 'sync');
  expect(tasksOf(a)).toEqual(tasksOf(b));
  expect(tasksOf(a)).toMatchObject([{ worktime: 30, tags: ['x', 'y'] }]);
});

test('intervals of two devices on one task are all there, and one start that both stopped is one interval', async () => {
  const [a, b] = [device('a'), device('b')];
  await all(a, 'a one', 's 1', `login ${host()}`);
  await all(b, `login ${host()}`);
  const began = Math.floor(a.now / 1_000);
  a.now += 600_000;
  b.now += 900_000;
  await all(a, 's 1', 'track yesterday 9:00-10:00 task:1');
  await all(b, 's 1', 'track yesterday 14:00 30min task:1');
  await all(a, 'sync');
  await all(b, 'sync');
  await all(a, 'sync');
  expect(tasksOf(a)).toEqual(tasksOf(b));
  const [{ intervals = '', worktime } = { worktime: 0 }] = tasksOf(a);
  const yesterday = (hour: number) => began - 86_400 - 12 * 3_600 - 21 * 60 + (hour - 9) * 3_600;
  expect(intervals.split(' ')).toEqual([`${yesterday(9)}+3600`, `${yesterday(14)}+1800`, `${began}+900`]);
  expect(worktime).toBe(3_600 + 1_800 + 900);
  // A revert takes back what it did, and nothing of the other device.
  await all(b, 'revert', 'sync');
  await all(a, 'sync');
  expect(tasksOf(a)).toMatchObject([{ intervals: `${yesterday(9)}+3600 ${began}+900`, worktime: 4_500 }]);
});

test('entries of a device without a hub are at the hub after it has one, once', async () => {
  const a = device('a');
  await all(a, 'track 9:00-10:15 review @paper +draft', 'track 11:00-11:30 call');
  await all(a, `login ${host()}`, 'sync');
  expect(a.database.read().entries).toEqual([]);
  const listed = JSON.parse((await a.run('track list --json')).out);
  expect(listed.map(({ item }: { item: unknown }) => item)).toEqual([
    { text: 'review', project: 'paper', tags: ['draft'] },
    { text: 'call' },
  ]);
  await all(a, 'sync');
  expect(JSON.parse((await a.run('track list --json')).out)).toHaveLength(2);
});

type Name = 'a' | 'b' | 'plain';
const orders: readonly (readonly Name[])[] = [
  ['a', 'b', 'plain'],
  ['a', 'plain', 'b'],
  ['b', 'a', 'plain'],
  ['b', 'plain', 'a'],
  ['plain', 'a', 'b'],
  ['plain', 'b', 'a'],
];

describe('two kronos and a plain client, all of them away', () => {
  test.each(orders.map((order) => [order.join(', '), order] as const))('come back as %s', async (_, order) => {
    const [a, b] = [device('a'), device('b')];
    const plain = new PlainClient(tcpPort(), hub.ownerSecret ?? '', 'vim');
    await all(a, 'a shared +s', 'a second', 'a third', `login ${host()}`);
    await all(b, `login ${host()}`);
    await plain.online();
    await plain.offline();
    expect(tasksOf(plain)).toEqual(tasksOf(a));

    await all(a, 'u 1 edited by A +tagA', 'do 2', 'a from A', 's 3');
    a.now += 10_000;
    await all(a, 's 3');
    await all(b, 'u 1 +tagB', 's 1');
    b.now += 30_000;
    await all(b, 's 1', 'del 3', 'a from B');
    plain.update(1, { due: 2_000_000_000 });
    plain.delete(2);
    plain.create({ id: 4, desc: 'from P', tags: [], active: 0, last_active: 0, due: 0, done: 0, worktime: 0 });

    const back: Record<Name, () => Promise<void>> = {
      a: () => all(a, 'sync'),
      b: () => all(b, 'sync'),
      plain: async () => {
        await plain.online();
        await plain.offline();
      },
    };
    for (const name of [...order, ...order]) await back[name]();

    expect(tasksOf(b)).toEqual(tasksOf(a));
    // It is not shown intervals (R6).
    expect(tasksOf(plain)).toEqual(tasksOf(a).map(({ intervals: _, ...task }) => task));
    const found = new Map(tasksOf(a).map((task) => [task.desc, task]));
    expect([...found.keys()].sort()).toEqual(['edited by A', 'from A', 'from B', 'from P', 'second', 'third']);
    expect(found.get('edited by A')).toMatchObject({ tags: ['s', 'tagA', 'tagB'], due: 2_000_000_000, worktime: 30 });
    expect(found.get('second')).toMatchObject({
      done: a.database.read().log.find(({ action }) => action === 'done')?.at,
    });
    expect(found.get('third')).toMatchObject({ worktime: 10 });
    expect(new Set(tasksOf(a).map(({ id }) => id)).size).toBe(6);

    // Undo, of an own change and of a received one. The other devices receive the result.
    const doneStep = a.database.read().log.find(({ action }) => action === 'done')?.n;
    await all(a, `revert ${doneStep}`, 'sync');
    await all(b, 'sync');
    await back.plain();
    expect(tasksOf(b)).toEqual(tasksOf(a));
    expect(tasksOf(plain)).toEqual(tasksOf(a).map(({ intervals: _, ...task }) => task));
    expect(tasksOf(b).find(({ desc }) => desc === 'second')).toMatchObject({ done: 0 });
    expect(await b.run('revert')).toMatchObject({ code: 0, out: expect.stringContaining('(add: from B) reverted') });
    await all(b, 'sync');
    await all(a, 'sync');
    expect(tasksOf(a)).toEqual(tasksOf(b));
    expect(tasksOf(a).map(({ desc }) => desc)).not.toContain('from B');
  });
});
