// The protection of a hub from pages of other origins, in this one place: the headers of every answer, and the rule for requests that a browser
// sends across sites. Host and Origin are checked before (transport/host-origin-rules.ts).

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Caller } from './types.ts';

type Headers = Readonly<Record<string, string>>;

/** Lets pages of other origins embed an answer: badges and shared pictures. */
export const embeddable: Headers = { 'cross-origin-resource-policy': 'cross-origin' };

/**
 * The headers of an answer, with those that every answer has: no guessed types, no addresses in Referer, and nothing that a page of another
 * origin can embed, frame or hold on to by a window. Headers that the answer has already stay.
 * @param headers names in lower case
 */
export function withDefences(headers: Headers): Headers {
  const isShown = headers['cross-origin-resource-policy'] === 'cross-origin';
  const isPage = headers['content-type']?.startsWith('text/html') === true;
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...(isShown ? {} : { 'x-frame-options': 'SAMEORIGIN' }),
    ...(isPage ? { 'cross-origin-opener-policy': 'same-origin' } : {}),
    ...headers,
  };
}

interface Fetched extends Caller {
  readonly headers: ReadonlyMap<string, string>;
}

/** A request, and not the handshake of a WebSocket, whose Origin browsers always send. */
function isFetched(caller: Caller): caller is Fetched {
  return 'headers' in caller;
}

/**
 * True if a page of another origin made a browser send this, by whatever means: a link, a picture, a form, a script. Other programs send
 * no `Sec-Fetch-Site`, and neither do browsers of before 2023.
 */
export function isFromOtherSite(caller: Caller): boolean {
  const site = isFetched(caller) ? caller.headers.get('sec-fetch-site') : undefined;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/**
 * Refuses what a page of another origin embeds, frames or fetches without a token, before anything is computed: so neither the answer nor
 * its time tells the page anything. Whoever follows a link to the hub is a person, who sees the page alone.
 * @returns undefined for a request that may go on
 */
export function refuseEmbedding(caller: Caller): Refusal | undefined {
  if (!isFetched(caller) || !isFromOtherSite(caller)) return undefined;
  const { headers } = caller;
  const mode = headers.get('sec-fetch-mode');
  const isNavigation = mode === undefined || (mode === 'navigate' && headers.get('sec-fetch-dest') === 'document');
  if (isNavigation) return undefined;
  return refuse(
    'origin',
    '',
    'a page of another site asks for this without a token; HORAI_ORIGINS lists the pages that may',
  );
}
