// The account's privacy rules at the door: what may be kept of an event, before it joins or becomes one of its bucket's. What rules
// mean is in ../privacy.ts, where they are kept in buckets.ts.

import { filtered, type Whereabouts } from '../../http/privacy-filters.ts';
import type { Buckets } from './buckets/buckets.ts';

/** The name of the setting: the web UI's own. */
export const privacySetting = 'privacy_filters';

/** What may be known of an event's data (JSON text); null when nothing of the event may. */
export type Screen = (data: string) => string | null;

export type Screened = { readonly ok: true; readonly screen: Screen } | { readonly ok: false; readonly error: string };

const everything: Screened = { ok: true, screen: (data) => data };

export async function screenOf(buckets: Buckets, where: Whereabouts): Promise<Screened> {
  const read = buckets.privacy();
  // Wrong rules are refused when they are saved, so these came by another door. Nothing is kept that they may have meant.
  if (!read.ok) return { ok: false, error: `${privacySetting}: ${read.error}` };
  if (read.filters.length === 0) return everything;
  const { key } = await buckets.privacyText();
  const screen: Screen = (data) => {
    const left = filtered(read.filters, where, JSON.parse(data), key);
    return left === null ? null : JSON.stringify(left);
  };
  return { ok: true, screen };
}
