// Gets a calendar file from an address that an account named: guarded as everything that leaves for such an address, with few redirects, each of them
// guarded too.

import { errorMessage } from '../../protocol/error-message.ts';
import { refuseUrl } from '../outbox/guarded-address.ts';
import type { GuardedOutcome, GuardedRequest } from '../outbox/guarded-request.ts';
import type { AllowedHosts } from '../outbox/public-address.ts';
import { largestCalendar } from './calendar-reader.ts';

const timeoutMs = 30_000;
const mostRedirects = 3;

export type FetchedCalendar =
  | { readonly kind: 'file'; readonly text: string; readonly etag: string; readonly modified: string }
  /** It is as it was. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly error: string };

export interface FetchCalendarDeps {
  readonly allowed: AllowedHosts;
  readonly request: (request: GuardedRequest, stop: AbortSignal) => Promise<GuardedOutcome>;
}

/** @returns the address as the hub asks for it, or why it does not */
export function parseAddress(
  address: string,
  allowed: AllowedHosts,
): { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly error: string } {
  const text = address.trim().replace(/^webcals?:\/\//i, 'https://');
  if (!URL.canParse(text)) return { ok: false, error: 'an address such as https://example.org/calendar.ics' };
  const url = new URL(text);
  const wrong = refuseUrl(url, allowed);
  return wrong === undefined ? { ok: true, url } : { ok: false, error: wrong };
}

/** @param known what the server said of the file that is here; '' to get it in any case */
export async function fetchCalendar(
  address: string,
  known: { readonly etag: string; readonly modified: string },
  { allowed, request }: FetchCalendarDeps,
  stop: AbortSignal,
): Promise<FetchedCalendar> {
  let url = new URL(address);
  const headers = {
    accept: 'text/calendar, */*;q=0.1',
    'accept-encoding': 'identity',
    ...(known.etag === '' ? {} : { 'if-none-match': known.etag }),
    ...(known.modified === '' ? {} : { 'if-modified-since': known.modified }),
  };
  for (let redirects = 0; ; redirects += 1) {
    const answer = await request({ method: 'GET', url, headers, timeoutMs, longestAnswer: largestCalendar }, stop);
    if (!answer.ok) return { kind: 'failed', error: answer.error };
    const { status, headers: received, body, isWhole } = answer;
    if (status === 304) return { kind: 'unchanged' };
    const { location } = received;
    if (status >= 300 && status < 400 && location !== undefined) {
      if (redirects === mostRedirects) return { kind: 'failed', error: 'it is redirected again and again' };
      if (!URL.canParse(location, url.href)) return { kind: 'failed', error: 'it is redirected to no address' };
      const next = parseAddress(new URL(location, url).href, allowed);
      if (!next.ok) return { kind: 'failed', error: `it is redirected, and this takes ${next.error}` };
      url = next.url;
      continue;
    }
    if (status !== 200) return { kind: 'failed', error: `its server answers ${status}` };
    if (!isWhole) return { kind: 'failed', error: `it is larger than ${largestCalendar / 2 ** 20} MiB` };
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
      return { kind: 'file', text, etag: received.etag ?? '', modified: received['last-modified'] ?? '' };
    } catch (error) {
      return { kind: 'failed', error: `it is not UTF-8 text (${errorMessage(error)})` };
    }
  }
}
