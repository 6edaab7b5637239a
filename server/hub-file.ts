// `hub.json` in the data folder: where the running hub is, and the secret that opens it to `horai token …` of the same user.
// Both hold for one run only. After a crash a stale one stays behind, so whoever reads it must be ready to find nobody there.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../protocol/check.ts';

const HubFile = Type.Object({ url: Type.String(), secret: Type.String() });
export type HubFile = Static<typeof HubFile>;

const check = compile(HubFile);

function isHubFile(value: unknown): value is HubFile {
  return check(value);
}

function pathIn(folder: string): string {
  return join(folder, 'hub.json');
}

export async function writeHubFile(folder: string, file: HubFile): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = `${pathIn(folder)}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  await rename(fresh, pathIn(folder));
}

export function removeHubFile(folder: string): Promise<void> {
  return rm(pathIn(folder), { force: true });
}

/** undefined where no hub has left one. */
export async function readHubFile(folder: string): Promise<HubFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(pathIn(folder), 'utf8'));
    return isHubFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
