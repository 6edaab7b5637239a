// Runs the installed `kronos` as a process on a folder of the test and returns its output and exit code.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ended, Leftovers } from './process.ts';

export const top = fileURLToPath(new URL('../..', import.meta.url));
export const bin = join(top, 'bin/kronos.cjs');

/**
 * Runs a command, such as a shell, in which `kronos` uses this folder.
 * @param folder the folder of the database; the cache is in its subfolder `cache`
 */
export function run(leftovers: Leftovers, folder: string, command: string, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, KRONOS_DATA: folder, XDG_CACHE_HOME: join(folder, 'cache'), TZ: 'UTC', LC_ALL: 'C' };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  leftovers.add(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}
