// A hub process that is stopped or killed and started again while SDKs write over real sockets: no write is lost or duplicated, and
// the SDKs reconnect by themselves.

import { afterEach, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Connection, connect, type WriteOutcome } from '../../../../clients/typescript/index.ts';
import { freePort } from '../../../../scripts/prove/free-port.ts';
import { HubProcess, Leftovers } from '../../../harness/process.ts';
import { reachItems, reachState } from '../../../harness/sdk.ts';
import { task } from '../../../harness/task.ts';

jest.setTimeout(120_000);

const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const leftovers = new Leftovers();
let connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  connections = [];
  await leftovers.clear();
});

test.each([
  'SIGTERM',
  'SIGKILL',
] as const)('two writing SDKs resume without a lost or duplicated write after the hub ended by %s', async (signal) => {
  const env = {
    HORAI_DATA: leftovers.folder(),
    HORAI_PORT: String(await freePort()),
    HORAI_OWNER_TOKEN: token,
  };
  const hub = new HubProcess(leftovers, env);
  const url = await hub.up();
  connections = [1, 2].map(() => connect({ url, token, webSocket: WebSocket }));
  const channels = connections.map((connection) => connection.channel('tasks'));
  for (const connection of connections) connection.start();
  const settled: Promise<WriteOutcome>[] = [];
  const write = async (from: number, to: number) => {
    for (const [at, channel] of channels.entries()) {
      for (let n = from; n < to; n += 1) {
        const queued = await channel.create(task(1 + at * 30 + n, `${at} ${n}`));
        if (!queued.ok) throw new Error(queued.error);
        settled.push(queued.settled);
      }
    }
  };
  await Promise.all(channels.map((channel) => channel.open()));
  const events = channels[1]?.subscribe();
  await write(0, 20);
  await settled[0];
  // Some writes are answered, some are in flight.
  hub.signal(signal);
  await Promise.all([hub.ended, ...connections.map((connection) => reachState(connection, 'offline'))]);
  await write(20, 30);
  await new HubProcess(leftovers, env).up();

  for (const answer of await Promise.all(settled)) expect(answer).toMatchObject({ ok: true });
  const all = await Promise.all(channels.map((channel) => reachItems(channel, (items) => items.length === 60)));
  const descs = all.map((items) => items.map(({ desc }) => desc).sort());
  expect(new Set(descs[0]).size).toBe(60);
  expect(descs[1]).toEqual(descs[0]);

  const keys: string[] = [];
  for await (const event of events ?? []) {
    expect(event.type).not.toBe('reset');
    keys.push(...('items' in event ? event.items.map(({ key }) => key) : [event.key]));
    if (keys.length === 60) break;
  }
  expect(new Set(keys).size).toBe(60);
  for (const connection of connections)
    expect(await connection.sync({ deadlineMs: 10_000 })).toMatchObject({ state: 'live', pending: 0 });
});
