// Prepares a channel's history for the merge of a device's list (protocol/merge.ts): the values of each task since the device's base,
// and whether the list proves that an earlier list arrived (M11). Pure functions.

import { Pace } from '../../../protocol/in-steps.ts';
import { distance, type Life, type MergeStep } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Base } from '../../../protocol/version.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Change, Item } from '../../core/store.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** The items of a channel at one step, and every later step until `until`. */
export interface TaskPast {
  readonly base: readonly Item[];
  readonly steps: readonly Change[];
  readonly until: number;
}

/**
 * The values of each task in the past, and its changes between the past and `state`. It pauses where others may have their turn.
 * @param deviceBase what the merging device surely has
 * @param seen converts a stored task to the form that the device was sent
 */
export function* livesOf(
  { base, steps, until }: TaskPast,
  state: ChannelState,
  device: string,
  deviceBase: Base | undefined,
  seen: (task: Task) => Task,
): Generator<void, Life[]> {
  const lives = new Map<string, { key: string; base: Task | undefined; steps: MergeStep[]; made: boolean }>();
  const life = (key: string) => {
    const known = lives.get(key) ?? { key, base: undefined, steps: [], made: false };
    lives.set(key, known);
    return known;
  };
  // True for writes of the device that it surely still has. It may not have a write from before its base began, from after the hub
  // last received something from it, or one that crossed a list on the way.
  const sure = ({ seq, at }: Change) =>
    seq > (deviceBase?.began ?? 0) &&
    at <= (deviceBase?.left ?? 0) &&
    at < (deviceBase?.doubt ?? Number.POSITIVE_INFINITY);
  const pace = new Pace();
  for (const item of base) {
    if (pace.isDue()) yield;
    life(item.key).base = seen(taskOf(item));
  }
  for (const step of steps) {
    if (pace.isDue()) yield;
    const known = life(step.key);
    const begins = known.base === undefined && known.steps.length === 0;
    if (begins && step.origin === device && step.seq > (deviceBase?.began ?? 0)) known.made = true;
    if (step.value === null && step.origin === device) known.made = false;
    // The device does not know the result of a merge yet, only the value that it sent itself. What it removed, it has again only with an
    // index, from a list that crossed the removal.
    const isSure = step.value === null || (known.steps.at(-1)?.version !== -1 && sure(step));
    const own = step.origin === device && isSure;
    known.steps.push({
      task: step.value === null ? null : seen(storedTask(step.value)),
      version: step.version ?? -1,
      own,
    });
  }
  for (const item of state.items.values()) {
    if (pace.isDue()) yield;
    if (item.seq > until)
      life(item.key).steps.push({ task: seen(taskOf(item)), version: item.version ?? -1, own: false });
  }
  for (const known of lives.values()) {
    const last = known.steps.at(-1);
    const alive = last === undefined ? known.base !== undefined : last.task !== null;
    if (alive && !state.items.has(known.key)) known.steps.push({ task: null, version: state.version, own: false });
  }
  return [...lives.values()];
}

/** The values with which `provesReceived` compares a device's list. */
export interface Proof {
  readonly past: TaskPast;
  /** The last step when the device logged in. Later values may have reached it as notifications. */
  readonly login: number;
  /** The last step in the list that the hub sent. */
  readonly sent: number;
  /** True if the device may have been notified of a change at this moment of the hub's clock. */
  readonly mayReceive: (at: number) => boolean;
  readonly device: string;
  /** The keys of the tasks that it created without an index, and was not surely sent an index for; undefined if not known. */
  readonly unindexed: ReadonlySet<string> | undefined;
  /** Converts a stored task to the form that the device was sent. */
  readonly seen: (task: Task) => Task;
  /** The index that the device was sent for the task with this key. */
  readonly indexOf: (key: string, task: Task) => string;
}

/**
 * M11: true if the device's list has something that it can only have from the list that the hub sent, because it was written after the
 * base and before the login: a value that another device wrote, the index of a task that another device created, or the index that the
 * hub made for a task that the device created without one.
 */
export function* provesReceived(ours: readonly Task[], proof: Proof): Generator<void, boolean> {
  return (yield* hasValueOfOthers(ours, proof)) || (yield* hasIndexFromList(ours, proof));
}

function* hasValueOfOthers(
  ours: readonly Task[],
  { past, login, device, seen, indexOf }: Proof,
): Generator<void, boolean> {
  const before = new Map<string, Set<string>>(past.base.map((item) => [item.key, new Set([item.value])]));
  const listed = new Map(ours.map((task) => [task.id, task]));
  const indexes = new Set(ours.map(({ index }) => index));
  const pace = new Pace();
  for (const { key, value, seq, origin } of past.steps) {
    if (pace.isDue()) yield;
    if (seq > login) return false;
    if (value === null) continue;
    const task = storedTask(value);
    const values = before.get(key);
    if (values === undefined && origin !== device && indexes.has(indexOf(key, task))) return true;
    const one = listed.get(task.id);
    const isNew = values?.has(value) !== true && origin !== device;
    if (isNew && one !== undefined && distance(seen(task), one) === 0) return true;
    before.set(key, (values ?? new Set()).add(value));
  }
  return false;
}

/** True if the list has the hub's index of a task that the device created without one, and no notification can have had that index. */
function* hasIndexFromList(
  ours: readonly Task[],
  { past, sent, device, unindexed, indexOf, mayReceive }: Proof,
): Generator<void, boolean> {
  const indexes = new Set(ours.map(({ index }) => index));
  const made = new Map(
    past.base.flatMap((item) => (unindexed?.has(item.key) ? [[item.key, indexOf(item.key, taskOf(item))]] : [])),
  );
  const known = new Set(past.base.map(({ key }) => key));
  const pace = new Pace();
  for (const { key, value, seq, origin, at } of past.steps) {
    if (pace.isDue()) yield;
    if (origin !== device && mayReceive(at)) made.delete(key);
    const task = value === null || known.has(key) ? undefined : storedTask(value);
    known.add(key);
    if (task !== undefined && origin === device && task.index === undefined && seq <= sent)
      made.set(key, indexOf(key, task));
  }
  return [...made.values()].some((index) => indexes.has(index));
}
