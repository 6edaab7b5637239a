// Items of a channel within a span, read from the store page by page, so that no answer of it is large.

import { nextTurn } from '../../core/next-turn.ts';
import type { Item, Store } from '../../core/store.ts';
import type { DaySpan } from './reading.ts';

const pageSize = 2_000;
/** Characters of values. */
const pageCharacters = 1_048_576;
/** More evidence in one span than anybody's day has: a reader stops there, so that one channel cannot keep others waiting. */
export const mostItems = 200_000;

/** In order of time. An item without a time is in no span. The next page is read while the reader looks at the last one. */
export async function* pagesOf(store: Store, channel: string, { from, to }: DaySpan): AsyncGenerator<readonly Item[]> {
  const range = { from, to, limit: pageSize, size: pageCharacters };
  let reading = store.read(channel, range);
  for (let count = 0; ; ) {
    const items = await reading;
    count += items.length;
    const last = items.at(-1);
    const isLast = last === undefined || count >= mostItems || !isFull(items);
    if (!isLast) {
      reading = store.read(channel, { ...range, after: last });
      // A reader that stops early never learns that the store failed meanwhile.
      reading.catch(() => undefined);
    }
    // The page is parsed in a turn of its own.
    if (items.length > 0) await nextTurn();
    yield items;
    if (isLast) return;
  }
}

function isFull(items: readonly Item[]): boolean {
  if (items.length >= pageSize) return true;
  let characters = 0;
  for (const { value } of items) characters += value.length;
  return characters >= pageCharacters;
}
