// Updates one item as a value: computes the next value from the current one, or a failure. Of two updates at once, on whatever nodes,
// each sees the other's result.

import { refuse } from '../../../../protocol/errors.ts';
import type { Hub } from '../../../core/hub.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';

/**
 * @param channel a full name
 * @param compute the next value from the current one (undefined where there is no item); may run several times. undefined removes the
 *   item
 */
export async function updateItem<T>(
  hub: Hub,
  channel: string,
  key: string,
  compute: (before: unknown) => QueryOutcome<T>,
): Promise<QueryOutcome<T>> {
  const document = await hub.cachedChannel(channel);
  let result: QueryOutcome<T> = failure('nothing was result');
  await document.write(({ items }) => {
    const before = items.get(key)?.value;
    result = compute(before === undefined ? undefined : JSON.parse(before));
    if (!result.ok) return refuse('property');
    const value = JSON.stringify(result.value);
    const op = value === undefined ? ({ op: 'remove', key } as const) : ({ op: 'put', key, value } as const);
    return { ok: true, write: { ops: [op], origin: 'wakatime', at: hub.world.now() } };
  });
  return result;
}
