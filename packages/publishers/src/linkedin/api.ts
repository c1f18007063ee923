import { bearer, type Asking } from '../answer.ts';
import type { Identity } from '../publisher.ts';

/** YYYYMM. LinkedIn keeps a version for at least twelve months, then answers 426: to be raised once a year. */
export const LINKEDIN_VERSION = '202609';

/** On every call; there is no default version. */
export function headersOf(asking: Asking): Record<string, string> {
  return {
    ...bearer(asking),
    'linkedin-version': LINKEDIN_VERSION,
    'x-restli-protocol-version': '2.0.0',
  };
}

export function authorUrn(account: Identity): string {
  return `urn:li:person:${account.remoteAccountId}`;
}

export function urlOfPost(urn: string): string {
  return `https://www.linkedin.com/feed/update/${urn}/`;
}
