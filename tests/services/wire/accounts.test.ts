// Whole accounts: renamed, disabled, erased. After an erasure no word of the account is in any file of the data folder.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { realWorld } from '../../../server/world.ts';
import { expectErasedWholly, startErasureHub } from '../../contract/erasure.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';

async function login(hub: TestHub, secret: string, device = ''): Promise<Wire> {
  const wire = hub.connect();
  await wire.ask({ type: 'login', user_id: secret, device_id: device, version: 0 });
  return wire;
}

async function start() {
  const hub = await startHub({ personal: false, archive: new MemoryStore({ epoch: 'e1' }) });
  const made = await hub.accounts.createAccount('alice');
  if (!made.ok) throw new Error(made.error);
  const admin = await login(hub, hub.owner, 'desk');
  const alice = await login(hub, made.secret, 'phone');
  await alice.ask(
    { type: 'create', channel: 'notes', key: 'k', item: 'one' },
    { type: 'update', channel: 'notes', key: 'k', item: 'two' },
    { type: 'create', task: { id: 1, desc: 'water the plants' } },
  );
  return { hub, admin, alice, secret: made.secret };
}

describe('an account', () => {
  test('[A6.1] that is disabled lets nobody in, and keeps its data for when it is enabled', async () => {
    const { hub, admin, alice, secret } = await start();
    expect(await admin.ask({ type: 'change-account', name: 'alice', disabled: true })).toMatchObject([
      { type: 'change-account', account: { name: 'alice', disabled: true } },
    ]);
    expect(alice.closedWith).toBe(4401);
    const wire = hub.connect();
    wire.say({ type: 'login', user_id: secret });
    await settle();
    expect(wire.received).toMatchObject([{ code: 'forbidden' }]);
    await admin.ask({ type: 'change-account', name: 'alice', disabled: false });
    const again = await login(hub, secret, 'phone');
    expect(await again.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ items: [{ item: 'two' }] }]);
  });

  test('[A6.2] that is renamed keeps its data, history and tokens, and the old name is nowhere', async () => {
    const { hub, admin, alice, secret } = await start();
    expect(await admin.ask({ type: 'change-account', name: 'alice', new_name: 'owner' })).toMatchObject([
      { code: 'exists' },
    ]);
    expect(await admin.ask({ type: 'change-account', name: 'alice', new_name: 'alicia' })).toMatchObject([
      { account: { name: 'alicia' } },
    ]);
    expect(alice.closedWith).toBeDefined();
    const again = await login(hub, secret, 'phone');
    const [notes, history, tasks] = await again.ask(
      { type: 'read-all', channel: 'notes' },
      { type: 'history', channel: 'notes' },
      { type: 'read-all', channel: 'tasks' },
    );
    expect(notes).toMatchObject({ seq: 2, items: [{ key: 'k', item: 'two', device_id: 'phone' }] });
    expect(history.changes.map(({ item }: Message) => item)).toEqual(['two', 'one']);
    expect(tasks.items).toMatchObject([{ item: { desc: 'water the plants' } }]);
    expect(await again.ask({ type: 'create', channel: 'notes', item: 'three', ref: 1 })).toMatchObject([{ seq: 3 }]);
    const channels = await hub.store.channels('');
    const all = await Promise.all(channels.map(async ({ channel }) => [channel, await hub.store.history(channel, {})]));
    expect(JSON.stringify(all)).not.toMatch(/"alice[/"]/);
  });

  test('[A6.4] of the owner is neither disabled, renamed nor erased, and unknown ones are not found', async () => {
    const { admin } = await start();
    const requests = (name: string) => [
      { type: 'change-account', name, disabled: true },
      { type: 'change-account', name, new_name: 'other' },
      { type: 'erase-account', name, confirm: 'erase' },
    ];
    expect((await admin.ask(...requests('owner'))).map(({ code }: Message) => code)).toEqual(
      Array(3).fill('forbidden'),
    );
    expect((await admin.ask(...requests('nobody'))).map(({ code }: Message) => code)).toEqual(
      Array(3).fill('not_found'),
    );
    const [missing] = await admin.ask({ type: 'erase-account', name: 'alice' });
    expect(missing).toMatchObject({ success: false, error: 'missing confirm' });
  });

  test('[A6.3] that is erased is gone with all it had, and others keep theirs', async () => {
    const { hub, admin, alice, secret } = await start();
    await admin.ask({ type: 'create', channel: 'notes', key: 'mine', item: 'stays' });
    expect(await admin.ask({ type: 'erase-account', name: 'alice', confirm: 'erase' })).toMatchObject([
      { type: 'erase-account', account: 'alice' },
    ]);
    expect(alice.closedWith).toBe(4401);
    expect((await hub.store.channels('')).filter(({ channel }) => channel.includes('alice'))).toEqual([]);
    const wire = hub.connect(undefined, { address: '10.0.0.9' });
    wire.say({ type: 'login', user_id: secret });
    await settle();
    expect(wire.received).toMatchObject([{ error: 'user not found' }]);
    expect(await admin.ask({ type: 'account', name: 'alice' })).toMatchObject([{ code: 'exists' }]);
    expect(await admin.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ items: [{ item: 'stays' }] }]);
  });
});

/** Every file of a folder as one text, byte by byte. */
async function everyByte(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
  );
  return texts.join('\n');
}

let ending = async (): Promise<void> => undefined;
afterEach(() => ending());

describe('the data folder', () => {
  test('[A6.3] has none of fifty words of an account that was erased, in no file, while the hub runs and after it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'horai-erase-'));
    const world = realWorld('silent');
    ending = () => rm(folder, { recursive: true, force: true });
    const started = await startErasureHub({ store: 'sqlite', data: folder }, world);
    ending = async () => {
      await started.stop();
      await rm(folder, { recursive: true, force: true });
    };
    await expectErasedWholly(started, world, () => everyByte(folder));
  });
});
