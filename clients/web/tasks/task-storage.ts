// Where this browser keeps the tasks and the writes that the hub has not received: a database of its own, or nothing where it has none.

import { BrowserStorage } from '../../typescript/browser-storage.ts';
import { MemoryStorage, type Storage } from '../../typescript/index.ts';

export function openStorage(): Storage {
  return typeof indexedDB === 'undefined' ? new MemoryStorage() : new BrowserStorage();
}
