import { parseUrl } from '@solospark/foundation';
import ipaddr from 'ipaddr.js';
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { openConnections } from './connections.ts';

// Protects against server-side request forgery: an author names the server of their account, and it must not be an address that
// only this machine can reach. The check is made on the address that the connection uses, since a second DNS query may give
// another.

/** The only IPv6 range that IANA has assigned to hosts on the internet (RFC 4291, section 2.4). */
const GLOBAL_UNICAST_6 = ipaddr.parseCIDR('2000::/3');

/**
 * True for an address on the public internet. An IPv4 address inside an IPv6 address (mapped, translated, tunnelled) never
 * counts: its target depends on this machine's network.
 */
export function isPublicAddress(address: string): boolean {
  // The library also parses forms such as `0x7f.1`; a real connection never uses them. A zone (`%eth0`) belongs to this machine's
  // own network.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST_6);
}

/** The host has a private address, or is one. Nothing was sent. */
export class NotPublicError extends Error {
  constructor(host: string) {
    super(`${host} is not a public address`);
    this.name = 'NotPublicError';
  }
}

/** @throws NotPublicError when the host is a private address. Names are not resolved here. */
export function assertPublicHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new NotPublicError(host);
}

/** Names that public DNS does not have (RFC 6761, 6762, 8375; `.internal` by ICANN), and common private ones. */
const OWN_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|test|invalid|home\.arpa)$/;

/**
 * False if a URL can only lead to this machine or its own network. A public name is not resolved: it can have other addresses
 * inside and outside.
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
