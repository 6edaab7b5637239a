// The idle guard of a whole hub: it asks also when nobody follows, is answered once, survives a restart, and changes no time by itself.

import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { DatabaseFile } from '../../../clients/kronos/data/file.ts';
import { readLastSync } from '../../../clients/kronos/sync/last-sync.ts';
import { compile } from '../../../protocol/check.ts';
import { QuestionsView } from '../../../protocol/day-questions.ts';
import { TestCli } from '../../harness/cli-context.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';
import { Leftovers } from '../../harness/process.ts';

const leftovers = new Leftovers();

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.onDisk();
});

afterEach(async () => {
  await hub.end();
  await leftovers.clear();
});

const afk = (from: string, to: string, status: 'afk' | 'not-afk') =>
  hub.events('aw-watcher-afk_laptop', 'afkstatus', [[from, to, { status }]]);
const questions = async () => (await hub.get('/-/questions')).questions;
const start = (more: object = {}) =>
  hub.write({
    type: 'create',
    channel: 'tasks',
    key: 't1',
    item: {
      id: 1,
      desc: 'mend',
      active: hub.s('09:00'),
      last_active: 0,
      worktime: 0,
      due: 0,
      done: 0,
      tags: [],
      ...more,
    },
  });
const task = async () => {
  const [item] = await hub.node.store.read('owner/tasks', { key: 't1' });
  return JSON.parse(item?.value ?? '{}');
};
/** The item that the guard wrote, without anybody following. */
const written = async (date = '2026-11-28') => {
  const [item] = await hub.node.store.read(`owner/day/${date}`, { key: 'questions' });
  return item === undefined ? undefined : JSON.parse(item.value).questions;
};

/** The clock goes on by a minute until the guard has written so many questions. */
const guardWrites = (count: number, date = '2026-11-28') =>
  eventually(async () => {
    hub.world.pass(60_000);
    return (await written(date))?.length === count;
  }, `the guard to have written ${count} questions`);

async function leave(): Promise<void> {
  hub.moveTo('09:00');
  await start();
  await afk('09:00', '09:30', 'not-afk');
  await afk('09:30', '09:50', 'afk');
  hub.moveTo('09:50');
}

test('a task that runs while every device is away is asked about, though nobody follows, and nothing is changed', async () => {
  await leave();
  await guardWrites(1);
  const [question, ...more] = await questions();
  expect(more).toEqual([]);
  expect(question).toMatchObject({ kind: 'idle', task: 't1', desc: 'mend', from: hub.us('09:30'), to: null });
  expect(compile(QuestionsView)(await hub.get('/-/questions'))).toBe(true);
  expect(await task()).toMatchObject({ active: hub.s('09:00'), worktime: 0 });
});

test('of two answers at once one counts, the other is told which, and the question disappears everywhere', async () => {
  await leave();
  await guardWrites(1);
  const [{ key }] = await questions();
  const both = await Promise.allSettled(
    ['stop', 'keep'].map((answer) => hub.post('/-/questions', { key, answer }, {}, 200)),
  );
  const lost = both.find(({ status }) => status === 'rejected');
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(String(lost?.status === 'rejected' ? lost.reason : '')).toMatch(/409.*it was answered with (?:stop|keep)/);
  expect(await questions()).toEqual([]);
  await eventually(async () => (await written())?.length === 0, 'the item to be empty');
});

test('"stop" ends the task where the absence began; a later look asks nothing more', async () => {
  await leave();
  const [{ key }] = await questions();
  await hub.post('/-/questions', { key, answer: 'stop' });
  expect(await task()).toMatchObject({ active: 0, last_active: hub.s('09:30'), worktime: 1_800 });
  hub.moveTo('12:00');
  expect(await questions()).toEqual([]);
  await hub.post('/-/questions', { key, answer: 'keep' }, {}, 409);
  await hub.post('/-/questions', { key: 'other', answer: 'keep' }, {}, 404);
});

test('"split" lets the task pause while nobody was there; "keep" changes nothing', async () => {
  await leave();
  await afk('09:50', '10:00', 'not-afk');
  hub.moveTo('10:00');
  const [{ key, to }] = await questions();
  expect(to).toBe(hub.us('09:50'));
  await hub.post('/-/questions', { key, answer: 'split' });
  expect(await task()).toMatchObject({ active: hub.s('09:50'), worktime: 1_800 });
  await afk('10:00', '10:20', 'afk');
  hub.moveTo('10:20');
  const [again] = await questions();
  await hub.post('/-/questions', { key: again.key, answer: 'keep' });
  expect(await task()).toMatchObject({ active: hub.s('09:50'), worktime: 1_800 });
  hub.moveTo('10:40');
  expect(await questions()).toEqual([]);
});

test('a restart loses no question, doubles none, and applies an answer whose task was not changed yet', async () => {
  await leave();
  const before = await questions();
  hub = await hub.restart();
  expect(await questions()).toEqual(before);
  const [{ key, from }] = before;
  // As a hub leaves it that ends between the answer and the task.
  const item = { kind: 'idle', answer: 'stop', task: 't1', started: hub.us('09:00'), applied: false };
  await hub.write({ type: 'create', channel: 'questions', key, item, time: from, end: from + 1_200_000_000 });
  hub = await hub.restart();
  await eventually(async () => (await task()).active === 0, 'the task to be stopped');
  expect(await task()).toMatchObject({ last_active: hub.s('09:30'), worktime: 1_800 });
  expect(await questions()).toEqual([]);
});

test('it is silent without an AFK source and where it is switched off, and says why', async () => {
  hub.moveTo('09:00');
  await start();
  hub.moveTo('12:00');
  expect(await hub.get('/-/questions')).toEqual({
    questions: [],
    watches: false,
    why: 'no device reports absence: start aw-watcher-afk on one',
  });
  await afk('11:00', '11:30', 'afk');
  expect(await questions()).toHaveLength(1);
  await hub.write({ type: 'create', channel: 'settings', key: 'questions', item: { idle: false } });
  expect(await hub.get('/-/questions')).toMatchObject({
    questions: [],
    watches: false,
    why: 'it is switched off in the settings',
  });
});

test('a task left running past the end of its day is asked about under the next date, and its old item is empty', async () => {
  await leave();
  await guardWrites(1);
  await afk('09:50', '23:50', 'not-afk');
  const [{ key }] = await questions();
  await hub.post('/-/questions', { key, answer: 'keep' });
  hub.moveTo('00:10', 1);
  await hub.write({ type: 'ping' });
  await guardWrites(1, '2026-11-29');
  await hub.write({ type: 'create', channel: 'settings', key: 'questions', item: { unexplained: false } });
  const open = await questions();
  expect(open).toMatchObject([{ kind: 'left_running', from: hub.us('24:00'), answers: ['stop', 'keep'] }]);
  expect(await written()).toEqual([]);
});

test('the longest unexplained stretch of yesterday is offered until somebody dismisses it', async () => {
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [
    ['09:00', '09:20', { app: 'kitty', title: 'zsh' }],
    ['11:00', '11:50', { app: 'kitty', title: 'zsh' }],
  ]);
  hub.moveTo('08:00', 1);
  await hub.write({ type: 'ping' });
  const [question, ...more] = await questions();
  expect(more).toEqual([]);
  expect(question).toMatchObject({ kind: 'unexplained', from: hub.us('11:00'), to: hub.us('11:50') });
  await hub.post('/-/questions', { key: question.key, answer: 'stop' }, {}, 400);
  await hub.post('/-/questions', { key: question.key, answer: 'dismiss' });
  expect(await questions()).toEqual([]);
});

async function terminalOf(now: number): Promise<TestCli> {
  const folder = leftovers.folder();
  const cli = new TestCli(new DatabaseFile(join(folder, 'kronos.json')));
  cli.folder = folder;
  cli.env = { KRONOS_TOKEN: hub.node.hub.ownerSecret ?? '' };
  cli.now = now;
  await cli.run(`login ${new URL(hub.node.hub.url).host}`);
  cli.lastSync = readLastSync(folder);
  cli.isTerminal = true;
  return cli;
}

test('the first kronos of a day in a terminal offers the longest unexplained stretch of yesterday, once for all devices', async () => {
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [
    ['09:00', '09:20', { app: 'kitty', title: 'zsh' }],
    ['11:00', '11:50', { app: 'kitty', title: 'zsh' }],
  ]);
  hub.moveTo('08:00', 1);
  await hub.write({ type: 'ping' });
  const cli = await terminalOf(hub.ms('08:00') + 86_400_000);
  cli.isTerminal = false;
  expect(await cli.run('list')).toMatchObject({ code: 0, err: '' });
  cli.isTerminal = true;
  // A list that a program reads stays alone, and a hub that was not reached just now is not waited for.
  expect((await cli.run('list --json')).err).toBe('');
  cli.lastSync = { outcome: 'offline', reason: 'no network', at: cli.now };
  expect((await cli.run('list')).err).toBe('');
  cli.lastSync = { outcome: 'ok', reason: '', at: cli.now };
  expect((await cli.run('add water the plants')).err).toBe(
    'question: what was 50min from 12:00 to 12:50? (kronos suggest yesterday, or kronos track yesterday …)\n',
  );
  expect((await cli.run('list')).err).toBe('');
  expect(await questions()).toEqual([]);
  const other = await terminalOf(hub.ms('08:00') + 86_400_000);
  expect((await other.run('list')).err).toBe('');
});

test('what the hub asks about a running task is shown by every kronos, from the last sync or by asking who was away', async () => {
  await leave();
  const cli = await terminalOf(hub.ms('09:50'));
  await cli.run('list');
  const asked = /^question: "mend" ran and nobody was there since 10:30: .*\(kronos questions stop\|keep\|split\)\n$/;
  cli.now += 60_000;
  expect((await cli.run('list')).err).toMatch(asked);
  expect((await cli.run('time')).err).toMatch(asked);
  // The last sync is old, and a task runs: the hub is asked.
  cli.now += 3_600_000;
  expect((await cli.run('list')).err).toMatch(asked);
  await cli.run('questions stop 1');
  expect((await cli.run('list')).err).toBe('');
  expect(cli.syncs).toBeGreaterThan(0);
  await cli.run('sync');
  expect(readLastSync(cli.folder)?.questions).toEqual([]);
});

test('kronos lists and answers questions, `kronos day` shows them, and `kronos doctor` says whether the guard can ask', async () => {
  const cli = await terminalOf(hub.ms('09:50'));
  expect((await cli.run('doctor')).out).toContain('idle guard: silent: no device reports absence');
  await leave();
  expect((await cli.run('doctor')).out).toContain('idle guard: asks when a task runs and nobody is there');
  const { out } = await cli.run('questions');
  expect(out).toContain('1  "mend" ran and nobody was there since');
  expect(JSON.parse((await cli.run('questions --json')).out)).toEqual(await hub.get('/-/questions'));
  expect((await cli.run('day 2026-11-28')).err).toContain('question: "mend" ran and nobody was there since');
  expect(await cli.run('questions keep 2')).toMatchObject({ code: 3 });
  expect(await cli.run('questions dismiss 1')).toMatchObject({ code: 1 });
  expect(await cli.run('questions stop 1')).toMatchObject({ code: 0, out: 'answered: stop\n' });
  expect(await cli.run('questions')).toMatchObject({ code: 0, out: 'no questions\n' });
  expect(await task()).toMatchObject({ active: 0, worktime: 1_800 });
});

test('tasks that do not run cost no reading of all tasks', async () => {
  const reads = jest.spyOn(hub.node.store, 'read');
  const readsOfTasks = () => reads.mock.calls.filter(([channel]) => channel === 'owner/tasks').length;
  for (let id = 2; id < 22; id += 1) {
    const item = { id, desc: 'later', active: 0, last_active: 0, worktime: 0, due: 0, done: 0, tags: [] };
    await hub.write({ type: 'create', channel: 'tasks', key: `t${id}`, item });
  }
  expect(readsOfTasks()).toBe(0);
  await start();
  await eventually(() => readsOfTasks() > 0, 'the guard to look at the running task');
});
