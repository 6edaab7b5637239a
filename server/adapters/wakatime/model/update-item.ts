// One item changed as a value: what it is becomes what it shall be, or a reason why not. Read and written in one turn, on whatever
// node, so that of two who change it at once each sees what the other did.

import { refuse } from '../../../../protocol/errors.ts';
import type { Hub } from '../../../core/hub.ts';
import { type Asked, wrong } from '../stats/query.ts';

/**
 * @param channel a full name
 * @param compute of the item's value as JSON, undefined where there is no item; may be asked again. An answer that is undefined
 *   removes it
 */
export async function rewrite<T>(
  hub: Hub,
  channel: string,
  key: string,
  compute: (before: unknown) => Asked<T>,
): Promise<Asked<T>> {
  const document = await hub.cachedChannel(channel);
  let asked: Asked<T> = wrong('nothing was asked');
  await document.write(({ items }) => {
    const before = items.get(key)?.value;
    asked = compute(before === undefined ? undefined : JSON.parse(before));
    if (!asked.ok) return refuse('property');
    const value = JSON.stringify(asked.value);
    const op = value === undefined ? ({ op: 'remove', key } as const) : ({ op: 'put', key, value } as const);
    return { ok: true, write: { ops: [op], origin: 'wakatime', at: hub.world.now() } };
  });
  return asked;
}
