// The lossless merge of devices that edited independently, as pure functions over (base, theirs, ours): rules M5 to M10 and W6 of
// README.md. No store, no clock, no wire: the history of each task is passed in as values.

import { filterInSteps, finish, mapInSteps, Pace } from './in-steps.ts';
import { lacksWork, withMergedWork } from './merge-work.ts';
import type { Task } from './messages.ts';
import { same } from './same.ts';
import { isDoneIdOf } from './task.ts';

/** One step in the history of a task. */
export interface MergeStep {
  /** null if the step removed the task. */
  readonly task: Task | null;
  /** -1 for a value that is for history only: the next step overruled it. */
  readonly version: number;
  /** True if the merging device surely has this value: it is the device's own write, not the result of a merge. */
  readonly own: boolean;
}

/** The known history of one task: its value in the device's base, if it was there, and every step since, in order. */
export interface Life {
  readonly key: string;
  readonly base: Task | undefined;
  readonly steps: readonly MergeStep[];
  /** True if the merging device created the task after its base, has not removed it, and may not know the hub's index of it. */
  readonly made?: boolean;
}

export type MergeOutcome =
  /** `key` is null for a new task. `overruled` is the device's value if it differs from the result: history keeps it. */
  | { readonly kind: 'write'; readonly key: string | null; readonly task: Task; readonly overruled: Task | undefined }
  | { readonly kind: 'remove'; readonly key: string };

/** The result of an update. */
export interface Update {
  readonly task: Task;
  /** The task as the sender has it now. */
  readonly whole: Task;
}

export interface Merge {
  readonly outcomes: readonly MergeOutcome[];
  /** The device's value of each known task in its list, by key. */
  readonly listed: ReadonlyMap<string, Task>;
  /** The number of tasks that the list would have removed, if that were not too many at once (W7); 0 otherwise. */
  readonly spared: number;
}

/** `under` with the fields of `over`. A field that `over` lacks stays: the client that sent it does not know the field. */
export function overlay(under: Task, over: Task): Task {
  return Object.fromEntries([...Object.entries(under), ...Object.entries(over)]);
}

/** The fields of `task` whose value differs from `base`, or is missing there. */
function edits(base: Task, task: Task): string[] {
  const before = new Map(Object.entries(base));
  return Object.entries(task).flatMap(([field, value]) =>
    before.has(field) && same(before.get(field), value) ? [] : [field],
  );
}

/** The number of fields that an edit from `base` to `task` changes. */
export function distance(base: Task, task: Task): number {
  return edits(base, task).length;
}

/** Fields that two devices may set to the same value by coincidence: they are computed from the time, or have one of two values. */
const coincidental = new Set(['id', 'done', 'active', 'last_active']);

/** Fields that done, undone, start and stop change. */
const ofWork = new Set([...coincidental, 'worktime', 'start', 'stop']);

/** Fields of which each device has a part: what both worked is the sum, not the later value (M14). */
const countsWork = new Set(['worktime', 'start', 'stop', 'intervals']);

/**
 * The value that the edit is most likely based on: the nearest, and of several the latest. If the edit would revert a part of a later
 * value, that value must share more than coincidental fields with the edit; otherwise the device has not seen it.
 */
function nearest(values: readonly Task[], ours: Task): Task | undefined {
  return values.reduce<Task | undefined>((best, value) => {
    if (best === undefined) return value;
    return distance(value, ours) <= distance(best, ours) && !isUnseen(best, value, ours) ? value : best;
  }, undefined);
}

/** True if the edit would revert a change from `before` to `after`, and has no part of that change except by coincidence. */
function isUnseen(before: Task, after: Task, ours: Task): boolean {
  const [old, recent, mine] = [before, after, ours].map((task) => new Map(Object.entries(task)));
  const news = edits(before, after);
  const isReverted = news.some((field) => same(mine?.get(field), old?.get(field))) || lacksWork(before, after, ours);
  return isReverted && !news.some((field) => !coincidental.has(field) && same(mine?.get(field), recent?.get(field)));
}

/** Applies the changes from `base` to `ours` to `current`; `oursWins` decides for fields that both changed. */
function mergeFields(base: Task, current: Task, ours: Task, oursWins: (field: string) => boolean): Task {
  const theirs = new Set(edits(base, current));
  const won = edits(base, ours).filter((field) => !theirs.has(field) || oursWins(field));
  const mine = new Map(Object.entries(ours));
  const merged = overlay(current, Object.fromEntries(won.map((field) => [field, mine.get(field)])));
  const worked = (task: Task) => edits(base, task).some((field) => countsWork.has(field));
  return worked(current) && worked(ours) ? withMergedWork(merged, base, current, ours) : merged;
}

/** What is known about the sender of an update. */
export interface UpdateSender {
  /** The value of the task that it sent last, if it is among the recent ones. */
  readonly ownLast?: Task | undefined;
  /** True if it may have started and stopped the task without telling. */
  readonly silent?: boolean;
}

/**
 * W6: merges an update with changes that its sender may not have seen yet. An update changes something, so it is not based on a value
 * equal to it; and an update that stops a task is not based on a value that is already stopped.
 * @param recent the value before those changes, and each one since; the last is the current value
 */
export function mergeUpdate(
  recent: readonly Task[],
  current: Task,
  ours: Task,
  { ownLast, silent }: UpdateSender = {},
): Update {
  const possible = recent.filter(
    (value) => distance(value, ours) > 0 && (silent === true || !stopsStopped(value, ours)),
  );
  const seen = possible.filter((value) =>
    recent.slice(0, recent.indexOf(value)).every((before) => !isUnseen(before, value, ours)),
  );
  const own = ownLast !== undefined && possible.includes(ownLast) ? ownLast : undefined;
  const base = nearest(seen, ours) ?? own ?? nearest(possible, ours);
  const whole = overlay(base ?? current, ours);
  return { task: base === undefined ? whole : mergeFields(base, current, ours, () => true), whole };
}

function stopsStopped(before: Task, after: Task): boolean {
  return (
    !before.active && !after.active && after.last_active !== undefined && !same(before.last_active, after.last_active)
  );
}

/** The hub's knowledge about a device's list, in addition to the tasks in it. */
export interface Listing {
  /** The keys of listed tasks that were identified by an alias or a hub-made index (W10, R5). */
  readonly keys: ReadonlyMap<Task, string>;
  /** W7: the keys of tasks that an unreadable element of the list names. */
  readonly present: ReadonlySet<string>;
  /** The keys of the tasks that a listed task without an index can be; undefined if not known. */
  readonly unindexed: ReadonlySet<string> | undefined;
  /** Listed tasks that the device created itself, even if they look like a known task. */
  readonly fresh: ReadonlySet<Task>;
  /** The keys of tasks whose index the device surely has: a listed task without an index is another task, even with the same id. */
  readonly shown: ReadonlySet<string>;
  /** The keys of tasks that other devices have removed without this one knowing: it still has them, under their ids. */
  readonly lingering: ReadonlySet<string>;
}

/** Nothing but the list is known. */
export const noListing: Listing = {
  keys: new Map(),
  present: new Set(),
  unindexed: undefined,
  fresh: new Set(),
  shown: new Set(),
  lingering: new Set(),
};

/**
 * M5 to M10: merges the whole list of a device.
 * @param lives every task of the base, of the history since, and of the current state
 * @param ours the device's list
 * @param version of the device's last edit, already bounded by the hub's clock
 */
export function mergeList(
  lives: readonly Life[],
  ours: readonly Task[],
  version: number,
  listing: Listing = noListing,
): Merge {
  return finish(mergeListInSteps(lives, ours, version, listing));
}

/** `mergeList` with pauses. */
export function* mergeListInSteps(
  lives: readonly Life[],
  ours: readonly Task[],
  version: number,
  listing: Listing = noListing,
): Generator<void, Merge> {
  const { present } = listing;
  const known = yield* mapInSteps(lives, describe, ({ steps }) => 1 + steps.length);
  const matched = yield* match(known, yield* withoutDuplicates(known, ours), listing);
  const outcomes: MergeOutcome[] = [];
  const taken = new Set<number>();
  const listed = new Map<string, Task>();

  const pace = new Pace();
  for (const [task, one] of matched) {
    if (pace.isDue(workOf(one))) yield;
    if (one === undefined) {
      outcomes.push({ kind: 'write', key: null, task, overruled: undefined });
      continue;
    }
    listed.set(one.life.key, task);
    // A field that the device does not send is one that it does not know.
    if (one.values.some((value) => distance(value, task) === 0)) continue;
    const current = one.current ?? one.values.at(-1) ?? task;
    const base = nearest(one.values, task) ?? task;
    const merged = mergeFields(base, current, task, (field) => version >= changedAt(one.life, field));
    outcomes.push({ kind: 'write', key: one.life.key, task: merged, overruled: same(task, merged) ? undefined : task });
  }

  const alive = known.filter(({ current }) => current !== undefined);
  const removals = yield* filterInSteps(
    alive,
    ({ life, lastOwn, current }) =>
      !listed.has(life.key) && !present.has(life.key) && lastOwn !== undefined && same(lastOwn, current),
  );
  const spared = removals.length > 5 && removals.length * 5 > alive.length ? removals.length : 0;
  const removed = new Set(spared > 0 ? [] : removals.map(({ life }) => life.key));

  const rewritten = new Set(outcomes.flatMap((outcome) => (outcome.key === null ? [] : [outcome.key])));
  for (const { life, current } of alive) {
    if (current?.id !== undefined && !removed.has(life.key) && !rewritten.has(life.key)) taken.add(current.id);
  }
  if (pace.isDue(alive.length)) yield;
  return {
    outcomes: [...distinctIds(outcomes, taken), ...[...removed].map((key) => ({ kind: 'remove', key }) as const)],
    listed,
    spared,
  };
}

/** A client that was notified twice of a task may list it twice, and edit either. Removes the duplicate that is an old copy. */
function* withoutDuplicates(known: readonly Known[], ours: readonly Task[]): Generator<void, Task[]> {
  const byIndex = yield* group(known, ({ values }) => values.map(({ index }) => index));
  const isCopy = (task: Task) =>
    (byIndex.get(task.index) ?? []).some(({ values }) => values.some((value) => same(value, task)));
  const kept = new Map<string, Task>();
  const pace = new Pace();
  for (const task of ours) {
    if (pace.isDue(1 + (byIndex.get(task.index)?.length ?? 0))) yield;
    const twin = task.index === undefined ? undefined : kept.get(task.index);
    if (task.index !== undefined && (twin === undefined || isCopy(twin))) kept.set(task.index, task);
  }
  return ours.filter((task) => task.index === undefined || kept.get(task.index) === task);
}

interface Known {
  readonly life: Life;
  /** undefined if the task was removed. */
  readonly current: Task | undefined;
  /** Every value since the base, the value of the base first. */
  readonly values: readonly Task[];
  /** The values that the device surely had. */
  readonly own: readonly Task[];
  /** The last of them; undefined if the device removed the task itself, or never had it. */
  readonly lastOwn: Task | undefined;
}

function describe(life: Life): Known {
  const base = life.base === undefined ? [] : [life.base];
  const since = life.steps.flatMap((step) => (step.task === null ? [] : [step.task]));
  const ownSteps = life.steps.filter((step) => step.own);
  const own = [...base, ...ownSteps.flatMap((step) => (step.task === null ? [] : [step.task]))];
  const last = life.steps.at(-1);
  const lastOwn = ownSteps.at(-1);
  return {
    life,
    current: (last === undefined ? life.base : last.task) ?? undefined,
    values: [...base, ...since],
    own,
    lastOwn: lastOwn === undefined ? life.base : (lastOwn.task ?? undefined),
  };
}

/** The version at which a field last changed, without values that are for history only; -1 if it has not changed since the base. */
function changedAt(life: Life, field: string): number {
  let before = life.base;
  let at = -1;
  for (const step of life.steps) {
    if (step.version === -1 || step.task === null) continue;
    if (before === undefined || edits(before, step.task).includes(field)) at = step.version;
    before = step.task;
  }
  return at;
}

/** The known tasks that a listed task may be, and whether it is one of them. */
type Pass = (task: Task) => [readonly Known[] | undefined, (one: Known) => boolean];

/** The result of `match` so far. */
interface Matched {
  readonly found: Map<Task, Known>;
  readonly claimed: Set<Known>;
}

/** Matches the tasks that their index names. If the device has two copies of one, an edited copy wins over one that was only done or undone. */
function* matchNamed(
  ours: readonly Task[],
  namesOf: (task: Task) => Known | undefined,
  { found, claimed }: Matched,
  pace: Pace,
): Generator<void> {
  for (const isIt of [isEdited, isCurrent, () => true]) {
    for (const task of ours) {
      const one = namesOf(task);
      if (pace.isDue(workOf(one))) yield;
      if (one === undefined || claimed.has(one) || !isIt(one, task)) continue;
      found.set(task, one);
      claimed.add(one);
    }
  }
}

/** Finds the known task that each listed task is: by index, by the device's id of it, or by how done and undone change an id. */
function* match(
  known: readonly Known[],
  ours: readonly Task[],
  { keys, unindexed, fresh, shown, lingering }: Listing,
): Generator<void, [Task, Known | undefined][]> {
  const byKey = new Map(known.map((one) => [one.life.key, one]));
  const byIndex = yield* group(known, ({ values }) => values.map((value) => value.index));
  const byId = yield* group(known, ({ values, own }) => [...values, ...own].map((value) => value.id));
  const byDesc = yield* group(known, (one) => [...one.own, ...latestOwn(one)].map((value) => value.desc));
  const byDoneId = yield* group(known, ({ lastOwn }) => (lastOwn === undefined ? [] : openIds(lastOwn)));
  const found = new Map<Task, Known>();
  const claimed = new Set<Known>();
  const namesOf = (task: Task) => byKey.get(keys.get(task) ?? '');
  const pace = new Pace();
  yield* matchNamed(ours, namesOf, { found, claimed }, pace);
  /** The known tasks that a done task may have been before. */
  const openOf = (task: Task) => openIds(task).flatMap((id) => byId.get(id) ?? []);
  const isOther = (one: Known, task: Task) => task.index === undefined && shown.has(one.life.key);
  const isUnindexed = ({ life }: Known) =>
    unindexed?.has(life.key) !== false || (life.made === true && !shown.has(life.key));
  /** False for a task that the device did before another device's doing it reached it: that one stands in the list, too. */
  const didDo = (one: Known, task: Task) =>
    becameDone(one, task) &&
    !isOther(one, task) &&
    (one.lastOwn?.desc === task.desc || !openOf(task).some((twin) => claimed.has(twin) && wasDone(twin, task)));
  const isHere = (one: Known) => one.current !== undefined || lingering.has(one.life.key);
  const leaving = new Set<Known>();
  const passes: readonly Pass[] = [
    (task) => [task.index === undefined ? [] : byIndex.get(task.index), () => true],
    (task) => [byId.get(task.id), ({ values }) => values.some((value) => same(value, task))],
    (task) => [
      byId.get(task.id),
      ({ values }) => values.some((value) => value.id === task.id && value.desc === task.desc),
    ],
    (task) => [byDesc.get(task.desc), (one) => becameUndone(one, task)],
    (task) => [task.id === undefined ? [] : byDoneId.get(task.id), (one) => becameUndoneAndMore(one, task)],
    // The device has done and undone the task offline, perhaps done it again or edited it, and may have given the task's id to a new one.
    (task) => [task.index === undefined ? byDesc.get(task.desc) : [], (one) => hadOpenWithDesc(one, task)],
  ];
  const laterPasses: readonly Pass[] = [
    (task) => [
      byId.get(task.id),
      (one) => isHere(one) && one.lastOwn?.id === task.id && !leaving.has(one) && !isOther(one, task),
    ],
    (task) => [
      byId.get(task.id),
      (one) => isHere(one) && hadUnder(one, task.id) && !leaving.has(one) && !isOther(one, task),
    ],
    // The same, and the device has edited the task, too.
    (task) => [
      task.index === undefined ? byDesc.get(task.desc) : [],
      (one) => latestOwn(one).some(({ desc }) => desc === task.desc),
    ],
    (task) => [openOf(task), (one) => didDo(one, task)],
    // The task was done before, and the device has undone, edited and done it again.
    (task) => [openIds(task).flatMap((id) => byDoneId.get(id) ?? []), (one) => hasOwnFieldOf(one, task)],
  ];
  const openCount = (task: Task) => 1 + openOf(task).length;
  for (const pass of [...passes, ...laterPasses]) {
    if (pass === laterPasses[0]) {
      // Only now: a done task that an earlier pass has found does not give up another task's id.
      const unfound = ours.filter((task) => !found.has(task) && namesOf(task) === undefined);
      const left = (task: Task) => openOf(task).filter((open) => didDo(open, task));
      for (const list of yield* mapInSteps(unfound, left, openCount)) for (const one of list) leaving.add(one);
    }
    for (const task of ours) {
      if (pace.isDue()) yield;
      if (found.has(task) || fresh.has(task) || namesOf(task) !== undefined) continue;
      const [candidates = [], fits] = pass(task);
      const isFree = (one: Known) => !claimed.has(one) && (task.index !== undefined || isUnindexed(one));
      // Very many tasks may have the same description.
      const fitsHere = (one: Known) => isFree(one) && mayBe(one, task) && fits(one);
      const one = yield* likeliest(yield* filterInSteps(candidates, fitsHere, workOf, pace), task);
      if (one === undefined) continue;
      found.set(task, one);
      claimed.add(one);
    }
  }
  const isCopy = (task: Task) => {
    if (found.has(task) || fresh.has(task)) return false;
    const named = namesOf(task);
    const originals =
      named === undefined ? openOf(task).filter((one) => becameDone(one, task) || wasDone(one, task)) : [named];
    return originals.some((one) => claimed.has(one) && !isEdited(one, task));
  };
  const originals = yield* filterInSteps(ours, (task) => !isCopy(task), openCount);
  return originals.map((task): [Task, Known | undefined] => [task, found.get(task)]);
}

/** The cost of comparing a task with all values of a known one. */
function workOf(one: Known | undefined): number {
  return one === undefined ? 1 : one.values.length;
}

/** Of several candidates for a listed task, prefers existing tasks to removed ones, and then the one with the fewest differences. */
function* likeliest(candidates: readonly Known[], task: Task): Generator<void, Known | undefined> {
  if (candidates.length < 2) return candidates[0];
  const away = (one: Known) =>
    one.values.reduce((least, value) => Math.min(least, distance(value, task)), Number.POSITIVE_INFINITY);
  const rank = (one: Known) => (one.current === undefined ? 1_000 : 0) + away(one);
  const ranks = yield* mapInSteps(candidates, rank, workOf);
  return candidates[ranks.indexOf(ranks.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY))];
}

/** True if the device changed more fields of the task than done, undone, start and stop do. */
function isEdited({ values }: Known, task: Task): boolean {
  return values.every((value) => edits(value, task).some((field) => !ofWork.has(field)));
}

function isCurrent({ current }: Known, task: Task): boolean {
  return current !== undefined && distance(current, task) === 0;
}

/** True if the device had the task with this id, and did not remove it. */
function hadUnder(one: Known, id: number | undefined): boolean {
  if (one.life.made === true && one.values.some((value) => value.id === id)) return true;
  return one.lastOwn !== undefined && one.own.some((value) => value.id === id);
}

function* group<K>(known: readonly Known[], keysOf: (one: Known) => readonly K[]): Generator<void, Map<K, Known[]>> {
  const groups = new Map<K, Known[]>();
  const pace = new Pace();
  for (const one of known) {
    if (pace.isDue(workOf(one))) yield;
    for (const key of new Set(keysOf(one))) {
      if (key === undefined) continue;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [one]);
      else group.push(one);
    }
  }
  return groups;
}

/** True if the task has one of the known task's indexes, or both have none. Ids do not matter here (M10.5). */
function mayBe(one: Known, task: Task): boolean {
  return one.values.some(({ index }) => index === task.index);
}

/** The ids that a done task may have had before. */
export function openIds(task: Task): number[] {
  if (!task.done || task.id === undefined) return [];
  const digits = String(Math.abs(task.id));
  return [10, 13].flatMap((time) => (digits.length > time ? [Number(digits.slice(0, -time))] : []));
}

function becameDone(one: Known, task: Task): boolean {
  // The device has made the task under that id, and edited it before it did it.
  const isMade = one.life.made === true && one.lastOwn === undefined;
  return latestOwn(one).some(
    (value) =>
      isDoneFormOf(value, task) &&
      (isMade || value === one.lastOwn || value === one.current || value.desc === task.desc),
  );
}

function isDoneFormOf(before: Task, task: Task): boolean {
  if (before.id === undefined || task.id === undefined) return false;
  return before.index === task.index && !before.done && isDoneIdOf(task.id, before.id);
}

/** True if the listed task is the done form of an earlier value: the device has done it, and another device did the same. */
function wasDone({ own }: Known, task: Task): boolean {
  return own.some((before) => before.desc === task.desc && isDoneFormOf(before, task));
}

function becameUndone(one: Known, task: Task): boolean {
  const before = one.lastOwn;
  return (
    before !== undefined &&
    Boolean(before.done) &&
    !task.done &&
    before.desc === task.desc &&
    same(before.tags, task.tags)
  );
}

/** True if the device surely had the known task, open, with the description of the listed one. */
function hadOpenWithDesc(one: Known, task: Task): boolean {
  return latestOwn(one).some((value) => !value.done && value.desc === task.desc);
}

/** The value that the device surely has of a task; of a task that it made, if none is sure, every value. */
function latestOwn({ life, lastOwn, current, values }: Known): readonly Task[] {
  if (lastOwn !== undefined) return [lastOwn];
  return life.made === true && current !== undefined ? values : [];
}

/** Like `becameUndone`, if other fields changed, too: the id matches, and at least one characteristic field is equal. */
function becameUndoneAndMore(one: Known, task: Task): boolean {
  return !task.done && hasOwnFieldOf(one, task);
}

/** True if at least one characteristic field of the listed task is as the device surely had it. */
function hasOwnFieldOf({ lastOwn }: Known, task: Task): boolean {
  if (lastOwn === undefined) return false;
  return ownFields.some((field) => Boolean(task[field]) && same(lastOwn[field], task[field]) && !same(task[field], []));
}

/** Fields in which two different tasks are seldom equal. */
const ownFields = ['desc', 'tags', 'due', 'worktime'] as const;

/** M9: clients choose ids, so two tasks of the result may have the same. Existing tasks keep theirs, new ones get the smallest free id. */
function distinctIds(outcomes: readonly MergeOutcome[], taken: ReadonlySet<number>): MergeOutcome[] {
  const used = new Set(taken);
  let free = 1;
  const nextFree = () => {
    while (used.has(free)) free += 1;
    return free;
  };
  const settle = (outcome: MergeOutcome): MergeOutcome => {
    if (outcome.kind === 'remove') return outcome;
    const { id } = outcome.task;
    const given = id === undefined || used.has(id) ? nextFree() : id;
    used.add(given);
    if (given === id) return outcome;
    const overruled = id === undefined ? outcome.overruled : (outcome.overruled ?? outcome.task);
    return { ...outcome, task: { ...outcome.task, id: given }, overruled };
  };
  const isNew = (outcome: MergeOutcome) => outcome.key === null;
  return [...outcomes.filter((outcome) => !isNew(outcome)).map(settle), ...outcomes.filter(isNew).map(settle)];
}
