// The account's privacy rules, applied to an event before it is kept: the web UI saves them as the setting `privacy_filters`. What
// rules mean is in ../../http/privacy-filters.ts.

import { applyFilters, type EventOrigin, type ParsedFilters, parseFilters } from '../../http/privacy-filters.ts';

/** The name of the setting: the web UI's own. */
export const privacySetting = 'privacy_filters';

/** What may be known of an event's data (JSON text); null when nothing of the event may. */
export type Screen = (data: string) => string | null;

export type Screened = { readonly ok: true; readonly screen: Screen } | { readonly ok: false; readonly error: string };

/** Where an account keeps its rules. */
export interface PrivacySource {
  privacy(): ParsedFilters;
  privacyText(): Promise<{ readonly text: string; readonly key: string }>;
}

const everything: Screened = { ok: true, screen: (data) => data };

export async function screenOf(source: PrivacySource, where: EventOrigin): Promise<Screened> {
  const read = source.privacy();
  // Invalid rules are refused when they are saved. These came in another way: keep nothing that they may have meant.
  if (!read.ok) return { ok: false, error: `${privacySetting}: ${read.error}` };
  if (read.filters.length === 0) return everything;
  const { key } = await source.privacyText();
  const screen: Screen = (data) => {
    const left = applyFilters(read.filters, where, JSON.parse(data), key);
    return left === null ? null : JSON.stringify(left);
  };
  return { ok: true, screen };
}

/** @param text the setting as JSON text. The web UI saves `null` or `false` for no rules. */
export function readPrivacy(text: string): ParsedFilters {
  const value: unknown = JSON.parse(text);
  return parseFilters(value || []);
}
