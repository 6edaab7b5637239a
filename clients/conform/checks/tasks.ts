// Checks of reading and writing tasks: rules R, W1 to W5, W8 to W11.

import { BrokenRule } from '../broken-rule.ts';
import { type CheckPlace, demand, listedTask, numberOf, plainTask, seenMs, tasksOf, textOf } from '../check-place.ts';
import { aText, atLeast, beginsWith, nothing, something } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

const createRequest = (task: object, more: object = {}) => ({ type: 'create', task, ...more });
const acknowledged = { success: true, type: 'ack', ref: 1 };
const notFound = { success: false, error: 'task not found' };

export const readChecks: readonly RuleCheck[] = [
  {
    rule: 'R1',
    says: 'read-all has the tasks in order of id, and their version',
    run: async (place) => {
      const a = await place.login();
      await a.ask(...[3, 1, 2].map((id) => createRequest(plainTask(id, `t${id}`))));
      const wanted = {
        success: true,
        type: 'read-all',
        tasks: [{ id: 1 }, { id: 2 }, { id: 3 }],
        version: atLeast(0),
        ref: 'r',
      };
      await a.expect({ type: 'read-all', ref: 'r' }, wanted);
    },
  },
  {
    rule: 'R2.1',
    says: 'every field of a task comes back unchanged, unknown ones and odd names too',
    run: async (place) => {
      const [a, b] = await place.pair();
      const odd = {
        ...plainTask(1, 'x'),
        colour: { r: [1, null, 'ü'] },
        '': 0,
        constructor: 1,
        [`x${'y'.repeat(200)}`]: [],
      };
      await a.expect(createRequest(odd, { ref: 1 }), acknowledged);
      await b.receives({ type: 'create', task: odd });
      for (const talk of [a, b]) demand([odd], await tasksOf(talk), 'the tasks');
    },
  },
  {
    rule: 'R2.1',
    says: 'a field named __proto__ comes back, too',
    run: async (place) => {
      const a = await place.login();
      const text = JSON.stringify(createRequest(plainTask(1, 'x'))).replace('"id"', '"__proto__":{"x":1},"id"');
      await a.ask(text);
      const [task = {}] = await tasksOf(a);
      if (!Object.keys(task).includes('__proto__')) throw new BrokenRule('the field __proto__ of a task is lost');
    },
  },
  {
    rule: 'R2.2',
    says: 'index begins with the user_id of who reads it, whoever wrote it',
    run: async (place) => {
      const other = await place.accounts.token(place.account, ['read', 'write']);
      const { secret } = place.account;
      const [a, c] = [await place.login(), await place.login(other)];
      await a.expect(createRequest({ ...plainTask(1, 'x'), index: `${secret}#1#1000` }, { ref: 1 }), acknowledged);
      await c.receives({ type: 'create', task: { index: `${other.secret}#1#1000` } });
      demand([{ index: `${secret}#1#1000` }], await tasksOf(a), 'the tasks of the writer');
      demand([{ index: `${other.secret}#1#1000` }], await tasksOf(c), 'the tasks of the reader');
    },
  },
  {
    rule: 'R3',
    says: 'digits in a text are an id, in a task of write-all and of update',
    needsNewAccount: true,
    run: async (place) => {
      const a = await place.login();
      await a.ask({ type: 'write-all', tasks: [{ ...plainTask(0, 'milk'), id: '7' }] });
      await a.ask({ type: 'update', task: { ...plainTask(0, 'oat milk'), id: '7' } });
      demand([{ id: 7, desc: 'oat milk' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'R3',
    says: 'digits in a text are an id, in task_id of delete',
    run: async (place) => {
      const a = await place.login();
      await a.ask(createRequest(plainTask(7, 'milk')), { type: 'delete', task_id: '7' });
      demand([], await tasksOf(a), 'the tasks');
      await a.expect({ type: 'delete', task_id: 'seven' }, { success: false, error: 'invalid task id' });
    },
  },
  {
    rule: 'R4.1',
    says: 'a client of 2018 is shown active in seconds and worktime of a task that one of 2019 made',
    run: async (place) => {
      const [old, young] = await place.pair();
      await old.ask(createRequest(plainTask(1, 'milk')));
      await young.ask(createRequest(listedTask(2, 'bread', { active: 1, start: [9_000_000_000_000] })));
      const [, bread] = await tasksOf(old);
      demand({ worktime: 0, last_active: 0, active: 9_000_000_000 }, bread, 'the task as 2018 sees it');
    },
  },
  {
    rule: 'R4.2',
    says: 'a client of 2019 is shown start and stop, and no worktime, of a task that one of 2018 made',
    run: async (place) => {
      const [old, young] = await place.pair();
      await old.ask(createRequest(plainTask(1, 'milk')));
      await young.ask(createRequest(listedTask(2, 'bread')));
      const [milk] = await tasksOf(young);
      demand({ start: [], stop: [], active: 0, worktime: nothing }, milk, 'the task as 2019 sees it');
    },
  },
  {
    rule: 'R4.3',
    says: 'a client that has sent no task is shown the fields of both generations',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask(createRequest(listedTask(2, 'bread', { active: 1, start: [9_000_000_000_000] })));
      demand([{ worktime: 0, start: [9_000_000_000_000] }], await tasksOf(b), 'the tasks');
    },
  },
  {
    rule: 'R5',
    says: 'a task without an index is shown with one, which stands for it in update and delete',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask(createRequest(plainTask(1, 'milk')));
      await b.ask(createRequest(listedTask(9, 'of 2019')));
      const [milk] = await tasksOf(b);
      const index = textOf(milk, 'index');
      await b.expect({ type: 'update', task_id: 1, task: listedTask(1, 'oat milk', { index }), ref: 1 }, acknowledged);
      demand([{ id: 1, desc: 'oat milk' }, { id: 9 }], await tasksOf(a), 'the tasks after the update');
      await b.expect({ type: 'delete', task_index: index, ref: 1 }, acknowledged);
      demand([{ id: 9 }], await tasksOf(a), 'the tasks after the delete');
    },
  },
  {
    rule: 'R6',
    says: 'intervals of a task are not shown to Kronos clients',
    run: async (place) => {
      const [a, b] = await place.pair();
      const item = { ...plainTask(1, 'x'), worktime: 60, intervals: '1795852800+60' };
      await a.expect({ type: 'create', channel: 'tasks', key: 'k', item, ref: 1 }, acknowledged);
      demand([{ id: 1, worktime: 60, intervals: nothing }], await tasksOf(b), 'the tasks');
    },
  },
];

const silentWrites: readonly (readonly [string, (place: CheckPlace) => object])[] = [
  ['create', () => createRequest(plainTask(2, 'new'))],
  ['update', () => ({ type: 'update', task: plainTask(1, 'other') })],
  ['delete', () => ({ type: 'delete', task_id: 1 })],
  ['write-all', () => ({ type: 'write-all', tasks: [plainTask(1, 'one'), plainTask(2, 'two')] })],
];

export const writeChecks: readonly RuleCheck[] = [
  ...silentWrites.map(([verb, request]) => ({
    rule: 'W1.1',
    says: `${verb} without ref is not answered`,
    needsNewAccount: verb === 'write-all',
    run: async (place: CheckPlace) => {
      const a = await place.login();
      await a.ask(createRequest(plainTask(1, 'one')));
      await a.expect(request(place));
    },
  })),
  ...silentWrites.slice(0, 3).map(([verb, request]) => ({
    rule: 'W1.2',
    says: `the account’s other connections are notified of ${verb}, with the device that made it and a version`,
    run: async (place: CheckPlace) => {
      const [a, b] = await place.pair();
      await a.ask(createRequest(plainTask(1, 'one')));
      await b.receives({ type: 'create' });
      await a.ask(request(place));
      const of = verb === 'delete' ? { task_id: 1 } : { task: something };
      await b.receives({ success: true, type: verb, device_id: place.name('a'), version: atLeast(0), ...of });
    },
  })),
  {
    rule: 'W1.2',
    says: 'they are notified of each task that a write-all makes',
    needsNewAccount: true,
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask({ type: 'write-all', tasks: [plainTask(1, 'one'), plainTask(2, 'two')] });
      await b.receives({ type: 'create', task: { id: 1 } }, { type: 'create', task: { id: 2 } });
    },
  },
  {
    rule: 'W1.2',
    says: 'connections of other accounts are sent nothing',
    run: async (place) => {
      const stranger = await place.login(await place.accounts.second());
      const a = await place.login();
      await a.expect(createRequest(plainTask(1, 'mine'), { ref: 1 }), acknowledged);
      await stranger.receivesNothing();
    },
  },
  {
    rule: 'W2.1',
    says: 'index finds the task before task_id and id do',
    run: async (place) => {
      const a = await place.login();
      const index = `${place.account.secret}#5#1000`;
      await a.ask(createRequest(plainTask(5, 'x', { index })), createRequest(plainTask(6, 'y')));
      await a.ask({ type: 'update', task_id: 6, task: plainTask(5, 'changed', { index }) });
      demand(
        [
          { id: 5, desc: 'changed' },
          { id: 6, desc: 'y' },
        ],
        await tasksOf(a),
        'the tasks',
      );
    },
  },
  {
    rule: 'W2.1',
    says: 'task_id finds the task before its own id does, and its own id without one',
    run: async (place) => {
      const a = await place.login();
      await a.ask(createRequest(plainTask(5, 'x')));
      await a.ask({ type: 'update', task_id: 5, task: plainTask(7, 'x') });
      demand([{ id: 7, desc: 'x' }], await tasksOf(a), 'the tasks after an update with task_id');
      await a.ask({ type: 'update', task: plainTask(7, 'y') });
      demand([{ id: 7, desc: 'y' }], await tasksOf(a), 'the tasks after an update without task_id');
    },
  },
  {
    rule: 'W2.2',
    says: 'an update may change the id; its last notification has the old one as task_id',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask(createRequest(plainTask(5, 'x')));
      await b.receives({ type: 'create' });
      await a.ask({ type: 'update', task_id: 5, task: plainTask(7, 'x') });
      await b.receives(
        { type: 'delete', task_id: 5 },
        { type: 'create' },
        { type: 'update', task: { id: 7 }, task_id: 5 },
      );
    },
  },
  {
    rule: 'W2.3',
    says: 'an update whose id is the old one followed by the time of done means the task with the old id',
    run: async (place) => {
      const a = await place.login();
      await a.ask(createRequest(plainTask(7, 'z')));
      await a.expect(
        { type: 'update', task: plainTask(71_530_716_924, 'z', { done: 1_530_716_924 }), ref: 1 },
        acknowledged,
      );
      demand([{ id: 71_530_716_924, done: 1_530_716_924 }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'W2.4',
    says: 'such an update may have a new description, if tags and due date are equal',
    run: async (place) => {
      const a = await place.login();
      await a.ask(createRequest(plainTask(5, 'x')));
      await a.ask({ type: 'update', task: plainTask(51_530_716_924, 'y', { done: 1_530_716_924 }) });
      demand([{ id: 51_530_716_924, desc: 'y' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'W3.1',
    says: 'an id that another task has is replaced by the smallest free one, and the sender is sent all tasks',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask(createRequest(plainTask(1, 'one')), createRequest(plainTask(3, 'three')));
      const tasks = [
        { id: 1, desc: 'one' },
        { id: 2, desc: 'two' },
        { id: 3, desc: 'three' },
      ];
      await b.receives({ type: 'create' }, { type: 'create' });
      await b.expect(createRequest(plainTask(1, 'two')), { type: 'read-all', tasks });
    },
  },
  {
    rule: 'W3.2',
    says: 'a task without an id is given the smallest free one, and the sender is sent all tasks',
    run: async (place) => {
      const a = await place.login();
      await a.expect(createRequest({ desc: 'one' }), { type: 'read-all', tasks: [{ id: 1, desc: 'one' }] });
    },
  },
  {
    rule: 'W3.3',
    says: 'the same task once more is refused with "task already exist"',
    run: async (place) => {
      const a = await place.login();
      await a.ask(createRequest(plainTask(1, 'one')));
      await a.expect(createRequest(plainTask(1, 'one')), { success: false, error: 'task already exist' });
    },
  },
  {
    rule: 'W3.3',
    says: 'another task with the same index is refused with "task already exist"',
    run: async (place) => {
      const a = await place.login();
      const index = `${place.account.secret}#9#9`;
      await a.ask(createRequest(plainTask(9, 'nine', { index })));
      await a.expect(createRequest(plainTask(9, 'another', { index })), {
        success: false,
        error: 'task already exist',
      });
    },
  },
  ...[
    { type: 'update', task: plainTask(900_001, 'x') },
    { type: 'delete', task_id: 900_002 },
    { type: 'delete', task_index: 'no#900003#9' },
  ].map((request) => ({
    rule: 'W4.1',
    says: `${request.type} by ${'task' in request ? 'id' : 'task_id' in request ? 'task_id' : 'task_index'} of a task that never was is refused with "task not found"`,
    run: async (place: CheckPlace) => (await place.login()).expect({ ...request, ref: 3 }, { ...notFound, ref: 3 }),
  })),
  {
    rule: 'W4.2',
    says: 'an update by the device that deleted the task is refused with "task not found"',
    run: async (place) => {
      const a = await place.login(place.account, 'a');
      await a.ask(createRequest(plainTask(1, 'x')), { type: 'delete', task_id: 1 });
      await a.expect({ type: 'update', task: plainTask(1, 'y') }, notFound);
    },
  },
  {
    rule: 'W4.3',
    says: 'an update by another device brings a deleted task back',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.expect(createRequest(plainTask(1, 'x'), { ref: 1 }), acknowledged);
      await b.receives({ type: 'create' });
      await a.expect({ type: 'delete', task_id: 1, ref: 1 }, acknowledged);
      await b.ask({ type: 'update', task: plainTask(1, 'z') });
      demand([{ id: 1, desc: 'z' }], await tasksOf(a), 'the tasks');
    },
  },
  {
    rule: 'W5',
    says: 'the version grows with each change, whatever the client states',
    run: async (place) => {
      const [a, b] = await place.pair();
      let last = -1;
      for (const [at, version] of [5, undefined, 0, 3].entries()) {
        await a.ask(createRequest(plainTask(at + 1, 'x'), { version }));
        const [notice] = await b.receives({ type: 'create', version: atLeast(last + 1) });
        last = numberOf(notice, 'version');
      }
    },
  },
  {
    rule: 'W5',
    says: 'a client whose clock is a day ahead moves the version by two seconds at most',
    run: async (place) => {
      const [a, b] = await place.pair();
      const began = performance.now();
      await a.ask(createRequest(plainTask(1, 'x')));
      const now = numberOf((await b.receives({ type: 'create' }))[0], 'version');
      await a.ask(createRequest(plainTask(2, 'y'), { version: now + 86_400_000 }));
      const ahead = numberOf((await b.receives({ type: 'create' }))[0], 'version') - now;
      const most = 2_000 + (performance.now() - began) + 10;
      if (ahead > most) throw new BrokenRule(`the version moved by ${ahead} ms; ${Math.round(most)} are allowed`);
    },
  },
];

const acknowledgedWrites = [
  createRequest(plainTask(2, 'x')),
  { type: 'update', task: plainTask(1, 'y') },
  { type: 'delete', task_id: 1 },
  { type: 'write-all', tasks: [plainTask(1, 'one'), plainTask(2, 'two')] },
];

export const answerChecks: readonly RuleCheck[] = [
  ...acknowledgedWrites.map((request) => ({
    rule: 'W8',
    says: `${request.type} of tasks with ref is answered by one ack with seq and epoch`,
    needsNewAccount: request.type === 'write-all',
    run: async (place: CheckPlace) => {
      const a = await place.login();
      const first = await a.one(createRequest(plainTask(1, 'one'), { ref: 'first' }));
      demand({ type: 'ack', ref: 'first', seq: atLeast(1), epoch: aText }, first, 'the answer to the create before');
      const seq = numberOf(first, 'seq');
      await a.expect(
        { ...request, ref: 0 },
        { success: true, type: 'ack', ref: 0, seq: seq + 1, epoch: first['epoch'] },
      );
    },
  })),
  {
    rule: 'W8',
    says: 'a refusal repeats the ref',
    run: async (place) =>
      (await place.login()).expect({ type: 'delete', task_id: 900_004, ref: 4 }, { ...notFound, ref: 4 }),
  },
];

/** An index of a client of 2019 for a task that it was notified of, and two devices that know the task. */
async function withAlias(place: CheckPlace) {
  const [old, young] = await place.pair();
  await old.expect(createRequest(plainTask(1, 'milk'), { ref: 1 }), acknowledged);
  const [notice] = await young.receives({ type: 'create' });
  await place.pass(seenMs);
  return { old, young, alias: `${place.account.secret}#1#${numberOf(notice, 'version')}` };
}

const waits = seenMs / 1_000;

export const indexChecks: readonly RuleCheck[] = [
  {
    rule: 'W10.1',
    says: 'in update an index that the server does not know stands for the task with the task_id',
    waits,
    run: async (place) => {
      const { old, young, alias } = await withAlias(place);
      await young.ask({ type: 'update', task_id: 1, task: listedTask(1, 'oat milk', { index: alias }) });
      demand([{ id: 1, desc: 'oat milk' }], await tasksOf(old), 'the tasks');
    },
  },
  {
    rule: 'W10.1',
    says: 'in delete such an index stands for the task with the id inside it',
    waits,
    run: async (place) => {
      const { old, young, alias } = await withAlias(place);
      await young.ask({ type: 'delete', task_index: alias });
      demand([], await tasksOf(old), 'the tasks');
    },
  },
  {
    rule: 'W10.2',
    says: 'such an index is from then on the device’s name of the task, whatever becomes of the id',
    waits,
    run: async (place) => {
      const { old, young, alias } = await withAlias(place);
      const done = listedTask(-1_1767614460000, 'milk', { index: alias, done: 1_767_614_460_000 });
      await young.ask({ type: 'update', task_id: 1, task: done });
      demand([{ id: -1_1767614460000 }], await tasksOf(old), 'the tasks after it was done');
      await young.ask({ type: 'delete', task_index: alias });
      demand([], await tasksOf(old), 'the tasks after the delete by its index');
    },
  },
  {
    rule: 'W10.3',
    says: 'in create such an index is a new task',
    waits,
    run: async (place) => {
      const { young, alias } = await withAlias(place);
      await young.ask(createRequest(listedTask(1, 'bread', { index: alias })));
      demand([{ desc: 'milk' }, { desc: 'bread' }], await tasksOf(young), 'the tasks');
    },
  },
  {
    rule: 'W10.5',
    says: 'a known client of 2019 is notified of a new task by a create and an update with its index, in growing whole versions',
    run: async (place) => {
      const [old, young] = await place.pair();
      await young.ask(createRequest(listedTask(2, 'bread')));
      await old.ask(createRequest(plainTask(3, 'cheese')));
      const [made] = await young.receives({ type: 'create', task: { id: 3 } });
      const version = numberOf(made, 'version');
      const index = beginsWith(place.account.secret);
      const [named] = await young.receives({ type: 'update', task: { id: 3, index }, version: atLeast(version + 1) });
      if (!Number.isInteger(version) || !Number.isInteger(named?.['version']))
        throw new BrokenRule('the versions are not whole numbers, which Neovim cannot store');
    },
  },
  {
    rule: 'W11.1',
    says: 'a change of id is sent as a delete, a create and an update, each with a greater version',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask(createRequest(plainTask(7, 'z')));
      await b.receives({ type: 'create' });
      await a.ask({ type: 'update', task: plainTask(71_530_716_924, 'z', { done: 1_530_716_924 }) });
      let last = 0;
      for (const wanted of [{ type: 'delete', task_id: 7 }, { type: 'create' }, { type: 'update', task_id: 7 }]) {
        const [notice] = await b.receives({ ...wanted, version: atLeast(last + 1) });
        last = numberOf(notice, 'version');
      }
    },
  },
  {
    rule: 'W11.2',
    says: 'if one write frees an id and gives it to another task, the message that frees it is sent first',
    needsNewAccount: true,
    run: async (place) => {
      const [a, b] = await place.pair();
      const [one, two] = ['one', 'two'].map((desc, at) => ({ key: desc, item: plainTask(at + 1, desc) }));
      await a.expect({ type: 'write-all', channel: 'tasks', items: [one, two], ref: 1 }, acknowledged);
      await b.receives({ type: 'create' }, { type: 'create' });
      const items = [
        { key: 'one', item: plainTask(3, 'one') },
        { key: 'two', item: plainTask(1, 'two') },
      ];
      await a.expect({ type: 'write-all', channel: 'tasks', items, ref: 1 }, acknowledged);
      const notices = await b.ask();
      const freed = notices.findIndex(({ type, task_id }) => type === 'delete' && task_id === 1);
      const given = notices.findIndex(({ type, task }) => type === 'create' && JSON.stringify(task).includes('"two"'));
      if (freed === -1 || given === -1 || freed > given)
        throw new BrokenRule(
          `task 1 is given away before it is free: ${JSON.stringify(notices.map(({ type, task_id }) => [type, task_id]))}`,
        );
    },
  },
];
