// The change of a large database file: for any two databases, the line that is stored leads from one to the other.

import { describe, expect, test } from '@jest/globals';
import { emptyDatabase, type KronosDatabase } from '../../../../clients/kronos/data/database.ts';
import { formatDatabase, parseDatabase, takesChanges } from '../../../../clients/kronos/data/file-text.ts';
import { changeBetween } from '../../../../clients/kronos/data/stored-change.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { blankTask } from '../../../harness/task.ts';
import { seeded } from '../../../harness/world.ts';

let made = 0;
function newTask(): PlainTask {
  made += 1;
  return { ...blankTask, index: `k${made}`, id: made, desc: '}\n{ "é"' };
}

/** Removes, changes, adds and sometimes moves some elements. */
function changedList<T>(list: readonly T[], random: () => number, change: (one: T) => T, create: () => T): T[] {
  const kept = list.filter(() => random() > 0.15).map((one) => (random() < 0.2 ? change(one) : one));
  const added = Array.from({ length: Math.floor(random() * 4) }, create);
  const all = random() < 0.8 ? [...kept, ...added] : [...added, ...kept];
  return random() < 0.1 ? all.reverse() : all;
}

function randomChange(before: KronosDatabase, random: () => number): Partial<KronosDatabase> {
  const edit = () => ({ index: `k${Math.floor(random() * 9)}`, before: null, after: newTask() });
  const step = () => ({ n: made, at: 5, action: 'add', edits: [edit()] });
  const dropped = <T>(list: readonly T[]) => list.slice(Math.floor(random() * 3));
  const some = <T extends object>(change: T): T | object => (random() < 0.5 ? change : {});
  return {
    ...some({ hide_done: random() < 0.5, context: ['a', '}\n{'] }),
    ...some({ tasks: changedList(before.tasks, random, (one) => ({ ...one, worktime: one.worktime + 1 }), newTask) }),
    ...some({
      entries: changedList(
        before.entries,
        random,
        (one) => ({ ...one, to: one.to + 1 }),
        () => {
          made += 1;
          return { key: `e${made}`, from: 1, to: 2, text: 'x' };
        },
      ),
    }),
    ...some({ log: [...dropped(before.log), step(), step()] }),
    ...some({ queue: random() < 0.3 ? [] : [...dropped(before.queue), edit()] }),
  };
}

describe('changes of a file', () => {
  test('lead to the same database, one by one and when read together', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seeded(seed);
      let database: KronosDatabase = { ...emptyDatabase, tasks: Array.from({ length: 8 }, newTask) };
      let text = formatDatabase(database);
      for (let turn = 0; turn < 12; turn += 1) {
        const changed = randomChange(database, random);
        const change = changeBetween(database, changed);
        expect(change).toBeDefined();
        expect(takesChanges(text)).toBe(true);
        text += `${JSON.stringify(change)}\n`;
        database = { ...database, ...changed };
        expect({ seed, turn, read: parseDatabase(text) }).toEqual({ seed, turn, read: database });
      }
    }
  });

  test('name only what differs', () => {
    const [one, two, three] = [newTask(), newTask(), newTask()];
    const before = { ...emptyDatabase, tasks: [one, two] };
    const renamed = { ...two, desc: 'x' };
    expect(changeBetween(before, { tasks: [one, renamed, three], hide_done: false })).toEqual({
      options: { hide_done: false },
      tasks: { gone: [], put: [renamed, three] },
    });
    expect(changeBetween(before, { tasks: [two] })).toEqual({ options: {}, tasks: { gone: [one.index], put: [] } });
  });

  test('do not exist for a list that has a key twice', () => {
    const one = newTask();
    const copy = { ...one, desc: 'a copy' };
    expect(changeBetween({ ...emptyDatabase, tasks: [one, copy] }, { tasks: [{ ...one, id: 9 }, copy] })).toBe(
      undefined,
    );
  });
});
