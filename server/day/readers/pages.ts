// Items of a channel within a span, read from the store page by page, so that no answer of it is large.

import type { Item, Place, Store } from '../../core/store.ts';
import type { DaySpan } from './reading.ts';

const pageSize = 5_000;
/** Characters of values. */
const pageCharacters = 4_194_304;
/** More evidence in one span than anybody's day has: a reader stops there, so that one channel cannot keep others waiting. */
const mostItems = 200_000;

/** In order of time. An item without a time is in no span. */
export async function* pagesOf(store: Store, channel: string, { from, to }: DaySpan): AsyncGenerator<Item> {
  const range = { from, to, limit: pageSize, size: pageCharacters };
  let after: Place | undefined;
  for (let count = 0; count < mostItems; ) {
    const items = await store.read(channel, after === undefined ? range : { ...range, after });
    yield* items;
    count += items.length;
    const last = items.at(-1);
    const characters = items.reduce((sum, { value }) => sum + value.length, 0);
    if (last === undefined || (items.length < pageSize && characters < pageCharacters)) return;
    after = last;
  }
}
