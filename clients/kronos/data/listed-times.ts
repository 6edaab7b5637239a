// Which interval each number named when `kronos time` last listed a day. The file is a hint: without it, numbers are those of today.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An interval by the key of its task or entry, and its beginning in seconds since 1970. */
export interface ListedTime {
  readonly key: string;
  readonly from: number;
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'listed-times.json');
}

/** @returns by number, from 1; undefined if no day was listed */
export function readListedTimes(dataDir: string): readonly ListedTime[] | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(pathIn(dataDir), 'utf8'));
    return Array.isArray(value) && value.every(isListedTime) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isListedTime(value: unknown): value is ListedTime {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('from' in value)) return false;
  return typeof value.key === 'string' && typeof value.from === 'number';
}

/** Ignores a failure to write. */
export function writeListedTimes(dataDir: string, times: readonly ListedTime[]): void {
  const path = pathIn(dataDir);
  const fresh = `${path}.${process.pid}`;
  try {
    writeFileSync(fresh, JSON.stringify(times), { mode: 0o600 });
    renameSync(fresh, path);
  } catch {
    // The file is only a hint.
  }
}
