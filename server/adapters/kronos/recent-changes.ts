// What a sender may not have seen yet when its update arrives: changes of the last moments, ids that tasks had until then, and
// everything since a device went deaf (rules W6 and M12). Fed by each write, here and on other nodes; what is made of it is protocol/merge.ts.

import { distance, same } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Change } from '../../core/store.ts';
import type { Moved, Ops } from './ops.ts';
import { storedTask } from './task-codec.ts';

/** W6: another's change may not have been seen by a sender for this long. */
const unseenMs = 2_000;
/** Changes of one task that are told apart in that time; a deaf device may have missed more. */
const unseenMost = 100;
/** Ids that tasks had before, of all tasks. */
const formerMost = 10_000;
/** How often what is too old is looked for. */
const pruneMs = 500;

/** How far a stamp may be from the moment at which the device was told: clocks tick in whole seconds, and messages take a while. */
export const stampMs = 3_000;

interface Recent {
  readonly at: number;
  readonly device: string;
  readonly before: Task | undefined;
  readonly after: Task;
  /** Whether the device said so itself, rather than a merge for it. */
  readonly said: boolean;
  /** The one device that is told of it, by a list; all are when undefined. */
  readonly onlyFor?: string;
}

interface Former extends Moved {
  readonly at: number;
  /** Who may still use the old id: the device whose task was renumbered on arrival, or all but the one that changed it. */
  readonly meantBy: (device: string) => boolean;
}

/** M12: a device works from what was there before `since`, as far as what it says arrives before `until`. */
interface Deafness {
  readonly since: number;
  readonly until: number;
}

/** The values of one task that a sender may be working from, the last being the current, for `mergeUpdate`. */
export interface UnseenValues {
  readonly values: readonly Task[];
  /** What the sender itself said last, if among them. */
  readonly said: Task | undefined;
}

export class Unseen {
  /** By key, oldest first, writes under way too. */
  #recent = new Map<string, Recent[]>();
  #formerly: Former[] = [];
  /** Connected devices that may ignore notifications. */
  #deaf = new Map<string, Deafness>();
  /** When each device last changed anything, for as long as it matters. */
  #wrote = new Map<string, number>();
  #prunedAt = 0;

  /** M12: from now on what others change counts as unseen by this device, until it has been sent all tasks. */
  markOutOfSync(device: string, now: number): void {
    this.#deaf.set(device, { since: this.#unseenSince(device, now), until: Number.POSITIVE_INFINITY });
  }

  /** It is being sent all tasks: what it said before it has them may still be on its way. */
  markInSync(device: string, now: number): void {
    const deaf = this.#deaf.get(device);
    if (deaf !== undefined) this.#deaf.set(device, { ...deaf, until: now + unseenMs });
  }

  /** It has no connection any more. */
  forgetDevice(device: string): void {
    this.#deaf.delete(device);
  }

  /** Whether a device other than this one changed anything just now. */
  othersWrote(device: string, now: number): boolean {
    return [...this.#wrote].some(([other, at]) => other !== device && at >= now - unseenMs);
  }

  /** Remembers what a write is about to change. */
  wrote(ops: Ops, device: string, now: number): void {
    this.#prune(now);
    if (ops.list.length > 0) this.#wrote.set(device, now);
    for (const moved of ops.renumbered()) {
      this.#formerly.push({ ...moved, at: now, meantBy: (other) => other === device });
    }
    for (const moved of ops.moved()) {
      this.#formerly.push({ ...moved, at: now, meantBy: (other) => other !== device });
    }
    for (const { key, before, after, said } of ops.puts()) this.#add(key, { at: now, device, said, before, after });
  }

  /**
   * Remembers what others have changed, on another node or in another way than by `wrote`.
   * @param shown a task before these changes
   */
  heard(changes: readonly Change[], shown: (key: string) => Task | undefined, now: number): void {
    const latest = new Map<string, Task>();
    const merged = new Set<string>();
    for (const { key, value, origin, at, version } of changes) {
      if (value === null || this.#recent.get(key)?.some((one) => one.device === origin && one.at === at)) continue;
      const after = storedTask(value);
      this.#wrote.set(origin, now);
      // A step without a version is what the device said, and the one after it what came of that.
      this.#add(key, { at: now, device: origin, said: !merged.has(key), before: latest.get(key) ?? shown(key), after });
      latest.set(key, after);
      if (version === null) merged.add(key);
    }
    this.#prune(now);
  }

  /**
   * A device's list was merged: until it has taken over the answer, the device goes on working from the values that it sent.
   * @param result the tasks as they came out, by key
   * @param listed the device's own values, by key
   */
  merged(
    result: ReadonlyMap<string, Task>,
    listed: ReadonlyMap<string, Task>,
    device: string,
    now: number,
    seen: (task: Task) => Task,
  ): void {
    for (const [key, before] of listed) {
      const after = result.get(key);
      if (before.id !== undefined && before.id !== after?.id) {
        this.#formerly.push({ id: before.id, key, task: before, at: now, meantBy: (other) => other === device });
      }
      if (after === undefined || same(before, seen(after))) continue;
      this.#add(key, { at: now, device: '', said: false, onlyFor: device, before, after });
    }
  }

  /**
   * Undefined when the sender has surely seen the task's current value.
   * @param crossed whether the sender may have forgotten its own last writes too
   */
  of(key: string, { device, crossed }: { device: string; crossed: boolean }, now: number): UnseenValues | undefined {
    const since = this.#unseenSince(device, now);
    const recent = (this.#recent.get(key) ?? []).filter(
      ({ at, onlyFor = device }) => at >= since && onlyFor === device,
    );
    const first = recent.findIndex((change) => crossed || change.device !== device);
    if (first === -1) return undefined;
    // A list of its own is what it had before everything else.
    const before = recent.findLast(({ onlyFor }) => onlyFor !== undefined)?.before ?? recent[first]?.before;
    const said = recent.findLast((change) => change.device === device && change.said)?.after;
    return {
      values: [...(before === undefined ? [] : [before]), ...recent.slice(first).map(({ after }) => after)],
      said,
    };
  }

  /**
   * Tasks that had this id until a moment ago, and that this device may still mean by it: none from before it gave the id itself.
   * @param holder the task that has the id now
   */
  formersOf(id: number | undefined, holder: string | undefined, device: string, now: number): readonly Moved[] {
    const recent = (holder === undefined ? undefined : this.#recent.get(holder)) ?? [];
    const gave = recent.findLast((change) => change.device === device && change.after.id === id)?.at ?? -1;
    const since = Math.max(this.#unseenSince(device, now), gave + 1);
    return this.#formerly.filter((one) => one.id === id && one.at >= since && one.meantBy(device));
  }

  /** Whether another device made the task, and this one may not know that yet. */
  isNew(key: string, device: string, now: number): boolean {
    const since = this.#unseenSince(device, now);
    return (this.#recent.get(key) ?? []).some(
      ({ at, before, device: maker }) => before === undefined && maker !== device && at >= since,
    );
  }

  /** Whether clients were told of the new task at about this moment, in milliseconds. */
  wasToldAt(key: string, at = Number.NEGATIVE_INFINITY): boolean {
    const made = (this.#recent.get(key) ?? []).find(({ before }) => before === undefined);
    return made !== undefined && Math.abs(made.at - at) <= stampMs;
  }

  /** How tasks that others changed were before, where they had this description then. */
  before(desc: string | undefined, device: string, now: number): { key: string; task: Task }[] {
    const since = this.#unseenSince(device, now);
    return [...this.#recent].flatMap(([key, list]) =>
      list.flatMap(({ at, before, device: changer, onlyFor = device }) =>
        before !== undefined && before.desc === desc && changer !== device && onlyFor === device && at >= since
          ? [{ key, task: before }]
          : [],
      ),
    );
  }

  /** A task's value, and those that it had lately. */
  late(key: string, task: Task): readonly Task[] {
    return [task, ...(this.#recent.get(key) ?? []).flatMap(({ before, after }) => [before ?? after, after])];
  }

  /** How many fields an edit changes that made `ours` of a task, taken from whichever of its late values is nearest. */
  away(key: string, task: Task, ours: Task, seen: (task: Task) => Task): number {
    return Math.min(...this.late(key, task).map((value) => distance(seen(value), ours)));
  }

  /** What others changed from then on, this device may not have seen. */
  #unseenSince(device: string, now: number): number {
    const deaf = this.#deaf.get(device);
    return deaf === undefined || now > deaf.until ? now - unseenMs : Math.min(now - unseenMs, deaf.since);
  }

  #add(key: string, recent: Recent): void {
    this.#recent.set(key, [...(this.#recent.get(key) ?? []), recent]);
  }

  #prune(now: number): void {
    for (const [device, at] of this.#wrote) if (now - at > unseenMs) this.#wrote.delete(device);
    // Of every task that was just touched: not with every write.
    if (now - this.#prunedAt < pruneMs) return;
    this.#prunedAt = now;
    for (const [device, { until }] of this.#deaf) if (now > until) this.#deaf.delete(device);
    const horizon = Math.min(now - unseenMs, ...[...this.#deaf.values()].map(({ since }) => since));
    this.#formerly = this.#formerly.filter(({ at }) => at >= horizon).slice(-formerMost);
    for (const [key, list] of this.#recent) {
      const late = list.filter(({ at }) => at >= horizon).slice(-unseenMost);
      if (late.length === 0) this.#recent.delete(key);
      else this.#recent.set(key, late);
    }
  }
}
