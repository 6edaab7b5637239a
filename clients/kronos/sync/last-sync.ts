// Stores the result of the last sync, for later commands, which do not wait for a sync. It is only a hint, so it is not flushed; the queue in
// the database decides what is sent.

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
  const questions = 'questions' in value ? value.questions : [];
  return (
    ['ok', 'offline', 'refused'].some((one) => one === outcome) &&
    typeof reason === 'string' &&
    typeof at === 'number' &&
    Array.isArray(questions) &&
    questions.every((one) => typeof one === 'string')
  );
}

export function writeLastSync(folder: string, last: LastSync): void {
  writeFileSync(`${pathIn(folder)}.new`, `${JSON.stringify(last)}\n`, { mode: 0o600 });
  renameSync(`${pathIn(folder)}.new`, pathIn(folder));
}
