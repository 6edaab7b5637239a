// Addresses that an account named. A name is resolved once, here; each address is checked, and the connection goes to a checked one: so no second
// answer of the name server leads elsewhere (DNS rebinding).

import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type AllowedHosts, isPublicAddress } from './public-address.ts';

/** The protocols with and without TLS, such as `https:` and `http:`. */
export type Schemes = readonly [secure: string, plain: string];

const webSchemes: Schemes = ['https:', 'http:'];
export const mqttSchemes: Schemes = ['mqtts:', 'mqtt:'];

/** Resolves a host name to all its addresses. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export const systemResolve: Resolve = (hostname, done) =>
  lookup(hostname, { all: true, verbatim: true }, (error, addresses) => done(error, addresses ?? []));

/** @param schemes with and without TLS; those of the web unless given. @returns why the hub does not call this address; undefined if it does */
export function refuseUrl(url: URL, allowed: AllowedHosts, schemes: Schemes = webSchemes): string | undefined {
  const [secure, plain] = schemes;
  const host = hostOf(url);
  const isNamed = allowed.hasName(host) || (isIP(host) !== 0 && allowed.hasAddress(host));
  if (url.protocol !== secure && !(url.protocol === plain && isNamed)) return `an address that begins with ${secure}//`;
  if (host === '') return 'an address with a host name';
  if (url.username !== '' || url.password !== '') return 'an address without a user name and password';
  if (isIP(host) !== 0 && !isNamed && !isPublicAddress(host)) return privateAddress;
  return undefined;
}

const privateAddress = 'an address of the public internet; the administrator can allow others with HORAI_OUTBOX_ALLOW';

/** Resolves the name of an address for a connection, and refuses what it must not lead to. */
export function guardedLookup(url: URL, allowed: AllowedHosts, resolve: Resolve = systemResolve): LookupFunction {
  const isFree = allowed.hasName(hostOf(url));
  const isFine = (address: string) => isFree || isPublicAddress(address) || allowed.hasAddress(address);
  return (hostname, options, done) =>
    resolve(hostname, (error, found) => {
      const wrong = found.find(({ address }) => !isFine(address));
      const [first] = found;
      const why = error ?? (wrong === undefined && first !== undefined ? null : new Error(notPublic(wrong?.address)));
      if (options.all === true) done(why, why === null ? [...found] : []);
      else done(why, first?.address ?? '', first?.family ?? 4);
    });
}

function notPublic(address: string | undefined): string {
  return address === undefined
    ? 'the name has no address'
    : `the name leads to ${address}; this takes ${privateAddress}`;
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
