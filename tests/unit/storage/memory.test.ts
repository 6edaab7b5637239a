// The contract of stores on the store in memory. sqlite.test.ts tests the further guarantees of the embedded store.

import { MemoryStore } from '../../../server/storage/memory.ts';
import { archiveContract } from '../../contract/archive.ts';
import { storeContract } from '../../contract/store.ts';

let places = 0;

function newPlace() {
  places += 1;
  const store = new MemoryStore({ epoch: `memory-${places}` });
  return { open: async () => store, remove: async () => {} };
}

storeContract('MemoryStore', newPlace);
archiveContract('MemoryStore', newPlace);
