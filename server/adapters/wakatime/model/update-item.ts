// Updates one item: computes the next value from the current one, or a failure. Concurrent updates, also on different nodes, are
// applied one after the other: the later one is computed from the result of the earlier one.

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
  let result: QueryOutcome<T> = failure('not computed');
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
