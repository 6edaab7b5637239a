// The merge, rule by rule, as functions of values. tests/simulation runs it with many devices.

import { describe, expect, test } from '@jest/globals';
import { finish } from '../../../protocol/in-steps.ts';
import { type Life, mergeList, mergeListInSteps, mergeUpdate, noListing, overlay } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { same } from '../../../protocol/same.ts';
import { task } from '../../harness/task.ts';

/** A task of the base and its later values by other devices, at versions 10, 20, … */
const life = (key: string, base: Task | undefined, ...since: readonly (Task | null)[]): Life => ({
  key,
  base,
  steps: since.map((value, at) => ({ task: value, version: (at + 1) * 10, own: false })),
});
const writes = (lives: readonly Life[], ours: readonly Task[], version = 100, listing = noListing) =>
  mergeList(lives, ours, version, listing).outcomes.map((outcome) =>
    outcome.kind === 'write' ? [outcome.key, outcome.task] : [outcome.key, 'removed'],
  );

describe('a list of a device that was away', () => {
  test('[M5.1] a value that the hub has or once had is not an edit', () => {
    const [old, mid, current] = [task(1, 'a'), task(1, 'b'), task(1, 'c')];
    for (const ours of [old, mid, current]) expect(writes([life('k', old, mid, current)], [ours])).toEqual([]);
  });

  test('[M5.2] the edit is the fields that differ from the nearest value', () => {
    // The device edited only `due`, on the second value, so the desc is not reverted.
    const lives = [life('k', task(1, 'a'), task(1, 'b', { tags: ['x'] }), task(1, 'c', { tags: ['x', 'y'] }))];
    expect(writes(lives, [task(1, 'b', { tags: ['x'], due: 9 })])).toEqual([
      ['k', task(1, 'c', { tags: ['x', 'y'], due: 9 })],
    ]);
  });

  test('[M5.3] of values that are as near, the latest is the one that was edited', () => {
    // It differs from either value in one field: due from the first, desc from the second.
    const lives = [life('k', task(1, 'a'), task(1, 'b', { due: 5 }))];
    expect(writes(lives, [task(1, 'a', { due: 5 })])).toEqual([['k', task(1, 'a', { due: 5 })]]);
  });

  test('[M6.1] edits of different fields are both kept', () => {
    const lives = [life('k', task(1, 'milk'), task(1, 'milk', { tags: ['shop'] }))];
    expect(writes(lives, [task(1, 'oat milk')])).toEqual([['k', task(1, 'oat milk', { tags: ['shop'] })]]);
  });

  test('[M6.2] [M6.3] of a field that both changed the later version stays, and the other one is stored in history', () => {
    const tagged = { tags: ['x'] };
    const lives = [life('k', task(1, 'a'), task(1, 'theirs', tagged))];
    expect(mergeList(lives, [task(1, 'mine')], 10).outcomes).toEqual([
      { kind: 'write', key: 'k', task: task(1, 'mine', tagged), overruled: task(1, 'mine') },
    ]);
    expect(mergeList(lives, [task(1, 'mine')], 9).outcomes).toEqual([
      { kind: 'write', key: 'k', task: task(1, 'theirs', tagged), overruled: task(1, 'mine') },
    ]);
  });

  test('[M6.4] a field that the device does not send stays', () => {
    const lives = [life('k', task(1, 'a', JSON.parse('{"colour":"red"}')))];
    expect(writes(lives, [task(1, 'b')])).toEqual([['k', task(1, 'b', JSON.parse('{"colour":"red"}'))]]);
  });

  test('[M7.1] a task of the base that the list lacks is removed', () => {
    expect(writes([life('k', task(1, 'a')), life('l', task(2, 'b'))], [task(1, 'a')])).toEqual([['l', 'removed']]);
  });

  test('[M7.2] [M7.3] a task that others edited since, or that the device cannot have seen, stays', () => {
    expect(writes([life('k', task(1, 'a'), task(1, 'edited')), life('l', undefined, task(2, 'new'))], [])).toEqual([]);
  });

  test('[M7.4] the device’s own later writes are part of its base', () => {
    const own: Life = { key: 'k', base: undefined, steps: [{ task: task(1, 'a'), version: 10, own: true }] };
    expect(writes([own], [])).toEqual([['k', 'removed']]);
  });

  test('[W7.2] a list that would remove more than 5 tasks and more than a fifth removes none', () => {
    const lives = (count: number) => Array.from({ length: count }, (_, at) => life(`k${at}`, task(at + 1, `t${at}`)));
    const without = (count: number, removed: number) =>
      lives(count)
        .slice(removed)
        .flatMap(({ base }) => (base === undefined ? [] : [base]));
    expect(mergeList(lives(6), without(6, 5), 1)).toMatchObject({ spared: 0, outcomes: { length: 5 } });
    expect(mergeList(lives(29), without(29, 6), 1)).toMatchObject({ spared: 6, outcomes: [] });
    expect(mergeList(lives(30), without(30, 6), 1)).toMatchObject({ spared: 0, outcomes: { length: 6 } });
    expect(mergeList(lives(31), without(31, 6), 1)).toMatchObject({ spared: 0, outcomes: { length: 6 } });
    // The device's edits and new tasks are still applied.
    const ours = [task(1, 'edited'), task(99, 'new')];
    expect(mergeList(lives(10), ours, 1)).toMatchObject({ spared: 9, outcomes: [{ key: 'k0' }, { key: null }] });
  });

  test('[M8.1] [M8.2] a deleted task is restored if the device edited it, and stays deleted otherwise', () => {
    const { outcomes } = mergeList([life('k', task(1, 'a'), null)], [task(1, 'edited')], 100);
    expect(outcomes).toMatchObject([{ kind: 'write', task: task(1, 'edited') }]);
    expect(writes([life('k', task(1, 'a'), null)], [task(1, 'a')])).toEqual([]);
  });

  test('[M9.1] [M9.2] two devices that made a task of one id made two tasks, and the second is given the smallest free id', () => {
    const lives = [life('k', undefined, task(1, 'theirs'))];
    const { outcomes } = mergeList(lives, [task(1, 'mine')], 100);
    expect(outcomes).toMatchObject([{ kind: 'write', key: null, task: task(2, 'mine'), overruled: task(1, 'mine') }]);
  });

  test('[M9.2] [M9.3] every task gets a unique id, also one without an id', () => {
    const { outcomes } = mergeList(
      [life('k', task(2, 'a'))],
      [task(2, 'a'), { desc: 'x' }, { desc: 'y' }, task(2, 'z', { index: 'i' })],
      1,
    );
    const ids = outcomes.flatMap((outcome) => (outcome.kind === 'write' ? [outcome.task.id] : []));
    expect(ids).toEqual([1, 3, 4]);
  });

  test('[M10.2] a task whose id is an old id followed by the time of done is the old task', () => {
    const done = task(51_530_716_924, 'a', { done: 1_530_716_924 });
    expect(writes([life('k', task(5, 'a'))], [done])).toEqual([['k', done]]);
  });

  test('[M10.3] a task with the description and tags of a done task is that task, undone', () => {
    const done = task(51_530_716_924, 'a', { done: 1_530_716_924 });
    expect(writes([life('k', done)], [task(3, 'a')])).toEqual([['k', task(3, 'a')]]);
  });

  test('[M10.1] an index counts more than any id', () => {
    const lives = [life('k', task(1, 'a', { index: 'o#1#1' })), life('l', task(2, 'b', { index: 'o#2#2' }))];
    const ours = [task(2, 'a!', { index: 'o#1#1' }), task(1, 'b', { index: 'o#2#2' })];
    expect(writes(lives, ours)).toEqual([
      ['k', task(2, 'a!', { index: 'o#1#1' })],
      ['l', task(1, 'b', { index: 'o#2#2' })],
    ]);
  });

  test('[M10.4] a task that was undone under the id of a deleted task does not edit the deleted task', () => {
    const lives = [life('k', task(4, 'milk')), life('l', task(11530716924, 'bread', { done: 1530716924, due: 9 }))];
    expect(writes(lives, [task(4, 'bread', { due: 9 })])).toEqual([
      ['l', task(4, 'bread', { due: 9 })],
      ['k', 'removed'],
    ]);
  });

  test('[M10.7] a task that was done and undone is found by its description although a new task has its id now', () => {
    const [other, made] = [task(3, 'milk'), task(2, 'bread')];
    expect(writes([life('milk', task(2, 'milk'))], [other, made])).toEqual([
      ['milk', other],
      [null, made],
    ]);
    // The new task may have been done since, and the other one edited.
    const done = task(21530716924, 'bread', { done: 1530716924 });
    const edited = task(3, 'milk', { tags: ['shop'] });
    expect(writes([life('milk', task(2, 'milk'))], [edited, done])).toEqual([
      ['milk', edited],
      [null, done],
    ]);
    // Or it was done again, under the id that it had after it was undone.
    const again = task(31530716924, 'milk', { done: 1530716924 });
    expect(writes([life('milk', task(2, 'milk'))], [again, made])).toEqual([
      ['milk', again],
      [null, made],
    ]);
    // And edited.
    const later = { ...again, due: 9 };
    expect(writes([life('milk', task(2, 'milk'))], [later, made])).toEqual([
      ['milk', later],
      [null, made],
    ]);
  });

  test('[M10.11] a device that lists its own done copy and the one that another device did loses no other task', () => {
    const theirs = task(-21530716930, 'milk', { done: 1530716930 });
    const own = task(21530716924, 'milk', { done: 1530716924 });
    const lives: Life[] = [
      life('milk', task(2, 'milk'), theirs),
      { key: 'bread', base: undefined, steps: [{ task: task(2, 'bread'), version: 5, own: true }], made: true },
    ];
    const edited = task(2, 'bread', { tags: ['shop'] });
    expect(writes(lives, [own, theirs, edited])).toEqual([['bread', edited]]);
  });

  test('[M10.8] a done task that was undone, edited and done again is that task, if one characteristic field is as it was', () => {
    const before = task(11530716924, 'milk', { done: 1530716924, tags: ['shop'] });
    const again = task(11530716999, 'oat milk', { done: 1530716999, tags: ['shop'] });
    expect(writes([life('k', before)], [again])).toEqual([['k', again]]);
    const another = task(11530716999, 'bread', { done: 1530716999 });
    expect(writes([life('k', before)], [another])).toEqual([
      [null, another],
      ['k', 'removed'],
    ]);
  });

  test('[M10.9] a task that the device made and another device changed is found by its id and description before that', () => {
    const made: Life = {
      ...life('k', undefined, task(1, 'milk'), task(-11530716924000, 'milk', { done: 1530716924000 })),
      made: true,
    };
    const done = task(11530716900, 'milk', { done: 1530716900, tags: ['shop'] });
    expect(mergeList([made], [done], 100).outcomes).toMatchObject([{ kind: 'write', key: 'k' }]);
    const renamed = task(11530716900, 'oat milk', { done: 1530716900 });
    expect(mergeList([made], [renamed], 100).outcomes).toMatchObject([{ kind: 'write', key: 'k' }]);
  });

  test('[M10.10] a task that the device made and knows with its index is not one that it lists without', () => {
    const made: Life = { ...life('k', undefined, task(1, 'milk', { due: 7 })), made: true };
    const another = task(1, 'milk');
    const listing = { ...noListing, unindexed: new Set<string>() };
    expect(mergeList([made], [another], 100, listing).outcomes).toMatchObject([{ kind: 'write', key: 'k' }]);
    const known = { ...listing, shown: new Set(['k']) };
    expect(mergeList([made], [another], 100, known).outcomes).toMatchObject([{ kind: 'write', key: null }]);
  });

  test('[M8.3] a task that was deleted without the device hearing it comes back under its key, edited in every field', () => {
    const lives = [life('k', task(1, 'milk'), null)];
    const edited = task(1, 'bread');
    expect(writes(lives, [edited], 100, { ...noListing, lingering: new Set(['k']) })).toEqual([['k', edited]]);
    expect(writes(lives, [edited])).toEqual([[null, edited]]);
  });

  test('an empty list of a device with an empty base changes nothing', () => {
    expect(mergeList([], [], 1)).toMatchObject({ outcomes: [], spared: 0 });
  });

  test('5,000 tasks are merged, all equal or all different, with and without ids', () => {
    const many = (more: (at: number) => Task) => Array.from({ length: 5_000 }, (_, at) => more(at));
    const based = many((at) => task(at + 1, 'same')).map((base, at) => life(`k${at}`, base));
    expect(
      mergeList(
        based,
        many((at) => task(at + 1, 'same')),
        1,
      ).outcomes,
    ).toEqual([]);
    expect(
      mergeList(
        based,
        many((at) => task(at + 1, `t${at}`)),
        1,
      ).outcomes,
    ).toHaveLength(5_000);
    const fresh = mergeList(
      [],
      many(() => ({ desc: 'same' })),
      1,
    ).outcomes;
    expect(new Set(fresh.map((outcome) => (outcome.kind === 'write' ? outcome.task.id : 0))).size).toBe(5_000);
  });
});

describe('two copies of one task in a list', () => {
  const ts = 1_530_716_924;
  const copy = task(Number(`2${ts}`), 'milk', { done: ts });
  const lives = [life('milk', task(2, 'milk'), task(9, 'milk', { done: ts })), life('bread', task(2, 'bread'))];

  test('[M10.5] the second, known by its index, takes no other task’s id', () => {
    const received = task(9, 'milk', { done: ts });
    const edited = task(2, 'rye bread');
    const keys = new Map([
      [copy, 'milk'],
      [received, 'milk'],
    ]);
    const listing = { ...noListing, keys, unindexed: new Set(['bread']) };
    const { outcomes } = mergeList(lives, [copy, received, edited], 100, listing);
    expect(outcomes).toEqual([{ kind: 'write', key: 'bread', task: edited, overruled: undefined }]);
  });

  test('[M10.6] a task that was done and undone without a word, under another id, is found by its description', () => {
    expect(writes([life('milk', task(2, 'milk'))], [task(1, 'milk', { tags: ['shop'] })])).toEqual([
      ['milk', task(1, 'milk', { tags: ['shop'] })],
    ]);
  });
});

describe('an update that crossed another’s', () => {
  test('[W6.1] an update takes back nothing that its sender had not seen', () => {
    const [before, current] = [task(1, 'milk'), task(1, 'milk', { tags: ['home'] })];
    expect(mergeUpdate([before, current], current, task(1, 'oat milk')).task).toEqual(
      task(1, 'oat milk', { tags: ['home'] }),
    );
    expect(mergeUpdate([before, current], current, task(1, 'milk', { tags: ['home'], due: 9 })).task).toEqual(
      task(1, 'milk', { tags: ['home'], due: 9 }),
    );
  });
});

describe('values of tasks', () => {
  test('are equal whatever the order of their fields', () => {
    expect(same({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBe(true);
    const others: unknown[] = [{ a: 1 }, { a: 1, b: [{ c: 0 }] }, { a: 1, b: { 0: { c: null } } }, [], null, 1];
    for (const other of others) expect(same({ a: 1, b: [{ c: null }] }, other)).toBe(false);
    expect(same([], {})).toBe(false);
    expect(same(JSON.parse('{"__proto__":1}'), {})).toBe(false);
  });

  test('keep fields that an overlay does not have, and take names of prototype members as ordinary names', () => {
    const over = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
    const whole = overlay(JSON.parse('{"id":1,"toString":3}'), over);
    expect(Object.entries(whole)).toEqual([
      ['id', 1],
      ['toString', 3],
      ['__proto__', { x: 1 }],
      ['constructor', 2],
    ]);
    expect(Object.getPrototypeOf(whole)).toBe(Object.getPrototypeOf({}));
  });
});

describe('a merge with pauses', () => {
  /** How often a merge pauses. */
  const pausesOf = (lives: readonly Life[], ours: readonly Task[]): number => {
    const steps = mergeListInSteps(lives, ours, 0);
    for (let pauses = 0; ; pauses += 1) if (steps.next().done === true) return pauses;
  };
  const numbers = Array.from({ length: 2_000 }, (_, at) => at + 1);

  test('pauses several times for each few hundred tasks, and has the same result', () => {
    const lives = numbers.map((id) => life(`key-${id}`, task(id, `task ${id}`)));
    const ours = numbers.map((id) => task(id, `other ${id}`));
    expect(pausesOf(lives, ours)).toBeGreaterThan(10 * (numbers.length / 250));
    expect(finish(mergeListInSteps(lives, ours, 0))).toEqual(mergeList(lives, ours, 0));
  });

  test('pauses within one task, where all tasks have the same description', () => {
    const lives = numbers.slice(0, 500).map((id) => life(`key-${id}`, task(id, 'milk', { due: id })));
    const ours = numbers.slice(0, 500).map((id) => task(10_000 + id, 'milk'));
    expect(pausesOf(lives, ours)).toBeGreaterThan((500 * 500) / 250 / 2);
  });

  test('pauses for the values of one task that was changed very often', () => {
    const steps = numbers.map((due) => ({ task: task(1, 'milk', { due }), version: due, own: false }));
    const lives = Array.from({ length: 20 }, (_, at) => ({ ...life(`key-${at}`, task(at, 'milk')), steps }));
    const ours = Array.from({ length: 20 }, (_, at) => task(at, 'oat milk'));
    expect(pausesOf(lives, ours)).toBeGreaterThanOrEqual(5 * 20);
  });
});
