// The file of a data dump is complete and is sent page by page.

import { afterEach, describe, expect, test } from '@jest/globals';
import { readHeartbeatPages } from '../../../../server/adapters/wakatime/ingest/list-and-delete.ts';
import { readSettings } from '../../../../server/adapters/wakatime/model/account-settings.ts';
import type { Range } from '../../../../server/core/store.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

/** Counts the items that are read from the heartbeats' channel. */
class CountingStore extends MemoryStore {
  reads = 0;
  most = 0;

  override async read(channel: string, range: Range) {
    const items = await super.read(channel, range);
    if (channel === 'owner/wakatime') {
      this.reads += 1;
      this.most = Math.max(this.most, items.length);
    }
    return items;
  }
}

let testHub: TestHub;
afterEach(() => testHub.close());

describe('the file of a dump', () => {
  const days = 20;
  const perDay = 300;
  /** Every third heartbeat inherits fields, including the very first one. */
  const all = Array.from({ length: days * perDay }, (_, index) =>
    beat(noon - (days - Math.floor(index / perDay)) * 86_400 + (index % perDay) * 60, {
      project: index % 3 === 0 ? '<<LAST_PROJECT>>' : `project-${index % 7}`,
    }),
  );

  async function filled(): Promise<CountingStore> {
    const store = new CountingStore({ epoch: 'e1' });
    testHub = await openTestHub({ store });
    await testHub.settle({ timezone: 'America/St_Johns' });
    for (let from = 0; from < all.length; from += 500) await testHub.send(all.slice(from, from + 500));
    [store.reads, store.most] = [0, 0];
    return store;
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  async function file(type: string): Promise<any> {
    const made = await testHub.ask('POST', `/api/v1/users/current/data_dumps?api_key=${testHub.owner}`, {
      body: { type },
    });
    const { pathname } = new URL(JSON.parse(made.body).data.download_url);
    return JSON.parse((await testHub.ask('GET', pathname)).body);
  }

  test('of heartbeats has each heartbeat once, on its day, as the endpoint lists it', async () => {
    const store = await filled();
    const { days: dumpedDays } = await file('heartbeats');
    expect(store.most).toBeLessThanOrEqual(2_000);
    expect(dumpedDays).toHaveLength(days);
    for (const { date, heartbeats } of [dumpedDays[0], dumpedDays[7], dumpedDays.at(-1)]) {
      expect(heartbeats).toHaveLength(perDay);
      expect(heartbeats).toEqual((await testHub.get(`heartbeats?date=${date}`)).data);
    }
    expect(dumpedDays[0].heartbeats.slice(0, 4).map(({ project }: { project: string | null }) => project)).toEqual([
      null,
      'project-1',
      'project-2',
      'project-2',
    ]);
  });

  test('of days contains the days of the summaries', async () => {
    await filled();
    const { days: dumpedDays, range } = await file('daily');
    const { data } = await testHub.get('summaries?start=2025-12-16&end=2026-01-04');
    expect(dumpedDays.map(({ date, ...day }: { date: string }) => day)).toEqual(data);
    expect(range.end - range.start).toBe(days * 86_400 - 1);
  });

  test('is read only as fast as its client receives it', async () => {
    const store = await filled();
    const settings = await readSettings(testHub.hub, 'owner');
    const pages = readHeartbeatPages(testHub.hub, { account: 'owner', id: '', settings }, 0);
    expect(store.reads).toBe(0);
    await pages.next();
    expect(store.reads).toBe(1);
    await pages.next();
    expect(store.reads).toBe(2);
    await pages.return(undefined);
    expect(store.reads).toBe(2);
  });
});
