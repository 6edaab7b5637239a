// On which date the hub was last asked for its questions: the first command of a day asks. The file is a hint: if it is lost, a
// command asks once more.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function pathIn(dataDir: string): string {
  return join(dataDir, 'asked-on');
}

/** @returns `2026-11-28`; '' if it is not known */
export function readAskedDate(dataDir: string): string {
  try {
    return readFileSync(pathIn(dataDir), 'utf8').trim();
  } catch {
    return '';
  }
}

/** Ignores a failure to write: the next command then asks again. */
export function writeAskedDate(dataDir: string, date: string): void {
  const fresh = `${pathIn(dataDir)}.${process.pid}`;
  try {
    writeFileSync(fresh, `${date}\n`, { mode: 0o600 });
    renameSync(fresh, pathIn(dataDir));
  } catch {
    // The file is only a hint.
  }
}
