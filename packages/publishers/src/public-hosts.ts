import { parseUrl } from '@solospark/foundation';
import ipaddr from 'ipaddr.js';
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { openConnections } from './connections.ts';

// An author names the server of their account, and this machine then speaks to it: it must not be led to what only this
// machine can reach. Looked at where the address is known and used, as a name may answer differently the second time.

/** Of IPv6, the registry of IANA has given out nothing else for hosts on the internet (RFC 4291, section 2.4). */
const GLOBAL_UNICAST_6 = ipaddr.parseCIDR('2000::/3');

/**
 * True for an address that stands for a place on the public internet. An IPv4 address within an IPv6 one (mapped,
 * translated, tunnelled) never does: where it leads depends on this machine's network.
 */
export function isPublicAddress(address: string): boolean {
  // The library also reads spellings such as `0x7f.1`; an address that is connected to is never written so. A zone (`%eth0`)
  // is a part of this machine's own network.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST_6);
}

/** Behind the name or the address that was asked for there is one that is not public. Nothing was sent to it. */
export class NotPublicError extends Error {
  constructor(host: string) {
    super(`${host} is not a public address`);
    this.name = 'NotPublicError';
  }
}

/** @throws NotPublicError when the URL names an address, and not a public one: no name is looked up for it. */
export function assertPublicHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new NotPublicError(host);
}

/** Names that no server of names outside gives an address for (RFC 6761, 6762, 8375; `.internal` by ICANN), and usual ones. */
const OWN_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|test|invalid|home\.arpa)$/;

/**
 * False where an address can only lead somewhere on this machine or its own network. A name with a dot may: what it stands for
 * inside and outside can differ, so it is not looked up.
 */
export function isReachableFromOutside(address: string): boolean {
  const url = parseUrl(address);
  if (!url) return false;
  const host = url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (isIP(host) !== 0) return isPublicAddress(host);
  return host.includes('.') && !OWN_NAMES.test(host);
}

const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 4);
    if (!addresses.every(({ address }) => isPublicAddress(address)))
      return callback(new NotPublicError(hostname), '', 4);
    const [first] = addresses;
    if (options.all || !first) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

/** Connects to public addresses only. */
export const publicHosts = openConnections({ lookup: lookupPublic });
