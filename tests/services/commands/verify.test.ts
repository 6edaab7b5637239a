// `horai verify` as a process: on an intact store and on a damaged copy, while a hub runs on it and without one.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../server/compose.ts';
import { databasePath } from '../../../server/storage/sqlite/data-folder.ts';
import { everyDriver, loadDriver } from '../../../server/storage/sqlite/driver.ts';
import { openSqlite } from '../../../server/storage/sqlite/store.ts';
import { realWorld } from '../../../server/world.ts';
import { put, write } from '../../contract/store.ts';
import { startComposed } from '../../harness/compose.ts';
import { type Ended, HubProcess, Leftovers } from '../../harness/process.ts';

const leftovers = new Leftovers();
let hub: RunningHub | undefined;
let intact: string;
let damaged: string;

beforeEach(async () => {
  const folder = leftovers.folder();
  intact = join(folder, 'intact');
  damaged = join(folder, 'damaged');
  const opened = await openSqlite({ folder: intact, world: realWorld('silent') });
  if (!opened.ok) throw new Error(opened.error);
  for (let number = 0; number < 5; number += 1) {
    await opened.store.append('ann/notes', write([put(`note ${number}`, `"${number}"`)]), 'all');
  }
  await opened.store.close();
  cpSync(intact, damaged, { recursive: true });
  await damage(damaged);
});
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
  await leftovers.clear();
});

/** Changes two values behind the store's back, as a disk does. */
async function damage(folder: string): Promise<void> {
  const driver = await loadDriver(everyDriver);
  if (!driver.ok) throw new Error(driver.error);
  const file = driver.open(databasePath(folder), false);
  file.exec(`UPDATE steps SET value = '"x"' WHERE value IN ('"1"', '"3"')`);
  file.close();
}

const verify = (folder: string, ...args: readonly string[]): Promise<Ended> =>
  new HubProcess(leftovers, { HORAI_DATA: folder }, ['verify', ...args]).ended;

test('horai verify says that an intact store is intact and exits with 0, by HORAI_DATA or by --data', async () => {
  const done = {
    code: 0,
    out: 'The store is intact: 1 channel with 5 steps.\n',
    err: `No hub runs on ${intact}: checking its files.\n`,
  };
  expect(await verify(intact)).toEqual(done);
  expect(await verify(damaged, '--data', intact)).toEqual(done);
});

test('horai verify has a sentence for each damage and exits with 1', async () => {
  const { code, out, err } = await verify(intact, '--data', damaged);
  expect(code).toBe(1);
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^The store is damaged: step \d of channel 1 .*\.$/);
  expect(err).toMatch(/\n2 damaged places found: .*horai backup restore/);
  const json = await verify(damaged, '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ intact: false, found: [expect.any(String), expect.any(String)] });
});

test('horai verify lets a hub that runs on the folder check it, and the hub knows then', async () => {
  hub = await startComposed({ store: 'sqlite', data: intact });
  const first = await verify(intact);
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^The store is intact: \d+ channels with /) });
  expect(first.err).toBe(`The hub at ${hub.url} checks its store, beside its other work.\n`);
  await damage(intact);
  const second = await verify(intact);
  expect(second).toMatchObject({ code: 1, out: expect.stringMatching(/^The store is damaged: /) });
  expect(await (await fetch(`${hub.url}-/health`)).json()).toMatchObject({ status: 'warning' });
});

test('horai verify refuses a folder without a store, and leaves it as it was', async () => {
  const { code, out, err } = await verify(join(intact, 'none'));
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('has no store');
});
