// Prepares a channel's history for the merge of a device's list (protocol/merge.ts): the values of each task since the device's base,
// and whether the list proves that an earlier list arrived (M11). Pure functions.

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
 * The values of each task in the past, and its changes between the past and `state`.
 * @param deviceBase what the merging device surely has
 * @param seen converts a stored task to the form that the device was sent
 */
export function livesOf(
  { base, steps, until }: TaskPast,
  state: ChannelState,
  device: string,
  deviceBase: Base | undefined,
  seen: (task: Task) => Task,
): Life[] {
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
  for (const item of base) life(item.key).base = seen(taskOf(item));
  for (const step of steps) {
    const known = life(step.key);
    const begins = known.base === undefined && known.steps.length === 0;
    if (begins && step.origin === device && step.seq > (deviceBase?.began ?? 0)) known.made = true;
    // The device does not know the result of a merge yet, only the value that it sent itself.
    const own = step.origin === device && known.steps.at(-1)?.version !== -1 && sure(step);
    known.steps.push({
      task: step.value === null ? null : seen(storedTask(step.value)),
      version: step.version ?? -1,
      own,
    });
  }
  for (const item of state.items.values()) {
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

/**
 * M11: true if the device's list has a value that another device wrote after the base and before the login. The device can only have
 * it from the list that the hub sent.
 * @param login the last step when the device logged in. Later values may have reached it as notifications
 */
export function provesReceived(
  { base, steps }: TaskPast,
  login: number,
  ours: readonly Task[],
  device: string,
  seen: (task: Task) => Task,
): boolean {
  const before = new Map<string, Set<string>>(base.map((item) => [item.key, new Set([item.value])]));
  const listed = new Map(ours.map((task) => [task.id, task]));
  for (const { key, value, seq, origin } of steps) {
    if (seq > login) return false;
    if (value === null) continue;
    const values = before.get(key) ?? new Set();
    before.set(key, values);
    const task = storedTask(value);
    const one = listed.get(task.id);
    const isNew = !values.has(value) && origin !== device;
    if (isNew && one !== undefined && distance(seen(task), one) === 0) return true;
    values.add(value);
  }
  return false;
}
