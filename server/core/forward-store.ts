// A store before another one. It passes on every argument, so that a wrapper names only what it does differently.

import type { Store } from './store.ts';

/** @param changed replaces single functions of the store */
export function forwardStore(store: Store, changed: Partial<Omit<Store, 'epoch'>> = {}): Store {
  const forwarded: Omit<Store, 'epoch'> = {
    head: (...args) => store.head(...args),
    append: (...args) => store.append(...args),
    since: (...args) => store.since(...args),
    read: (...args) => store.read(...args),
    state: (...args) => store.state(...args),
    history: (...args) => store.history(...args),
    at: (...args) => store.at(...args),
    channels: (...args) => store.channels(...args),
    heads: (...args) => store.heads(...args),
    forget: (...args) => store.forget(...args),
    bytes: (...args) => store.bytes(...args),
    check: () => store.check(),
    close: () => store.close(),
  };
  return {
    // A replaced database has another epoch.
    get epoch() {
      return store.epoch;
    },
    ...forwarded,
    ...changed,
  };
}
