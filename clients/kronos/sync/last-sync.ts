// How the last sync went, for the commands after it, which do not wait for one. It is a hint and not worth an fsync; the queue in the
// database is what counts.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LastSync } from '../cli/cli-context.ts';

function pathIn(folder: string): string {
  return join(folder, 'last-sync.json');
}

export function readLastSync(folder: string): LastSync | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(pathIn(folder), 'utf8'));
    return isLastSync(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLastSync(value: unknown): value is LastSync {
  if (typeof value !== 'object' || value === null || !('outcome' in value && 'reason' in value && 'at' in value))
    return false;
  const { outcome, reason, at } = value;
  return (
    ['ok', 'offline', 'refused'].some((one) => one === outcome) && typeof reason === 'string' && typeof at === 'number'
  );
}

export function writeLastSync(folder: string, last: LastSync): void {
  writeFileSync(`${pathIn(folder)}.new`, `${JSON.stringify(last)}\n`, { mode: 0o600 });
  renameSync(`${pathIn(folder)}.new`, pathIn(folder));
}
