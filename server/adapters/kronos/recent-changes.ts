// Records what the sender of an update may not have seen yet: the changes of the last two seconds, ids that tasks lost in that time, and
// everything since a device is out of sync (W6, M12). Each write on this and other nodes is added. protocol/merge.ts uses the records.

import { Pace } from '../../../protocol/in-steps.ts';
import { distance } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { same } from '../../../protocol/same.ts';
import type { Change } from '../../core/store.ts';
import type { Moved, Ops } from './ops.ts';
import { storedTask } from './task-codec.ts';

/** W6: the time after which a sender has surely seen the change of another device, in milliseconds. */
const unseenMs = 2_000;
/** W6.10: the longest time for which a change counts as unseen by a device of 2018 that has changed the task's id silently, in milliseconds. */
const longestUnheardMs = 3_600_000;
/** The number of changes of one task that are recorded. */
const mostChanges = 100;
/** The number of former ids of all tasks that are recorded. */
const mostFormerIds = 10_000;
/** The shortest time between two removals of old records. */
const pruneMs = 500;

/** The largest difference between a stamp and the notification that led to it: clocks tick in whole seconds, and messages take time. */
export const stampMs = 3_000;

interface Recent {
  readonly at: number;
  readonly device: string;
  readonly before: Task | undefined;
  readonly after: Task;
  /** True if `after` is the value that the device sent, false if it is the result of a merge. */
  readonly isSent: boolean;
  /** The only device that is sent this change, in a list; undefined if all devices are. */
  readonly onlyFor?: string;
}

interface FormerId extends Moved {
  readonly at: number;
  /** True for devices that may still use the old id: the sender of a task that was renumbered, or all but the one that changed it. */
  readonly mayMean: (device: string) => boolean;
}

/** M12: messages of the device that arrive before `until` may be based on the tasks as they were at `since`. */
interface OutOfSync {
  readonly since: number;
  readonly until: number;
}

/** The values of one task that an update may be based on, for `mergeUpdate`. The last one is the current value. */
export interface UnseenValues {
  readonly values: readonly Task[];
  /** The value that the sender itself sent last, if it is among them. */
  readonly ownLast: Task | undefined;
}

export class RecentChanges {
  /** By key, the oldest first, including uncommitted writes. */
  #recent = new Map<string, Recent[]>();
  /** W6.10: changes that are no longer recent, by key; kept while devices of 2018 are connected. */
  #older = new Map<string, Recent[]>();
  #formerIds: FormerId[] = [];
  /** Connected devices that may ignore notifications. */
  #outOfSync = new Map<string, OutOfSync>();
  /** Connected devices of 2018, with the moment when each was last sent all tasks, or was first heard. */
  #of2018 = new Map<string, number>();
  /** When each device last changed a task, for the last two seconds. */
  #lastWrites = new Map<string, number>();
  #prunedAt = 0;
  /** The clock when it was looked at last. */
  #latest = Number.NEGATIVE_INFINITY;

  /** M12: from now on, changes by other devices count as unseen by this device, until it has been sent all tasks. */
  markOutOfSync(device: string, now: number): void {
    this.#outOfSync.set(device, { since: this.#unseenSince(device, now), until: Number.POSITIVE_INFINITY });
  }

  /** Called when the device is sent all tasks. Messages that it sent before it received them may still arrive. */
  markInSync(device: string, now: number): void {
    this.#followClock(now);
    const entry = this.#outOfSync.get(device);
    if (entry !== undefined) this.#outOfSync.set(device, { ...entry, until: now + unseenMs });
    if (this.#of2018.has(device)) this.#of2018.set(device, now - unseenMs);
  }

  /** W6.10: from now on, changes of the last hour are recorded, because this device may have changed ids without telling. */
  noteOf2018(device: string, now: number): void {
    if (!this.#of2018.has(device)) this.#of2018.set(device, now - unseenMs);
  }

  /** Called when the device's last connection has ended. */
  forgetDevice(device: string): void {
    this.#outOfSync.delete(device);
    this.#of2018.delete(device);
  }

  /** True if another device has changed a task in the last two seconds. */
  othersWrote(device: string, now: number): boolean {
    this.#followClock(now);
    return [...this.#lastWrites].some(([other, at]) => other !== device && at >= now - unseenMs);
  }

  /** Records the changes of a write of this node, before it is committed. It pauses where others may have their turn. */
  *addWrite(ops: Ops, device: string, now: number): Generator<void, void> {
    this.#prune(now);
    if (ops.list.length > 0) this.#lastWrites.set(device, now);
    for (const moved of yield* ops.tasksWithNewId()) {
      this.#formerIds.push({ ...moved, at: now, mayMean: (other) => other === device });
    }
    for (const moved of yield* ops.tasksThatLoseTheirId()) {
      this.#formerIds.push({ ...moved, at: now, mayMean: (other) => other !== device });
    }
    const pace = new Pace();
    for (const { key, before, after, isSent } of yield* ops.puts()) {
      if (pace.isDue()) yield;
      this.#add(key, { at: now, device, isSent, before, after });
    }
  }

  /**
   * Records committed changes that `addWrite` has not: those of other nodes, and writes to the channel itself.
   * @param lastSent the value of a task before these changes
   */
  addCommitted(changes: readonly Change[], lastSent: (key: string) => Task | undefined, now: number): void {
    const latest = new Map<string, Task>();
    const merged = new Set<string>();
    for (const { key, value, origin, at, version } of changes) {
      if (value === null || this.#recent.get(key)?.some((one) => one.device === origin && one.at === at)) continue;
      const after = storedTask(value);
      this.#lastWrites.set(origin, now);
      // A step without a version is the value that the device sent, and the next step is the result of the merge.
      this.#add(key, {
        at: now,
        device: origin,
        isSent: !merged.has(key),
        before: latest.get(key) ?? lastSent(key),
        after,
      });
      latest.set(key, after);
      if (version === null) merged.add(key);
    }
    this.#prune(now);
  }

  /**
   * Records the merge of a device's list: until the device has received the answer, its messages are based on the list that it sent.
   * @param result the tasks after the merge, by key
   * @param listed the device's own values, by key
   */
  *addMerge(
    result: ReadonlyMap<string, Task>,
    listed: ReadonlyMap<string, Task>,
    device: string,
    now: number,
    seen: (task: Task) => Task,
  ): Generator<void, void> {
    const pace = new Pace();
    for (const [key, before] of listed) {
      if (pace.isDue()) yield;
      const after = result.get(key);
      if (before.id !== undefined && before.id !== after?.id) {
        this.#formerIds.push({ id: before.id, key, task: before, at: now, mayMean: (other) => other === device });
      }
      if (after === undefined || same(before, seen(after))) continue;
      this.#add(key, { at: now, device: '', isSent: false, onlyFor: device, before, after });
    }
  }

  /**
   * The values that an update may be based on; undefined if the sender has surely seen the task's current value.
   * @param crossed true if a list may have overwritten the sender's own last writes, too
   * @param deaf W6.10: true if the device has the task under another id, so that it ignores what it is sent about the task
   */
  of(
    key: string,
    { device, crossed, deaf }: { device: string; crossed: boolean; deaf: boolean },
    now: number,
  ): UnseenValues | undefined {
    const unseen = this.#unseenSince(device, now);
    const since = deaf ? Math.min(unseen, this.#unheardSince(device, now)) : unseen;
    const known = [...(deaf ? (this.#older.get(key) ?? []) : []), ...(this.#recent.get(key) ?? [])];
    const recent = known.filter(({ at, onlyFor = device }) => at >= since && onlyFor === device);
    const first = recent.findIndex((change) => crossed || change.device !== device);
    if (first === -1) return undefined;
    // The device's own list is older than every other record.
    const before = recent.findLast(({ onlyFor }) => onlyFor !== undefined)?.before ?? recent[first]?.before;
    const ownLast = recent.findLast((change) => change.device === device && change.isSent)?.after;
    return {
      values: [...(before === undefined ? [] : [before]), ...recent.slice(first).map(({ after }) => after)],
      ownLast,
    };
  }

  /**
   * Tasks that lost this id recently, and that this device may still mean by it. If the device itself gave the id to the task that has
   * it now, only tasks that lost it after that.
   * @param holder the task that has the id now
   */
  formersOf(id: number | undefined, holder: string | undefined, device: string, now: number): readonly Moved[] {
    const recent = (holder === undefined ? undefined : this.#recent.get(holder)) ?? [];
    const gave = recent.findLast((change) => change.device === device && change.after.id === id)?.at ?? -1;
    const since = Math.max(this.#unseenSince(device, now), gave + 1);
    return this.#formerIds.filter((one) => one.id === id && one.at >= since && one.mayMean(device));
  }

  /** True if another device created the task, and this device may not know it yet. */
  isNew(key: string, device: string, now: number): boolean {
    const since = this.#unseenSince(device, now);
    return (this.#recent.get(key) ?? []).some(
      ({ at, before, device: maker }) => before === undefined && maker !== device && at >= since,
    );
  }

  /** True if clients were notified of the new task at about this moment, in milliseconds. */
  wasAnnouncedAt(key: string, at = Number.NEGATIVE_INFINITY): boolean {
    const made = (this.#recent.get(key) ?? []).find(({ before }) => before === undefined);
    return made !== undefined && Math.abs(made.at - at) <= stampMs;
  }

  /** The earlier values, with this description, of tasks that other devices have changed. */
  earlierByDesc(desc: string | undefined, device: string, now: number): { key: string; task: Task }[] {
    const since = this.#unseenSince(device, now);
    return [...this.#recent].flatMap(([key, list]) =>
      list.flatMap(({ at, before, device: changer, onlyFor = device }) =>
        before !== undefined && before.desc === desc && changer !== device && onlyFor === device && at >= since
          ? [{ key, task: before }]
          : [],
      ),
    );
  }

  /** The current and the recent values of a task. */
  recentValues(key: string, task: Task): readonly Task[] {
    return [task, ...(this.#recent.get(key) ?? []).flatMap(({ before, after }) => [before ?? after, after])];
  }

  /** The number of fields in which `ours` differs from the closest recent value of the task. */
  distanceTo(key: string, task: Task, ours: Task, seen: (task: Task) => Task): number {
    return Math.min(...this.recentValues(key, task).map((value) => distance(seen(value), ours)));
  }

  /** The moment since which changes of other devices count as unseen by this device. */
  #unseenSince(device: string, now: number): number {
    this.#followClock(now);
    const entry = this.#outOfSync.get(device);
    return entry === undefined || now > entry.until ? now - unseenMs : Math.min(now - unseenMs, entry.since);
  }

  /** The moment since which a device of 2018 may have ignored notifications of a task. */
  #unheardSince(device: string, now: number): number {
    return Math.max(now - longestUnheardMs, this.#of2018.get(device) ?? now);
  }

  #add(key: string, recent: Recent): void {
    this.#recent.set(key, [...(this.#recent.get(key) ?? []), recent]);
  }

  /** When the clock was set back, all records move with it: what was two seconds ago stays two seconds ago. */
  #followClock(now: number): void {
    const back = this.#latest - now;
    this.#latest = now;
    if (!(back > 0 && back < Number.POSITIVE_INFINITY)) return;
    this.#prunedAt -= back;
    for (const [device, at] of this.#lastWrites) this.#lastWrites.set(device, at - back);
    this.#formerIds = this.#formerIds.map((former) => ({ ...former, at: former.at - back }));
    for (const [device, { since, until }] of this.#outOfSync)
      this.#outOfSync.set(device, { since: since - back, until: until - back });
    for (const [device, at] of this.#of2018) this.#of2018.set(device, at - back);
    for (const records of [this.#older, this.#recent])
      for (const [key, list] of records)
        records.set(
          key,
          list.map((recent) => ({ ...recent, at: recent.at - back })),
        );
  }

  #prune(now: number): void {
    this.#followClock(now);
    for (const [device, at] of this.#lastWrites) if (now - at > unseenMs) this.#lastWrites.delete(device);
    // This visits every recently changed task, so it does not run at each write.
    if (now - this.#prunedAt < pruneMs) return;
    this.#prunedAt = now;
    for (const [device, { until }] of this.#outOfSync) if (now > until) this.#outOfSync.delete(device);
    const horizon = Math.min(now - unseenMs, ...[...this.#outOfSync.values()].map(({ since }) => since));
    const unheard = Math.min(horizon, ...[...this.#of2018.keys()].map((device) => this.#unheardSince(device, now)));
    this.#formerIds = this.#formerIds.filter(({ at }) => at >= horizon).slice(-mostFormerIds);
    for (const [key, list] of this.#older) keepSince(this.#older, key, list, unheard);
    for (const [key, list] of this.#recent) {
      const past = list.filter(({ at }) => at < horizon && at >= unheard);
      if (past.length > 0) keepSince(this.#older, key, [...(this.#older.get(key) ?? []), ...past], unheard);
      keepSince(this.#recent, key, list, horizon);
    }
  }
}

/** Stores the latest of a task's records, none from before `since`. */
function keepSince(records: Map<string, Recent[]>, key: string, list: readonly Recent[], since: number): void {
  const late = list.filter(({ at }) => at >= since).slice(-mostChanges);
  if (late.length === 0) records.delete(key);
  else records.set(key, late);
}
