// The indexes by which clients of 2019 name tasks: a task's own `index`; the index that the hub makes for a task without one (R5); and
// the alias, which a client makes for a task that it was notified of (W10). device.ts stores the aliases of each device.

import type { Generation } from '../../../protocol/generation.ts';
import { filterInSteps, mapInSteps, Pace } from '../../../protocol/in-steps.ts';
import { distance, type Life } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Change, Item } from '../../core/store.ts';
import type { Found } from './match-task.ts';
import type { TaskPast } from './merge-history.ts';
import { stampMs } from './recent-changes.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** The hub's knowledge about how a client reads and writes tasks. */
export interface TaskClient {
  readonly generation: Generation;
  /** Its clock less the hub's, in milliseconds; undefined while nothing is known. */
  readonly clock: number | undefined;
  /** How certain it is that the client received what the hub sent at this moment of the hub's clock. */
  receiptAt(at: number): 'surely' | 'perhaps' | 'no';
  /** When the connection that was open at this moment ended; undefined while it is open, or if the end is not known. */
  endOf(at: number): number | undefined;
  /** True if the client has been connected at or after this moment of the hub's clock, so that it may know the tasks of that moment. */
  mayKnow(at: number): boolean;
  /** The keys of the tasks that the client created without an index, and was not sent an index for yet; undefined if not known. */
  readonly unindexed: ReadonlySet<string> | undefined;
  /** The keys of tasks that the client created without an index, and has sent with the hub's index since. */
  readonly indexed: ReadonlySet<string>;
  /** True if the client has ever sent an index that it received from the hub. Some simple clients drop them. */
  readonly usesIndexes: boolean;
  noteIndexUsed(): void;
  /** Notes that the client created this task without an index. */
  addUnindexed(key: string): void;
  /** Notes that the client knows the index of this task, because it has used the index. */
  removeUnindexed(key: string): void;
  /**
   * W10: the key of the task for which `index` is an alias; undefined if it is none.
   * @param namesake the key of the task with this own index, which is returned if the device was sent all tasks since it made the alias
   */
  resolveAlias(index: string, namesake?: string): string | undefined;
  /** W10: from now on `index` is the client's alias of this task. */
  setAlias(index: string, key: string): void;
}

/** A client that is sent tasks as they are stored, and has no aliases. */
export const rawClient: TaskClient = {
  generation: 'raw',
  clock: undefined,
  receiptAt: () => 'no',
  endOf: () => undefined,
  mayKnow: () => true,
  unindexed: undefined,
  indexed: new Set(),
  usesIndexes: false,
  noteIndexUsed: () => undefined,
  addUnindexed: () => undefined,
  removeUnindexed: () => undefined,
  resolveAlias: () => undefined,
  setAlias: () => undefined,
};

/** Marks an index that the hub has made. A client's index has an id in this place, and no id looks like this. */
const keyMarker = '#key#';

/** R5: the index that plain clients see, with `account` instead of the secret. */
export function indexShown(account: string, key: string, task: Task): string {
  return task.index ?? `${account}${keyMarker}${key}`;
}

/** The key of the task, if the hub has made this index. */
function keyShown(account: string, index: string): string | undefined {
  const begins = account + keyMarker;
  return index.startsWith(begins) ? index.slice(begins.length) : undefined;
}

/**
 * W10: the key of the task that a client names by this index, if the index is an alias or made by the hub.
 * @param namesake the key of the task with this own index
 */
export function keyNamed(
  client: TaskClient,
  account: string,
  index: string,
  namesake: string | undefined,
): string | undefined {
  return client.resolveAlias(index, namesake) ?? keyShown(account, index);
}

/** The part of an index that tells when a client made it: the task's id at that time, and the client's clock in milliseconds. */
export interface Stamp {
  readonly id: number;
  readonly at: number;
}

export function stampOf(index: string): Stamp | undefined {
  const [, id, at] = /#(-?\d{1,16})#(\d{1,16})$/.exec(index) ?? [];
  return id === undefined || at === undefined ? undefined : { id: Number(id), at: Number(at) };
}

/** The sent task with the index of the stored task that it stands for; without an index if the stored task has none. */
export function withIndexOf(found: Pick<Found, 'task'> | undefined, sent: Task): Task {
  const { index: _index, ...rest } = sent;
  const index = found?.task.index;
  return index === undefined ? rest : { ...rest, index };
}

/** A `create` that was sent to a device: the task's id in it, and the time of the hub's clock. */
interface SentCreate {
  readonly key: string;
  readonly id: number;
  readonly at: number;
}

/** @param later items that were written after the past was read */
function* sentCreatesOf(
  { base, steps }: TaskPast,
  later: readonly Item[],
  device: string,
): Generator<void, SentCreate[]> {
  const ids = new Map(yield* mapInSteps(base, (item) => [item.key, taskOf(item).id]));
  const creates: SentCreate[] = [];
  const pace = new Pace();
  for (const { key, value, origin, at, version } of [...steps, ...later]) {
    if (pace.isDue()) yield;
    // A step without a version is for history only and was not sent to clients.
    if (version === null) continue;
    const before = ids.get(key);
    const id = value === null ? undefined : storedTask(value).id;
    ids.set(key, id);
    if (id !== undefined && id !== before && origin !== device) creates.push({ key, id, at });
  }
  return creates;
}

/** A device's list with the stored index of each task, and the keys of the tasks that were found by an alias or a hub-made index. */
export interface NamedList {
  readonly tasks: readonly Task[];
  readonly keys: ReadonlyMap<Task, string>;
  /** New tasks whose index another task already has, with that index. */
  readonly own: ReadonlyMap<Task, string>;
  /** The keys of the tasks that a listed task without an index can be; undefined if not known. */
  readonly unindexed: ReadonlySet<string> | undefined;
  /** The keys of tasks whose index the device has sent itself, or surely received in a notification of another device's change. */
  readonly shown: ReadonlySet<string>;
  /** The keys of tasks that other devices have removed without this one knowing: it still has them. */
  readonly lingering: ReadonlySet<string>;
}

/** The tasks that a list is matched with, and the client that sent it. */
export interface ListContext {
  readonly lives: readonly Life[];
  readonly past: TaskPast;
  /** The items that were written after the past was read: lists of two devices may arrive at once. */
  readonly later: readonly Item[];
  readonly account: string;
  readonly device: string;
  readonly client: TaskClient;
}

/**
 * Finds the task that each index of a device's list stands for (W10). An unknown index is an alias of a task that the device was
 * notified of, if its stamp or the description fits. Otherwise the task is new. It pauses where others may have their turn.
 * @param listed the list, with `account` instead of the secret in each index
 */
export function* nameList(listed: readonly Task[], context: ListContext): Generator<void, NamedList> {
  const { account, client, lives } = context;
  const stamps = yield* Stamps.of(context);
  const canonical = new Map<string | undefined, string>();
  for (const life of lives) for (const { index } of stamps.values(life.key)) canonical.set(index, life.key);
  const own = new Map<Task, string>();
  const known = yield* mapInSteps(listed, (task) => {
    const { index } = task;
    if (index === undefined) return undefined;
    const namesake = canonical.get(index);
    const key = keyNamed(client, account, index, namesake);
    // An alias of one task may be the own index of another task (M9). The task with fewer differences is meant.
    if (key !== undefined && namesake !== undefined && namesake !== key) return stamps.nearer(task, key, namesake);
    if (key !== undefined) return key;
    if (namesake === undefined) return undefined;
    // The device may have made an alias in the second in which another device made the same index.
    const other = stamps.find(task, index, new Set([namesake]));
    if (other !== undefined && stamps.nearer(task, namesake, other) === other) return other;
    if (!stamps.isIndependent(namesake, task)) return namesake;
    const { index: _index, ...rest } = task;
    own.set(rest, index);
    return rest;
  });
  const claimed = new Set(known.filter((one) => typeof one === 'string'));
  const keys = new Map<Task, string>();
  const named = listed.map((task, at) => [task, known[at]] as const);
  const tasks = yield* mapInSteps(named, ([task, one]): Task => {
    const { index } = task;
    if (typeof one === 'object') return one;
    const key = one ?? (index === undefined ? undefined : stamps.find(task, index, claimed));
    const last = key === undefined ? undefined : stamps.last(key);
    if (key === undefined || last === undefined) return task;
    claimed.add(key);
    const withIndex = withIndexOf({ task: last }, task);
    keys.set(withIndex, key);
    if (one === undefined && index !== undefined) client.setAlias(index, key);
    return withIndex;
  });
  // A client that uses the hub's indexes has an index for every task that it did not create itself.
  if ([...claimed].some((key) => stamps.last(key) !== undefined)) client.noteIndexUsed();
  const keeps = client.generation !== 'raw' && client.usesIndexes;
  for (const key of claimed) client.removeUnindexed(key);
  return {
    tasks,
    keys,
    own,
    unindexed: keeps ? client.unindexed : undefined,
    shown: keeps ? yield* shownBy(context) : new Set(),
    lingering: yield* lingeringAt(context),
  };
}

function* shownBy({ past, device, client, lives }: ListContext): Generator<void, ReadonlySet<string>> {
  // A task with an own index has that index in every list.
  const isUnindexed = (life: Life) => valuesOf(life).every(({ index }) => index === undefined);
  const unindexed = new Set((yield* filterInSteps(lives, isUnindexed, lengthOf)).map(({ key }) => key));
  const shown = yield* filterInSteps(
    past.steps,
    ({ key, value, version, origin, at }) =>
      value !== null &&
      version !== null &&
      origin !== device &&
      unindexed.has(key) &&
      client.receiptAt(at) === 'surely',
  );
  return new Set([...client.indexed, ...shown.map(({ key }) => key)]);
}

function* lingeringAt({ past, device, client }: ListContext): Generator<void, ReadonlySet<string>> {
  const removals = yield* filterInSteps(past.steps, ({ value }) => value === null);
  const unheard = ({ origin, at }: Change) => origin !== device && client.receiptAt(at) === 'no';
  const heard = new Set(removals.filter((step) => !unheard(step)).map(({ key }) => key));
  return new Set(removals.filter((step) => unheard(step) && !heard.has(step.key)).map(({ key }) => key));
}

/** Finds the task that an alias of a device stands for: compares the stamp in the alias with what the device was sent. */
class Stamps {
  #client: TaskClient;
  #values: ReadonlyMap<string, readonly Task[]>;
  /** The keys of the tasks that had an id at any time, in the order of `lives`. */
  #keysById = new Map<number, string[]>();
  #sentCreates = new Map<string, SentCreate[]>();
  /** The keys of the tasks that the device surely had, or created itself. */
  #own: ReadonlySet<string>;

  private constructor({ lives, client }: ListContext, values: ReadonlyMap<string, readonly Task[]>) {
    this.#client = client;
    this.#values = values;
    this.#own = new Set(lives.filter(({ base, made }) => base !== undefined || made === true).map(({ key }) => key));
  }

  static *of(context: ListContext): Generator<void, Stamps> {
    const { lives, past, later, device } = context;
    const values = new Map(yield* mapInSteps(lives, (life) => [life.key, valuesOf(life)] as const, lengthOf));
    const stamps = new Stamps(context, values);
    const pace = new Pace();
    for (const [key, list] of values) {
      if (pace.isDue(list.length)) yield;
      for (const id of new Set(list.map(({ id }) => id))) if (id !== undefined) addTo(stamps.#keysById, id, key);
    }
    for (const create of yield* sentCreatesOf(past, later, device)) addTo(stamps.#sentCreates, create.key, create);
    return stamps;
  }

  values(key: string): readonly Task[] {
    return this.#values.get(key) ?? [];
  }

  /** The newest value of the task with this key. */
  last(key: string): Task | undefined {
    return this.#values.get(key)?.at(-1);
  }

  /** The key of the task that differs less from this one; `one` if both differ by as much. */
  nearer(task: Task, one: string, other: string): string {
    return this.#distance(task, other) < this.#distance(task, one) ? other : one;
  }

  /** The number of fields in which a task differs from the closest value, current or earlier, of the task with this key. */
  #distance(task: Task, key: string): number {
    const plain = withIndexOf(undefined, task);
    const values = this.values(key);
    return Math.min(...values.map((value) => distance(withIndexOf(undefined, value), plain)));
  }

  /**
   * True if another device created the task of this key, and this device created a different task with the same index without knowing
   * of the first. That happens when two clients use the same id in the same second (M9).
   */
  isIndependent(key: string, task: Task): boolean {
    const create = this.#sentCreates.get(key)?.[0];
    if (create === undefined || this.#own.has(key) || this.#client.generation === 'raw') return false;
    if (this.#values.get(key)?.some(({ desc }) => desc === task.desc) !== false) return false;
    return !this.#client.mayKnow(create.at);
  }

  /** The key of the task, not yet claimed, for which this index is the device's alias. */
  find(task: Task, index: string, claimed: ReadonlySet<string>): string | undefined {
    const stamp = stampOf(index);
    if (stamp === undefined || this.#client.generation === 'raw') return undefined;
    const candidates = (this.#keysById.get(stamp.id) ?? []).filter((key) => {
      if (claimed.has(key)) return false;
      return (
        this.values(key).some(({ desc }) => desc === task.desc) ||
        this.#sentCreates.get(key)?.some((one) => this.#matches(one, stamp)) === true
      );
    });
    return candidates.sort((one, other) => this.#distance(task, one) - this.#distance(task, other))[0];
  }

  #matches(create: SentCreate, stamp: Stamp): boolean {
    const { clock } = this.#client;
    const receipt = this.#client.receiptAt(create.at);
    // If the device may not have received the create, its task may be a new one and must not be merged with this one.
    if (create.id !== stamp.id || receipt !== 'surely') return false;
    const at = stamp.at - (clock ?? 0);
    const end = this.#client.endOf(create.at) ?? Number.POSITIVE_INFINITY;
    if (Math.abs(at - create.at) <= stampMs) return at <= end;
    // The device's clock is not known. If it is right, a stamp after the connection's end means that the device created the task itself.
    return clock === undefined && at <= end;
  }
}

function addTo<K, V>(groups: Map<K, V[]>, name: K, value: V): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [value]);
  else group.push(value);
}

function lengthOf({ steps }: Life): number {
  return 1 + steps.length;
}

function valuesOf({ base, steps }: Life): Task[] {
  return [...(base === undefined ? [] : [base]), ...steps.flatMap(({ task }) => (task === null ? [] : [task]))];
}
