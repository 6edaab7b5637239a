// Which task each id named when the person last saw it. Ids are reused and renumbered, here and by other devices, so a command that
// names a task by an id from an old list could hit another task. The file is a hint: if it is lost, no command asks.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlainTask } from '../../../protocol/plain.ts';

/** The index of a task by its id. */
export type ListedIds = ReadonlyMap<number, string>;

function pathIn(dataDir: string): string {
  return join(dataDir, 'listed-ids.json');
}

export function readListedIds(dataDir: string): ListedIds {
  try {
    const value: unknown = JSON.parse(readFileSync(pathIn(dataDir), 'utf8'));
    return new Map(Array.isArray(value) ? value.filter(isEntry) : []);
  } catch {
    return new Map();
  }
}

function isEntry(value: unknown): value is [number, string] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string';
}

/** Ignores a failure to write: the next command then does not ask. */
export function writeListedIds(dataDir: string, ids: ListedIds): void {
  const path = pathIn(dataDir);
  const fresh = `${path}.${process.pid}`;
  try {
    writeFileSync(fresh, JSON.stringify([...ids]), { mode: 0o600 });
    renameSync(fresh, path);
  } catch {
    // The file is only a hint.
  }
}

/** Ids of done tasks are never given to another task. */
export function openTaskIds(tasks: readonly PlainTask[]): ListedIds {
  return new Map(tasks.flatMap(({ id, index, done }): [number, string][] => (done === 0 ? [[id, index]] : [])));
}
