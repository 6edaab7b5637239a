// Where this browser keeps the tasks and what the hub has not heard of: its own database, or nothing where it has none.

import { BrowserStorage } from '../../typescript/browser-storage.ts';
import { MemoryStorage, type Storage } from '../../typescript/index.ts';

export function openStorage(): Storage {
  return typeof indexedDB === 'undefined' ? new MemoryStorage() : new BrowserStorage();
}
