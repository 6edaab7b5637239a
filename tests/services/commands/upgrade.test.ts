// From data folders of released versions to this one: what was there is there, with a copy from before, by which the old version goes on; and
// an old hub on a folder of this version. tests/services/storage kills migrations in the middle.

import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { contentHashes } from '../../../server/storage/archive/archive.ts';
import { restoreArchive } from '../../../server/storage/archive/archive-file.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { unpackVersion } from '../../harness/released-versions.ts';
import { Socket } from '../../harness/socket.ts';

jest.setTimeout(180_000);

const top = fileURLToPath(new URL('../../..', import.meta.url));
const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const leftovers = new Leftovers();
const last = leftovers.folder();
beforeAll(() => unpackVersion('0.2.0', last));
afterAll(() => leftovers.clear());

const start = (sources: string, data: string) =>
  new HubProcess(leftovers, { HORAI_DATA: data, HORAI_OWNER_TOKEN: owner }, [], [], undefined, sources);

/** Starts a hub on a folder, uses it, and stops it. @returns what it printed besides */
async function during(sources: string, data: string, use: (socket: Socket) => Promise<void>): Promise<string> {
  const hub = start(sources, data);
  const socket = await Socket.open(await hub.up());
  await use(socket);
  await socket.close();
  const { code, err } = await hub.stop();
  expect(code).toBe(0);
  return err;
}

/** A folder as 0.2.0 leaves it, with a task and a note. */
async function folderOfLast(): Promise<string> {
  const data = leftovers.folder();
  await during(last, data, async (socket) => {
    await socket.ask({ type: 'login', user_id: owner, device_id: 'desk' });
    await socket.ask({ type: 'create', task: { id: 1, desc: 'water the plants' }, ref: 1 });
    await socket.ask({ type: 'create', channel: 'notes', key: 'k', item: 'old', ref: 2 });
  });
  return data;
}

const reads = async (socket: Socket) => {
  await socket.ask({ type: 'login', user_id: owner, device_id: 'phone' });
  const { tasks } = await socket.ask({ type: 'read-all', ref: 1 });
  const { items } = await socket.ask({ type: 'read-all', channel: 'notes', ref: 2 });
  return { tasks, items };
};
const old = {
  tasks: [expect.objectContaining({ desc: 'water the plants' })],
  items: [expect.objectContaining({ item: 'old' })],
};

test('a folder of 0.2.0 is migrated at the first start, which says where the copy from before is, and only then', async () => {
  const data = await folderOfLast();
  const before = readFileSync(join(data, 'horai.db'));
  const printed = await during(top, data, async (socket) => expect(await reads(socket)).toEqual(old));
  const copy = join(data, 'before-upgrade/horai-format-2.db');
  expect(printed).toContain(`as it was before, it is in ${copy}, until you remove that file`);
  expect(printed).toContain('migrating the database to the current format; this may take minutes');
  expect(readFileSync(copy).equals(before)).toBe(true);
  expect(await during(top, data, async () => undefined)).not.toContain('before-upgrade');
});

test('0.2.0 refuses a folder of this version with a sentence, and goes on with the copy from before, as docs/upgrade.md says', async () => {
  const data = await folderOfLast();
  await during(top, data, async (socket) => {
    await socket.ask({ type: 'login', user_id: owner, device_id: 'desk' });
    await socket.ask({ type: 'create', channel: 'notes', key: 'l', item: 'new', ref: 1 });
  });
  const refused = await start(last, data).ended;
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`The data folder ${data} was written by a newer Horai (format 3; this one reads 2)`);

  const aside = join(data, 'after-upgrade');
  mkdirSync(aside);
  for (const name of readdirSync(data).filter((one) => /^(?:horai\.db|mark)/.test(one))) {
    copyFileSync(join(data, name), join(aside, name));
    rmSync(join(data, name));
  }
  copyFileSync(join(data, 'before-upgrade/horai-format-2.db'), join(data, 'horai.db'));
  await during(last, data, async (socket) => expect(await reads(socket)).toEqual(old));
  // And again to this version: the copy is of the newest state before.
  await during(top, data, async (socket) => expect(await reads(socket)).toEqual(old));
});

test('a folder of 0.1.0 is migrated by this version, and its copy by 0.2.0', async () => {
  const database = gunzipSync(readFileSync(join(top, 'tests/fixtures/storage/format-1.db.gz')));
  const data = leftovers.folder();
  writeFileSync(join(data, 'horai.db'), database);
  expect(await during(top, data, async () => undefined)).toContain('before-upgrade/horai-format-1.db');
  const copied = leftovers.folder();
  copyFileSync(join(data, 'before-upgrade/horai-format-1.db'), join(copied, 'horai.db'));
  await during(last, copied, async () => undefined);
  const [ours, lasts] = [await contentOf(top, data), await contentOf(last, copied)];
  expect(ours.size).toBe(3);
  expect(ours).toEqual(lasts);
});

/** The hashes of a person's channels, by way of a backup. */
async function contentOf(sources: string, data: string): Promise<ReadonlyMap<string, string>> {
  const file = join(leftovers.folder(), 'content.backup');
  const made = new HubProcess(leftovers, { HORAI_DATA: data }, ['backup', 'create', file], [], undefined, sources);
  expect(await made.ended).toMatchObject({ code: 0 });
  const store = new MemoryStore({ epoch: 'model' });
  expect(await restoreArchive(file, store, () => undefined)).toMatchObject({ ok: true });
  return new Map([...(await contentHashes(store))].filter(([name]) => name.startsWith('alice/')));
}

test('a migration that the disk has no space for is refused with a sentence before anything is changed', async () => {
  const data = leftovers.folder();
  const path = join(data, 'horai.db');
  const { bavail, bsize } = statfsSync(data);
  // With a sparse end the file is larger than the disk, and takes none of it.
  writeFileSync(path, gunzipSync(readFileSync(join(top, 'tests/fixtures/storage/format-2.db.gz'))));
  truncateSync(path, bavail * bsize);
  const { code, err } = await start(top, data).ended;
  expect(code).toBe(1);
  expect(err).toMatch(
    /^Migrating the database in \S+ needs \d+ MiB of free space, .* make space\. Nothing is changed\.\n$/,
  );
  expect(readdirSync(data)).not.toContain('before-upgrade');
});
