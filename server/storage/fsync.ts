// What makes names and bytes outlive a power cut, where the system lets us.

import { closeSync, fsyncSync, openSync } from 'node:fs';

/** @param path a file, or the folder whose names shall stay */
export function syncPath(path: string): void {
  try {
    const file = openSync(path, 'r');
    fsyncSync(file);
    closeSync(file);
  } catch {
    // Not every system opens folders, or flushes what was opened for reading: those keep names by themselves.
  }
}
