// The names of tasks that clients of 2019 use: a task's own `index`, the one that the hub shows for a task without any, and the one
// that a client makes for itself of a task that it was told of (R5, W10). What each device calls a task is kept in device.ts.

import type { Generation } from '../../../protocol/generation.ts';
import { distance, type Life } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Found } from './match-task.ts';
import type { TaskPast } from './merge-history.ts';
import { stampMs } from './recent-changes.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** What the hub knows of how a client reads and writes tasks. */
export interface TaskClient {
  readonly generation: Generation;
  /** Its clock less the hub's, in milliseconds; undefined while nothing is known. */
  readonly clock: number | undefined;
  /** Whether it received what it was told at this moment of the hub's clock. */
  heard(at: number): 'surely' | 'perhaps' | 'no';
  /** When the connection ended on which it was told at this moment; undefined while it is open, or where that is not known. */
  endOf(at: number): number | undefined;
  /** Whether it may know what was there at this moment of the hub's clock, having been connected since. */
  mayKnow(at: number): boolean;
  /** The keys of the tasks that it made without an index, and was not yet shown one of; undefined where that is not known. */
  readonly unindexed: ReadonlySet<string> | undefined;
  /** It made this task, without an index. */
  made(key: string): void;
  /** It has used the index of this task. */
  knows(key: string): void;
  /**
   * W10: the key of the task that it calls so.
   * @param namesake the key of the task that has this index itself, which is meant once the device was sent all tasks
   */
  keyOf(index: string, namesake?: string): string | undefined;
  /** W10: from now on `index` is its name of this task. */
  names(index: string, key: string): void;
}

/** A client that is shown tasks as they are stored, and names none in a way of its own. */
export const rawClient: TaskClient = {
  generation: 'raw',
  clock: undefined,
  heard: () => 'no',
  endOf: () => undefined,
  mayKnow: () => true,
  unindexed: undefined,
  made: () => undefined,
  knows: () => undefined,
  keyOf: () => undefined,
  names: () => undefined,
};

/** In the place of the id in an index that the hub makes: no id is spelled so. */
const made = '#key#';

/** R5: the index that plain clients see, `account` in the place of the secret. */
export function indexShown(account: string, key: string, task: Task): string {
  return task.index ?? `${account}${made}${key}`;
}

/** The key of the task that the hub shows under this index, where the hub made it. */
function keyShown(account: string, index: string): string | undefined {
  const begins = account + made;
  return index.startsWith(begins) ? index.slice(begins.length) : undefined;
}

/**
 * W10: the key of the task that a client calls so: by its own name for it, or by the one that the hub shows.
 * @param namesake the key of the task that has this index itself
 */
export function keyNamed(
  client: TaskClient,
  account: string,
  index: string,
  namesake: string | undefined,
): string | undefined {
  return client.keyOf(index, namesake) ?? keyShown(account, index);
}

/** What a client writes into an index when it makes one: the task's id then, and its clock in milliseconds. */
export interface Stamp {
  readonly id: number;
  readonly at: number;
}

export function stampOf(index: string): Stamp | undefined {
  const [, id, at] = /#(-?\d{1,16})#(\d{1,16})$/.exec(index) ?? [];
  return id === undefined || at === undefined ? undefined : { id: Number(id), at: Number(at) };
}

/** The task with the index of the one that it is; without any where that has none. */
export function withIndexOf(found: Pick<Found, 'task'> | undefined, said: Task): Task {
  const { index: _index, ...rest } = said;
  const index = found?.task.index;
  return index === undefined ? rest : { ...rest, index };
}

/** A task that a device was told of by a create: under which id, and when by the hub's clock. */
interface Told {
  readonly key: string;
  readonly id: number;
  readonly at: number;
}

function toldOf({ base, steps }: TaskPast, device: string): Told[] {
  const ids = new Map(base.map((item) => [item.key, taskOf(item).id]));
  return steps.flatMap(({ key, value, origin, at, version }) => {
    // A step without a version was told to nobody.
    if (version === null) return [];
    const before = ids.get(key);
    const id = value === null ? undefined : storedTask(value).id;
    ids.set(key, id);
    return id === undefined || id === before || origin === device ? [] : [{ key, id, at }];
  });
}

/** A device's list, with the index that each task has here, and the keys of those that were known by another name. */
export interface Named {
  readonly tasks: readonly Task[];
  readonly keys: ReadonlyMap<Task, string>;
  /** Tasks that are new, though another one has their index, with that index. */
  readonly own: ReadonlyMap<Task, string>;
  /** The keys of the tasks that a task without an index may be; undefined where that cannot be told. */
  readonly unindexed: ReadonlySet<string> | undefined;
  /** The keys of tasks of which the device was surely sent the index by the change of another. */
  readonly shown: ReadonlySet<string>;
}

/** What a list is matched with, and for whom. */
export interface ListContext {
  readonly lives: readonly Life[];
  readonly past: TaskPast;
  readonly account: string;
  readonly device: string;
  readonly client: TaskClient;
}

/**
 * Finds the task that each index of a device's list stands for (W10). An unknown index is the device's own name of a task that it was
 * told of, where its stamp or the task says so. Otherwise the task is a new one.
 * @param said the list, with `account` in the place of the secret in each index
 */
export function nameList(said: readonly Task[], context: ListContext): Named {
  const { account, client, lives } = context;
  const stamps = new Stamps(context);
  const canonical = new Map(lives.flatMap((life) => valuesOf(life).map(({ index }) => [index, life.key])));
  const own = new Map<Task, string>();
  const known = said.map((task) => {
    const { index } = task;
    if (index === undefined) return undefined;
    const namesake = canonical.get(index);
    const key = keyNamed(client, account, index, namesake);
    // The device's own name of one task may be the index of another (M9): the one that is more alike is meant.
    if (key !== undefined && namesake !== undefined && namesake !== key) return stamps.nearer(task, key, namesake);
    if (key !== undefined) return key;
    if (namesake === undefined || !stamps.isUnheard(namesake, task)) return namesake;
    const { index: _index, ...rest } = task;
    own.set(rest, index);
    return rest;
  });
  const claimed = new Set(known.filter((one) => typeof one === 'string'));
  const keys = new Map<Task, string>();
  const tasks = said.map((task, at): Task => {
    const { index } = task;
    const one = known[at];
    if (typeof one === 'object') return one;
    const key = one ?? (index === undefined ? undefined : stamps.find(task, index, claimed));
    const last = key === undefined ? undefined : stamps.last(key);
    if (key === undefined || last === undefined) return task;
    claimed.add(key);
    const named = withIndexOf({ task: last }, task);
    keys.set(named, key);
    if (one === undefined && index !== undefined) client.names(index, key);
    return named;
  });
  // A client that keeps the indexes it was sent has one for every task that it did not make itself.
  const keeps = client.generation !== 'raw' && [...claimed].some((key) => stamps.last(key) !== undefined);
  for (const key of claimed) client.knows(key);
  return {
    tasks,
    keys,
    own,
    unindexed: keeps ? client.unindexed : undefined,
    shown: keeps ? shownBy(context) : new Set(),
  };
}

function shownBy({ past, device, client, lives }: ListContext): ReadonlySet<string> {
  // A task that has an index of its own has it in every list.
  const unindexed = new Set(
    lives.filter((life) => valuesOf(life).every(({ index }) => index === undefined)).map(({ key }) => key),
  );
  return new Set(
    past.steps.flatMap(({ key, value, version, origin, at }) =>
      value !== null && version !== null && origin !== device && unindexed.has(key) && client.heard(at) === 'surely'
        ? [key]
        : [],
    ),
  );
}

/** The tasks that a device was told of, by which the stamp in an index of its own is understood. */
class Stamps {
  #client: TaskClient;
  #values: ReadonlyMap<string, readonly Task[]>;
  #told: readonly Told[];
  /** The keys of the tasks that the device surely had, or made itself. */
  #own: ReadonlySet<string>;

  constructor({ lives, past, device, client }: ListContext) {
    this.#client = client;
    this.#values = new Map(lives.map((life) => [life.key, valuesOf(life)]));
    this.#told = toldOf(past, device);
    this.#own = new Set(lives.filter(({ base, made }) => base !== undefined || made === true).map(({ key }) => key));
  }

  /** The newest value of the task with this key. */
  last(key: string): Task | undefined {
    return this.#values.get(key)?.at(-1);
  }

  /** Which of two tasks is more like this one; the first, where both are. */
  nearer(task: Task, one: string, other: string): string {
    return this.#away(task, other) < this.#away(task, one) ? other : one;
  }

  /** By how many fields a task differs from what the task with this key is, or was. */
  #away(task: Task, key: string): number {
    const plain = withIndexOf(undefined, task);
    const values = this.#values.get(key) ?? [];
    return Math.min(...values.map((value) => distance(withIndexOf(undefined, value), plain)));
  }

  /**
   * Whether another device made the task of this key, under an index that this device made too, without hearing of it: two clients
   * give one id in the same second (M9).
   */
  isUnheard(key: string, task: Task): boolean {
    const told = this.#told.find((one) => one.key === key);
    if (told === undefined || this.#own.has(key) || this.#client.generation === 'raw') return false;
    if (this.#values.get(key)?.some(({ desc }) => desc === task.desc) !== false) return false;
    return !this.#client.mayKnow(told.at);
  }

  /** The key of the unclaimed task that the device was told of, and names by this index. */
  find(task: Task, index: string, claimed: ReadonlySet<string>): string | undefined {
    const stamp = stampOf(index);
    if (stamp === undefined || this.#client.generation === 'raw') return undefined;
    const candidates = [...this.#values].filter(([key, values]) => {
      if (claimed.has(key) || !values.some(({ id }) => id === stamp.id)) return false;
      return (
        values.some(({ desc }) => desc === task.desc) ||
        this.#told.some((one) => one.key === key && this.#fits(one, stamp))
      );
    });
    return candidates.sort(([one], [other]) => this.#away(task, one) - this.#away(task, other))[0]?.[0];
  }

  #fits(told: Told, stamp: Stamp): boolean {
    const { clock } = this.#client;
    const heard = this.#client.heard(told.at);
    // Where the connection broke, a task of its own must not be taken for one that it may never have heard of.
    if (told.id !== stamp.id || heard !== 'surely') return false;
    const at = stamp.at - (clock ?? 0);
    const end = this.#client.endOf(told.at) ?? Number.POSITIVE_INFINITY;
    if (Math.abs(at - told.at) <= stampMs) return at <= end;
    // Nobody knows its clock. If that is right, it made a task of its own after the connection.
    return clock === undefined && at <= end;
  }
}

function valuesOf({ base, steps }: Life): Task[] {
  return [...(base === undefined ? [] : [base]), ...steps.flatMap(({ task }) => (task === null ? [] : [task]))];
}
