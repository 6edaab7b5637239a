// The unpacked blocks in the memory of a reader of the embedded store are bounded in characters: blocks of large values do not gather in memory.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { everyDriver, loadDriver } from '../../../server/storage/sqlite/driver.ts';
import { SqliteReader } from '../../../server/storage/sqlite/reader.ts';
import { openSqlite } from '../../../server/storage/sqlite/store.ts';
import { put, write } from '../../contract/store.ts';
import { TestWorld } from '../../harness/world.ts';

test('a reader keeps at most a few megabytes of unpacked blocks, however large the channel is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'horai-cache-'));
  try {
    const sealing = { hot: 0, steps: 8, text: 1 << 19 };
    const opened = await openSqlite({ folder, world: new TestWorld(), sealing });
    if (!opened.ok) throw new Error(opened.error);
    const value = JSON.stringify('x'.repeat(65_536));
    for (let at = 0; at < 256; at += 8) {
      const ops = Array.from({ length: 8 }, (_, next) => put(`item ${at + next}`, value, { time: at + next }));
      await opened.store.append('ann/large', write(ops), 'last');
    }
    await opened.store.close();
    const driver = await loadDriver(everyDriver);
    if (!driver.ok) throw new Error(driver.error);
    const database = driver.open(join(folder, 'horai.db'), false);
    const reader = new SqliteReader(database, 'e');
    let most = 0;
    for (let from = 0; from < 256; from += 8) {
      reader.answer({ ask: 'read', channel: 'ann/large', range: { from, to: from + 8 } });
      most = Math.max(most, reader.cachedText);
    }
    expect(most).toBeGreaterThan(1 << 20);
    expect(most).toBeLessThanOrEqual(4 << 20);
    database.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
