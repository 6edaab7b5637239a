// A data folder that went back in time while no hub ran, or was copied: what clients and the person who runs the hub are told.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { nanoid } from 'nanoid';
import type { RunningHub } from '../../server/compose.ts';
import { startComposed } from '../harness/compose.ts';
import { Socket } from '../harness/socket.ts';
import { TestWorld } from '../harness/world.ts';

let folder: string;
let hub: RunningHub | undefined;
let world: TestWorld;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'horai-lost-'));
});
afterEach(async () => {
  await hub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(data = folder): Promise<Socket> {
  world = Object.assign(new TestWorld(), { id: () => nanoid() });
  hub = await startComposed({ store: 'sqlite', data }, world);
  return Socket.open(hub.url);
}

async function health(): Promise<unknown> {
  return (await fetch(`${hub?.url}-/health`)).json();
}

const create = (socket: Socket, key: string) =>
  socket.ask({ type: 'create', channel: 'notes', key, item: key, ref: key });
const files = ['horai.db', 'mark'];

test('[U5] a client that is ahead of the store gives it a new epoch, once, and a warning in log and health', async () => {
  let socket = await start();
  for (const key of ['a', 'b']) await create(socket, key);
  await hub?.stop();
  const older = files.map((name) => readFileSync(join(folder, name)));
  socket = await start();
  const { epoch } = await create(socket, 'c');
  expect(await create(socket, 'd')).toMatchObject({ type: 'ack', seq: 4, epoch });
  await hub?.stop();
  // The disk of the machine is set back to an earlier state: the folder's own memory with it.
  for (const [at, name] of files.entries()) writeFileSync(join(folder, name), older[at] ?? '');
  socket = await start();
  expect(await health()).toMatchObject({ status: 'ok' });
  const bystander = await Socket.open(hub?.url ?? '');
  const seen = await bystander.ask({ type: 'subscribe', channel: 'notes' });
  expect(seen).toMatchObject({ type: 'snapshot', seq: 2, epoch });
  // In a room anybody may claim anything.
  await socket.ask({ type: 'subscribe', channel: 'mob/room', seq: 9, epoch });
  expect(await health()).toMatchObject({ status: 'ok' });
  const ahead = { type: 'subscribe', channel: 'notes', seq: 4, epoch };
  const reset = await socket.ask(ahead);
  expect(reset).toMatchObject({ type: 'reset', reason: 'the hub has another epoch', seq: 2, items: [{}, {}] });
  expect(reset['epoch']).not.toBe(epoch);
  expect(await bystander.next()).toMatchObject({ type: 'reset', epoch: reset['epoch'], seq: 2 });
  expect(await health()).toMatchObject({
    status: 'warning',
    warnings: [expect.stringMatching(/^changes were lost .* step 4 of owner\/notes, and the store ends at 2\./)],
  });
  expect(world.lines).toContainEqual(
    expect.objectContaining({ level: 'error', text: expect.stringContaining('ahead of the store') }),
  );
  // From now on such a claim is wrong: it changes nothing for others.
  const again = await (await Socket.open(hub?.url ?? '')).ask({ ...ahead, epoch: reset['epoch'] });
  expect(again).toMatchObject({ type: 'reset', reason: 'the position is ahead of the hub', epoch: reset['epoch'] });
  expect(await create(await Socket.open(hub?.url ?? ''), 'e')).toMatchObject({ seq: 3, epoch: reset['epoch'] });
  await hub?.stop();
  socket = await start();
  expect(await create(socket, 'f')).toMatchObject({ seq: 4, epoch: reset['epoch'] });
  expect(await health()).toMatchObject({ status: 'ok' });
});

test('[ST13] a copied folder with all its commits has a new epoch, and a warning in log and health', async () => {
  const socket = await start();
  const { epoch } = await create(socket, 'a');
  await hub?.stop();
  const copy = `${folder}-copy`;
  cpSync(folder, copy, { recursive: true });
  try {
    const other = await start(copy);
    const again = await create(other, 'b');
    expect(again).toMatchObject({ seq: 2 });
    expect(again['epoch']).not.toBe(epoch);
    const sentence = expect.stringContaining('was copied or moved');
    expect(await health()).toMatchObject({ status: 'warning', warnings: [sentence] });
    expect(world.lines).toContainEqual(expect.objectContaining({ level: 'warn', text: sentence }));
    await hub?.stop();
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
