import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { openSqlite } from '../../server/storage/sqlite.ts';
import { storeContract } from '../contract/store.ts';
import { TestWorld } from '../support/world.ts';

storeContract('SqliteStore', () => {
  const folder = mkdtempSync(join(tmpdir(), 'horai-store-'));
  return {
    open: async () => {
      const opened = await openSqlite({ folder, world: Object.assign(new TestWorld(), { id: () => nanoid() }) });
      if (!opened.ok) throw new Error(opened.error);
      return opened.store;
    },
    remove: async () => rmSync(folder, { recursive: true }),
  };
});
