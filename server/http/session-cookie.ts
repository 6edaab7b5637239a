// The cookie of a browser's session, and what proves that one of the hub's own pages sent a request. Pure functions. A session never
// stands in an address, in a body or in a browser's storage: only this cookie carries it, and no script can read it.

import type { Caller, Request } from './types.ts';

/** True if the origin is one of the hub's own names, as a request with this Host header reaches it. */
export type IsOwnPage = (origin: string, host: string) => boolean;

/** Where a cookie is for: the address of the hub as the browser knows it. */
export interface CookiePlace {
  /** The origin of the page: `https://hub.example.org`. */
  readonly origin: string;
  readonly host: string;
  /** The path below which a proxy serves the hub: `/horai`; absent where that is the whole origin. */
  readonly base?: string;
}

/**
 * Cookies do not know ports, so the name does: two hubs on one machine are two sign-ins. `__Host-` makes browsers refuse a cookie of this
 * name that is not Secure, is for a path, or comes from another host (RFC 6265bis, 4.1.3.2). A hub below a path has a cookie for that path,
 * so it takes `__Secure-`, which only requires Secure.
 */
function nameOf(host: string, isSecure: boolean, base: string): string {
  const [, port = ''] = /:(\d{1,5})$/.exec(host) ?? [];
  const prefix = base === '' ? '__Host-' : '__Secure-';
  return `${isSecure ? prefix : ''}horai${port === '' ? '' : `-${port}`}`;
}

/** @param seconds until the cookie ends; 0 removes it */
export function sessionCookie({ origin, host, base = '' }: CookiePlace, secret: string, seconds: number): string {
  const isSecure = isHttps(origin);
  const attributes = [
    `Path=${base || '/'}`,
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${seconds}`,
    ...(isSecure ? ['Secure'] : []),
  ];
  return `${nameOf(host, isSecure, base)}=${secret}; ${attributes.join('; ')}`;
}

/**
 * Fills in `page` if one of the hub's own pages sent the request. What changes something, and a WebSocket, needs its proof: the Origin,
 * which browsers set and no page can, or `Sec-Fetch-Site`. Reading needs none as long as nothing says that another page asks: SameSite
 * keeps the cookie from other sites, and no page can read an answer of another origin.
 * @param base the path below which a proxy serves the hub: `/horai`; '' for the whole origin
 */
export function withPage<C extends Caller>(caller: C, isOwnPage: IsOwnPage, base: string): C {
  const headers = headersOf(caller);
  const site = headers?.get('sec-fetch-site');
  const isOwn = caller.origin !== '' && isOwnPage(caller.origin, caller.host);
  const isForeign =
    (caller.origin !== '' && !isOwn) || (site !== undefined && site !== 'same-origin' && site !== 'none');
  const isProved = isOwn || (caller.origin === '' && site === 'same-origin');
  const isReading = isRequest(caller) && /^(?:GET|HEAD)$/.test(caller.method) && headers?.has('upgrade') !== true;
  const cookie = headers?.get('cookie') ?? caller.cookie;
  if (isForeign || (!isProved && (!isReading || cookie === undefined))) return caller;
  const isSecure = isHttps(caller.origin) || headers?.get('x-forwarded-proto') === 'https';
  const session = cookie === undefined ? '' : secretIn(cookie, caller.host, isSecure, base);
  return isProved || session !== '' ? { ...caller, page: { session } } : caller;
}

function isRequest(caller: Caller): caller is Request {
  return 'headers' in caller;
}

function headersOf(caller: Caller): ReadonlyMap<string, string> | undefined {
  return isRequest(caller) ? caller.headers : undefined;
}

function isHttps(origin: string): boolean {
  return origin.toLowerCase().startsWith('https://');
}

/**
 * Over https only the protected name counts: an attacker on the way may have set the other. Of two cookies of one name, the first is for
 * the longer path (RFC 6265, 5.4): this hub's, where another one has the whole origin.
 */
function secretIn(cookie: string, host: string, isSecure: boolean, base: string): string {
  const cookies = new Map<string, string>();
  for (const pair of cookie.split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies.get(nameOf(host, true, base)) ?? (isSecure ? undefined : cookies.get(nameOf(host, false, base))) ?? '';
}
