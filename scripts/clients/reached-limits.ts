// The limits that a hub says in its log it has reached. No client may reach one: the defaults are for attackers.

import { isLimitName, type LimitName } from '../../server/core/limits.ts';

/** @param log lines of JSON, among others */
export function reachedLimits(log: string): readonly LimitName[] {
  const names = log.split('\n').flatMap((line): LimitName[] => {
    if (!line.includes('"limit_reached"')) return [];
    const { event, limit }: { readonly event?: unknown; readonly limit?: unknown } = JSON.parse(line);
    return event === 'limit_reached' && typeof limit === 'string' && isLimitName(limit) ? [limit] : [];
  });
  return [...new Set(names)];
}
