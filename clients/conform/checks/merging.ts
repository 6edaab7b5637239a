// Checks of updates that cross, and of devices that were away: rules W6, W7 and M. They move no clock: where a rule speaks of two seconds,
// they wait.

import { BrokenRule } from '../broken-rule.ts';
import { type CheckPlace, demand, listedTask, listOf, numberOf, plainTask, seenMs, tasksOf } from '../check-place.ts';
import type { CheckMessage, CheckTalk } from '../check-talk.ts';
import { contains, hasOne, nothing } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

const waits = seenMs / 1_000;
const acknowledged = { success: true, type: 'ack', ref: 1 };
const createRequest = (task: object) => ({ type: 'create', task, ref: 1 });
const updateRequest = (task: object, more: object = {}) => ({ type: 'update', task, ref: 1, ...more });

/** Two devices that both have the tasks, which count as seen. */
async function withTasks(
  place: CheckPlace,
  ...tasks: readonly CheckMessage[]
): Promise<readonly [CheckTalk, CheckTalk]> {
  const a = await place.login(place.account, 'a');
  for (const task of tasks) await a.expect(createRequest(task), acknowledged);
  // A device that logged in before there was a task would ignore notifications (M12).
  const b = await place.login(place.account, 'b');
  await tasksOf(b);
  await place.pass(seenMs);
  return [a, b];
}

/** The tasks that both devices must have in the end. */
async function both([a, b]: readonly [CheckTalk, CheckTalk], ...tasks: readonly object[]): Promise<void> {
  for (const talk of [a, b]) demand(tasks, await tasksOf(talk), 'the tasks');
}

const tagged = { tags: ['home'] };

export const crossingChecks: readonly RuleCheck[] = [
  {
    rule: 'W6.1',
    says: 'of two updates that cross, both changes stay',
    waits,
    run: async (place) => {
      const pair = await withTasks(place, plainTask(1, 'milk'));
      await pair[0].ask(updateRequest(plainTask(1, 'milk', tagged)));
      await pair[1].ask(updateRequest(plainTask(1, 'milk', { due: 99 })));
      await both(pair, plainTask(1, 'milk', { ...tagged, due: 99 }));
    },
  },
  {
    rule: 'W6.2',
    says: 'after two seconds a change counts as seen, and an update may take it back',
    waits: 2 * waits,
    run: async (place) => {
      const pair = await withTasks(place, plainTask(1, 'milk'));
      await pair[0].ask(updateRequest(plainTask(1, 'milk', tagged)));
      await place.pass(seenMs);
      await pair[1].ask(updateRequest(plainTask(1, 'milk', { due: 1 })));
      await both(pair, { id: 1, desc: 'milk', tags: [], due: 1 });
    },
  },
  {
    rule: 'W6.3',
    says: 'an update that undoes a task finds it by the description that it had before an unseen change',
    waits,
    run: async (place) => {
      const done = plainTask(11_767_614_400, 'milk', { done: 1_767_614_400 });
      const pair = await withTasks(place, done);
      await pair[0].ask(updateRequest({ ...done, desc: 'oat milk' }));
      await pair[1].ask(updateRequest(plainTask(2, 'milk')));
      await both(pair, { id: 2, desc: 'oat milk', done: 0 });
    },
  },
  {
    rule: 'W6.4',
    says: 'an update by an id that went to another task unseen is applied to the task that it differs least from',
    waits,
    run: async (place) => {
      const more = { ...tagged, due: 5 };
      const pair = await withTasks(place, plainTask(1, 'milk', more));
      await pair[0].ask(
        updateRequest(plainTask(2, 'milk', more), { task_id: 1 }),
        createRequest(plainTask(1, 'bread')),
      );
      await pair[1].ask(updateRequest(plainTask(1, 'oat milk', more)));
      await both(pair, { id: 1, desc: 'bread' }, { id: 2, desc: 'oat milk', due: 5 });
    },
  },
  {
    rule: 'W6.5',
    says: 'if it differs from both by as much, it becomes a task of its own',
    waits,
    run: async (place) => {
      const pair = await withTasks(place, plainTask(1, 'milk'));
      await pair[0].ask(updateRequest(plainTask(2, 'milk'), { task_id: 1 }), createRequest(plainTask(1, 'bread')));
      await pair[1].ask(updateRequest(plainTask(1, 'cheese')));
      await both(pair, { id: 1, desc: 'bread' }, { id: 2, desc: 'milk' }, { id: 3, desc: 'cheese' });
    },
  },
  {
    rule: 'W6.6',
    says: 'a delete by an id that went to another task unseen is not made',
    waits,
    run: async (place) => {
      const pair = await withTasks(place, plainTask(1, 'milk'));
      await pair[0].ask({ type: 'delete', task_id: 1 }, createRequest(plainTask(1, 'bread')));
      await pair[1].ask({ type: 'delete', task_id: 1 });
      await both(pair, { id: 1, desc: 'bread' });
    },
  },
  {
    rule: 'W6.7',
    says: 'an update by an id that another device gave to a new, unlike task becomes a task of its own',
    waits: 2 * waits,
    run: async (place) => {
      const pair = await withTasks(place, plainTask(1, 'milk'));
      await pair[0].ask({ type: 'delete', task_id: 1 });
      await place.pass(seenMs);
      await pair[0].ask(createRequest(plainTask(1, 'bread')));
      await pair[1].ask(updateRequest(plainTask(1, 'milk', { ...tagged, due: 99 })));
      await both(pair, { id: 1, desc: 'bread' }, { id: 2, desc: 'milk', due: 99 });
    },
  },
  {
    rule: 'W6.9',
    says: 'a sender that does not hold what came out is sent all tasks',
    waits,
    run: async (place) => {
      const [a, b] = await withTasks(place, plainTask(1, 'milk'));
      await a.ask(updateRequest(plainTask(1, 'milk', tagged)));
      const received = await b.ask({ type: 'update', task: plainTask(1, 'oat milk') });
      demand(
        hasOne({ type: 'read-all', tasks: [{ id: 1, desc: 'oat milk', ...tagged }] }),
        received,
        'what the sender was sent',
      );
    },
  },
];

const eleven = Array.from({ length: 11 }, (_, at) => plainTask(at + 1, `t${at + 1}`));
const writeAll = (tasks: readonly unknown[], more: object = {}) => ({ type: 'write-all', tasks, ref: 1, ...more });
const unreadableTask = { ...plainTask(1, 'one'), tags: 'none' };

export const listChecks: readonly RuleCheck[] = [
  {
    rule: 'W7.2',
    says: 'a write-all that would remove 6 of 11 tasks removes none, and its sender is sent the code "protected"',
    run: async (place) => {
      const a = await place.login(place.account, 'a');
      await a.expect(writeAll(eleven), acknowledged);
      const received = await a.ask(writeAll(eleven.slice(0, 5), { ref: 2 }));
      demand(hasOne({ success: false, code: 'protected', ref: 2 }), received, 'what the sender was sent');
      demand(
        eleven.map(({ id }) => ({ id })),
        await tasksOf(a),
        'the tasks',
      );
    },
  },
  {
    rule: 'W7.1',
    says: 'a write-all that removes few tasks removes them',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.expect(writeAll(eleven), acknowledged);
      await a.expect(writeAll(eleven.slice(0, 9)), acknowledged);
      demand(
        eleven.slice(0, 9).map(({ id }) => ({ id })),
        await tasksOf(b),
        'the tasks',
      );
    },
  },
  {
    rule: 'W7.1',
    says: 'the tasks of a write-all may be in data, as Vim sends them',
    run: async (place) => {
      const a = await place.login();
      await a.expect(
        { type: 'write-all', data: { tasks: [plainTask(1, 'x')], sync_version: 1 }, ref: 1 },
        acknowledged,
      );
      demand([{ id: 1, desc: 'x' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'W7.3',
    says: 'an element that is not a task does not make the list refused: the others are applied',
    run: async (place) => {
      const a = await place.login(place.account, 'a');
      await a.ask(writeAll([plainTask(1, 'one'), plainTask(2, 'two')]));
      await a.ask(writeAll([unreadableTask, plainTask(2, 'changed'), plainTask(3, 'three')]));
      demand([{ desc: 'one' }, { desc: 'changed' }, { desc: 'three' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'W7.4',
    says: 'an element that names no task makes the list remove nothing',
    run: async (place) => {
      const a = await place.login(place.account, 'a');
      await a.ask(writeAll([plainTask(1, 'one'), plainTask(2, 'two')]));
      await a.ask(writeAll([plainTask(2, 'two'), 5]));
      demand([{ desc: 'one' }, { desc: 'two' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'W7.5',
    says: 'the ack names each such element in "unreadable"',
    run: async (place) => {
      const a = await place.login(place.account, 'a');
      const unreadable = [{ place: 1, error: 'invalid tags', task_id: 1 }];
      await a.ask(writeAll([plainTask(1, 'one')]));
      demand(hasOne({ type: 'ack', unreadable }), await a.ask(writeAll([unreadableTask])), 'what the sender was sent');
    },
  },
  {
    rule: 'W7.5',
    says: 'without ref one line with the code "unreadable" names it',
    run: async (place) => {
      const a = await place.login();
      const received = await a.ask({ type: 'write-all', tasks: [plainTask(1, 'one'), { id: 2, desc: 4 }] });
      demand(
        hasOne({ success: false, code: 'unreadable', error: contains('task 2') }),
        received,
        'what the sender was sent',
      );
    },
  },
];

/** Milliseconds of the clock of this machine in whole seconds, as a client states versions. */
const wholeSecond = () => Math.floor(Date.now() / 1_000) * 1_000;

/** A device `b` that has two tasks and has gone, in good order; its version then. */
async function away(place: CheckPlace, ...tasks: readonly CheckMessage[]): Promise<number> {
  const { talk: b } = await place.loginAnswer(place.account.secret, 'b');
  await b.ask({ type: 'write-all', tasks: [], version: 0 });
  for (const task of tasks) await b.expect(createRequest(task), acknowledged);
  const version = numberOf(await b.one({ type: 'read-all' }), 'version');
  b.end();
  await b.waitForEnd();
  return version;
}

/** The device `b` comes back with edits, and writes its list. */
async function comesBack(place: CheckPlace, version: number, tasks: readonly CheckMessage[]): Promise<CheckTalk> {
  const edited = version + 30_000;
  const { talk, answer } = await place.loginAnswer(place.account.secret, 'b', { version: edited });
  demand({ version: edited - 1 }, answer, 'the answer to a device that edited offline (M3.1)');
  await talk.ask({ type: 'write-all', tasks, version: edited });
  return talk;
}

const one = plainTask(1, 'one');
const two = plainTask(2, 'two');

export const firstTimeChecks: readonly RuleCheck[] = [
  ...[undefined, 0, -1].map((version) => ({
    rule: 'M1.2',
    says: `a device whose login has the version ${version ?? 'absent'} is answered with the server’s version`,
    run: async (place: CheckPlace) => {
      const now = await away(place, one, two);
      const { answer } = await place.loginAnswer(place.account.secret, 'b', { version });
      demand({ version: now }, answer, 'the answer to the login');
    },
  })),
  ...[4_000, 99_999_999_999_999].map((version) => ({
    rule: 'M1.1',
    says: `a device that comes for the first time with the version ${version} is answered with the server’s version`,
    run: async (place: CheckPlace) => {
      const now = await away(place, one);
      const { answer } = await place.loginAnswer(place.account.secret, 'new', { version });
      demand({ version: now }, answer, 'the answer to the login');
    },
  })),
  {
    rule: 'M1.3',
    says: 'the write-all of a device that comes for the first time adds tasks and removes none',
    run: async (place) => {
      await away(place, one, two);
      const talk = await place.login(place.account, 'new', { version: wholeSecond() });
      await talk.ask({ type: 'write-all', tasks: [plainTask(9, 'nine')], version: wholeSecond() });
      demand([{ id: 1 }, { id: 2 }, { id: 9 }], await tasksOf(talk), 'the tasks');
    },
  },
  {
    rule: 'M2.1',
    says: 'a device that comes back unchanged is answered with the server’s version',
    waits: 2.5,
    run: async (place) => {
      const { talk: b } = await place.loginAnswer(place.account.secret, 'b');
      await b.ask({ type: 'write-all', tasks: [], version: 0 });
      const version = wholeSecond();
      await b.expect({ ...createRequest(listedTask(1, 'one')), version }, acknowledged);
      await place.pass(2_000);
      await b.ask();
      b.end();
      await b.waitForEnd();
      await place.pass(500);
      const now = numberOf((await place.loginAnswer(place.account.secret, 'c')).answer, 'version');
      const { answer } = await place.loginAnswer(place.account.secret, 'b', { version });
      demand({ version: now }, answer, 'the answer to the login');
    },
  },
  ...[30_000, 86_400_000, -3 * 86_400_000].map((offset) => ({
    rule: offset === 30_000 ? 'M3.1' : 'M3.2',
    says: `a device with another version than it had, by ${offset / 1_000} s, is answered with that version less one`,
    run: async (place: CheckPlace) => {
      const version = (await away(place, one)) + offset;
      const { answer } = await place.loginAnswer(place.account.secret, 'b', { version });
      demand({ version: version - 1 }, answer, 'the answer to the login');
    },
  })),
  {
    rule: 'M13',
    says: 'the login of a client of 2018 that has its tasks is answered so that it writes all, too',
    run: async (place) => {
      const now = await away(place, one);
      const { answer } = await place.loginAnswer(place.account.secret, 'b', { version: now });
      demand({ version: now - 1 }, answer, 'the answer to the login');
    },
  },
];

export const mergeChecks: readonly RuleCheck[] = [
  {
    rule: 'M5.1',
    says: 'a task that a device lists as it had it is no edit: the change of another device stays',
    waits,
    run: async (place) => {
      const version = await away(place, one, two);
      const a = await place.login(place.account, 'a');
      await a.expect(updateRequest({ ...one, desc: 'changed' }), acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [one, two]);
      demand([{ id: 1, desc: 'changed' }, { id: 2 }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M6.1',
    says: 'an edited field that nobody else changed is applied beside the changes of others',
    waits,
    run: async (place) => {
      const version = await away(place, one, two);
      const a = await place.login(place.account, 'a');
      await a.expect(updateRequest({ ...one, tags: ['x'] }), acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [{ ...one, desc: 'ONE' }, two]);
      demand([{ id: 1, desc: 'ONE', tags: ['x'] }, { id: 2 }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M6.2',
    says: 'of a field that both changed, the value with the later version stays',
    waits,
    run: async (place) => {
      const version = await away(place, one);
      const a = await place.login(place.account, 'a');
      await a.expect(updateRequest({ ...one, desc: 'earlier' }, { version: version + 5 }), acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [{ ...one, desc: 'later' }]);
      demand([{ id: 1, desc: 'later' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M6.3',
    says: 'the other value is kept in the history',
    waits,
    run: async (place) => {
      const version = await away(place, one);
      const a = await place.login(place.account, 'a');
      await a.expect(updateRequest({ ...one, desc: 'the lost value' }, { version: version + 5 }), acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [{ ...one, desc: 'later' }]);
      const changes = listOf((await a.ask({ type: 'history', channel: 'tasks' })).at(-1), 'changes');
      if (!JSON.stringify(changes).includes('the lost value'))
        throw new BrokenRule('the history of the channel "tasks" does not have the value that was overwritten');
    },
  },
  {
    rule: 'M6.4',
    says: 'a field that the device does not send stays',
    run: async (place) => {
      const version = await away(place, plainTask(1, 'one', { colour: 'red' }));
      const back = await comesBack(place, version, [plainTask(1, 'ONE')]);
      demand([{ id: 1, desc: 'ONE', colour: 'red' }], await tasksOf(back), 'the tasks');
    },
  },
  {
    rule: 'M7.1',
    says: 'a task of the base that the list lacks is removed',
    run: async (place) => {
      const version = await away(place, one, two);
      const back = await comesBack(place, version, [two]);
      demand([{ id: 2 }], await tasksOf(back), 'the tasks');
    },
  },
  {
    rule: 'M7.2',
    says: 'it stays if somebody edited it since: an edit beats a delete',
    waits,
    run: async (place) => {
      const version = await away(place, one, two);
      const a = await place.login(place.account, 'a');
      await a.expect(updateRequest({ ...one, tags: ['x'] }), acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [two]);
      demand([{ id: 1, tags: ['x'] }, { id: 2 }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M7.3',
    says: 'a task that the device cannot have seen stays',
    run: async (place) => {
      const version = await away(place, one);
      const a = await place.login(place.account, 'a');
      await a.expect(createRequest(plainTask(3, 'cheese')), acknowledged);
      await comesBack(place, version, [one]);
      demand([{ id: 1 }, { id: 3, desc: 'cheese' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M8.1',
    says: 'a task that others deleted and the device edited comes back',
    waits,
    run: async (place) => {
      const version = await away(place, one, two);
      const a = await place.login(place.account, 'a');
      await a.expect({ type: 'delete', task_id: 1, ref: 1 }, acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [{ ...one, desc: 'ONE' }, two]);
      demand([{ desc: 'ONE' }, { desc: 'two' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M8.2',
    says: 'a task that others deleted and the device did not edit stays deleted',
    waits,
    run: async (place) => {
      const version = await away(place, one, two);
      const a = await place.login(place.account, 'a');
      await a.expect({ type: 'delete', task_id: 1, ref: 1 }, acknowledged);
      await place.pass(seenMs);
      await comesBack(place, version, [one, two]);
      demand([{ desc: 'two' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'M9.1',
    says: 'two devices that made a task of the same id made two tasks',
    run: async (place) => {
      const version = await away(place);
      const a = await place.login(place.account, 'a');
      await a.expect(createRequest(plainTask(3, 'milk')), acknowledged);
      await comesBack(place, version, [plainTask(3, 'bread')]);
      demand(
        [
          { id: 1, desc: 'bread' },
          { id: 3, desc: 'milk' },
        ],
        await tasksOf(a),
        'the tasks',
      );
    },
  },
  {
    rule: 'M9.3',
    says: 'a task without an id in a list is given the smallest free one',
    run: async (place) => {
      const version = await away(place, one);
      const { id: _, ...without } = plainTask(0, 'new');
      const back = await comesBack(place, version, [one, without]);
      demand(
        [
          { id: 1, desc: 'one' },
          { id: 2, desc: 'new' },
        ],
        await tasksOf(back),
        'the tasks',
      );
    },
  },
  {
    rule: 'M10.1',
    says: 'a task of a list with a known index is that task, whatever its id',
    run: async (place) => {
      const index = `${place.account.secret}#1#1000`;
      const version = await away(place, listedTask(1, 'milk', { index }));
      const done = listedTask(-1_1767614460000, 'milk', { index, done: 1_767_614_460_000 });
      const back = await comesBack(place, version, [done]);
      demand([{ id: -1_1767614460000, index }], await tasksOf(back), 'the tasks');
    },
  },
  {
    rule: 'M10.2',
    says: 'a task of a list whose id is an old id followed by the time of done is the task that had the old id',
    run: async (place) => {
      const version = await away(place, plainTask(4, 'milk', { note: 'kept' }));
      const back = await comesBack(place, version, [plainTask(41_767_614_400, 'milk', { done: 1_767_614_400 })]);
      demand([{ id: 41_767_614_400, note: 'kept' }], await tasksOf(back), 'the tasks');
    },
  },
  {
    rule: 'M10.3',
    says: 'a task with the description and tags of a done task that is missing from the list is that task, undone',
    run: async (place) => {
      const done = plainTask(41_767_614_400, 'milk', { done: 1_767_614_400, note: 'kept' });
      const version = await away(place, done);
      const back = await comesBack(place, version, [plainTask(4, 'milk')]);
      demand([{ id: 4, done: 0, note: 'kept' }], await tasksOf(back), 'the tasks');
    },
  },
  {
    rule: 'M11.1',
    says: 'after a merge that changed its list a device is sent a read-all that it did not ask for',
    run: async (place) => {
      const version = await away(place, one);
      const a = await place.login(place.account, 'a');
      await a.expect(createRequest(plainTask(3, 'cheese')), acknowledged);
      const edited = version + 30_000;
      const { talk } = await place.loginAnswer(place.account.secret, 'b', { version: edited });
      const received = await talk.ask({ type: 'write-all', tasks: [one], version: edited });
      demand(
        hasOne({ type: 'read-all', ref: nothing, tasks: [{ id: 1 }, { id: 3 }] }),
        received,
        'what the device was sent',
      );
    },
  },
  {
    rule: 'M14.1',
    says: 'work that two devices did on one task adds up',
    run: async (place) => {
      const version = await away(place, plainTask(1, 'milk', { worktime: 100 }));
      const a = await place.login(place.account, 'a');
      await a.expect(updateRequest(plainTask(1, 'milk', { worktime: 160 })), acknowledged);
      await comesBack(place, version, [plainTask(1, 'milk', { worktime: 130 })]);
      demand([{ id: 1, worktime: 190 }], await tasksOf(a), 'the tasks');
    },
  },
];
