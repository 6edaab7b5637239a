// The data that a hub reads after its start, before the first request.

import { expect, test } from '@jest/globals';
import { Authorizer } from '../../../../server/adapters/wakatime/auth/authorize.ts';
import { warmUp } from '../../../../server/adapters/wakatime/warm-up.ts';
import type { Range } from '../../../../server/core/store.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { beat, noon, openTestHub } from '../../../harness/wakatime.ts';

const day = 86_400;

class CountingStore extends MemoryStore {
  reads: string[] = [];

  override read(channel: string, range: Range) {
    this.reads.push(channel);
    return super.read(channel, range);
  }
}

test('a hub reads the last year after its start, before the first request, and no more', async () => {
  const store = new CountingStore({ epoch: 'e1' });
  const first = await openTestHub({ store });
  for (const ago of [0, 3, 200, 900]) {
    await first.send([beat(noon - 600 - ago * day), beat(noon - 540 - ago * day)]);
  }
  await first.get('stats/all_time');
  first.hub.drain();
  await first.close();

  const second = await openTestHub({ store, owner: first.owner });
  const { hub, accounts } = second;
  const admission = new Authorizer({ hub, accounts, personal: false, near: () => true });
  await warmUp(admission);
  store.reads = [];
  const micro = 1_000_000;
  const beats = await admission.beats('owner', { from: (noon - 300 * day) * micro, to: noon * micro });
  expect([beats.size, store.reads]).toEqual([8, []]);
  await admission.beats('owner');
  expect(store.reads).toEqual(['@derived/wakatime/owner']);
  expect(second.world.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  await second.close();
});

test('a hub that stops during a warm-up stops reading', async () => {
  const testHub = await openTestHub();
  await testHub.send([beat(noon - 600), beat(noon - 540)]);
  const { hub, accounts, world } = testHub;
  const warming = warmUp(new Authorizer({ hub, accounts, personal: false, near: () => true }));
  hub.drain();
  await warming;
  await testHub.close();
  expect(world.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});
