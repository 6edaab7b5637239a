// Flushes file names and bytes so that they survive a power cut, where the system supports it.

import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** How systems say that they cannot open folders, or cannot flush a file opened for reading. Those keep names by themselves. */
const cannot = new Set(['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM', 'EROFS']);

/**
 * @param path a file, or the folder whose entries must survive
 * @throws if the disk fails
 */
export function syncPath(path: string): void {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    fsyncSync(file);
  } catch (error) {
    if (!isCannot(error)) throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isCannot(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && cannot.has(error.code);
}

/** Makes the folder and those above it, where they are missing. Their names survive a power cut when it returns. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = resolve(folder); made.length >= first.length; made = dirname(made)) syncPath(dirname(made));
}
