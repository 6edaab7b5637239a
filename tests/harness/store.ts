// Where the houses of the adapters' tests keep things: in memory, unless a test file has said otherwise before they are opened. So
// one suite runs on every store.

import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';

export type NewStore = () => Promise<Store>;

let make: NewStore = async () => new MemoryStore({ epoch: 'e1' });

/** For every house from now on. */
export function keepIn(newStore: NewStore): void {
  make = newStore;
}

/** An empty one; its epoch is `e1`. */
export function newStore(): Promise<Store> {
  return make();
}
