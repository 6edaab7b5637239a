// Finds the address of the client behind proxies that the configuration trusts. Everything that counts by address uses it: sign-ins,
// connections, rates and rooms. Pure functions of the headers.

import { BlockList, isIP } from 'node:net';
import { normalizeAddress } from './host-origin-rules.ts';

/** @returns the address of the client. `remote`: the other end of the connection. `headers`: by names in lower case */
export type ClientAddress = (remote: string, headers: { get(name: string): string | undefined }) => string;

/** @param text an address, a subnet (`10.0.0.0/8`), or `loopback` */
export function isProxyRange(text: string): boolean {
  if (text === 'loopback') return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/**
 * Without trusted proxies every client is the other end of its connection: the headers may be forged. With them, the client is the last
 * address of `X-Forwarded-For` or `Forwarded` that is not a trusted proxy. A request with both headers, which disagree, counts as the
 * proxy's own: one of the two came from the client.
 */
export function clientAddresses(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (remote) => remote;
  const isTrusted = rangesOf(trusted);
  return (remote, headers) => {
    if (!isTrusted(remote)) return remote;
    const found = [headers.get('x-forwarded-for')?.split(','), forwardedFor(headers.get('forwarded'))].flatMap(
      (hops) => (hops === undefined ? [] : [lastUntrusted(hops, remote, isTrusted)]),
    );
    const [first = remote, second = first] = found;
    return first === second ? first : remote;
  };
}

function lastUntrusted(hops: readonly string[], remote: string, isTrusted: (address: string) => boolean): string {
  let known = remote;
  for (const hop of hops.toReversed()) {
    const address = readHop(hop);
    // `unknown` and made-up names say nothing: the proxy that wrote them is all that is known.
    if (address === undefined) return known;
    known = address;
    if (!isTrusted(address)) return known;
  }
  return known;
}

/** `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function readHop(hop: string): string | undefined {
  const text = hop.trim().replace(/^"|"$/g, '');
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : normalizeAddress(bare);
}

/** The `for` of each element of a `Forwarded` header (RFC 7239). */
function forwardedFor(header: string | undefined): readonly string[] | undefined {
  return header?.split(',').map((element) => /(?:^|;)\s*for=("[^"]*"|[^;\s]*)/i.exec(element.trim())?.[1] ?? '');
}

function rangesOf(trusted: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of trusted) {
    if (range === 'loopback') {
      list.addSubnet('127.0.0.0', 8, 'ipv4');
      list.addAddress('::1', 'ipv6');
      continue;
    }
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}
