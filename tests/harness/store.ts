// The store of the hubs in the adapters' tests: memory, unless the test file chose another store before it opened the hub. So one
// suite runs on every store.

import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';

export type NewStore = () => Promise<Store>;

let make: NewStore = async () => new MemoryStore({ epoch: 'e1' });

/** Sets the store of every hub opened from now on. */
export function setNewStore(newStore: NewStore): void {
  make = newStore;
}

/** Creates an empty store with the epoch `e1`. */
export function newStore(): Promise<Store> {
  return make();
}
