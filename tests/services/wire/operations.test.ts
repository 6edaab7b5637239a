// The operations of an administrator on the hub as a whole by verbs of the wire: backup, verify, log.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { startComposed } from '../../harness/compose.ts';
import type { Message } from '../../harness/kronos.ts';
import { Socket } from '../../harness/socket.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A hub on a store of its own, with scheduled backups, and the sockets of its owner and of a person without the scope `admin`. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'horai-operations-'));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  const backups = join(folder, 'backups');
  const backup = { folder: backups, minute: 0, keep: 2 };
  const hub = await startComposed({ store: 'sqlite', data: join(folder, 'data'), hosts: ['hub.test'], backup });
  endings.push(() => hub.stop());
  const login = async (secret: string) => {
    const socket = await Socket.open(hub.url);
    endings.push(async () => socket.close());
    await socket.ask({ type: 'login', user_id: secret });
    return socket;
  };
  const owner = await login(hub.ownerSecret ?? '');
  const made: Message = await owner.ask({ type: 'account', name: 'alice' });
  return { owner, alice: await login(made.secret), backups };
}

test('[A7.1] a backup is written into the folder of scheduled backups, is verified and named, and no more than wanted are kept', async () => {
  const { owner, alice, backups } = await start();
  await owner.ask({ type: 'create', channel: 'notes', key: 'k', item: 1, ref: 1 });
  const made: Message[] = [];
  for (let count = 0; count < 3; count += 1) made.push(await owner.ask({ type: 'backup' }));
  for (const one of made) expect(one).toMatchObject({ success: true, type: 'backup', bytes: expect.any(Number) });
  expect(made[0].steps).toBeGreaterThan(0);
  const newest = made.slice(1).map(({ file }) => basename(file));
  expect((await readdir(backups)).sort()).toEqual(newest.sort());
  expect(await alice.ask({ type: 'backup' })).toMatchObject({ success: false, code: 'forbidden' });
});

test('[A7.2] verify checks every checksum, and says that the store is intact', async () => {
  const { owner, alice } = await start();
  await owner.ask({ type: 'create', channel: 'notes', key: 'k', item: 1, ref: 1 });
  const answer: Message = await owner.ask({ type: 'verify' });
  expect(answer).toMatchObject({ success: true, type: 'verify', intact: true, found: [] });
  expect(answer.steps).toBeGreaterThan(0);
  expect(await alice.ask({ type: 'verify' })).toMatchObject({ success: false, code: 'forbidden' });
});

test('[A7.3] log sets the level of the log, or only says it', async () => {
  const { owner, alice } = await start();
  expect(await owner.ask({ type: 'log' })).toMatchObject({ type: 'log', level: 'silent' });
  expect(await owner.ask({ type: 'log', level: 'error' })).toMatchObject({ level: 'error' });
  expect(await owner.ask({ type: 'log' })).toMatchObject({ level: 'error' });
  expect(await owner.ask({ type: 'log', level: 'loud' })).toMatchObject({ success: false });
  expect(await alice.ask({ type: 'log' })).toMatchObject({ success: false, code: 'forbidden' });
});
