// What the merge of a device's list (protocol/merge.ts) needs to know of the past, gathered from a channel's history: each task's
// life since the device's base, and whether its list proves that an earlier one arrived (M11). Nothing is read or written here.

import { distance, type Life, type MergeStep } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Base } from '../../../protocol/version.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Change, Item } from '../../core/store.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** What a channel was, and every step from there to `until`. */
export interface TaskPast {
  readonly base: readonly Item[];
  readonly steps: readonly Change[];
  readonly until: number;
}

/**
 * The past, and what came between it and `state`, task by task.
 * @param has what the device that merges surely has
 * @param seen a task as the device has it
 */
export function livesOf(
  { base, steps, until }: TaskPast,
  state: ChannelState,
  device: string,
  has: Base | undefined,
  seen: (task: Task) => Task,
): Life[] {
  const lives = new Map<string, { key: string; base: Task | undefined; steps: MergeStep[]; made: boolean }>();
  const life = (key: string) => {
    const known = lives.get(key) ?? { key, base: undefined, steps: [], made: false };
    lives.set(key, known);
    return known;
  };
  // A write of before it began from nothing it has forgotten; one that came after it was last seen, or that a list may have
  // crossed, it may have.
  const sure = ({ seq, at }: Change) =>
    seq > (has?.began ?? 0) && at <= (has?.left ?? 0) && at < (has?.doubt ?? Number.POSITIVE_INFINITY);
  for (const item of base) life(item.key).base = seen(taskOf(item));
  for (const step of steps) {
    const known = life(step.key);
    const begins = known.base === undefined && known.steps.length === 0;
    if (begins && step.origin === device && step.seq > (has?.began ?? 0)) known.made = true;
    // What a merge made of a device's value is not yet known to the device.
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
 * M11: whether the device's list holds a value that came up only after its base, from somebody else, and before it logged in: then
 * it has that from the list it was sent.
 * @param login the last step when it logged in: what came later it may know from a notification
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
