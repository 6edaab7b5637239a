// Command-line tools: wscat, Taskwarrior's imports, and mob.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../tests/harness/eventually.ts';
import { check, checkEqual } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import { type ClientHub, owner, type RunningProgram, type Workbench } from '../workbench.ts';

export const toolRows: readonly ClientRow[] = [
  { name: 'wscat', source: 'npm', run: runWscat },
  { name: 'taskwarrior', source: 'Debian', run: runTaskwarrior },
  { name: 'mob', source: 'CLIENTS_FROM', run: runMob },
];

const kronos = fileURLToPath(new URL('../../../bin/kronos.cjs', import.meta.url));

async function runWscat(bench: Workbench): Promise<RunReport> {
  const hub = await bench.hub();
  const address = hub.url.replace(/^http/, 'ws');
  const login = { user_id: owner, device_id: 'wscat', version: 1 };
  const subscribe = { type: 'subscribe', channel: 'tasks' };
  const follower = await startWscat(bench, address, [subscribe]);
  await eventually(() => follower.out().includes('"snapshot"'), 'wscat to be subscribed', { instead: follower.out });
  const task = { id: 1, desc: 'written by wscat', tags: [] };
  const writer = await startWscat(bench, address, [
    { type: 'create', ...login, task },
    { type: 'read-all', ...login },
  ]);
  for (const { out } of [writer, follower])
    await eventually(() => out().includes(task.desc), 'wscat to show the task', { instead: out });
  checkEqual((await writer.finish()).code, 0, 'the exit code');
  checkEqual(await descriptionsIn(hub), [task.desc], 'the tasks of the hub');
  const did = 'one wrote a task and read all, another that was subscribed was shown it';
  return { version: wscatVersion, did };
}

const wscatVersion = '6.1.0';

/** wscat that sends messages once it is connected. It shows what comes until it is finished: it ends with its input. */
export async function startWscat(
  bench: Workbench,
  address: string,
  messages: readonly object[],
  options: readonly string[] = [],
): Promise<RunningProgram> {
  const folder = await bench.npm(`wscat@${wscatVersion}`);
  const sent = messages.flatMap((message) => ['-x', JSON.stringify(message)]);
  const args = ['-c', address, '-H', `Authorization: Bearer ${owner}`, '-w', '-1', ...options, ...sent];
  return bench.start(join(folder, 'node_modules/.bin/wscat'), args);
}

async function descriptionsIn(hub: ClientHub): Promise<readonly string[]> {
  return (await hub.tasks()).map(({ desc }) => desc).sort();
}

async function runTaskwarrior(bench: Workbench): Promise<RunReport> {
  const task = bench.tool('task');
  const home = bench.folder();
  const env = { HOME: home, TASKDATA: home, TASKRC: '/dev/null' };
  const run = (...args: readonly string[]) =>
    bench.succeed(task, ['rc.confirmation=off', 'rc.bulk=0', ...args], { env });
  await run('add', 'write the report', '+work', 'priority:H', 'due:2030-01-02T10:00:00Z', 'wait:2029-01-01T00:00:00Z');
  await run('add', 'water plants', 'due:2030-01-01', 'recur:weekly');
  await run('add', 'call bob', '+home');
  const uuid = (await run('_uuid', 'call')).trim();
  await run(uuid, 'annotate', 'number is in the book');
  await run(uuid, 'done');
  const exported = await run('export');
  const hub = await bench.hub();
  const own = { KRONOS_DATA: bench.folder(), XDG_CACHE_HOME: bench.folder() };
  const k = (args: readonly string[], input = '') =>
    bench.succeed(process.execPath, [kronos, ...args], { env: own, input });
  await k(['login', `127.0.0.1:${hub.kronosPort}`, '--token', owner]);
  await k(['import', 'taskwarrior', '-'], exported);
  await k(['sync']);
  const tasks = await hub.tasks();
  checkEqual(await descriptionsIn(hub), ['call bob', 'water plants', 'write the report'], 'the tasks of the hub');
  const stored = JSON.stringify(tasks);
  check(stored.includes('"priority":"high"') && stored.includes('number is in the book'), `a field is lost: ${stored}`);
  const other = bench.folder();
  const back = { HOME: other, TASKDATA: other, TASKRC: '/dev/null' };
  await bench.succeed(task, ['rc.confirmation=off', 'import', '-'], {
    env: back,
    input: await k(['export', 'taskwarrior']),
  });
  const returned = await bench.succeed(task, ['export'], { env: back });
  check(
    returned.includes('"priority":"H"') && returned.includes('number is in the book'),
    `Taskwarrior got back ${returned}`,
  );
  const again = await bench.succeed(task, ['count', 'due.any:'], { env: back });
  check(Number(again) >= 2, `Taskwarrior got ${again.trim()} tasks with a due date back`);
  const version = (await bench.succeed(task, ['--version'])).trim();
  return { version, did: `exported ${tasks.length} tasks, imported by kronos, synced, and taken back by task import` };
}

async function runMob(bench: Workbench): Promise<RunReport> {
  const mob = bench.checkout('mob');
  const open = await bench.hub();
  const closed = await bench.hub({ HORAI_ROOMS: 'members', HORAI_HOSTS: 'hub.example.org' });
  const home = bench.folder();
  const env = { HOME: home, MOB_TIMER_ROOM: 'clients-run', MOB_TIMER_USER: 'ann', MOB_TIMER_LOCAL: 'false' };
  const run = (url: string, ...args: readonly string[]) =>
    bench.run(mob, args, { env: { ...env, MOB_TIMER_URL: url }, cwd: home });
  const show = async (url: string) => {
    const stream = await fetch(`${url}clients-run/events`, { headers: { authorization: `Bearer ${owner}` } });
    const reader = stream.body?.getReader();
    let seen = '';
    while (!seen.includes('TIMER_REQUEST')) seen += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    return seen;
  };
  const timer = await run(open.url, 'timer', '10');
  check(timer.code === 0 && !/error/i.test(timer.out), `mob timer says ${timer.out}${timer.err}`);
  check((await show(open.url)).includes('"timer":10'), 'the timer is not in the room');
  checkEqual((await run(open.url, 'break', '5')).code, 0, 'the exit code of mob break');
  check((await show(open.url)).includes('"BREAKTIMER"'), 'the break is not in the room');
  const refused = await run(closed.url, 'timer', '10');
  check(refused.code === 1, `mob without a token ends with ${refused.code}`);
  const withToken = closed.url.replace('://', `://${owner}@`);
  const allowed = await run(withToken, 'timer', '7');
  check(allowed.code === 0, `mob with a token says ${allowed.out}${allowed.err}`);
  check((await show(closed.url)).includes('"timer":7'), 'the timer with a token is not in the room');
  const version = (await bench.succeed(mob, ['version'], { cwd: home })).trim();
  return { version, did: 'timer and break; refused without a token, timer with a token in the address' };
}
