// The list of channels of a store, a page at a time: a hub may have very many.

import type { ChannelInfo, Store } from './store.ts';

const pageLength = 250;

/** The channels whose name begins with the prefix, by name. */
export async function* channelPages(
  store: Pick<Store, 'channels'>,
  prefix: string,
): AsyncGenerator<readonly ChannelInfo[], void> {
  for (let after: string | undefined; ; ) {
    const page = await store.channels(prefix, { after, limit: pageLength });
    yield page;
    after = page.at(-1)?.channel;
    if (page.length < pageLength) return;
  }
}
