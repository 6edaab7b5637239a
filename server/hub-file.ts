// `hub.json` in the data folder: the URL of the running hub, and a secret with which commands of the same user administer it. Both are
// valid for one run only. After a crash the file is stale, so a reader must expect that no hub answers.

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

/** @returns undefined if there is no valid file */
export async function readHubFile(folder: string): Promise<HubFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(pathIn(folder), 'utf8'));
    return isHubFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
