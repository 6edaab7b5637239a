// The command as it is installed, in a process of its own on a folder of its own: what it printed, and how it ended.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ended, Leftovers } from './process.ts';

export const top = fileURLToPath(new URL('../..', import.meta.url));
export const bin = join(top, 'bin/kronos.cjs');

/**
 * Runs any command, a shell's say, for whom `kronos` is at home in the folder.
 * @param folder of the database, with the cache in it
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
