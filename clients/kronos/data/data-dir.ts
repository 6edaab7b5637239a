// Finds the data folder of each platform. Does not create it.

import { join } from 'node:path';

export interface DataDirOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
}

/** @returns the path of the folder that has the database */
export function findDataDir({ env, platform, home }: DataDirOptions): string {
  if (env['KRONOS_DATA']) return env['KRONOS_DATA'];
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'kronos');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'kronos');
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'kronos');
}
