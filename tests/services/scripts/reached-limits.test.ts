// `npm run clients` fails a row whose hub reached a limit: what it reads in the hub's log.

import { afterEach, expect, test } from '@jest/globals';
import { reachedLimits } from '../../../scripts/clients/reached-limits.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { Socket } from '../../harness/socket.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

test('a limit that a real hub reaches is found in its log, other lines are not', async () => {
  const hub = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder() });
  const socket = await Socket.open(await hub.up());
  await socket.ask({ type: 'limits', name: 'account_channels', size: 1 });
  await socket.ask({ type: 'create', channel: 'one', item: 'limit_reached', ref: 1 });
  expect(await socket.ask({ type: 'create', channel: 'two', item: 1, ref: 2 })).toMatchObject({
    limit: 'account_channels',
  });
  await socket.close();
  expect(reachedLimits((await hub.stop()).err)).toEqual(['account_channels']);
  expect(
    reachedLimits('no JSON "limit_reached_not"\n{"event":"limit_reached","limit":"connections per address"}\n'),
  ).toEqual([]);
});
