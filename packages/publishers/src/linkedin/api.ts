import { bearer, type Asking } from '../answer.ts';
import type { Identity, Receipt } from '../publisher.ts';
import { apiVersion } from './api-version.ts';

/** For every call. LinkedIn has no default version. */
export function headersOf(asking: Asking): Record<string, string> {
  return {
    ...bearer(asking),
    'linkedin-version': asking.apiVersion ?? apiVersion.default,
    'x-restli-protocol-version': '2.0.0',
  };
}

/** An organization's channel has its URN as id; a member's channel has the subject of the token. */
export function isOrganization(account: Identity): boolean {
  return account.remoteAccountId.startsWith('urn:li:organization:');
}

export function authorUrn(account: Identity): string {
  return isOrganization(account) ? account.remoteAccountId : `urn:li:person:${account.remoteAccountId}`;
}

export function receiptOf(urn: string): Receipt {
  return { remoteId: urn, url: urlOfPost(urn) };
}

export function urlOfPost(urn: string): string {
  return `https://www.linkedin.com/feed/update/${urn}/`;
}
