// Which addresses the hub may call because an account asked for it: those of the public internet. An account must not reach the hub's own
// network through the hub. The ranges are those that IANA lists as not globally reachable (RFC 6890 and its registries).

import { BlockList, isIP } from 'node:net';

const blocked = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  blocked.addSubnet(address, prefix, 'ipv4');

/** Of IPv6 only this is the public internet, without the ranges in it that hold an IPv4 address or are for documentation. */
const publicV6 = new BlockList();
publicV6.addSubnet('2000::', 3, 'ipv6');
for (const [address, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  blocked.addSubnet(address, prefix, 'ipv6');

/** @param address an IPv4 or IPv6 address without brackets */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !blocked.check(address, 'ipv4');
  return version === 6 && publicV6.check(address, 'ipv6') && !blocked.check(address, 'ipv6');
}

/** Addresses that an administrator allows in addition: host names, addresses, and subnets such as `192.168.1.0/24`. */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>;
  readonly #subnets = new BlockList();

  constructor(entries: readonly string[]) {
    this.#names = new Set(entries.map((entry) => entry.toLowerCase()));
    for (const entry of entries) {
      const [address = '', prefix] = entry.split('/');
      const version = isIP(address);
      if (version === 0) continue;
      const family = version === 4 ? 'ipv4' : 'ipv6';
      this.#subnets.addSubnet(address, prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix), family);
    }
  }

  hasName(name: string): boolean {
    return this.#names.has(name.toLowerCase());
  }

  hasAddress(address: string): boolean {
    return this.#subnets.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** True for an entry that `AllowedHosts` understands. */
export function isAllowedHost(entry: string): boolean {
  const [address = '', prefix, ...more] = entry.split('/');
  if (more.length > 0) return false;
  const version = isIP(address);
  if (version === 0) return prefix === undefined && /^[a-z0-9.-]+$/i.test(entry);
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
