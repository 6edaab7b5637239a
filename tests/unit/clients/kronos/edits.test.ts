// Edits as values: the effects of a hundred random actions, undone and redone, also on tasks that others have changed since.

import { describe, expect, test } from '@jest/globals';
import * as actions from '../../../../clients/kronos/data/actions.ts';
import type { TaskEdit } from '../../../../clients/kronos/data/database.ts';
import { applyEdits, editsBetween, invertEdit } from '../../../../clients/kronos/data/edits.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { doneId } from '../../../../protocol/task.ts';
import { seeded } from '../../../harness/world.ts';
import { zoneOf } from '../../../harness/zones.ts';

const blank: PlainTask = {
  index: 'k',
  id: 5,
  desc: 'x',
  tags: ['old'],
  active: 0,
  last_active: 0,
  due: 0,
  done: 0,
  worktime: 100,
};
const done = 1_530_716_924;

const edit = (before: TaskEdit['before'], after: TaskEdit['after']): TaskEdit => ({ index: 'k', before, after });
const sorted = (tasks: readonly PlainTask[]) =>
  [...tasks].sort((a, b) => (a.index < b.index ? -1 : 1)).map((task) => ({ ...task, tags: [...task.tags].sort() }));

test.each([1, 2, 3, 4, 5, 6, 7, 8])('[seed %d] edits can be redone and undone', (seed) => {
  const chance = seeded(seed);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(chance() * from.length)];
  let state: actions.TaskState = { tasks: [], hide_done: true, context: [] };
  let names = 0;
  let now = done;
  const scene = () => {
    now += Math.floor(chance() * 100);
    names += 1;
    return { now, zone: zoneOf('UTC'), zoneName: () => 'UTC', date: String, createId: () => `k${names}` };
  };
  const verbs = [
    actions.start,
    actions.stop,
    actions.toggle,
    actions.done,
    actions.undone,
    actions.remove,
    actions.update,
  ];
  const steps: { before: readonly PlainTask[]; edits: readonly TaskEdit[] }[] = [];
  let changes = 0;
  for (let step = 0; step < 100; step += 1) {
    const id = pick(state.tasks)?.id;
    const verb = chance() < 0.3 || id === undefined ? actions.add : (pick(verbs) ?? actions.add);
    const words = `${pick(['milk', 'bread', ''])} +${pick(['a', 'b', 'c'])} :${pick(['1d', '2w', '30m'])}`;
    const line =
      verb === actions.add ? words : verb === actions.update ? `${id} -${pick(['a', 'b'])} ${words}` : `${id}`;
    const outcome = verb(state, line, scene());
    if (!outcome.ok) continue;
    const before = state.tasks;
    state = { ...state, ...outcome.changes };
    const edits = editsBetween(before, state.tasks);
    if (edits.length > 0) changes += 1;
    steps.push({ before, edits });
    expect(sorted(applyEdits(before, edits))).toEqual(sorted(state.tasks));
    expect(sorted(applyEdits(state.tasks, edits.map(invertEdit)))).toEqual(sorted(before));
  }
  const all = steps.flatMap(({ edits }) => edits);
  expect(sorted(applyEdits([], all))).toEqual(sorted(state.tasks));
  expect(changes).toBeGreaterThan(40);
});

describe('an edit done to a task that moved on', () => {
  test.each<[string, TaskEdit, Partial<PlainTask>, Partial<PlainTask>]>([
    ['leaves other fields', edit({ due: 0 }, { due: 9 }), { desc: 'theirs' }, { desc: 'theirs', due: 9 }],
    ['wins a field that both changed', edit({ desc: 'x' }, { desc: 'ours' }), { desc: 'theirs' }, { desc: 'ours' }],
    ['adds its worktime to theirs', edit({ worktime: 100 }, { worktime: 130 }), { worktime: 150 }, { worktime: 180 }],
    [
      'adds and removes tags one by one',
      edit({ tags: ['old'] }, { tags: ['ours'] }),
      { tags: ['old', 'theirs'] },
      { tags: ['theirs', 'ours'] },
    ],
    [
      'makes nothing active that is done',
      edit({ active: 0 }, { active: 7 }),
      { id: 5_1530716924, done },
      { active: 0, done },
    ],
    [
      'gives what is done the id of the task as it is called now',
      edit({ id: 5, done: 0 }, { id: Number(`5${done}`), done }),
      { id: 8 },
      { id: Number(`8${done}`), done },
    ],
    [
      'of a task that both made keeps the longer worktime',
      edit(null, blank),
      { worktime: 300, tags: ['theirs'] },
      { worktime: 300, tags: ['theirs', 'old'] },
    ],
  ])('%s', (_, ours, theirs, expected) => {
    expect(applyEdits([{ ...blank, ...theirs }], [ours])).toMatchObject([expected]);
  });

  const start = 1_000;
  const stopAt = (time: number, worktime = 100) =>
    edit(
      { active: start, last_active: 0, worktime },
      { active: 0, last_active: time, worktime: worktime + time - start },
    );

  test.each([
    ['earlier', 1_030, 1_060],
    ['later', 1_060, 1_030],
    ['at the same second', 1_060, 1_060],
  ])('two stops of one start count its time once, up to the later stop (theirs is %s)', (_, theirs, ours) => {
    const running = { ...blank, active: start };
    const once = applyEdits([running], [stopAt(theirs)]);
    expect(applyEdits(once, [stopAt(ours)])).toMatchObject([{ active: 0, last_active: 1_060, worktime: 160 }]);
  });

  test('done stops a task too: a stop elsewhere and done here count the time once', () => {
    const running = { ...blank, active: start };
    const theirs = applyEdits([running], [stopAt(1_030)]);
    const ours = edit(
      { ...stopAt(1_060).before, id: 5, done: 0 },
      { ...stopAt(1_060).after, id: doneId(5, 1_060), done: 1_060 },
    );
    expect(applyEdits(theirs, [ours])).toMatchObject([{ active: 0, done: 1_060, last_active: 1_060, worktime: 160 }]);
  });

  test('a stop leaves a task running that was stopped and started again after it', () => {
    const again = { ...blank, active: 1_100, last_active: 1_030, worktime: 130 };
    expect(applyEdits([again], [stopAt(1_060)])).toMatchObject([{ active: 1_100, last_active: 1_060, worktime: 160 }]);
    expect(applyEdits([again], [stopAt(1_200)])).toMatchObject([{ active: 0, last_active: 1_200, worktime: 300 }]);
  });

  test('a start that is taken back after it was stopped takes no time away', () => {
    const stopped = { ...blank, active: 0, last_active: 1_030, worktime: 130 };
    expect(applyEdits([stopped], [invertEdit(edit({ active: 0 }, { active: start }))])).toEqual([stopped]);
  });

  test('undoes only fields that nobody changed since, also if the task has another id now', () => {
    expect(applyEdits([{ ...blank, id: 9 }], [edit(blank, null)])).toEqual([]);
    expect(applyEdits([{ ...blank, desc: 'theirs' }], [edit(blank, null)])).toHaveLength(1);
    expect(applyEdits([], [edit(blank, null)])).toEqual([]);
  });

  test('of a missing task does nothing; a restored task gets a free id', () => {
    expect(applyEdits([], [edit({ desc: 'x' }, { desc: 'y' })])).toEqual([]);
    expect(applyEdits([{ ...blank, index: 'other' }], [edit(null, blank)])).toMatchObject([
      { id: 5 },
      { index: 'k', id: 1 },
    ]);
  });
});
