// Flushes file names and bytes so that they survive a power cut, where the system supports it.

import { closeSync, fsyncSync, openSync } from 'node:fs';

/** @param path a file, or the folder whose entries must survive */
export function syncPath(path: string): void {
  try {
    const file = openSync(path, 'r');
    fsyncSync(file);
    closeSync(file);
  } catch {
    // Some systems cannot open folders, or cannot flush a file opened for reading. Those keep names by themselves.
  }
}
