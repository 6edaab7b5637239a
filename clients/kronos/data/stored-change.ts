// One change of a database as a value: what a large file gets as one more line, so that a keystroke does not rewrite megabytes. No I/O in
// this file; file-text.ts checks what it reads.

import type { PlainTask } from '../../../protocol/plain.ts';
import type { KronosDatabase, LocalEntry, LogStep, TaskEdit } from './database.ts';

export type OptionName = Exclude<keyof KronosDatabase, 'tasks' | 'entries' | 'log' | 'queue'>;

/** First what is in `gone` leaves the list. Then each of `put` replaces the one with its key, or is the new last one. */
interface KeyedChange<T> {
  readonly gone: readonly string[];
  readonly put: readonly T[];
}

/** The list loses its first `drop` elements, and `add` follows its last one. */
interface QueueChange<T> {
  readonly drop: number;
  readonly add: readonly T[];
}

/** Lists that are not named stay. */
export interface StoredChange {
  readonly options: Partial<Pick<KronosDatabase, OptionName>>;
  readonly tasks?: KeyedChange<PlainTask>;
  readonly entries?: KeyedChange<LocalEntry>;
  readonly log?: QueueChange<LogStep>;
  readonly queue?: QueueChange<TaskEdit>;
}

const indexOf = ({ index }: PlainTask) => index;
const keyOf = ({ key }: LocalEntry) => key;

/**
 * @param changed the fields that differ, as a writer of the database returns them
 * @returns undefined if no such change leads from one database to the other: two tasks have one index in a file that a person edited
 */
export function changeBetween(before: KronosDatabase, changed: Partial<KronosDatabase>): StoredChange | undefined {
  const { tasks, entries, log, queue, ...options } = changed;
  const change = {
    options,
    ...(tasks === undefined ? {} : { tasks: keyedChange(before.tasks, tasks, indexOf) }),
    ...(entries === undefined ? {} : { entries: keyedChange(before.entries, entries, keyOf) }),
    ...(log === undefined ? {} : { log: queueChange(before.log, log) }),
    ...(queue === undefined ? {} : { queue: queueChange(before.queue, queue) }),
  };
  // The line is what is stored, so it must say the same as the database that the caller gets.
  const result = applyStoredChanges(before, [change]);
  const lists = ['tasks', 'entries', 'log', 'queue'] as const;
  return lists.every((name) => isSameList(result[name], changed[name] ?? before[name])) ? change : undefined;
}

/** @returns how many elements of the lists leave */
export function leavingCount({ tasks, entries, log, queue }: StoredChange): number {
  return (tasks?.gone.length ?? 0) + (entries?.gone.length ?? 0) + (log?.drop ?? 0) + (queue?.drop ?? 0);
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((element, at) => element === other[at]);
}

function keyedChange<T>(before: readonly T[], after: readonly T[], key: (element: T) => string): KeyedChange<T> {
  const gone: string[] = [];
  const put: T[] = [];
  let place = 0;
  for (const element of after) {
    const wanted = key(element);
    for (let old = before[place]; old !== undefined && old !== element && key(old) !== wanted; old = before[place]) {
      gone.push(key(old));
      place += 1;
    }
    if (before[place] !== element) put.push(element);
    place += 1;
  }
  return { gone: [...gone, ...before.slice(place).map(key)], put };
}

function queueChange<T>(before: readonly T[], after: readonly T[]): QueueChange<T> {
  const [first] = after;
  const place = first === undefined ? -1 : before.indexOf(first);
  const drop = place === -1 ? before.length : place;
  return { drop, add: after.slice(before.length - drop) };
}

/** Applies changes in their order. */
export function applyStoredChanges(database: KronosDatabase, changes: readonly StoredChange[]): KronosDatabase {
  const tasks = changes.flatMap((change) => change.tasks ?? []);
  const entries = changes.flatMap((change) => change.entries ?? []);
  return {
    ...database,
    ...Object.assign({}, ...changes.map(({ options }) => options)),
    tasks: tasks.length === 0 ? database.tasks : applyKeyed(database.tasks, tasks, indexOf),
    entries: entries.length === 0 ? database.entries : applyKeyed(database.entries, entries, keyOf),
    log: applyQueue(
      database.log,
      changes.flatMap(({ log }) => log ?? []),
    ),
    queue: applyQueue(
      database.queue,
      changes.flatMap(({ queue }) => queue ?? []),
    ),
  };
}

function applyKeyed<T>(list: readonly T[], changes: readonly KeyedChange<T>[], key: (element: T) => string): T[] {
  const slots: (T | undefined)[] = list.slice();
  const named = new Set(changes.flatMap(({ gone, put }) => [...gone, ...put.map(key)]));
  const places = new Map<string, number>();
  list.forEach((element, place) => {
    const name = key(element);
    if (named.has(name)) places.set(name, place);
  });
  for (const { gone, put } of changes) {
    for (const name of gone) {
      const place = places.get(name);
      if (place !== undefined) slots[place] = undefined;
      places.delete(name);
    }
    for (const element of put) {
      const place = places.get(key(element)) ?? slots.length;
      slots[place] = element;
      places.set(key(element), place);
    }
  }
  return slots.filter((element) => element !== undefined);
}

function applyQueue<T>(list: readonly T[], changes: readonly QueueChange<T>[]): readonly T[] {
  if (changes.length === 0) return list;
  const all = [...list];
  let first = 0;
  for (const { drop, add } of changes) {
    first = Math.min(first + drop, all.length);
    for (const element of add) all.push(element);
  }
  return all.slice(first);
}
