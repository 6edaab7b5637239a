// Keeps what is erased or moved away from coming back: once an account is retired, nothing is written under its name until the process
// ends, because parts of the hub may still hold some of it in memory.

import { forwardStore } from './forward-store.ts';
import type { Store } from './store.ts';

/** @param isRetired whether the channel belongs to an account that is retired */
export function guardRetired(store: Store, isRetired: (channel: string) => boolean): Store {
  return forwardStore(store, {
    append: (channel, ...rest) =>
      isRetired(channel)
        ? Promise.reject(new Error(`${channel}: its account was erased or renamed`))
        : store.append(channel, ...rest),
  });
}
