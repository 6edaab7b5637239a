// Where this browser keeps the tasks and what the hub has not heard of: its own storage, or nothing where that is forbidden.

import { MemoryStorage, type Storage } from '../../typescript/index.ts';

export function openStorage(): Storage {
  return new MemoryStorage();
}
