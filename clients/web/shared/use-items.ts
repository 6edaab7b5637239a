// The items of a channel, as a page shows them.

import { useEffect, useState } from 'preact/hooks';
import type { Item } from '../../typescript/index.ts';
import type { LiveConnection } from './live-connection.ts';

/** @param name of the channel, without the account. @returns its items by key; another map after each change */
export function useItems<T>(live: LiveConnection, name: string): ReadonlyMap<string, Item<T>> {
  const [items, setItems] = useState<ReadonlyMap<string, Item<T>>>(new Map());
  useEffect(() => {
    const channel = live.connection.channel<T>(name);
    const show = () => setItems(new Map(channel.items));
    const stop = channel.onItems(show);
    channel.open().then(show, () => undefined);
    return stop;
  }, [live, name]);
  return items;
}
