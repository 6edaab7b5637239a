// Opens the storage of the tasks, and of the writes that the hub has not received: a database of this browser, or memory if it has none.

import { BrowserStorage } from '../../typescript/browser-storage.ts';
import { MemoryStorage, type Storage } from '../../typescript/index.ts';
import { databaseName } from '../shared/address.ts';

export function openStorage(): Storage {
  return typeof indexedDB === 'undefined' ? new MemoryStorage() : new BrowserStorage(databaseName);
}
