// The Host and Origin rules that protect a hub from foreign web pages (DNS rebinding, cross-site WebSockets), and the normal form of
// remote addresses. Pure functions; the core checks tokens and accounts.

import { SocketAddress } from 'node:net';

const LOOPBACK_V4 = /^127(\.\d{1,3}){3}$/;
const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/;

/** @param address in the form of `normalizeAddress`, or a listen address such as `localhost` */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || LOOPBACK_V4.test(address);
}

/** One form for each address: engines write IPv6 in full or compressed, and sometimes IPv4 mapped into IPv6. */
export function normalizeAddress(address: string): string {
  if (!address.includes(':')) return address;
  try {
    const short = new SocketAddress({ address, family: 'ipv6' }).address;
    return short.startsWith('::ffff:') && short.includes('.') ? short.slice(7) : short;
  } catch {
    return address;
  }
}

/**
 * @param host the `Host` header in lower case; '' (raw TCP has none) passes; the dispatcher refuses an HTTP request without one
 * @param rule `bound`: the listen address; only a loopback address restricts names. `extra`: further hosts, with or without port
 */
export function isHostAllowed(
  host: string,
  rule: { readonly bound: string; readonly extra: readonly string[] },
): boolean {
  if (host === '' || !isLoopback(rule.bound)) return true;
  const name = HOST.exec(host)?.[1];
  if (name === undefined) return false;
  return isLoopback(name) || name === '[::1]' || rule.extra.includes(host) || rule.extra.includes(name);
}

/**
 * A request without Origin (editors, command lines) passes, and so does a page of the requested host. Any other origin must be listed as
 * browsers send it: `https://dash.example`, `chrome-extension://…`.
 */
export function isOriginAllowed(origin: string, host: string, extra: readonly string[]): boolean {
  if (origin === '') return true;
  const lower = origin.toLowerCase();
  if (extra.includes(lower)) return true;
  if (host === '') return false;
  return lower === `http://${host.replace(/:80$/, '')}` || lower === `https://${host.replace(/:443$/, '')}`;
}

/** True if a header says that a proxy forwards the request: `X-Forwarded-…`, `Forwarded` or `X-Real-IP`. @param names in lower case */
export function isForwardedBy(names: Iterable<string>): boolean {
  for (const name of names) {
    if (name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip') return true;
  }
  return false;
}

/** True if the origin is one of the hub's own names. @param names as `HORAI_HOSTS` lists them, with or without a port */
export function isOwnOrigin(origin: string, names: readonly string[]): boolean {
  const [, host = '', port = ''] =
    /^https?:\/\/(\[[0-9a-f:.]+\]|[^/:[\]]+)(:\d{1,5})?$/.exec(origin.toLowerCase()) ?? [];
  return host !== '' && (names.includes(host) || names.includes(host + port));
}

/** The field of a Caller: absent where there is no cookie, because connections are many. */
export function cookieOf(cookie: string | undefined): { readonly cookie?: string } {
  return cookie === undefined ? {} : { cookie };
}
