// Backups and data folders between this version and the last released one.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Ended, HubProcess, Leftovers } from '../../harness/process.ts';
import { unpackVersion } from '../../harness/released-versions.ts';
import { Socket } from '../../harness/socket.ts';

jest.setTimeout(180_000);

const top = fileURLToPath(new URL('../../..', import.meta.url));
const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const notes = Array.from({ length: 30 }, (_, at) => ({ key: `note ${at}`, item: { number: at } }));

describe('a backup', () => {
  const leftovers = new Leftovers();
  const last = leftovers.folder();
  beforeAll(() => unpackVersion('0.2.0', last));
  afterAll(() => leftovers.clear());

  const run = (sources: string, data: string, args: readonly string[] = [], more: Record<string, string> = {}) =>
    new HubProcess(leftovers, { HORAI_DATA: data, HORAI_OWNER_TOKEN: owner, ...more }, args, [], undefined, sources);
  const restored = (sources: string, data: string, file: string): Promise<Ended> =>
    run(sources, data, ['backup', 'restore', file]).ended;

  /** Starts a hub, writes the notes and a task, makes a backup with `make`, and stops the hub. */
  async function filled(
    sources: string,
    more: Record<string, string>,
    make: (socket: Socket, data: string) => Promise<void>,
  ) {
    const data = leftovers.folder();
    const hub = run(sources, data, [], more);
    const socket = await Socket.open(await hub.up());
    await socket.ask({ type: 'login', user_id: owner, device_id: 'desk' });
    await socket.ask({ type: 'write-all', channel: 'notes', items: notes, ref: 1 });
    await socket.ask({ type: 'update', channel: 'notes', key: 'note 3', item: 'changed', ref: 2 });
    await socket.ask({ type: 'create', task: { id: 1, desc: 'water the plants' }, ref: 3 });
    await make(socket, data);
    await socket.close();
    await hub.stop();
  }

  /** The data that clients of the hub on a folder read. */
  async function readBy(sources: string, data: string): Promise<unknown> {
    const hub = run(sources, data);
    const socket = await Socket.open(await hub.up());
    await socket.ask({ type: 'login', user_id: owner, device_id: 'desk' });
    const { items } = await socket.ask({ type: 'read-all', channel: 'notes' });
    const { changes } = await socket.ask({ type: 'history', channel: 'notes', key: 'note 3' });
    const { tasks } = await socket.ask({ type: 'read-all' });
    await socket.close();
    await hub.stop();
    return { items, changes, tasks };
  }

  const expected = {
    items: expect.arrayContaining([
      expect.objectContaining({ key: 'note 3', item: 'changed' }),
      expect.objectContaining({ key: 'note 29', item: { number: 29 } }),
    ]),
    changes: [expect.objectContaining({ item: 'changed' }), expect.objectContaining({ item: { number: 3 } })],
    tasks: [expect.objectContaining({ desc: 'water the plants' })],
  };

  test('that this version makes on its schedule is restored by the hub of this and of the last version', async () => {
    const folder = leftovers.folder();
    await filled(top, { HORAI_BACKUP: `${folder} 03:00` }, async (socket) => {
      expect(await socket.ask({ type: 'backup' })).toMatchObject({ success: true, type: 'backup' });
    });
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/^horai-.*\.backup$/);
    for (const sources of [top, last]) {
      const data = join(leftovers.folder(), 'restored');
      mkdirSync(data);
      expect(await restored(sources, data, join(folder, name))).toMatchObject({ code: 0 });
      expect(await readBy(sources, data)).toEqual(expected);
    }
  });

  test('of the last version is restored by the hub of this one', async () => {
    const file = join(leftovers.folder(), 'last.backup');
    await filled(last, {}, async (_, data) => {
      expect(await run(last, data, ['backup', 'create', file]).ended).toMatchObject({ code: 0 });
    });
    const data = join(leftovers.folder(), 'restored');
    expect(await restored(top, data, file)).toMatchObject({ code: 0 });
    expect(await readBy(top, data)).toEqual(expected);
  });

  test('is not needed to go on with the data folder of the last version', async () => {
    let folder = '';
    await filled(last, {}, async (_, data) => {
      folder = data;
    });
    expect(await readBy(top, folder)).toEqual(expected);
  });
});
